//! Atom 1.0 (RFC 4287).

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{
    Category, Content, Entry as AtomEntry, Feed as AtomFeed, FixedDateTime, Generator, Link,
    Person, Text, WriteConfig,
};
use chrono::{DateTime, SubsecRound, Utc};

use super::{Document, Entry, Format, HISTORY, xml_prologue};

/// The document as Atom.
pub(super) fn write(document: &Document<'_>) -> String {
    let config = WriteConfig {
        write_document_declaration: false,
        indent_size: Some(2),
    };
    // Writing into memory has no way to fail.
    let bytes = atom_feed(document)
        .write_with_config(Vec::new(), config)
        .unwrap_or_default();
    let xml = String::from_utf8(bytes).unwrap_or_default();
    format!(
        "{}{}\n",
        xml_prologue(&document.stylesheet_url(Format::Atom)),
        with_zulu_dates(xml.trim())
    )
}

/// The crate writes `+00:00` where readers and validators are used to `Z` (RFC 4287 §3.3). All
/// text is escaped, so these end tags can only be the elements' own.
fn with_zulu_dates(xml: &str) -> String {
    xml.replace("+00:00</updated>", "Z</updated>")
        .replace("+00:00</published>", "Z</published>")
}

fn atom_feed(document: &Document<'_>) -> AtomFeed {
    let info = &document.info;
    let links = document.links(Format::Atom).into_iter();
    AtomFeed {
        id: info.id.clone(),
        title: Text::plain(info.title.clone()),
        subtitle: plain_if_any(&info.description),
        rights: plain_if_any(&info.copyright),
        // Required even where nothing has changed yet (§4.1.1): the epoch, which any entry follows.
        updated: fixed(document.last_change().unwrap_or_default()),
        authors: vec![Person {
            name: info.author.clone(),
            email: info.author_email.clone(),
            ..Person::default()
        }],
        links: links
            .map(|(rel, href)| feed_link(rel, href))
            .chain([page_link(&document.page_url())])
            .collect(),
        generator: Some(Generator {
            value: "Postrider".to_owned(),
            ..Generator::default()
        }),
        logo: info.logo.as_ref().map(|logo| logo.url.clone()),
        // §4.2.5: an icon is square.
        icon: info
            .logo
            .as_ref()
            .filter(|logo| logo.is_square())
            .map(|logo| logo.url.clone()),
        lang: Some(info.language.clone()),
        entries: document.entries.iter().map(atom_entry).collect(),
        extensions: document.history_mark().map(history).unwrap_or_default(),
        namespaces: BTreeMap::from([(HISTORY.0.to_owned(), HISTORY.1.to_owned())]),
        ..AtomFeed::default()
    }
}

fn plain_if_any(text: &str) -> Option<Text> {
    (!text.is_empty()).then(|| Text::plain(text.to_owned()))
}

fn history(name: &str) -> ExtensionMap {
    let mark = Extension {
        name: format!("{}:{name}", HISTORY.0),
        // Nothing, on one line: without it the element would be indented.
        value: Some(String::new()),
        ..Extension::default()
    };
    let marks = BTreeMap::from([(name.to_owned(), vec![mark])]);
    BTreeMap::from([(HISTORY.0.to_owned(), marks)])
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

fn feed_link(rel: &str, href: String) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        mime_type: (rel != "hub").then(|| Format::Atom.media_type().to_owned()),
        ..Link::default()
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
    use super::super::tests::{entries, entry, info, instant, written};
    use super::*;

    fn parsed(xml: &str) -> AtomFeed {
        AtomFeed::read_from(xml.as_bytes()).unwrap()
    }

    #[test]
    fn the_whole_feed_reads_as_expected() {
        insta::assert_snapshot!("atom", written(Format::Atom, &info(), &entries()));
    }

    #[test]
    fn a_hostile_title_comes_back_as_it_was_without_its_control_characters() {
        let feed = parsed(&written(Format::Atom, &info(), &entries()));
        assert_eq!(
            feed.entries()[0].title().value,
            "A ]]> B </title> & <b>C</b> D"
        );
        let content = feed.entries()[0].content().unwrap().value().unwrap();
        assert!(content.contains("<code>]]&gt;</code> ]]> [0m <a"));
    }

    #[test]
    fn dates_are_in_whole_seconds_and_end_with_z() {
        let xml = written(Format::Atom, &info(), &entries());
        assert!(xml.contains("<published>2026-09-08T07:00:00Z</published>"));
        assert!(xml.contains("<updated>2026-09-20T06:30:15Z</updated>"));
    }

    #[test]
    fn a_date_in_the_text_is_not_touched() {
        let mut quoting = entry("quoting", "2026-09-01T07:00:00Z");
        quoting.content_html = "<p>+00:00</updated></p>".to_owned();
        let feed = parsed(&written(Format::Atom, &info(), &[quoting]));
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
        let feed = parsed(&written(Format::Atom, &info(), &[early]));
        assert_eq!(
            feed.entries()[0].updated().to_rfc3339(),
            "2026-09-01T07:00:00+00:00"
        );
    }

    #[test]
    fn a_feed_without_entries_has_every_required_element() {
        let feed = parsed(&written(Format::Atom, &info(), &[]));
        assert_eq!(feed.id(), info().id);
        assert_eq!(feed.updated().to_rfc3339(), "1970-01-01T00:00:00+00:00");
        assert_eq!(feed.authors()[0].name(), "The editors");
    }

    #[test]
    fn a_publication_without_an_author_is_its_own() {
        let mut nameless = info();
        nameless.author.clear();
        let feed = parsed(&written(Format::Atom, &nameless, &entries()));
        assert_eq!(feed.authors()[0].name(), "The Slow Post & Co.");
        assert_eq!(feed.entries()[1].authors()[0].name(), "The Slow Post & Co.");
    }
}
