//! What a person can get wrong in issues and settings: told with file, line, caret and remedy.

use std::process::Command;

use super::newsroom;
use crate::support::newsroom::{Newsroom, id_of};

fn with_issue(front_matter: &str) -> Newsroom {
    newsroom().subscribers("email\na@example.org\n").file(
        "issues/2026-12-01-one.md",
        format!("{front_matter}\nText.\n"),
    )
}

#[test]
fn a_mistake_in_every_issue_does_not_fill_the_screen() {
    let room = newsroom();
    for number in 0..25 {
        let text = format!("+++\ntitle = \"{number}\"\ncolour = \"red\"\n+++\n\nText.\n");
        room.write(&format!("issues/2026-12-01-letter-{number:02}.md"), text);
    }
    let output = room.run(["build"]).fails(1);
    let told = output.stderr.matches("issues/2026-12-01-letter-").count();
    assert_eq!(told, 20, "{output}");
    assert!(output.stderr.contains("and 5 more like these"), "{output}");
    let checked = room.run(["check"]).fails(1);
    let text = format!("{}{}", checked.stdout, checked.stderr);
    assert_eq!(
        text.matches("issues/2026-12-01-letter-").count(),
        25,
        "{checked}"
    );
}

/// Every command that reads issues refuses, with the same words, and nothing is written.
#[track_caller]
fn refused(room: &Newsroom, words: &[&str]) {
    let before = room.files("");
    for command in [
        ["build"].as_slice(),
        &["plan"],
        &["check"],
        &["send", "--yes"],
    ] {
        let output = room.run(command).fails(1);
        for word in words {
            assert!(output.stderr.contains(word), "{word:?} is missing{output}");
        }
    }
    let made: Vec<String> = room
        .files("")
        .into_iter()
        .filter(|file| !before.contains(file))
        .collect();
    assert!(
        made.iter().all(|file| file.starts_with("ledger.db")
            || file == "postrider.key"
            || file == "sender.lock"),
        "{made:?}"
    );
}

#[test]
fn front_matter_is_refused_with_its_line_a_caret_and_a_remedy() {
    let id = id_of("one");
    let cases = [
        (
            "title = \"One\"\nsummry = \"x\"",
            ["2026-12-01-one.md:4:1", "^^^^^^", "did you mean `summary`?"],
        ),
        (
            "title = \"One\"\nsend_at = \"soon\"",
            [
                "2026-12-01-one.md:4:11",
                "`send_at`",
                "for example `2026-12-01T09:00:00`",
            ],
        ),
        (
            "title = \"One\"\nsend_at = 2026-02-30T09:00:00",
            ["2026-12-01-one.md:4:11", "^", "error: "],
        ),
        (
            "title = \"One\\nBcc: x\"",
            [
                "2026-12-01-one.md:3:9",
                "`title` holds a line break",
                "hint: ",
            ],
        ),
        (
            "title = \"One\"\nsubject = \"a\\r\\nBcc: x\"",
            [
                "2026-12-01-one.md:4:11",
                "`subject` holds a line break",
                "hint: ",
            ],
        ),
        (
            "title = \"One\"\nslug = \"../../etc\"",
            ["2026-12-01-one.md:4:8", "`slug`", "for example `etc`"],
        ),
        (
            "title = \"One\"\ndraft = \"yes\"",
            ["2026-12-01-one.md:4:9", "true or false", "`draft = true`"],
        ),
        ("title = \"One", ["2026-12-01-one.md:3:", "^", "error: "]),
    ];
    for (front_matter, words) in cases {
        refused(
            &with_issue(&format!("+++\nid = \"{id}\"\n{front_matter}\n+++")),
            &words,
        );
    }
}

#[test]
fn one_whole_error() {
    let room = with_issue(&format!(
        "+++\nid = \"{}\"\ntitle = \"One\"\nsummry = \"x\"\n+++",
        id_of("one")
    ));
    room.run(["build"]).fails(1).stdout_is("").stderr_is(
        "error: unknown key `summry`\n --> issues/2026-12-01-one.md:4:1\n  |\n4 | summry = \"x\"\n  | ^^^^^^\n\nhint: did you mean `summary`?\n\n",
    );
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let room = with_issue("+++\nid = 5\ntitle = []\ndraft = 1\n+++")
        .file("issues/2026-12-02-two.md", "+++\nid = \"x\"\n");
    refused(
        &room,
        &["one.md:2:", "one.md:3:", "one.md:4:", "two.md:1:1"],
    );
}

#[test]
fn an_issue_without_an_id_is_refused_with_the_command_that_gives_one() {
    refused(
        &with_issue("+++\ntitle = \"One\"\n+++"),
        &[
            "`issues/2026-12-01-one.md` has no `id`",
            "postrider check --fix",
        ],
    );
}

#[test]
fn two_issues_with_one_name_or_identity_are_refused() {
    let room = newsroom()
        .subscribers("email\n")
        .essay_with("2026-12-01-one", "One", "aliases = [\"older\"]", "Text.\n")
        .essay_with("2026-12-08-two", "Two", "slug = \"one\"", "Text.\n");
    refused(
        &room,
        &[
            "both have the slug `one`",
            "2026-12-08-two.md:4:9",
            "hint: give one of them another `slug`",
        ],
    );
    let text = room.read("issues/2026-12-01-one.md");
    room.write("issues/2026-12-08-two.md", text);
    refused(
        &room,
        &["both have the id", "2026-12-08-two.md:2:7", "check --fix"],
    );
    let room = room.essay_with("2026-12-08-two", "Two", "slug = \"older\"", "Text.\n");
    refused(&room, &["`older`"]);
}

#[test]
fn a_file_name_without_a_date_is_refused_with_an_example() {
    for stem in ["one", "2026-13-01-one", "2026-02-30-one"] {
        let room = newsroom()
            .subscribers("email\n")
            .essay(stem, "One", "Text.\n");
        refused(
            &room,
            &[&format!("issues/{stem}.md"), "2026-12-01-why-write.md"],
        );
    }
}

#[test]
fn settings_are_refused_with_their_line_a_caret_and_a_remedy() {
    let cases = [
        (
            "titel = \"x\"",
            "unknown key `titel`",
            "did you mean `title`?",
        ),
        (
            "time_zone = \"Europe/Berln\"",
            "no time zone `Europe/Berln`",
            "did you mean `Europe/Berlin`?",
        ),
        (
            "send_time = \"25:00\"",
            "not a time of day",
            "write it as `09:00`",
        ),
        ("max_lateness = \"long\"", "not a length of time", "`6h`"),
        (
            "base_url = \"letters\"",
            "`base_url` is not an address",
            "https://letters.example.org/",
        ),
        (
            "base_url = \"https://a@example.org/\"",
            "must be a plain http or https address",
            "hint: ",
        ),
        (
            "from = \"nobody\"",
            "`from` has no `@`",
            "Name <letters@example.org>",
        ),
        (
            "title = \"a\\nb\"",
            "without control characters",
            "write it in one line",
        ),
        (
            "list_id = \"x\"",
            "`list_id` must be a name in a domain",
            "hint: ",
        ),
        (
            "feed_authority = \"x\"",
            "`feed_authority` must be a domain and a date",
            "hint: ",
        ),
        ("language = \"?\"", "not a language tag", "hint: "),
        (
            "language = \"xx\"",
            "ISO 639 has no code `xx`",
            "write a tag such as `en`",
        ),
    ];
    for (key, problem, remedy) in cases {
        let room = newsroom().config(key);
        let at = room
            .read("postrider.toml")
            .lines()
            .position(|line| line == key)
            .unwrap()
            + 1;
        room.run(["build"])
            .fails(1)
            .stderr_contains(problem)
            .stderr_contains(remedy)
            .stderr_contains(&format!("postrider.toml:{at}:"))
            .stderr_contains("^");
        assert_eq!(room.files(""), ["postrider.toml"]);
    }
}

#[test]
fn a_password_in_the_settings_is_refused_and_not_shown() {
    let room = newsroom().smtp("url = \"smtps://me:secret@relay.example.org\"");
    let line = room
        .read("postrider.toml")
        .lines()
        .position(|line| line.contains("secret"))
        .unwrap()
        + 1;
    room.run(["build"])
        .fails(1)
        .stderr_contains(&format!("holds a password in `[smtp] url` (line {line})"))
        .stderr_contains("hint: take it out and set `password_file`")
        .stderr_lacks("secret");
    newsroom()
        .smtp("url = \"smtps://relay.example.org\"\npassword = \"secret\"")
        .run(["build"])
        .fails(1)
        .stderr_contains("unknown key `password`")
        .stderr_contains("POSTRIDER_SMTP_PASSWORD");
}

#[test]
fn a_bad_variable_is_told_by_its_name() {
    newsroom()
        .env("POSTRIDER_TIME_ZONE", "Mars")
        .run(["build"])
        .fails(1)
        .stderr_contains("the value is that of the variable POSTRIDER_TIME_ZONE");
}

#[test]
fn a_folder_without_a_publication_is_told_with_what_to_do() {
    let room = Newsroom::empty();
    for command in [
        ["build"].as_slice(),
        &["check"],
        &["plan"],
        &["send"],
        &["status"],
        &["new", "x"],
        &["import", "x.txt"],
        &["subscribers", "list"],
        &["history", "a@example.org"],
        &["ledger", "adopt"],
    ] {
        room.run(command)
            .fails(1)
            .stderr_contains("there is no `postrider.toml`")
            .stderr_contains("`postrider init DIR`")
            .stderr_contains("`-C DIR`");
        assert_eq!(room.files(""), [""; 0]);
    }
}

#[test]
fn files_that_are_no_text_are_told_with_their_line() {
    let cases: [(&[u8], &str); 2] = [
        (b"\xFF\xFE+\0", "it looks like UTF-16"),
        (
            b"+++\ntitle = \"Ren\xE9\"\n+++\n",
            "another encoding, such as Latin-1",
        ),
    ];
    for (bytes, words) in cases {
        let room = newsroom()
            .subscribers("email\n")
            .file("issues/2026-12-01-one.md", bytes);
        refused(
            &room,
            &[
                "is not UTF-8 text (line",
                words,
                "hint: save the file as UTF-8",
            ],
        );
    }
}

#[test]
fn what_is_no_file_is_refused_and_nothing_waits_for_it() {
    let room = newsroom()
        .subscribers("email\n")
        .essay("2026-12-01-one", "One", "Text.\n");
    let fifo = room.path("issues/2026-12-02-pipe.md");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    refused(&room, &["`issues/2026-12-02-pipe.md` is not a file"]);
    std::fs::remove_file(&fifo).unwrap();
    std::os::unix::fs::symlink("nowhere", &fifo).unwrap();
    refused(&room, &["there is no file `issues/2026-12-02-pipe.md`"]);
}

#[test]
fn an_unreadable_file_is_told_by_its_name() {
    use std::os::unix::fs::PermissionsExt;
    let room = newsroom()
        .subscribers("email\n")
        .essay("2026-12-01-one", "One", "Text.\n");
    let path = room.path("issues/2026-12-01-one.md");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::read(&path).is_ok() {
        return; // The superuser reads everything.
    }
    refused(&room, &["cannot read `issues/2026-12-01-one.md`"]);
}

#[test]
fn a_hidden_character_cannot_draw_on_the_terminal() {
    let room = with_issue(&format!(
        "+++\nid = \"{}\"\ntitle = \"a\u{1b}[2Jb\u{202e}c\"\n+++",
        id_of("one")
    ));
    let output = room.run(["build"]).fails(1);
    assert!(!output.stderr.contains(['\u{1b}', '\u{202e}']), "{output}");
}

#[test]
fn a_setting_that_is_missing_is_named_with_where_an_example_is() {
    let room = newsroom();
    let settings = room.read("postrider.toml");
    let without: Vec<&str> = settings
        .lines()
        .filter(|line| !line.starts_with("author "))
        .collect();
    room.write("postrider.toml", without.join("\n"));
    room.run(["check"])
        .fails(1)
        .stderr_contains("lacks the key `author`")
        .stderr_contains("the example in docs/configuration.md");
}
