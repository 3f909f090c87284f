//! What an author wants to be said otherwise: `[words]` in `postrider.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::NaiveDate;

use super::dates::{DateWords, format_date, names};
use super::{Words, placeholders, tag};

/// Longest text of a word, in characters.
const LONGEST: usize = 500;

/// Words of an author's own, by language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnWords(BTreeMap<String, BTreeMap<String, String>>);

/// Why a text cannot stand for a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadWord {
    /// There is no such key.
    Key,
    /// It is empty, or holds a control character.
    Line,
    /// It has more than 500 characters.
    Long,
    /// It has a place for a value that the word does not have.
    Place {
        /// The place's name.
        name: String,
        /// The places that there are.
        known: Vec<String>,
    },
    /// A list of names has so many, and should have others.
    Names {
        /// How many there are.
        given: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// It is no pattern for a date.
    Format,
}

impl fmt::Display for BadWord {
    /// Completes the sentence "`sent_to` ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("is not one of the words"),
            Self::Line => f.write_str("must be one line of text"),
            Self::Long => write!(f, "has more than {LONGEST} characters"),
            Self::Place { name, .. } => write!(f, "has no place `{{{name}}}`"),
            Self::Names { given, wanted } => {
                write!(
                    f,
                    "takes {wanted} names with commas between them, not {given}"
                )
            }
            Self::Format => f.write_str("is not a pattern for a date"),
        }
    }
}

impl BadWord {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::Key => "docs/configuration.md lists them".to_owned(),
            Self::Line => "leave the key out for the built-in word".to_owned(),
            Self::Long => "shorten it".to_owned(),
            Self::Place { known, .. } if known.is_empty() => {
                "nothing is filled into this one".to_owned()
            }
            Self::Place { known, .. } => {
                let known: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
                format!("it can have {}", known.join(" and "))
            }
            Self::Names { wanted: 12, .. } => "January is the first".to_owned(),
            Self::Names { .. } => "Monday is the first".to_owned(),
            Self::Format => "for example `%-d %B %Y`; `%B` is the name of the month".to_owned(),
        }
    }
}

impl OwnWords {
    /// Takes a word for a language (a BCP 47 tag) and all that are more exact.
    pub fn insert(&mut self, language: &str, key: &str, text: &str) -> Result<(), BadWord> {
        check(key, text)?;
        let of_language = self.0.entry(language.to_ascii_lowercase()).or_default();
        of_language.insert(key.to_owned(), text.trim_end_matches('\n').to_owned());
        Ok(())
    }

    /// The keys for which there is a word in a language.
    pub fn keys(&self, language: &str) -> BTreeSet<&str> {
        let tables = tag::lookup(language).filter_map(|tag| self.0.get(&tag));
        tables
            .flat_map(|table| table.keys().map(String::as_str))
            .collect()
    }

    /// Puts the words of a language over others: those of `de` first, then those of `de-at`.
    pub(super) fn put_over(&self, words: &mut Words, language: &str) {
        let tags: Vec<String> = tag::lookup(language).collect();
        for table in tags.iter().rev().filter_map(|tag| self.0.get(tag)) {
            for (key, text) in table {
                words.set(key, text);
            }
        }
    }
}

fn check(key: &str, text: &str) -> Result<(), BadWord> {
    let english = Words::default();
    let built_in = english.get(key).ok_or(BadWord::Key)?;
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(BadWord::Line);
    }
    if text.chars().count() > LONGEST {
        return Err(BadWord::Long);
    }
    let known = placeholders(built_in);
    if let Some(name) = placeholders(text)
        .into_iter()
        .find(|name| !known.contains(name))
    {
        return Err(BadWord::Place {
            name: name.to_owned(),
            known: known.into_iter().map(str::to_owned).collect(),
        });
    }
    match key {
        "months" | "months_short" => check_names(text, 12),
        "weekdays" | "weekdays_short" => check_names(text, 7),
        "date_format" | "date_format_first" | "date_format_short" => {
            let written = format_date(NaiveDate::default(), Some(text), &DateWords::from(&english));
            written.map(|_| ()).map_err(|_| BadWord::Format)
        }
        _ => Ok(()),
    }
}

fn check_names(text: &str, wanted: usize) -> Result<(), BadWord> {
    let given = names(text).filter(|name| !name.is_empty()).count();
    if given == wanted && names(text).count() == wanted {
        return Ok(());
    }
    Err(BadWord::Names { given, wanted })
}
