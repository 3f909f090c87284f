//! Fingerprints: hashes of everything that a file is made of, so that it need not be made again.
//!
//! Two fingerprints are equal only if all that went into them is, in the same order and under the
//! same names; a program that was built from other sources gives other fingerprints.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::token::sha256;

/// SHA-256 over what something is made of, or over bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fingerprint([u8; 32]);

impl From<Fingerprint> for String {
    fn from(print: Fingerprint) -> Self {
        print.to_hex()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_hex(&text).ok_or("not 64 hexadecimal digits")
    }
}

impl Fingerprint {
    /// The hash of bytes and of nothing else: what `sha256sum` says of a file.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads what [`Self::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

/// Collects what something is made of.
#[derive(Clone)]
pub struct Fingerprinter(Context);

impl Fingerprinter {
    /// Begins with what is made (`page`), and with the program that makes it.
    pub fn new(what: &str) -> Self {
        let mut own = Self(Context::new(&SHA256));
        own.text("program", env!("POSTRIDER_SOURCES"));
        own.text("what", what);
        own
    }

    /// Adds text. Lengths go along, so that no two lists of texts look alike.
    pub fn text(&mut self, name: &str, text: &str) {
        for part in [name, text] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part.as_bytes());
        }
    }

    /// Adds what another fingerprint stands for.
    pub fn part(&mut self, name: &str, part: Fingerprint) {
        self.text(name, &part.to_hex());
    }

    /// Adds a value, as JSON. A map without an order makes needless work, never a wrong file.
    pub fn value<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        self.text("value", name);
        // What is hashed here is a template's variable or a setting, which all have a form in JSON. As
        // a whole: a hash takes a fifth of its time for small pieces.
        let json = serde_json::to_vec(value).unwrap_or_default();
        self.0.update(&json);
    }

    /// The fingerprint of all that was added.
    pub fn finish(self) -> Fingerprint {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        Fingerprint(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[(&str, &str)]) -> Fingerprint {
        let mut print = Fingerprinter::new("test");
        for (name, text) in texts {
            print.text(name, text);
        }
        print.finish()
    }

    #[test]
    fn a_letter_that_moves_from_one_text_to_the_next_changes_it() {
        let one = of(&[("a", "xy"), ("b", "z")]);
        assert_eq!(one, of(&[("a", "xy"), ("b", "z")]));
        for other in [
            of(&[("a", "x"), ("b", "yz")]),
            of(&[("a", "xyb"), ("z", "")]),
            of(&[("b", "z"), ("a", "xy")]),
            of(&[("a", "xy")]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn what_was_written_is_read_back_and_nothing_else() {
        let print = Fingerprint::of_bytes(b"abc");
        assert_eq!(Fingerprint::from_hex(&print.to_hex()), Some(print));
        assert_eq!(Fingerprint::from_hex(&print.to_hex()[1..]), None);
        assert_eq!(Fingerprint::from_hex(&print.to_hex().to_uppercase()), None);
    }
}
