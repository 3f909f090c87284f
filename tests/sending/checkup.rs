//! `ledger check`: a sound ledger passes, and every promise that is broken is named.

use rusqlite::Connection;
use serde_json::Value;

use super::{LATER, SEND, SLUG, assert_counts, ledger, make_private, newsroom, rows_of, with_key};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

/// A ledger with a delivery in nearly every state that can last.
fn varied(relay: &ScriptedRelay) -> Newsroom {
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    relay.replies_to_recipient("reader3@example.org", &["552 5.2.2 full"]);
    relay.replies_to_recipient(
        "reader4@example.org",
        &["450 4.2.0 later", "450 4.2.0 later"],
    );
    relay.at(Stage::Dot).of("reader5@example.org").close();
    let room = with_key(newsroom(relay).readers(7), 7);
    room.run(SEND).exits(3);
    room.run(["subscribers", "suppress", "reader4@example.org"])
        .exits(0);
    let room = room.now(LATER);
    room.run(SEND);
    assert_counts(
        &room,
        &[
            ("planned", 7),
            ("sent", 3),
            ("rejected", 2),
            ("unconfirmed", 1),
            ("skipped", 1),
        ],
    );
    room
}

#[track_caller]
fn checked(room: &Newsroom, code: i32) -> Value {
    room.run(["ledger", "check", "--json"]).exits(code).json()
}

/// The promises that are broken, with how often.
fn broken(answer: &Value) -> Vec<(String, u64)> {
    let checks = answer["checks"].as_array().unwrap();
    let broken = checks.iter().filter(|check| check["ok"] == false);
    broken
        .map(|check| {
            let name = check["check"].as_str().unwrap().to_owned();
            (name, check["violations"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn a_sound_ledger_passes_and_is_left_as_it_is() {
    let relay = ScriptedRelay::start();
    let room = varied(&relay);
    // Opened here and closed last, so that no other connection tidies the file up.
    let watching = ledger(&room);
    let before = (rows_of(&room, "attempt"), room.read_bytes("ledger.db"));
    let said = room.run(["ledger", "check", "--messages"]).succeeds();
    said.stdout_contains("messages have the hashes that were written before their dots")
        .stdout_lacks("BROKEN")
        .stdout_lacks("not checked");
    assert_eq!(
        before,
        (rows_of(&room, "attempt"), room.read_bytes("ledger.db"))
    );
    drop(watching);
    assert_eq!(checked(&room, 0)["ok"], true);
}

#[test]
fn a_folder_without_a_ledger_gets_none_by_being_checked() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.run(["ledger", "check"])
        .fails(1)
        .stderr_contains("there is no ledger");
    assert!(!room.has("ledger.db") && !room.has("sender.lock"));
}

/// Changes rows as no statement of the program could: the triggers are away meanwhile.
fn tamper(ledger: &Connection, sql: &str) {
    let triggers: Vec<(String, String)> = ledger
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    ledger.pragma_update(None, "foreign_keys", false).unwrap();
    for (name, _) in &triggers {
        ledger
            .execute_batch(&format!("DROP TRIGGER {name}"))
            .unwrap();
    }
    ledger.execute_batch(sql).unwrap();
    for (_, create) in &triggers {
        ledger.execute_batch(create).unwrap();
    }
}

/// A promise, how often the damage breaks it, and the damage.
const DAMAGES: [(&str, u64, &str); 26] = [
    (
        "as many deliveries as were planned",
        1,
        "UPDATE issue SET planned_total = 8",
    ),
    (
        "finished means that every delivery is settled",
        1,
        "UPDATE issue SET state = 'finished', finished_at = 1",
    ),
    (
        "finished means that every delivery is settled",
        1,
        "UPDATE issue SET finished_at = 1",
    ),
    (
        "frozen issues are as they were planned",
        1,
        "UPDATE issue SET frozen = replace(frozen, 'Reason 1:', 'Reason 0:')",
    ),
    (
        "sent means an intent, a hash and an acceptance",
        3,
        "UPDATE delivery SET intent_at = NULL WHERE state = 'sent'",
    ),
    (
        "sent means an intent, a hash and an acceptance",
        3,
        "UPDATE delivery SET message_sha256 = NULL WHERE state = 'sent'",
    ),
    (
        "sent means an intent, a hash and an acceptance",
        3,
        "UPDATE attempt SET code = 450 WHERE outcome = 'sent'",
    ),
    (
        "an acceptance of the relay means sent, or a copy asked for",
        1,
        "UPDATE delivery SET state = 'skipped', reason = 'cancelled' WHERE address = 'reader1@example.org'",
    ),
    (
        "in doubt means an intent and a hash",
        1,
        "UPDATE delivery SET intent_at = NULL WHERE state = 'unconfirmed'",
    ),
    (
        "attempts are numbered without gaps",
        1,
        "UPDATE attempt SET number = 3 WHERE delivery_id = (SELECT id FROM delivery WHERE address = 'reader2@example.org')",
    ),
    (
        "settled_at where a delivery is settled, and nowhere else",
        2,
        "UPDATE delivery SET settled_at = NULL WHERE state = 'rejected'",
    ),
    (
        "next_at where a delivery is deferred, and nowhere else",
        3,
        "UPDATE delivery SET next_at = 1 WHERE state = 'sent'",
    ),
    (
        "a reason where a delivery is skipped or rejected, and nowhere else",
        2,
        "UPDATE delivery SET reason = NULL WHERE state = 'rejected'",
    ),
    (
        "every further copy was asked for by a person",
        3,
        "UPDATE delivery SET resends = 1 WHERE state = 'sent'",
    ),
    (
        "subscribers have deliveries",
        1,
        "INSERT INTO subscriber (addr_key, on_roster) SELECT 'x' || substr(addr_key, 2), 0 FROM subscriber LIMIT 1",
    ),
    (
        "what is referred to is there",
        1,
        "DELETE FROM subscriber WHERE id = (SELECT subscriber_id FROM delivery WHERE address = 'reader7@example.org')",
    ),
    (
        "addresses and their keyed hashes agree",
        1,
        "UPDATE delivery SET address = 'another@example.org' WHERE address = 'reader6@example.org'",
    ),
    (
        "nothing is in work while no sender runs",
        1,
        "UPDATE delivery SET state = 'claimed', settled_at = NULL, reason = NULL WHERE state = 'skipped'",
    ),
    (
        "tables and triggers are unchanged",
        1,
        "CREATE TRIGGER mine AFTER INSERT ON meta BEGIN SELECT 1; END",
    ),
    (
        "this is the ledger that sends",
        1,
        "UPDATE meta SET value = '1' WHERE key = 'epoch'",
    ),
    (
        "this is the ledger that sends",
        1,
        "UPDATE meta SET value = 'elsewhere' WHERE key = 'place'",
    ),
    (
        "no intent was granted after the suppression of its address",
        1,
        "UPDATE suppression SET at = 1, addr_key = (SELECT addr_key FROM subscriber JOIN delivery ON subscriber.id = subscriber_id WHERE delivery.address = 'reader1@example.org')",
    ),
    (
        "no intent was granted after the suppression of its address",
        1,
        "UPDATE suppression SET addr_key = (SELECT addr_key FROM subscriber JOIN delivery ON subscriber.id = subscriber_id WHERE delivery.address = 'reader5@example.org');
         UPDATE delivery SET intent_at = (SELECT at FROM suppression) WHERE state = 'unconfirmed'",
    ),
    (
        "of a cancelled issue nothing is still to go out",
        1,
        "UPDATE issue SET state = 'cancelled';
         UPDATE delivery SET state = 'planned', settled_at = NULL, reason = NULL WHERE state = 'skipped'",
    ),
    (
        "suppressions name their issue",
        1,
        "UPDATE suppression SET source = 'relay'",
    ),
    (
        "suppressions by reports have a report",
        1,
        "UPDATE suppression SET source = 'report'",
    ),
];

#[test]
fn every_broken_promise_is_named_and_how_often() {
    let relay = ScriptedRelay::start();
    let room = varied(&relay);
    let backup = {
        let ledger = ledger(&room);
        ledger
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .unwrap();
        drop(ledger);
        room.read_bytes("ledger.db")
    };
    for (promise, times, sql) in DAMAGES {
        for file in ["ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(room.path(file));
        }
        room.write("ledger.db", &backup);
        tamper(&ledger(&room), sql);
        let answer = checked(&room, 1);
        let found = broken(&answer);
        assert!(
            found.contains(&(promise.to_owned(), times)),
            "{sql}\n{answer:#}"
        );
        let said = room.run(["ledger", "check"]).exits(1);
        assert!(
            said.stdout.contains(&format!("\n{promise}:\n  ")),
            "{sql}{said}"
        );
    }
}

#[test]
fn a_suppression_is_younger_than_what_was_sent_before_it_whatever_the_clock_says() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    let room = room.now("2026-12-01T08:00:00Z");
    room.run(["subscribers", "suppress", "reader1@example.org"])
        .exits(0);
    room.run(["subscribers", "suppress", "--rejected-in", SLUG])
        .exits(0);
    checked(&room, 0);
}

#[test]
fn triggers_that_were_dropped_or_weakened_are_named() {
    let relay = ScriptedRelay::start();
    let room = varied(&relay);
    let ledger = ledger(&room);
    let triggers: Vec<(String, String, String)> = ledger
        .prepare("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(triggers.len(), 21);
    for (name, table, create) in triggers {
        ledger
            .execute_batch(&format!("DROP TRIGGER {name}"))
            .unwrap();
        let answer = checked(&room, 1);
        assert_eq!(
            broken(&answer),
            [("tables and triggers are unchanged".to_owned(), 1)]
        );
        let weak =
            format!("CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN 0 BEGIN SELECT 1; END");
        ledger.execute_batch(&weak).unwrap();
        room.run(["ledger", "check"])
            .exits(1)
            .stdout_contains(&format!("the trigger {name} is changed"));
        let mended = format!("DROP TRIGGER {name}; {create};");
        ledger.execute_batch(&mended).unwrap();
    }
    checked(&room, 0);
}

#[test]
fn a_message_that_would_be_another_today_is_named_where_messages_are_checked() {
    let relay = ScriptedRelay::start();
    let room = varied(&relay);
    tamper(
        &ledger(&room),
        "UPDATE delivery SET name = 'Someone' WHERE address = 'reader1@example.org'",
    );
    checked(&room, 0);
    room.run(["ledger", "check", "--messages"])
        .exits(1)
        .stdout_contains("why-write: reader1@example.org: the message has another hash");
}

#[test]
fn a_stranger_s_key_is_named_and_nothing_is_compared_with_it() {
    let relay = ScriptedRelay::start();
    let room = varied(&relay);
    room.write("postrider.key", [9; 32]);
    make_private(&room, "postrider.key", 0o600);
    let answer = checked(&room, 1);
    let name = "the key is the one that the ledger was made with";
    assert_eq!(broken(&answer), [(name.to_owned(), 1)]);
    room.run(["ledger", "check", "--messages"])
        .exits(1)
        .stdout_contains("not checked: messages");
}

#[test]
fn what_a_sender_has_in_hand_is_no_fault() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(3);
    let answer = checked(&room, 0);
    assert!(
        answer["sender"].as_str().unwrap().starts_with("process "),
        "{answer:#}"
    );
    running.kill();
    gate.release();
    let answer = checked(&room, 1);
    assert_eq!(
        broken(&answer),
        [("nothing is in work while no sender runs".to_owned(), 1)]
    );
    // The next run settles it as in doubt, which is sound.
    room.run(["send", SLUG, "--yes"]);
    checked(&room, 0);
}

#[test]
fn a_damaged_file_is_told_of_and_changed_by_nobody() {
    let relay = ScriptedRelay::start();
    let room = varied(&relay);
    ledger(&room)
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    for file in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(room.path(file));
    }
    let whole = room.read_bytes("ledger.db");
    for damage in [whole.len() / 2..whole.len(), 0..100] {
        let mut bytes = whole.clone();
        bytes[damage].fill(0x5a);
        room.write("ledger.db", &bytes);
        let said = room.run(["ledger", "check"]).exits(1);
        said.stdout_contains("the file is whole");
        assert_eq!(room.read_bytes("ledger.db"), bytes);
    }
}
