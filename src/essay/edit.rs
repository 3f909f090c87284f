//! Edits of an author's file that keep everything else byte for byte.

use std::ops::Range;

use super::write::written_text;
use super::{Essay, Format, WrittenInstant, fence, parse_essay};
use crate::diagnostic::{Diagnostic, Severity, SourceText};
use crate::issue::IssueId;

/// The file's text with `id` in its front matter, which is made if there is none. A file that
/// has this id already comes back unchanged; another id is never replaced.
pub fn set_id(source: &SourceText, id: &IssueId) -> Result<String, Diagnostic> {
    let essay = parse(source)?;
    if let Some(present) = &essay.front.id {
        if present.value == *id {
            return Ok(source.text.to_string());
        }
        return Err(Diagnostic::error("the issue has an id already")
            .at(source, present.range.clone())
            .hint("an id never changes; delete the line to make a new issue of the file"));
    }
    let text = insert_first(source, &essay, "id", &format!("\"{id}\""))?;
    verified(source, text, "id", |edited| {
        edited
            .front
            .id
            .as_ref()
            .is_some_and(|edited| edited.value == *id)
    })
}

/// The file's text with `send_at` set, in whole seconds. A value that is there is replaced in its
/// place.
pub fn set_send_at(source: &SourceText, at: WrittenInstant) -> Result<String, Diagnostic> {
    let essay = parse(source)?;
    let present = essay.front.send_at.as_ref().map(|at| at.range.clone());
    let value = written_text(at);
    let text = replace_or_insert(source, &essay, present, "send_at", &value)?;
    verified(source, text, "send_at", |edited| {
        let edited = edited.front.send_at.as_ref();
        edited.is_some_and(|edited| written_text(edited.value) == value)
    })
}

/// The file's text as that of a draft, or of one that is none any more. A line that says nothing
/// but `draft = true` goes; what else stands on it stays, and it says `false`.
pub fn set_draft(source: &SourceText, draft: bool) -> Result<String, Diagnostic> {
    let essay = parse(source)?;
    let present = essay.front.draft.as_ref();
    if present.is_some_and(|present| present.value) == draft {
        return Ok(source.text.to_string());
    }
    let range = present.map(|present| present.range.clone());
    let text = match range
        .as_ref()
        .and_then(|range| line_of(source, "draft", range))
    {
        Some(line) if !draft => replace(source, line, ""),
        _ => replace_or_insert(source, &essay, range, "draft", &draft.to_string())?,
    };
    verified(source, text, "draft", |edited| {
        edited
            .front
            .draft
            .as_ref()
            .is_some_and(|edited| edited.value)
            == draft
    })
}

fn parse(source: &SourceText) -> Result<Essay, Diagnostic> {
    match parse_essay(source) {
        Ok(parsed) => Ok(parsed.essay),
        Err(problems) => Err(problems
            .into_iter()
            .find(|problem| problem.severity() == Severity::Error)
            .unwrap_or_else(|| Diagnostic::error("the front matter cannot be read"))),
    }
}

fn replace(source: &SourceText, range: Range<usize>, with: &str) -> String {
    let mut text = source.text.to_string();
    text.replace_range(range, with);
    text
}

/// Writes a value in the place of the one that is there, else on a line below the id.
fn replace_or_insert(
    source: &SourceText,
    essay: &Essay,
    present: Option<Range<usize>>,
    key: &str,
    value: &str,
) -> Result<String, Diagnostic> {
    match (present, &essay.front.id) {
        (Some(range), _) => Ok(replace(source, range, value)),
        (None, Some(id)) => Ok(insert_below(source, essay, id.range.end, key, value)),
        (None, None) => insert_first(source, essay, key, value),
    }
}

/// The whole line of a value, with its end, if there is nothing on it but the key and the value.
fn line_of(source: &SourceText, key: &str, value: &Range<usize>) -> Option<Range<usize>> {
    let text = &source.text;
    let start = text[..value.start].rfind('\n').map_or(0, |at| at + 1);
    let end = value.end + text[value.end..].find('\n')? + 1;
    let before = text[start..value.start].trim().strip_prefix(key)?.trim();
    let alone = matches!(before, "=" | ":") && text[value.end..end].trim().is_empty();
    alone.then_some(start..end)
}

/// Writes `key` as the first line of the front matter: above every table, where a top-level key
/// belongs in TOML.
fn insert_first(
    source: &SourceText,
    essay: &Essay,
    key: &str,
    value: &str,
) -> Result<String, Diagnostic> {
    let fence = fence::find(source)?;
    let at = fence.inside.start;
    let newline = newline_before(&source.text, at).unwrap_or("\n");
    let line = assignment(essay.front.format, key, value);
    let inserted = match fence.format {
        Format::None => format!("+++\n{line}\n+++\n\n"),
        Format::Toml | Format::Yaml => format!("{line}{newline}"),
    };
    Ok(replace(source, at..at, &inserted))
}

/// Writes `key` on a line of its own below the line of the byte `offset`.
fn insert_below(
    source: &SourceText,
    essay: &Essay,
    offset: usize,
    key: &str,
    value: &str,
) -> String {
    let text = &source.text;
    let at = text[offset..]
        .find('\n')
        .map_or(text.len(), |newline| offset + newline + 1);
    let newline = newline_before(text, at).unwrap_or("\n");
    let line = assignment(essay.front.format, key, value);
    replace(source, at..at, &format!("{line}{newline}"))
}

fn assignment(format: Format, key: &str, value: &str) -> String {
    match format {
        Format::Yaml => format!("{key}: {value}"),
        Format::Toml | Format::None => format!("{key} = {value}"),
    }
}

/// The line end just before the byte `at`.
fn newline_before(text: &str, at: usize) -> Option<&'static str> {
    if text[..at].ends_with("\r\n") {
        Some("\r\n")
    } else {
        text[..at].ends_with('\n').then_some("\n")
    }
}

/// The edited text, once it has been read again and says what it should. Some front matter (a
/// YAML mapping in braces on one line) is valid and still no place for another line.
fn verified(
    source: &SourceText,
    text: String,
    key: &str,
    holds: impl Fn(&Essay) -> bool,
) -> Result<String, Diagnostic> {
    let edited = SourceText::new(source.name.clone(), text.as_str());
    match parse_essay(&edited) {
        Ok(parsed) if holds(&parsed.essay) => Ok(text),
        _ => Err(Diagnostic::error(format!(
            "`{key}` cannot be written into the front matter of `{}`",
            source.name
        ))
        .hint("write each key of the front matter on a line of its own")),
    }
}
