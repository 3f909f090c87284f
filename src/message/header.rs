//! Text in headers: encoded where it is not ASCII (RFC 2047), quoted where it holds specials
//! (RFC 5322 §3.2.4), folded before the line is too long.
//!
//! Our own, because lettre folds before the name and not before the address behind it, and leaves
//! commas and colons bare between the encoded words of a phrase, where they end it.

use data_encoding::BASE64;

/// RFC 5322 §2.1.1: a line should have no more characters, without its CRLF.
const LONGEST_LINE: usize = 78;
/// RFC 2047 §2: a line with an encoded word has no more.
const LONGEST_ENCODED_LINE: usize = 76;
/// What stands around the text of an encoded word.
const START: &str = "=?utf-8?B?";
const END: &str = "?=";

/// The value of a header with free text, such as `Subject`.
pub(super) fn text(name: &str, text: &str) -> String {
    let mut line = Folded::after(name);
    if needs_encoding(text) {
        line.encoded(text);
    } else {
        line.words(text);
    }
    line.value
}

/// The value of a header with a phrase, which may be empty, and what stands in angle brackets behind it: a
/// mailbox (RFC 5322 §3.4) or a list's identifier (RFC 2919 §3).
pub(super) fn named(name: &str, phrase: &str, bracketed: &str) -> String {
    let mut line = Folded::after(name);
    if phrase.is_empty() {
        line.word(&format!("<{bracketed}>"), LONGEST_LINE);
        return line.value;
    }
    if needs_encoding(phrase) {
        line.encoded(phrase);
    } else if phrase.chars().all(is_atext_or_space) {
        line.words(phrase);
    } else {
        let quoted = phrase.replace('\\', "\\\\").replace('"', "\\\"");
        line.words(&format!("\"{quoted}\""));
    }
    line.word(&format!("<{bracketed}>"), LONGEST_ENCODED_LINE);
    line.value
}

/// Text that is not ASCII, and text that a reader would take for an encoded word.
fn needs_encoding(text: &str) -> bool {
    !text.is_ascii() || text.contains("=?")
}

fn is_atext_or_space(character: char) -> bool {
    character.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(character)
}

/// The value of a header, folded as it grows.
struct Folded {
    value: String,
    /// Length of the last line, with the header's name on the first one.
    column: usize,
}

impl Folded {
    fn after(name: &str) -> Self {
        Self {
            value: String::new(),
            column: name.len() + 1,
        }
    }

    /// One word behind white space: on this line if it fits there, else on the next one.
    fn word(&mut self, word: &str, limit: usize) {
        if !self.value.is_empty() {
            if self.column + 1 + word.len() > limit {
                self.value.push_str("\r\n");
                self.column = 0;
            }
            self.value.push(' ');
        }
        self.column += 1 + word.len();
        self.value.push_str(word);
    }

    /// ASCII text, folded at its spaces. White space of any kind and length is one space: a fold
    /// must not stand alone on a line.
    fn words(&mut self, text: &str) {
        for word in text.split_ascii_whitespace() {
            self.word(word, LONGEST_LINE);
        }
    }

    /// Encoded words, each of whole characters. White space between them is not part of the text.
    fn encoded(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let column = if self.value.is_empty() {
                self.column
            } else {
                0
            };
            let room = LONGEST_ENCODED_LINE - column - 1 - START.len() - END.len();
            let mut end = rest.len().min(room / 4 * 3);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (now, later) = rest.split_at(end);
            self.word(
                &[START, &BASE64.encode(now.as_bytes()), END].concat(),
                LONGEST_ENCODED_LINE,
            );
            rest = later;
        }
    }
}
