//! `[signup]`: what readers who sign up by themselves may choose, and what they get.

use super::raw::RawSignUp;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;

/// Most tags that are offered: more are a form that nobody fills in.
const MOST_TAGS: usize = 20;

/// Longest tag, in characters.
const LONGEST_TAG: usize = 40;

/// Settings of sign-ups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignUpConfig {
    /// The tags among which a reader chooses, as they are shown.
    pub tags: Vec<String>,
    /// Whether who confirms gets a mail of welcome with the latest issue.
    pub welcome: bool,
}

impl Reader<'_> {
    pub(super) fn sign_up(&self, raw: RawSignUp) -> Result<SignUpConfig, Diagnostic> {
        let mut tags: Vec<String> = Vec::new();
        for spanned in raw.tags {
            let wrong = |message: &str| {
                Diagnostic::error(message)
                    .at(self.source, spanned.span())
                    .hint("tags are words as in the column `tags` of subscribers.csv, such as `[\"letters\", \"events\"]`")
            };
            let tag = spanned.get_ref();
            let is_separator =
                |character: char| character.is_whitespace() || ",;".contains(character);
            if tag.is_empty() || tag.chars().any(|one| is_separator(one) || one.is_control()) {
                return Err(wrong("this cannot be a tag of a subscriber"));
            }
            if tag.chars().count() > LONGEST_TAG {
                return Err(wrong(&format!(
                    "a tag has at most {LONGEST_TAG} characters"
                )));
            }
            if tags
                .iter()
                .any(|one| one.to_lowercase() == tag.to_lowercase())
            {
                return Err(wrong("this tag is offered already"));
            }
            if tags.len() == MOST_TAGS {
                return Err(wrong(&format!("at most {MOST_TAGS} tags are offered")));
            }
            tags.push(tag.clone());
        }
        Ok(SignUpConfig {
            tags,
            welcome: raw.welcome.unwrap_or(false),
        })
    }
}
