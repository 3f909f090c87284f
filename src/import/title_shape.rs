//! What titles and headings look like.

/// Words of up to this many letters stay small inside a title.
const SMALL_WORD: usize = 3;

/// Longer words that stay small inside an English title as well.
const SMALL_WORDS: [&str; 14] = [
    "about", "after", "before", "between", "from", "into", "onto", "over", "than", "that",
    "through", "upon", "with", "without",
];

/// The first word, the last and every word between them that is not a small one begin with a
/// capital (or have no case at all, like numbers); at least one is capitalised.
pub(super) fn is_title_case(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').filter(|word| letters(word) > 0).collect();
    let last = words.len().saturating_sub(1);
    let is_capital = |word: &str| first_letter(word).is_some_and(char::is_uppercase);
    let is_small = |word: &str| letters(word) <= SMALL_WORD || SMALL_WORDS.contains(&word);
    words.iter().any(|word| is_capital(word))
        && words.iter().enumerate().all(|(at, word)| {
            let inside = at != 0 && at != last;
            (inside && is_small(word))
                || first_letter(word).is_some_and(|letter| !letter.is_lowercase())
        })
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// No punctuation: headings end so.
    Open,
    /// `.`
    Stop,
    /// `?` or `!`
    Voice,
    /// `,`, `;` or `:`: something follows.
    Going,
}

/// The last character of a line that is not a closing quote or bracket, read as an [`Ending`].
pub(super) fn ending(text: &str) -> Ending {
    let last = text
        .trim_end_matches(['"', '\'', '”', '’', '»', '«', '“', ')', ']', '*', '_'])
        .chars()
        .next_back();
    match last {
        Some('.' | '…' | '。') => Ending::Stop,
        Some('?' | '!' | '？' | '！') => Ending::Voice,
        Some(',' | ';' | ':' | '：' | '、') => Ending::Going,
        _ => Ending::Open,
    }
}

/// Number of words.
pub(super) fn words(text: &str) -> usize {
    text.split(' ').count()
}

/// A caption such as `Photo by ...`, or a line that says who wrote.
pub(super) fn is_credit(text: &str) -> bool {
    text.split(' ')
        .take(2)
        .any(|word| word.eq_ignore_ascii_case("by"))
}

/// First letter or digit is a small letter: the line goes on from somewhere.
pub(super) fn begins_small(text: &str) -> bool {
    text.chars()
        .find(|character| character.is_alphanumeric())
        .is_none_or(char::is_lowercase)
}

fn letters(word: &str) -> usize {
    word.chars()
        .filter(|character| character.is_alphabetic())
        .count()
}

fn first_letter(word: &str) -> Option<char> {
    word.chars().find(|character| character.is_alphanumeric())
}
