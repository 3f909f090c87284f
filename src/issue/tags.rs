//! Tags that are two on paper and one in an address.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Issue, Slug};
use crate::diagnostic::Diagnostic;

/// An error for each tag whose page would lie where that of another one lies.
pub fn find_clashing_tags<'a>(issues: impl IntoIterator<Item = &'a Issue>) -> Vec<Diagnostic> {
    let mut holders: BTreeMap<Slug, (&str, &Issue)> = BTreeMap::new();
    let mut problems = Vec::new();
    for issue in issues {
        for tag in &issue.tags {
            let slug = Slug::from_tag(tag);
            let (first, holder) = *holders.entry(slug.clone()).or_insert((tag, issue));
            if first != tag {
                problems.push(clash(&slug, (first, holder), (tag, issue)));
            }
        }
    }
    problems
}

fn clash(slug: &Slug, first: (&str, &Issue), second: (&str, &Issue)) -> Diagnostic {
    let (first_tag, first_issue) = first;
    let (tag, issue) = second;
    let line = place(first_issue, first_tag)
        .map_or(1, |range| first_issue.source.line_and_column(range.start).0);
    let mut problem = Diagnostic::error(format!(
        "the tags `{first_tag}` and `{tag}` would share the page `tags/{slug}/`"
    ))
    .cause(format!(
        "`{first_tag}` stands in {}:{line}",
        first_issue.source.name
    ))
    .hint("write both alike if they mean the same, or give one of them another name");
    if let Some(range) = place(issue, tag) {
        problem = problem.at(&issue.source, range);
    }
    problem
}

/// Where the front matter names a tag.
fn place(issue: &Issue, tag: &str) -> Option<Range<usize>> {
    let front = &issue.source.text[..issue.markdown_start];
    let key = front
        .lines()
        .find(|line| line.trim_start().starts_with("tags"))?;
    let from = key.as_ptr() as usize - front.as_ptr() as usize;
    let whole_word = |at: usize| {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | ',');
        let apart = |character: Option<char>| character.is_none_or(ends);
        apart(front[..at].chars().next_back()) && apart(front[at + tag.len()..].chars().next())
    };
    let after_key = from + key.find("tags")? + "tags".len();
    front[after_key..]
        .match_indices(tag)
        .map(|(at, _)| after_key + at)
        .find(|at| whole_word(*at))
        .map(|at| at..at + tag.len())
}
