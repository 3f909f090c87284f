//! The main flow: plan, send, ask how it went.

use super::{
    LATER, NOW, SEND, SLUG, assert_counts, assert_ledger_is_true, ledger, newsroom, served, status,
};
use crate::support::relay::ScriptedRelay;

const ROSTER: &str = "email,name,tags,status\n\
    ada@example.org,Ada,,\n\
    grace@example.org,Grace,,active\n\
    gone@example.org,Gone,,unsubscribed\n\
    bounced@example.org,Bounced,,\n";

#[test]
fn a_plan_names_who_gets_the_issue_and_who_does_not_and_why() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).subscribers(ROSTER);
    room.run(["subscribers", "suppress", "bounced@example.org"])
        .exits(0);
    let plan = room.run(["plan", SLUG, "--json"]).succeeds().json();
    assert_eq!(plan["count"], 2);
    assert_eq!(
        plan["recipients"],
        serde_json::json!(["ada@example.org", "grace@example.org"])
    );
    let excluded = serde_json::json!([
        { "address": "gone@example.org", "line": 4, "reason": "status is `unsubscribed`" },
        { "address": "bounced@example.org", "line": 5, "reason": "suppressed: unsubscribed" },
    ]);
    assert_eq!(plan["excluded"], excluded);
    room.run(["plan", SLUG, "--all"])
        .succeeds()
        .stdout_contains("2 subscribers would get it")
        .stdout_contains("grace@example.org")
        .stdout_contains("status is `unsubscribed` (line 4)");
    assert_eq!(relay.connections(), 0);
}

#[test]
fn every_active_subscriber_gets_the_issue_once_and_a_second_send_sends_nothing() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).subscribers(ROSTER);
    room.run(["subscribers", "suppress", "bounced@example.org"])
        .exits(0);
    room.run(SEND)
        .exits(0)
        .stdout_contains("why-write is finished");
    let once = [("ada@example.org", 1), ("grace@example.org", 1)];
    let once: Vec<(String, usize)> = once.map(|(who, times)| (who.to_owned(), times)).to_vec();
    assert_eq!(served(&relay).into_iter().collect::<Vec<_>>(), once);

    let connections = relay.connections();
    for again in [&SEND[..], &["send", "--yes"], &["send", "--due"]] {
        room.run(again).exits(0);
    }
    room.run(SEND)
        .succeeds()
        .stdout_contains("why-write is finished since")
        .stdout_contains("sent to 2 subscribers; nothing was sent now");
    let room = room.now(LATER);
    room.run(SEND).succeeds();
    assert_eq!(relay.connections(), connections);
    assert_eq!(relay.accepted().len(), 2);
    assert_ledger_is_true(&room, &relay);
    relay.assert_client_was_polite();
}

#[test]
fn status_and_history_tell_what_became_of_the_issue() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient("reader2@example.org", "550 5.1.1 no such user");
    let room = newsroom(&relay).readers(3);
    let before = status(&room);
    assert_eq!(
        (&before["planned"], &before["finished"]),
        (&0.into(), &false.into())
    );
    room.run(SEND).exits(3);
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("rejected", 1)]);
    let after = status(&room);
    assert_eq!(after["finished"], true);
    assert_eq!(after["rows"][0]["address"], "reader2@example.org");
    let words = after["rows"][0]["reply"].as_str().unwrap();
    assert_eq!(words, "RCPT: 550 5.1.1 no such user");

    let history = |address: &str| {
        let history = room.run(["history", address, "--json"]).succeeds().json();
        let issues = history["issues"].as_array().unwrap().clone();
        assert_eq!(issues.len(), 1, "{history:#}");
        (issues[0]["slug"].clone(), issues[0]["state"].clone())
    };
    assert_eq!(history("reader1@example.org"), (SLUG.into(), "sent".into()));
    // An address is one person, however it is typed.
    assert_eq!(
        history("Reader2@EXAMPLE.org"),
        (SLUG.into(), "rejected".into())
    );
    let nobody = room.run(["history", "nobody@example.org"]).succeeds();
    nobody.stdout_contains("no issue was ever planned");
}

#[test]
fn exit_codes_tell_apart_what_went_wrong() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.run(["send", "--no-such-option"]).fails(2);
    room.run(["send", "--expect", "many"]).fails(2);
    room.run(["send", "no-such-issue", "--yes"])
        .fails(1)
        .stderr_contains("there is no issue `no-such-issue`");
    relay
        .at(crate::support::relay::Stage::Rcpt)
        .once()
        .reply("450 4.2.0 later");
    room.run(SEND).exits(3);
    room.now(LATER).run(SEND).exits(0);
}

#[test]
fn three_hundred_subscribers_over_four_connections_get_it_once_each() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .smtp(&format!(
            "url = \"{}\"\nconnections = 4\nmessages_per_connection = 1000",
            relay.url()
        ))
        .readers(300);
    room.run(["send", "--expect", "300"]).exits(0);
    let served = served(&relay);
    assert_eq!(served.len(), 300);
    assert!(served.values().all(|times| *times == 1));
    assert!(
        relay.connections() <= 4,
        "{} connections",
        relay.connections()
    );
    assert_counts(&room, &[("planned", 300), ("sent", 300)]);
    assert_ledger_is_true(&room, &relay);
    relay.assert_client_was_polite();
}

#[test]
fn the_intent_holds_the_hash_of_what_the_relay_got() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2).now(NOW);
    room.run(SEND).exits(0);
    for message in relay.accepted() {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &message.data);
        let wanted = data_encoding::HEXLOWER.encode(digest.as_ref());
        let sql = "SELECT lower(hex(message_sha256)) FROM delivery WHERE address = ?1";
        let stored: String = ledger(&room)
            .query_row(sql, [&message.rcpt_to[0]], |row| row.get(0))
            .unwrap();
        assert_eq!(stored, wanted);
    }
}
