//! What all three formats have to agree on, and the publication on which each is tested.

use chrono::{DateTime, Utc};

use super::*;

pub(super) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn info() -> FeedInfo {
    FeedInfo {
        id: feed_tag_uri("letters.example.org,2026-09-01"),
        title: "The Slow Post & Co.".to_owned(),
        description: "Letters about <letters>".to_owned(),
        author: "The editors".to_owned(),
        language: "en".to_owned(),
        base_url: "https://letters.example.org/".to_owned(),
        folder: String::new(),
        copyright: String::new(),
        author_email: Some("letters@example.org".to_owned()),
        logo: None,
        hubs: Vec::new(),
    }
}

pub(super) fn entry(id: &str, published: &str) -> Entry {
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
        image: None,
    }
}

/// An old entry that was corrected, and a new one in which everything is hostile.
pub(super) fn entries() -> Vec<Entry> {
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

/// The subscribers' document of a feed that has no other.
pub(super) fn written(format: Format, info: &FeedInfo, entries: &[Entry]) -> String {
    let part = Part::newest(entries.len(), entries.len());
    Document::new(info, &part, entries).write(format)
}

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
    assert_eq!(
        ids_in_order(&written(Format::Rss, &info(), &entries)),
        expected
    );
    assert_eq!(
        ids_in_order(&written(Format::Atom, &info(), &entries)),
        expected
    );
    assert_eq!(
        ids_in_order(&written(Format::Json, &info(), &entries)),
        expected
    );
}

#[test]
fn an_id_stands_once_even_when_it_is_given_twice() {
    let twice = [
        entry("a", "2026-09-01T07:00:00Z"),
        entry("a", "2026-09-01T07:00:00Z"),
    ];
    assert_eq!(ids_in_order(&written(Format::Atom, &info(), &twice)), ["a"]);
}

#[test]
fn the_order_in_which_entries_are_given_changes_nothing() {
    let forward = entries();
    let backward: Vec<Entry> = forward.iter().rev().cloned().collect();
    assert_eq!(
        written(Format::Rss, &info(), &forward),
        written(Format::Rss, &info(), &backward)
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

/// A publication of seven letters, three in each document.
fn paged() -> (FeedInfo, Vec<Entry>, Vec<Part>) {
    let info = FeedInfo {
        hubs: vec!["https://hub.example.net/?a=1&b=2".to_owned()],
        logo: Some(Logo {
            url: "https://letters.example.org/assets/logo.png".to_owned(),
            size: Some((512, 512)),
        }),
        copyright: "© The editors".to_owned(),
        ..info()
    };
    let entries: Vec<Entry> = (1..=7)
        .rev()
        .map(|day| entry(&format!("day-{day}"), &format!("2026-09-0{day}T07:00:00Z")))
        .collect();
    let parts = parts(entries.len(), 3);
    (info, entries, parts)
}

fn part_in(format: Format, part: usize) -> String {
    let (info, entries, parts) = paged();
    let part = &parts[part];
    Document::new(&info, part, &entries[part.entries.clone()]).write(format)
}

#[test]
fn a_feed_of_several_documents_links_each_to_its_neighbours() {
    let links = |text: &str, prefix: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with(prefix) && !line.contains("alternate"))
            .map(str::to_owned)
            .collect()
    };
    for (format, prefix) in [(Format::Rss, "<atom:link"), (Format::Atom, "<link")] {
        let all: Vec<_> = (0..3)
            .map(|part| links(&part_in(format, part), prefix).join("\n"))
            .collect();
        insta::assert_snapshot!(format!("links-{format:?}"), all.join("\n\n"));
    }
}

#[test]
fn an_archive_says_that_it_is_one_and_a_whole_feed_that_it_is_whole() {
    for format in [Format::Rss, Format::Atom] {
        assert!(!part_in(format, 0).contains("<fh:"));
        assert!(part_in(format, 1).contains("<fh:archive></fh:archive>"));
        let whole = written(format, &info(), &entries());
        assert!(whole.contains("<fh:complete></fh:complete>"));
    }
}

#[test]
fn a_json_feed_leads_on_to_what_is_older() {
    let read =
        |part| -> serde_json::Value { serde_json::from_str(&part_in(Format::Json, part)).unwrap() };
    let archive = "https://letters.example.org/feeds/archive-";
    assert_eq!(read(0)["next_url"], format!("{archive}2.json"));
    assert_eq!(read(2)["next_url"], format!("{archive}1.json"));
    assert_eq!(read(2)["feed_url"], format!("{archive}2.json"));
    assert_eq!(read(1).get("next_url"), None);
}

#[test]
fn hubs_stand_where_something_new_will_be() {
    for format in Format::ALL {
        assert!(part_in(format, 0).contains("https://hub.example.net/?a=1"));
        assert!(!part_in(format, 1).contains("hub.example.net"));
    }
    let json: serde_json::Value = serde_json::from_str(&part_in(Format::Json, 0)).unwrap();
    let hub = serde_json::json!([{"type": "WebSub", "url": "https://hub.example.net/?a=1&b=2"}]);
    assert_eq!(json["hubs"], hub);
}

#[test]
fn every_format_shows_the_logo_and_whose_words_these_are() {
    let logo = "https://letters.example.org/assets/logo.png";
    let channel: ::rss::Channel = part_in(Format::Rss, 0).parse().unwrap();
    let image = channel.image().unwrap();
    assert_eq!((image.url(), image.title()), (logo, channel.title()));
    assert_eq!(image.link(), channel.link());
    // As large as RSS 2.0 lets it be.
    assert_eq!((image.width(), image.height()), (Some("144"), Some("144")));
    assert_eq!(channel.copyright(), Some("© The editors"));

    let atom: atom_syndication::Feed = part_in(Format::Atom, 0).parse().unwrap();
    assert_eq!((atom.logo(), atom.icon()), (Some(logo), Some(logo)));
    assert_eq!(atom.rights().unwrap().value, "© The editors");

    let json: serde_json::Value = serde_json::from_str(&part_in(Format::Json, 0)).unwrap();
    assert_eq!(json["icon"], logo);
}

#[test]
fn a_banner_is_no_icon() {
    let banner = FeedInfo {
        logo: Some(Logo {
            url: "https://letters.example.org/banner.png".to_owned(),
            size: Some((600, 300)),
        }),
        ..info()
    };
    let atom = written(Format::Atom, &banner, &entries());
    assert!(atom.contains("<logo>") && !atom.contains("<icon>"));
    assert!(!written(Format::Json, &banner, &entries()).contains("\"icon\""));
    let rss = written(Format::Rss, &banner, &entries());
    assert!(rss.contains("<width>144</width>") && rss.contains("<height>72</height>"));
}
