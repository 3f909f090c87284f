//! A delivery: the one row for (issue, subscriber). Its states, what a relay's reply means, and
//! when to try again (docs/ledger.md).

use std::fmt;
use std::time::Duration;

use crate::diagnostic::visible;

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

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The relay is going away or busy: 421. Costs no attempt.
    RelayDown,
    /// Try again later.
    Temporary,
    /// Try again soon: greylisting.
    Greylisted,
    /// This address does not exist.
    Address,
    /// The mailbox is full or does not take this message.
    Mailbox,
    /// Not the subscriber's fault: policy, reputation, quota, our message.
    OurFault,
}

/// Classifies a refusal by enhanced code, then code, then class; the text is never read as a code.
pub fn classify(step: Step, reply: &Reply) -> Class {
    if reply.code == 421 {
        return Class::RelayDown;
    }
    if (400..500).contains(&reply.code) {
        let greylisted =
            matches!(reply.enhanced(), Some(EnhancedCode(4, 7, 1))) && reply.code != 454;
        return if greylisted {
            Class::Greylisted
        } else {
            Class::Temporary
        };
    }
    match (step, reply.code, reply.enhanced()) {
        (
            Step::Rcpt | Step::Dot,
            _,
            Some(EnhancedCode(5, 1, 1..=3 | 6 | 10) | EnhancedCode(5, 2, 1)),
        )
        | (Step::Rcpt, 550 | 551 | 553, None) => Class::Address,
        // At MAIL these would be about the relay itself and every message of this size.
        (
            Step::Rcpt | Step::Body | Step::Dot,
            _,
            // 5.6.7 (RFC 6531 §4.3): nobody on the way carries an address in such letters.
            Some(EnhancedCode(5, 2, 2) | EnhancedCode(5, 3, 4) | EnhancedCode(5, 6, 7)),
        )
        | (Step::Rcpt, 552, None) => Class::Mailbox,
        _ => Class::OurFault,
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay has it.
    Sent,
    /// Proven not accepted; tried again at the earliest after this time. An attempt that never
    /// was the subscriber's (relay down) does not count.
    Deferred {
        /// How long to wait.
        wait: Duration,
        /// Whether it counts among the attempts.
        counts: bool,
    },
    /// Refused for good.
    Rejected(Class),
    /// Refused for a reason that is ours: back to *planned*, and the run asks itself whether to stop.
    OurFault,
    /// The dot was written and no valid reply was read.
    Unconfirmed,
}

/// When to try again (RFC 5321 §4.5.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryRules {
    /// First wait after a temporary refusal; doubles with every further one.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
    /// First wait after greylisting.
    pub greylisted: Duration,
    /// Wait after the relay went away.
    pub relay_down: Duration,
    /// An open delivery is given up this long after the plan.
    pub expire: Duration,
}

impl Default for RetryRules {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            first: minutes(30),
            longest: minutes(8 * 60),
            greylisted: minutes(6),
            relay_down: minutes(5),
            expire: minutes(4 * 24 * 60),
        }
    }
}

impl RetryRules {
    /// The wait after the `attempts`-th temporary refusal (from 1). `spread` in 0..=255 moves it by
    /// up to a fifth either way, so that what failed together does not come back together.
    pub fn wait(&self, class: Class, attempts: u32, spread: u8) -> Duration {
        let base = match class {
            Class::RelayDown => return self.relay_down,
            Class::Greylisted if attempts <= 1 => self.greylisted,
            _ => self
                .first
                .saturating_mul(1 << attempts.saturating_sub(1).min(16))
                .min(self.longest),
        };
        base.mul_f64(0.8 + 0.4 * f64::from(spread) / 255.0)
    }

    /// Judges a transaction. `None` means that nothing was tried: the ledger withheld the dot.
    pub fn judge(&self, transaction: &Transaction, attempts: u32, spread: u8) -> Option<Outcome> {
        Some(match transaction {
            Transaction::Withheld => return None,
            Transaction::Accepted(_) => Outcome::Sent,
            Transaction::LostAfterDot(_) => Outcome::Unconfirmed,
            Transaction::LostBeforeDot(Step::Compose, _) => Outcome::OurFault,
            Transaction::LostBeforeDot(..) => Outcome::Deferred {
                wait: self.wait(Class::RelayDown, attempts, spread),
                counts: false,
            },
            Transaction::Refused(step, reply) => match classify(*step, reply) {
                class @ (Class::Address | Class::Mailbox) => Outcome::Rejected(class),
                Class::OurFault => Outcome::OurFault,
                class => Outcome::Deferred {
                    wait: self.wait(class, attempts, spread),
                    counts: class != Class::RelayDown,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> Reply {
        Reply {
            code,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_quota_or_a_block_list_is_never_a_dead_address() {
        for (step, code, text) in [
            (Step::Rcpt, 550, "5.7.1 blocked using a block list"),
            (Step::Rcpt, 550, "5.4.5 daily quota exceeded"),
            (Step::Dot, 554, "transaction failed"),
            (Step::Mail, 550, "5.1.1 no such sender"),
            (Step::Mail, 552, "5.3.4 larger than we take"),
            (Step::Dot, 550, "no thanks"),
        ] {
            assert_eq!(
                classify(step, &reply(code, text)),
                Class::OurFault,
                "{code} {text}"
            );
        }
    }

    #[test]
    fn an_unknown_user_is_an_address_with_or_without_an_enhanced_code() {
        assert_eq!(
            classify(Step::Rcpt, &reply(550, "5.1.1 no such user")),
            Class::Address
        );
        assert_eq!(
            classify(Step::Rcpt, &reply(550, "No such user here")),
            Class::Address
        );
        assert_eq!(
            classify(Step::Rcpt, &reply(552, "5.2.2 mailbox full")),
            Class::Mailbox
        );
    }

    #[test]
    fn waits_double_from_half_an_hour_to_eight_hours() {
        let rules = RetryRules::default();
        let minutes: Vec<u64> = (1..=7)
            .map(|attempt| {
                rules
                    .wait(Class::Temporary, attempt, 128)
                    .as_secs()
                    .div_ceil(60)
            })
            .collect();
        assert_eq!(minutes, [31, 61, 121, 241, 481, 481, 481]);
        assert_eq!(
            rules.wait(Class::Greylisted, 1, 0),
            Duration::from_secs(288)
        );
    }

    #[test]
    fn replies_keep_no_control_characters_and_no_more_than_512_bytes() {
        let hostile = reply(250, &format!("\u{1b}[2J{}", "é".repeat(1000)));
        assert!(hostile.stored_text().len() <= 512);
        assert!(!hostile.stored_text().contains('\u{1b}'));
    }
}
