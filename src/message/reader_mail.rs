//! A mail that answers a reader who came by the web: plain text, no marketing, and nothing in it that
//! a stranger wrote into a form.

use chrono::{DateTime, Utc};

use super::encoded::quoted_printable;
use super::{header, mailbox};
use crate::address::{EmailAddress, Mailbox};

/// What such a mail is made of.
#[derive(Debug, Clone)]
pub struct ReaderMail<'a> {
    /// The publication's sender.
    pub from: &'a Mailbox,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<&'a EmailAddress>,
    /// The reader.
    pub to: &'a EmailAddress,
    /// One line.
    pub subject: &'a str,
    /// Lines of text.
    pub text: &'a str,
    /// BCP 47 tag of the text.
    pub language: &'a str,
    /// When it is sent.
    pub at: DateTime<Utc>,
    /// What makes its Message-ID one of its own.
    pub nonce: &'a str,
    /// The address that unsubscribes by one click, in a mail to somebody who is on the list; `None`
    /// in an answer to a request, which is no mail of the list.
    pub leave: Option<&'a str>,
}

impl ReaderMail<'_> {
    /// The message.
    pub fn to_bytes(&self) -> Vec<u8> {
        let domain = self.from.address.domain();
        let mut headers = vec![
            ("From", mailbox("From", &self.from.name, &self.from.address)),
            ("To", mailbox("To", "", self.to)),
            ("Subject", header::text("Subject", self.subject)),
            ("Date", self.at.to_rfc2822()),
            ("Message-ID", format!("<reader.{}@{domain}>", self.nonce)),
            // RFC 3834 §5: no vacation program answers it.
            ("Auto-Submitted", "auto-generated".to_owned()),
            // The same for Exchange, which reads no RFC 3834.
            ("X-Auto-Response-Suppress", "All".to_owned()),
            ("Content-Language", self.language.to_owned()),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "quoted-printable".to_owned()),
        ];
        if let Some(address) = self.reply_to {
            headers.push(("Reply-To", mailbox("Reply-To", "", address)));
        }
        if let Some(leave) = self.leave {
            headers.push(("List-Unsubscribe", format!("<{leave}>")));
            // RFC 8058 §3.1: exactly this, and never folded.
            headers.push((
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ));
        }
        let mut bytes = Vec::new();
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&quoted_printable(self.text));
        bytes
    }
}
