//! Lines -> paragraphs.
//!
//! In pasted text a line is a whole paragraph. In text that was wrapped to a width, as plain mail
//! is, a paragraph has many lines; those are joined.

use super::lines::{Line, lines, split_marker};

/// A paragraph, its white space clean.
#[derive(Debug, Clone)]
pub(super) struct Paragraph {
    /// Never empty, never with a line break.
    pub(super) text: String,
    /// Number of its first line, from 1.
    pub(super) line: usize,
    /// Nothing or an empty line stands above it.
    pub(super) starts_block: bool,
    /// How many empty lines stand above it.
    pub(super) blank_lines_before: usize,
    /// See [`Line::last_word_is_tied`].
    pub(super) last_word_is_tied: bool,
}

/// The paragraphs of a text.
pub(super) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let lines = lines(text);
    let width = wrap_width(&lines);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut blank_lines = 0;
    let mut previous: Option<&Line> = None;
    for line in &lines {
        if line.text.is_empty() {
            blank_lines += 1;
            continue;
        }
        let above = previous.filter(|_| blank_lines == 0);
        let goes_on = matches!((above, width), (Some(above), Some(width)) if is_wrapped(above, line, width))
            && split_marker(&line.text).is_none();
        match paragraphs.last_mut() {
            Some(paragraph) if goes_on => {
                paragraph.text.push(' ');
                paragraph.text.push_str(&line.text);
                paragraph.last_word_is_tied = line.last_word_is_tied;
            }
            _ => paragraphs.push(Paragraph {
                text: line.text.clone(),
                line: line.number,
                starts_block: above.is_none(),
                blank_lines_before: blank_lines,
                last_word_is_tied: line.last_word_is_tied,
            }),
        }
        blank_lines = 0;
        previous = Some(line);
    }
    paragraphs
}

/// The width to which a text was wrapped, in characters, if it was: its lines are of the usual
/// widths, and two of three line breaks stand where the next word had no room.
fn wrap_width(lines: &[Line]) -> Option<usize> {
    let width = lines.iter().map(|line| length(&line.text)).max()?;
    if !(50..=100).contains(&width) {
        return None;
    }
    let breaks = || {
        lines
            .windows(2)
            .filter(|pair| !pair[0].text.is_empty() && !pair[1].text.is_empty())
    };
    let full = breaks()
        .filter(|pair| is_wrapped(&pair[0], &pair[1], width))
        .count();
    (full >= 3 && full * 3 >= breaks().count() * 2).then_some(width)
}

fn is_wrapped(line: &Line, next: &Line, width: usize) -> bool {
    let word = next.text.split(' ').next().unwrap_or_default();
    length(&line.text) + 1 + length(word) > width
}

fn length(text: &str) -> usize {
    text.chars().count()
}
