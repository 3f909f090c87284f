//! `[words]`: what the author wants to be said otherwise, in the publication's language or, in a
//! table of its own such as `[words.de]`, in another one.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use toml::Spanned;

use super::reader::Reader;
use crate::diagnostic::{Diagnostic, closest};
use crate::words::{BadLanguage, BadWord, OwnWords, Words, check_language, primary_language};

/// The table as it is written.
pub(super) type RawWords = BTreeMap<Spanned<String>, Spanned<RawWord>>;

/// A word, or the words of a language.
#[derive(Debug)]
pub(super) enum RawWord {
    Text(String),
    Language(BTreeMap<Spanned<String>, Spanned<String>>),
}

impl<'de> Deserialize<'de> for RawWord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrTable)
    }
}

struct TextOrTable;

impl<'de> Visitor<'de> for TextOrTable {
    type Value = RawWord;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a table of texts for one language")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RawWord, E> {
        Ok(RawWord::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawWord, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(RawWord::Language)
    }
}

impl Reader<'_> {
    /// The author's words; those without a language are of the publication's.
    pub(super) fn words(&self, raw: RawWords, language: &str) -> Result<OwnWords, Diagnostic> {
        let mut own = OwnWords::default();
        let primary = primary_language(language);
        for (key, word) in raw {
            let place = word.span();
            match word.into_inner() {
                RawWord::Text(text) => self.word(&mut own, &primary, &key, (&text, place))?,
                RawWord::Language(table) => {
                    check_language(key.get_ref()).map_err(|bad| self.no_language(&key, &bad))?;
                    for (inner, text) in table {
                        self.word(
                            &mut own,
                            key.get_ref(),
                            &inner,
                            (text.get_ref(), text.span()),
                        )?;
                    }
                }
            }
        }
        Ok(own)
    }

    fn no_language(&self, key: &Spanned<String>, bad: &BadLanguage) -> Diagnostic {
        let hint = match bad {
            BadLanguage::Shape { meant: None } => {
                "a word is a text; a table in `[words]` is named after a language, such as `[words.de]`"
                    .to_owned()
            }
            _ => bad.hint(),
        };
        Diagnostic::error(format!("`{}` {bad}", key.get_ref()))
            .at(self.source, key.span())
            .hint(hint)
    }

    fn word(
        &self,
        own: &mut OwnWords,
        language: &str,
        key: &Spanned<String>,
        (text, place): (&str, Range<usize>),
    ) -> Result<(), Diagnostic> {
        let name = key.get_ref().as_str();
        own.insert(language, name, text).map_err(|bad| {
            let near = closest(name, Words::KEYS.iter().copied());
            let (range, hint): (Range<usize>, String) = match (&bad, near) {
                (BadWord::Key, Some(near)) => (key.span(), format!("did you mean `{near}`?")),
                (BadWord::Key, None) => (key.span(), bad.hint()),
                _ => (place, bad.hint()),
            };
            Diagnostic::error(format!("`{name}` {bad}"))
                .at(self.source, range)
                .hint(hint)
        })
    }
}
