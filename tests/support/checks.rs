//! Tests of the helpers: a helper that is wrong makes other tests pass for nothing.

mod relay;

use std::process::Command;

use super::mail::{Letter, faults};
use super::newsroom::{Newsroom, id_of, redact_ports};
use super::program::Running;
use super::relay::ScriptedRelay;

const GOOD: &str = "From: =?utf-8?Q?Caf=C3=A9?= <a@example.org>\r\nTo: b@example.org\r\nDate: Tue, 01 Dec 2026 09:00:00 +0000\r\n\
    Message-ID: <1@example.org>\r\nSubject: Why\r\n write?\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+w6k8L3A+\r\n--b--\r\n";

#[test]
fn a_letter_is_read_and_decoded() {
    let letter = Letter::read(GOOD.as_bytes());
    assert_eq!(letter.subject, "Why write?");
    assert_eq!(letter.from, "Café <a@example.org>");
    assert_eq!(letter.to, "b@example.org");
    assert_eq!(letter.header("subject"), "Why write?");
    assert_eq!(letter.header_names()[..2], ["From", "To"]);
    assert_eq!(letter.text().trim_end(), "Café");
    assert_eq!(letter.html(), "<p>é</p>");
    letter.assert_strict();
}

#[test]
fn a_part_that_is_not_there_is_not_made_up() {
    let plain = "From: a@example.org\r\nContent-Type: text/plain\r\n\r\nText\r\n";
    assert_eq!(Letter::read(plain.as_bytes()).html, None);
}

#[test]
fn every_fault_is_found() {
    let long = format!("X-Long: {} {}\r\nTo:", "a".repeat(40), "b".repeat(40));
    let cases = [
        ("Caf=C3=A9\r\n--b", "Caf=C3=A9\n--b", "a bare CR or LF"),
        ("--b--\r\n", "--b--", "the last line does not end"),
        ("Why", "Wh\u{fd}", "a byte that is not ASCII, or NUL"),
        (
            "Subject: Why",
            "Subject: Why\r\nSubject: Why",
            "subject stands 2 times",
        ),
        ("MIME-Version: 1.0\r\n", "", "mime-version stands 0 times"),
        (
            "MIME-Version",
            "Received: x\r\nMIME-Version",
            "received stands 1 times",
        ),
        ("Caf=C3=A9\r\n", "Caf=C3=A9 \r\n", "white space at the end"),
        ("PHA+", &"PHA+".repeat(20), "a body line of 88"),
        ("To:", &long, "a header line of 89"),
        ("To:", "X y: z\r\nTo:", "no header: X y: z"),
    ];
    for (from, to, fault) in cases {
        let found = faults(GOOD.replacen(from, to, 1).as_bytes());
        assert!(
            found.len() == 1 && found[0].starts_with(fault),
            "{fault}: {found:?}"
        );
    }
}

#[test]
fn a_program_is_waited_for_watched_and_killed() {
    let shell = |script: &str| Running::start(Command::new("sh").args(["-c", script]));
    shell("echo out; echo err >&2; exit 3")
        .wait()
        .fails(3)
        .stdout_is("out\n")
        .stderr_is("err\n");
    shell("echo '{\"a\": 1}'").wait().succeeds().json();
    let running = shell("echo first; echo ready on 1234; exec sleep 600");
    assert_eq!(running.wait_for_stdout("ready"), "ready on 1234");
    assert_eq!(running.kill().stdout, "first\nready on 1234\n");
    let running = shell("trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.01; done");
    running.wait_for_stdout("ready");
    running.signal("INT");
    running.wait().exits(5).stdout_contains("caught");
}

#[test]
fn a_newsroom_holds_what_was_put_in() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new()
        .config("title = \"Other\"\nmax_lateness = \"1 h\"")
        .table("[feeds]\nentries = 3")
        .relay(&relay)
        .essay("2026-12-01-why-write", "Why \"write\"?", "Because.\n")
        .subscriber("a@example.org", "A \"Q\" B")
        .subscriber("b@example.org", "B");
    let config: toml::Table = toml::from_str(&room.read("postrider.toml")).unwrap();
    assert_eq!(config["title"].as_str(), Some("Other"));
    assert_eq!(config["smtp"]["url"].as_str(), Some(relay.url().as_str()));
    assert_eq!(config["feeds"]["entries"].as_integer(), Some(3));
    assert_eq!(
        room.read("issues/2026-12-01-why-write.md"),
        format!(
            "+++\nid = \"{}\"\ntitle = \"Why \\\"write\\\"?\"\n+++\n\nBecause.\n",
            id_of("2026-12-01-why-write")
        )
    );
    assert_eq!(
        room.read("subscribers.csv"),
        "email,name\na@example.org,\"A \"\"Q\"\" B\"\nb@example.org,\"B\"\n"
    );
    assert_eq!(
        room.files(""),
        [
            "issues/2026-12-01-why-write.md",
            "postrider.toml",
            "subscribers.csv"
        ]
    );
}

#[test]
fn what_differs_from_run_to_run_is_redacted() {
    let room = Newsroom::new();
    let text = format!(
        "{} at 127.0.0.1:40001, localhost:x",
        room.path("issues").display()
    );
    assert_eq!(
        room.redact(&text),
        "[publication]/issues at 127.0.0.1:[port], localhost:x"
    );
    assert_eq!(redact_ports("http://[::1]:80/a"), "http://[::1]:[port]/a");
}
