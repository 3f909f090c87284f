//! The subject: whether it is seen whole, and whether it looks like a letter.

use super::words::{is_shouted, spam_phrase};
use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const BLANK: Rule = Rule::error("blank-subject", "the subject shows nothing but blanks");
const LONG: Rule = Rule::warning(
    "long-subject",
    "the subject is longer than most mail programs show",
);
const CUT: Rule = Rule::note("cut-subject", "a phone cuts the subject off");
const SHOUTING: Rule = Rule::warning(
    "shouting-subject",
    "the subject is in capitals or has several exclamation marks",
);
const WORDLESS: Rule = Rule::warning("wordless-subject", "the subject has no word in it");
const REPLY: Rule = Rule::warning("reply-subject", "the subject looks like that of a reply");
const SPAM: Rule = Rule::warning(
    "spam-words",
    "a phrase that spam filters count against the sender",
);

pub(super) const RULES: &[Rule] = &[BLANK, LONG, CUT, SHOUTING, WORDLESS, REPLY, SPAM];

/// One line of a mail program on a wide screen, in characters (RFC 5322 §2.1.1 has the same 78
/// for a line of a header).
const WIDE_LINE: usize = 78;

/// About what a phone shows, in characters.
const NARROW_LINE: usize = 60;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    if !galley.is_to_be_mailed {
        return;
    }
    let subject = galley.issue.subject.as_str();
    let tell = |problem: Diagnostic| galley.in_subject(problem);
    if subject.chars().all(is_blank) {
        found.push(tell(BLANK.found("the subject shows nothing")).hint("write words into it"));
        return;
    }
    let length = subject.chars().count();
    if length > WIDE_LINE {
        let problem = LONG.found(format!("the subject has {length} characters"));
        found.push(tell(problem).hint(format!(
            "mail programs show {WIDE_LINE} at most and phones about 40; write a short `subject` \
             beside the title"
        )));
    } else if length > NARROW_LINE {
        let problem = CUT.found(format!("the subject has {length} characters"));
        found.push(tell(problem).hint("phones show about 40: put what matters first"));
    }
    if !subject.chars().any(char::is_alphanumeric) {
        found.push(
            tell(WORDLESS.found("the subject has no word"))
                .hint("a screen reader reads each sign aloud; filters count it as spam"),
        );
    }
    if is_shouted(subject) || subject.matches('!').count() > 1 {
        found.push(
            tell(SHOUTING.found("the subject shouts")).hint(
                "capitals and rows of exclamation marks are what spam filters look for first",
            ),
        );
    }
    if let Some(mark) = reply_mark(subject) {
        found.push(
            tell(REPLY.found(format!("the subject begins with `{mark}` and is no reply")))
                .hint("receivers take that for deceit (Gmail's sender guidelines); leave it out"),
        );
    }
    spam(galley, found);
}

/// Spaces of every kind, and characters that draw nothing.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
                | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        )
}

/// `Re:`, `Fwd:` and what they are called elsewhere.
fn reply_mark(subject: &str) -> Option<&str> {
    let (mark, _) = subject.split_once(':')?;
    let known = ["re", "fw", "fwd", "aw", "wg", "tr", "rv", "enc", "sv", "vs"];
    known
        .contains(&mark.trim().to_lowercase().as_str())
        .then(|| &subject[..=mark.len()])
}

/// In the subject first; in the essay only what no essay says in passing.
fn spam(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let told = |phrase: &str, why: &str| {
        SPAM.found(format!("spam filters know the phrase `{phrase}`"))
            .hint(format!("{why}; say it in other words"))
    };
    if let Some((range, spam)) = spam_phrase(&galley.issue.subject, true) {
        let phrase = &galley.issue.subject[range];
        found.push(galley.in_subject(told(phrase, spam.why)));
    }
    for prose in &galley.reading.prose {
        if let Some((range, spam)) = spam_phrase(&prose.text, false) {
            let problem = told(&prose.text[range.clone()], spam.why);
            found.push(galley.in_essay(problem, &prose.source(range)));
        }
    }
}
