//! A template engine's error made one of ours: file, line, caret, and a hint where the name that is
//! missing resembles one that exists.

use std::collections::BTreeMap;
use std::ops::Range;

use tera::ErrorKind;

use crate::diagnostic::{Diagnostic, SourceText, closest};

/// Tells what is wrong; `sources` are the templates by file name.
pub(super) fn diagnose(error: &tera::Error, sources: &BTreeMap<String, SourceText>) -> Diagnostic {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let place = sources
                .get(report.filename())
                .map(|source| (source, report.span().range.clone()));
            tell(report.message(), place)
        }
        ErrorKind::CircularInclude {
            include_chain: chain,
            ..
        }
        | ErrorKind::CircularExtend {
            inheritance_chain: chain,
            ..
        } => circle(chain, sources),
        _ => {
            let text = error.to_string();
            match first_report(&text, sources) {
                Some((message, source, range)) => tell(message, Some((source, range))),
                None => Diagnostic::error("a template cannot be used")
                    .cause(text)
                    .hint("compare it with the built-in one of the same name"),
            }
        }
    }
}

/// Templates that lead to themselves: the place at which the first of them names the next.
fn circle(chain: &[String], sources: &BTreeMap<String, SourceText>) -> Diagnostic {
    let names: Vec<&str> = chain.iter().map(String::as_str).collect();
    let problem = Diagnostic::error("a template leads back to itself")
        .cause(names.join(" -> "))
        .hint("take one of these `include` or `extends` out");
    let [first, second, ..] = names.as_slice() else {
        return problem;
    };
    let place = sources.get(*first).and_then(|source| {
        let quoted = [format!("\"{second}\""), format!("'{second}'")];
        let (at, found) = quoted
            .iter()
            .find_map(|word| Some((source.text.find(word.as_str())?, word)))?;
        Some((source, at..at + found.len()))
    });
    match place {
        Some((source, range)) => problem.at(source, range),
        None => problem,
    }
}

/// Unknown filters and templates come as the text of one or several reports: the first one, with
/// the place it names.
fn first_report<'a>(
    text: &'a str,
    sources: &'a BTreeMap<String, SourceText>,
) -> Option<(&'a str, &'a SourceText, Range<usize>)> {
    let (message, rest) = text.strip_prefix("error: ")?.split_once('\n')?;
    let place = rest.trim_start().strip_prefix("--> ")?.lines().next()?;
    let mut parts = place.rsplitn(3, ':');
    let column: usize = parts.next()?.trim().parse().ok()?;
    let line: usize = parts.next()?.parse().ok()?;
    let source = sources.get(parts.next()?)?;
    let lines = source.text.split_inclusive('\n');
    let start: usize = lines.clone().take(line.checked_sub(1)?).map(str::len).sum();
    let shown = lines.clone().nth(line - 1)?;
    let offset = shown
        .char_indices()
        .nth(column.checked_sub(1)?)
        .map_or(shown.len(), |(at, _)| at);
    let word = message.split('`').nth(1).unwrap_or_default();
    let from = start + offset + shown[offset..].find(word).unwrap_or(0);
    Some((message, source, from..from + word.len().max(1)))
}

fn tell(message: &str, place: Option<(&SourceText, Range<usize>)>) -> Diagnostic {
    let first_line = message.lines().next().unwrap_or(message);
    let (what, known) = match first_line.split_once(". Available ") {
        Some((what, rest)) => (what, rest.split_once(": ").map(|(_, names)| names)),
        None => (first_line, None),
    };
    let mut diagnostic = Diagnostic::error(lower_case_start(what.trim_end_matches('.')));
    let mut word = "";
    if let Some((source, range)) = place {
        word = source.text.get(range.clone()).unwrap_or_default();
        diagnostic = diagnostic.at(source, range);
    }
    if first_line.eq_ignore_ascii_case("unexpected end of input") {
        diagnostic = diagnostic.hint("something above has no end: a `{% if %}`, `{% for %}` or `{% block %}`, a `{{` or a `{#`");
    }
    if let Some(names) = known {
        diagnostic = diagnostic.hint(match closest(word, names.split(", ")) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("there is: {names}"),
        });
    }
    let details: Vec<&str> = message
        .lines()
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if details.is_empty() {
        diagnostic
    } else {
        diagnostic.cause(details.join(" "))
    }
}

fn lower_case_start(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
