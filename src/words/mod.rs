//! The words around an essay: what mails, pages and feeds say besides what the author wrote, in the
//! language of the issue; its dates; and the direction in which it is written.
//!
//! Every language is a table of all words (`languages/`), so that the compiler finds a word that a
//! translation lacks. What the author wants to be said otherwise comes from `[words]` in
//! `postrider.toml` ([`OwnWords`]). An issue that is sent keeps the words with which it was planned.

mod dates;
mod direction;
mod fill;
mod italics;
mod known;
mod languages;
mod own;
mod table;
mod tag;

pub use dates::{BadFormat, DateWords, format_date};
pub use direction::direction;
pub use fill::{fill, placeholders};
pub use italics::has_italics;
pub use known::{BadLanguage, check_language};
pub use own::{BadWord, OwnWords};
pub use table::Words;
pub use tag::primary_language;

impl Words {
    /// The words of a language (a BCP 47 tag), with the author's own over them. A language without
    /// built-in words speaks English; [`Words::are_built_in`] tells.
    pub fn of(language: &str, own: &OwnWords) -> Self {
        let mut words = tag::lookup(language)
            .find_map(|tag| languages::built_in(&tag))
            .map_or_else(Self::default, |words| words());
        own.put_over(&mut words, language);
        words
    }

    /// Whether there are built-in words for a language.
    pub fn are_built_in(language: &str) -> bool {
        tag::lookup(language).any(|tag| languages::built_in(&tag).is_some())
    }
}

impl Default for Words {
    /// English.
    fn default() -> Self {
        languages::english()
    }
}

#[cfg(test)]
mod tests;
