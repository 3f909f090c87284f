//! Email addresses: read once at the border, compared by a normal form.
//!
//! Stricter than RFC 5321 on purpose: no address literals, no quoted local parts, a dot in the
//! domain. What a list import calls an address is nearly always a typing error when it is one of
//! those. Domains are kept as A-labels (RFC 5891), so that no message needs SMTPUTF8 for a domain.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Why a text is not an address that Postrider mails to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// CR, LF, NUL or another control character: the start of a header injection.
    #[error("holds a control character")]
    Control,
    /// No `@`, or nothing on one side of it.
    #[error("has no `@` between a name and a domain")]
    NoAt,
    /// More than one `@` outside quotes.
    #[error("has more than one `@`")]
    TwoAts,
    /// RFC 5321 §4.5.3.1.1: 64 octets.
    #[error("is longer than 64 bytes before the `@`")]
    LocalTooLong,
    /// RFC 5321 §4.5.3.1.3: a path has 256 octets with its brackets.
    #[error("is longer than 254 bytes")]
    TooLong,
    /// A quoted local part.
    #[error("has quotes, which Postrider does not support")]
    Quoted,
    /// A character that no unquoted local part may hold (RFC 5322 §3.2.3), or a misplaced dot.
    #[error("has a part before the `@` that is not allowed")]
    BadLocal,
    /// Not a domain name by IDNA (UTS #46).
    #[error("has a domain that is not valid")]
    BadDomain,
    /// `user@localhost`, `user@[127.0.0.1]`.
    #[error("has no public domain behind the `@`")]
    NotPublic,
}

/// An address that can stand in an envelope and in a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    /// Local part as written, `@`, domain as lower-case A-labels.
    text: String,
    at: usize,
}

impl EmailAddress {
    /// Reads an address; space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim_matches([' ', '\t', '\u{A0}', '\u{FEFF}']);
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        if text.contains('"') {
            return Err(AddressError::Quoted);
        }
        let (local, domain) = text.split_once('@').ok_or(AddressError::NoAt)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::NoAt);
        }
        if domain.contains('@') {
            return Err(AddressError::TwoAts);
        }
        check_local(local)?;
        let domain = ascii_domain(domain)?;
        if local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong);
        }
        Ok(Self {
            at: local.len(),
            text: format!("{local}@{domain}"),
        })
    }

    /// The address as it goes on the wire.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain, lower case, A-labels.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether the local part needs the SMTPUTF8 extension (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }

    /// The form by which two addresses are the same person: NFC, lower case. Dots and `+tags` stay:
    /// folding them would be a guess about someone else's server.
    pub fn normal_form(&self) -> String {
        if self.text.is_ascii() {
            return self.text.to_ascii_lowercase();
        }
        let local: String = self.local().nfc().collect::<String>().to_lowercase();
        format!("{local}@{}", self.domain())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text for a log: of each address in it, the first letter and the domain are left.
pub fn masked(text: &str) -> String {
    let is_of_address = |sign: char| sign.is_alphanumeric() || "!#$%&*+-./=?^_{|}~".contains(sign);
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let before = &rest[..at];
        let local = before.rfind(|sign| !is_of_address(sign)).map_or(0, |end| {
            end + before[end..].chars().next().map_or(0, char::len_utf8)
        });
        masked.push_str(&before[..local]);
        if let Some(first) = before[local..].chars().next() {
            masked.push(first);
            masked.push('…');
        }
        masked.push('@');
        rest = &rest[at + 1..];
    }
    masked.push_str(rest);
    masked
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.len() > 64 {
        return Err(AddressError::LocalTooLong);
    }
    // RFC 5322 §3.2.3 `dot-atom`, widened by RFC 6532 §3.2 to all of UTF-8.
    let is_atext = |character: char| {
        character.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(character)
            || (!character.is_ascii() && !character.is_whitespace() && !is_hidden(character))
    };
    let well_formed = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
    if well_formed {
        Ok(())
    } else {
        Err(AddressError::BadLocal)
    }
}

/// Characters that are not seen: zero width, bidirectional controls, byte order mark.
fn is_format(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    if domain.starts_with('[') {
        return Err(AddressError::NotPublic);
    }
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3)
        .map_err(|_| AddressError::BadDomain)?;
    let labels: Vec<&str> = ascii.split('.').collect();
    let well_formed = labels.iter().all(|label| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    });
    if !well_formed || ascii.len() > 253 {
        return Err(AddressError::BadDomain);
    }
    let last_is_number = labels
        .last()
        .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if labels.len() < 2 || last_is_number {
        return Err(AddressError::NotPublic);
    }
    Ok(ascii.into_owned())
}

/// A name and an address, as in `From`: `Letters <letters@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name; may be empty.
    pub name: String,
    /// The address.
    pub address: EmailAddress,
}

impl Mailbox {
    /// Reads `Name <address>` or a bare address. The name is cleaned by [`clean_name`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self {
                name: String::new(),
                address: EmailAddress::parse(text)?,
            });
        };
        let address = rest.strip_suffix('>').ok_or(AddressError::NoAt)?;
        if name.contains('@') {
            return Err(AddressError::TwoAts);
        }
        Ok(Self {
            name: clean_name(name.trim().trim_matches('"')),
            address: EmailAddress::parse(address)?,
        })
    }
}

/// Longest display name, in characters.
pub const LONGEST_NAME: usize = 200;

/// A person's name as it may stand in a header, a page or a terminal: control characters,
/// invisible and reordering characters are dropped, white space is one space, at most
/// [`LONGEST_NAME`] characters. lettre panics on a name with CR, LF or NUL; this is the border.
pub fn clean_name(text: &str) -> String {
    let is_clean = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic());
    if text.len() <= LONGEST_NAME && text.split(' ').all(is_clean) {
        return text.to_owned();
    }
    let visible = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = visible
        .filter(|c| !c.is_control() && !is_hidden(*c))
        .take(LONGEST_NAME)
        .collect();
    kept.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Like [`is_format`], but keeps the joiners (U+200C, U+200D) that Persian names and emoji need;
/// private-use characters are dropped, because templates use two of them as a mark.
fn is_hidden(character: char) -> bool {
    (is_format(character) && !matches!(character, '\u{200C}' | '\u{200D}'))
        || matches!(character, '\u{E000}'..='\u{F8FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_log_no_address_can_be_read() {
        for (text, log) in [
            ("", ""),
            ("nothing to hide", "nothing to hide"),
            ("ada@example.org left", "a…@example.org left"),
            ("<ada.b+c@example.org>: 550", "<a…@example.org>: 550"),
            ("to `ü@x.org`,é@y.org", "to `ü…@x.org`,é…@y.org"),
            ("@ a@ @b a@b@c", "@ a…@ @b a…@b…@c"),
        ] {
            assert_eq!(masked(text), log);
        }
    }

    #[test]
    fn addresses_that_differ_only_in_case_or_spelling_of_the_domain_are_one() {
        let normal = |text| EmailAddress::parse(text).unwrap().normal_form();
        assert_eq!(normal("Reader@Example.ORG"), normal("reader@example.org"));
        assert_eq!(
            normal("a@bücher.example"),
            normal("A@xn--bcher-kva.example")
        );
        assert_ne!(normal("a.b@example.org"), normal("ab@example.org"));
    }

    #[test]
    fn what_could_inject_a_command_or_header_is_no_address() {
        for text in [
            "a@example.org\r\nRCPT TO:<v@example.org>",
            "a\0@example.org",
            "\"x\r\nBcc: v@example.org\"@example.org",
            "a@example.org>",
            "a b@example.org",
            "a@example.org,b@example.org",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn local_hosts_and_numbers_are_no_public_domain() {
        for text in ["a@localhost", "a@[127.0.0.1]", "a@127.0.0.1"] {
            assert_eq!(
                EmailAddress::parse(text),
                Err(AddressError::NotPublic),
                "{text}"
            );
        }
    }

    #[test]
    fn lengths_are_limited_as_smtp_limits_them() {
        let long = "a".repeat(65);
        assert_eq!(
            EmailAddress::parse(&format!("{long}@example.org")),
            Err(AddressError::LocalTooLong)
        );
        let domain = vec!["b".repeat(60); 4].join(".");
        assert_eq!(
            EmailAddress::parse(&format!("abcdefghijklmnop@{domain}")),
            Err(AddressError::TooLong)
        );
    }

    #[test]
    fn names_lose_what_cannot_be_seen_and_nothing_else() {
        assert_eq!(
            clean_name("Ana\r\nBcc: v@example.org"),
            "Ana Bcc: v@example.org"
        );
        assert_eq!(clean_name("\u{202E}evil \u{200B}name"), "evil name");
        assert_eq!(clean_name("  Σοφία   Κ. "), "Σοφία Κ.");
    }
}
