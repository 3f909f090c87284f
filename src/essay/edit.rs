//! Edits of an author's file that keep everything else byte for byte.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::write::instant_text;
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

/// The file's text with `send_at` set to `instant`, in UTC and whole seconds. A value that is
/// there is replaced in its place.
pub fn set_send_at(source: &SourceText, instant: DateTime<Utc>) -> Result<String, Diagnostic> {
    let essay = parse(source)?;
    let value = instant_text(instant);
    let text = match &essay.front.send_at {
        Some(present) => replace(source, present.range.clone(), &value),
        None => match &essay.front.id {
            Some(id) => insert_below(source, &essay, id.range.end, "send_at", &value),
            None => insert_first(source, &essay, "send_at", &value)?,
        },
    };
    verified(source, text, "send_at", |edited| {
        edited
            .front
            .send_at
            .as_ref()
            .is_some_and(|edited| match edited.value {
                WrittenInstant::Offset(written) => written.timestamp() == instant.timestamp(),
                WrittenInstant::Local(_) | WrittenInstant::Date(_) => false,
            })
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
