//! Sending: the real program hands real messages to a relay that does what the test says, and the
//! ledger must know afterwards what became of each.

mod asked;
mod bounces;
mod changes;
mod checkup;
mod control;
mod copies;
mod crash;
mod desk;
mod disk;
mod dkim;
mod flow;
mod ground;
mod hostile_mail;
mod hostile_relay;
mod imap;
mod imap_login;
mod leaving;
mod letter;
mod login;
mod notify;
mod one_ledger;
mod options;
mod pace;
mod people;
mod plans;
mod replies;
mod reports;
mod returned;
mod returned_ways;
mod rounds;
mod schedule;
mod secrets;
mod selftest;
mod standing_in;
mod tls;
mod tokens;
mod verbs;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::DEADLINE;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::oracle::examine;
use crate::support::program::Output;
use crate::support::relay::{AcceptedMessage, ScriptedRelay};

/// When the issue of [`newsroom`] is due.
const NOW: &str = "2026-12-01T09:00:00Z";
/// Late enough for every delivery that was deferred at [`NOW`].
const LATER: &str = "2026-12-01T11:00:00Z";
/// A key that changes nothing: giving it writes `postrider.toml` again.
const CONFIG_IS_WRITTEN_AGAIN: &str = "language = \"en\"";
/// The slug of that issue.
const SLUG: &str = "why-write";
/// All messages of it, without a question.
const SEND: [&str; 3] = ["send", SLUG, "--yes"];

/// A publication with one issue, which is due now.
fn newsroom(relay: &ScriptedRelay) -> Newsroom {
    Newsroom::new()
        .relay(relay)
        .essay(&format!("2026-12-01-{SLUG}"), "Why write?", &essay())
        .now(NOW)
}

/// An essay long enough that its message does not leave in one piece with the final dot.
fn essay() -> String {
    let mut essay = String::new();
    for number in 1..=30 {
        let _ = writeln!(
            essay,
            "Reason {number}: a letter is read by one person.\n\n.\n"
        );
    }
    essay
}

/// `status --json` of the issue.
#[track_caller]
fn status(room: &Newsroom) -> serde_json::Value {
    room.run(["status", SLUG, "--json"]).exits(0).json()
}

/// Fails unless exactly these counts are not zero.
#[track_caller]
fn assert_counts(room: &Newsroom, wanted: &[(&str, u64)]) {
    let status = status(room);
    let names = [
        "planned",
        "sent",
        "deferred",
        "rejected",
        "unconfirmed",
        "skipped",
        "expired",
        "abandoned",
        "remaining",
    ];
    let found: Vec<(&str, u64)> = names
        .into_iter()
        .map(|state| (state, status[state].as_u64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(found, wanted, "{status:#}");
}

/// The ledger, for a look inside.
fn ledger(room: &Newsroom) -> Connection {
    let ledger = Connection::open(room.path("ledger.db")).unwrap();
    ledger.busy_timeout(Duration::from_secs(10)).unwrap();
    ledger
}

/// How many rows a table of the ledger has; 0 where there is no ledger.
fn rows_of(room: &Newsroom, table: &str) -> i64 {
    if !room.has("ledger.db") {
        return 0;
    }
    let sql = format!("SELECT count(*) FROM {table}");
    ledger(room).query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// The state of every delivery by its address.
fn states(room: &Newsroom) -> BTreeMap<String, String> {
    let ledger = ledger(room);
    let mut query = ledger
        .prepare("SELECT address, state FROM delivery")
        .unwrap();
    let rows = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// How often each address was served.
fn served(relay: &ScriptedRelay) -> BTreeMap<String, usize> {
    let mut served = BTreeMap::new();
    for message in relay.accepted() {
        for address in message.rcpt_to {
            *served.entry(address).or_default() += 1;
        }
    }
    served
}

/// Joins the ledger with what the relay accepted.
#[track_caller]
fn assert_ledger_is_true(room: &Newsroom, relay: &ScriptedRelay) {
    examine(room, relay).holds();
}

/// Fails unless the command did nothing but explain itself: nothing planned, nothing sent.
#[track_caller]
fn assert_refused(room: &Newsroom, relay: &ScriptedRelay, output: Output, reason: &str) {
    let output = output.fails(1).stderr_contains(reason);
    assert!(
        output.stderr.contains("hint: "),
        "no hint on what to do{output}"
    );
    assert_eq!(relay.accepted(), [], "something was sent{output}");
    assert_eq!(
        rows_of(room, "delivery"),
        0,
        "something was planned{output}"
    );
}

/// The one message that was accepted for an address.
#[track_caller]
fn message_to(relay: &ScriptedRelay, address: &str) -> AcceptedMessage {
    let mut found: Vec<AcceptedMessage> = relay
        .accepted()
        .into_iter()
        .filter(|message| message.rcpt_to == [address])
        .collect();
    assert_eq!(found.len(), 1, "messages to {address}");
    found.remove(0)
}

/// That message as its reader sees it.
#[track_caller]
fn letter_to(relay: &ScriptedRelay, address: &str) -> Letter {
    Letter::read(&message_to(relay, address).data)
}

/// The root secret of a test, so that tokens and Message-IDs are the same in every run.
fn with_key(room: Newsroom, byte: u8) -> Newsroom {
    let room = room.file("postrider.key", [byte; 32]);
    make_private(&room, "postrider.key", 0o600);
    room
}

fn make_private(room: &Newsroom, file: &str, mode: u32) {
    std::fs::set_permissions(room.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Returns when `happened`; for what the program tells nobody.
#[track_caller]
fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < DEADLINE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
