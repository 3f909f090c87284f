//! What an issue has in common with others, and should not.

use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const TITLE: Rule = Rule::warning("same-title", "another issue has the same title");
const SUBJECT: Rule = Rule::warning(
    "same-subject",
    "an earlier issue was mailed under the same subject",
);
const SLUG: Rule = Rule::note("long-slug", "the slug is longer than 60 characters");
const AUDIENCE: Rule = Rule::warning("unknown-audience", "no subscriber has the audience's tag");

pub(super) const RULES: &[Rule] = &[TITLE, SUBJECT, SLUG, AUDIENCE];

const LONG_SLUG: usize = 60;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    names(galley, found);
    audience(galley, found);
    let slug = galley.issue.slug.as_str();
    if slug.len() > LONG_SLUG && galley.issue.published > galley.around.now {
        let problem = SLUG.found(format!("the slug has {} characters", slug.len()));
        found.push(
            galley
                .in_front(problem, galley.front.slug.as_ref())
                .hint("it stands in every link to the page; set a shorter `slug`"),
        );
    }
}

/// Told at the later one.
fn names(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let issue = galley.issue;
    let (title, subject) = (folded(&issue.title), folded(&issue.subject));
    let mut earlier = galley.neighbours().filter(|other| {
        (other.published, &other.slug) < (issue.published, &issue.slug) && !other.draft
    });
    let same = earlier.find_map(|other| {
        let same_title = folded(&other.title) == title;
        let same_subject =
            galley.is_to_be_mailed && other.mail && folded(&other.subject) == subject;
        (same_title || same_subject).then_some((other, same_title))
    });
    match same {
        Some((other, true)) => {
            let problem = TITLE.found(format!("`{}` has the same title", other.file));
            found.push(
                galley
                    .in_front(problem, galley.front.title.as_ref())
                    .hint("readers take the second for the first come twice"),
            );
        }
        Some((other, false)) => {
            let problem = SUBJECT.found(format!("`{}` has the same subject", other.file));
            found.push(
                galley
                    .in_subject(problem)
                    .hint("mail programs join the two into one conversation"),
            );
        }
        None => {}
    }
}

fn audience(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let Some(known) = &galley.around.subscriber_tags else {
        return;
    };
    if !galley.is_to_be_mailed {
        return;
    }
    for tag in &galley.front.audience {
        if !known.contains(&tag.value.to_lowercase()) {
            let problem = AUDIENCE.found(format!("no subscriber has the tag `{}`", tag.value));
            let near = crate::diagnostic::closest(
                &tag.value.to_lowercase(),
                known.iter().map(String::as_str),
            );
            let hint = near.map_or_else(
                || "the tags are in the column `tags` of `subscribers.csv`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            found.push(galley.in_front(problem, Some(tag)).hint(hint));
        }
    }
}

/// In lower case, spaces and dashes alike.
fn folded(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character == '-');
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}
