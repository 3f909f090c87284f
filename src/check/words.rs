//! Words that rules look for.

use std::ops::Range;

/// A phrase that filters count against a mail.
pub(super) struct Spam {
    phrase: &'static str,
    /// Whether an essay may say it without harm, so that it counts in the subject alone.
    subject_only: bool,
    pub(super) why: &'static str,
}

const fn anywhere(phrase: &'static str, why: &'static str) -> Spam {
    Spam {
        phrase,
        subject_only: false,
        why,
    }
}

const fn subject(phrase: &'static str, why: &'static str) -> Spam {
    Spam {
        phrase,
        subject_only: true,
        why,
    }
}

/// Measured: each was put into a letter of 400 words, in the subject and in the text, and is here
/// for the points that `SpamAssassin` 4.0 with its own rules (no network) gave to that letter more
/// than to the same one without; 5 points make a mail spam. Some sixty others that lists on the
/// web warn of (`free`, `urgent`, `click here`, `limited time`, `guarantee` ...) cost nothing, and
/// are therefore not here.
const SPAM: &[Spam] = &[
    anywhere(
        "money back guarantee",
        "it costs 2.9 of the 5 points that make a mail spam",
    ),
    anywhere(
        "dear sir",
        "it costs 2.0 of the 5 points that make a mail spam",
    ),
    anywhere(
        "viagra",
        "it costs 1.8 of the 5 points that make a mail spam",
    ),
    anywhere(
        "cialis",
        "it costs 1.8 of the 5 points that make a mail spam",
    ),
    subject(
        "dear friend",
        "it costs 2.7 of the 5 points that make a mail spam",
    ),
    subject(
        "lose weight",
        "it costs 2.6 of the 5 points that make a mail spam",
    ),
    subject(
        "weight loss",
        "it costs 0.7 of the 5 points that make a mail spam",
    ),
    subject(
        "next of kin",
        "it costs 1.0 of the 5 points that make a mail spam",
    ),
    subject(
        "your account has been suspended",
        "it costs 1.0 of the 5 points that make a mail spam",
    ),
    subject(
        "buy now",
        "at the beginning it costs 0.6 of the 5 points that make a mail spam",
    ),
    subject(
        "buy direct",
        "at the beginning it costs 0.6 of the 5 points that make a mail spam",
    ),
];

/// The first phrase of a text that filters know, whole words only, in any case.
pub(super) fn spam_phrase(text: &str, is_subject: bool) -> Option<(Range<usize>, &'static Spam)> {
    let lower = lowered(text);
    SPAM.iter()
        .filter(|spam| is_subject || !spam.subject_only)
        .find_map(|spam| Some((find_words(&lower, spam.phrase)?, spam)))
}

/// The text in lower case with every byte at its place: only ASCII letters change.
pub(super) fn lowered(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Where whole words stand in a text.
pub(super) fn find_words(text: &str, words: &str) -> Option<Range<usize>> {
    text.match_indices(words)
        .map(|(at, _)| at..at + words.len())
        .find(|range| stands_alone(text, range))
}

/// Whether no letter or digit touches a part of a text.
pub(super) fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    !is_word(before) && !is_word(after)
}

/// Whether a line is in capitals: several words of them, not a name or an abbreviation.
pub(super) fn is_shouted(line: &str) -> bool {
    let cased = |character: &char| character.is_uppercase() || character.is_lowercase();
    let words = line
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().filter(cased).count() > 1);
    let letters = line.chars().filter(cased).count();
    letters >= 8 && words.count() >= 2 && !line.chars().any(char::is_lowercase)
}
