//! `import` of Markdown files: front matter of ours, of others, of nobody.

use super::newsroom;

fn id_in(text: &str) -> &str {
    super::between(text, "id = \"", "\"")
}

#[test]
fn markdown_without_front_matter_gets_a_title_from_its_heading_and_an_id() {
    let room = newsroom().file(
        "2026-11-05-a-walk.md",
        "# A walk at noon\n\nIt was *hot*.\n",
    );
    room.run(["-q", "import", "2026-11-05-a-walk.md"])
        .succeeds();
    let files = room.files("issues");
    let [file] = files.as_slice() else {
        panic!("{files:?}")
    };
    assert!(file.starts_with("2026-11-05-"), "{file}");
    let text = room.read(&format!("issues/{file}"));
    assert_eq!(id_in(&text).len(), 26);
    assert!(text.contains("It was *hot*.\n"), "{text}");
    room.run(["build"]).succeeds();
    assert!(room.read("public/index.html").contains("A walk at noon"));
}

#[test]
fn a_file_with_our_front_matter_keeps_every_byte_and_gets_an_id() {
    let body = "+++\ntitle = 'A walk'   # my note\ntags = [\"a\",\n  \"b\"]\n+++\n\n\nText  \nwith ends.\r\n";
    let room = newsroom().file("2026-11-05-walk.md", body);
    room.run(["-q", "import", "2026-11-05-walk.md"]).succeeds();
    let text = room.read("issues/2026-11-05-walk.md");
    let id = id_in(&text).to_owned();
    assert_eq!(text.replace(&format!("id = \"{id}\"\n"), ""), body);
}

#[test]
fn front_matter_of_other_programs_is_understood() {
    let room = newsroom().file(
        "old.md",
        "---\ntitle: A walk\ndate: 2026-11-05T08:30:00+01:00\nguid: https://old.example.org/?p=7\nlayout: post\n---\n\nText.\n",
    );
    room.run(["import", "old.md"])
        .exits(0)
        .stderr_contains("layout");
    let files = room.files("issues");
    assert!(files[0].starts_with("2026-11-05-"), "{files:?}");
    let text = room.read(&format!("issues/{}", files[0]));
    assert!(text.starts_with("+++\n"), "{text}");
    assert!(
        text.contains("feed_id = \"https://old.example.org/?p=7\""),
        "{text}"
    );
    room.run(["build"]).succeeds();
    assert!(
        room.read("public/feed.xml")
            .contains("https://old.example.org/?p=7")
    );
}

#[test]
fn several_files_become_several_issues_in_their_order() {
    let room = newsroom()
        .file("one.md", "# One\n\nText.\n")
        .file("two.md", "# Two\n\nText.\n");
    room.run([
        "-q",
        "import",
        "one.md",
        "two.md",
        "--first",
        "2026-12-01",
        "--every",
        "1w",
    ])
    .succeeds();
    assert_eq!(
        room.files("issues"),
        ["2026-12-01-one.md", "2026-12-08-two.md"]
    );
}

#[test]
fn a_file_that_is_there_already_is_not_overwritten() {
    let room = newsroom()
        .subscribers("email\n")
        .essay("2026-11-05-walk", "Walk", "Mine.\n")
        .file("2026-11-05-walk.md", "# Walk\n\nAnother.\n");
    let before = room.read("issues/2026-11-05-walk.md");
    room.run(["import", "2026-11-05-walk.md"]).exits(0);
    assert_eq!(room.read("issues/2026-11-05-walk.md"), before);
    assert_eq!(room.files("issues").len(), 2);
    room.run(["check"]).exits(0);
}
