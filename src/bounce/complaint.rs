//! Complaints as providers send them on (ARF, RFC 5965). They are often redacted (RFC 6590): the
//! reader's address is never looked for.

use super::fields::Fields;
use super::mail::Mail;

/// What a reader said of a letter (RFC 5965 §7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// It is unwanted: `abuse`, `fraud`, `virus`, `other`, or a word that is not known.
    Unwanted,
    /// It is wanted, and was taken for spam: `not-spam`.
    Wanted,
    /// Not a reader's word: a failed signature, `auth-failure` (RFC 6591).
    Technical,
}

/// The type of a feedback report in a mail.
pub(super) fn read(mail: &Mail<'_>) -> Option<Feedback> {
    let report = fields(mail)?;
    let kind = report.get("feedback-type").unwrap_or_default();
    let kind = kind.split([' ', ';', '(']).next().unwrap_or_default();
    Some(match kind.to_ascii_lowercase().as_str() {
        "not-spam" => Feedback::Wanted,
        "auth-failure" | "dmarc" => Feedback::Technical,
        _ => Feedback::Unwanted,
    })
}

/// The report's fields.
pub(super) fn fields(mail: &Mail<'_>) -> Option<Fields> {
    let part = mail.part(&["message/feedback-report"])?;
    Fields::read_blocks(part)
        .into_iter()
        .find(|block| block.has("feedback-type"))
}
