//! A short letter from the program to the author: plain text, for nobody else, outside the ledger.

use chrono::{DateTime, Utc};

use super::encoded::quoted_printable;
use super::{header, mailbox};
use crate::address::{EmailAddress, Mailbox};
use crate::diagnostic::visible;

/// What a notice is made of.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// The publication's sender.
    pub from: &'a Mailbox,
    /// The author.
    pub to: &'a EmailAddress,
    /// One line.
    pub subject: &'a str,
    /// Lines of text.
    pub text: &'a str,
    /// When it is sent.
    pub at: DateTime<Utc>,
    /// What makes its Message-ID one of its own.
    pub nonce: &'a str,
}

impl Notice<'_> {
    /// The message.
    pub fn to_bytes(&self) -> Vec<u8> {
        // What a relay said stands in it, and must not begin a header.
        let subject = visible(self.subject).replace(['\n', '\t'], " ");
        let mut text = String::new();
        for line in self.text.lines() {
            text.push_str(visible(line).trim_end());
            text.push('\n');
        }
        let headers = [
            ("From", mailbox("From", &self.from.name, &self.from.address)),
            ("To", mailbox("To", "", self.to)),
            ("Subject", header::text("Subject", &subject)),
            ("Date", self.at.to_rfc2822()),
            (
                "Message-ID",
                format!("<notice.{}@{}>", self.nonce, self.from.address.domain()),
            ),
            // RFC 3834 §5: no vacation program answers it.
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "quoted-printable".to_owned()),
        ];
        let mut bytes = Vec::new();
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&quoted_printable(&text));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_said_begins_no_header_and_no_line_is_too_long() {
        let said = "Ü: \u{1b}[2J 550\r\nBcc: victim@example.org\r\n\r\n";
        let notice = Notice {
            from: &Mailbox::parse("\"Night, Mail\" <letters@example.org>").unwrap(),
            to: &EmailAddress::parse("me@example.org").unwrap(),
            subject: said,
            text: &format!("{said}{}", "long ".repeat(400)),
            at: "2026-12-01T09:00:00Z".parse().unwrap(),
            nonce: "00",
        };
        let text = String::from_utf8(notice.to_bytes()).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
        assert!(
            !text.replace("\r\n", "").contains(['\r', '\n', '\u{1b}']),
            "{text}"
        );
        let (headers, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains("Bcc"), "{headers}");
        assert!(body.contains("Bcc: victim@example.org"), "{body}");
        assert!(
            headers.contains("From: \"Night, Mail\" <letters@example.org>\r\n"),
            "{headers}"
        );
    }
}
