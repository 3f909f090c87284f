//! Reports of failure that are written for people alone: qmail's (QSBMF), Exim's, old Exchange's,
//! and whatever else a mail system says about a message that it could not deliver.
//!
//! The signs are headers and the shape of the text. What is not sure is left alone: it is told to
//! the author as not understood.

use super::failure::{FailureReport, code_in, status_in};
use super::mail::Mail;

/// How a mail system begins the copy of the message: what follows is not its own.
const COPIES: [&str; 9] = [
    "--- below this line is a copy",
    "--- this is a copy of",
    "--- original message",
    "----- message header follows",
    "--- the following is",
    "-----original message",
    "original message headers",
    "copy of the message, including all the headers",
    "begin forwarded message",
];

/// Words of a subject that speak of a failure.
const FAILURES: [&str; 13] = [
    "failure notice",
    "undeliver",
    "undelivered",
    "delivery failed",
    "delivery failure",
    "delivery has failed",
    "delivery status notification",
    "mail delivery",
    "returned mail",
    "returned to sender",
    "could not be delivered",
    "non-delivery",
    "delivery problem",
];

/// Words that say: not yet.
const DELAYS: [&str; 8] = [
    "delayed",
    "still being retried",
    "will keep trying",
    "will be retried",
    "will continue to try",
    "need not resend",
    "do not need to resend",
    "this is a warning message only",
];

/// Reads a report that is written for people.
pub(super) fn read(mail: &Mail<'_>) -> Option<FailureReport> {
    let text = own_words(&mail.text());
    if !is_report(mail, &text) {
        return None;
    }
    let line = telling_line(&text);
    let subject = mail.subject().to_lowercase();
    let lower = text.to_lowercase();
    let delayed = DELAYS
        .iter()
        .any(|words| subject.contains(words) || lower.contains(words));
    let recipients = failed_recipients(mail, &text);
    let action = if delayed { "delayed" } else { "failed" };
    Some(FailureReport::new(
        action,
        status_in(line),
        line,
        recipients,
    ))
}

/// Whether nobody but a program that handles mail writes so.
pub(super) fn is_from_a_mail_system(mail: &Mail<'_>) -> bool {
    has_no_sender(mail) || has_the_name_of_one(mail)
}

/// RFC 5321 §4.5.5: reports come from nobody. So do holiday notes.
fn has_no_sender(mail: &Mail<'_>) -> bool {
    let path = mail.head.get("return-path");
    path.is_some_and(|path| path == "<>")
}

/// RFC 2142 §5, and the names that are in use.
fn has_the_name_of_one(mail: &Mail<'_>) -> bool {
    let from = mail.head.get("from").unwrap_or_default().to_lowercase();
    let names = [
        "mailer-daemon",
        "postmaster@",
        "mail delivery sub",
        "mail delivery sys",
    ];
    names.iter().any(|name| from.contains(name))
}

fn is_report(mail: &Mail<'_>, text: &str) -> bool {
    // Exim and Gmail name the recipients in a field, Exchange marks its reports.
    let marked = ["x-failed-recipients", "x-ms-exchange-message-is-ndr"];
    if marked.iter().any(|name| mail.head.has(name)) {
        return true;
    }
    // QSBMF §2: the first paragraph begins with this, whatever follows.
    if text.trim_start().starts_with("Hi. This is the") {
        return true;
    }
    let subject = mail.subject().to_lowercase();
    let speaks_of_it = FAILURES.iter().any(|words| subject.contains(words));
    let quotes = status_in(text).is_some() || quotes_a_reply(text);
    let is_by_one = has_the_name_of_one(mail) || (has_no_sender(mail) && speaks_of_it);
    is_by_one && (quotes || (speaks_of_it && is_dead(text)))
}

fn quotes_a_reply(text: &str) -> bool {
    text.lines()
        .any(|line| code_in(line).is_some_and(|code| code >= 500))
}

fn is_dead(text: &str) -> bool {
    super::meaning::says_dead(text) || super::meaning::says_full(text)
}

/// The text up to the copy of the message.
fn own_words(text: &str) -> String {
    let lines = text.lines().take_while(|line| {
        let line = line.trim().to_lowercase();
        !COPIES.iter().any(|copy| line.contains(copy))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The line that says most about why: one with an enhanced code, one with a code, one that speaks
/// of a mailbox.
pub(super) fn telling_line(text: &str) -> &str {
    let find = |tells: &dyn Fn(&str) -> bool| text.lines().find(|line| tells(line));
    find(&|line| status_in(line).is_some())
        .or_else(|| find(&|line| code_in(line).is_some()))
        .or_else(|| find(&|line| is_dead(line)))
        .unwrap_or_default()
        .trim()
}

/// The addresses that the report names; for its domain alone, and never believed.
fn failed_recipients(mail: &Mail<'_>, text: &str) -> Vec<String> {
    if let Some(named) = mail.head.get("x-failed-recipients") {
        return named.split(',').map(|one| one.trim().to_owned()).collect();
    }
    // QSBMF §3 and many others: `<reader@example.org>:` on a line of its own.
    let bracketed = text.lines().find_map(|line| {
        let (address, _) = line.trim().strip_prefix('<')?.split_once('>')?;
        address.contains('@').then(|| address.to_owned())
    });
    bracketed.into_iter().collect()
}
