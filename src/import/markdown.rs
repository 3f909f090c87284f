//! An essay's plain text -> Markdown, word for word.

use super::escape::{escape_heading, escape_paragraph};
use super::lines::{Marker, split_marker};
use super::paragraphs::{Paragraph, paragraphs};
use super::title_shape::{Ending, begins_small, ending, is_credit, is_title_case, words};

/// Longest heading, in characters.
const LONGEST_HEADING: usize = 120;

/// The Markdown that shows the words of `text`, all of them and in their order.
///
/// A numbered line alone above prose becomes a heading, and so does a short line in title case
/// below an empty line and above prose. Numbered and lettered points stay paragraphs that begin
/// with their number or letter: a Markdown list would count for itself, and show no number where
/// its markup is taken away.
pub fn from_plain_text(text: &str) -> String {
    let paragraphs = paragraphs(text);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut below_point = false;
    for (at, paragraph) in paragraphs.iter().enumerate() {
        if at > 0 {
            out.push_str("\n\n");
        }
        let next = paragraphs.get(at + 1);
        if is_heading(paragraph, next, below_point) {
            out.push_str("## ");
            out.push_str(&escape_heading(&paragraph.text));
            below_point = false;
        } else {
            out.push_str(&escape_paragraph(&paragraph.text));
            below_point = matches!(split_marker(&paragraph.text), Some((Marker::Number, _)));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// `below_point`: the paragraph above is a numbered point, so this may be the list's last.
fn is_heading(paragraph: &Paragraph, next: Option<&Paragraph>, below_point: bool) -> bool {
    let text = paragraph.text.as_str();
    let Some(next) = next.filter(|next| can_follow_heading(&next.text)) else {
        return false;
    };
    if !paragraph.starts_block || text.len() > LONGEST_HEADING * 4 {
        return false;
    }
    if text.chars().count() > LONGEST_HEADING
        || matches!(ending(text), Ending::Stop | Ending::Going)
    {
        return false;
    }
    match split_marker(text) {
        Some((Marker::Number, title)) => !below_point && !is_title_with_prose(title),
        Some((Marker::Letter | Marker::Bullet, _)) => false,
        None => is_unnumbered_heading(text) && words(&next.text) >= 8,
    }
}

/// Prose, or a lettered point that is a sentence. A line below another number is a list's.
fn can_follow_heading(text: &str) -> bool {
    match split_marker(text) {
        None => true,
        Some((Marker::Number, _)) => false,
        Some((Marker::Letter | Marker::Bullet, point)) => {
            ending(point) == Ending::Stop || words(point) >= 8
        }
    }
}

/// `Title: prose`, but not `Title: A Second Title`.
fn is_title_with_prose(text: &str) -> bool {
    text.split_once(": ")
        .is_some_and(|(_, behind)| !is_title_case(behind))
}

fn is_unnumbered_heading(text: &str) -> bool {
    let open = ending(text) == Ending::Open;
    let last_is_letter = text.chars().next_back().is_some_and(char::is_alphanumeric);
    is_title_case(text)
        && !begins_small(text)
        && !is_credit(text)
        && words(text) <= 14
        && (words(text) > 1 || (open && last_is_letter))
        && !is_title_with_prose(text)
}
