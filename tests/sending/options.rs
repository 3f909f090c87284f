//! `--dry-run` writes nothing; `--test` sends one message that counts for nothing.

use super::{NOW, SEND, SLUG, letter_to, newsroom, rows_of, with_key};
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// Every file of the publication with its content, but for SQLite's own files beside the ledger.
fn snapshot(room: &Newsroom) -> Vec<(String, Vec<u8>)> {
    let files = room.files("").into_iter();
    files
        .filter(|file| !file.starts_with("ledger.db-"))
        .map(|file| {
            let bytes = room.read_bytes(&file);
            (file, bytes)
        })
        .collect()
}

#[test]
fn a_dry_run_tells_what_would_be_sent_and_writes_nothing() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .essay("2026-12-09-future", "Future", "Later.\n")
        .readers(3);
    let before = snapshot(&room);
    for command in [
        &["send", "--dry-run"][..],
        &["send", SLUG, "--dry-run"],
        &["send", "future", "--dry-run"],
    ] {
        room.run(command)
            .exits(0)
            .stdout_contains("3 messages would be sent; nothing was");
        assert_eq!(
            room.files(""),
            before.iter().map(|it| it.0.clone()).collect::<Vec<_>>()
        );
    }
    let told = room.run(["send", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(told["total"], 3);
    assert_eq!(snapshot(&room), before);
    assert_eq!(relay.connections(), 0);

    // Also in the middle of a life.
    room.run(SEND).exits(0);
    let before = snapshot(&room);
    room.run(["send", "--dry-run"])
        .exits(0)
        .stdout_contains("0 messages would be sent");
    assert_eq!(snapshot(&room), before);
    assert_eq!(rows_of(&room, "delivery"), 3);
}

#[test]
fn a_test_message_is_like_the_real_one_and_counts_for_nothing() {
    let relay = ScriptedRelay::start();
    let room = with_key(newsroom(&relay), 7).readers(2);
    let tests = ["reader1@example.org", "editor@example.com"];
    for to in tests {
        room.run(["send", SLUG, "--test", to])
            .exits(0)
            .stdout_contains(to);
    }
    assert_eq!(rows_of(&room, "delivery") + rows_of(&room, "issue"), 0);
    let test = letter_to(&relay, "editor@example.com");
    test.assert_strict();
    let dead = letter_to(&relay, "reader1@example.org");
    let token = dead.header("List-Unsubscribe");
    let token = token.rsplit("%20").next().unwrap().trim_end_matches('>');
    room.run(["subscribers", "suppress", token])
        .fails(1)
        .stderr_contains("not one of this publication's");

    // It keeps nobody from getting the real one.
    room.run(SEND).exits(0);
    let accepted = relay.accepted();
    assert_eq!(accepted.len(), 4);
    let mut ids: Vec<String> = accepted
        .iter()
        .map(|message| {
            let letter = crate::support::mail::Letter::read(&message.data);
            letter.header("Message-ID").to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{ids:#?}");
}

#[test]
fn a_test_message_may_be_of_a_draft_and_of_the_future_and_moves_nothing() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new()
        .relay(&relay)
        .essay_with("2026-12-24-eve", "Eve", "draft = true", "Not yet.\n")
        .readers(1)
        .now(NOW);
    let before = room.read("issues/2026-12-24-eve.md");
    room.run(["send", "eve", "--test", "editor@example.org"])
        .exits(0);
    assert_eq!(room.read("issues/2026-12-24-eve.md"), before);
    assert!(!room.has("public"));
    room.run(["send", "--test", "editor@example.org"]).fails(2);
    room.run(["send", "eve", "--test", "no address"])
        .fails(1)
        .stderr_contains("no address");
}

#[test]
fn a_test_message_that_is_refused_is_a_failure_with_the_reason() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient("editor@example.org", "550 5.1.1 no such user");
    let room = newsroom(&relay).readers(1);
    room.run(["send", SLUG, "--test", "editor@example.org"])
        .fails(1)
        .stderr_contains("550 5.1.1 no such user");
}

#[test]
fn a_clock_out_of_reason_is_refused() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    for now in [
        "+10000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "yesterday",
        "",
    ] {
        room.run(["--now", now, "send", "--yes"])
            .fails(2)
            .stderr_contains("--now");
    }
    assert_eq!(relay.connections(), 0);
}

#[test]
fn a_sender_at_a_provider_of_mailboxes_needs_the_relay_of_that_provider() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .config("from = \"Ada <ada@gmail.com>\"")
        .readers(2);
    let reason = "`from` is at Gmail, and `127.0.0.1` is not a relay of theirs";
    let output = room.run(SEND);
    super::assert_refused(&room, &relay, output, reason);
    assert_eq!(relay.connections(), 0);
    room.run(["check"])
        .exits(0)
        .stderr_contains(&format!("warning[foreign-sender]: {reason}"));
    room.run(["send", SLUG, "--test", "ada@gmail.com"])
        .exits(0)
        .stderr_contains(&format!("warning: {reason}"));
    assert_eq!(relay.accepted().len(), 1);
    // Its users send through a program on their own machine.
    let room = room.config("from = \"Ada <ada@proton.me>\"");
    room.run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 3);
}

#[test]
fn a_quiet_run_shows_no_progress() {
    let relay = ScriptedRelay::start();
    let gate = relay.hold_at_dot();
    let quiet = newsroom(&relay).readers(1);
    let told = newsroom(&relay).readers(1);
    let silent = quiet.spawn(["-q", "send", SLUG, "--yes"]);
    gate.wait_for(1);
    let running = told.spawn(SEND);
    // By then the one that began before has been silent for as long.
    running.wait_for_stderr("0 of 1");
    gate.release();
    running.wait().exits(0);
    let silent = silent.wait().exits(0);
    assert_eq!(silent.stderr, "");
}
