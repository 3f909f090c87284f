//! Running text of one block with the way back to the bytes of the file.

use std::ops::Range;

/// Stands for what is no word: code, a formula, a picture.
pub(super) const GAP: char = '\u{FFFC}';

/// [`GAP`] as text.
pub(super) const GAP_TEXT: &str = "\u{FFFC}";

/// The words of one paragraph, heading, item or cell, as they are shown.
#[derive(Debug, Default)]
pub(super) struct Prose {
    pub(super) text: String,
    /// Where pieces of `text` begin, and the bytes of the source that each stands for.
    pieces: Vec<(usize, Range<usize>)>,
    /// Parts of `text` that are the words of a link.
    pub(super) linked: Vec<Range<usize>>,
}

impl Prose {
    pub(super) fn push(&mut self, shown: &str, source: Range<usize>) {
        self.pieces.push((self.text.len(), source));
        self.text.push_str(shown);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The bytes of the source that a part of the text stands for.
    pub(super) fn source(&self, part: Range<usize>) -> Range<usize> {
        let start = self.offset(part.start, false);
        let end = self.offset(part.end, true);
        start..end.max(start)
    }

    /// `is_end`: the place behind a character is looked for, which may end a piece.
    fn offset(&self, at: usize, is_end: bool) -> usize {
        let behind = self
            .pieces
            .partition_point(|(start, _)| *start < at || (!is_end && *start == at));
        let Some((start, source)) = self.pieces.get(behind.saturating_sub(1)) else {
            return 0;
        };
        let next = self.pieces.get(behind);
        let length = next.map_or(self.text.len(), |(next, _)| *next) - start;
        if length == source.len() {
            source.start + (at - start)
        } else if is_end {
            source.end
        } else {
            source.start
        }
    }

    /// Whether a part of the text lies within a link's words.
    pub(super) fn is_linked(&self, at: usize) -> bool {
        self.linked.iter().any(|part| part.contains(&at))
    }
}
