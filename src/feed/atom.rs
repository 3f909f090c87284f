//! Atom 1.0 (RFC 4287).

use atom_syndication::{
    Category, Content, Entry as AtomEntry, Feed as AtomFeed, FixedDateTime, Generator, Link,
    Person, Text, WriteConfig,
};
use chrono::{DateTime, SubsecRound, Utc};

use super::{Entry, Feed, FeedInfo, xml_prologue};

/// The feed as Atom; `Content-Type: application/atom+xml; charset=utf-8`.
pub fn write(info: &FeedInfo, entries: &[Entry]) -> String {
    let feed = Feed::new(info, entries);
    let config = WriteConfig {
        write_document_declaration: false,
        indent_size: Some(2),
    };
    // Writing into memory has no way to fail.
    let bytes = atom_feed(&feed)
        .write_with_config(Vec::new(), config)
        .unwrap_or_default();
    let xml = String::from_utf8(bytes).unwrap_or_default();
    format!(
        "{}{}\n",
        xml_prologue(&feed.stylesheet_url()),
        with_zulu_dates(xml.trim())
    )
}

/// The crate writes `+00:00` where readers and validators are used to `Z` (RFC 4287 §3.3). All
/// text is escaped, so these end tags can only be the elements' own.
fn with_zulu_dates(xml: &str) -> String {
    xml.replace("+00:00</updated>", "Z</updated>")
        .replace("+00:00</published>", "Z</published>")
}

fn atom_feed(feed: &Feed) -> AtomFeed {
    let info = &feed.info;
    AtomFeed {
        id: info.id.clone(),
        title: Text::plain(info.title.clone()),
        subtitle: (!info.description.is_empty()).then(|| Text::plain(info.description.clone())),
        // Required even where nothing has changed yet (§4.1.1): the epoch, which any entry follows.
        updated: fixed(feed.last_change().unwrap_or_default()),
        authors: vec![Person {
            name: info.author.clone(),
            email: info.author_email.clone(),
            ..Person::default()
        }],
        links: vec![
            Link {
                href: info.atom_url.clone(),
                rel: "self".to_owned(),
                mime_type: Some("application/atom+xml".to_owned()),
                ..Link::default()
            },
            page_link(&info.base_url),
        ],
        generator: Some(Generator {
            value: "Postrider".to_owned(),
            ..Generator::default()
        }),
        lang: Some(info.language.clone()),
        entries: feed.entries.iter().map(atom_entry).collect(),
        ..AtomFeed::default()
    }
}

fn atom_entry(entry: &Entry) -> AtomEntry {
    AtomEntry {
        id: entry.id.clone(),
        title: Text {
            lang: entry.language.clone(),
            ..Text::plain(entry.title.clone())
        },
        published: Some(fixed(entry.published)),
        updated: fixed(entry.last_change()),
        // Several readers show no author where only the feed has one.
        authors: vec![Person {
            name: entry.author.clone(),
            ..Person::default()
        }],
        categories: entry
            .tags
            .iter()
            .map(|tag| Category {
                term: tag.clone(),
                ..Category::default()
            })
            .collect(),
        links: vec![page_link(&entry.url)],
        summary: (!entry.summary.is_empty()).then(|| Text {
            lang: entry.language.clone(),
            ..Text::plain(entry.summary.clone())
        }),
        content: Some(Content {
            value: Some(entry.content_html.clone()),
            content_type: Some("html".to_owned()),
            lang: entry.language.clone(),
            ..Content::default()
        }),
        ..AtomEntry::default()
    }
}

fn page_link(url: &str) -> Link {
    Link {
        href: url.to_owned(),
        rel: "alternate".to_owned(),
        mime_type: Some("text/html".to_owned()),
        ..Link::default()
    }
}

/// The type that the crate asks for, in whole seconds: it would write nanoseconds.
fn fixed(instant: DateTime<Utc>) -> FixedDateTime {
    instant.trunc_subsecs(0).fixed_offset()
}

#[cfg(test)]
mod tests {
    use super::super::examples::{entries, entry, info, instant};
    use super::*;

    fn parsed(xml: &str) -> AtomFeed {
        AtomFeed::read_from(xml.as_bytes()).unwrap()
    }

    #[test]
    fn the_whole_feed_reads_as_expected() {
        insta::assert_snapshot!("atom", write(&info(), &entries()));
    }

    #[test]
    fn a_hostile_title_comes_back_as_it_was_without_its_control_characters() {
        let feed = parsed(&write(&info(), &entries()));
        assert_eq!(
            feed.entries()[0].title().value,
            "A ]]> B </title> & <b>C</b> D"
        );
        let content = feed.entries()[0].content().unwrap().value().unwrap();
        assert!(content.contains("<code>]]&gt;</code> ]]> [0m <a"));
    }

    #[test]
    fn dates_are_in_whole_seconds_and_end_with_z() {
        let xml = write(&info(), &entries());
        assert!(xml.contains("<published>2026-09-08T07:00:00Z</published>"));
        assert!(xml.contains("<updated>2026-09-20T06:30:15Z</updated>"));
    }

    #[test]
    fn a_date_in_the_text_is_not_touched() {
        let mut quoting = entry("quoting", "2026-09-01T07:00:00Z");
        quoting.content_html = "<p>+00:00</updated></p>".to_owned();
        let feed = parsed(&write(&info(), &[quoting]));
        assert_eq!(
            feed.entries()[0].content().unwrap().value(),
            Some("<p>+00:00</updated></p>")
        );
    }

    #[test]
    fn an_entry_cannot_be_updated_before_it_was_published() {
        let early = Entry {
            updated: Some(instant("2026-08-01T00:00:00Z")),
            ..entry("early", "2026-09-01T07:00:00Z")
        };
        let feed = parsed(&write(&info(), &[early]));
        assert_eq!(
            feed.entries()[0].updated().to_rfc3339(),
            "2026-09-01T07:00:00+00:00"
        );
    }

    #[test]
    fn a_feed_without_entries_has_every_required_element() {
        let feed = parsed(&write(&info(), &[]));
        assert_eq!(feed.id(), info().id);
        assert_eq!(feed.updated().to_rfc3339(), "1970-01-01T00:00:00+00:00");
        assert_eq!(feed.authors()[0].name(), "The editors");
    }

    #[test]
    fn a_publication_without_an_author_is_its_own() {
        let mut nameless = info();
        nameless.author.clear();
        let feed = parsed(&write(&nameless, &entries()));
        assert_eq!(feed.authors()[0].name(), "The Slow Post & Co.");
        assert_eq!(feed.entries()[1].authors()[0].name(), "The Slow Post & Co.");
    }
}
