//! Feeds: the same entries as RSS 2.0, Atom 1.0 and JSON Feed 1.1.
//!
//! Owns what all three share: which entries, in which order, under which ids, in how many
//! documents, and the cleaning of text for XML. Each format's own words are in its module. Nothing
//! here asks for the time: every date comes from an entry, so that building twice gives the same
//! bytes.

mod address;
mod atom;
mod clean;
mod json;
mod paging;
mod rss;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::archive::FEED_STYLESHEET;
use crate::issue::{IssueId, Slug};

pub use address::Format;
pub use clean::clean_xml_text;
use clean::{clean_entry, clean_info, escape_markup};
pub use paging::{Part, parts};

/// What a feed says about itself. Text is plain text, addresses are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedInfo {
    /// Identity of the feed, never changed (RFC 4287 §4.2.6); see [`feed_tag_uri`].
    pub id: String,
    /// Title of the publication, or of what this feed holds of it.
    pub title: String,
    /// One sentence about the publication; may be empty.
    pub description: String,
    /// Author of the publication, and of each entry that names no other.
    pub author: String,
    /// Who may do what with the essays; may be empty.
    pub copyright: String,
    /// BCP 47 tag.
    pub language: String,
    /// Address of the publication's front page, with a slash at its end.
    pub base_url: String,
    /// Where the feed and its page lie below `base_url`: empty, or a path with a slash at its end.
    pub folder: String,
    /// Address (bare) for letters about the feed; shown to everyone, hence an option.
    pub author_email: Option<String>,
    /// The publication's picture.
    pub logo: Option<Logo>,
    /// Hubs that tell subscribers about a new entry (WebSub).
    pub hubs: Vec<String>,
}

/// The picture of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logo {
    /// Absolute address.
    pub url: String,
    /// Width and height in pixels, where they are known.
    pub size: Option<(u32, u32)>,
}

impl Logo {
    /// Whether it may stand for the publication in the square that readers show.
    fn is_square(&self) -> bool {
        self.size.is_some_and(|(width, height)| width == height)
    }
}

/// One issue as a feed shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Identity in every feed: a [`tag_uri`], or what a migrated essay had elsewhere.
    pub id: String,
    /// Title, plain text.
    pub title: String,
    /// Absolute address of the issue's page.
    pub url: String,
    /// Summary, plain text; may be empty.
    pub summary: String,
    /// The whole essay as HTML, with absolute addresses only.
    pub content_html: String,
    /// When it was first public.
    pub published: DateTime<Utc>,
    /// When it was corrected.
    pub updated: Option<DateTime<Utc>>,
    /// Author; the publication's if empty.
    pub author: String,
    /// Tags.
    pub tags: Vec<String>,
    /// BCP 47 tag if it differs from the publication's.
    pub language: Option<String>,
    /// Absolute address of a picture that stands for the issue.
    pub image: Option<String>,
}

impl Entry {
    /// The last significant change. A correction dated before the publication is a slip of the
    /// pen: an entry cannot be older than itself.
    fn last_change(&self) -> DateTime<Utc> {
        self.updated
            .map_or(self.published, |updated| updated.max(self.published))
    }
}

/// The order of entries in every feed. The id decides between those of one instant, so that it
/// depends neither on how the folder was read nor on names that may change.
pub fn newest_first(one: &Entry, other: &Entry) -> Ordering {
    let by_date = other.published.cmp(&one.published);
    by_date.then_with(|| one.id.cmp(&other.id))
}

/// The id of an issue in every feed: `tag:letters.example.org,2026-11-23:ID` (RFC 4151). It
/// holds neither title nor address, so neither a new slug nor a new domain makes a second entry.
pub fn tag_uri(feed_authority: &str, id: &IssueId) -> String {
    format!("tag:{feed_authority}:{id}")
}

/// The id of the publication's feed, in the same authority. No [`IssueId`] reads `publication`.
pub fn feed_tag_uri(feed_authority: &str) -> String {
    format!("tag:{feed_authority}:publication")
}

/// The id of the feed of one tag.
pub fn tag_feed_uri(feed_authority: &str, tag: &Slug) -> String {
    format!("tag:{feed_authority}:publication/tags/{tag}")
}

/// One document of a feed as all three writers take it: clean, complete, one entry an id, newest
/// first.
pub struct Document<'a> {
    info: FeedInfo,
    part: &'a Part,
    entries: Vec<Entry>,
}

impl<'a> Document<'a> {
    /// The document `part` of a feed, which holds these entries.
    pub fn new(info: &FeedInfo, part: &'a Part, entries: &[Entry]) -> Self {
        let info = clean_info(info);
        let mut entries: Vec<Entry> = entries
            .iter()
            .map(|entry| clean_entry(entry, &info.author))
            .collect();
        entries.sort_by(newest_first);
        // RFC 4287 §4.1.1: no two entries share id and updated. Readers merge by id alone.
        let mut seen = HashSet::new();
        entries.retain(|entry| seen.insert(entry.id.clone()));
        Self {
            info,
            part,
            entries,
        }
    }

    /// The document in one format. The types to serve them as are RSS `application/rss+xml`, Atom
    /// `application/atom+xml` (both with `charset=utf-8`) and JSON `application/feed+json`.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Rss => rss::write(self),
            Format::Atom => atom::write(self),
            Format::Json => json::write(self),
        }
    }

    /// The last change to any entry; `None` in an empty feed.
    fn last_change(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(Entry::last_change).max()
    }

    /// Address of the page that shows the same to people.
    fn page_url(&self) -> String {
        format!("{}{}", self.info.base_url, self.info.folder)
    }

    /// Address of archive document `number`, or of the subscribers' document.
    fn url(&self, format: Format, number: Option<usize>) -> String {
        format!("{}{}", self.page_url(), format.path(number))
    }

    /// Where this document stands among the others and who tells of new ones: what RFC 5005 §4 and
    /// WebSub §4 ask for, as relation and address.
    fn links(&self, format: Format) -> Vec<(&'static str, String)> {
        let archive = |number| self.url(format, Some(number));
        let part = self.part;
        let mut links = vec![("self", self.url(format, part.number))];
        if part.number.is_some() {
            links.push(("current", self.url(format, None)));
        } else {
            // The topic of a subscription is the document that changes.
            links.extend(self.info.hubs.iter().map(|hub| ("hub", hub.clone())));
        }
        links.extend(
            part.previous()
                .map(|number| ("prev-archive", archive(number))),
        );
        links.extend(part.next().map(|number| ("next-archive", archive(number))));
        links
    }

    /// The element of RFC 5005's namespace that says what kind of document this is.
    fn history_mark(&self) -> Option<&'static str> {
        match self.part {
            Part {
                number: Some(_), ..
            } => Some("archive"),
            Part { complete: true, .. } => Some("complete"),
            Part { .. } => None,
        }
    }

    /// Address of the stylesheet with which a browser shows a feed to a person, seen from this
    /// document, so that a feed opened straight from the disk is dressed as well.
    fn stylesheet_url(&self, format: Format) -> String {
        let path = format.path_in(&self.info.folder, self.part);
        format!(
            "{}{FEED_STYLESHEET}",
            "../".repeat(path.matches('/').count())
        )
    }
}

/// Prefix and namespace of RFC 5005 §2 and §4.
const HISTORY: (&str, &str) = ("fh", "http://purl.org/syndication/history/1.0");

/// RFC 3339 §5.6 in whole seconds with an upper-case `T` and `Z` (RFC 4287 §3.3).
fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The first lines of an XML feed. The stylesheet is CSS: browsers are dropping XSLT.
fn xml_prologue(stylesheet_url: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <?xml-stylesheet type=\"text/css\" href=\"{}\"?>\n",
        escape_markup(stylesheet_url)
    )
}
