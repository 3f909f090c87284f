//! Which languages there are, so that a mistaken tag is told and not taken for one that only lacks
//! its words.

use std::fmt;

use super::tag::{is_language_tag, primary_language};
use crate::diagnostic::closest;

/// The codes of two letters: ISO 639-1, with the ones that were withdrawn and are still valid in a
/// tag (RFC 5646 §3.1.6; `in`, `iw`, `ji`, `jw`, `mo` and `sh` in IANA's registry of subtags).
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce \
    ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha \
    he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn \
    ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng \
    nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm \
    sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo \
    xh yi yo za zh zu";

/// What people write instead of a code, and the tag that they mean: names of languages, and codes
/// of countries that are not codes of languages.
const MEANT: &[(&str, &str)] = &[
    ("arabic", "ar"),
    ("chinese", "zh"),
    ("cn", "zh-CN"),
    ("cz", "cs"),
    ("deutsch", "de"),
    ("dk", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("espanol", "es"),
    ("francais", "fr"),
    ("french", "fr"),
    ("gb", "en-GB"),
    ("german", "de"),
    ("gr", "el"),
    ("hebrew", "he"),
    ("hindi", "hi"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("jp", "ja"),
    ("korean", "ko"),
    ("mx", "es-MX"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("russian", "ru"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("turkish", "tr"),
    ("ua", "uk"),
    ("us", "en-US"),
    ("vn", "vi"),
];

/// Why a text names no language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadLanguage {
    /// It has not the shape of a tag.
    Shape {
        /// The tag that was meant, where it can be told.
        meant: Option<String>,
    },
    /// There is no language of this code.
    Unknown {
        /// The code: the first subtag, in lower case.
        code: String,
        /// The tag that was meant, where it can be told.
        meant: Option<&'static str>,
    },
}

impl fmt::Display for BadLanguage {
    /// Completes the sentence "`language` ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { .. } => f.write_str("is not a language tag"),
            Self::Unknown { code, .. } => {
                write!(f, "names no language: ISO 639 has no code `{code}`")
            }
        }
    }
}

impl BadLanguage {
    /// How to mend it.
    pub fn hint(&self) -> String {
        let meant = match self {
            Self::Shape { meant } => meant.as_deref(),
            Self::Unknown { meant, .. } => *meant,
        };
        meant.map_or_else(
            || "write a tag such as `en`, `de-AT` or `zh-Hant`".to_owned(),
            |tag| format!("did you mean `{tag}`?"),
        )
    }
}

/// Whether a text is the tag of a language (BCP 47, RFC 5646): it has the shape of one, and its code
/// exists. Codes of three letters are believed (ISO 639-3 has more than 7,000, and new ones every
/// year); longer ones were never given out (RFC 5646 §2.2.1).
pub fn check_language(text: &str) -> Result<(), BadLanguage> {
    if is_language_tag(text) {
        return check_code(text);
    }
    // As locales are written elsewhere.
    let dashed = text.replace('_', "-");
    let is_meant = is_language_tag(&dashed) && check_code(&dashed).is_ok();
    Err(BadLanguage::Shape {
        meant: is_meant.then_some(dashed),
    })
}

fn check_code(tag: &str) -> Result<(), BadLanguage> {
    let code = primary_language(tag);
    let is_known = match code.len() {
        2 => TWO_LETTERS.split_whitespace().any(|known| known == code),
        length => length == 3,
    };
    if is_known {
        return Ok(());
    }
    let meant = meant(&code);
    Err(BadLanguage::Unknown { code, meant })
}

/// What somebody meant by a code that there is not. A name may be misspelt; of two letters that are
/// misspelt nobody can tell which ones were meant.
fn meant(code: &str) -> Option<&'static str> {
    let names = MEANT.iter().map(|(written, _)| *written);
    let written = if code.len() == 2 {
        names.into_iter().find(|written| *written == code)?
    } else {
        closest(code, names.filter(|written| written.len() > 2))?
    };
    let (_, tag) = MEANT.iter().find(|(known, _)| *known == written)?;
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(text: &str) -> String {
        check_language(text).unwrap_err().hint()
    }

    #[test]
    fn languages_that_exist_are_known_with_words_or_without() {
        for tag in [
            "en",
            "EN-gb",
            "de-AT",
            "sv",
            "pl",
            "zh-Hant",
            "iw",
            "gsw",
            "qaa",
            "sr-Latn-RS",
        ] {
            assert_eq!(check_language(tag), Ok(()), "{tag}");
        }
        for (tag, _) in super::super::languages::TABLES {
            assert_eq!(check_language(tag), Ok(()), "{tag}");
        }
    }

    #[test]
    fn languages_that_there_are_not_are_refused() {
        for tag in ["xx", "xx-DE", "klin", "english", "zz-Latn"] {
            let problem = check_language(tag).unwrap_err();
            assert!(matches!(problem, BadLanguage::Unknown { .. }), "{tag}");
        }
        for text in ["", "e", "english language", "de_AT", "en-"] {
            let problem = check_language(text).unwrap_err();
            assert!(matches!(problem, BadLanguage::Shape { .. }), "{text}");
        }
    }

    #[test]
    fn what_was_meant_is_told_where_it_can_be() {
        for (written, tag) in [
            ("jp", "ja"),
            ("gr-GR", "el"),
            ("German", "de"),
            ("englsh", "en"),
            ("de_AT", "de-AT"),
        ] {
            assert_eq!(hint(written), format!("did you mean `{tag}`?"));
        }
        for nobody_knows in ["xx", "xx_YY", "klingons"] {
            assert!(
                hint(nobody_knows).starts_with("write a tag"),
                "{nobody_knows}"
            );
        }
    }

    #[test]
    fn the_codes_stand_in_order_and_no_mistake_is_a_code() {
        let codes: Vec<&str> = TWO_LETTERS.split_whitespace().collect();
        assert!(codes.is_sorted_by(|one, next| one < next) && codes.len() == 190);
        assert!(MEANT.is_sorted_by(|one, next| one.0 < next.0));
        for (written, tag) in MEANT {
            assert!(check_language(written).is_err(), "{written}");
            assert_eq!(check_language(tag), Ok(()), "{tag}");
        }
    }
}
