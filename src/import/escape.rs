//! Text -> Markdown that shows exactly this text, with as few backslashes as that takes.
//!
//! Reckons with CommonMark 0.31 and every extension that a renderer of ours may switch on: tables,
//! footnotes, strikethrough, task lists, smart punctuation, heading attributes, alerts, definition
//! lists, super- and subscript, math, wikilinks. One paragraph is one line between empty lines,
//! so what needs two lines (tables, underlined headings) cannot arise.

/// A paragraph's text, clean and on one line, as Markdown.
pub(super) fn escape_paragraph(text: &str) -> String {
    let mut out = escape_inline(text);
    if let Some(at) = block_start(text) {
        // Before `at` stand only digits, which are never escaped: the offset holds in `out`.
        if !out[at..].starts_with('\\') {
            out.insert(at, '\\');
        }
    }
    out
}

/// A heading's text, clean and on one line, as Markdown behind `## `.
pub(super) fn escape_heading(text: &str) -> String {
    let mut out = escape_inline(text);
    // `## Text ##` closes the heading (CommonMark §4.2), `## Text {#id}` gives it attributes.
    if out.ends_with(['#', '}']) {
        out.insert(out.len() - 1, '\\');
    }
    out
}

/// Where a backslash keeps a paragraph from being read as a block of another kind, in bytes.
fn block_start(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let behind = |at: usize| text.as_bytes().get(at).is_none_or(|byte| *byte == b' ');
    match first {
        // Quotations and definitions need no space behind the mark.
        '>' | ':' => Some(0),
        '#' => {
            let level = text.bytes().take_while(|byte| *byte == b'#').count();
            (level <= 6 && behind(level)).then_some(0)
        }
        '-' | '*' | '+' => (behind(1) || text.starts_with("+++")).then_some(0),
        // An ordered list would show numbers of its own (CommonMark §5.2: up to nine digits).
        '0'..='9' => {
            let marked = text[digits..].starts_with(['.', ')']);
            (digits <= 9 && marked && behind(digits + 1)).then_some(digits)
        }
        _ => None,
    }
}

/// How often the characters occur that mark text up in pairs. One alone is no markup.
#[derive(Default)]
struct Pairs {
    backticks: usize,
    stars: usize,
    underscores: usize,
    tildes: usize,
    carets: usize,
    dollars: usize,
    closing_brackets: usize,
}

impl Pairs {
    fn of(text: &str) -> Self {
        let mut pairs = Self::default();
        for byte in text.bytes() {
            match byte {
                b'`' => pairs.backticks += 1,
                b'*' => pairs.stars += 1,
                b'_' => pairs.underscores += 1,
                b'~' => pairs.tildes += 1,
                b'^' => pairs.carets += 1,
                b'$' => pairs.dollars += 1,
                b']' => pairs.closing_brackets += 1,
                _ => {}
            }
        }
        pairs
    }
}

fn escape_inline(text: &str) -> String {
    let pairs = Pairs::of(text);
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut before: Option<char> = None;
    for (at, character) in text.char_indices() {
        let rest = &text[at + character.len_utf8()..];
        if character.is_ascii_punctuation() && is_markup(character, before, rest, &pairs) {
            out.push('\\');
        }
        out.push(character);
        before = Some(character);
    }
    out
}

/// Whether Markdown would read `character`, between `before` and `rest`, as anything but itself.
fn is_markup(character: char, before: Option<char>, rest: &str, pairs: &Pairs) -> bool {
    let after = rest.chars().next();
    // Between spaces a delimiter can neither open nor close (CommonMark §6.2).
    let alone = before == Some(' ') && after == Some(' ');
    let inside_word =
        before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
    match character {
        '\\' => after.is_none_or(|after| after.is_ascii_punctuation()),
        '`' => pairs.backticks > 1,
        '*' => pairs.stars > 1 && !alone,
        '_' => pairs.underscores > 1 && !alone && !inside_word,
        '~' => pairs.tildes > 1 && !alone,
        '^' => pairs.carets > 1 && !alone,
        '$' => pairs.dollars > 1,
        '[' => pairs.closing_brackets > 0,
        '<' => after.is_some_and(|after| after.is_ascii_alphabetic() || "/!?".contains(after)),
        '&' => begins_entity(rest),
        // Smart punctuation would set other characters than the author did.
        '.' => rest.starts_with(".."),
        '-' => after == Some('-'),
        '\'' | '"' => true,
        _ => false,
    }
}

/// `amp;`, `#38;`, `#x26;` and whatever has their shape. The longest name has 31 letters.
fn begins_entity(rest: &str) -> bool {
    let name = rest.strip_prefix('#').unwrap_or(rest);
    let length = name
        .bytes()
        .take(40)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    length > 0 && name[length..].starts_with(';')
}
