//! Superscripts (`x^2^`, `1^st^`) and subscripts (`H~2~O`), as Pandoc writes them: where they are in
//! text, and how they are said where nothing can be raised.
//!
//! The Markdown parser knows both, but not inside a word, which is where they belong. Here they
//! must follow a word and hold one: letters and digits, with a sign before them or brackets
//! around them. So `2^10 and 2^20` and `x^2+y^2` stay as they are.

use std::ops::Range;

use super::document::Span;
use super::raw_html::Tag;

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

/// Characters that fonts have raised, each behind its own. Letters but `n` are too rare in fonts.
const RAISED: &str = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻–⁻nⁿ";

/// Characters that fonts have lowered.
const LOWERED: &str = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋–₋";

/// Appends a script to plain text: `10⁶`, `H₂O`, `1st`, or else `x^(n+1)` and `x_i`.
pub(super) fn push_script(span: Span, text: &str, out: &mut String) {
    if span == Span::Superscript && is_ordinal(text, out) {
        return out.push_str(text);
    }
    let (mark, small) = match span {
        Span::Subscript => ("_", small(text, LOWERED)),
        _ => ("^", small(text, RAISED)),
    };
    match small {
        Some(small) => out.push_str(&small),
        None if stands_alone(text) => out.extend([mark, text]),
        None => out.extend([mark, "(", text, ")"]),
    }
}

/// The `st` of `1st` and the `e` of `XIXe`: on the line they mean the same. `10^k` is a power.
fn is_ordinal(text: &str, before: &str) -> bool {
    let letters = text.chars().count();
    let is_ending = match letters {
        1 => matches!(text, "e" | "a" | "o"),
        2 | 3 => text.chars().all(char::is_alphabetic),
        _ => false,
    };
    let is_roman = |c: &char| "IVXLCDM".contains(*c);
    let follows_number = before.ends_with(|c: char| c.is_ascii_digit())
        || before.chars().rev().take_while(is_roman).count() > 1;
    is_ending && follows_number
}

/// The text in other characters, if there is one for each of its own.
fn small(text: &str, pairs: &str) -> Option<String> {
    let pairs: Vec<char> = pairs.chars().collect();
    let one = |c: char| pairs.chunks_exact(2).find(|pair| pair[0] == c);
    text.chars().map(|c| one(c).map(|pair| pair[1])).collect()
}

/// Whether a script needs no brackets.
fn stands_alone(text: &str) -> bool {
    let has_brackets = text.starts_with('(') && text.ends_with(')');
    has_brackets || text.chars().all(char::is_alphanumeric)
}

/// The author's own `<sup>` and `<sub>` in plain text that is being written.
#[derive(Debug, Default)]
pub(super) struct HtmlScripts {
    /// Those that are open, and where they begin in it.
    open: Vec<(Span, usize)>,
}

impl HtmlScripts {
    /// Takes a tag; an end tag makes a script of what was written since its start.
    pub(super) fn tag(&mut self, tag: &Tag<'_>, out: &mut String) {
        let span = match tag.name.as_str() {
            "sup" => Span::Superscript,
            "sub" => Span::Subscript,
            _ => return,
        };
        if !tag.closes {
            self.open.push((span, out.len()));
            return;
        }
        let Some((opened, start)) = self.open.pop() else {
            return;
        };
        // Tags that overlap with Markdown's marks may have begun in another text.
        let Some((before, text)) = out.split_at_checked(start) else {
            return;
        };
        let is_attached = before.ends_with(|c: char| !c.is_whitespace());
        if opened != span || !is_attached || text.trim().is_empty() || text.contains('\n') {
            return;
        }
        let text = text.trim().to_owned();
        out.truncate(start);
        push_script(span, &text, out);
    }
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
