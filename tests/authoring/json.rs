//! `--json`: one value on stdout, with the keys that scripts hold on to.

use serde_json::Value;

use super::newsroom;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// Runs a command and checks the keys of its answer.
#[track_caller]
fn answer(room: &Newsroom, command: &[&str], keys: &[&str]) -> Value {
    let output = room
        .run(["--json", "--quiet"].iter().chain(command))
        .exits(0);
    let answer = output.json();
    for key in keys {
        assert!(answer.get(key).is_some(), "no {key:?}{output}");
    }
    answer
}

const COUNTS: [&str; 11] = [
    "issue",
    "planned",
    "sent",
    "deferred",
    "rejected",
    "unconfirmed",
    "skipped",
    "expired",
    "abandoned",
    "remaining",
    "finished",
];

#[test]
fn every_command_answers_in_json() {
    let relay = ScriptedRelay::start();
    let room = newsroom()
        .relay(&relay)
        .essay("2026-12-01-one", "One", "Text.\n")
        .subscriber("a@example.org", "A")
        .file("essay.txt", "A Title\n\nSome text.\n");
    answer(&room, &["init", "other"], &["folder"]);
    answer(&room, &["new", "A draft"], &["file", "issue"]);
    answer(&room, &["import", "essay.txt"], &["written", "proposals"]);
    answer(
        &room,
        &["import", "essay.txt", "--title", "A Title", "--dry-run"],
        &["written", "issues"],
    );
    answer(&room, &["check"], &["fixed", "problems"]);
    answer(
        &room,
        &["build"],
        &[
            "out",
            "public",
            "future",
            "drafts",
            "written",
            "unchanged",
            "removed",
        ],
    );
    answer(
        &room,
        &["plan", "one"],
        &[
            "issue",
            "slug",
            "title",
            "dated",
            "count",
            "recipients",
            "excluded",
            "bad_rows",
        ],
    );
    answer(&room, &["send", "one", "--dry-run"], &["total", "issues"]);
    answer(
        &room,
        &["send", "one", "--test", "b@example.org"],
        &["to", "subject", "bytes", "reply"],
    );
    answer(&room, &["status", "one"], &COUNTS);
    answer(&room, &["send", "one", "--expect", "1"], &[]);
    let status = answer(&room, &["status", "one"], &COUNTS);
    assert_eq!(
        (&status["sent"], &status["finished"]),
        (&1.into(), &true.into())
    );
    answer(&room, &["status"], &[]);
    answer(
        &room,
        &["plan", "one"],
        &["issue", "slug", "planned", "remaining", "sent"],
    );
    let history = answer(
        &room,
        &["history", "a@example.org"],
        &["address", "suppressed", "issues"],
    );
    assert_eq!(history["issues"][0]["state"], "sent");
    answer(
        &room,
        &["subscribers", "list"],
        &["subscribers", "bad_rows"],
    );
    answer(
        &room,
        &["subscribers", "suppress", "a@example.org"],
        &["address", "reason", "added"],
    );
    answer(
        &room,
        &["subscribers", "list", "--suppressed"],
        &["suppressions"],
    );
    answer(
        &room,
        &[
            "subscribers",
            "allow",
            "a@example.org",
            "--reason",
            "wrote to me",
        ],
        &["address", "removed"],
    );
    answer(&room, &["ledger", "adopt"], &["ledger"]);
    answer(&room, &["ledger", "resolve", "one"], &["unconfirmed"]);
    answer(
        &room,
        &["demo", "--keep", "demo"],
        &["folder", "issues", "sent", "in_mailbox", "differences"],
    );
}

#[test]
fn the_schedule_answers_in_json() {
    let room = newsroom();
    answer(&room, &["new", "A draft"], &["file", "issue"]);
    answer(
        &room,
        &["schedule", "a-draft", "+1h", "--ready"],
        &[
            "issue", "slug", "file", "at", "local", "zone", "remarks", "warnings",
        ],
    );
    let calendar = answer(&room, &["schedule"], &["coming", "slots", "held", "older"]);
    assert_eq!(calendar["coming"][0]["slug"], "a-draft");
    answer(
        &room,
        &["unschedule", "a-draft"],
        &["issue", "slug", "changed", "before"],
    );
}

#[test]
fn problems_are_told_with_file_line_and_column() {
    let room = newsroom()
        .subscribers("email\na@example.org\n")
        .file("issues/2026-12-01-one.md", "+++\ntitel = \"x\"\n+++\n");
    let output = room.run(["--json", "check"]).exits(1);
    let answer = output.json();
    let problem = &answer["problems"][0];
    assert_eq!(problem["severity"], "error");
    assert_eq!(problem["file"], "issues/2026-12-01-one.md");
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&2.into(), &1.into())
    );
    assert_eq!(problem["hint"], "did you mean `title`?");
}
