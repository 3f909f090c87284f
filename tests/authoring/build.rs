//! `build`: which files, which bytes, and nobody else's files.

use std::time::{Duration, SystemTime};

use super::{between, bytes_of, newsroom, times_of};
use crate::support::newsroom::Newsroom;

/// The files of the archive without their compressed twins.
fn texts(room: &Newsroom) -> Vec<String> {
    let mut files = room.files("public");
    files.retain(|file| !matches!(file.rsplit_once('.'), Some((_, "gz" | "br"))));
    files
}

/// Three essays on three dates, one of them with an earlier name.
fn three() -> Newsroom {
    newsroom()
        .essay("2026-12-01-first", "First", "The *first*.\n")
        .essay_with(
            "2026-12-08-second",
            "Second",
            "aliases = [\"an-older-name\"]",
            "The second, with a [link](/elsewhere).\n",
        )
        .essay("2026-12-15-third", "Third", "The third.\n")
}

/// What can be read of a published file; some are pictures.
fn text_of(room: &Newsroom, file: &str) -> String {
    let bytes = room.read_bytes(&format!("public/{file}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_same_essays_give_the_same_bytes_in_every_folder_and_at_every_later_time() {
    let (one, other) = (three(), three().now("2031-01-01T00:00:00Z"));
    one.run(["build"]).succeeds();
    other.run(["build"]).succeeds();
    assert_eq!(bytes_of(&one, "public"), bytes_of(&other, "public"));
}

#[test]
fn a_file_is_written_only_when_its_bytes_change() {
    let room = three();
    room.run(["build"]).succeeds();
    // A time that no write of this test can give a file.
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for file in room.files("public") {
        let file = std::fs::File::options()
            .write(true)
            .open(room.path("public").join(file));
        file.unwrap().set_modified(old).unwrap();
    }
    room.run(["build"])
        .succeeds()
        .stdout_contains("0 files written");
    assert!(times_of(&room, "public").values().all(|time| *time == old));

    let text = room
        .read("issues/2026-12-01-first.md")
        .replace("*first*", "*very first*");
    room.write("issues/2026-12-01-first.md", text);
    room.run(["build"]).succeeds();
    let times = times_of(&room, "public");
    assert!(times["issues/first/index.html"] > old && times["feed.xml"] > old);
    assert_eq!(times["issues/third/index.html"], old);
    assert_eq!(times["assets/style.css"], old);
}

#[test]
fn what_is_fetched_again_and_again_has_twins_and_a_page_of_an_issue_has_none() {
    let room = three();
    room.run(["build"]).succeeds();
    let files = room.files("public");
    let has = |file: &str| files.iter().any(|there| there == file);
    for file in [
        "index.html",
        "feed.xml",
        "atom.xml",
        "feed.json",
        "assets/style.css",
    ] {
        for ending in ["gz", "br"] {
            assert!(has(&format!("{file}.{ending}")), "{file}.{ending}");
        }
    }
    assert!(has("issues/first/index.html"));
    let is_of_an_issue =
        |file: &&String| file.starts_with("issues/") && !file.ends_with("/index.html");
    assert_eq!(files.iter().find(is_of_an_issue), None);
}

#[cfg(unix)]
#[test]
fn a_folder_of_the_site_may_be_a_link_to_another_disk() {
    let room = three();
    std::fs::create_dir_all(room.path("public")).unwrap();
    std::fs::create_dir_all(room.path("disk")).unwrap();
    std::os::unix::fs::symlink(room.path("disk"), room.path("public/issues")).unwrap();
    room.run(["build"]).succeeds();
    assert!(text_of(&room, "issues/first/index.html").contains("first"));
    assert!(room.path("disk/second/index.html").exists());
    assert!(room.path("public/issues").is_symlink());
}

#[test]
fn only_what_build_wrote_is_removed() {
    let room = three();
    room.run(["build"]).succeeds();
    room.write("public/CNAME", "letters.example.org\n");
    room.write("public/issues/first/photo.jpg", "mine");
    std::fs::remove_file(room.path("issues/2026-12-01-first.md")).unwrap();
    std::fs::remove_file(room.path("issues/2026-12-15-third.md")).unwrap();
    // The pages of two issues, and the cards that went with them.
    room.run(["build"]).succeeds().stdout_contains("4 removed");
    assert!(room.has("public/CNAME") && room.has("public/issues/first/photo.jpg"));
    assert!(!room.has("public/issues/first/index.html"));
    assert!(!room.has("public/issues/third"));
}

#[test]
fn a_file_of_somebody_else_is_not_overwritten() {
    let room = three().file("public/index.html", "mine");
    room.run(["build"])
        .fails(1)
        .stderr_contains("index.html` is in the way")
        .stderr_contains("hint: ");
    assert_eq!(room.files("public"), ["index.html"]);
    assert_eq!(room.read("public/index.html"), "mine");
    room.run(["build", "--out", "elsewhere"]).succeeds();
    assert!(room.has("elsewhere/feed.xml"));
}

#[test]
fn what_a_killed_build_left_is_still_ours() {
    let room = three();
    room.run(["build"]).succeeds();
    // As after a kill in the middle: the list names all, one file is old and one is not there yet.
    room.write("public/issues/second/index.html", "half of");
    std::fs::remove_file(room.path("public/atom.xml")).unwrap();
    room.run(["build"])
        .succeeds()
        .stdout_contains("2 files written");
}

#[test]
fn issues_appear_when_their_time_has_come_and_drafts_never() {
    let room = three().essay_with("2026-12-02-secret", "Hush", "draft = true", "Not yet.\n");
    let places = ["index.html", "feed.xml", "atom.xml", "feed.json"];
    let cases = [
        ("2026-12-01T08:59:59Z", [false, false, false]),
        ("2026-12-01T09:00:00Z", [true, false, false]),
        ("2026-12-15T08:59:59Z", [true, true, false]),
        ("2026-12-15T09:00:00Z", [true, true, true]),
    ];
    for (now, public) in cases {
        room.run(["-q", "build", "--now", now]).succeeds();
        for (slug, is_public) in ["first", "second", "third"].into_iter().zip(public) {
            let url = format!("https://letters.example.org/issues/{slug}/");
            for place in places {
                let text = room.read(&format!("public/{place}"));
                assert_eq!(text.contains(&url), is_public, "{slug} in {place} at {now}");
            }
            assert_eq!(
                room.has(&format!("public/issues/{slug}/index.html")),
                is_public
            );
        }
        for file in texts(&room) {
            assert!(!text_of(&room, &file).contains("Hush"), "{file}");
        }
    }
}

#[test]
fn the_day_of_an_issue_is_a_day_in_the_publications_zone() {
    let room = three().config("time_zone = \"Pacific/Auckland\"\nsend_time = \"07:30\"");
    room.run(["-q", "build", "--now", "2026-11-30T18:29:59Z"])
        .succeeds();
    assert!(!room.has("public/issues/first"));
    room.run(["-q", "build", "--now", "2026-11-30T18:30:00Z"])
        .succeeds();
    let page = room.read("public/issues/first/index.html");
    assert!(page.contains("datetime=\"2026-12-01\""), "{page}");
}

#[test]
fn an_earlier_name_leads_to_the_present_one() {
    let room = three();
    room.run(["build"]).succeeds();
    let page = room.read("public/issues/an-older-name/index.html");
    assert!(
        page.contains("url=https://letters.example.org/issues/second/"),
        "{page}"
    );
    assert!(!room.read("public/feed.xml").contains("an-older-name"));
}

#[test]
fn a_publication_may_live_below_a_path() {
    let room = three().config("base_url = \"https://example.org/letters\"");
    room.run(["build"]).succeeds();
    for file in texts(&room) {
        let text = text_of(&room, &file);
        let foreign = text
            .replace("https://example.org/letters/", "")
            .replace("https://example.org/elsewhere", "");
        assert!(!foreign.contains("https://example.org"), "{file}: {text}");
        assert!(!foreign.contains("href=\"/"), "{file}: {text}");
    }
}

#[test]
fn a_page_names_its_neighbours_and_its_own_address() {
    let room = three();
    room.run(["build"]).succeeds();
    let page = room.read("public/issues/second/index.html");
    let canonical = between(&page, "rel=\"canonical\" href=\"", "\"");
    assert_eq!(canonical, "https://letters.example.org/issues/second/");
    assert!(page.contains("issues/first/") && page.contains("issues/third/"));
    assert!(page.contains("https://letters.example.org/elsewhere"));
}

#[test]
fn a_whole_page() {
    let room = three();
    room.run(["build"]).succeeds();
    let page = room.read("public/issues/second/index.html");
    // The stylesheet has an address of its own for each version.
    let version = between(&page, "style.css?v=", "\"");
    insta::assert_snapshot!(page.replace(version, "VERSION"));
}
