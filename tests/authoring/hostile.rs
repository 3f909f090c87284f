//! Issues that mean harm, or that nobody thought of: each is refused with its place, or becomes
//! harmless, and nothing is half written. Others of the kind are in `bad_input.rs`, `pictures.rs`,
//! `templates.rs` and, for what mails carry, in `tests/sending/letter.rs`.

use std::time::{Duration, Instant};

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::{Newsroom, id_of};
use crate::support::relay::ScriptedRelay;

fn with(front_matter: &str) -> Newsroom {
    newsroom().subscribers("email\na@example.org\n").essay_with(
        "2026-12-01-one",
        "One",
        front_matter,
        "Text.\n",
    )
}

/// `build` refuses with these words, and writes nothing.
#[track_caller]
fn refused(room: &Newsroom, words: &[&str]) {
    let output = room.run(["build"]).fails(1);
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} is missing{output}");
    }
    assert!(!room.has("public"));
}

#[test]
fn a_slug_leads_nowhere_but_below_the_archive() {
    let long = "x".repeat(81);
    for slug in [
        "../../etc/cron.d/x",
        "%2e%2e%2f",
        "con",
        "CON",
        "x.",
        ".",
        "-x",
        "a/b",
        "a\\\\b",
        &long,
    ] {
        refused(
            &with(&format!("slug = \"{slug}\"")),
            &["`slug` takes 1 to 80", "2026-12-01-one.md:4:8", "^"],
        );
    }
}

#[test]
fn a_subject_is_one_line_of_at_most_250_characters() {
    refused(
        &with("subject = \"Hi\\nBcc: x\""),
        &["`subject` holds a line break", "2026-12-01-one.md:4:11"],
    );
    refused(
        &with(&format!("subject = \"{}\"", "x".repeat(10_240))),
        &["the limit is 250"],
    );
    let relay = ScriptedRelay::start();
    let subject = "🏮".repeat(250);
    let room = with(&format!("subject = \"{subject}\""))
        .relay(&relay)
        .now("2026-12-01T09:00:00Z");
    room.run(["send", "--yes"]).exits(0);
    let accepted = relay.accepted();
    let letter = Letter::read(&accepted[0].data);
    letter.assert_strict();
    assert_eq!(letter.subject, subject);
}

#[test]
fn a_bomb_of_yaml_is_refused_at_once() {
    let mut yaml = format!(
        "---\nid: {}\ntitle: One\na: &a [x,x,x,x,x,x,x,x,x]\n",
        id_of("x")
    );
    for (name, before) in ["b", "c", "d", "e", "f", "g", "h", "i"]
        .iter()
        .zip("abcdefgh".chars())
    {
        let nine = vec![format!("*{before}"); 9].join(",");
        yaml = [yaml, format!("{name}: &{name} [{nine}]\n")].concat();
    }
    let room = newsroom()
        .subscribers("email\n")
        .file("issues/2026-12-01-one.md", format!("{yaml}---\nText.\n"));
    let begun = Instant::now();
    refused(&room, &["2026-12-01-one.md"]);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn dates_exist_and_are_of_this_century() {
    let berlin = with("send_at = 2026-03-29T02:30:00").config("time_zone = \"Europe/Berlin\"");
    berlin
        .run(["build"])
        .exits(0)
        .stderr_contains("02:30 does not exist that day, 03:30 counts");
    for year in ["1970", "9999"] {
        refused(
            &with(&format!("send_at = {year}-01-01T09:00:00")),
            &["2026-12-01-one.md:4:11", "2000 to 2100"],
        );
    }
}

#[test]
fn a_misspelt_key_is_refused_with_the_right_one() {
    refused(
        &with("shedule = \"2026-12-01\""),
        &["unknown key `shedule`", "`send_at`"],
    );
    refused(&with("sumary = \"x\""), &["did you mean `summary`?"]);
}

#[test]
fn the_sender_is_one_address_on_one_line() {
    for from in [
        "a@example.org, b@example.org",
        "a@example.org\\r\\nBcc: v@example.org",
    ] {
        refused(
            &newsroom().config(&format!("from = \"{from}\"")),
            &["postrider.toml:"],
        );
    }
}

#[test]
fn programs_in_an_essay_reach_neither_feed_nor_mail() {
    let relay = ScriptedRelay::start();
    let body = "<script>alert(1)</script>\n\n<img src=x:y onerror=alert(1) alt=\"\">\n\n\
        [a](javascript:alert(1)) [b](j&Tab;avascript:alert(1)) [c](data:text/html,x)\n\n\
        <a href=\"java&#10;script:alert(1)\">d</a> [e](//evil.example.com/x)\n";
    let room = newsroom()
        .now("2026-12-01T09:00:00Z")
        .relay(&relay)
        .readers(1)
        .essay("2026-12-01-one", "One", body);
    room.run(["send", "--yes", "--quiet"]).exits(0);
    let accepted = relay.accepted();
    let letter = Letter::read(&accepted[0].data);
    for text in [
        room.read("public/feed.xml"),
        room.read("public/atom.xml"),
        room.read("public/feed.json"),
        letter.html().to_owned(),
        letter.text().to_owned(),
    ] {
        let text = text.to_lowercase();
        for word in [
            "<script",
            "lt;script",
            "onerror",
            "script:",
            "data:text",
            "\"//evil",
            "alert(1)",
        ] {
            assert!(!text.contains(word), "{word} is in {text}");
        }
        assert!(text.contains("https://evil.example.com/x"), "{text}");
    }
}

#[test]
fn an_essay_of_one_sign_repeated_is_built_in_time_and_stays_small() {
    let url = format!("https://www.rfc-editor.org/{}", "x".repeat(10_000));
    let cases = [
        "[".repeat(100_000),
        "*a ".repeat(100_000),
        "`".repeat(100_000),
        ">".repeat(100_000),
        "- ".repeat(100_000),
        "# a\n".repeat(50_000),
        format!("{}\n\n[^a]: x\n", "[^a] ".repeat(50_000)),
        "[^a]: x\n\n".repeat(50_000),
        format!("[a]: {url}\n\n{}", "[a] ".repeat(50_000)),
        "<b>".repeat(100_000),
    ];
    for (number, body) in cases.iter().enumerate() {
        let room = newsroom().essay("2026-12-01-one", "One", &format!("Text.\n\n{body}\n"));
        let begun = Instant::now();
        room.run(["build"]).exits(0);
        // Unoptimised, on a machine that does other things, too.
        assert!(begun.elapsed() < Duration::from_secs(30), "case {number}");
        let size = room.read("public/issues/one/index.html").len();
        assert!(size < 30_000_000, "case {number}: {size} bytes");
        room.run(["check", "--quiet"]);
        assert!(begun.elapsed() < Duration::from_mins(1), "case {number}");
    }
}

#[test]
fn lines_that_mean_something_to_smtp_arrive_as_text() {
    let relay = ScriptedRelay::start();
    let lines = [".", "..", ".QUIT", "From me", "--", "DATA"];
    let long = "y".repeat(2000);
    let body = format!(
        "```\n{}\n{long}\n```\r\n\r\nBare\n.\nand \r.\r mixed.\n",
        lines.join("\n")
    );
    let room = newsroom()
        .now("2026-12-01T09:00:00Z")
        .relay(&relay)
        .readers(1)
        .essay("2026-12-01-one", "One", &body);
    room.run(["send", "--yes", "--quiet"]).exits(0);
    let accepted = relay.accepted();
    assert_eq!(accepted.len(), 1);
    let letter = Letter::read(&accepted[0].data);
    letter.assert_strict();
    for line in lines.into_iter().chain([long.as_str()]) {
        assert!(
            letter
                .html()
                .lines()
                .any(|own| own == line || own.ends_with(&format!(">{line}"))),
            "{line}"
        );
        assert!(letter.text().contains(line), "{line}");
    }
}

#[test]
fn templates_reach_neither_files_nor_environment_and_never_include_themselves() {
    for (tag, word) in [
        ("{{ get_env(name=\"HOME\") }}", "get_env"),
        ("{% include \"/etc/passwd\" %}", "passwd"),
        ("{% include \"page.html\" %}", "page.html"),
        ("{{ POSTRIDER_SMTP_PASSWORD }}", "POSTRIDER_SMTP_PASSWORD"),
    ] {
        let own = include_str!("../../templates/page.html").to_owned() + tag;
        let room = with("").file("templates/page.html", own);
        refused(&room, &["error", word]);
    }
}

#[test]
fn a_folder_without_its_essay_is_told() {
    let room = with("").file("issues/2026-12-08-two/photo.png", "");
    for command in ["build", "check", "plan", "send"] {
        room.run([command])
            .fails(1)
            .stderr_contains("`issues/2026-12-08-two/` has no `index.md`")
            .stderr_contains("hint: ");
    }
    assert!(!room.has("public"));
    let hidden = with("").file("issues/.obsidian/app.json", "{}");
    hidden.run(["build"]).exits(0);
}

#[test]
fn an_escape_in_code_draws_nothing_on_the_terminal() {
    let room = newsroom().subscribers("email\n").essay(
        "2026-12-01-one",
        "One",
        "He went to the the `\u{1b}[2J\0` window.\n",
    );
    let output = room.run(["check"]).exits(0).stderr_contains("double-word");
    assert!(!output.stderr.contains(['\u{1b}', '\0']), "{output}");
}

/// The table of `docs/proof.md` names tests that are there.
#[test]
fn each_hostile_input_of_the_document_has_its_test() {
    let rows = crate::support::proof_table::tests_by_row("## Issues and templates that mean harm");
    let tests = rows.concat().len();
    assert!(tests > 20, "{tests}");
}
