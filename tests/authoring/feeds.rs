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
    room.run(["-q", "build"]).exits(0);
    assert_eq!(ids(&room)[0], before);
    assert!(
        room.read("public/feed.xml")
            .contains("https://elsewhere.example.com/issues/quite-plain/")
    );
    let old = room.read("public/issues/plain/index.html");
    assert!(old.contains("url=https://elsewhere.example.com/issues/quite-plain/"));
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

#[test]
fn a_logo_is_published_under_the_name_of_its_content_and_shown_in_every_feed() {
    // The smallest PNG of 2 by 2 pixels.
    let png = data_encoding::BASE64
        .decode(b"iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAQAAAABazTCJAAAAC0lEQVR4nGNgQAYAAA4AAcxwBCEAAAAASUVORK5CYII=")
        .unwrap();
    let room = small().config("logo = \"art/logo.png\"");
    room.write("art/logo.png", &png);
    built(&room);
    let name = room
        .files("public/assets")
        .into_iter()
        .find(|name| name.starts_with("logo-"))
        .unwrap();
    for feed in ["feed.xml", "atom.xml", "feed.json"] {
        let url = format!("https://letters.example.org/assets/{name}");
        assert!(
            room.read(&format!("public/{feed}")).contains(&url),
            "{feed}"
        );
    }
}

#[test]
fn a_logo_that_cannot_be_shown_is_an_error() {
    let room = small().config("logo = \"logo.png\"");
    room.run(["build"])
        .fails(1)
        .stderr_contains("there is no `logo.png`")
        .stderr_contains("`logo` in postrider.toml names it");
    room.write("logo.png", "no picture");
    room.run(["build"])
        .fails(1)
        .stderr_contains("`logo.png` is not a PNG, JPEG or GIF picture");
    assert!(!room.has("public/index.html"));
    std::fs::remove_file(room.path("logo.png")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", room.path("logo.png")).unwrap();
    room.run(["build"])
        .fails(1)
        .stderr_contains("`logo.png` leads out of the publication");
    for (logo, message) in [
        ("../logo.png", "is not a file in the publication's folder"),
        ("logo.svg", "feed readers do not show a logo of this kind"),
        ("ftp://example.org/logo.png", "is not an https address"),
    ] {
        let room = small().config(&format!("logo = \"{logo}\""));
        room.run(["build"])
            .fails(1)
            .stderr_contains(message)
            .stderr_contains("postrider.toml:");
    }
}

#[test]
fn a_hub_stands_in_all_three_feeds_and_must_be_an_address() {
    let room = small().table("[feeds]\nhub = [\"https://hub.example.net/\"]");
    built(&room);
    for feed in ["feed.xml", "atom.xml", "feed.json"] {
        let text = room.read(&format!("public/{feed}"));
        assert!(text.contains("https://hub.example.net/"), "{feed}");
    }
    small()
        .table("[feeds]\nhub = [\"hub.example.net\"]")
        .run(["build"])
        .fails(1)
        .stderr_contains("`hub` is not the address of a hub")
        .stderr_contains("postrider.toml:");
}

#[test]
fn a_feed_that_is_too_large_for_some_readers_is_told_of() {
    let long = "A sentence of some length that says nothing. ".repeat(4000);
    let room = newsroom().essay("2026-12-01-long", "Long", &long).essay(
        "2026-12-08-longer",
        "Longer",
        &long,
    );
    room.run(["build"])
        .exits(0)
        .stderr_contains("warning: `feed.json` has 3")
        .stderr_contains("some feed readers take no JSON of more than 250 KB");
    let room = room.table("[feeds]\nentries = 1");
    room.run(["-q", "build"]).succeeds();
}
