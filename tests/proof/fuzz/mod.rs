//! The fuzz targets as bounded tests, with inputs made of the words that matter. `fuzz/` looks
//! farther; docs/proof.md has the commands.

mod checks;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

/// A few inputs in each run of the tests; `PROPTEST_CASES` for more.
fn cases() -> Config {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        Config::default().cases
    } else {
        200
    };
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

/// Texts of such words, with anything between them.
fn made_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![8 => select(words).prop_map(str::to_owned), 1 => ".{0,6}"];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

const SMTP: &[&str] = &[
    "220 ",
    "250 ",
    "250-",
    "354 ",
    "421 ",
    "450 ",
    "550 ",
    "5.1.1 ",
    "ok",
    "\r\n",
    "\r\n",
    "\n",
    "\r",
    "PIPELINING",
    "SIZE 10",
    "\0",
    "2",
    "25",
    "999 ",
];
const ADDRESSES: &[&str] = &[
    "a",
    "reader",
    "@",
    "@",
    ".",
    "example.org",
    "ü",
    "bücher.example",
    "xn--",
    "\"",
    " ",
    "+tag",
    "<",
    ">",
    ",",
    "\r\n",
    "[127.0.0.1]",
    "\u{200b}",
    "İ",
    "ß",
    "-",
    "_",
];
const ROSTER: &[&str] = &[
    "email",
    "name",
    "status",
    "tags",
    ",",
    ",",
    ";",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    "a@example.org",
    "A@EXAMPLE.org",
    "b@example.org",
    "active",
    "left",
    "=1+1",
    "\u{feff}",
    "é",
];
const ESSAYS: &[&str] = &[
    "+++\n",
    "+++\n",
    "---\n",
    "title = ",
    "\"x\"",
    "\n",
    "id = ",
    "send_at = ",
    "2026-12-01T09:00:00Z",
    "tags = [",
    "]",
    "mail = false\n",
    "shedule: ",
    "title: ",
    "- ",
    "&a ",
    "*a ",
    "{",
    "}",
    ":",
    "#",
    "'",
];
const MAIL: &[&str] = &[
    "To: ",
    "b+",
    "abcdefghijklmnopqrstuvwxyz23456",
    "unsubscribe+",
    "@example.org\n",
    "Subject: unsubscribe v1.",
    "From: MAILER-DAEMON\n",
    "Return-Path: <>\n",
    "Content-Type: multipart/report; boundary=b\n",
    "Content-Type: message/delivery-status\n",
    "Content-Type: message/feedback-report\n",
    "Content-Type: message/rfc822\n",
    "Content-Transfer-Encoding: base64\n",
    "Feedback-Type: abuse\n",
    "Action: failed\n",
    "Status: 5.1.1\n",
    "Diagnostic-Code: smtp; 550 ",
    "Message-ID: <",
    "--b\n",
    "--b--\n",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    ">",
    "\u{1b}[2J",
];
const MARKDOWN: &[&str] = &[
    "# ",
    "*",
    "**",
    "_",
    "`",
    "```\n",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "1. ",
    "[",
    "]",
    "(",
    ")",
    "](",
    "javascript:",
    "JaVaScRiPt&colon;",
    "data:text/html,x",
    "<script>",
    "</script>",
    "<img src=x onerror=y>",
    "<a href=\"",
    "\">",
    "<svg/onload=z>",
    "[^1]",
    "[^1]: ",
    "|",
    "|-|-|\n",
    "![",
    "<!--",
    "-->",
    "&lt;",
    "&#106;",
    "\\",
    "\"",
    "'",
    "word ",
    "<style>",
    "<p onclick='",
    "https://example.org/",
    "$x$",
    "~~",
];

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_reply_is_read_as_a_second_reader_reads_it(text in made_of(SMTP)) {
        checks::reply(text.as_bytes());
    }

    #[test]
    fn whatever_a_server_says_the_end_of_a_message_waits_for_the_intent(
        words in proptest::collection::vec(
            prop_oneof![3 => select(vec!["220 a\r\n", "250 a\r\n", "250-a\r\n250 PIPELINING\r\n",
                "250 a\r\n250 a\r\n354 a\r\n", "354 a\r\n"]).prop_map(str::to_owned), 1 => made_of(SMTP)], 0..10)
    ) {
        let words: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
        checks::conversation(&words.join(&0xFF));
    }

    #[test]
    fn an_address_that_is_taken_stays_what_it_is(text in made_of(ADDRESSES)) {
        checks::address(&text);
    }

    #[test]
    fn a_roster_of_any_bytes_visits_each_person_once(text in made_of(ROSTER)) {
        checks::roster(format!("email,name\n{text}").as_bytes());
        checks::roster(text.as_bytes());
    }

    #[test]
    fn front_matter_of_any_text_is_read_or_told_about(text in made_of(ESSAYS)) {
        checks::front_matter(&format!("+++\n{text}"));
        checks::front_matter(&format!("---\n{text}"));
        checks::front_matter(&text);
    }

    #[test]
    fn no_mail_names_anybody_without_the_key(text in made_of(MAIL)) {
        checks::returned(text.as_bytes());
    }

    #[test]
    fn nothing_that_runs_gets_out_of_any_markdown(text in made_of(MARKDOWN)) {
        checks::markdown(&text);
    }
}

#[test]
fn every_seed_of_the_fuzz_targets_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let text = |check: fn(&str), bytes: &[u8]| check(&String::from_utf8_lossy(bytes));
    for target in std::fs::read_dir(corpus).unwrap() {
        let target = target.unwrap().path();
        let name = target.file_name().unwrap().to_str().unwrap().to_owned();
        let mut seeds = 0;
        for seed in std::fs::read_dir(&target).unwrap() {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            seeds += 1;
            match name.as_str() {
                "reply" => checks::reply(&bytes),
                "conversation" => checks::conversation(&bytes),
                "address" => text(checks::address, &bytes),
                "roster" => checks::roster(&bytes),
                "front_matter" => text(checks::front_matter, &bytes),
                "markdown" => text(checks::markdown, &bytes),
                "returned" => checks::returned(&bytes),
                other => panic!("no target is named {other}"),
            }
        }
        assert!(seeds > 0, "{name} has no seed");
    }
}
