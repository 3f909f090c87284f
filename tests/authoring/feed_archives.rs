//! The archives of the feeds (RFC 5005 §4): a reader or a cache that has one of them has it for good.

use std::collections::{BTreeMap, BTreeSet};

use super::{bytes_of, newsroom};
use crate::support::newsroom::Newsroom;

type Files = BTreeMap<String, Vec<u8>>;

/// Seven letters, three in each document of a feed, built.
fn paged() -> Newsroom {
    let room = (1..=7).fold(newsroom().table("[feeds]\nentries = 3"), with_day);
    built(&room);
    room
}

fn with_day(room: Newsroom, day: usize) -> Newsroom {
    let stem = format!("2026-12-{day:02}-day-{day}");
    room.essay(&stem, &format!("Day {day}"), "Words.\n")
}

fn built(room: &Newsroom) {
    room.run(["-q", "build"]).succeeds();
}

/// What differs between two archives of the publication, by path; the list of files is no file of it.
fn changed(before: &Files, after: &Files) -> BTreeSet<String> {
    let paths = before.keys().chain(after.keys());
    paths
        .filter(|path| !path.starts_with('.') && before.get(*path) != after.get(*path))
        .cloned()
        .collect()
}

/// The same for the archives of the feeds alone.
fn changed_archives(before: &Files, after: &Files) -> BTreeSet<String> {
    let mut changed = changed(before, after);
    changed.retain(|path| path.starts_with("feeds/"));
    changed
}

fn set<const N: usize>(paths: [&str; N]) -> BTreeSet<String> {
    paths.map(str::to_owned).into()
}

/// Edits the letter of a day.
fn edit(room: &Newsroom, day: usize, from: &str, to: &str) {
    let path = format!("issues/2026-12-{day:02}-day-{day}.md");
    let text = room.read(&path);
    assert!(text.contains(from), "{text}");
    room.write(&path, text.replace(from, to));
}

/// Follows a reader's way through RSS from the feed to its oldest archive.
fn titles_by_document(room: &Newsroom) -> Vec<Vec<String>> {
    let mut documents = Vec::new();
    let mut path = "feed.xml".to_owned();
    loop {
        let channel: rss::Channel = room.read(&format!("public/{path}")).parse().unwrap();
        let titles = channel.items().iter().map(|item| item.title().unwrap());
        documents.push(titles.map(str::to_owned).collect());
        let links = channel.atom_ext().unwrap().links();
        let Some(previous) = links.iter().find(|link| link.rel == "prev-archive") else {
            return documents;
        };
        let base = "https://letters.example.org/";
        path = previous.href.replacen(base, "", 1);
    }
}

#[test]
fn a_reader_who_follows_the_archives_gets_every_issue() {
    let room = paged();
    assert_eq!(
        titles_by_document(&room),
        [
            ["Day 7", "Day 6", "Day 5"],
            ["Day 6", "Day 5", "Day 4"],
            ["Day 3", "Day 2", "Day 1"],
        ]
    );
}

#[test]
fn a_new_issue_changes_no_byte_of_an_archive_but_tells_the_last_one_of_the_next() {
    let mut room = paged();
    let mut before = bytes_of(&room, "public");
    for day in 8..=14 {
        room = with_day(room, day);
        built(&room);
        let after = bytes_of(&room, "public");
        // An archive appears when three issues are older than the subscribers' newest three but one.
        let (last, is_new) = ((day - 1) / 3, (day - 1) % 3 == 0);
        let expected = match (is_new, last - 1) {
            (false, _) => BTreeSet::new(),
            (true, previous) => [
                format!("feeds/archive-{last}.xml"),
                format!("feeds/archive-{last}.atom"),
                format!("feeds/archive-{last}.json"),
                format!("feeds/archive-{previous}.xml"),
                format!("feeds/archive-{previous}.atom"),
            ]
            .into(),
        };
        assert_eq!(changed_archives(&before, &after), expected, "day {day}");
        for path in expected.iter().filter(|path| before.contains_key(*path)) {
            let text = |files: &Files| String::from_utf8(files[path].clone()).unwrap();
            let (before, after) = (text(&before), text(&after));
            let is_the_link = |line: &&str| line.contains("rel=\"next-archive\"");
            let (links, rest): (Vec<&str>, Vec<&str>) = after.lines().partition(is_the_link);
            assert_eq!(rest, before.lines().collect::<Vec<_>>(), "{path}");
            assert_eq!(links.len(), 1, "{path}");
        }
        before = after;
    }
}

#[test]
fn a_correction_of_the_newest_issue_changes_no_archive() {
    let room = paged();
    let before = bytes_of(&room, "public");
    edit(&room, 7, "Words.", "Other words.");
    edit(
        &room,
        7,
        "title =",
        "updated = 2026-12-09T10:00:00Z\ntitle =",
    );
    built(&room);
    let after = bytes_of(&room, "public");
    assert_eq!(changed_archives(&before, &after), set([]));
    for feed in ["feed.xml", "atom.xml", "feed.json"] {
        assert_ne!(before[feed], after[feed], "{feed}");
    }
}

#[test]
fn an_edit_of_an_old_issue_changes_its_page_and_its_own_archive_and_nothing_else() {
    for (day, archive) in [(1, 1), (3, 1), (4, 2)] {
        let room = paged();
        let before = bytes_of(&room, "public");
        edit(&room, day, "Words.", "Words.\n\nAnd others.");
        built(&room);
        let expected = [
            format!("issues/day-{day}/index.html"),
            format!("feeds/archive-{archive}.xml"),
            format!("feeds/archive-{archive}.atom"),
            format!("feeds/archive-{archive}.json"),
        ];
        let after = bytes_of(&room, "public");
        assert_eq!(changed(&before, &after), expected.into(), "day {day}");
    }
}
