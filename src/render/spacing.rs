//! Spaces that depend on the script or the language: none where a line of Chinese or Japanese was
//! broken, and French ones at which no line may break.

/// A space at which no line is broken.
const GLUE: char = '\u{a0}';

/// Whether a line of the source that ends with one of these characters and goes on with the other
/// is joined without a space (CSS Text 3 §4.1.2).
pub(super) fn joins_without_space(before: Option<char>, behind: Option<char>) -> bool {
    before.is_some_and(is_unspaced) && behind.is_some_and(is_unspaced)
}

/// Characters of scripts that put no spaces between words, and their punctuation; not Korean, which does.
fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{2E80}'..='\u{312F}' | '\u{3190}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF00}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}

/// A French text in which no line can begin with a mark, or end with one that opens. A space stands
/// there if the author typed it.
pub(super) fn glued(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    let mut before = None;
    while let Some(character) = rest.next() {
        let is_glue = character == ' ' && {
            let mut behind = rest.clone();
            before == Some('«') || behind.next().is_some_and(is_high) && ends_word(behind.next())
        };
        out.push(if is_glue { GLUE } else { character });
        before = Some(character);
    }
    out
}

/// Marks that have a space before them.
fn is_high(character: char) -> bool {
    matches!(character, ';' | ':' | '!' | '?' | '»' | '%' | '€')
}

/// Whether a mark before this character is punctuation: `:-)` and `?a=b` have none.
fn ends_word(behind: Option<char>) -> bool {
    behind.is_none_or(|behind| {
        behind.is_whitespace()
            || matches!(behind, '.' | ',' | ';' | '!' | '?' | '…' | ')' | '»' | '”')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_marks_stay_with_their_words() {
        let glued = |text: &str| glued(text).replace(GLUE, "~");
        assert_eq!(glued("Pourquoi ? Oui !"), "Pourquoi~? Oui~!");
        assert_eq!(
            glued("« a » : 10 %, 5 € ; b ?!"),
            "«~a~»~: 10~%, 5~€~; b~?!"
        );
        for same in ["a :-) b", "voir ?a=b", "a; b", "x %y", "a b", ""] {
            assert_eq!(glued(same), same);
        }
    }

    #[test]
    fn lines_of_chinese_and_japanese_are_joined_without_a_space() {
        for (before, behind, joins) in [
            ('語', '信', true),
            ('。', 'か', true),
            ('ｱ', '（', true),
            ('語', 'a', false),
            ('a', '語', false),
            ('한', '국', false),
            ('a', 'b', false),
        ] {
            let found = joins_without_space(Some(before), Some(behind));
            assert_eq!(found, joins, "{before} {behind}");
        }
        assert!(!joins_without_space(None, Some('語')));
    }
}
