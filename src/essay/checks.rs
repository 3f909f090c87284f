//! The one place that decides which text may travel on into headers, feeds and pages.
//!
//! lettre panics and XML turns invalid otherwise.

use std::fmt;

/// Why a text cannot be a title, a subject or another value of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadLine {
    Empty,
    LineBreak,
    ControlCharacter(char),
    TooLong { characters: usize, limit: usize },
}

impl BadLine {
    /// How to mend it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "write the text or leave the key out",
            Self::LineBreak => "write it on one line",
            Self::ControlCharacter(_) => "delete the character",
            Self::TooLong { .. } => "shorten it",
        }
    }
}

impl fmt::Display for BadLine {
    /// Completes the sentence "`title` ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::LineBreak => f.write_str("holds a line break"),
            Self::ControlCharacter(character) => {
                write!(
                    f,
                    "holds the control character {}",
                    character.escape_unicode()
                )
            }
            Self::TooLong { characters, limit } => {
                write!(f, "has {characters} characters, the limit is {limit}")
            }
        }
    }
}

/// A text fit to be a value of one line, trimmed; at most `limit` characters.
pub(crate) fn check_line(text: &str, limit: usize) -> Result<&str, BadLine> {
    for character in text.chars() {
        match character {
            // A line break in a header field begins a field of the attacker's (RFC 5322 §2.2).
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => return Err(BadLine::LineBreak),
            '\t' => {}
            // XML 1.0 §2.2 has no place for the last two, escaped or not.
            '\u{FFFE}' | '\u{FFFF}' => return Err(BadLine::ControlCharacter(character)),
            _ if character.is_control() => return Err(BadLine::ControlCharacter(character)),
            _ => {}
        }
    }
    let text = text.trim();
    let characters = text.chars().count();
    if text.is_empty() {
        Err(BadLine::Empty)
    } else if characters > limit {
        Err(BadLine::TooLong { characters, limit })
    } else {
        Ok(text)
    }
}
