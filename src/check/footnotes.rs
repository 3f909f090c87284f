//! Footnotes: each reference has a text, and each text a reference.

use std::collections::{BTreeMap, BTreeSet};

use super::{Galley, Rule};
use crate::diagnostic::{Diagnostic, closest};

const WITHOUT_TEXT: Rule = Rule::warning(
    "footnote-without-text",
    "a footnote is referred to and has no text",
);
const UNUSED: Rule = Rule::warning(
    "unused-footnote",
    "a footnote has a text and nothing refers to it, so that nobody sees it",
);
const TWICE: Rule = Rule::warning("footnote-twice", "two footnotes have the same label");

pub(super) const RULES: &[Rule] = &[WITHOUT_TEXT, UNUSED, TWICE];

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let reading = galley.reading;
    let used: BTreeSet<&str> = reading
        .note_references
        .iter()
        .map(|note| note.label.as_str())
        .collect();
    let mut defined = BTreeMap::new();
    for note in &reading.notes {
        let label = note.label.as_str();
        if defined.insert(label, note).is_some() {
            let problem = TWICE.found(format!("the footnote `[^{label}]` has two texts"));
            found.push(
                galley
                    .in_essay(problem, &note.range)
                    .hint("only the first is shown; give one of them another label"),
            );
        } else if !used.contains(label) {
            let problem = UNUSED.found(format!("nothing refers to the footnote `[^{label}]`"));
            found.push(
                galley
                    .in_essay(problem, &note.range)
                    .hint(format!("put `[^{label}]` where it belongs, or take it out")),
            );
        }
    }
    without_text(galley, &defined.into_keys().collect::<Vec<_>>(), found);
}

/// The parser leaves a reference to nothing as text.
fn without_text(galley: &Galley<'_>, defined: &[&str], found: &mut Vec<Diagnostic>) {
    for prose in &galley.reading.prose {
        for (at, _) in prose.text.match_indices("[^") {
            // Without one behind it, none of the later ones has one either.
            let Some(length) = prose.text[at..].find(']') else {
                break;
            };
            let label = &prose.text[at + 2..at + length];
            let range = prose.source(at..at + length + 1);
            let escaped = range.start > 0
                && galley.reading.markdown.as_bytes().get(range.start - 1) == Some(&b'\\');
            if label.is_empty() || label.contains(char::is_whitespace) || escaped {
                continue;
            }
            let problem = WITHOUT_TEXT.found(format!("the footnote `[^{label}]` has no text"));
            let hint = match closest(&label.to_lowercase(), defined.iter().copied()) {
                Some(near) => format!("did you mean `[^{near}]`?"),
                None => format!("write `[^{label}]: ...` on a line of its own"),
            };
            found.push(galley.in_essay(problem, &range).hint(hint));
        }
    }
}
