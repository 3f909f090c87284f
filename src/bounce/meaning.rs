//! What a failure says about the reader's address: dead, in trouble, or nothing at all.
//!
//! The enhanced code decides (RFC 3463), then the code, then words. A refusal of us (policy,
//! reputation, the message itself) never counts against an address, whatever code comes with it.

use super::failure::FailureReport;
use crate::delivery::EnhancedCode;

/// What a failure means for the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// There is no such mailbox.
    Hard,
    /// The mailbox is full, or was out of reach until the relay gave up.
    Soft,
    /// It is about us or this message.
    Policy,
}

/// An enhanced code, of which the last numbers may be left open: `5.4.1`, `5.7.x`, `5.x.x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusPattern {
    class: u8,
    subject: Option<u16>,
    detail: Option<u16>,
}

impl StatusPattern {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let class = match parts.next()? {
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let mut number = || match parts.next()? {
            "x" => Some(None),
            digits if digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().map(Some)
            }
            _ => None,
        };
        let (subject, detail) = (number()?, number()?);
        let well_formed = parts.next().is_none() && (subject.is_some() || detail.is_none());
        well_formed.then_some(Self {
            class,
            subject,
            detail,
        })
    }

    fn fits(self, code: EnhancedCode) -> bool {
        self.class == code.0
            && self.subject.is_none_or(|subject| subject == code.1)
            && self.detail.is_none_or(|detail| detail == code.2)
    }
}

/// Codes for which the author knows better than the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnCodes {
    /// No such mailbox.
    pub hard: Vec<StatusPattern>,
    /// In trouble.
    pub soft: Vec<StatusPattern>,
    /// About us.
    pub policy: Vec<StatusPattern>,
}

impl OwnCodes {
    fn meaning(&self, code: EnhancedCode) -> Option<Meaning> {
        let fits = |patterns: &[StatusPattern]| patterns.iter().any(|pattern| pattern.fits(code));
        if fits(&self.policy) {
            Some(Meaning::Policy)
        } else if fits(&self.soft) {
            Some(Meaning::Soft)
        } else {
            fits(&self.hard).then_some(Meaning::Hard)
        }
    }
}

/// What a failure means.
pub(super) fn meaning(report: &FailureReport, own: &OwnCodes) -> Meaning {
    let words = without_addresses(&report.words);
    if let Some(known) = report.status.and_then(|code| own.meaning(code)) {
        return known;
    }
    // Gmail, Microsoft and others refuse us with codes of every kind; their words are plain.
    if says_policy(&words) {
        return Meaning::Policy;
    }
    match report.status {
        Some(EnhancedCode(5, 1, 1 | 2 | 3 | 6 | 10) | EnhancedCode(5, 2, 1)) => Meaning::Hard,
        // RFC 3463 §3.5: no such host.
        Some(EnhancedCode(5, 4, 4)) if says_no_host(&words) => Meaning::Hard,
        Some(EnhancedCode(5, 7 | 6, _) | EnhancedCode(5, 3, 4) | EnhancedCode(5, 2, 3)) => {
            Meaning::Policy
        }
        // RFC 3463 §2: 0 says nothing; then the words may.
        Some(EnhancedCode(5, _, 0)) | None => by_words(report, &words),
        _ => Meaning::Soft,
    }
}

fn by_words(report: &FailureReport, words: &str) -> Meaning {
    let is_final = report.code.is_none_or(|code| code >= 500);
    if says_full(words) {
        Meaning::Soft
    } else if is_final && says_dead(words) {
        Meaning::Hard
    } else if report.code == Some(554) {
        // RFC 5321 §4.2.3: the transaction failed, and nothing says whose fault it is.
        Meaning::Policy
    } else {
        Meaning::Soft
    }
}

/// Words that say: nobody there.
pub(super) fn says_dead(text: &str) -> bool {
    says_one_of(
        text,
        &[
            "user unknown",
            "unknown user",
            "unknown recipient",
            "recipient unknown",
            "unknown address",
            "no such user",
            "no such recipient",
            "no such mailbox",
            "no mailbox here by that name",
            "no mailbox by that name",
            "mailbox not found",
            "mailbox unavailable",
            "does not exist",
            "doesn't exist",
            "doesn't have a",
            "not a valid recipient",
            "invalid recipient",
            "invalid mailbox",
            "address not found",
            "recipient not found",
            "could not be found",
            "couldn't be found",
            "wasn't found",
            "account is disabled",
            "account has been disabled",
            "inactive user",
            "unrouteable address",
        ],
    )
}

/// Words that say: no room.
pub(super) fn says_full(text: &str) -> bool {
    says_one_of(
        text,
        &[
            "mailbox full",
            "mailbox is full",
            "mailbox for user is full",
            "over quota",
            "quota exceeded",
            "exceeded the quota",
            "exceeds quota",
            "out of storage",
            "insufficient storage",
            "no space left",
        ],
    )
}

/// Words that say: not from you.
fn says_policy(text: &str) -> bool {
    says_one_of(
        text,
        &[
            "spam",
            "blacklist",
            "blocklist",
            "block list",
            "blocked using",
            "black list",
            "dnsbl",
            "rbl",
            "reputation",
            "unsolicited",
            "dmarc",
            "dkim",
            "spf ",
            "policy",
            "content rejected",
            "message rejected",
            "access denied",
            "not authorized",
            "banned",
            "virus",
        ],
    )
}

fn says_no_host(text: &str) -> bool {
    says_one_of(
        text,
        &[
            "host or domain name not found",
            "host not found",
            "domain not found",
            "nxdomain",
            "host unknown",
        ],
    )
}

fn says_one_of(text: &str, phrases: &[&str]) -> bool {
    let text = text.to_lowercase();
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// The words without addresses: `spam@example.org` says nothing about us.
fn without_addresses(words: &str) -> String {
    let kept = words.split(' ').filter(|word| !word.contains('@'));
    kept.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: &str, words: &str) -> Meaning {
        let report = FailureReport::new(
            "failed",
            EnhancedCode::at_start_of(status),
            words,
            Vec::new(),
        );
        meaning(&report, &OwnCodes::default())
    }

    #[test]
    fn codes_and_words_mean_what_the_table_says() {
        let cases = [
            ("5.1.1", "550 5.1.1 no such user", Meaning::Hard),
            (
                "5.1.10",
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
                Meaning::Hard,
            ),
            ("5.2.1", "550 5.2.1 disabled", Meaning::Hard),
            ("5.0.0", "550 no such user here", Meaning::Hard),
            ("", "550 unknown user", Meaning::Hard),
            ("5.4.4", "Host or domain name not found", Meaning::Hard),
            ("5.4.4", "unable to route", Meaning::Soft),
            ("5.2.2", "552 5.2.2 over quota", Meaning::Soft),
            ("", "552 mailbox full", Meaning::Soft),
            ("4.4.7", "delivery time expired", Meaning::Soft),
            ("4.2.2", "452 4.2.2 mailbox full", Meaning::Soft),
            ("", "450 no such user", Meaning::Soft),
            ("", "", Meaning::Soft),
            ("5.7.1", "550 5.7.1 no such user", Meaning::Policy),
            (
                "5.1.1",
                "550 5.1.1 blocked using list.example.net",
                Meaning::Policy,
            ),
            ("5.3.4", "message too big", Meaning::Policy),
            ("5.6.0", "malformed", Meaning::Policy),
            ("", "554 no", Meaning::Policy),
            (
                "5.1.1",
                "550 5.1.1 <spam@example.org>: unknown",
                Meaning::Hard,
            ),
        ];
        for (status, words, wanted) in cases {
            assert_eq!(of(status, words), wanted, "{status} {words}");
        }
    }

    #[test]
    fn the_author_knows_better() {
        let own = OwnCodes {
            hard: vec![StatusPattern::parse("5.4.x").unwrap()],
            soft: vec![StatusPattern::parse("5.1.1").unwrap()],
            policy: vec![StatusPattern::parse("5.4.7").unwrap()],
        };
        let of = |status: &str| {
            let code = EnhancedCode::at_start_of(status);
            meaning(&FailureReport::new("failed", code, "", Vec::new()), &own)
        };
        assert_eq!(of("5.4.1"), Meaning::Hard);
        assert_eq!(of("5.4.7"), Meaning::Policy);
        assert_eq!(of("5.1.1"), Meaning::Soft);
        assert_eq!(of("5.1.2"), Meaning::Hard);
        for wrong in [
            "", "5", "5.1", "5.1.1.1", "2.1.1", "5.x.1", "5.1000.1", "5.1.y", "x.1.1",
        ] {
            assert_eq!(StatusPattern::parse(wrong), None, "{wrong}");
        }
    }
}
