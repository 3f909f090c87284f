//! `check` and `check --fix`.

use super::newsroom;
use crate::support::newsroom::id_of;

/// Files without an id, and where the id's line is expected.
const WITHOUT_ID: [(&str, &str); 4] = [
    (
        "2026-12-01-toml",
        "+++\ntitle = \"One\"   # why\n\n[extra\n",
    ),
    (
        "2026-12-02-yaml",
        "---\n# mine\ntitle:   'Two'\n---\nText  \n\n\n",
    ),
    ("2026-12-03-none", "# Three\n\nText without an end"),
    (
        "2026-12-04-crlf",
        "\u{FEFF}+++\r\ntitle = 'Four'\r\n+++\r\n\r\nText\r\n",
    ),
];

#[test]
fn fix_gives_an_id_and_keeps_every_other_byte() {
    let mut room = newsroom().subscribers("email\n");
    for (stem, text) in &WITHOUT_ID[1..] {
        room = room.file(&format!("issues/{stem}.md"), text);
    }
    room.run(["check"])
        .fails(1)
        .stderr_contains("`issues/2026-12-02-yaml.md` has no `id`")
        .stderr_contains("postrider check --fix");
    room.run(["build"]).fails(1).stderr_contains("check --fix");
    room.run(["check", "--fix"])
        .exits(0)
        .stdout_contains("issues/2026-12-02-yaml.md: has an id now");
    for (stem, before) in &WITHOUT_ID[1..] {
        let after = room.read(&format!("issues/{stem}.md"));
        let new: Vec<&str> = after
            .split_inclusive('\n')
            .filter(|line| !before.contains(line.trim_start_matches('\u{FEFF}')))
            .collect();
        assert!(new.iter().any(|line| line.contains("id")), "{after:?}");
        for line in before.trim_start_matches('\u{FEFF}').split_inclusive('\n') {
            assert!(after.contains(line), "{line:?} is not in {after:?}");
        }
        assert_eq!(
            before.starts_with('\u{FEFF}'),
            after.starts_with('\u{FEFF}')
        );
        if before.contains("\r\n") {
            assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        }
    }
    let fixed = super::bytes_of(&room, "issues");
    room.run(["check", "--fix"]).succeeds();
    assert_eq!(super::bytes_of(&room, "issues"), fixed);
}

#[test]
fn a_file_that_cannot_be_read_stops_the_fix_before_anything_is_written() {
    let room = newsroom()
        .file("issues/2026-12-01-toml.md", WITHOUT_ID[0].1)
        .file("issues/2026-12-02-yaml.md", WITHOUT_ID[1].1);
    let before = super::bytes_of(&room, "issues");
    room.run(["check", "--fix"])
        .fails(1)
        .stderr_contains("issues/2026-12-01-toml.md:1:1");
    assert_eq!(super::bytes_of(&room, "issues"), before);
}

#[test]
fn check_looks_at_the_issues_that_are_named() {
    let room = newsroom()
        .now("2026-11-01T12:00:00Z")
        .subscribers("email\n")
        .essay("2026-12-01-one", "One", "Text.\n");
    room.run(["check", "one"]).succeeds();
    room.run(["check", "on", id_of("2026-12-01-one").as_str()])
        .succeeds();
    room.run(["check", "onne"])
        .fails(1)
        .stderr_contains("did you mean `one`?");
}

#[test]
fn warnings_are_errors_where_that_is_asked_for() {
    let yaml = format!(
        "---\nid: {}\ntitle: One\nsummry: x\n---\nText.\n",
        id_of("x")
    );
    let room = newsroom()
        .subscribers("email\n")
        .file("issues/2026-12-01-one.md", yaml);
    room.run(["check"])
        .exits(0)
        .stderr_contains("warning: unknown key `summry`")
        .stdout_is("0 errors, 1 warning\n");
    room.run(["check", "--strict"])
        .fails(1)
        .stderr_contains("error: unknown key `summry`");
}
