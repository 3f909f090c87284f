//! The marks around words that the author put between straight quotes, in the language of the essay:
//! “so” in English, „so“ in German, « so » in French. What was typed as a curly mark stays.

use crate::words::Words;

/// What stands for `"` before and behind a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes<'a> {
    pub(super) opening: &'a str,
    pub(super) closing: &'a str,
}

impl<'a> Quotes<'a> {
    /// Those of a language; English ones where its table has no two marks.
    pub(super) fn of(words: &'a Words) -> Self {
        let english = Self {
            opening: "“",
            closing: "”",
        };
        let marks = words.quotes.split_once(',');
        marks.map_or(english, |(opening, closing)| Self { opening, closing })
    }

    /// The mark of the language for one that the parser made.
    pub(super) fn instead_of<'b>(self, mark: &'b str) -> &'b str
    where
        'a: 'b,
    {
        match mark {
            "“" => self.opening,
            "”" => self.closing,
            other => other,
        }
    }
}
