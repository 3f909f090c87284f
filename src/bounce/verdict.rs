//! What a mail comes to, as the ledger keeps it.

use super::meaning::{Meaning, OwnCodes, meaning};
use super::{Action, Automatic, Content, FailureReport, Feedback, Reading};
use crate::delivery::EnhancedCode;

/// What a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A report on the delivery of a message.
    Failure,
    /// A report of what a reader thinks of it.
    Complaint,
    /// A request to leave.
    Unsubscribe,
    /// An answer that no person wrote.
    Automatic,
    /// A letter of a person.
    Letter,
    /// Not understood.
    Unknown,
}

impl Kind {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Complaint => "complaint",
            Self::Unsubscribe => "unsubscribe",
            Self::Automatic => "automatic",
            Self::Letter => "letter",
            Self::Unknown => "unknown",
        }
    }

    /// What the content of a mail is.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::Failure(_) => Self::Failure,
            Content::Complaint(_) => Self::Complaint,
            Content::Unsubscribe => Self::Unsubscribe,
            Content::Automatic(_) => Self::Automatic,
            Content::Letter => Self::Letter,
            Content::Unknown => Self::Unknown,
        }
    }
}

/// What a mail comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The address does not exist.
    Hard,
    /// The mailbox is full or out of reach.
    Soft,
    /// We were refused, not the reader.
    Policy,
    /// Not delivered yet.
    Delayed,
    /// Delivered, or passed on: no failure.
    Delivered,
    /// The reader reported the letter as spam.
    Complained,
    /// The reader says that it is no spam, or a machine speaks of signatures.
    NoComplaint,
    /// The reader wants no more letters.
    Unsubscribed,
    /// An automatic answer.
    Ignored,
    /// A report on a delivery that was never sent.
    NeverSent,
    /// A report with nothing in it that says on which delivery.
    Unmatched,
    /// Its token is not ours.
    Forged,
    /// Somebody should read it.
    Letter,
    /// Seems to report something, and is not understood.
    Unknown,
}

impl Verdict {
    /// Every verdict, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::Hard,
        Self::Soft,
        Self::Policy,
        Self::Delayed,
        Self::Delivered,
        Self::Complained,
        Self::NoComplaint,
        Self::Unsubscribed,
        Self::Ignored,
        Self::NeverSent,
        Self::Unmatched,
        Self::Forged,
        Self::Letter,
        Self::Unknown,
    ];

    /// The word in the ledger and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Policy => "policy",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Complained => "complained",
            Self::NoComplaint => "no-complaint",
            Self::Unsubscribed => "unsubscribed",
            Self::Ignored => "ignored",
            Self::NeverSent => "never-sent",
            Self::Unmatched => "unmatched",
            Self::Forged => "forged",
            Self::Letter => "letter",
            Self::Unknown => "unknown",
        }
    }

    /// The verdict of a word.
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
    }

    /// Whether a person should look at the mail.
    pub fn wants_a_person(self) -> bool {
        matches!(self, Self::Letter | Self::Unknown | Self::Unmatched)
    }

    /// What a reading comes to. `was_sent` tells of the delivery that it names: whether its message
    /// ever left; `None` where it names none.
    pub fn of(reading: &Reading, was_sent: Option<bool>, own: &OwnCodes) -> Self {
        if reading.names.is_forged {
            return Self::Forged;
        }
        match &reading.content {
            Content::Unsubscribe => Self::Unsubscribed,
            Content::Automatic(Automatic::Reply | Automatic::Challenge | Automatic::Receipt) => {
                Self::Ignored
            }
            Content::Letter => Self::Letter,
            Content::Unknown => Self::Unknown,
            Content::Complaint(Feedback::Wanted | Feedback::Technical) => Self::NoComplaint,
            Content::Complaint(Feedback::Unwanted) if reading.names.reader.is_some() => {
                Self::Complained
            }
            Content::Failure(_) | Content::Complaint(_) if was_sent.is_none() => Self::Unmatched,
            Content::Failure(_) | Content::Complaint(_) if was_sent == Some(false) => {
                Self::NeverSent
            }
            Content::Complaint(Feedback::Unwanted) => Self::Complained,
            Content::Failure(reports) => {
                mildest(reports).map_or(Self::Unknown, |report| Self::of_failure(report, own))
            }
        }
    }

    fn of_failure(report: &FailureReport, own: &OwnCodes) -> Self {
        match report.action {
            Action::Delivered | Action::Relayed | Action::Expanded => Self::Delivered,
            Action::Delayed => Self::Delayed,
            Action::Failed => match meaning(report, own) {
                Meaning::Hard => Self::Hard,
                Meaning::Soft => Self::Soft,
                Meaning::Policy => Self::Policy,
            },
        }
    }
}

/// The report that counts for a delivery. Each of our messages has one recipient; where a report has
/// several, the address stands for several people, and what reached one of them arrived.
pub fn mildest(reports: &[FailureReport]) -> Option<&FailureReport> {
    let weight = |report: &FailureReport| {
        let meaning = match meaning(report, &OwnCodes::default()) {
            Meaning::Policy => 0,
            Meaning::Soft => 1,
            Meaning::Hard => 2,
        };
        (report.action, meaning)
    };
    // The first of those that are alike.
    reports.iter().rev().min_by_key(|report| weight(report))
}

/// What a failure comes to by what the ledger kept of it.
pub fn verdict_of_stored(status: &str, words: &str, own: &OwnCodes) -> Verdict {
    let status = EnhancedCode::at_start_of(status);
    Verdict::of_failure(
        &FailureReport::new("failed", status, words, Vec::new()),
        own,
    )
}
