//! What a person reads when something is wrong: a message, the line it is about with a caret,
//! the causes, and a hint that mends it.
//!
//! Values only; printing is left to `cli`. Messages start in lower case, put literals in
//! backticks and end without a full stop.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A file's text together with the name by which the author knows the file.
///
/// Cheap to clone: spans of the same file share one copy of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The path as it should be shown, relative to the publication's folder where possible.
    pub name: Arc<str>,
    /// The text: the whole file, or an excerpt of it.
    pub text: Arc<str>,
    /// Line of the file on which the text begins, from 1.
    first_line: usize,
}

impl SourceText {
    /// Joins a display name and a text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            first_line: 1,
        }
    }

    /// A part of a file that begins on a line (from 1) and is not in memory as a whole.
    pub fn excerpt(
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        first_line: usize,
    ) -> Self {
        Self {
            first_line,
            ..Self::new(name, text)
        }
    }

    /// The line (from 1) and the column (from 1, in characters) of a byte offset.
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + self.first_line,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// How serious a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Could be better; nobody is asked about it.
    Note,
    /// Worth knowing; the work goes on.
    Warning,
    /// The work stops.
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    source: SourceText,
    range: Range<usize>,
    label: Option<String>,
}

impl Severity {
    /// The word before a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One problem, told so that its reader can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    rule: Option<&'static str>,
    message: String,
    place: Option<Box<Place>>,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Diagnostic {
    /// A problem that stops the work.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            rule: None,
            message: message.into(),
            place: None,
            causes: Vec::new(),
            hint: None,
        }
    }

    /// A problem that the work survives.
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// Something that could be better.
    pub fn note(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(message)
        }
    }

    /// Names the rule of `check` by which it is a problem.
    #[must_use]
    pub fn rule(mut self, name: &'static str) -> Self {
        self.rule = Some(name);
        self
    }

    /// Points at `range` (bytes) of a file.
    #[must_use]
    pub fn at(mut self, source: &SourceText, range: Range<usize>) -> Self {
        self.place = Some(Box::new(Place {
            source: source.clone(),
            range,
            label: None,
        }));
        self
    }

    /// Puts words beside the caret. Without a place this does nothing.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(place) = &mut self.place {
            place.label = Some(label.into());
        }
        self
    }

    /// Adds a `caused by:` line.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Sets the `hint:` line: the command or the key that mends it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Turns a warning into an error; an error stays one, and a note a note.
    #[must_use]
    pub fn into_error(mut self) -> Self {
        if self.severity == Severity::Warning {
            self.severity = Severity::Error;
        }
        self
    }

    /// How serious it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The rule of `check` that was broken, if it was one of those.
    pub fn rule_name(&self) -> Option<&'static str> {
        self.rule
    }

    /// The message alone, on one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The hint, if there is one.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The `caused by:` lines.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// File name, line and column (both from 1), where the problem has a place.
    pub fn position(&self) -> Option<(&str, usize, usize)> {
        self.place.as_ref().map(|place| {
            let (line, column) = place.source.line_and_column(place.range.start);
            (&*place.source.name, line, column)
        })
    }

    /// The whole text as shown on a terminal (`styled`) or in a log.
    pub fn render(&self, styled: bool) -> String {
        let level = match self.severity {
            Severity::Note => Level::NOTE,
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let message = visible(&self.message);
        let hint = self.hint.as_deref().map(visible);
        let causes: Vec<String> = self.causes.iter().map(|cause| visible(cause)).collect();
        let excerpt = self.place.as_deref().map(Excerpt::around);

        let mut title = level.primary_title(&message);
        if let Some(rule) = self.rule {
            title = title.id(rule);
        }
        let mut group = Group::with_title(title);
        if let Some(excerpt) = &excerpt {
            let mut annotation = AnnotationKind::Primary.span(excerpt.range.clone());
            if let Some(label) = &excerpt.label {
                annotation = annotation.label(label);
            }
            group = group.element(
                Snippet::source(&excerpt.text)
                    .line_start(excerpt.first_line)
                    .path(&*excerpt.name)
                    .annotation(annotation),
            );
        }
        let renderer = if styled {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut text = renderer
            .decor_style(DecorStyle::Ascii)
            .render(&[group])
            .trim_end()
            .to_owned();
        for cause in causes {
            text.push_str("\ncaused by: ");
            text.push_str(&cause);
        }
        if let Some(hint) = hint {
            text.push_str("\n\nhint: ");
            text.push_str(&hint);
        }
        text
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostic {}

/// The lines around a place, short enough to read and safe to print.
struct Excerpt {
    name: String,
    text: String,
    first_line: usize,
    range: Range<usize>,
    label: Option<String>,
}

impl Excerpt {
    /// Longest part of one line that is shown, in bytes; a minified file has lines of megabytes.
    const LONGEST_LINE: usize = 400;

    fn around(place: &Place) -> Self {
        let text = &*place.source.text;
        let start = floor_boundary(text, place.range.start);
        let end = floor_boundary(text, place.range.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = text[start..].split('\n').next().unwrap_or_default();
        let line_end = start + rest.strip_suffix('\r').unwrap_or(rest).len();
        let from = line_start.max(floor_boundary(
            text,
            start.saturating_sub(Self::LONGEST_LINE / 2),
        ));
        let to = line_end.min(floor_boundary(text, from + Self::LONGEST_LINE));
        let before = visible(&text[from..start]);
        let inside = visible(&text[start..end.min(to).max(start)]);
        let after = visible(&text[end.min(to).max(start)..to.max(end.min(to).max(start))]);
        Self {
            name: visible(&place.source.name),
            first_line: text[..line_start].matches('\n').count() + place.source.first_line,
            range: before.len()..before.len() + inside.len(),
            text: format!("{before}{inside}{after}"),
            label: place.label.as_deref().map(visible),
        }
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Text from outside as it may appear on a terminal: control characters and the characters that
/// reorder text are escaped, so that a hostile file or server cannot draw on the screen.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let reorders = matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if character == '\n' || character == '\t' || !(character.is_control() || reorders) {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    out
}

/// The problem with a file that is not UTF-8. `bytes` is the file, or a part of it that begins on
/// `first_line`; it is valid up to `valid_up_to`.
pub fn not_utf8(name: &str, bytes: &[u8], valid_up_to: usize, first_line: usize) -> Diagnostic {
    let line = first_line + bytes[..valid_up_to].split(|byte| *byte == b'\n').count() - 1;
    let encoding = match bytes.get(..2) {
        Some([0xFF, 0xFE] | [0xFE, 0xFF]) => "it looks like UTF-16",
        _ => "a byte there belongs to another encoding, such as Latin-1",
    };
    let source = SourceText::excerpt(name, String::from_utf8_lossy(bytes), first_line);
    Diagnostic::error(format!("`{name}` is not UTF-8 text (line {line})"))
        .at(&source, valid_up_to..valid_up_to + 1)
        .label(encoding)
        .hint("save the file as UTF-8 and try again")
}

/// The candidate most like `word`, if one is close enough to be what was meant.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
