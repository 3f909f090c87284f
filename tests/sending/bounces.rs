//! Addresses that the relay refuses again and again: when they are suppressed, when a person is
//! asked, and what nobody is suppressed for.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{NOW, SEND, SLUG, newsroom, rows_of, served, states};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

const DEAD: &str = "550 5.1.1 no such user";

/// Three issues, for three readers of whom the second does not exist as often as `replies` says.
fn three_issues(relay: &ScriptedRelay, replies: &[&str]) -> Newsroom {
    relay.replies_to_recipient("reader2@example.org", replies);
    newsroom(relay)
        .essay("2026-12-03-second", "Second", "More.\n")
        .essay("2026-12-05-third", "Third", "And more.\n")
        .readers(3)
        .now(NOW)
}

fn send(room: &Newsroom, slug: &str) -> crate::support::program::Output {
    room.run(["send", slug, "--yes"])
}

fn suppressions(room: &Newsroom) -> Value {
    let listed = room.run(["subscribers", "list", "--suppressed", "--json"]);
    listed.exits(0).json()["suppressions"].clone()
}

#[test]
fn the_second_refusal_a_day_later_suppresses_with_the_evidence() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay, &[DEAD, DEAD, DEAD]);
    send(&room, SLUG)
        .exits(3)
        .stderr_contains("1 subscriber rejected; `postrider status why-write` lists them");
    assert_eq!(suppressions(&room), json!([]));
    room.run(["status", SLUG])
        .stdout_contains("rejected: 1 address")
        .stdout_contains("no such user");
    let room = room.now("2026-12-03T09:00:00Z");
    send(&room, "second")
        .exits(3)
        .stderr_contains("reader2@example.org is not mailed any more");
    let found = suppressions(&room);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(found[0]["address"], "reader2@example.org");
    assert_eq!(
        (&found[0]["reason"], &found[0]["source"]),
        (&json!("bounced"), &json!("relay"))
    );
    assert_eq!(found[0]["evidence"], "RCPT: 550 5.1.1 no such user");
    assert_eq!(
        rows_of(
            &room,
            "suppression WHERE issue_id = (SELECT id FROM issue WHERE slug = 'second')"
        ),
        1
    );
    room.run(["history", "reader2@example.org"])
        .stdout_contains("suppressed since")
        .stdout_contains("the relay said: RCPT: 550 5.1.1 no such user");
    let room = room.now("2026-12-05T09:00:00Z");
    send(&room, "third").exits(0);
    assert_eq!(served(&relay).len(), 2);
    room.run(["ledger", "check"]).exits(0);
    // A person may know better.
    room.run([
        "subscribers",
        "allow",
        "reader2@example.org",
        "--reason",
        "wrote to me",
    ])
    .exits(0);
    room.run(["send", "--due"]).exits(0);
    assert_eq!(
        suppressions(&room),
        json!([]),
        "an old refusal is not counted anew"
    );
}

#[test]
fn two_refusals_within_a_day_count_as_one() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay, &[DEAD, DEAD, DEAD]);
    send(&room, SLUG);
    let room = room.now("2026-12-02T08:59:00Z");
    send(&room, "second");
    assert_eq!(suppressions(&room), json!([]));
    let room = room.now("2026-12-02T09:10:00Z");
    send(&room, "third");
    assert_eq!(suppressions(&room).as_array().unwrap().len(), 1);
}

#[test]
fn a_letter_that_arrived_in_between_clears_an_address() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay, &[DEAD, "250 2.1.5 ok", DEAD]);
    send(&room, SLUG);
    let room = room.now("2026-12-03T09:00:00Z");
    send(&room, "second").exits(0);
    let room = room.now("2026-12-05T09:00:00Z");
    send(&room, "third").exits(3);
    assert_eq!(states(&room).len(), 3);
    assert_eq!(suppressions(&room), json!([]));
}

#[test]
fn a_full_mailbox_is_no_dead_one() {
    let relay = ScriptedRelay::start();
    let full = "552 5.2.2 mailbox full";
    let room = three_issues(&relay, &[full, full, DEAD]);
    send(&room, SLUG);
    room.run(["status", SLUG])
        .stdout_contains("rejected: 1 mailbox");
    let room = room.now("2026-12-03T09:00:00Z");
    send(&room, "second");
    let room = room.now("2026-12-05T09:00:00Z");
    send(&room, "third");
    assert_eq!(suppressions(&room), json!([]));
}

#[test]
fn one_refusal_is_enough_where_the_author_says_so() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay, &[DEAD]).table("[bounces]\nsuppress_after = 1");
    let sent = room.run(["send", SLUG, "--yes", "--json"]).exits(3).json();
    assert_eq!(
        sent["issues"][0]["suppressed"],
        json!(["reader2@example.org"])
    );
    assert_eq!(suppressions(&room).as_array().unwrap().len(), 1);
    for wrong in ["0", "3"] {
        let room = newsroom(&relay).table(&format!("[bounces]\nsuppress_after = {wrong}"));
        room.run(["check"])
            .fails(1)
            .stderr_contains("must be between 1 and 2");
    }
}

#[test]
fn a_refusal_in_a_run_that_is_killed_counts_as_every_other() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient("reader1@example.org", DEAD);
    let room = newsroom(&relay)
        .smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
        .table("[bounces]\nsuppress_after = 1")
        .readers(4);
    let gate = relay.at(Stage::Dot).nth(2).hold();
    let running = room.spawn(SEND);
    // The refusal is on the disk no later than the next intent.
    gate.wait_for(1);
    running.kill();
    assert!(suppressions(&room).as_array().unwrap().is_empty());
    drop(gate);
    relay.behave();
    room.run(SEND)
        .exits(3)
        .stderr_contains("reader1@example.org is not mailed any more");
    assert_eq!(suppressions(&room).as_array().unwrap().len(), 1);
}

/// `dead` of `all` readers of a domain do not exist, and one of another domain; each is suppressed
/// at its first refusal, if it is believed.
fn domain(relay: &ScriptedRelay, dead: usize, all: usize) -> Newsroom {
    let mut rows = String::from("email,name\nalone@example.net,Alone\nother@example.net,Other\n");
    relay.reply_to_recipient("alone@example.net", DEAD);
    for number in 1..=all {
        writeln!(rows, "r{number}@Example.com,R").unwrap();
        if number <= dead {
            relay.reply_to_recipient(&format!("r{number}@example.com"), DEAD);
        }
    }
    newsroom(relay)
        .subscribers(&rows)
        .table("[bounces]\nsuppress_after = 1")
}

#[test]
fn many_refusals_of_one_domain_suppress_nobody_there_until_a_person_says_so() {
    let relay = ScriptedRelay::start();
    let room = domain(&relay, 6, 12);
    let told = "example.com refused 6 of 12 addresses";
    let command = "postrider subscribers suppress --rejected-in why-write --domain example.com";
    let sent = send(&room, SLUG).exits(3);
    sent.stderr_contains(told)
        .stderr_contains(command)
        .stderr_contains("alone@example.net is not mailed any more");
    let addresses: Vec<Value> = suppressions(&room)
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["address"].clone())
        .collect();
    assert_eq!(addresses, [json!("alone@example.net")]);
    room.run(["status", SLUG])
        .stdout_contains(told)
        .stdout_contains(command);
    let status = room.run(["status", SLUG, "--json"]).json();
    assert_eq!(status["doubted_domains"], json!(["example.com"]));

    room.run([
        "subscribers",
        "suppress",
        "--rejected-in",
        SLUG,
        "--domain",
        "Example.com",
    ])
    .exits(0)
    .stdout_contains("6 subscribers not mailed any more (bounced)");
    assert_eq!(suppressions(&room).as_array().unwrap().len(), 7);
    room.run(["status", SLUG]).stdout_lacks(told);
    room.run(["ledger", "check"]).exits(0);
    for wrong in [
        &["subscribers", "suppress"][..],
        &[
            "subscribers",
            "suppress",
            "a@example.org",
            "--domain",
            "example.org",
        ],
        &[
            "subscribers",
            "suppress",
            "a@example.org",
            "--rejected-in",
            SLUG,
        ],
    ] {
        room.run(wrong).fails(2);
    }
}

#[test]
fn five_or_one_in_twenty_of_a_domain_are_believed() {
    let relay = ScriptedRelay::start();
    let five = domain(&relay, 5, 5);
    send(&five, SLUG);
    assert_eq!(suppressions(&five).as_array().unwrap().len(), 6);
    let relay = ScriptedRelay::start();
    let in_twenty = domain(&relay, 6, 120);
    send(&in_twenty, SLUG).stderr_lacks("refused 6 of");
    assert_eq!(suppressions(&in_twenty).as_array().unwrap().len(), 7);
    let relay = ScriptedRelay::start();
    let more = domain(&relay, 6, 119);
    send(&more, SLUG).stderr_contains("refused 6 of 119");
    assert_eq!(suppressions(&more).as_array().unwrap().len(), 1);
}

#[test]
fn a_refusal_that_was_not_believed_is_no_first_one() {
    let relay = ScriptedRelay::start();
    let room = domain(&relay, 6, 12)
        .table("")
        .essay("2026-12-03-second", "Second", "More.\n");
    let config = room
        .read("postrider.toml")
        .replace("suppress_after = 1", "suppress_after = 2");
    room.write("postrider.toml", config);
    send(&room, SLUG).stderr_contains("refused 6 of 12");
    // A day later five of them are there again, and one is not.
    relay.behave();
    relay.reply_to_recipient("r1@example.com", DEAD);
    relay.reply_to_recipient("alone@example.net", DEAD);
    let room = room.env("POSTRIDER_NOW", "2026-12-03T09:00:00Z");
    send(&room, "second").exits(3);
    assert_eq!(
        suppressions(&room).as_array().unwrap().len(),
        1,
        "alone@example.net"
    );
}
