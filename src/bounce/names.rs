//! Whom a mail is about: the tokens that it carries, each verified.
//!
//! First the address that it was delivered to, which the sender of a report cannot choose; then what
//! the report calls the message (ENVID, RFC 3461 §4.4); then the message that came back. A token
//! that is not ours, where one stands in the address, ends the search: the mail is nobody's.

use super::Content;
use super::complaint;
use super::failure::{self, from_xtext};
use super::fields::Fields;
use super::mail::Mail;
use crate::issue::IssueId;
use crate::token::{AddressKey, Keys};

/// Whom a mail is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The delivery that a verified token names.
    pub delivery: Option<i64>,
    /// The reader whom a verified token of an unsubscribe link names.
    pub reader: Option<AddressKey>,
    /// A Message-ID of our form, which only the ledger can verify.
    pub message: Option<MessageName>,
    /// It carries a token that is not ours in the address, and none that is.
    pub is_forged: bool,
}

impl Names {
    fn is_known(&self) -> bool {
        self.delivery.is_some() || self.reader.is_some()
    }
}

/// The local part of a Message-ID of [`Keys::message_id_local`]'s form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageName {
    /// The issue.
    pub issue: IssueId,
    /// The local part.
    pub local: String,
}

/// Fields in which those who deliver a mail write to whom.
const ADDRESSES: [&str; 7] = [
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "to",
    "cc",
];

/// What the address says that a mail was delivered to.
pub(super) fn addressed(mail: &Mail<'_>, recipient: Option<&str>, keys: &Keys) -> Names {
    let mut names = Names::default();
    let mut shaped = false;
    let fields = ADDRESSES.iter().flat_map(|name| mail.head.all(name));
    for value in recipient.into_iter().chain(fields) {
        for token in tokens(value, "b") {
            shaped |= has_shape(token);
            names.delivery = names.delivery.or_else(|| keys.verify_bounce_token(token));
        }
        for token in tokens(value, "unsubscribe") {
            shaped |= has_shape(token);
            names.reader = names
                .reader
                .or_else(|| keys.verify_unsubscribe_token(token));
        }
    }
    names.is_forged = shaped && !names.is_known();
    names
}

/// The token of a request whose subject is the one that our links give.
pub(super) fn in_subject(mail: &Mail<'_>, keys: &Keys) -> Option<AddressKey> {
    let subject = mail.subject();
    let (word, token) = subject.split_once(' ')?;
    word.eq_ignore_ascii_case("unsubscribe")
        .then(|| keys.verify_unsubscribe_token(token.trim()))
        .flatten()
}

/// Adds what a report says of the message, where the address says nothing.
pub(super) fn complete(mut names: Names, mail: &Mail<'_>, content: &Content, keys: &Keys) -> Names {
    let is_report = matches!(content, Content::Failure(_) | Content::Complaint(_));
    if names.is_known() || names.is_forged || !is_report {
        return names;
    }
    let feedback = complaint::fields(mail).unwrap_or_default();
    let returned = mail.returned();
    let id = failure::envelope_id(mail)
        .or_else(|| feedback.get("original-envelope-id").map(from_xtext))
        .and_then(|id| keys.verify_bounce_token(&id));
    names.delivery = id
        .or_else(|| sender_in(&feedback, keys))
        .or_else(|| sender_in(returned.as_ref()?, keys));
    if names.delivery.is_some() {
        return names;
    }
    if let Some(fields) = returned {
        names.message = fields.get("message-id").and_then(message_in);
        // Complaints are about the person; a failure is about one delivery.
        if matches!(content, Content::Complaint(_)) {
            let leave = fields.get("list-unsubscribe").unwrap_or_default();
            names.reader = reader_in(leave, keys);
        }
    } else {
        // Old mail systems put the message into their own text.
        let text = mail.text();
        names.delivery = delivery_in(&text, keys);
        names.message = message_in(&text);
    }
    names
}

/// The sender of the envelope, where a report tells it.
fn sender_in(fields: &Fields, keys: &Keys) -> Option<i64> {
    ["original-mail-from", "return-path", "x-envelope-from"]
        .into_iter()
        .find_map(|name| delivery_in(fields.get(name)?, keys))
}

fn delivery_in(text: &str, keys: &Keys) -> Option<i64> {
    tokens(text, "b").find_map(|token| keys.verify_bounce_token(token))
}

/// The token of `<https://host/u/TOKEN>` or `<mailto:unsubscribe+TOKEN@host>`.
fn reader_in(leave: &str, keys: &Keys) -> Option<AddressKey> {
    let links = leave.split(['<', '>', ',', '/', ' ']);
    let mut of_links = links.filter(|word| word.starts_with("v1."));
    of_links
        .find_map(|token| keys.verify_unsubscribe_token(token))
        .or_else(|| {
            tokens(leave, "unsubscribe").find_map(|token| keys.verify_unsubscribe_token(token))
        })
}

/// What stands between `prefix+` and `@`, for each address of a text.
fn tokens<'a>(text: &'a str, prefix: &'static str) -> impl Iterator<Item = &'a str> {
    text.match_indices('+').filter_map(move |(at, _)| {
        let before = text.get(at.checked_sub(prefix.len())?..at)?;
        let earlier = text[..at - prefix.len()].chars().next_back();
        let stands_alone = earlier.is_none_or(|sign| !is_atom(sign));
        let rest = &text[at + 1..];
        let end = rest.find(|sign: char| !sign.is_ascii_alphanumeric())?;
        let named = before.eq_ignore_ascii_case(prefix) && stands_alone;
        (named && rest[end..].starts_with('@')).then_some(&rest[..end])
    })
}

/// What may stand in a local part, a quoted one aside.
fn is_atom(sign: char) -> bool {
    sign.is_alphanumeric() || "+-_.=".contains(sign)
}

/// Whether it is as long as our tokens, more or less: nobody else has such addresses.
fn has_shape(token: &str) -> bool {
    let base32 = |byte: u8| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte);
    (20..=64).contains(&token.len()) && token.bytes().all(base32)
}

/// The first Message-ID of our form: an issue, a dot, 26 characters.
fn message_in(text: &str) -> Option<MessageName> {
    text.match_indices('@').find_map(|(at, _)| {
        let local = text.get(at.checked_sub(53)?..at)?;
        let earlier = text[..at - 53].chars().next_back();
        let (issue, tag) = local.split_once('.')?;
        let tagged = tag.len() == 26 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let alone = earlier.is_none_or(|sign| !is_atom(sign));
        let issue = IssueId::parse(issue).filter(|_| tagged && alone)?;
        Some(MessageName {
            issue,
            local: local.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_addresses_and_nowhere_else() {
        let found = |text| tokens(text, "b").collect::<Vec<_>>();
        assert_eq!(
            found("<b+abc@example.org>, B+DEF@example.org"),
            ["abc", "DEF"]
        );
        assert_eq!(
            found("bob+abc@example.org b+a.c@example.org b+abc +x@ é+a@"),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn a_message_id_of_another_form_is_none() {
        let issue = "a".repeat(26);
        let found = message_in(&format!(
            "Message-ID: <{issue}.{}@example.org>",
            "b".repeat(26)
        ));
        assert_eq!(found.unwrap().issue.as_str(), issue);
        for other in [
            format!("<x{issue}.{}@example.org>", "b".repeat(26)),
            format!("<{issue}.{}@example.org>", "b".repeat(25)),
            "<é@example.org>".to_owned(),
            "@".to_owned(),
        ] {
            assert_eq!(message_in(&other), None, "{other}");
        }
    }
}
