//! The author hears of a timer's run that failed or that holds an issue: once a day for each cause, and
//! never through a relay that does not answer.

use super::{SLUG, assert_ledger_is_true, newsroom, rows_of};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::{AcceptedMessage, ScriptedRelay, Stage};

const DUE: [&str; 2] = ["send", "--due"];
const NOTIFY: &str = "[schedule]\nnotify = \"me@example.org\"";

/// An issue that was due in the morning; it is evening.
fn late(relay: &ScriptedRelay) -> Newsroom {
    newsroom(relay)
        .table(NOTIFY)
        .readers(2)
        .now("2026-12-01T19:00:00Z")
}

fn notices(relay: &ScriptedRelay) -> Vec<AcceptedMessage> {
    let accepted = relay.accepted().into_iter();
    accepted
        .filter(|message| message.rcpt_to == ["me@example.org"])
        .collect()
}

#[track_caller]
fn assert_says(letter: &Letter, words: &str) {
    let text = letter.text.as_deref().unwrap();
    assert!(text.contains(words), "{words:?} is not in\n{text}");
}

#[test]
fn an_issue_that_is_held_is_told_once_a_day() {
    let relay = ScriptedRelay::start();
    let mut room = late(&relay);
    room.run(["send", "--yes"]).exits(0);
    assert_eq!(notices(&relay).len(), 0, "a person who runs it sees it");
    for (now, count) in [
        ("2026-12-01T19:00:00Z", 1),
        ("2026-12-01T19:15:00Z", 1),
        ("2026-12-02T18:45:00Z", 1),
        ("2026-12-02T19:15:00Z", 2),
        // After a week it is an old essay.
        ("2026-12-09T09:15:00Z", 2),
    ] {
        room = room.now(now);
        room.run(DUE).exits(0).stderr_contains("held: why-write");
        assert_eq!(notices(&relay).len(), count, "{now}");
    }
    assert_eq!(rows_of(&room, "delivery"), 0, "it is no delivery");
    let notice = notices(&relay).remove(0);
    let text = String::from_utf8(notice.data.clone()).unwrap();
    for header in [
        "From: <letters@example.org>\r\n",
        "To: <me@example.org>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Date: Tue, 1 Dec 2026 19:00:0",
    ] {
        assert!(text.contains(header), "{header:?} is not in\n{text}");
    }
    let letter = Letter::read(&notice.data);
    assert_eq!(
        letter.subject,
        "The Test Letter: `why-write` was due 2026-12-01 09:00 and is held: nothing sent it then"
    );
    assert_says(&letter, "`postrider schedule why-write WHEN`");
}

#[test]
fn a_run_that_fails_is_told_and_shown_until_one_does_everything() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .table(NOTIFY)
        .readers(2)
        .file("templates/email.html", "{{ essay }}\n");
    // The first one makes the ledger, in which it is kept what was told.
    for _ in 0..3 {
        room.run(DUE).fails(1);
    }
    let found = notices(&relay);
    assert_eq!(found.len(), 1);
    let letter = Letter::read(&found[0].data);
    assert_says(
        &letter,
        "`templates/email.html` shows no way to unsubscribe",
    );
    assert_says(&letter, "hint: ");
    let told = "the last run by the clock could not do all (2026-12-01 09:00 UTC): `templates/email.html` shows no way";
    room.run(["status"]).succeeds().stdout_contains(told);
    std::fs::remove_file(room.path("templates/email.html")).unwrap();
    room.run(DUE).exits(0);
    room.run(["status"])
        .succeeds()
        .stdout_lacks("could not do all");
    assert_eq!(relay.accepted().len(), 3);
    assert_eq!(rows_of(&room, "delivery"), 2);
}

#[test]
fn a_relay_that_does_not_answer_is_not_asked_to_tell_it() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Banner)
        .times(2)
        .reply("554 5.3.2 not today");
    let room = newsroom(&relay).table(NOTIFY).readers(2);
    for run in 1..=2 {
        room.run(DUE)
            .fails(1)
            .stderr_contains("cannot send through");
        assert_eq!(relay.connections(), run, "nothing but the run itself calls");
    }
    room.run(["status"]).succeeds().stdout_contains(
        "the last run by the clock could not do all (2026-12-01 09:00 UTC): cannot send through",
    );
    let answer = room.run(["status", "--json"]).exits(0).json();
    assert_eq!(answer["troubles"]["at"], "2026-12-01T09:00:00Z");
    room.run(DUE).exits(0);
    assert_eq!(relay.accepted().len(), 2);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_notice_that_is_refused_is_not_tried_again_and_changes_no_result() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("me@example.org", &["550 5.1.1 no such user"; 9]);
    let room = late(&relay);
    room.run(DUE).exits(0).stderr_contains(
        "the author could not be told: the notice to `me@example.org` was not accepted",
    );
    let connections = relay.connections();
    room.run(DUE).exits(0).stderr_lacks("could not be told");
    assert_eq!(relay.connections(), connections);
}

#[test]
fn an_address_that_is_none_is_pointed_at() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).table("[schedule]\nnotify = \"me\"");
    room.run(["schedule", SLUG, "+1h"])
        .fails(1)
        .stderr_contains("`[schedule] notify` has no `@`")
        .stderr_contains("^^^^");
}
