//! Finds the front matter: which lines are its fence, what is inside, where the Markdown begins.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, SourceText};

/// How the front matter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// There is none.
    #[default]
    None,
    /// TOML between `+++` lines, Postrider's own.
    Toml,
    /// YAML between `---` lines, for files that come from elsewhere.
    Yaml,
}

/// The parts of a file, in bytes.
#[derive(Debug)]
pub(super) struct Fence {
    pub(super) format: Format,
    /// Between the two fence lines; the start is where a first line would be added.
    pub(super) inside: Range<usize>,
    pub(super) markdown_start: usize,
}

/// Longest front matter, in bytes: far beyond any author's, far below what could hurt.
const LONGEST: usize = 64 * 1024;

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Finds the fence lines. A file that opens with `---` and never closes it is Markdown that
/// begins with a rule, unless a key stands below.
pub(super) fn find(source: &SourceText) -> Result<Fence, Diagnostic> {
    let text = &*source.text;
    let start = usize::from(text.starts_with(BYTE_ORDER_MARK)) * BYTE_ORDER_MARK.len_utf8();
    let whole = Fence {
        format: Format::None,
        inside: start..start,
        markdown_start: start,
    };
    let mut lines = lines_from(text, start);
    let Some((_, opening, inside_start)) = lines.next() else {
        return Ok(whole);
    };
    let (format, closings): (Format, &[&str]) = match opening {
        "+++" => (Format::Toml, &["+++"]),
        "---" => (Format::Yaml, &["---", "..."]),
        _ => return Ok(whole),
    };
    let Some((inside_end, _, markdown_start)) = lines.find(|(_, line, _)| closings.contains(line))
    else {
        let next = text[inside_start..].lines().next().unwrap_or_default();
        if format == Format::Yaml && !looks_like_a_key(next) {
            return Ok(whole);
        }
        return Err(Diagnostic::error("the front matter is never closed")
            .at(source, start..start + opening.len())
            .label("opened here")
            .hint(format!(
                "put a line `{opening}` between the front matter and the essay"
            )));
    };
    if inside_end - inside_start > LONGEST {
        return Err(Diagnostic::error("the front matter is longer than 64 KiB")
            .at(source, start..start + opening.len()));
    }
    Ok(Fence {
        format,
        inside: inside_start..inside_end,
        markdown_start,
    })
}

/// Each line from `start` on: where it begins, its text without line end, where the next begins.
fn lines_from(text: &str, start: usize) -> impl Iterator<Item = (usize, &str, usize)> {
    text[start..]
        .split_inclusive('\n')
        .scan(start, |offset, line| {
            let begin = *offset;
            *offset += line.len();
            Some((begin, line.trim_end(), *offset))
        })
}

fn looks_like_a_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, _)| {
        !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}
