//! What a draft leaves behind: notes to oneself, words written twice, marks that nobody filled in,
//! letters that lost their encoding.

use std::ops::Range;

use super::prose::Prose;
use super::words::stands_alone;
use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const LEFTOVER: Rule = Rule::warning(
    "leftover",
    "a note to oneself: TK, TODO, FIXME, XXX, lorem ipsum, `[link]`, `???`",
);
const DOUBLED: Rule = Rule::warning("double-word", "a small word stands twice");
const UNFILLED: Rule = Rule::warning(
    "template-mark",
    "a mark such as `{{ name }}` in an essay, where it is not replaced",
);
const GARBLED: Rule = Rule::warning(
    "garbled-text",
    "letters that were read in the wrong encoding",
);

pub(super) const RULES: &[Rule] = &[LEFTOVER, DOUBLED, UNFILLED, GARBLED];

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let language = galley.language();
    for prose in &galley.reading.prose {
        for (range, problem) in problems(prose, &language) {
            found.push(galley.in_essay(problem, &prose.source(range)));
        }
    }
    front_matter(galley, &language, found);
    descriptions(galley, &language, found);
}

fn problems(prose: &Prose, language: &str) -> Vec<(Range<usize>, Diagnostic)> {
    let text = &prose.text;
    let mut all = leftovers(text, language);
    all.extend(doubled_words(text, language));
    all.extend(unfilled(text));
    all.extend(garbled(text));
    all
}

fn front_matter(galley: &Galley<'_>, language: &str, found: &mut Vec<Diagnostic>) {
    let front = galley.front;
    for value in [&front.title, &front.subject, &front.summary]
        .into_iter()
        .flatten()
    {
        let text = &value.value;
        let all = [leftovers(text, language), unfilled(text), garbled(text)].concat();
        let first = all.into_iter().next();
        found.extend(first.map(|(_, problem)| galley.in_front(problem, Some(value))));
    }
}

/// Readers hear these.
fn descriptions(galley: &Galley<'_>, language: &str, found: &mut Vec<Diagnostic>) {
    for picture in &galley.reading.pictures {
        let alt = picture.alt.as_deref().unwrap_or_default();
        let first = leftovers(alt, language).into_iter().next();
        found.extend(first.map(|(_, problem)| galley.in_essay(problem, &picture.range)));
    }
}

type Found = Vec<(Range<usize>, Diagnostic)>;

fn leftovers(text: &str, language: &str) -> Found {
    let mut found = Vec::new();
    let mut tell = |range: Range<usize>| {
        let problem = LEFTOVER
            .found(format!("`{}` is left over", text[range.clone()].trim()))
            .hint("write what belongs there, or take it out");
        found.push((range, problem));
    };
    for mark in ["TK", "TKTK", "TKTKTK", "TODO", "FIXME", "XXX"] {
        let whole_words = text
            .match_indices(mark)
            .map(|(at, _)| at..at + mark.len())
            .filter(|range| stands_alone(text, range));
        whole_words
            .filter(|range| is_note(text, mark, range, language))
            .for_each(&mut tell);
    }
    let lower = text.to_ascii_lowercase();
    for mark in [
        "lorem ipsum",
        "[link]",
        "[links]",
        "[url]",
        "(url)",
        "[citation needed]",
        "[placeholder]",
        "[image]",
        "[insert ",
        "[source?]",
        "[name]",
        "[tbd]",
        "(tbd)",
    ] {
        for (at, _) in lower.match_indices(mark) {
            let end = match mark.strip_prefix('[') {
                Some(_) => lower[at..].find(']').map(|length| at + length + 1),
                None => None,
            };
            tell(at..end.unwrap_or(at + mark.len()));
        }
    }
    // Behind a word it is punctuation, if loud.
    let stands_alone =
        |at: &usize| !text[..*at].ends_with(|c: char| c.is_alphabetic() || "?!".contains(c));
    let marks = text.match_indices("???").map(|(at, _)| at);
    for at in marks.filter(stands_alone) {
        let end = text[at..].find(|c| c != '?').map_or(text.len(), |n| at + n);
        tell(at..end);
    }
    found
}

/// Whether a word in capitals is a note and not a word.
fn is_note(text: &str, mark: &str, range: &Range<usize>, language: &str) -> bool {
    let behind = text[range.end..].trim_start();
    let before = text[..range.start].trim_end();
    let marked = behind.starts_with([':', ']', ')']) || before.ends_with(['[', '(']);
    match mark {
        // "All" in Spanish, Portuguese and Galician.
        "TODO" => marked || !matches!(language, "es" | "pt" | "gl" | "ca"),
        // Thirty in Roman numerals: it follows a name or a word such as "chapter".
        "XXX" => marked || before.is_empty() || before.ends_with(['.', '!', '?']),
        _ => true,
    }
}

/// Words of which two in a row are a slip. Not `that that`, `had had`, `die die`, `nous nous`.
fn small_words(language: &str) -> &'static [&'static str] {
    match language {
        "en" => &[
            "the", "a", "an", "of", "and", "or", "but", "with", "from", "at", "by", "as", "if",
            "are", "was", "were", "be", "it", "this", "we", "they", "my", "our", "your", "their",
        ],
        "de" => &[
            "und", "oder", "ein", "eine", "einen", "einer", "mit", "von", "bei", "für", "auf",
            "dass", "ist", "wir", "ich",
        ],
        "fr" => &[
            "le", "les", "un", "une", "des", "et", "ou", "dans", "pour", "avec", "sur", "est",
        ],
        "es" => &[
            "el", "los", "las", "un", "una", "y", "o", "de", "en", "con", "por", "que", "es",
        ],
        "pt" => &[
            "o", "os", "as", "um", "uma", "e", "de", "em", "com", "por", "que",
        ],
        "it" => &["il", "gli", "un", "una", "e", "di", "con", "per", "che"],
        "nl" => &["de", "het", "een", "en", "of", "van", "met", "voor", "is"],
        _ => &[],
    }
}

fn doubled_words(text: &str, language: &str) -> Found {
    let small = small_words(language);
    let mut found = Vec::new();
    let mut before: Option<(usize, &str)> = None;
    let mut from = 0;
    for word in text.split_inclusive([' ', '\n', '\u{A0}']) {
        let start = from;
        from += word.len();
        let trimmed = word.trim_end_matches([' ', '\n', '\u{A0}']);
        if trimmed.is_empty() {
            continue;
        }
        // The second may carry what ends the sentence; the first may not.
        let bare = trimmed.trim_end_matches(|c: char| c.is_ascii_punctuation() || c == '…');
        if let Some((at, earlier)) = before
            && same_word(earlier, bare)
            && small.contains(&bare.to_lowercase().as_str())
        {
            let problem = DOUBLED
                .found(format!("`{earlier} {bare}` stands there twice"))
                .hint("take one of them out");
            found.push((at..start + bare.len(), problem));
        }
        before = Some((start, trimmed));
    }
    found
}

/// `the the` and `The the`; not `A a`, which is a letter, nor `it IT`.
fn same_word(first: &str, second: &str) -> bool {
    let capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    first == second || (capital(first) && !capital(second) && first.to_lowercase() == second)
}

/// An essay is never a template: such a mark reaches the reader as it stands.
fn unfilled(text: &str) -> Found {
    let mut found = Vec::new();
    for (open, close) in [("{{", "}}"), ("{%", "%}"), ("|", "|"), ("%%", "%%")] {
        let Some(at) = text.find(open) else { continue };
        let inside = &text[at + open.len()..];
        let Some(length) = inside.find(close).filter(|length| *length < 60) else {
            continue;
        };
        let name = inside[..length].trim();
        let named = match open {
            // `*|FNAME|*`, of which Markdown takes the stars for emphasis.
            "|" => is_shouted_name(inside, length),
            _ => name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.is_ascii(),
        };
        if !named {
            continue;
        }
        let range = at..at + open.len() + length + close.len();
        let problem = UNFILLED
            .found(format!(
                "`{}` is not replaced in an essay",
                &text[range.clone()]
            ))
            .hint(
                "readers would see it as it stands; names and conditions belong into \
                 `templates/email.html` and `email.txt`, samples between backticks",
            );
        found.push((range, problem));
    }
    found
}

/// A name such as `FNAME` or `LIST:URL`.
fn is_shouted_name(text: &str, length: usize) -> bool {
    let name = &text[..length];
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | ':');
    name.len() > 3 && name.chars().all(fits)
}

/// UTF-8 that was read as Windows-1252 and written again.
fn garbled(text: &str) -> Found {
    const SIGNS: [&str; 12] = [
        "\u{FFFD}",
        "â€™",
        "â€œ",
        "â€\u{9d}",
        "â€“",
        "â€”",
        "â€¦",
        "Ã©",
        "Ã¨",
        "Ã¼",
        "Ã¶",
        "Ã¤",
    ];
    let first = SIGNS.iter().find_map(|sign| {
        let at = text.find(sign)?;
        Some(at..at + sign.len())
    });
    let told = first.map(|range| {
        let problem = GARBLED
            .found(format!("`{}` is no letter", &text[range.clone()]))
            .hint("a program read the text in the wrong encoding: paste it once more");
        (range, problem)
    });
    told.into_iter().collect()
}
