//! Plain text -> lines with clean white space.

/// One line of the text as pasted.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Its number, from 1, counted as editors do.
    pub(super) number: usize,
    /// Words with single spaces between them; empty for a blank line.
    pub(super) text: String,
    /// The last word has a no-break space before it: blog software sets one in titles so that no
    /// word stands alone on the last line.
    pub(super) last_word_is_tied: bool,
}

/// The lines of a text. Besides the usual line ends, those that word processors leave count.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut number = 1;
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive(is_line_end) {
        // The line feed of CR LF is no line of its own.
        if !(line == "\n" && text[..start].ends_with('\r')) {
            lines.push(Line {
                start,
                number,
                text: clean(line),
                last_word_is_tied: last_word_is_tied(line),
            });
        }
        number += usize::from(line.ends_with('\n'));
        start += line.len();
    }
    lines
}

fn is_line_end(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// The words of a text with single spaces between them. White space of every kind, no-break
/// spaces too, separates words; characters that no channel can carry (XML 1.0 §2.2) are left out.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = out.len();
        if before > 0 {
            out.push(' ');
        }
        let word_start = out.len();
        out.extend(word.chars().filter(|character| is_carried(*character)));
        if out.len() == word_start {
            out.truncate(before);
        }
    }
    out
}

/// Whether a character that is no white space can stand in XML, and is not a byte order mark.
fn is_carried(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn last_word_is_tied(line: &str) -> bool {
    let line = line.trim();
    let Some(last) = line.split_whitespace().next_back() else {
        return false;
    };
    line[..line.len() - last.len()]
        .chars()
        .rev()
        .take_while(|character| character.is_whitespace())
        .any(|character| character == '\u{A0}')
}

/// What stands before the first word of a point in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// `3.`, `3)`, `(3)`, `3.1`
    Number,
    /// `c.`, `c)`, `(c)`
    Letter,
    /// `-`, `•` and their like
    Bullet,
}

/// The marker of a clean line, and the text behind it. A marker alone is none.
pub(super) fn split_marker(line: &str) -> Option<(Marker, &str)> {
    let (first, rest) = line.split_once(' ')?;
    if matches!(
        first,
        "-" | "*" | "+" | "•" | "‣" | "▪" | "◦" | "–" | "—" | "·"
    ) {
        return Some((Marker::Bullet, rest));
    }
    let inner = first.strip_prefix('(').unwrap_or(first);
    let (inner, closed) = match inner.strip_suffix(['.', ')']) {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let numbers = inner.split('.').filter(|part| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    let parts = inner.split('.').count();
    if numbers.count() == parts && (closed || parts > 1) {
        return Some((Marker::Number, rest));
    }
    let mut letters = inner.chars();
    let letter = letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic());
    (closed && letter && letters.next().is_none()).then_some((Marker::Letter, rest))
}
