//! Finds superscripts (`x^2^`, `1^st^`) and subscripts (`H~2~O`) in text, as Pandoc writes them.
//!
//! The Markdown parser knows both, but not inside a word, which is where they belong. Here they
//! must follow a word and hold one: letters and digits, with a sign before them or brackets
//! around them. So `2^10 and 2^20` and `x^2+y^2` stay as they are.

use std::ops::Range;

use super::document::Span;

/// One superscript or subscript: where it is with its marks; what it holds is between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) span: Span,
    pub(super) range: Range<usize>,
}

/// The scripts of a text, in order. `attached` says whether a word precedes the text; marks at
/// the offsets in `escaped` (sorted) had a backslash before them.
pub(super) fn find_scripts(text: &str, attached: bool, escaped: &[usize]) -> Vec<Script> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(['^', '~']) {
        let start = from + at;
        let mark = &text[start..=start];
        let follows_word = match text[..start].chars().next_back() {
            Some(before) => before.is_alphanumeric() || matches!(before, ')' | ']' | '”' | '"'),
            None => attached,
        };
        let length = script_length(&text[start + 1..], mark);
        from = start + 1;
        if let Some(length) = length.filter(|_| follows_word) {
            let end = start + length + 2;
            let is_escaped = |offset: usize| escaped.binary_search(&offset).is_ok();
            if !is_escaped(start) && !is_escaped(end - 1) {
                let span = if mark == "^" {
                    Span::Superscript
                } else {
                    Span::Subscript
                };
                found.push(Script {
                    span,
                    range: start..end,
                });
                from = end;
            }
        }
    }
    found
}

/// The length in bytes of what stands before the closing mark, if it is a script.
fn script_length(text: &str, mark: &str) -> Option<usize> {
    const LONGEST: usize = 24;
    let window = text
        .char_indices()
        .nth(LONGEST)
        .map_or(text, |(end, _)| &text[..end]);
    let inside = &window[..window.find(mark)?];
    let bare = match inside.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?,
        None => inside.trim_start_matches(['+', '-', '−', '–']),
    };
    let fits = |c: char| {
        c.is_alphanumeric()
            || (inside.starts_with('(') && matches!(c, '+' | '-' | '−' | '–' | '*' | '/' | ','))
    };
    (!bare.is_empty() && bare.chars().all(fits)).then_some(inside.len())
}

#[cfg(test)]
mod tests {
    use super::find_scripts;

    fn scripts(text: &str) -> Vec<&str> {
        find_scripts(text, false, &[])
            .into_iter()
            .map(|script| &text[script.range])
            .collect()
    }

    #[test]
    fn a_script_follows_a_word_and_holds_one() {
        let text = "H~2~O, CO~2~. 1^st^ x^(n+1)^ m^-1^";
        assert_eq!(scripts(text), ["~2~", "~2~", "^st^", "^(n+1)^", "^-1^"]);
    }

    #[test]
    fn carets_and_tildes_of_other_meaning_stay() {
        assert!(scripts("2^10 and 2^20, x^2+y^2, ~5, ~6, ^a^, a^^b, 5~10 or 6~7").is_empty());
    }

    #[test]
    fn an_escaped_mark_stays() {
        assert!(find_scripts("x^2^", false, &[1]).is_empty());
    }
}
