//! An essay: the author's text with the front matter that stands above it.
//!
//! Owns the way from a file's text to checked values with their places ([`parse_essay`]), and the
//! way back: a new file's text ([`new_issue_text`]) and edits that keep everything else byte for
//! byte ([`set_id`], [`set_send_at`], [`set_draft`]). What a date or a slug means for a publication is left to
//! [`issue`](crate::issue).

mod checks;
mod edit;
mod entry;
mod fence;
mod front_matter;
mod instant;
mod interpret;
mod toml_front;
mod write;
mod yaml_front;

use std::ops::Range;

pub use edit::{set_draft, set_id, set_send_at};
pub use entry::{Entry, Written};
pub use fence::Format;
pub use front_matter::{FrontMatter, KEYS, Mailing, key_for_foreign};
pub use instant::WrittenInstant;
pub use write::{NewFrontMatter, new_issue_text};

pub(crate) use checks::check_line;
pub(crate) use instant::{YEARS, to_chrono};
pub(crate) use write::issue_text_with_notes;

use crate::diagnostic::{Diagnostic, Severity, SourceText};

/// Most problems that one file is charged with by each reader: more help nobody.
const MOST_PROBLEMS: usize = 30;

/// A value together with the bytes of the file that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its place in the file, in bytes.
    pub range: Range<usize>,
}

impl<T> Located<T> {
    /// Joins a value and its place.
    pub fn new(value: T, range: Range<usize>) -> Self {
        Self { value, range }
    }
}

/// An essay as its author wrote it, every value of the front matter checked for itself.
#[derive(Debug, Clone)]
pub struct Essay {
    /// The front matter; empty if the file has none.
    pub front: FrontMatter,
    /// The Markdown below the front matter, unchanged.
    pub markdown: String,
    /// Where `markdown` begins in `source`, in bytes.
    pub markdown_start: usize,
    /// The whole file.
    pub source: SourceText,
}

/// An essay, and what its author should know about it.
#[derive(Debug, Clone)]
pub struct ParsedEssay {
    /// The essay.
    pub essay: Essay,
    /// Problems that the work survives.
    pub warnings: Vec<Diagnostic>,
}

/// Reads an essay: TOML between `+++` lines or YAML between `---` lines, then Markdown; or
/// Markdown alone. A byte order mark and CRLF line ends are accepted.
///
/// On error the list holds every problem of the file, warnings included, in the file's order.
pub fn parse_essay(source: &SourceText) -> Result<ParsedEssay, Vec<Diagnostic>> {
    let fence = fence::find(source).map_err(|problem| vec![problem])?;
    let (entries, mut problems) = read_entries(source, &fence);
    let (front, found) = interpret::interpret(source, fence.format, &entries);
    problems.extend(found);
    problems
        .sort_by_cached_key(|problem| problem.position().map(|(_, line, column)| (line, column)));
    if problems.iter().any(is_error) {
        return Err(problems);
    }
    Ok(ParsedEssay {
        essay: Essay {
            front,
            markdown: source.text[fence.markdown_start..].to_owned(),
            markdown_start: fence.markdown_start,
            source: source.clone(),
        },
        warnings: problems,
    })
}

/// Front matter of any origin, before anyone asks whether its keys are ours.
#[derive(Debug)]
pub(crate) struct AnyFrontMatter {
    pub(crate) format: Format,
    /// In the file's order.
    pub(crate) entries: Vec<Entry>,
    /// The bytes between the fences.
    pub(crate) inside: Range<usize>,
    pub(crate) markdown_start: usize,
}

/// Reads front matter with keys and values of any name and kind, for files from elsewhere.
pub(crate) fn read_any_front_matter(
    source: &SourceText,
) -> Result<AnyFrontMatter, Vec<Diagnostic>> {
    let fence = fence::find(source).map_err(|problem| vec![problem])?;
    let (entries, problems) = read_entries(source, &fence);
    if problems.iter().any(is_error) {
        return Err(problems);
    }
    Ok(AnyFrontMatter {
        format: fence.format,
        entries,
        inside: fence.inside,
        markdown_start: fence.markdown_start,
    })
}

/// The checked values of entries, and every problem of them.
pub(crate) fn interpret_entries(
    source: &SourceText,
    format: Format,
    entries: &[Entry],
) -> (FrontMatter, Vec<Diagnostic>) {
    interpret::interpret(source, format, entries)
}

fn read_entries(source: &SourceText, fence: &fence::Fence) -> (Vec<Entry>, Vec<Diagnostic>) {
    match fence.format {
        Format::None => (Vec::new(), Vec::new()),
        Format::Toml => toml_front::read(source, fence.inside.clone()),
        Format::Yaml => yaml_front::read(source, fence.inside.clone()),
    }
}

fn is_error(problem: &Diagnostic) -> bool {
    problem.severity() == Severity::Error
}

#[cfg(test)]
mod tests;
