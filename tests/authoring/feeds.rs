//! The three feeds: well-formed, equal in what they say, steady in their ids.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::newsroom;
use crate::support::newsroom::{Newsroom, id_of};

/// Essays with what breaks careless feeds: markup in titles, CDATA's end, other scripts.
fn small() -> Newsroom {
    newsroom()
        .config("description = \"Letters & <tests>\"")
        .essay_with(
            "2026-12-01-plain",
            "Plain & <simple> ]]> \"quoted\"",
            "summary = \"A summary & more\"\ntags = [\"craft\", \"a & b\"]",
            "Text with `]]>` and [a link](../other/) and a note[^1].\n\n[^1]: The *note*.\n",
        )
        .essay_with(
            "2026-12-08-далеко",
            "Письмо",
            "slug = \"pismo\"\nlanguage = \"ru\"\nauthor = \"Редактор\"\nupdated = 2026-12-09T10:00:00Z",
            "Привет, **мир** 📮\n",
        )
        .essay_with(
            "2026-12-15-moved",
            "Moved here",
            "feed_id = \"https://old.example.net/?p=7\"",
            "An ![image](https://example.net/a.png).\n",
        )
}

fn built(room: &Newsroom) {
    room.run(["-q", "build"]).succeeds();
}

/// The ids of the entries, as each feed spells them, newest first.
fn ids(room: &Newsroom) -> [Vec<String>; 3] {
    let rss: rss::Channel = room.read("public/feed.xml").parse().unwrap();
    let atom: atom_syndication::Feed = room.read("public/atom.xml").parse().unwrap();
    let json: serde_json::Value = serde_json::from_str(&room.read("public/feed.json")).unwrap();
    let items = json["items"].as_array().unwrap().iter();
    [
        (rss.items().iter())
            .map(|item| item.guid().unwrap().value().to_owned())
            .collect(),
        (atom.entries().iter())
            .map(|entry| entry.id().to_owned())
            .collect(),
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect(),
    ]
}

#[test]
fn the_feeds_of_a_small_publication() {
    let room = small();
    built(&room);
    insta::assert_snapshot!("rss", room.read("public/feed.xml"));
    insta::assert_snapshot!("atom", room.read("public/atom.xml"));
    insta::assert_snapshot!("json", room.read("public/feed.json"));
}

#[test]
fn feeds_are_well_formed_with_and_without_issues() {
    for room in [small(), newsroom()] {
        built(&room);
        for file in ["feed.xml", "atom.xml"] {
            let text = room.read(&format!("public/{file}"));
            let mut reader = Reader::from_str(&text);
            let mut depth = 0_i32;
            loop {
                match reader
                    .read_event()
                    .unwrap_or_else(|error| panic!("{file}: {error}\n{text}"))
                {
                    Event::Start(start) => {
                        depth += 1;
                        for attribute in start.attributes() {
                            attribute.unwrap();
                        }
                    }
                    Event::End(_) => depth -= 1,
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(depth, 0, "{file}");
        }
        serde_json::from_str::<serde_json::Value>(&room.read("public/feed.json")).unwrap();
    }
}

#[test]
fn an_entry_has_the_same_id_in_all_three_feeds() {
    let room = small();
    built(&room);
    let [rss, atom, json] = ids(&room);
    assert_eq!(rss, atom);
    assert_eq!(rss, json);
    assert_eq!(
        rss,
        [
            "https://old.example.net/?p=7".to_owned(),
            format!(
                "tag:letters.example.org,2026:{}",
                id_of("2026-12-08-далеко")
            ),
            format!("tag:letters.example.org,2026:{}", id_of("2026-12-01-plain")),
        ]
    );
}

#[test]
fn another_name_date_and_domain_keep_the_entrys_id() {
    let room = small();
    built(&room);
    let [before, ..] = ids(&room);
    let from = room.path("issues/2026-12-01-plain.md");
    std::fs::rename(from, room.path("issues/2026-12-02-quite-plain.md")).unwrap();
    let room = room.config("base_url = \"https://elsewhere.example.com/\"");
    built(&room);
    assert_eq!(ids(&room)[0], before);
    assert!(
        room.read("public/feed.xml")
            .contains("https://elsewhere.example.com/issues/quite-plain/")
    );
    assert!(!room.has("public/issues/plain"));
}

#[test]
fn feeds_hold_the_newest_issues_and_the_archive_all() {
    let room = small().table("[feeds]\nentries = 2");
    built(&room);
    assert_eq!(ids(&room)[0].len(), 2);
    assert!(room.read("public/index.html").contains("/issues/plain/"));
}

#[test]
fn readers_find_the_same_words_and_absolute_links_in_every_feed() {
    let room = small();
    built(&room);
    let rss: rss::Channel = room.read("public/feed.xml").parse().unwrap();
    let atom: atom_syndication::Feed = room.read("public/atom.xml").parse().unwrap();
    let json: serde_json::Value = serde_json::from_str(&room.read("public/feed.json")).unwrap();
    for (number, item) in rss.items().iter().enumerate() {
        // The reader of RSS trims what it reads.
        let html = item.content().unwrap().trim();
        let entry = &atom.entries()[number];
        assert_eq!(entry.content().unwrap().value().unwrap().trim(), html);
        let json_html = json["items"][number]["content_html"].as_str().unwrap();
        assert_eq!(json_html.trim(), html);
        assert_eq!(json["items"][number]["title"].as_str(), item.title());
        assert_eq!(entry.title().as_str(), item.title().unwrap());
        for attribute in ["href=\"", "src=\""] {
            for rest in html.split(attribute).skip(1) {
                assert!(rest.starts_with("https://"), "{rest}");
            }
        }
    }
}
