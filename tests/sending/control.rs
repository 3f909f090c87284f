//! Decisions of a person: pause, continue, cancel, and what becomes of deliveries in doubt.

use super::{
    LATER, SEND, SLUG, assert_counts, assert_ledger_is_true, newsroom, served, states, status,
};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

fn one_connection(relay: &ScriptedRelay) -> Newsroom {
    newsroom(relay).smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
}

/// Runs `command` while the first message waits in front of its body.
fn in_the_middle(room: &Newsroom, relay: &ScriptedRelay, command: &[&str]) {
    let gate = relay.at(Stage::Data).hold();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    room.run(command).exits(0);
    gate.release();
    running.wait();
}

#[test]
fn a_pause_stops_a_run_and_continue_lets_it_go_on() {
    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(5);
    in_the_middle(&room, &relay, &["pause", SLUG]);
    assert_eq!(relay.accepted(), [], "the intent of the first was refused");
    assert_counts(&room, &[("planned", 5), ("remaining", 5)]);
    room.run(SEND).stdout_contains("is paused");
    room.run(["send", "--due"]);
    assert_eq!(relay.accepted(), []);
    room.run(["continue", SLUG]).exits(0);
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 5);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_cancelled_issue_goes_to_nobody_who_has_not_got_it() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    room.run(["cancel", SLUG]).fails(1).stderr_contains("--yes");
    room.run(["cancel", SLUG, "--yes"])
        .exits(0)
        .stdout_contains("1 delivery skipped");
    let room = room.now(LATER);
    room.run(SEND).exits(0).stdout_contains("cancelled");
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("skipped", 1)]);
    assert_eq!(served(&relay).len(), 2);
    room.run(["continue", SLUG]).fails(1);
}

#[test]
fn a_cancel_in_the_middle_of_a_run_stops_it() {
    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(5);
    in_the_middle(&room, &relay, &["cancel", SLUG, "--yes"]);
    assert_eq!(relay.accepted(), []);
    assert_counts(&room, &[("planned", 5), ("skipped", 5)]);
}

#[test]
fn a_cancelled_issue_is_finished_when_its_last_delivery_is_settled_and_not_before() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader4@example.org", &["450 4.2.0 later"]);
    relay.at(Stage::Dot).of("reader1@example.org").close();
    let gate = relay.at(Stage::Dot).of("reader2@example.org").hold();
    let room = one_connection(&relay).readers(5);
    let running = room.spawn(SEND);
    gate.wait_for(1);
    room.run(["cancel", SLUG, "--yes"]).exits(0);
    // One is at the final dot, and one in doubt.
    let at_the_dot = status(&room);
    assert_eq!(at_the_dot["finished"], false, "{at_the_dot:#}");
    assert_eq!(at_the_dot["state"], "cancelled");
    room.run(["status", SLUG])
        .exits(0)
        .stdout_contains("not finished: 1 delivery in the hands of a sender");
    gate.release();
    running.wait().exits(3);
    let in_doubt = status(&room);
    assert_eq!(in_doubt["finished"], false, "{in_doubt:#}");
    assert_eq!(in_doubt["finished_at"], serde_json::Value::Null);
    room.run(["status", SLUG])
        .exits(0)
        .stdout_contains("not finished: the unconfirmed ones are held");
    room.run(["ledger", "check"]).exits(0);
    room.run(["ledger", "resolve", SLUG, "--abandon"]).exits(0);
    let settled = status(&room);
    assert_eq!(settled["finished"], true, "{settled:#}");
    assert_eq!(settled["state"], "cancelled");
    let all = room.run(["status", "--json"]).exits(0).json();
    assert_eq!(all["issues"][0]["state"], "cancelled");
    assert_eq!(all["issues"][0]["finished"], true);
    room.run(["ledger", "check"]).exits(0);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_cancelled_issue_whose_sender_was_killed_is_finished_by_the_next_run() {
    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(3);
    let gate = relay.at(Stage::Data).hold();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    running.kill();
    gate.release();
    room.run(["cancel", SLUG, "--yes"]).exits(0);
    assert_eq!(status(&room)["finished"], true, "nothing was at the dot");
    assert_counts(&room, &[("planned", 3), ("skipped", 3)]);

    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(3);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    room.run(["cancel", SLUG, "--yes"]).exits(0);
    running.kill();
    gate.release();
    assert_eq!(status(&room)["finished"], false);
    room.run(["send"]).exits(0);
    assert_counts(&room, &[("planned", 3), ("unconfirmed", 1), ("skipped", 2)]);
    assert_eq!(status(&room)["finished"], false);
    room.run(["ledger", "resolve", SLUG, "--sent"]).exits(0);
    assert_eq!(status(&room)["finished"], true);
}

/// One delivery of two is in doubt: the relay closed after the dot.
fn in_doubt(relay: &ScriptedRelay) -> Newsroom {
    relay
        .at(Stage::Dot)
        .of("reader2@example.org")
        .once()
        .obey_and_close();
    let room = newsroom(relay).readers(2);
    room.run(SEND).exits(3);
    assert_eq!(states(&room)["reader2@example.org"], "unconfirmed");
    room
}

#[test]
fn a_delivery_in_doubt_is_listed_and_counts_as_a_person_says() {
    for (verdict, state) in [("--sent", "sent"), ("--abandon", "abandoned")] {
        let relay = ScriptedRelay::start();
        let room = in_doubt(&relay);
        room.run(["ledger", "resolve", SLUG])
            .exits(0)
            .stdout_contains("reader2@example.org");
        room.run(["ledger", "resolve", SLUG, verdict]).exits(0);
        assert_eq!(states(&room)["reader2@example.org"], state);
        assert_eq!(status(&room)["finished"], true);
        room.run(SEND).exits(0);
        assert_eq!(relay.accepted().len(), 2, "nothing is sent again");
    }
}

#[test]
fn a_delivery_in_doubt_is_sent_again_only_when_asked_for_and_not_too_early() {
    let relay = ScriptedRelay::start();
    let room = in_doubt(&relay);
    room.run(["ledger", "resolve", SLUG, "--resend"])
        .fails(1)
        .stderr_contains("too early");
    let room = room.now(LATER);
    room.run(["ledger", "resolve", SLUG, "--resend", "reader1@example.org"])
        .fails(1)
        .stderr_contains("is not in doubt: sent");
    room.run(["ledger", "resolve", SLUG, "--resend", "READER2@example.org"])
        .exits(0);
    room.run(SEND).exits(0);
    let copies: Vec<_> = relay.accepted();
    assert_eq!(copies.len(), 3);
    let second: Vec<_> = copies
        .iter()
        .filter(|copy| copy.rcpt_to == ["reader2@example.org"])
        .map(|copy| copy.data.clone())
        .collect();
    assert_eq!(second.len(), 2);
    assert!(second[0] == second[1], "the same bytes both times");
}

#[test]
fn an_adopted_ledger_pauses_what_it_believes_to_be_open() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(3);
    room.run(["ledger", "adopt"])
        .exits(0)
        .stdout_contains("is paused");
    let room = room.now(LATER);
    room.run(["send", "--due"]);
    assert_eq!(served(&relay).len(), 1);
    room.run(["continue", SLUG]).exits(0);
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 2);
}
