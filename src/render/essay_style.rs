//! The style of an essay in the mail, as its language needs it: mail programs know neither the
//! properties that follow the direction of the text nor `:lang()`.

use std::borrow::Cow;

use super::mirror::mirrored;
use crate::words::{direction, has_italics};

/// Without it the semicolon of `a = 1;` stands in front of it.
const CODE_AMONG_RIGHT_TO_LEFT: &str = "\ncode { direction: ltr; unicode-bidi: embed }\n";

/// Stress is heavier where letters cannot lean.
const UPRIGHT: &str =
    "\nem, i, cite, .caption { font-style: normal }\nem, i { font-weight: bold }\n";

/// A stylesheet (`essay.css`) turned around for a language (a BCP 47 tag) that is written leftward,
/// and upright for one whose letters have no italics.
pub fn essay_style<'a>(css: &'a str, language: &str) -> Cow<'a, str> {
    let mut css = Cow::Borrowed(css);
    if direction(language) == "rtl" {
        css = Cow::Owned(mirrored(&css) + CODE_AMONG_RIGHT_TO_LEFT);
    }
    if !has_italics(language) {
        css.to_mut().push_str(UPRIGHT);
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_turned_where_text_runs_leftward_and_upright_where_letters_do_not_lean() {
        let css = "p { padding-left: 1px }";
        assert_eq!(essay_style(css, "de"), css);
        let japanese = essay_style(css, "ja");
        assert!(japanese.starts_with(css) && japanese.ends_with(UPRIGHT));
        let arabic = essay_style(css, "ar-EG");
        assert!(arabic.starts_with("p { padding-right: 1px }") && arabic.ends_with(UPRIGHT));
        assert!(arabic.contains("direction: ltr"));
        assert!(!essay_style(css, "dv").contains(UPRIGHT));
    }
}
