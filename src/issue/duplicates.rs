//! Names and identities that two issues claim at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;

use super::Issue;
use crate::diagnostic::Diagnostic;

/// An error for each claim after the first: one slug (aliases included), one id, or one
/// `feed_id` in two issues, or twice in one.
pub fn find_duplicates<'a>(issues: impl IntoIterator<Item = &'a Issue>) -> Vec<Diagnostic> {
    let mut slugs = Claims::new("slug");
    let mut ids = Claims::new("id");
    let mut feed_ids = Claims::new("feed_id");
    for issue in issues {
        ids.claim(&issue.id, issue);
        slugs.claim(&issue.slug, issue);
        for alias in &issue.aliases {
            slugs.claim(alias, issue);
        }
        if let Some(feed_id) = &issue.feed_id {
            feed_ids.claim(feed_id, issue);
        }
    }
    [ids.problems, slugs.problems, feed_ids.problems].concat()
}

/// Who holds which value of one kind.
struct Claims<'a, T> {
    kind: &'static str,
    holders: BTreeMap<&'a T, &'a Issue>,
    problems: Vec<Diagnostic>,
}

impl<'a, T: Ord + Display> Claims<'a, T> {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            holders: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    fn claim(&mut self, value: &'a T, issue: &'a Issue) {
        let Some(holder) = self.holders.get(value) else {
            self.holders.insert(value, issue);
            return;
        };
        let written = value.to_string();
        let (first, second) = (&holder.source.name, &issue.source.name);
        let message = if first == second {
            format!("`{first}` names `{written}` twice, as slug or alias")
        } else {
            format!(
                "`{first}` and `{second}` both have the {} `{written}`",
                self.kind
            )
        };
        let hint = match self.kind {
            "id" => {
                format!("delete the `id` of the copy and run `postrider check --fix`: `{second}`?")
            }
            "slug" => "give one of them another `slug`, or take the alias away".to_owned(),
            _ => "take the `feed_id` away from the one that is new".to_owned(),
        };
        let mut problem = Diagnostic::error(message).hint(hint);
        if let Some(range) = place(issue, self.kind, &written) {
            problem = problem.at(&issue.source, range);
        }
        self.problems.push(problem);
    }
}

/// Where the front matter claims a value. A slug that is the file's name stands nowhere in it.
fn place(issue: &Issue, kind: &str, written: &str) -> Option<Range<usize>> {
    let mut offset = 0;
    for line in issue.source.text[..issue.markdown_start].split_inclusive('\n') {
        let key = line.trim_start();
        let claims = key.starts_with(kind) || (kind == "slug" && key.starts_with("aliases"));
        if let Some(at) = line.rfind(written).filter(|_| claims) {
            return Some(offset + at..offset + at + written.len());
        }
        offset += line.len();
    }
    None
}
