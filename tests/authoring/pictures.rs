//! The files of an issue's folder: one address in every channel, and nothing of anybody else's.

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// The essay of an issue that is a folder.
const ESSAY: &str = "issues/2026-12-01-seen/index.md";

/// A picture of this size, as far as its first bytes tell.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// A publication with one issue that is a folder.
fn seen(markdown: &str) -> Newsroom {
    newsroom().essay("2026-12-01-seen/index", "Seen", markdown)
}

/// The published files of issues.
fn assets(room: &Newsroom) -> Vec<String> {
    let mut files = room.files("public/assets");
    files.retain(|file| file.contains('/'));
    files
}

#[test]
fn a_picture_has_one_address_and_its_size_in_every_channel() {
    let room = seen("![A door](door.png) and ![a key](./small/key%201.svg)\n")
        .file("issues/2026-12-01-seen/door.png", png(1200, 800))
        .file(
            "issues/2026-12-01-seen/small/key 1.svg",
            "<svg viewBox='0 0 24 12'/>",
        );
    room.run(["build"]).succeeds();
    let files = assets(&room);
    assert_eq!(files.len(), 2, "{files:?}");
    let door = files.iter().find(|file| file.contains("/door-")).unwrap();
    assert_eq!(
        room.read_bytes(&format!("public/assets/{door}")),
        png(1200, 800)
    );
    let door = format!("https://letters.example.org/assets/{door}");
    let page = room.read("public/issues/seen/index.html");
    let image = format!(
        "<img src=\"{door}\" alt=\"A door\" width=\"1200\" height=\"800\" decoding=\"async\">"
    );
    assert!(page.contains(&image), "{page}");
    assert!(
        page.contains("/small/key%201-")
            && page.contains("width=\"24\" height=\"12\" loading=\"lazy\"")
    );
    for feed in ["feed.xml", "atom.xml", "feed.json"] {
        assert!(
            room.read(&format!("public/{feed}")).contains(&door),
            "{feed}"
        );
    }
}

#[test]
fn the_mail_names_the_same_address_and_no_width_beyond_its_column() {
    let room = seen("![A door](door.png)\n\n![An icon](icon.png)\n")
        .file("issues/2026-12-01-seen/door.png", png(1200, 800))
        .file("issues/2026-12-01-seen/icon.png", png(40, 40))
        .subscriber("ada@example.org", "Ada");
    let relay = ScriptedRelay::start();
    let room = room.relay(&relay).now("2026-12-01T09:00:00Z");
    room.run(["-q", "send", "seen", "--yes"]).succeeds();
    let letter = Letter::read(&relay.accepted()[0].data);
    let html = letter.html();
    for (name, width) in [("door", "552"), ("icon", "40")] {
        let image = html
            .split("<img")
            .find(|image| image.contains(&format!("/{name}-")));
        let image = image.unwrap_or_else(|| panic!("no {name} in {html}"));
        assert!(image.contains(&format!("width=\"{width}\"")), "{image}");
        assert!(
            image.contains("max-width:100%") && image.contains("height:auto"),
            "{image}"
        );
        assert!(
            image.contains("https://letters.example.org/assets/"),
            "{image}"
        );
        assert!(!image.contains("height=\""), "{image}");
    }
}

#[test]
fn the_address_changes_with_the_bytes_and_not_with_the_slug() {
    let room = seen("![A door](door.png)\n").file("issues/2026-12-01-seen/door.png", png(3, 2));
    room.run(["build"]).succeeds();
    let before = assets(&room);
    let text = room
        .read(ESSAY)
        .replace("title =", "slug = \"moved\"\ntitle =");
    room.write(ESSAY, text);
    room.run(["-q", "build"]).succeeds();
    assert_eq!(assets(&room), before);
    assert!(
        room.read("public/issues/moved/index.html")
            .contains(&before[0])
    );
    room.write("issues/2026-12-01-seen/door.png", png(4, 2));
    room.run(["-q", "build"]).succeeds();
    let after = room.read("public/issues/moved/index.html");
    assert!(!after.contains(&before[0]) && after.contains("width=\"4\""));
}

#[test]
fn a_link_to_a_file_of_the_folder_leads_to_it_and_other_links_to_pages() {
    let room = seen("[The paper](paper.pdf#page=2), [before](../first/), [nothing](no-file)\n")
        .file("issues/2026-12-01-seen/paper.pdf", "%PDF-1.7");
    room.run(["build"]).succeeds();
    let files = assets(&room);
    let page = room.read("public/issues/seen/index.html");
    assert!(
        page.contains(&format!(
            "https://letters.example.org/assets/{}#page=2\"",
            files[0]
        )),
        "{page}"
    );
    assert!(page.contains("href=\"https://letters.example.org/issues/first/\""));
    assert!(page.contains("href=\"https://letters.example.org/issues/seen/no-file\""));
}

#[test]
fn the_authors_own_html_finds_the_files_too() {
    let room = seen(
        "<video poster=\"still.png\"\n  controls><source src=film.mp4></video>\n\nSo <img src='still.png' alt='A still'> it is.\n",
    )
    .file("issues/2026-12-01-seen/still.png", png(2, 2))
    .file("issues/2026-12-01-seen/film.mp4", "film");
    room.run(["build"]).succeeds();
    let page = room.read("public/issues/seen/index.html");
    for name in ["film", "still"] {
        let files = assets(&room);
        let file = files.iter().find(|file| file.contains(name)).unwrap();
        assert!(
            page.contains(&format!("https://letters.example.org/assets/{file}")),
            "{page}"
        );
    }
    assert!(!page.contains("'still.png'") && !page.contains("src=film.mp4"));
}

#[test]
fn what_the_essay_does_not_refer_to_stays_private() {
    let room = seen("Words, and [a draft](draft.md).\n")
        .file("issues/2026-12-01-seen/unused.png", png(1, 1))
        .file("issues/2026-12-01-seen/.notes", "private")
        .file("issues/2026-12-01-seen/draft.md", "private");
    room.run(["build"]).exits(0);
    assert_eq!(assets(&room), [] as [&str; 0]);
    assert!(
        !room
            .files("public")
            .iter()
            .any(|file| file.contains("draft") || file.contains("notes"))
    );
}

#[test]
fn a_picture_that_mails_may_show_stays_as_long_as_its_issue() {
    let room = seen("![A door](door.png)\n").file("issues/2026-12-01-seen/door.png", png(3, 2));
    room.run(["build"]).succeeds();
    let first = assets(&room);
    room.write("issues/2026-12-01-seen/door.png", png(4, 2));
    room.run(["build"]).succeeds().stdout_contains("0 removed");
    let both = assets(&room);
    assert_eq!((first.len(), both.len()), (1, 2));
    assert!(both.contains(&first[0]));

    let text = room.read(ESSAY).replace("![A door](door.png)", "No door.");
    room.write(ESSAY, text);
    room.run(["build"]).succeeds().stdout_contains("0 removed");
    assert_eq!(assets(&room), both);
    // Who wants one to be gone takes it away, and it does not come back.
    std::fs::remove_file(room.path("public/assets").join(&first[0])).unwrap();
    room.run(["build"]).succeeds();
    assert_eq!(assets(&room).len(), 1);

    let text = room.read(ESSAY).replacen("+++\n", "+++\ndraft = true\n", 1);
    room.write(ESSAY, text);
    room.run(["build"]).exits(0);
    assert_eq!(assets(&room), [] as [&str; 0]);
}

#[test]
fn a_picture_that_cannot_be_published_is_told_with_its_place() {
    let cases = [
        ("gone.png", "there is no picture `gone.png`"),
        ("dor.png", "did you mean `door.png`?"),
        ("/etc/passwd", "lies outside of the issue's folder"),
        ("../secret.png", "lies outside of the issue's folder"),
        ("a/../../secret.png", "lies outside of the issue's folder"),
        ("%2e%2e/secret.png", "lies outside of the issue's folder"),
        ("link.png", "lies outside of the issue's folder"),
        ("linked/secret.png", "lies outside of the issue's folder"),
        ("fifo.png", "`fifo.png` is not a file"),
        ("small", "`small` is not a file"),
        (".hidden.png", "stays private"),
        ("code.svg", "the picture `code.svg` runs code"),
    ];
    let room = seen("Words.\n")
        .file("issues/2026-12-01-seen/door.png", png(3, 2))
        .file("issues/2026-12-01-seen/.hidden.png", png(3, 2))
        .file("issues/2026-12-01-seen/small/a.png", png(3, 2))
        .file("issues/2026-12-01-seen/code.svg", "<svg onload=\"a()\"/>")
        .file("issues/secret.png", png(3, 2));
    let folder = room.path("issues/2026-12-01-seen");
    std::os::unix::fs::symlink("../secret.png", folder.join("link.png")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("linked")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("fifo.png"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let essay = room.read(ESSAY);
    for (address, told) in cases {
        let line = format!("Look: ![A picture]({address})\n");
        room.write(ESSAY, essay.replace("Words.\n", &line));
        let output = room.run(["build"]).fails(1);
        let caret = format!("{ESSAY}:{}:20", essay.lines().count());
        output.stderr_contains(told).stderr_contains(&caret);
        assert!(!room.has("public"), "{address}");
        room.run(["check"]).fails(1).stderr_contains(told);
    }
    // Both are told at once.
    room.write(
        ESSAY,
        essay.replace("Words.", "![a](one.png) ![b](two.png)"),
    );
    let output = room.run(["build"]).fails(1);
    output.stderr_contains("one.png").stderr_contains("two.png");
}

#[test]
fn a_picture_that_is_huge_is_refused_and_so_is_a_huge_file() {
    let room = seen("![A door](door.png)\n").file("issues/2026-12-01-seen/door.png", png(3, 2));
    let file = std::fs::File::options()
        .write(true)
        .open(room.path("issues/2026-12-01-seen/door.png"))
        .unwrap();
    file.set_len(10 * 1024 * 1024 + 1).unwrap();
    let output = room.run(["build"]).fails(1);
    output
        .stderr_contains("`door.png` has 11 MB; at most 10 MB are published")
        .stderr_contains(&format!("{ESSAY}:"));
    file.set_len(10 * 1024 * 1024).unwrap();
    room.run(["build"]).succeeds();
    // Nobody has the memory for it: it is refused unread.
    file.set_len(1 << 40).unwrap();
    room.run(["build"])
        .fails(1)
        .stderr_contains("at most 100 MB");
}

#[test]
fn an_issue_that_is_one_file_is_told_how_to_become_a_folder() {
    let room = newsroom().essay("2026-12-01-seen", "Seen", "![A door](door.png)\n");
    room.run(["build"])
        .fails(1)
        .stderr_contains("there is no picture `door.png`: the issue is one file")
        .stderr_contains("rename it to `issues/2026-12-01-seen/index.md`");
    let room = newsroom().essay(
        "2026-12-01-seen",
        "Seen",
        "![A door](https://example.org/door.png)\n",
    );
    room.run(["build"]).succeeds();
}

#[test]
fn a_cover_is_published_or_told_of() {
    let room = newsroom()
        .essay_with(
            "2026-12-01-seen/index",
            "Seen",
            "cover = \"door.png\"",
            "Words.\n",
        )
        .file("issues/2026-12-01-seen/door.png", png(3, 2));
    room.run(["build"]).succeeds();
    assert_eq!(assets(&room).len(), 1);
    std::fs::remove_file(room.path("issues/2026-12-01-seen/door.png")).unwrap();
    let output = room.run(["build"]).fails(1);
    output
        .stderr_contains("there is no picture `door.png`")
        .stderr_contains("cover = \"door.png\"");
}

/// Two readers, and an issue that brings its pictures along.
fn attached(relay: &ScriptedRelay) -> Newsroom {
    let markdown = "[The door](door.png): ![A door](door.png)\n\n<img src=\"key.gif\" alt=\"A key\">\n\n![Far](https://example.org/far.png)\n";
    newsroom()
        .essay_with(
            "2026-12-01-seen/index",
            "Seen",
            "images = \"attached\"\ncover = \"cover.png\"",
            markdown,
        )
        .file(
            "issues/2026-12-01-seen/door.png",
            [png(1200, 800), vec![7; 1000]].concat(),
        )
        .file(
            "issues/2026-12-01-seen/key.gif",
            b"GIF89a\x03\0\x02\0\0\0\0",
        )
        .file("issues/2026-12-01-seen/cover.png", png(9, 9))
        .subscriber("ada@example.org", "Ada")
        .subscriber("bob@example.org", "Bob")
        .relay(relay)
        .now("2026-12-01T09:00:00Z")
}

#[test]
fn attached_pictures_come_with_the_mail_and_with_nothing_else() {
    use mail_parser::MimeHeaders;

    let relay = ScriptedRelay::start();
    let room = attached(&relay);
    room.run(["-q", "send", "seen", "--yes"]).succeeds();
    let accepted = relay.accepted();
    assert_eq!(accepted.len(), 2);
    for message in &accepted {
        Letter::read(&message.data).assert_strict();
        let letter = mail_parser::MessageParser::default()
            .parse(&message.data)
            .unwrap();
        let kinds: Vec<String> = letter
            .parts
            .iter()
            .map(|part| {
                part.content_type()
                    .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap()))
                    .unwrap()
            })
            .collect();
        let expected = [
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "image/gif",
        ];
        assert_eq!(kinds, expected);
        let related = letter.parts[2].content_type().unwrap();
        assert_eq!(related.attribute("type"), Some("text/html"));
        let html = letter.parts[3].text_contents().unwrap();
        for (part, alt, name) in [(4, "A door", "door.png"), (5, "A key", "key.gif")] {
            let part = &letter.parts[part];
            let id = part.content_id().unwrap();
            let image = html
                .split("<img")
                .find(|image| image.contains(alt))
                .unwrap();
            assert!(image.contains(&format!("src=\"cid:{id}\"")), "{image}");
            assert_eq!(
                part.contents(),
                room.read_bytes(&format!("issues/2026-12-01-seen/{name}"))
            );
            assert!(part.content_disposition().unwrap().is_inline());
        }
        assert_eq!(html.matches("cid:").count(), 2);
        // A link leads to the web all the same.
        assert!(
            html.contains("href=\"https://letters.example.org/assets/")
                && html.contains("https://example.org/far.png")
        );
        assert!(!html.contains("data:") && !html.contains("src=\"https://letters.example.org/"));
        let raw = String::from_utf8(message.data.clone()).unwrap();
        let inner = raw
            .lines()
            .filter(|line| line.starts_with("--pictures-"))
            .count();
        let outer = raw
            .lines()
            .filter(|line| line.starts_with("--postrider-"))
            .count();
        assert_eq!((inner, outer), (4, 3), "{raw}");
    }
    for file in [
        "issues/seen/index.html",
        "feed.xml",
        "atom.xml",
        "feed.json",
    ] {
        assert!(
            !room.read(&format!("public/{file}")).contains("cid:"),
            "{file}"
        );
    }
    assert_eq!(assets(&room).len(), 3);
}

#[test]
fn attached_pictures_are_frozen_with_the_plan() {
    let relay = ScriptedRelay::start();
    let room = attached(&relay);
    relay
        .at(crate::support::relay::Stage::Rcpt)
        .of("bob@example.org")
        .once()
        .reply("450 4.2.1 later");
    room.run(["-q", "send", "seen", "--yes"]).exits(3);
    std::fs::remove_file(room.path("issues/2026-12-01-seen/key.gif")).unwrap();
    room.write("issues/2026-12-01-seen/door.png", png(1, 1));
    room.run(["status", "seen"]).stdout_contains("Seen");
    let text = room.read(ESSAY).replace("key.gif", "door.png");
    room.write(ESSAY, text);
    room.run([
        "-q",
        "send",
        "seen",
        "--yes",
        "--now",
        "2026-12-01T15:00:00Z",
    ])
    .exits(0);
    let accepted = relay.accepted();
    assert_eq!(accepted.len(), 2);
    let pictures = |raw: &[u8]| {
        let letter = mail_parser::MessageParser::default().parse(raw).unwrap();
        let parts = letter.parts[4..]
            .iter()
            .map(|part| part.contents().to_vec());
        parts.collect::<Vec<_>>()
    };
    assert_eq!(pictures(&accepted[0].data), pictures(&accepted[1].data));
    room.run(["ledger", "check", "--messages"]).exits(0);
}

#[test]
fn a_test_message_brings_them_along_and_tells_its_size() {
    let relay = ScriptedRelay::start();
    let room = attached(&relay);
    let output = room
        .run(["--json", "send", "seen", "--test", "me@example.org"])
        .exits(0);
    let told: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let data = &relay.accepted()[0].data;
    assert_eq!(told["bytes"], data.len());
    assert!(String::from_utf8_lossy(data).contains("Content-Disposition: inline"));
}

#[test]
fn too_much_to_bring_along_is_told_before_anything_is_sent() {
    let relay = ScriptedRelay::start();
    let room = attached(&relay);
    for name in ["door.png", "key.gif"] {
        let file = std::fs::File::options()
            .write(true)
            .open(room.path("issues/2026-12-01-seen").join(name));
        file.unwrap().set_len(3 * 1024 * 1024).unwrap();
    }
    room.run(["send", "seen", "--yes"])
        .fails(1)
        .stderr_contains("the pictures that come with each mail have more than 5 MB");
    assert!(relay.accepted().is_empty());
}

#[test]
fn an_unknown_way_to_bring_pictures_is_told() {
    let room = newsroom().essay_with("2026-12-01-seen", "Seen", "images = \"inline\"", "Words.\n");
    room.run(["build"])
        .fails(1)
        .stderr_contains("`images` is neither `linked` nor `attached`");
}
