//! The marks around words that the author put between straight quotes, in the language of the essay:
//! “so” in English, „so“ in German, « so » in French; and ‘so’ or ‚so‘ for single ones. What was typed
//! as a curly mark stays.

use crate::words::Words;

/// How far a single quote looks for the one that closes it, in bytes. Further away there is none: a
/// bound makes this linear whatever is written.
const FARTHEST: usize = 600;

/// What stands for straight quotes before and behind words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes<'a> {
    double: (&'a str, &'a str),
    single: (&'a str, &'a str),
}

impl<'a> Quotes<'a> {
    /// Those of a language; English ones where its table has no two marks.
    pub(super) fn of(words: &'a Words) -> Self {
        Self {
            double: words.quotes.split_once(',').unwrap_or(("“", "”")),
            single: words.inner_quotes.split_once(',').unwrap_or(("‘", "’")),
        }
    }

    /// The mark that opens or closes a quotation.
    pub(super) fn mark(self, closes: bool) -> &'a str {
        if closes { self.double.1 } else { self.double.0 }
    }

    /// Whether the language parts its marks from words by a space at which no line may break, as
    /// French does: « so ».
    pub(super) fn are_spaced(self) -> bool {
        self.double.1.starts_with('\u{a0}')
    }
}

/// Sets the marks of a block, one after the other.
#[derive(Debug)]
pub(super) struct QuoteMarks<'a> {
    quotes: Quotes<'a>,
    /// Where in the source the single quotes stand that close one which was opened.
    closing: Vec<usize>,
}

impl<'a> QuoteMarks<'a> {
    pub(super) fn new(quotes: Quotes<'a>) -> Self {
        let closing = Vec::new();
        Self { quotes, closing }
    }

    /// What a printer would set for the quote, the hyphens or the dots that stand in the source at `at`,
    /// behind `before`, and that the parser would show as `shown`.
    pub(super) fn set<'b>(
        &mut self,
        shown: &'b str,
        before: &str,
        (source, at): (&str, usize),
    ) -> &'b str
    where
        'a: 'b,
    {
        let Quotes { double, single } = self.quotes;
        match shown {
            // The parser opens a quotation where it finds none to close, as behind `6"`.
            "“" if before.ends_with(char::is_alphanumeric) => double.1,
            "“" => double.0,
            "”" => double.1,
            "‘" => match closing_quote(source, at) {
                Some(end) => {
                    self.closing.push(end);
                    single.0
                }
                None => "’",
            },
            "’" if self.closing.last() == Some(&at) => {
                self.closing.pop();
                single.1
            }
            other => other,
        }
    }

    /// Another block begins.
    pub(super) fn forget(&mut self) {
        self.closing.clear();
    }
}

/// Where in its paragraph the single quote at `at` is closed. The parser takes any other one for that, such
/// as the apostrophe in `'90s it's`.
fn closing_quote(source: &str, at: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let end = source.len().min(at + FARTHEST);
    // A year of which the century is left out.
    let digits = bytes[at + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    if digits.count() == 2 {
        return None;
    }
    let is_closing = |place: &usize| {
        let follows_word = *place > at + 1 && !bytes[place - 1].is_ascii_whitespace();
        follows_word
            && bytes[*place] == b'\''
            && !source[place + 1..].starts_with(char::is_alphanumeric)
    };
    let is_end = |place: &usize| bytes[*place] == b'\n' && bytes.get(place + 1) == Some(&b'\n');
    (at + 1..end)
        .take_while(|place| !is_end(place))
        .find(is_closing)
}

#[cfg(test)]
mod tests {
    use super::closing_quote;

    #[test]
    fn a_quotation_ends_behind_a_word_and_an_apostrophe_ends_none() {
        assert_eq!(closing_quote("'so', he", 0), Some(3));
        assert_eq!(closing_quote("'it's so'", 0), Some(8));
        assert_eq!(closing_quote("'*so*' é", 0), Some(5));
        assert_eq!(closing_quote("'1984'", 0), Some(5));
        for none in [
            "'90s it's",
            "'90ern, 5' hoch",
            "'",
            "''",
            "'a\n\nb'",
            "'a 'b",
            "'é'é",
        ] {
            assert_eq!(closing_quote(none, 0), None, "{none}");
        }
        assert_eq!(closing_quote(&format!("'{}'", "a ".repeat(400)), 0), None);
    }
}
