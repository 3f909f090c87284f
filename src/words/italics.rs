//! Whether a language is written in letters that can be slanted.

use super::primary_language;

/// The languages whose letters have no italics: a mail program slants them all the same, which is a
/// mistake there. `web.css` says the same of pages.
const UPRIGHT: [&str; 8] = ["ar", "fa", "ur", "he", "hi", "zh", "ja", "ko"];

/// Whether stress and captions may be set in italics in a language (a BCP 47 tag).
pub fn has_italics(language: &str) -> bool {
    !UPRIGHT.contains(&primary_language(language).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_mails_agree_on_the_languages_without_italics() {
        let css = include_str!("../../templates/web.css");
        let (_, rule) = css.split_once("/* Scripts without italics").unwrap();
        let (rule, _) = rule.split_once("font-style: normal").unwrap();
        let of_pages: Vec<&str> = rule
            .split(":lang(")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .collect();
        assert_eq!(of_pages, UPRIGHT);
    }

    #[test]
    fn a_kind_of_a_language_is_written_like_it() {
        assert!(!has_italics("zh-Hant-TW") && !has_italics("iw") && !has_italics("AR"));
        assert!(has_italics("en") && has_italics("el-GR") && has_italics("haw"));
    }
}
