//! What a person asks of the ledger by name: one more copy, a first one for a late joiner, and an
//! end to what is in doubt.

use serde_json::json;

use super::{LATER, SEND, SLUG, assert_counts, ledger, newsroom, rows_of, served, states, status};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

/// Long after the last try of everything would have expired.
const WEEKS_LATER: &str = "2026-12-20T09:00:00Z";

fn sent_to_three(relay: &ScriptedRelay) -> Newsroom {
    let room = newsroom(relay).readers(3);
    room.run(SEND).exits(0);
    assert_eq!(status(&room)["finished"], true);
    room
}

#[track_caller]
fn assert_sound(room: &Newsroom) {
    room.run(["ledger", "check", "--messages"]).exits(0);
}

#[test]
fn one_who_lost_an_issue_gets_the_same_bytes_once_more_and_nobody_else_does() {
    let relay = ScriptedRelay::start();
    let room = sent_to_three(&relay).now(WEEKS_LATER);
    let first = super::message_to(&relay, "reader2@example.org").data;
    room.run([
        "send",
        SLUG,
        "--again",
        "Reader2@example.org",
        "--expect",
        "1",
    ])
    .exits(0)
    .stdout_contains("why-write is finished");
    let copies: Vec<_> = relay
        .accepted()
        .into_iter()
        .filter(|message| message.rcpt_to == ["reader2@example.org"])
        .collect();
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[1].data, first, "Message-ID and bytes are the same");
    assert_eq!(relay.accepted().len(), 4);
    assert_counts(&room, &[("planned", 3), ("sent", 3)]);
    let status = status(&room);
    assert_eq!(
        (&status["finished"], &status["resends"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(rows_of(&room, "attempt WHERE outcome = 'again'"), 1);
    room.run(["history", "reader2@example.org"])
        .exits(0)
        .stdout_contains("1 more copy asked for");
    room.run(["status", SLUG])
        .stdout_contains("1 more copy asked for by a person");
    assert_sound(&room);
    // Asked for once, sent once.
    room.run(SEND).exits(0);
    room.run(["send", "--due"]).exits(0);
    assert_eq!(relay.accepted().len(), 4);
}

#[test]
fn a_further_copy_needs_consent_as_every_send_does() {
    let relay = ScriptedRelay::start();
    let room = sent_to_three(&relay);
    let again = ["send", SLUG, "--again", "reader1@example.org"];
    room.run(again)
        .fails(1)
        .stderr_contains("there is no terminal to ask at")
        .stderr_contains("`--expect 1`");
    room.run(again.iter().chain(&["--expect", "2"])).fails(1);
    room.run(again.iter().chain(&["--dry-run"]))
        .exits(0)
        .stdout_contains("1 message would be sent");
    assert_eq!(relay.accepted().len(), 3);
    assert_eq!(status(&room)["finished"], true);
    assert_eq!(rows_of(&room, "delivery WHERE resends > 0"), 0);
}

#[test]
fn a_further_copy_is_refused_where_it_would_be_wrong_and_then_nobody_gets_one() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader3@example.org", &["450 4.2.0 later"]);
    relay.at(Stage::Dot).of("reader4@example.org").close();
    let room = newsroom(&relay).readers(6);
    room.run(SEND).exits(3);
    room.run(["subscribers", "suppress", "reader2@example.org"])
        .exits(0);
    let roster = room.read("subscribers.csv");
    let room = room.subscribers(&roster.replace("reader5@example.org,Reader 5\n", ""));
    let before = (states(&room), relay.accepted().len());
    for (address, reason, hint) in [
        (
            "reader2@example.org",
            "must not be mailed: unsubscribed",
            "subscribers allow",
        ),
        (
            "reader3@example.org",
            "is still open: deferred",
            "goes on with it",
        ),
        ("reader4@example.org", "is in doubt", "--resend"),
        (
            "reader5@example.org",
            "is not on the roster",
            "subscribers.csv",
        ),
        (
            "stranger@example.org",
            "was never planned for",
            "--to stranger@example.org",
        ),
    ] {
        room.run([
            "send",
            SLUG,
            "--yes",
            "--again",
            "reader1@example.org",
            address,
        ])
        .fails(1)
        .stderr_contains(reason)
        .stderr_contains(hint);
        assert_eq!(before, (states(&room), relay.accepted().len()), "{address}");
    }
    let mixed = room.run([
        "send",
        SLUG,
        "--yes",
        "--again",
        "reader3@example.org",
        "x@example.org",
    ]);
    mixed
        .fails(1)
        .stderr_contains("is still open")
        .stderr_contains("was never planned");
    room.run(["send", SLUG, "--yes", "--again", "no address"])
        .fails(1);
    room.run(["send", "--yes", "--again", "reader1@example.org"])
        .fails(2);
    for (verb, word) in [("pause", "is paused"), ("cancel", "is cancelled")] {
        room.run(
            [verb, SLUG]
                .iter()
                .chain(&["--yes"][..usize::from(verb == "cancel")]),
        )
        .exits(0);
        room.run(["send", SLUG, "--yes", "--again", "reader1@example.org"])
            .fails(1)
            .stderr_contains(word);
    }
    assert_eq!(rows_of(&room, "delivery WHERE resends > 0"), 0);
}

#[test]
fn an_issue_without_a_plan_has_nobody_who_lost_it_or_came_late() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    for option in ["--again", "--to"] {
        room.run(["send", SLUG, "--yes", option, "reader1@example.org"])
            .fails(1)
            .stderr_contains("has no plan yet");
    }
    assert_eq!(rows_of(&room, "delivery"), 0);
    assert_eq!(relay.connections(), 0);
}

#[test]
fn one_who_was_refused_may_get_it_later_and_is_waited_for_from_then() {
    let relay = ScriptedRelay::start();
    let greylisted = "450 4.7.1 greylisted, try again";
    relay.replies_to_recipient(
        "reader2@example.org",
        &["550 5.1.1 no such user", greylisted],
    );
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    let room = room.now(WEEKS_LATER);
    room.run(["send", SLUG, "--yes", "--again", "reader2@example.org"])
        .exits(3);
    assert_eq!(states(&room)["reader2@example.org"], "deferred");
    let room = room.now("2026-12-20T10:00:00Z");
    room.run(SEND).exits(0);
    assert_eq!(served(&relay)["reader2@example.org"], 1);
    assert_counts(&room, &[("planned", 3), ("sent", 3)]);
    assert_sound(&room);
    // And for no longer than anybody.
    relay.replies_to_recipient("reader1@example.org", &[greylisted]);
    room.run(["send", SLUG, "--yes", "--again", "reader1@example.org"])
        .exits(3);
    let room = room.now("2026-12-25T10:00:00Z");
    room.run(SEND);
    assert_eq!(states(&room)["reader1@example.org"], "expired");
}

#[test]
fn those_who_are_still_open_go_on_as_with_every_send_and_are_counted() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader3@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    // Not ripe: the copy alone.
    room.run([
        "send",
        SLUG,
        "--again",
        "reader1@example.org",
        "--expect",
        "1",
    ])
    .exits(3);
    assert_eq!(relay.accepted().len(), 3);
    let room = room.now(LATER);
    room.run([
        "send",
        SLUG,
        "--again",
        "reader1@example.org",
        "--expect",
        "2",
    ])
    .exits(0);
    assert_eq!(served(&relay)["reader1@example.org"], 3);
    assert_eq!(served(&relay)["reader3@example.org"], 1);
    assert_sound(&room);
}

#[test]
fn a_late_joiner_gets_the_issue_as_it_was_frozen() {
    let relay = ScriptedRelay::start();
    let room = sent_to_three(&relay)
        .subscriber("late@example.org", "Lea")
        .subscriber("later@example.org", "")
        .now(WEEKS_LATER);
    let issue = format!("issues/2026-12-01-{SLUG}.md");
    room.write(
        &issue,
        room.read(&issue).replace("Reason 1:", "Correction 1:"),
    );
    room.run(["send", SLUG, "--expect", "1", "--to", "late@example.org"])
        .exits(0)
        .stdout_contains("why-write is finished");
    assert_counts(&room, &[("planned", 4), ("sent", 4)]);
    let letter = super::letter_to(&relay, "late@example.org");
    let first = super::letter_to(&relay, "reader1@example.org");
    assert!(letter.text().contains("Reason 1:"), "{}", letter.text());
    assert!(letter.header("To").contains("Lea"));
    assert_eq!(letter.header("Date"), first.header("Date"));
    assert_ne!(letter.header("Message-ID"), first.header("Message-ID"));
    assert_eq!(served(&relay).len(), 4, "the other late one was not named");
    assert_sound(&room);
    room.run(["history", "late@example.org"])
        .exits(0)
        .stdout_contains("sent");
}

#[test]
fn a_late_copy_is_refused_to_who_is_suppressed_not_on_the_roster_or_planned_already() {
    let relay = ScriptedRelay::start();
    let room = sent_to_three(&relay).subscribers(
        "email,name,status\nreader1@example.org,,\nreader2@example.org,,\nreader3@example.org,,\n\
             gone@example.org,,paused\nno@example.org,,\nyes@example.org,,\n",
    );
    room.run(["subscribers", "suppress", "no@example.org"])
        .exits(0);
    for (address, reason, hint) in [
        (
            "no@example.org",
            "must not be mailed: unsubscribed",
            "subscribers allow",
        ),
        (
            "stranger@example.org",
            "is not on the roster",
            "subscribers.csv",
        ),
        (
            "gone@example.org",
            "the row's status is `paused`",
            "subscribers.csv",
        ),
        (
            "reader1@example.org",
            "was planned for reader1@example.org already: sent",
            "--again reader1@example.org",
        ),
    ] {
        room.run(["send", SLUG, "--yes", "--to", "yes@example.org", address])
            .fails(1)
            .stderr_contains(reason)
            .stderr_contains(hint);
    }
    assert_counts(&room, &[("planned", 3), ("sent", 3)]);
    assert_eq!(rows_of(&room, "subscriber"), 3);
    assert_eq!(relay.accepted().len(), 3);
}

#[test]
fn a_suppression_meanwhile_stops_a_copy_that_was_asked_for() {
    let relay = ScriptedRelay::start();
    let room = sent_to_three(&relay);
    let gate = relay.at(Stage::Data).of("reader1@example.org").hold();
    let running = room.spawn(["send", SLUG, "--yes", "--again", "reader1@example.org"]);
    gate.wait_for(1);
    room.run(["subscribers", "suppress", "reader1@example.org"])
        .exits(0);
    gate.release();
    running.wait();
    assert_eq!(states(&room)["reader1@example.org"], "skipped");
    assert_eq!(relay.accepted().len(), 3);
}

#[test]
fn a_cut_off_copy_is_not_repeated_unasked() {
    let relay = ScriptedRelay::start();
    let room = sent_to_three(&relay);
    let gate = relay.at(Stage::Dot).of("reader1@example.org").hold();
    let running = room.spawn(["send", SLUG, "--yes", "--again", "reader1@example.org"]);
    gate.wait_for(1);
    running.kill();
    gate.release();
    room.run(SEND).exits(3);
    assert_eq!(states(&room)["reader1@example.org"], "unconfirmed");
    assert!(served(&relay)["reader1@example.org"] <= 2);
    room.run(["send", SLUG, "--yes", "--again", "reader1@example.org"])
        .fails(1)
        .stderr_contains("is in doubt");
}

#[test]
fn the_database_refuses_a_copy_that_nobody_asked_for() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    relay.at(Stage::Dot).of("reader3@example.org").close();
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    let ledger = ledger(&room);
    for sql in [
        "UPDATE delivery SET state = 'planned' WHERE state = 'sent'",
        "UPDATE delivery SET state = 'planned' WHERE state = 'rejected'",
        "UPDATE delivery SET state = 'planned' WHERE state = 'unconfirmed'",
        "UPDATE delivery SET state = 'deferred' WHERE state = 'unconfirmed'",
        "UPDATE delivery SET state = 'planned', resends = resends + 2 WHERE state = 'sent'",
        "UPDATE delivery SET state = 'claimed', resends = resends + 1 WHERE state = 'sent'",
        "UPDATE delivery SET resends = resends + 1 WHERE state = 'sent'",
        "UPDATE delivery SET resends = 0, state = 'sent' WHERE state = 'inflight' OR resends = 0 AND state = 'rejected'",
    ] {
        let refused = ledger.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("is not allowed"), "{sql}: {refused}");
    }
    let counted =
        "UPDATE delivery SET state = 'planned', resends = resends + 1 WHERE state = 'sent'";
    assert_eq!(ledger.execute(counted, []).unwrap(), 1);
}

// -- what is in doubt --

/// One delivery in doubt, one sent, one rejected.
fn in_doubt(relay: &ScriptedRelay) -> Newsroom {
    relay
        .at(Stage::Dot)
        .of("reader1@example.org")
        .once()
        .close();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    let room = newsroom(relay).readers(3);
    room.run(SEND).exits(3);
    room.now(LATER)
}

#[test]
fn resolve_refuses_what_is_not_in_doubt_and_then_settles_nothing() {
    let relay = ScriptedRelay::start();
    let room = in_doubt(&relay);
    let before = (states(&room), rows_of(&room, "attempt"));
    for (address, told) in [
        ("reader2@example.org", "is not in doubt: rejected"),
        ("READER3@example.org", "is not in doubt: sent"),
        ("stranger@example.org", "was never planned for"),
    ] {
        for verdict in ["--sent", "--resend", "--abandon"] {
            room.run([
                "ledger",
                "resolve",
                SLUG,
                verdict,
                "reader1@example.org",
                address,
            ])
            .fails(1)
            .stderr_contains(told)
            .stderr_contains("hint: ");
        }
    }
    assert_eq!(before, (states(&room), rows_of(&room, "attempt")));
    room.run([
        "ledger",
        "resolve",
        SLUG,
        "--abandon",
        "Reader1@example.org",
    ])
    .exits(0)
    .stdout_contains("1 delivery: abandoned");
    assert_eq!(states(&room)["reader1@example.org"], "abandoned");
}

#[test]
fn doubt_is_held_unless_it_is_said_otherwise() {
    let relay = ScriptedRelay::start();
    let room = in_doubt(&relay);
    for command in [
        &["send", SLUG, "--yes"][..],
        &["send", "--due", "--on-unconfirmed", "hold"],
    ] {
        room.run(command).exits(3);
        assert_eq!(states(&room)["reader1@example.org"], "unconfirmed");
    }
    assert_eq!(relay.accepted().len(), 1);
}

#[test]
fn resend_sends_what_is_in_doubt_again_once_the_relay_cannot_be_at_it_any_more() {
    let relay = ScriptedRelay::start();
    let room = in_doubt(&relay).now("2026-12-01T09:10:00Z");
    let resend = ["send", "--due", "--on-unconfirmed", "resend"];
    room.run(resend).exits(3);
    assert_eq!(
        states(&room)["reader1@example.org"],
        "unconfirmed",
        "too early"
    );
    let room = room.now(LATER);
    room.run(["send", "--on-unconfirmed", "resend"])
        .fails(1)
        .stderr_contains("`--expect 1`");
    room.run(resend);
    assert_eq!(states(&room)["reader1@example.org"], "sent");
    assert_eq!(rows_of(&room, "delivery WHERE resends = 1"), 1);
    assert_eq!(status(&room)["finished"], true);
    assert_sound(&room);
}

#[test]
fn accept_counts_what_is_in_doubt_as_sent_and_sends_nothing() {
    let relay = ScriptedRelay::start();
    let room = in_doubt(&relay);
    room.run(["send", "--due", "--on-unconfirmed", "accept"]);
    assert_eq!(states(&room)["reader1@example.org"], "sent");
    assert_eq!(relay.accepted().len(), 1);
    assert_eq!(status(&room)["finished"], true);
    room.run(["history", "reader1@example.org"])
        .stdout_contains("decided by `--on-unconfirmed`");
    assert_sound(&room);

    // Doubt of the same run, too.
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Dot)
        .of("reader1@example.org")
        .once()
        .close();
    let room = newsroom(&relay).readers(2);
    room.run(["send", "--due", "--on-unconfirmed", "accept"])
        .exits(0);
    assert_counts(&room, &[("planned", 2), ("sent", 2)]);
    assert_sound(&room);
}
