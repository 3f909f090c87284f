//! `schedule` and `unschedule`: what they write, what they refuse, and that an issue goes out at its
//! time and at no other.

use serde_json::Value;

use super::{SLUG, newsroom, served, wait_until};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

const FILE: &str = "issues/2026-12-01-why-write.md";
/// A Saturday.
const NOW: &str = "2026-11-28T10:00:00Z";

/// Two slots a week in Berlin; one issue is ready, one is a draft.
fn berlin() -> Newsroom {
    Newsroom::new()
        .config("time_zone = \"Europe/Berlin\"")
        .table("[schedule]\nevery = [\"tue 09:00\", \"fri 09:00\"]")
        .essay("2026-12-01-why-write", "Why write?", "Because.\n")
        .essay_with(
            "2026-11-20-draft",
            "Draft",
            "draft = true # not yet",
            "So.\n",
        )
        .readers(2)
        .now(NOW)
}

fn calendar(room: &Newsroom) -> Value {
    room.run(["schedule", "--json"]).exits(0).json()
}

/// The slugs of the calendar's issues in their order.
fn coming(room: &Newsroom) -> Vec<String> {
    let calendar = calendar(room);
    let coming = calendar["coming"].as_array().unwrap();
    coming
        .iter()
        .map(|row| row["slug"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_time_is_written_into_the_file_and_told_in_full() {
    let room = berlin();
    let before = room.read(FILE);
    room.run(["schedule", SLUG, "fri", "18:30"])
        .exits(0)
        .stdout_is(
            "why-write goes out on Friday, 2026-12-04 18:30 CET (UTC+01:00)\n\
             that is 2026-12-04 17:30 UTC, in 6 days and 7 hours\n",
        )
        .stderr_is("before, it was dated 2026-12-01 09:00 CET\n");
    let id = before.lines().nth(1).unwrap();
    let wanted = before.replace(id, &format!("{id}\nsend_at = 2026-12-04T18:30:00"));
    assert_eq!(room.read(FILE), wanted, "every other byte stays");
    room.run(["schedule", SLUG, "2026-12-04 18:30"])
        .succeeds()
        .stdout_contains("18:30 CET (UTC+01:00), as before");
    assert_eq!(room.read(FILE), wanted);
}

#[test]
fn a_clock_change_is_said_aloud_and_the_file_says_what_counts() {
    let room = berlin();
    let gap = room.run(["schedule", SLUG, "2027-03-28 02:30"]).exits(0);
    gap.stdout_contains("Sunday, 2027-03-28 03:30 CEST (UTC+02:00)")
        .stderr_contains("the clocks go forward: 02:30 does not exist that day, 03:30 counts");
    assert!(room.read(FILE).contains("send_at = 2027-03-28T03:30:00\n"));
    let fold = room.run(["schedule", SLUG, "2027-10-31 02:30"]).exits(0);
    fold.stdout_contains("Sunday, 2027-10-31 02:30 CEST (UTC+02:00)")
        .stderr_contains(
            "the clocks are set back: 02:30 comes twice that day, the first one counts",
        );
    // An hour later it is 02:30 again; that one has no other name than its offset.
    let room = room.now("2027-10-31T00:30:00Z");
    room.run(["schedule", SLUG, "+1h"])
        .exits(0)
        .stdout_contains("Sunday, 2027-10-31 02:30 CET (UTC+01:00)");
    assert!(room.read(FILE).contains("send_at = 2027-10-31T01:30:00Z\n"));
    assert_eq!(calendar(&room)["coming"][0]["at"], "2027-10-31T01:30:00Z");
}

#[test]
fn what_is_past_or_unclear_changes_nothing_and_says_what_was_understood() {
    let room = berlin();
    let before = room.read(FILE);
    for (when, words) in [
        (
            "2026-11-27 09:00",
            "Friday, 2026-11-27 09:00, 1 day and 2 hours ago",
        ),
        ("next tuesday", "2026-12-01 or 2026-12-08"),
        ("firday 09:00", "did you mean `friday`?"),
        ("tue 9am", "write `09:00`"),
        ("12/01/2026", "may be two days"),
    ] {
        room.run(["schedule", SLUG, when])
            .fails(1)
            .stdout_is("")
            .stderr_contains(words)
            .stderr_contains("^");
        assert_eq!(room.read(FILE), before, "{when}");
    }
    room.run(["schedule", "nobody", "next"])
        .fails(1)
        .stderr_contains("there is no issue `nobody`");
    room.run(["schedule", SLUG]).fails(2);
}

#[test]
fn a_draft_is_scheduled_only_when_its_author_says_that_it_is_ready() {
    let room = berlin();
    let file = "issues/2026-11-20-draft.md";
    let before = room.read(file);
    room.run(["schedule", "draft", "next"])
        .fails(1)
        .stderr_contains("`draft` is a draft")
        .stderr_contains("`postrider schedule draft next --ready`");
    assert_eq!(room.read(file), before);
    room.run(["schedule", "draft", "next", "--ready"])
        .exits(0)
        .stdout_contains("draft goes out on Friday, 2026-12-04 09:00 CET")
        .stderr_is("the slot before it has an issue\n");
    // The remark on the line stays, and so does the line; a line of its own would go.
    let text = room.read(file);
    assert!(text.contains("draft = false # not yet\n"), "{text}");
    assert_eq!(coming(&room), ["why-write", "draft"]);
    let room = room.essay_with("2026-11-21-other", "Other", "draft = true", "So.\n");
    room.run(["schedule", "other", "next", "--ready"]).exits(0);
    assert!(!room.read("issues/2026-11-21-other.md").contains("draft"));
}

#[test]
fn an_issue_that_is_put_off_is_neither_mailed_nor_published_by_any_date() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    // It is due at this moment.
    room.run(["build"]).exits(0);
    assert!(room.has("public/issues/why-write/index.html"));
    room.run(["unschedule", SLUG])
        .exits(0)
        .stdout_is(
            "why-write is a draft now: it does not go out on Tuesday, 2026-12-01 09:00 UTC\n",
        )
        .stderr_contains("`postrider schedule why-write WHEN --ready`")
        .stderr_contains("`postrider build` takes it off the web");
    room.run(["send", "--due"])
        .succeeds()
        .stdout_is("nothing is due\n");
    assert_eq!(relay.connections(), 0);
    room.run(["build"]).exits(0);
    assert!(!room.has("public/issues/why-write/index.html"));
    room.run(["unschedule", SLUG])
        .succeeds()
        .stdout_is("why-write is a draft already\n");
    room.run(["schedule", SLUG, "+1m", "--ready"]).exits(0);
    let room = room.now("2026-12-01T09:01:00Z");
    room.run(["send", "--due"]).exits(0);
    assert_eq!(served(&relay).len(), 2);
}

#[test]
fn an_old_issue_is_not_scheduled() {
    let room = berlin().now("2026-12-05T10:00:00Z");
    let before = room.read(FILE);
    room.run(["unschedule", SLUG])
        .fails(1)
        .stderr_contains("`why-write` is not scheduled: its time is past");
    assert_eq!(room.read(FILE), before);
}

#[test]
fn what_has_a_plan_cannot_be_moved() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(["send", "--due"]).exits(0);
    let before = room.read(FILE);
    for command in [&["schedule", SLUG, "+1d"][..], &["unschedule", SLUG]] {
        room.run(command)
            .fails(1)
            .stderr_contains(
                "`why-write` has been planned and is finished: its time cannot be changed any more",
            )
            .stderr_contains("`postrider status why-write`");
    }
    assert_eq!(room.read(FILE), before);
    assert_eq!(coming(&room), Vec::<String>::new());
}

#[test]
fn an_issue_goes_out_at_its_time_once_and_not_before() {
    let relay = ScriptedRelay::start();
    let room = berlin().relay(&relay);
    room.run(["schedule", SLUG, "+90m"]).exits(0);
    let runs = [
        ("2026-11-28T11:29:59Z", 0),
        ("2026-11-28T11:30:00Z", 2),
        // The clock is set back over it, and runs over it again.
        ("2026-11-28T11:00:00Z", 2),
        ("2026-11-28T11:31:00Z", 2),
        ("2026-11-29T11:31:00Z", 2),
    ];
    let mut room = room;
    for (now, messages) in runs {
        room = room.now(now);
        room.run(["send", "--due"]).exits(0);
        assert_eq!(relay.accepted().len(), messages, "{now}");
    }
}

#[test]
fn what_was_missed_is_held_shown_and_can_be_given_another_time() {
    let relay = ScriptedRelay::start();
    let room = berlin().relay(&relay).now("2026-12-01T15:00:00Z");
    room.run(["send", "--due"])
        .exits(0)
        .stderr_contains("held: why-write was due");
    room.run(["schedule"])
        .exits(0)
        .stdout_contains("held: why-write was due 2026-12-01 09:00 CET, and nothing sent it then")
        .stdout_contains("`postrider schedule why-write WHEN` later");
    assert_eq!(calendar(&room)["held"][0]["slug"], SLUG);
    room.run(["schedule", SLUG, "next"])
        .exits(0)
        .stdout_contains("Friday, 2026-12-04 09:00 CET")
        .stderr_contains("may be public already: the next build takes it off the web until then");
    assert_eq!(calendar(&room)["held"], Value::Array(Vec::new()));
    let room = room.now("2026-12-04T08:05:00Z");
    room.run(["send", "--due"]).exits(0);
    assert_eq!(served(&relay).len(), 2);
}

#[test]
fn the_calendar_shows_issues_readers_and_free_slots() {
    let room = berlin().essay_with("2026-12-03-web", "Web", "mail = false", "On the web.\n");
    let shown = room.run(["schedule"]).exits(0);
    let lines: Vec<Vec<&str>> = shown
        .stdout
        .lines()
        .skip(2)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "Tue",
            "2026-12-01",
            "09:00",
            "CET",
            "2026-12-01",
            "08:00",
            "2",
            "days",
            "and",
            "22",
            "hours",
            "why-write",
            "2"
        ]
    );
    assert_eq!(lines[1][11..], ["web", "web", "only"]);
    assert_eq!(lines[2][..4], ["Fri", "2026-12-04", "09:00", "CET"]);
    assert_eq!(lines[2][11..], ["(free", "slot)"]);
    assert_eq!(lines.len(), 7, "{shown}");
    shown.stderr_contains("`postrider send` has not run here yet");
    let calendar = calendar(&room);
    assert_eq!(calendar["coming"][0]["readers"], 2);
    assert_eq!(calendar["coming"][1]["readers"], Value::Null);
    assert_eq!(calendar["slots"][0]["slug"], SLUG);
    assert_eq!(calendar["slots"][1]["slug"], Value::Null);
    assert_eq!(calendar["slots"][1]["local"], "2026-12-04T09:00:00");
    assert!(
        !room.has("ledger.db") && !room.has("postrider.key"),
        "a look makes nothing"
    );
}

#[test]
fn what_may_not_be_meant_is_warned_of() {
    let room = berlin()
        .essay_with("2026-12-20-web", "Web", "mail = false", "On the web.\n")
        .essay("2026-12-21-other", "Other", "More.\n");
    room.run(["schedule", "other", "2026-12-01 09:00"])
        .exits(0)
        .stderr_contains("warning: `why-write` goes out at the same time");
    room.run(["schedule", "other", "2026-12-01 11:00"])
        .exits(0)
        .stderr_contains("warning: `why-write` has the slot of that day");
    room.run(["schedule", "web", "2026-12-24 09:00"])
        .exits(0)
        .stderr_contains("`web` is for the web only: it is published then, and mailed to nobody");
    room.run(["schedule", "other", "2062-12-24 09:00"])
        .exits(0)
        .stderr_contains("is the year right?");
    let room = room.run(["schedule", "other", "2026-12-24 11:00", "--json"]);
    let answer = room.exits(0).json();
    assert_eq!(
        answer["warnings"],
        Value::Array(Vec::new()),
        "another day has no slot"
    );
    assert_eq!(answer["at"], "2026-12-24T10:00:00Z");
}

#[test]
fn slots_that_are_written_wrong_are_pointed_at() {
    let room = berlin().table_instead("[schedule]\nevery = [\"tue 09:00\", \"firday 09:00\"]");
    room.run(["schedule"])
        .fails(1)
        .stderr_contains("`firday` is not a day")
        .stderr_contains("            ^^^^^^")
        .stderr_contains("did you mean `friday`?");
    let room = room.table_instead("[schedule]\nevery = \"day 9am\"");
    room.run(["schedule"])
        .fails(1)
        .stderr_contains("write `09:00`");
    let room = room.table_instead("[schedule]\nevery = 9");
    room.run(["schedule"])
        .fails(1)
        .stderr_contains("a text or a list of texts");
    let room = room.table_instead("[schedule]\n");
    room.run(["schedule", SLUG, "next"])
        .fails(1)
        .stderr_contains("this publication has no slots");
}

#[test]
fn an_issue_that_is_put_off_while_another_one_is_sent_is_left_alone() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .essay("2026-12-01-second", "Second", "More.\n")
        .readers(2);
    let gate = relay.at(Stage::Mail).hold();
    let running = room.spawn(["send", "--due"]);
    gate.wait_for(1);
    // The first in the order of the run is `second`; `why-write` is due, and nobody can say whether
    // it is planned already.
    room.run(["unschedule", SLUG])
        .fails(75)
        .stderr_contains("another sender holds the ledger")
        .stderr_contains("write `draft = true` into `issues/2026-12-01-why-write.md`");
    // An author who cannot wait edits the file.
    let text = room.read(FILE);
    room.write(FILE, text.replacen("title", "draft = true\ntitle", 1));
    // What is not due can be scheduled meanwhile.
    let room = room.essay("2026-12-09-later", "Later", "Later.\n");
    room.run(["schedule", "later", "2026-12-10"]).exits(0);
    gate.release();
    let said = running.wait().exits(0);
    said.stderr_contains("`why-write` was put off meanwhile and is left alone");
    wait_until("two messages", || relay.accepted().len() == 2);
    assert_eq!(coming(&room), ["later"]);
}

#[test]
fn a_clone_without_a_ledger_can_schedule_and_makes_none() {
    let room = berlin().table("[ledger]\nid = \"0123456789abcdef\"");
    room.run(["schedule", SLUG, "next"]).exits(0);
    room.run(["schedule"]).exits(0);
    for file in ["ledger.db", "postrider.key", "sender.lock"] {
        assert!(!room.has(file), "{file}");
    }
}
