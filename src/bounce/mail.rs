//! A mail taken apart: its header and the parts of its body, decoded.
//!
//! `mail-parser` reads the types of parts, encoded words and encodings. The walk over the parts is
//! ours, so that how deep, how many and how much is bounded: a returned message is never looked
//! into any deeper than its header, and one that a stranger sends is a stranger's.

use std::borrow::Cow;

use mail_parser::{MessageParser, MimeHeaders};

use super::fields::{Fields, split_line};

/// What is read of a mail, in bytes. What a report says stands at its beginning; a copy of the
/// message comes last.
const LONGEST_READ: usize = 512 * 1024;
/// Most parts, and how deep they may lie in each other.
const MOST_PARTS: usize = 64;
const DEEPEST: usize = 4;
/// What is read of the words for people.
const LONGEST_TEXT: usize = 64 * 1024;

/// A mail, taken apart.
pub(super) struct Mail<'a> {
    /// Its header.
    pub(super) head: Fields,
    subject: String,
    parts: Vec<Part<'a>>,
}

/// One part that holds no others.
struct Part<'a> {
    /// Its type in lower case, such as `message/delivery-status`.
    kind: String,
    body: Cow<'a, [u8]>,
}

impl<'a> Mail<'a> {
    /// Takes a mail apart. What is broken is left out.
    pub(super) fn open(bytes: &'a [u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(LONGEST_READ)];
        let (head, _) = Fields::read(bytes);
        let parsed = MessageParser::new().parse_headers(bytes);
        let subject = parsed
            .as_ref()
            .and_then(|mail| mail.subject())
            .unwrap_or_default()
            .trim()
            .to_owned();
        let mut parts = Vec::new();
        walk(bytes, 0, &mut parts);
        Self {
            head,
            subject,
            parts,
        }
    }

    /// The subject in plain words.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// The first part of one of these types.
    pub(super) fn part(&self, kinds: &[&str]) -> Option<&[u8]> {
        let found = self
            .parts
            .iter()
            .find(|part| kinds.contains(&part.kind.as_str()));
        found.map(|part| part.body.as_ref())
    }

    /// What the mail says to people: its first text, without the marks of HTML.
    pub(super) fn text(&self) -> String {
        if let Some(plain) = self.part(&["text/plain", ""]) {
            return lossy(plain);
        }
        self.part(&["text/html"])
            .map(|html| without_tags(&lossy(html)))
            .unwrap_or_default()
    }

    /// The header of the message that came back, where it is a part of its own.
    pub(super) fn returned(&self) -> Option<Fields> {
        let part = self.part(&[
            "message/rfc822",
            "message/global",
            "text/rfc822-headers",
            "message/global-headers",
            "text/rfc822",
        ])?;
        Some(Fields::read(part).0)
    }
}

fn lossy(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(LONGEST_TEXT)];
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// Enough for a report: nobody is shown this.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push('\n');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text
}

/// Collects the parts that hold no others.
fn walk<'a>(entity: &'a [u8], depth: usize, parts: &mut Vec<Part<'a>>) {
    if parts.len() >= MOST_PARTS {
        return;
    }
    let (_, body) = Fields::read(entity);
    let head = &entity[..entity.len() - body.len()];
    let parsed = MessageParser::new().parse_headers(head);
    let content_type = parsed.as_ref().and_then(|part| part.content_type());
    let kind = content_type.map_or_else(String::new, |kind| {
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
    });
    if kind.starts_with("multipart/") {
        let boundary = content_type.and_then(|kind| kind.attribute("boundary"));
        if let Some(boundary) = boundary.filter(|_| depth < DEEPEST) {
            for inner in split(body, boundary) {
                walk(inner, depth + 1, parts);
            }
        }
        return;
    }
    // A message inside is given as it stands: nothing descends into it.
    let body = if kind == "message/rfc822" || kind == "message/global" {
        Cow::Borrowed(body)
    } else {
        decoded(entity).map_or(Cow::Borrowed(body), Cow::Owned)
    };
    parts.push(Part { kind, body });
}

/// The body of a part that holds no others, without its encoding, as UTF-8 if it is text.
fn decoded(entity: &[u8]) -> Option<Vec<u8>> {
    let parsed = MessageParser::new().parse(entity)?;
    parsed.parts.first().map(|part| part.contents().to_vec())
}

/// RFC 2046 §5.1.1: the parts between lines that begin with two dashes and the boundary.
fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    let mut rest = body;
    while !rest.is_empty() && parts.len() < MOST_PARTS {
        let at = body.len() - rest.len();
        let (line, after) = split_line(rest);
        rest = after;
        let Some(tail) = line
            .strip_prefix(b"--")
            .and_then(|line| line.strip_prefix(boundary.as_bytes()))
        else {
            continue;
        };
        let is_last = tail.starts_with(b"--");
        // A longer boundary may begin with this one.
        if !is_last && !tail.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(start) = begun.replace(at + (body.len() - at - rest.len())) {
            parts.push(&body[start..at]);
        }
        if is_last {
            return parts;
        }
    }
    // Cut off, or without an end.
    if let Some(start) = begun.filter(|_| parts.len() < MOST_PARTS) {
        parts.push(&body[start..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn parts_are_found_decoded_and_no_deeper_than_they_are_needed() {
        let text = "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\
            Subject: =?utf-8?q?zur=C3=BCck?=\r\n\r\npreamble\r\n--b\r\n\
            Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nJe pr=E9f=\r\n=E8re\r\n--b\r\n\
            Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nMessage-ID: <x@example.org>\r\nContent-Type: multipart/mixed; boundary=b2\r\n\r\n--b2\r\n--b--\r\nepilogue";
        let mail = Mail::open(text.as_bytes());
        assert_eq!(mail.subject(), "zurück");
        assert_eq!(mail.text().trim(), "Je préfère");
        assert_eq!(
            mail.part(&["message/delivery-status"])
                .unwrap()
                .trim_ascii(),
            b"Action: failed"
        );
        assert_eq!(
            mail.returned().unwrap().get("message-id"),
            Some("<x@example.org>")
        );
    }

    #[test]
    fn a_thousand_levels_and_a_million_boundaries_are_bounded() {
        let mut deep = String::new();
        for level in 0..1000 {
            let _ = write!(
                deep,
                "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
            );
        }
        assert!(Mail::open(deep.as_bytes()).parts.len() <= MOST_PARTS);
        let wide = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
            "--b\r\n\r\nx\r\n".repeat(1_000_000)
        );
        assert!(Mail::open(wide.as_bytes()).parts.len() <= MOST_PARTS);
        let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
        assert_eq!(Mail::open(messages.as_bytes()).parts.len(), 1);
    }
}
