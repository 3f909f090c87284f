//! Quoted-printable bodies (RFC 2045 §6.7). What a layout says is nearly the same for every reader,
//! so that a line which was encoded once is not encoded again.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Kind, canonical_line, layout_line};
use crate::render::layout::AroundEssay;

/// An essay, encoded, and what is known of the layout around it.
#[derive(Debug)]
pub(in crate::message) struct QuotedEssay {
    essay: Vec<u8>,
    kind: Kind,
    lines: OnceLock<KnownLines>,
}

/// The lines of the first message's layout with their encoded forms.
#[derive(Debug, Default)]
struct KnownLines {
    /// In their order, which is that of nearly every other message too.
    in_order: Vec<(String, Vec<u8>)>,
    /// Where a line stands in it.
    places: HashMap<String, usize>,
}

impl KnownLines {
    fn of(around: &AroundEssay, kind: Kind) -> Self {
        let mut known = Self::default();
        for half in [&around.before, &around.after] {
            for line in half.split_inclusive('\n') {
                let place = known.in_order.len();
                known
                    .in_order
                    .push((line.to_owned(), encode_line(&layout_line(line, kind))));
                known.places.insert(line.to_owned(), place);
            }
        }
        known
    }
}

impl QuotedEssay {
    pub(super) fn new(essay: &str, kind: Kind) -> Self {
        Self {
            essay: quoted_printable(essay),
            kind,
            lines: OnceLock::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.essay.len()
    }

    /// Both borders of the essay are line ends, so no encoded line grows.
    pub(super) fn within(&self, around: &AroundEssay) -> Vec<u8> {
        let known = self.lines.get_or_init(|| KnownLines::of(around, self.kind));
        let layout = around.before.len() + around.after.len();
        let mut body = Vec::with_capacity(self.essay.len() + layout + layout / 4 + 256);
        let place = self.encode_lines(&mut body, &around.before, known, 0);
        body.extend_from_slice(&self.essay);
        self.encode_lines(&mut body, &around.after, known, place);
        body
    }

    /// Encodes lines of which the first should be the known one at `place`; gives the place behind
    /// the last.
    fn encode_lines(
        &self,
        out: &mut Vec<u8>,
        text: &str,
        known: &KnownLines,
        mut place: usize,
    ) -> usize {
        let mut rest = text;
        while !rest.is_empty() {
            let expected = known.in_order.get(place);
            let expected = expected.filter(|(line, _)| begins_with_line(rest, line));
            let line = expected.map_or_else(|| first_line(rest), |(line, _)| line);
            let found = expected.or_else(|| {
                place = *known.places.get(line)?;
                known.in_order.get(place)
            });
            match found {
                Some((_, encoded)) => out.extend_from_slice(encoded),
                // In the place of the line that was expected.
                None => out.extend_from_slice(&encode_line(&layout_line(line, self.kind))),
            }
            rest = &rest[line.len()..];
            place += 1;
        }
        place
    }
}

/// Whether the first line of a text is this one, which has its end.
fn begins_with_line(text: &str, line: &str) -> bool {
    text.starts_with(line) && (line.ends_with('\n') || text.len() == line.len())
}

/// The first line of a text, with its end.
fn first_line(text: &str) -> &str {
    memchr::memchr(b'\n', text.as_bytes()).map_or(text, |end| &text[..=end])
}

/// Text with LF line ends; encoded lines of at most 76 characters.
pub(in crate::message) fn quoted_printable(text: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive('\n') {
        encoded.extend_from_slice(&encode_line(line));
    }
    encoded
}

/// One line with its end, or the last one without. No line's encoding depends on another line.
fn encode_line(line: &str) -> Vec<u8> {
    quoted_printable::encode(canonical_line(line).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_encoded_line_is_longer_than_76_characters() {
        for length in 60..160 {
            for end in [" \n", "\t\n", "\n", "=\n", "é \n"] {
                let encoded = quoted_printable(&format!("{}{end}", "x".repeat(length)));
                let text = String::from_utf8(encoded).unwrap();
                for line in text.split("\r\n") {
                    assert!(line.len() <= 76, "{} characters: {line}", line.len());
                    assert!(!line.ends_with([' ', '\t']), "{line:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_known_of_one_layout_changes_nothing_in_another() {
        let around = |name: &str| AroundEssay {
            before: format!("<p>Dear {name},\n\n<p>é = e \n"),
            after: format!("Bye {name}\n<p>Bye {name}"),
        };
        let names = ["Ada", "Zoë", "", &"long ".repeat(40)];
        for first in names {
            let essay = QuotedEssay::new("One.\n", Kind::Fixed);
            essay.within(&around(first));
            for name in names {
                let text = around(name);
                let whole = [&text.before, "One.\n", &text.after].concat();
                let anew = quoted_printable::encode(whole.replace('\n', "\r\n"));
                assert_eq!(essay.within(&text), anew, "{name:?} behind {first:?}");
            }
        }
    }
}
