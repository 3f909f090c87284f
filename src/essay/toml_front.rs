//! TOML front matter -> entries.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Entry, Written};
use super::{Located, MOST_PROBLEMS, SourceText};
use crate::diagnostic::Diagnostic;

/// Reads the TOML in the bytes `inside`. The first syntax error of each line is reported;
/// entries on other lines are returned all the same.
pub(super) fn read(source: &SourceText, inside: Range<usize>) -> (Vec<Entry>, Vec<Diagnostic>) {
    let offset = inside.start;
    let text = &source.text[inside];
    let (table, errors) = DeTable::parse_recoverable(text);
    let line_starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let line = |at: usize| line_starts.partition_point(|start| *start <= at);

    let mut broken_lines = BTreeSet::new();
    let mut problems = Vec::new();
    for error in &errors {
        if problems.len() == MOST_PROBLEMS {
            break;
        }
        let at = error.span().map_or(0, |span| span.start);
        if broken_lines.insert(line(at)) {
            problems.push(syntax_error(source, offset, error));
        }
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in table.get_ref() {
        let first = line(key.span().start);
        let last = line(value.span().end).max(first);
        if broken_lines.range(first..=last).next().is_none() {
            entries.push(Entry {
                key: Located::new(key.get_ref().to_string(), moved(key.span(), offset)),
                value: written(value, offset),
            });
        }
    }
    entries.sort_by_key(|entry| entry.key.range.start);
    (entries, problems)
}

fn syntax_error(source: &SourceText, offset: usize, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let problem = Diagnostic::error(format!("the front matter is not TOML: {message}"))
        .at(source, moved(span, offset));
    if message.contains("string values must be quoted") {
        problem.hint("put text between quotes: `title = \"Why write\"`")
    } else if message.contains("invalid boolean") {
        // `title = The lamp`, or a `true` that was misspelt.
        problem.hint("text stands between quotes, as in `title = \"Why write\"`; yes and no are `true` and `false`")
    } else {
        problem
    }
}

fn written(value: &Spanned<DeValue<'_>>, offset: usize) -> Located<Written> {
    let kind = match value.get_ref() {
        DeValue::String(text) => Written::Text(text.to_string()),
        DeValue::Boolean(value) => Written::Bool(*value),
        DeValue::Integer(_) | DeValue::Float(_) => Written::Number,
        DeValue::Datetime(instant) => Written::Instant(instant.to_string()),
        DeValue::Array(items) => {
            Written::List(items.iter().map(|item| written(item, offset)).collect())
        }
        DeValue::Table(_) => Written::Table,
    };
    Located::new(kind, moved(value.span(), offset))
}

fn moved(range: Range<usize>, offset: usize) -> Range<usize> {
    range.start + offset..range.end + offset
}
