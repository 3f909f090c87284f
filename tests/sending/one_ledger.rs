//! One ledger: no clone, no copy, no backup and no stranger's key may send.

use std::path::Path;

use super::{NOW, SEND, SLUG, assert_counts, ledger, make_private, newsroom, served};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

/// A second folder with copies of these files.
fn copy(room: &Newsroom, relay: &ScriptedRelay, keep: impl Fn(&str) -> bool) -> Newsroom {
    let copy = Newsroom::empty()
        .env("POSTRIDER_SMTP_URL", &relay.url())
        .now(NOW);
    for file in room.files("").into_iter().filter(|file| keep(file)) {
        copy.write(&file, room.read_bytes(&file));
        let mode = std::fs::metadata(room.path(&file)).unwrap().permissions();
        std::fs::set_permissions(copy.path(&file), mode).unwrap();
    }
    copy
}

const WHAT_GIT_IGNORES: [&str; 4] = ["ledger.db", "postrider.key", "sender.lock", "public"];

#[test]
fn the_first_send_writes_the_ledgers_id_and_leaves_the_rest_of_the_file() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    let config = format!(
        "# The Test Letter: our own.\n{}\n# The end, and [ledger] is no table here.\n",
        room.read("postrider.toml")
    );
    room.write("postrider.toml", &config);
    room.run(["plan", SLUG]).exits(0);
    room.run(["send", SLUG, "--test", "editor@example.org"])
        .exits(0);
    assert_eq!(
        room.read("postrider.toml"),
        config,
        "only a real send ties the folder"
    );
    room.run(SEND).exits(0);
    let after = room.read("postrider.toml");
    let id: String = ledger(&room)
        .query_row("SELECT value FROM meta WHERE key = 'id'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let without: Vec<&str> = after
        .lines()
        .filter(|line| !line.contains(&id) && *line != "[ledger]" && !line.is_empty())
        .collect();
    let before: Vec<&str> = config.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(without, before, "{after}");
    assert!(
        after.contains(&format!("[ledger]\nid = \"{id}\"")),
        "{after}"
    );
    room.run(SEND).exits(0);
    assert_eq!(room.read("postrider.toml"), after);
}

#[test]
fn a_clone_without_the_ledger_refuses_until_its_ledger_is_adopted() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(0);
    let clone = copy(&room, &relay, |file| {
        !WHAT_GIT_IGNORES.iter().any(|name| file.starts_with(name))
    });
    let before = clone.files("");
    for command in [
        &SEND[..],
        &["send", "--due"],
        &["plan", SLUG],
        &["history", "reader1@example.org"],
    ] {
        clone
            .run(command)
            .fails(1)
            .stderr_contains("not the ledger that sent the earlier issues")
            .stderr_contains("postrider ledger adopt");
    }
    let made: Vec<String> = clone
        .files("")
        .into_iter()
        .filter(|file| !before.contains(file))
        .collect();
    assert_eq!(
        made,
        ["sender.lock"],
        "a refusal makes no ledger and no key"
    );
    // A co-author can look at the next issue all the same.
    clone.run(["check"]).exits(0);
    let test = ["send", SLUG, "--test", "author@example.org"];
    clone.run(test).exits(0);
    assert_eq!(relay.accepted().len(), 3);
    // A person may say that this is the one.
    let original = clone.read("postrider.toml");
    clone.run(["ledger", "adopt"]).exits(0);
    let adopted = clone.read("postrider.toml");
    clone.write("postrider.toml", &original);
    clone
        .run(SEND)
        .fails(1)
        .stderr_contains("`postrider.toml` names another one");
    clone.write("postrider.toml", &adopted);
    clone.run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 5);
}

#[test]
fn a_copied_folder_refuses_and_the_original_goes_on() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(0);
    let copied = copy(&room, &relay, |_| true);
    let copied = copied.essay("2026-12-01-second", "Second", "More.\n");
    copied
        .run(["send", "second", "--yes"])
        .fails(1)
        .stderr_contains("this ledger was copied or moved")
        .stderr_contains("postrider ledger adopt");
    assert_eq!(relay.accepted().len(), 2);
    let room = room.essay("2026-12-01-second", "Second", "More.\n");
    room.run(["send", "second", "--yes"]).exits(0);
    assert_eq!(relay.accepted().len(), 4);

    copied.run(["ledger", "adopt"]).exits(0);
    // The copy knows what was sent before it was made.
    copied
        .run(SEND)
        .exits(0)
        .stdout_contains("nothing was sent now");
    assert_eq!(relay.accepted().len(), 4);
}

#[test]
fn a_ledger_from_a_backup_refuses_until_it_is_adopted() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .essay("2026-12-01-second", "Second", "More.\n")
        .readers(2);
    room.run(SEND).exits(0);
    let backup = room.read_bytes("ledger.db");
    room.run(["send", "second", "--yes"]).exits(0);
    // Into the same file, so that only its age gives it away.
    for file in ["ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(room.path(file));
    }
    room.write("ledger.db", &backup);
    room.run(["send", "second", "--yes"])
        .fails(1)
        .stderr_contains("the ledger is older than its last change")
        .stderr_contains("postrider ledger adopt");
    assert_eq!(relay.accepted().len(), 4);
    room.run(["ledger", "adopt"]).exits(0);
    room.run(SEND)
        .exits(0)
        .stdout_contains("nothing was sent now");
    assert_eq!(relay.accepted().len(), 4);
}

#[test]
fn without_its_key_a_ledger_plans_nothing() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .essay("2026-12-01-second", "Second", "More.\n")
        .readers(2);
    room.run(SEND).exits(0);
    let key = room.read_bytes("postrider.key");
    std::fs::remove_file(room.path("postrider.key")).unwrap();
    for command in [&["send", "second", "--yes"][..], &["plan", "second"]] {
        room.run(command)
            .fails(1)
            .stderr_contains("`postrider.key` is missing");
    }
    assert!(!room.has("postrider.key"), "no new key takes its place");

    room.write("postrider.key", [9; 32]);
    make_private(&room, "postrider.key", 0o600);
    for command in [&["send", "second", "--yes"][..], &["plan", "second"]] {
        room.run(command)
            .fails(1)
            .stderr_contains("not the key that this ledger was made with");
    }
    room.write("postrider.key", &key[..31]);
    room.run(["plan", "second"])
        .fails(1)
        .stderr_contains("32 bytes");
    room.write("postrider.key", &key);
    make_private(&room, "postrider.key", 0o644);
    room.run(["plan", "second"])
        .fails(1)
        .stderr_contains("chmod 600");
    make_private(&room, "postrider.key", 0o600);
    room.run(["send", "second", "--yes"]).exits(0);
    assert_eq!(served(&relay).len(), 2);
    assert_eq!(relay.accepted().len(), 4);
}

#[test]
fn the_key_and_the_ledger_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.run(SEND).exits(0);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&room.path("postrider.key")), 0o600);
    assert_eq!(mode(&room.path("ledger.db")), 0o600);
}

#[test]
fn a_ledger_of_a_newer_version_is_left_alone() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.run(["plan", SLUG]).exits(0);
    ledger(&room)
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = room.read_bytes("ledger.db");
    for command in [
        &SEND[..],
        &["plan", SLUG],
        &["status", SLUG],
        &["history", "reader1@example.org"],
        &["subscribers", "suppress", "reader1@example.org"],
        &["ledger", "adopt"],
    ] {
        room.run(command)
            .fails(1)
            .stderr_contains("the ledger is of format 99")
            .stderr_contains("use the newest Postrider");
    }
    assert_eq!(room.read_bytes("ledger.db"), before);
    assert_eq!(relay.connections(), 0);
}

#[test]
fn a_file_that_is_no_ledger_is_told_of_and_left_alone() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.write("ledger.db", "this is no database\n".repeat(100));
    let before = room.read_bytes("ledger.db");
    let told = room.run(SEND).fails(1);
    assert!(!told.stderr.contains("panicked"), "{told}");
    assert_eq!(room.read_bytes("ledger.db"), before);
}

/// What no statement may do to a ledger in which reader1 is served, reader2 rejected and reader3 in
/// doubt, the second issue is cancelled, and the third finished.
const FORBIDDEN: [&str; 34] = [
    "UPDATE delivery SET state = 'planned'",
    "DELETE FROM delivery",
    "INSERT OR REPLACE INTO delivery (id, issue_id, subscriber_id, address, fields, state)
         SELECT id, issue_id, subscriber_id, address, fields, 'planned' FROM delivery WHERE state = 'sent'",
    "INSERT OR REPLACE INTO delivery (issue_id, subscriber_id, address, fields, state)
         SELECT issue_id, subscriber_id, address, fields, 'planned' FROM delivery WHERE state = 'sent'",
    "REPLACE INTO delivery (id, issue_id, subscriber_id, address, fields, state)
         SELECT id, 1, 77, address, fields, 'planned' FROM delivery WHERE state = 'sent'",
    "INSERT INTO delivery (issue_id, subscriber_id, address, fields, state) VALUES (1, 77, 'x@example.org', '{}', 'sent')",
    "INSERT INTO delivery (issue_id, subscriber_id, address, fields, state) VALUES (1, 77, 'x@example.org', '{}', 'claimed')",
    "INSERT INTO delivery (issue_id, subscriber_id, address, fields, state, resends) VALUES (1, 77, 'x@example.org', '{}', 'planned', 1)",
    "INSERT INTO delivery (issue_id, subscriber_id, address, fields, state) VALUES (2, 77, 'x@example.org', '{}', 'planned')",
    "INSERT INTO delivery (issue_id, subscriber_id, address, fields, state) VALUES (3, 77, 'x@example.org', '{}', 'planned')",
    "UPDATE delivery SET issue_id = 2",
    "UPDATE OR REPLACE delivery SET subscriber_id = 1 WHERE issue_id = 1",
    "UPDATE OR REPLACE delivery SET id = 1 WHERE id = 2",
    "UPDATE delivery SET address = 'x@example.org'",
    "UPDATE delivery SET fields = '{}'",
    "UPDATE issue SET state = 'finished', finished_at = 1 WHERE id = 1",
    "UPDATE issue SET state = 'finished' WHERE id = 1",
    "UPDATE issue SET finished_at = 1 WHERE id = 1",
    "UPDATE issue SET finished_at = 1 WHERE id = 3",
    "UPDATE issue SET state = 'sending' WHERE id = 2",
    "UPDATE issue SET state = 'sending', finished_at = NULL WHERE id = 2",
    "UPDATE issue SET state = 'paused' WHERE id = 3",
    "UPDATE issue SET state = 'sending' WHERE id = 3",
    "UPDATE issue SET planned_total = 2 WHERE id = 1",
    "UPDATE issue SET planned_total = 4 WHERE id = 1",
    "UPDATE issue SET frozen = '{}', frozen_sha256 = 'x' WHERE id = 1",
    "UPDATE issue SET identity = 'x' WHERE id = 1",
    "UPDATE issue SET planned_at = 1 WHERE id = 1",
    "DELETE FROM issue WHERE id = 1",
    "INSERT OR REPLACE INTO issue SELECT * FROM issue WHERE id = 3",
    "INSERT OR REPLACE INTO issue (identity, slug, title, state, planned_at, planned_total, frozen, frozen_sha256)
         SELECT identity, slug, title, 'sending', planned_at, 0, frozen, frozen_sha256 FROM issue WHERE id = 1",
    "DELETE FROM attempt",
    "UPDATE attempt SET outcome = 'sent'",
    "INSERT OR REPLACE INTO attempt (delivery_id, number, ended_at, outcome)
         SELECT delivery_id, number, ended_at, 'sent' FROM attempt",
];

#[test]
fn nobody_can_undo_what_was_done_even_by_hand() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    relay
        .at(Stage::Dot)
        .of("reader3@example.org")
        .once()
        .close();
    let room = newsroom(&relay)
        .essay("2026-12-01-second", "Second", "More.\n")
        .essay("2026-12-01-third", "Third", "The last.\n")
        .readers(3);
    room.run(SEND).exits(3);
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    room.run(["send", "second", "--yes"]).exits(3);
    room.run(["cancel", "second", "--yes"]).exits(0);
    room.run(["send", "third", "--yes"]).exits(0);
    let ledger = ledger(&room);
    // As in the shell of SQLite, which looks after no references.
    ledger.pragma_update(None, "foreign_keys", false).unwrap();
    let before = room.run(["ledger", "export"]).exits(0).stdout;
    let is_accepted = |sql: &&str| {
        let attempt = ledger.unchecked_transaction().unwrap();
        let done = attempt.execute(sql, []);
        attempt.rollback().unwrap();
        done.is_ok()
    };
    let accepted: Vec<&str> = FORBIDDEN.into_iter().filter(is_accepted).collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert_eq!(room.run(["ledger", "export"]).exits(0).stdout, before);
    assert_counts(
        &room,
        &[
            ("planned", 3),
            ("sent", 1),
            ("rejected", 1),
            ("unconfirmed", 1),
        ],
    );
    room.run(["ledger", "check"]).exits(0);
}
