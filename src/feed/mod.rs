//! Feeds: the same entries as RSS 2.0, Atom 1.0 and JSON Feed 1.1.
//!
//! Owns what all three share: which entries, in which order, under which ids, and the cleaning of
//! text for XML. Each format's own words are in its module. Nothing here asks for the time: every
//! date comes from an entry, so that building twice gives the same bytes.

pub mod atom;
pub mod json;
pub mod rss;

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::issue::IssueId;

/// What a feed says about itself. Text is plain text, addresses are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedInfo {
    /// Identity of the feed, never changed (RFC 4287 §4.2.6); see [`feed_tag_uri`].
    pub id: String,
    /// Title of the publication.
    pub title: String,
    /// One sentence about the publication; may be empty.
    pub description: String,
    /// Author of the publication, and of each entry that names no other.
    pub author: String,
    /// BCP 47 tag.
    pub language: String,
    /// Address of the front page, with a slash at its end.
    pub base_url: String,
    /// Address of the RSS feed.
    pub rss_url: String,
    /// Address of the Atom feed.
    pub atom_url: String,
    /// Address of the JSON feed.
    pub json_url: String,
    /// Address (bare) for letters about the feed; shown to everyone, hence an option.
    pub author_email: Option<String>,
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
}

impl Entry {
    /// The last significant change. A correction dated before the publication is a slip of the
    /// pen: an entry cannot be older than itself.
    fn last_change(&self) -> DateTime<Utc> {
        self.updated
            .map_or(self.published, |updated| updated.max(self.published))
    }
}

/// The id of an issue in every feed: `tag:letters.example.org,2026-11-23:ID` (RFC 4151). It
/// holds neither title nor address, so neither a new slug nor a new domain makes a second entry.
pub fn tag_uri(feed_authority: &str, id: &IssueId) -> String {
    format!("tag:{feed_authority}:{id}")
}

/// The id of the feed itself, in the same authority. No [`IssueId`] reads `publication`.
pub fn feed_tag_uri(feed_authority: &str) -> String {
    format!("tag:{feed_authority}:publication")
}

/// Removes what XML 1.0 §2.2 forbids in any spelling, and the C1 controls that it discourages. One
/// such character makes the whole feed unreadable. A form feed or vertical tab separated words and
/// becomes a space.
pub fn clean_xml_text(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\t' | '\n' | '\r' => Some(character),
            '\u{B}' | '\u{C}' => Some(' '),
            '\u{FFFE}' | '\u{FFFF}' => None,
            _ => (!character.is_control()).then_some(character),
        })
        .collect()
}

/// A feed's contents as all three writers take them: clean, complete, one entry an id, newest
/// first.
struct Feed {
    info: FeedInfo,
    entries: Vec<Entry>,
}

impl Feed {
    fn new(info: &FeedInfo, entries: &[Entry]) -> Self {
        let info = clean_info(info);
        let mut entries: Vec<Entry> = entries
            .iter()
            .map(|entry| clean_entry(entry, &info.author))
            .collect();
        // The id decides between issues of one instant, so that the order never depends on how
        // the folder was read.
        entries.sort_by(|a, b| {
            (b.published, b.last_change())
                .cmp(&(a.published, a.last_change()))
                .then_with(|| a.id.cmp(&b.id))
        });
        // RFC 4287 §4.1.1: no two entries share id and updated. Readers merge by id alone.
        let mut seen = HashSet::new();
        entries.retain(|entry| seen.insert(entry.id.clone()));
        Self { info, entries }
    }

    /// The last change to any entry; `None` in an empty feed.
    fn last_change(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(Entry::last_change).max()
    }

    /// Address of the stylesheet with which a browser shows a feed to a person.
    fn stylesheet_url(&self) -> String {
        format!("{}{}", self.info.base_url, crate::archive::FEED_STYLESHEET)
    }
}

fn clean_info(info: &FeedInfo) -> FeedInfo {
    let title = clean_line(&info.title);
    let author = clean_line(&info.author);
    FeedInfo {
        id: clean_xml_text(&info.id),
        description: clean_line(&info.description),
        // A feed without an author is not valid Atom (RFC 4287 §4.1.1).
        author: if author.is_empty() {
            title.clone()
        } else {
            author
        },
        title,
        language: clean_line(&info.language),
        base_url: clean_xml_text(&info.base_url),
        rss_url: clean_xml_text(&info.rss_url),
        atom_url: clean_xml_text(&info.atom_url),
        json_url: clean_xml_text(&info.json_url),
        author_email: info.author_email.as_deref().map(clean_line),
    }
}

fn clean_entry(entry: &Entry, author_of_feed: &str) -> Entry {
    let author = clean_line(&entry.author);
    Entry {
        id: clean_xml_text(&entry.id),
        title: clean_line(&entry.title),
        url: clean_xml_text(&entry.url),
        summary: clean_line(&entry.summary),
        content_html: clean_xml_text(&entry.content_html),
        published: entry.published,
        updated: entry.updated,
        author: if author.is_empty() {
            author_of_feed.to_owned()
        } else {
            author
        },
        tags: entry
            .tags
            .iter()
            .map(|tag| clean_line(tag))
            .filter(|tag| !tag.is_empty())
            .collect(),
        language: entry.language.as_deref().map(clean_line),
    }
}

/// Clean text on one line: some readers show a line feed in a title, others cut there.
fn clean_line(text: &str) -> String {
    clean_xml_text(text)
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// RFC 3339 §5.6 in whole seconds with an upper-case `T` and `Z` (RFC 4287 §3.3).
fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Plain text as HTML or XML character data; also fit for a quoted attribute.
fn escape_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}

/// The first lines of an XML feed. The stylesheet is CSS: browsers are dropping XSLT.
fn xml_prologue(stylesheet_url: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <?xml-stylesheet type=\"text/css\" href=\"{}\"?>\n",
        escape_markup(stylesheet_url)
    )
}

#[cfg(test)]
pub(crate) mod examples {
    //! A publication and its entries for the tests of all three formats.

    use super::{DateTime, Entry, FeedInfo, Utc, feed_tag_uri};

    pub(crate) fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    pub(crate) fn info() -> FeedInfo {
        FeedInfo {
            id: feed_tag_uri("letters.example.org,2026-09-01"),
            title: "The Slow Post & Co.".to_owned(),
            description: "Letters about <letters>".to_owned(),
            author: "The editors".to_owned(),
            language: "en".to_owned(),
            base_url: "https://letters.example.org/".to_owned(),
            rss_url: "https://letters.example.org/feed.xml".to_owned(),
            atom_url: "https://letters.example.org/atom.xml".to_owned(),
            json_url: "https://letters.example.org/feed.json".to_owned(),
            author_email: Some("letters@example.org".to_owned()),
        }
    }

    pub(crate) fn entry(id: &str, published: &str) -> Entry {
        Entry {
            id: format!("tag:letters.example.org,2026-09-01:{id}"),
            title: format!("Letter {id}"),
            url: format!("https://letters.example.org/issues/{id}/"),
            summary: String::new(),
            content_html: format!("<p>This is letter {id}.</p>\n"),
            published: instant(published),
            updated: None,
            author: String::new(),
            tags: Vec::new(),
            language: None,
        }
    }

    /// An old entry that was corrected, and a new one in which everything is hostile.
    pub(crate) fn entries() -> Vec<Entry> {
        let corrected = Entry {
            updated: Some(instant("2026-09-20T06:30:15Z")),
            ..entry("corrected", "2026-09-01T07:00:00Z")
        };
        let hostile = Entry {
            title: "A ]]> B </title>\u{C}& \u{0}<b>C</b>\nD".to_owned(),
            summary: "One & two <three> ]]>".to_owned(),
            content_html: "<p>Text &amp; <code>]]&gt;</code> ]]> \u{1B}[0m <a href=\"https://example.com/?a=1&amp;b=2\">x</a></p>\n".to_owned(),
            author: "Guest \"of\" <honour>".to_owned(),
            tags: vec!["R&D".to_owned(), "craft".to_owned()],
            language: Some("de".to_owned()),
            ..entry("hostile", "2026-09-08T07:00:00.987Z")
        };
        vec![corrected, hostile]
    }
}

#[cfg(test)]
mod tests {
    use super::examples::{entries, entry, info};
    use super::*;

    /// The ids in the order in which they stand in a feed's text.
    fn ids_in_order(feed: &str) -> Vec<String> {
        feed.split("tag:letters.example.org,2026-09-01:")
            .skip(1)
            .filter_map(|rest| rest.split(['<', '"']).next())
            .filter(|id| *id != "publication")
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn all_three_feeds_hold_the_same_ids_newest_first() {
        let entries = [
            entry("b", "2026-09-08T07:00:00Z"),
            entry("d", "2026-09-01T07:00:00Z"),
            entry("a", "2026-09-08T07:00:00Z"),
            entry("c", "2026-09-15T07:00:00Z"),
        ];
        let expected = ["c", "a", "b", "d"];
        assert_eq!(ids_in_order(&rss::write(&info(), &entries)), expected);
        assert_eq!(ids_in_order(&atom::write(&info(), &entries)), expected);
        assert_eq!(ids_in_order(&json::write(&info(), &entries)), expected);
    }

    #[test]
    fn an_id_stands_once_even_when_it_is_given_twice() {
        let twice = [
            entry("a", "2026-09-01T07:00:00Z"),
            entry("a", "2026-09-01T07:00:00Z"),
        ];
        assert_eq!(ids_in_order(&atom::write(&info(), &twice)), ["a"]);
    }

    #[test]
    fn the_order_in_which_entries_are_given_changes_nothing() {
        let forward = entries();
        let backward: Vec<Entry> = forward.iter().rev().cloned().collect();
        assert_eq!(
            rss::write(&info(), &forward),
            rss::write(&info(), &backward)
        );
    }

    #[test]
    fn a_tag_uri_is_the_authority_and_the_identity() {
        let id = IssueId::from_bytes([7; 16]);
        assert_eq!(
            tag_uri("letters.example.org,2026-11-23", &id),
            format!("tag:letters.example.org,2026-11-23:{id}")
        );
    }

    #[test]
    fn no_character_that_xml_forbids_survives() {
        let all: String = ('\u{0}'..='\u{FFFF}').collect();
        let clean = clean_xml_text(&all);
        assert!(clean.chars().all(|c| matches!(c, '\t' | '\n' | '\r')
            || ('\u{20}'..='\u{7E}').contains(&c)
            || ('\u{A0}'..='\u{FFFD}').contains(&c)));
        assert_eq!(clean_xml_text("a\u{C}b\u{0}c"), "a bc");
    }

    #[test]
    fn no_break_spaces_in_a_title_are_kept() {
        assert_eq!(clean_line(" 10\u{A0}am \n sharp"), "10\u{A0}am sharp");
    }
}
