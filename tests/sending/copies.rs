//! `ledger export` and `ledger backup`: what the ledger knows, outside of its folder.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{LATER, SEND, SLUG, ledger, letter_to, make_private, newsroom, rows_of, with_key};
use crate::support::newsroom::{Newsroom, id_of};
use crate::support::relay::{ScriptedRelay, Stage};

fn exported(room: &Newsroom, options: &[&str]) -> String {
    let command = ["ledger", "export"].iter().chain(options);
    room.run(command).succeeds().stdout
}

/// The cells of each address by the name of their column.
fn cells(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let pairs = header.iter().zip(row.iter());
        let cells: BTreeMap<String, String> = pairs
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect();
        (cells["address"].clone(), cells)
    });
    rows.collect()
}

#[test]
fn an_export_has_a_row_for_each_delivery_with_message_id_and_reply() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 =HYPERLINK(1)"]);
    relay.replies_to_recipient("reader3@example.org", &["450 4.2.0 later"]);
    let room =
        with_key(newsroom(&relay).readers(3), 7).essay("2026-12-01-second", "Second", "More.\n");
    room.run(SEND).exits(3);
    let text = exported(&room, &[]);
    assert!(
        text.lines().count() == 4 && text.ends_with("\r\n"),
        "{text}"
    );
    assert_eq!(
        text.matches('\n').count(),
        text.matches("\r\n").count(),
        "RFC 4180 §2.1"
    );
    let cells = cells(&text);
    let sent = &cells["reader1@example.org"];
    let letter = letter_to(&relay, "reader1@example.org");
    assert_eq!(sent["message_id"], letter.header("Message-ID"));
    assert_eq!(sent["issue"], id_of("2026-12-01-why-write").as_str());
    assert_eq!(
        (&*sent["slug"], &*sent["state"], &*sent["attempts"]),
        (SLUG, "sent", "1")
    );
    assert_eq!((&*sent["code"], &*sent["command"]), ("250", "end of data"));
    assert!(
        sent["intent_at"].starts_with("2026-12-01T09:0"),
        "{sent:#?}"
    );
    assert!(sent["settled_at"] >= sent["intent_at"], "{sent:#?}");
    let rejected = &cells["reader2@example.org"];
    assert_eq!(
        (&*rejected["state"], &*rejected["reason"]),
        ("rejected", "address")
    );
    assert_eq!(
        (&*rejected["code"], &*rejected["enhanced"]),
        ("550", "5.1.1")
    );
    assert_eq!(
        (&*rejected["command"], &*rejected["intent_at"]),
        ("RCPT", "")
    );
    let deferred = &cells["reader3@example.org"];
    assert_eq!(
        (&*deferred["state"], &*deferred["settled_at"]),
        ("deferred", "")
    );

    // One issue, or all of them.
    room.run(["send", "second", "--yes"]).exits(0);
    assert_eq!(exported(&room, &[]).lines().count(), 7);
    assert_eq!(exported(&room, &[SLUG]), text);
    let json: serde_json::Value = serde_json::from_str(&exported(&room, &["--json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 6);
    let same = |row: &&serde_json::Value| row["message_id"] == letter.header("Message-ID");
    let row = json.as_array().unwrap().iter().find(same).unwrap();
    assert_eq!(row["address"], "reader1@example.org");
    assert_eq!(row["reason"], serde_json::Value::Null);
    room.run(["ledger", "export", "third"]).fails(1);
}

#[test]
fn no_cell_of_an_export_is_a_formula_unless_it_is_wanted_raw() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader1@example.org", &["550 =cmd|' /C calc'!A0"]);
    relay.replies_to_recipient("reader2@example.org", &["550 no, \"never\""]);
    let room = newsroom(&relay)
        .subscriber("reader1@example.org", "")
        .subscriber("reader2@example.org", "")
        .subscriber("+plus@example.org", "");
    room.run(SEND).exits(3);
    let safe = cells(&exported(&room, &[]));
    assert_eq!(safe["reader1@example.org"]["reply"], "'=cmd|' /C calc'!A0");
    assert_eq!(safe["reader2@example.org"]["reply"], "no, \"never\"");
    assert_eq!(safe["'+plus@example.org"]["state"], "sent");
    let raw = cells(&exported(&room, &["--raw"]));
    assert_eq!(raw["reader1@example.org"]["reply"], "=cmd|' /C calc'!A0");
    assert_eq!(raw["+plus@example.org"]["state"], "sent");
}

#[test]
fn an_export_to_a_file_replaces_it_in_one_step() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(0);
    let out = room.path("out.csv");
    let options = ["ledger", "export", "--out", out.to_str().unwrap()];
    room.run(options).exits(0).stdout_contains("2 deliveries");
    assert_eq!(room.read("out.csv"), exported(&room, &[]));
    assert_eq!(mode(&out), 0o600, "it holds addresses");
    room.run(options).exits(0);
    let nowhere = room.path("why/not/here/out.csv");
    std::fs::write(room.path("why"), "a file").unwrap();
    room.run(["ledger", "export", "--out", nowhere.to_str().unwrap()])
        .fails(1)
        .stderr_contains("cannot write");
    let left = room.files("");
    assert!(
        !left
            .iter()
            .any(|file| file.starts_with(".postrider-") && file != ".postrider-cache"),
        "{left:?}"
    );
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// `ledger backup` to this file of the folder.
fn back_up(room: &Newsroom, name: &str) {
    let path = room.path(name);
    room.run(["ledger", "backup", path.to_str().unwrap()])
        .succeeds()
        .stdout_contains("read back and whole");
}

#[test]
fn a_backup_holds_ledger_and_key_and_overwrites_nothing_unasked() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(0);
    back_up(&room, "backup/one.db");
    assert_eq!(
        room.read_bytes("backup/one.db.key"),
        room.read_bytes("postrider.key")
    );
    for file in ["backup/one.db", "backup/one.db.key"] {
        assert_eq!(mode(&room.path(file)), 0o600, "{file}");
    }
    let copy = rusqlite::Connection::open(room.path("backup/one.db")).unwrap();
    let whole: String = copy
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    let sent: i64 = copy
        .query_row(
            "SELECT count(*) FROM delivery WHERE state = 'sent'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!((whole.as_str(), sent), ("ok", 3));
    drop(copy);

    let before = room.read_bytes("backup/one.db");
    let path = room.path("backup/one.db");
    let again = ["ledger", "backup", path.to_str().unwrap()];
    room.run(again)
        .fails(1)
        .stderr_contains("is there already")
        .stderr_contains("--replace");
    assert_eq!(room.read_bytes("backup/one.db"), before);
    room.run(["ledger", "backup", "--replace", path.to_str().unwrap()])
        .exits(0)
        .stdout_contains("replaced");
    assert_eq!(room.files("backup"), ["one.db", "one.db.key"]);

    // Not even when it is asked for: the ledger is no place for its own backup.
    for own in ["ledger.db", "postrider.key"] {
        let own = room.path(own);
        room.run(["ledger", "backup", "--replace", own.to_str().unwrap()])
            .fails(1)
            .stderr_contains("is the one that is in use");
    }
    assert_eq!(rows_of(&room, "delivery"), 3);
    room.run(["ledger", "check"]).exits(0);
}

#[test]
fn a_backup_can_be_made_in_the_middle_of_a_run() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(4);
    back_up(&room, "middle.db");
    gate.release();
    running.wait().exits(0);
    let copy = rusqlite::Connection::open(room.path("middle.db")).unwrap();
    let inflight: i64 = copy
        .query_row(
            "SELECT count(*) FROM delivery WHERE state = 'inflight'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(inflight, 4, "the intents are in the copy");
}

/// Puts a backup in the place of the ledger, as docs/ledger.md says.
fn restore(room: &Newsroom, name: &str) {
    for file in [
        "ledger.db",
        "ledger.db-wal",
        "ledger.db-shm",
        "postrider.key",
    ] {
        let _ = std::fs::remove_file(room.path(file));
    }
    std::fs::copy(room.path(name), room.path("ledger.db")).unwrap();
    std::fs::copy(
        room.path(&format!("{name}.key")),
        room.path("postrider.key"),
    )
    .unwrap();
    make_private(room, "postrider.key", 0o600);
}

#[test]
fn a_restored_backup_sends_nothing_until_it_is_adopted() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay)
        .essay("2026-12-01-second", "Second", "More.\n")
        .readers(2);
    room.run(SEND).exits(3);
    back_up(&room, "backup.db");
    let room = room.now(LATER);
    room.run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 2);
    restore(&room, "backup.db");
    // It believes that reader2 is still to be served.
    for command in [&SEND[..], &["send", "second", "--yes"], &["send", "--due"]] {
        room.run(command)
            .fails(1)
            .stderr_contains("postrider ledger adopt");
    }
    room.run(["ledger", "check"])
        .exits(1)
        .stdout_contains("it was restored from a backup");
    room.run(["ledger", "adopt"])
        .exits(0)
        .stdout_contains("why-write is paused");
    room.run(["send", "--due"]).exits(0);
    assert_eq!(relay.accepted().len(), 4, "the second issue alone");
    room.run(["ledger", "check"]).exits(0);
    drop(ledger(&room));
}

/// The ledger's files as they are now, as `cp` would take them.
fn plain_copy(room: &Newsroom) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let files = ["ledger.db", "ledger.db-wal", "ledger.db-shm"];
    let bytes = |file: &str| std::fs::read(room.path(file)).ok();
    files.map(|file| (file, bytes(file))).to_vec()
}

/// Puts it back into the same files, so that nothing but their content tells.
fn put_back(room: &Newsroom, copy: &[(&'static str, Option<Vec<u8>>)]) {
    for (file, bytes) in copy {
        match bytes {
            Some(bytes) => room.write(file, bytes),
            None => drop(std::fs::remove_file(room.path(file))),
        }
    }
}

#[test]
fn a_copy_from_the_middle_of_a_run_sends_nothing_after_it() {
    for by_the_program in [true, false] {
        let relay = ScriptedRelay::start();
        let room = newsroom(&relay).readers(12);
        let gate = relay.hold_at_dot();
        let running = room.spawn(SEND);
        gate.wait_for(4);
        let mut copy = plain_copy(&room);
        if by_the_program {
            back_up(&room, "middle.db");
            copy = plain_copy(&room);
            copy[0].1 = Some(room.read_bytes("middle.db"));
            copy[1].1 = None;
            copy[2].1 = None;
        }
        gate.release();
        running.wait().exits(0);
        put_back(&room, &copy);
        // It believes that nobody has the issue.
        room.run(SEND)
            .fails(1)
            .stderr_contains("does not know what was sent")
            .stderr_contains("postrider ledger adopt");
        room.run(["ledger", "check"]).exits(1);
        assert_eq!(relay.accepted().len(), 12);
        room.run(["ledger", "adopt"])
            .exits(0)
            .stdout_contains("why-write is paused")
            .stdout_contains("an earlier state of this ledger");
        room.run(SEND);
        assert_eq!(relay.accepted().len(), 12);
    }
}

#[test]
fn a_copy_from_before_a_decision_is_seen_to_be_older() {
    let decisions: [&[&str]; 7] = [
        &["subscribers", "suppress", "reader3@example.org"],
        &[
            "subscribers",
            "allow",
            "reader3@example.org",
            "--reason",
            "wrote to me",
        ],
        &["pause", SLUG],
        &["continue", SLUG],
        &["ledger", "resolve", SLUG, "--abandon"],
        &["subscribers", "suppress", "--rejected-in", SLUG],
        &["cancel", SLUG, "--yes"],
    ];
    let relay = ScriptedRelay::start();
    relay.at(Stage::Dot).of("reader1@example.org").close();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    relay.replies_to_recipient("reader4@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(4);
    room.run(SEND).exits(3);
    for decision in decisions {
        let before = plain_copy(&room);
        room.run(decision).exits(0);
        let after = plain_copy(&room);
        put_back(&room, &before);
        room.run(SEND)
            .fails(1)
            .stderr_contains("the ledger is older than its last change");
        // Nor does it catch up with what it does not know.
        for number in 5..9 {
            let who = format!("reader{number}@example.org");
            room.run(["subscribers", "suppress", &who]).exits(0);
        }
        room.run(SEND).fails(1).stderr_contains("ledger adopt");
        put_back(&room, &after);
        room.run(["ledger", "check"]).exits(0);
    }
    assert_eq!(relay.accepted().len(), 1);
}

#[test]
fn a_suppression_in_the_middle_of_a_run_leaves_the_sender_its_lock() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(12);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(4);
    let before = room.read("sender.lock");
    room.run(["subscribers", "suppress", "reader12@example.org"])
        .exits(0);
    let after = room.read("sender.lock");
    assert_eq!(before.lines().next(), after.lines().next());
    assert_ne!(before, after);
    room.run(SEND).fails(75);
    gate.release();
    running.wait().exits(0);
    room.run(SEND).exits(0);
    room.run(["ledger", "check"]).exits(0);
    assert_eq!(relay.accepted().len(), 11);
}

#[test]
fn a_damaged_ledger_is_not_passed_off_as_a_backup() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Banner).reply("554 5.7.1 not you");
    let room = newsroom(&relay).readers(3);
    room.run(["plan", SLUG]).exits(0);
    ledger(&room)
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let mut bytes = room.read_bytes("ledger.db");
    let middle = bytes.len() / 4;
    bytes[middle..].fill(0x5a);
    room.write("ledger.db", &bytes);
    let path = room.path("backup.db");
    room.run(["ledger", "backup", path.to_str().unwrap()])
        .fails(1);
    assert!(!room.has("backup.db"));
}
