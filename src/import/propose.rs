//! Where essays may begin in a text of many, when nobody has said.

use super::lines::split_marker;
use super::paragraphs::{Paragraph, paragraphs};
use super::title_shape::{Ending, begins_small, ending, is_credit, is_title_case, words};
use crate::diagnostic::SourceText;

/// How sure a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Shape and place both say title.
    Certain,
    /// It may be a heading inside an essay as well.
    Possible,
}

/// A line that may be the title of an essay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number, from 1.
    pub line: usize,
    /// Its words with single spaces between them.
    pub title: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What speaks for it, for people.
    pub reason: String,
}

/// Longest title, in characters and in words.
const LONGEST_TITLE: usize = 150;
const MOST_WORDS: usize = 20;

/// The lines that may be titles, in the text's order. Prefers one too many to one too few.
pub fn propose(source: &SourceText) -> Vec<Proposal> {
    let paragraphs = paragraphs(&source.text);
    (0..paragraphs.len())
        .filter_map(|at| proposal(&paragraphs, at))
        .collect()
}

fn proposal(paragraphs: &[Paragraph], at: usize) -> Option<Proposal> {
    let paragraph = &paragraphs[at];
    let next = paragraphs.get(at + 1)?;
    if !paragraph.starts_block || !has_title_shape(&paragraph.text) {
        return None;
    }
    let title_case = is_title_case(&paragraph.text);
    let end = ending(&paragraph.text);
    let apart = at == 0 || paragraph.blank_lines_before >= 2;
    let reason = if at == 0 {
        "the first line of the text".to_owned()
    } else if apart {
        format!(
            "{} empty lines stand above it",
            paragraph.blank_lines_before
        )
    } else if paragraph.last_word_is_tied {
        "a no-break space before the last word, as blog software sets it in titles".to_owned()
    } else {
        "a short line alone above prose".to_owned()
    };
    let fits = if apart {
        title_case || end != Ending::Stop
    } else {
        next.starts_block && is_prose(next) && (title_case || end == Ending::Open)
    };
    let certain = (apart && (title_case || end == Ending::Open))
        || (paragraph.last_word_is_tied && title_case);
    fits.then(|| Proposal {
        line: paragraph.line,
        title: paragraph.text.clone(),
        confidence: if certain {
            Confidence::Certain
        } else {
            Confidence::Possible
        },
        reason,
    })
}

/// Short, no point of a list, not the middle of something.
fn has_title_shape(text: &str) -> bool {
    text.len() <= LONGEST_TITLE * 4
        && text.chars().count() <= LONGEST_TITLE
        && words(text) <= MOST_WORDS
        && split_marker(text).is_none()
        && ending(text) != Ending::Going
        && !begins_small(text)
        && !is_credit(text)
}

fn is_prose(paragraph: &Paragraph) -> bool {
    words(&paragraph.text) >= 12 || paragraph.text.chars().count() >= 60
}
