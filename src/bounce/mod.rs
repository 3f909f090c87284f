//! Mail that comes back: what a report of failure, a complaint, a request to leave or an automatic
//! answer says, and about which delivery.
//!
//! From the bytes of one mail to a [`Reading`], and from a reading to a [`Verdict`]. What becomes of
//! the reader is decided by [`rules`], from all that is known of that reader. Nothing here believes
//! a text: a mail is about somebody only by a token that nobody else can make.

mod automatic;
mod complaint;
mod failure;
mod fields;
mod mail;
mod meaning;
mod names;
pub mod rules;
mod shapes;
#[cfg(test)]
mod tests;
mod verdict;

pub use complaint::Feedback;
pub use failure::{Action, FailureReport};
pub use meaning::{OwnCodes, StatusPattern};
pub use names::{MessageName, Names};
pub use verdict::{Kind, Verdict, mildest, verdict_of_stored};

use crate::token::Keys;
use mail::Mail;

/// What is read of a mail, in bytes; what is longer is not looked into.
pub const LARGEST_MAIL: usize = 10 * 1024 * 1024;

/// What one mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Whom it is about.
    pub names: Names,
    /// What it is.
    pub content: Content,
}

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A report on the delivery of a message: one entry for each recipient, and at least one.
    Failure(Vec<FailureReport>),
    /// A reader's verdict on a letter, by way of the provider (RFC 5965).
    Complaint(Feedback),
    /// A request to leave, sent to the address that is there for it.
    Unsubscribe,
    /// An answer that no person wrote.
    Automatic(Automatic),
    /// Somebody wrote it, and somebody should read it.
    Letter,
    /// Seems to report something, and is not understood.
    Unknown,
}

/// Why a mail needs no answer and means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automatic {
    /// Away on holiday, got your message, a list's mail (RFC 3834).
    Reply,
    /// Asks the sender to prove that it is a person.
    Challenge,
    /// Tells that a letter was displayed (RFC 8098).
    Receipt,
}

/// Reads one mail. `recipient` is the address that it was delivered to, where whoever took it from
/// the network knows that; else its header tells.
pub fn read(bytes: &[u8], recipient: Option<&str>, keys: &Keys) -> Reading {
    if bytes.len() > LARGEST_MAIL {
        return Reading {
            names: Names::default(),
            content: Content::Unknown,
        };
    }
    let mail = Mail::open(bytes);
    let addressed = names::addressed(&mail, recipient, keys);
    // C12 of RFC 2369's practice: the address alone says it, whatever the subject is.
    if addressed.reader.is_some() {
        return Reading {
            names: addressed,
            content: Content::Unsubscribe,
        };
    }
    let content = content_of(&mail);
    match content {
        Some(content) => Reading {
            names: names::complete(addressed, &mail, &content, keys),
            content,
        },
        None => read_letter(&mail, addressed, keys),
    }
}

/// What a mail says by its form, from the surest sign to the weakest.
fn content_of(mail: &Mail<'_>) -> Option<Content> {
    complaint::read(mail)
        .map(Content::Complaint)
        .or_else(|| failure::read(mail).map(Content::Failure))
        .or_else(|| automatic::is_receipt(mail).then_some(Content::Automatic(Automatic::Receipt)))
        .or_else(|| shapes::read(mail).map(|report| Content::Failure(vec![report])))
        .or_else(|| automatic::read(mail).map(Content::Automatic))
        .or_else(|| shapes::is_from_a_mail_system(mail).then_some(Content::Unknown))
}

/// A mail of no form that is known.
fn read_letter(mail: &Mail<'_>, mut names: Names, keys: &Keys) -> Reading {
    // Without a domain for bounces the link of each letter puts the token into the subject.
    if let Some(reader) = names::in_subject(mail, keys) {
        names.reader = Some(reader);
        return Reading {
            names,
            content: Content::Unsubscribe,
        };
    }
    // Nobody writes to the address of a delivery by hand.
    let content = if names.delivery.is_some() {
        Content::Unknown
    } else {
        Content::Letter
    };
    Reading { names, content }
}
