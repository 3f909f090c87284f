//! A message as it goes over the wire: the envelope, and the bytes with their dots doubled.

use lettre::Address;
use lettre::transport::smtp::commands::{Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter, RcptParameter};

use crate::address::EmailAddress;

/// MAIL FROM and RCPT TO of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where failures are reported.
    pub from: EmailAddress,
    /// The one recipient.
    pub to: EmailAddress,
    /// What a report of failure is to call the delivery (ENVID): printable ASCII, at most 38
    /// characters (RFC 3461 §5.4).
    pub id: Option<String>,
}

/// The bytes of a message, ready for DATA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireMessage {
    /// With dots doubled; ends with CRLF, without the final dot.
    pub(super) stuffed: Vec<u8>,
    /// Size before the dots were doubled.
    pub(super) size: usize,
}

impl WireMessage {
    /// Doubles the dots at line starts (RFC 5321 §4.5.2). A line start is what *any* server might
    /// take for one, so also behind a bare LF or CR: no smuggling through a lenient relay.
    pub fn new(bytes: Vec<u8>) -> Self {
        let at_line_start = |dot: &usize| *dot == 0 || matches!(bytes[dot - 1], b'\n' | b'\r');
        let size = bytes.len();
        let mut dots = memchr::memchr_iter(b'.', &bytes)
            .filter(at_line_start)
            .peekable();
        let mut stuffed = if dots.peek().is_none() {
            // Most messages have none, and are taken as they are.
            drop(dots);
            bytes
        } else {
            let mut stuffed = Vec::with_capacity(size + 64);
            let mut copied = 0;
            for dot in dots {
                stuffed.extend_from_slice(&bytes[copied..dot]);
                stuffed.push(b'.');
                copied = dot;
            }
            stuffed.extend_from_slice(&bytes[copied..]);
            stuffed
        };
        if !stuffed.ends_with(b"\r\n") {
            stuffed.extend_from_slice(b"\r\n");
        }
        Self { stuffed, size }
    }
}

/// What the relay offers of the extensions that we use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an extension that is offered or not"
)]
pub(super) struct Extensions {
    pub(super) pipelining: bool,
    pub(super) starttls: bool,
    pub(super) eight_bit: bool,
    pub(super) smtputf8: bool,
    pub(super) dsn: bool,
    pub(super) size: bool,
    pub(super) largest: Option<usize>,
    pub(super) mechanisms: Vec<String>,
}

impl Extensions {
    /// Reads the lines of the reply to EHLO; the first one is a greeting (RFC 5321 §4.1.1.1).
    pub(super) fn read(lines: &[String]) -> Self {
        let mut extensions = Self::default();
        for line in lines.iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
            match keyword.as_str() {
                "PIPELINING" => extensions.pipelining = true,
                "STARTTLS" => extensions.starttls = true,
                "8BITMIME" => extensions.eight_bit = true,
                "SMTPUTF8" => extensions.smtputf8 = true,
                "DSN" => extensions.dsn = true,
                "SIZE" => {
                    extensions.size = true;
                    // RFC 1870 §4: zero means that there is no fixed limit.
                    extensions.largest = words
                        .next()
                        .and_then(|word| word.parse().ok())
                        .filter(|size| *size > 0);
                }
                "AUTH" => extensions
                    .mechanisms
                    .extend(words.map(str::to_ascii_uppercase)),
                _ => {}
            }
        }
        extensions
    }
}

/// The commands MAIL and RCPT for an envelope, with the parameters that the relay offers.
pub(super) fn envelope_commands(
    envelope: &Envelope,
    message: &WireMessage,
    offered: &Extensions,
) -> [String; 2] {
    let from = lettre_address(&envelope.from);
    let to = lettre_address(&envelope.to);
    let mut parameters = Vec::new();
    if offered.size {
        parameters.push(MailParameter::Size(message.size));
    }
    if envelope.to.needs_smtputf8() || envelope.from.needs_smtputf8() {
        // RFC 6531 §3.4: the parameter travels with 8BITMIME.
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if offered.dsn {
        // RFC 3461 §4.3: a report needs the header alone, which holds the Message-ID.
        parameters.push(parameter("RET", "HDRS"));
        parameters.extend(envelope.id.as_ref().map(|id| parameter("ENVID", id)));
    }
    [
        Mail::new(Some(from), parameters).to_string(),
        Rcpt::new(to, recipient_parameters(&envelope.to, offered)).to_string(),
    ]
}

/// RFC 3461 §4.1 and §4.2: which reports are wanted, and whom they are to name.
fn recipient_parameters(to: &EmailAddress, offered: &Extensions) -> Vec<RcptParameter> {
    let parameter = |keyword: &str, value: String| RcptParameter::Other {
        keyword: keyword.to_owned(),
        value: Some(value),
    };
    if !offered.dsn {
        return Vec::new();
    }
    let mut parameters = vec![parameter("NOTIFY", "FAILURE,DELAY".to_owned())];
    // An address of RFC 6531 would need another type than `rfc822` (RFC 6533 §3).
    if !to.needs_smtputf8() {
        parameters.push(parameter("ORCPT", format!("rfc822;{to}")));
    }
    parameters
}

/// A parameter of MAIL; what the value must not hold is encoded as xtext (RFC 3461 §4).
fn parameter(keyword: &str, value: &str) -> MailParameter {
    MailParameter::Other {
        keyword: keyword.to_owned(),
        value: Some(value.to_owned()),
    }
}

/// Checked by our own rules already; lettre's refuse letters that RFC 6532 allows.
fn lettre_address(address: &EmailAddress) -> Address {
    Address::new_dangerous(address.local(), address.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(text: &str) -> String {
        String::from_utf8(WireMessage::new(text.as_bytes().to_vec()).stuffed).unwrap()
    }

    #[test]
    fn dots_are_doubled_wherever_a_server_might_see_a_line_start() {
        assert_eq!(stuffed(".\r\n..\r\na.b\r\n"), "..\r\n...\r\na.b\r\n");
        assert_eq!(stuffed("a\n.\nb\r.\r\n"), "a\n..\nb\r..\r\n");
    }

    #[test]
    fn the_last_line_is_ended() {
        assert_eq!(stuffed("a"), "a\r\n");
        assert_eq!(stuffed("a\r\n"), "a\r\n");
    }

    #[test]
    fn six_hundred_extensions_are_read_and_unknown_ones_ignored() {
        let mut lines = vec!["relay.example.org greets you".to_owned()];
        lines.extend((0..600).map(|number| format!("X-{number}")));
        lines.extend([
            "size 1000".to_owned(),
            "auth plain LOGIN".to_owned(),
            "Pipelining".to_owned(),
        ]);
        let extensions = Extensions::read(&lines);
        assert_eq!(extensions.largest, Some(1000));
        assert_eq!(extensions.mechanisms, ["PLAIN", "LOGIN"]);
        assert!(extensions.pipelining && !extensions.starttls);
    }
}
