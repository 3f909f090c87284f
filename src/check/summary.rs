//! The summary: the first line that a reader sees of the mail.

use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const MISSING: Rule = Rule::warning("missing-summary", "the front matter has no `summary`");
const REPEATS: Rule = Rule::warning("repeating-summary", "the summary says what the title says");
const LONG: Rule = Rule::warning("long-summary", "the summary is longer than two lines");

pub(super) const RULES: &[Rule] = &[MISSING, REPEATS, LONG];

/// What mail programs show of it beside the subject is at most about 140; two lines of the mail
/// itself are 160.
const TWO_LINES: usize = 200;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    if !galley.is_to_be_mailed {
        return;
    }
    let Some(summary) = &galley.issue.summary else {
        let problem = MISSING.found(format!("`{}` has no summary", galley.issue.source.name));
        found.push(galley.in_front(problem, galley.front.title.as_ref()).hint(
            "write `summary = \"...\"`: mail programs show it beside the subject, feeds and the \
             front page below the title",
        ));
        return;
    };
    let place = galley.front.summary.as_ref();
    let (own, title) = (plain(summary), plain(&galley.issue.title));
    if own == title || own == plain(&galley.issue.subject) {
        let problem = REPEATS.found("the summary repeats the title");
        found.push(
            galley
                .in_front(problem, place)
                .hint("the two stand one below the other: let it say what the essay is about"),
        );
    }
    let length = summary.chars().count();
    if length > TWO_LINES {
        let problem = LONG.found(format!("the summary has {length} characters"));
        found.push(
            galley
                .in_front(problem, place)
                .hint("mail programs show about 100; a sentence is enough"),
        );
    }
}

/// Letters and digits in lower case.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}
