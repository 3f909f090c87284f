//! An issue: an essay with a date and an identity. One file in `issues/` is one issue.
//!
//! Owns the identity ([`IssueId`]), the name in addresses ([`Slug`]) and the rules that turn an
//! [`Essay`](crate::essay::Essay) with its file name into an [`Issue`].

mod dating;
mod duplicates;
mod from_essay;
mod heading;
mod tags;

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use data_encoding::{BASE32_NOPAD, Encoding, Specification};

use crate::diagnostic::SourceText;

pub use dating::{ClockChange, Dated, DatingRules};
pub use duplicates::find_duplicates;
pub use from_essay::IssueAndWarnings;
pub use tags::find_clashing_tags;

pub(crate) use from_essay::leading_date;
pub(crate) use heading::{blanked, first_heading};

/// Identity of an issue: 16 random bytes, written once into its front matter as 26 characters of
/// lower-case base32 (RFC 4648 §6). Never changes, whatever becomes of file name, date or domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssueId(String);

impl IssueId {
    /// Length of the written form, in characters.
    pub const LENGTH: usize = 26;

    /// The id made of 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    /// Reads the written form; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = lower_base32();
        let bytes = lower.decode(text.as_bytes()).ok()?;
        (bytes.len() == 16).then(|| Self(text.to_owned()))
    }

    /// The written form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Base32 of RFC 4648 §6 in lower case and without padding: fit for addresses, URLs and local
/// parts, and read aloud without naming the case.
pub fn lower_base32() -> &'static Encoding {
    static LOWER_BASE32: LazyLock<Encoding> = LazyLock::new(|| {
        let mut specification = Specification::new();
        specification
            .symbols
            .push_str("abcdefghijklmnopqrstuvwxyz234567");
        specification.encoding().unwrap_or(BASE32_NOPAD)
    });
    &LOWER_BASE32
}

/// The part of a page's address that names the issue: `[a-z0-9-]{1,80}`, no dash at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

impl Slug {
    /// Longest slug, in characters.
    pub const LONGEST: usize = 80;

    /// Reads a slug; `None` if it holds anything else than `[a-z0-9-]`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::LONGEST).contains(&text.len());
        let clean = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let ends = !text.starts_with('-') && !text.ends_with('-');
        (fits && clean && ends && !is_device_name(text)).then(|| Self(text.to_owned()))
    }

    /// Makes a slug of a title: transliterated to ASCII, lower case, words joined by dashes, cut
    /// at a word. A title without a single letter or digit becomes `issue`.
    pub fn from_title(title: &str) -> Self {
        Self::from_words(title, "issue")
    }

    /// Makes a slug of a tag, by the same rules; one without a letter or digit becomes `tag`.
    pub fn from_tag(tag: &str) -> Self {
        Self::from_words(tag, "tag")
    }

    fn from_words(words: &str, otherwise: &str) -> Self {
        let ascii = deunicode::deunicode_with_tofu(&words.replace(['\'', '’', '‘'], ""), " ");
        let mut slug = String::new();
        for word in ascii
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
        {
            let separator = usize::from(!slug.is_empty());
            let room = Self::LONGEST - slug.len() - separator.min(Self::LONGEST - slug.len());
            if word.len() > room {
                if slug.is_empty() {
                    slug.push_str(&word[..Self::LONGEST].to_ascii_lowercase());
                }
                break;
            }
            if separator == 1 {
                slug.push('-');
            }
            slug.push_str(&word.to_ascii_lowercase());
        }
        match Self::parse(&slug) {
            Some(slug) => slug,
            None if slug.is_empty() => Self(otherwise.to_owned()),
            None => Self(format!("{slug}-{otherwise}")),
        }
    }

    /// This slug with a number behind it, for the second essay of the same title.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        let suffix = format!("-{number}");
        let stem = &self.0[..self.0.len().min(Self::LONGEST - suffix.len())];
        Self(format!("{}{suffix}", stem.trim_end_matches('-')))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names that one operating system keeps for devices; a folder of that name cannot be copied there.
fn is_device_name(text: &str) -> bool {
    matches!(text, "con" | "prn" | "aux" | "nul")
        || (text.len() == 4
            && (text.starts_with("com") || text.starts_with("lpt"))
            && text.as_bytes()[3].is_ascii_digit())
}

/// How the pictures of an issue come with its mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Images {
    /// The reader's mail program loads them from the web.
    #[default]
    Linked,
    /// Each message brings them along.
    Attached,
}

impl Images {
    /// Reads the word of the front matter.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "linked" => Some(Self::Linked),
            "attached" => Some(Self::Attached),
            _ => None,
        }
    }
}

/// An essay with a date and an identity, every value checked.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Identity in the ledger and in every feed.
    pub id: IssueId,
    /// Name in addresses.
    pub slug: Slug,
    /// Title, one line of text.
    pub title: String,
    /// Subject of the mail; the title unless the author gave another.
    pub subject: String,
    /// Summary, one line of text: first visible line of the mail, description in the feeds.
    pub summary: Option<String>,
    /// The instant from which the issue is public and due.
    pub published: DateTime<Utc>,
    /// The date on which readers see it, in the publication's time zone.
    pub date: jiff::civil::Date,
    /// A later correction, as the author dated it.
    pub updated: Option<DateTime<Utc>>,
    /// Tags of the essay.
    pub tags: Vec<String>,
    /// Tags of subscribers to whom the mail is narrowed; empty means everyone.
    pub audience: Vec<String>,
    /// Not to be published yet.
    pub draft: bool,
    /// Whether the issue is mailed; `false` is for the web only.
    pub mail: bool,
    /// Where the front matter asks for a mail that ends at `<!-- more -->`, in bytes of `source`.
    pub mail_excerpt: Option<Range<usize>>,
    /// Earlier slugs, which redirect to this one.
    pub aliases: Vec<Slug>,
    /// The entry's id in feeds if it came from elsewhere with one of its own.
    pub feed_id: Option<String>,
    /// The issue that this one corrects.
    pub parent: Option<IssueId>,
    /// Cover picture, as written.
    pub cover: Option<String>,
    /// How pictures come with the mail.
    pub images: Images,
    /// BCP 47 tag if it differs from the publication's.
    pub language: Option<String>,
    /// Author if not the publication's.
    pub author: Option<String>,
    /// The essay's Markdown, without front matter.
    pub markdown: String,
    /// The whole file, for messages that point at a line.
    pub source: SourceText,
    /// Where `markdown` begins in `source`, in bytes.
    pub markdown_start: usize,
}

#[cfg(test)]
mod tests;
