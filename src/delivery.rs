//! A delivery: the one row for (issue, subscriber). Its states, what a relay's reply means, and
//! when to try again (docs/ledger.md).

mod class;
mod retry;

use std::fmt;

use crate::diagnostic::visible;

pub use class::{Class, RateLimit, classify};
pub use retry::{Outcome, RetryRules};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// On the frozen list of recipients.
    Planned,
    /// A sender may talk SMTP up to, not including, the final dot.
    Claimed,
    /// The final dot may have been written.
    Inflight,
    /// The relay answered 2xx to the dot.
    Sent,
    /// Proven not accepted; another try is due later.
    Deferred,
    /// The relay refused this address for good.
    Rejected,
    /// The dot was written and no reply was read. A person decides.
    Unconfirmed,
    /// Deferred for too long.
    Expired,
    /// Unconfirmed, and closed by a person.
    Abandoned,
    /// Left out after the plan: unsubscribed, suppressed, left the roster, cancelled.
    Skipped,
}

impl State {
    /// Every state, in the order in which it is shown.
    pub const ALL: [Self; 10] = [
        Self::Planned,
        Self::Claimed,
        Self::Inflight,
        Self::Sent,
        Self::Deferred,
        Self::Rejected,
        Self::Unconfirmed,
        Self::Expired,
        Self::Abandoned,
        Self::Skipped,
    ];

    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Claimed => "claimed",
            Self::Inflight => "inflight",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Rejected => "rejected",
            Self::Unconfirmed => "unconfirmed",
            Self::Expired => "expired",
            Self::Abandoned => "abandoned",
            Self::Skipped => "skipped",
        }
    }

    /// The state of a word.
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A step of the conversation with a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Making the message, before any connection.
    Compose,
    /// TCP connection.
    Connect,
    /// The relay's first line.
    Greeting,
    /// EHLO.
    Ehlo,
    /// STARTTLS and the handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The message up to, not including, the final dot.
    Body,
    /// The final dot.
    Dot,
    /// RSET.
    Rset,
}

impl Step {
    /// The word in the ledger and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compose => "composing",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Body => "body",
            Self::Dot => "end of data",
            Self::Rset => "RSET",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedCode(pub u8, pub u16, pub u16);

impl EnhancedCode {
    /// Reads the code at the start of a reply's text (RFC 2034 §4).
    pub fn at_start_of(text: &str) -> Option<Self> {
        let word = text.split([' ', '\t']).next()?;
        let mut parts = word.split('.');
        let mut number = |longest: usize| {
            let part = parts.next()?;
            let digits = (1..=longest).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let known = matches!(class, 2 | 4 | 5) && parts.next().is_none();
        known.then_some(Self(u8::try_from(class).ok()?, subject, detail))
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A relay's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, 200 to 559.
    pub code: u16,
    /// The text of all lines, joined by a space.
    pub text: String,
}

impl Reply {
    /// Longest text that is stored, in bytes.
    const LONGEST_STORED: usize = 512;

    /// The enhanced status code, if the relay gave one.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        EnhancedCode::at_start_of(&self.text)
    }

    /// The text fit for the ledger and a terminal: control characters escaped, at most 512 bytes.
    pub fn stored_text(&self) -> String {
        let mut text = visible(&self.text).replace(['\n', '\t'], " ");
        let mut end = text.len().min(Self::LONGEST_STORED);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.stored_text())
    }
}

/// What happened to one SMTP transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transaction {
    /// The relay accepted the message: 2xx to the final dot.
    Accepted(Reply),
    /// The relay refused it at a step.
    Refused(Step, Reply),
    /// The conversation broke before the first byte of the final dot was written.
    LostBeforeDot(Step, String),
    /// It broke, or the reply made no sense, after that.
    LostAfterDot(String),
    /// The ledger forbade the dot; nothing was sent.
    Withheld,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_keep_no_control_characters_and_no_more_than_512_bytes() {
        let hostile = Reply {
            code: 250,
            text: format!("\u{1b}[2J{}", "é".repeat(1000)),
        };
        assert!(hostile.stored_text().len() <= 512);
        assert!(!hostile.stored_text().contains('\u{1b}'));
    }
}
