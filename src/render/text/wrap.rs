//! Breaking text into lines, in columns as a terminal counts them.

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthChar;

use super::line::{End, Line};

/// A space at which no line is broken. It is written as a space.
pub(super) const GLUE: char = '\u{A0}';

/// Breaks text into lines of at most `width` columns. A line feed in the text stays one. Words
/// and URLs are never broken.
pub(in crate::render) fn wrap(text: &str, width: usize) -> Vec<String> {
    let lines = wrap_flowed(text, width).into_iter();
    lines.map(|line| line.text).collect()
}

/// The same; a line that was broken is one that flows.
pub(super) fn wrap_flowed(text: &str, width: usize) -> Vec<Line> {
    let options = Options::new(width)
        .break_words(false)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_splitter(WordSplitter::NoHyphenation)
        .word_separator(WordSeparator::Custom(words));
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let line = glue_dashes(line.trim());
        let mut rest = line.as_str();
        for wrapped in textwrap::wrap(&line, &options) {
            let wrapped = wrapped.trim();
            let behind = rest
                .find(wrapped)
                .map_or(rest.len(), |at| at + wrapped.len());
            rest = &rest[behind..];
            let text = wrapped.replace(GLUE, " ").trim().to_owned();
            if !text.is_empty() {
                lines.push(Line::of_paragraph(text, end_before(rest)));
            }
        }
    }
    lines
}

/// How a line ends before what is left of its paragraph.
fn end_before(rest: &str) -> End {
    match rest.chars().next() {
        None => End::Hard,
        Some(' ') => End::AtSpace,
        Some(_) => End::BetweenSigns,
    }
}

/// A dash between spaces stays at the end of its line: at the start of one it would look like
/// the mark of a list, or like a quote.
fn glue_dashes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut glued = true;
    for word in line.split_ascii_whitespace() {
        let is_dash = !word.is_empty()
            && word.chars().count() < 4
            && word
                .chars()
                .all(|c| matches!(c, '-' | '–' | '—' | '*' | '>' | '+' | '#' | '='));
        if !out.is_empty() {
            out.push(if is_dash && !glued { GLUE } else { ' ' });
        }
        glued = is_dash;
        out.push_str(word);
    }
    out
}

/// Words end at spaces; within scripts that are written without spaces, at the places that Unicode
/// allows (UAX #14). Elsewhere nothing is broken: a path or a URL is one word.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(line.split_inclusive(' ').flat_map(|word| {
        let is_wide = !word.is_ascii() && word.chars().any(|c| c.width() == Some(2));
        let found: Vec<Word<'_>> = if is_wide && !word.contains("://") {
            WordSeparator::UnicodeBreakProperties
                .find_words(word)
                .collect()
        } else {
            vec![Word::from(word)]
        };
        found
    }))
}

#[cfg(test)]
mod tests {
    use super::super::line::{End, Line};
    use super::{wrap, wrap_flowed};

    #[test]
    fn lines_break_at_spaces_and_never_in_a_url() {
        assert_eq!(
            wrap("one two—three four-five https://example.org/a-b—c", 9),
            ["one", "two—three", "four-five", "https://example.org/a-b—c"]
        );
    }

    #[test]
    fn a_line_that_was_broken_flows_on() {
        let line = |text: &str, end| Line::of_paragraph(text.to_owned(), end);
        assert_eq!(
            wrap_flowed("one two  three\nfour", 5),
            [
                line("one", End::AtSpace),
                line("two", End::AtSpace),
                line("three", End::Hard),
                line("four", End::Hard),
            ]
        );
        assert_eq!(
            wrap_flowed("日本語の文章 です", 6),
            [
                line("日本語", End::BetweenSigns),
                line("の文章", End::AtSpace),
                line("です", End::Hard),
            ]
        );
    }

    #[test]
    fn wide_characters_count_two_columns_and_break_anywhere() {
        assert_eq!(wrap("日本語の文章です", 8), ["日本語の", "文章です"]);
    }

    #[test]
    fn no_line_begins_with_a_dash() {
        assert_eq!(wrap("alpha beta - gamma", 11), ["alpha", "beta -", "gamma"]);
    }
}
