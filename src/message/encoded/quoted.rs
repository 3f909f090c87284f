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
        for line in text.split_inclusive('\n') {
            let expected = known.in_order.get(place);
            if expected.is_none_or(|(text, _)| text != line) {
                let Some(elsewhere) = known.places.get(line) else {
                    // In the place of the line that was expected.
                    out.extend_from_slice(&encode_line(&layout_line(line, self.kind)));
                    place += 1;
                    continue;
                };
                place = *elsewhere;
            }
            out.extend_from_slice(&known.in_order[place].1);
            place += 1;
        }
        place
    }
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
            after: format!("Bye {name}\n<p>Bye"),
        };
        let essay = QuotedEssay::new("One.\n", Kind::Fixed);
        essay.within(&around("Ada"));
        for name in ["Ada", "Zoë", "", &"long ".repeat(40)] {
            let fresh = QuotedEssay::new("One.\n", Kind::Fixed).within(&around(name));
            assert_eq!(essay.within(&around(name)), fresh);
            let text = around(name);
            let whole = [&text.before, "One.\n", &text.after].concat();
            assert_eq!(fresh, quoted_printable::encode(whole.replace('\n', "\r\n")));
        }
    }
}
