//! Death between two calls of the system: at every sync and write of the ledger, and at each byte
//! of the final dot. The shell's `kill -9` cannot aim so well (`tests/support/cut.rs`).

use std::collections::{BTreeMap, BTreeSet};

use super::{LATER, SEND, newsroom, reader, send_the_rest, states};
use crate::support::cut::{Call, Done, calls, cut_at, log_calls, uncut};
use crate::support::newsroom::Newsroom;
use crate::support::oracle::examine;
use crate::support::relay::ScriptedRelay;

const READERS: usize = 3;

/// What one death left.
struct Left {
    /// How many dots were begun before it.
    dots: usize,
    states: BTreeMap<String, String>,
}

fn room_and_relay() -> (Newsroom, ScriptedRelay) {
    let relay = ScriptedRelay::setup().keeps_journal().start();
    (newsroom(&relay, 1).readers(READERS), relay)
}

/// Dies at a call, looks, and sends the rest. `None` if the run had no such call: commits are shared
/// as they fall, so that the last ones are sometimes there and sometimes not.
fn die_at(call: Call, number: usize, done: Done) -> Option<Left> {
    let (room, relay) = room_and_relay();
    let room = cut_at(room, call, number, done);
    let output = room.run(SEND);
    if output.status.code().is_some() {
        output.exits(0);
        return None;
    }
    let made = calls(&room);
    let dots = made.iter().filter(|made| **made == Call::Dot).count();
    let left = Left {
        dots,
        states: states(&room),
    };
    examine(&room, &relay).holds();
    assert_lawful(&left, call, &format!("{call:?} {number} {done:?}"));
    let room = uncut(room).now(LATER);
    send_the_rest(&room, &relay, READERS);
    Some(left)
}

/// Over one connection the states after a death are known but for one: whether the last commit
/// that was begun is there.
fn assert_lawful(left: &Left, call: Call, point: &str) {
    let Left { dots, states } = left;
    if states.is_empty() {
        assert_eq!(*dots, 0, "{point}: sent without a plan");
        return;
    }
    for row in 1..=READERS {
        let allowed: &[&str] = if call == Call::Dot && row == *dots {
            &["inflight"]
        } else if row < *dots {
            // The result of each is on the disk before the next dot.
            &["sent"]
        } else if row == *dots {
            &["inflight", "sent"]
        } else if row == dots + 1 && call == Call::Sync {
            &["planned", "claimed", "inflight"]
        } else {
            // Also the next one: a commit that was cut off in a write is not there.
            &["planned", "claimed"]
        };
        let state = states[&reader(row)].as_str();
        assert!(
            allowed.contains(&state),
            "{point}, {dots} dots: {states:#?}"
        );
    }
}

/// How often a whole run makes each call.
fn calls_of_a_run() -> (usize, usize) {
    let (room, relay) = room_and_relay();
    let room = log_calls(room);
    room.run(SEND).exits(0);
    examine(&room, &relay).holds();
    let made = calls(&room);
    let count = |wanted: Call| made.iter().filter(|made| **made == wanted).count();
    assert_eq!(count(Call::Dot), READERS, "the dot is not seen");
    (count(Call::Sync), count(Call::Write))
}

/// Every `step`th sync and write; returns at which rows an intent was there without its dot.
fn die_everywhere(step: usize) -> BTreeSet<usize> {
    let (syncs, writes) = calls_of_a_run();
    let mut found = BTreeSet::new();
    let mut look = |left: Option<Left>| {
        let Some(left) = left else { return };
        let next = left.states.get(&reader(left.dots + 1));
        if next.is_some_and(|state| state == "inflight") {
            found.insert(left.dots + 1);
        }
    };
    for sync in 1..=syncs {
        look(die_at(Call::Sync, sync, Done::Nothing));
        if sync % step == 0 {
            look(die_at(Call::Sync, sync, Done::All));
        }
    }
    for write in (1..=writes).step_by(4 * step) {
        // A frame's head has 24 bytes: these are a torn head and a torn page.
        die_at(Call::Write, write, Done::Bytes(12 * (1 + write % 9)));
    }
    found
}

#[test]
fn at_every_sync_and_in_torn_writes_no_dot_is_ahead_of_its_intent() {
    // Each intent has a moment at which it is on the disk and the dot is not written. Which sync that
    // is depends on which commits are shared, and a run may have one more or one less than the last.
    let mut found = BTreeSet::new();
    for _ in 0..3 {
        found.extend(die_everywhere(6));
        if found.len() == READERS {
            break;
        }
    }
    assert_eq!(found, (1..=READERS).collect());
}

/// `cargo test --test main cuts -- --ignored`
#[test]
#[ignore = "takes a minute; docs/proof.md has the command"]
fn at_every_sync_and_write_no_dot_is_ahead_of_its_intent() {
    assert_eq!(die_everywhere(1), (1..=READERS).collect());
}

#[test]
fn at_each_byte_of_the_dot_the_delivery_is_in_doubt_and_the_relay_has_it_only_if_it_is_whole() {
    for row in 1..=READERS {
        for bytes in 0..=3 {
            let (room, relay) = room_and_relay();
            let room = cut_at(room, Call::Dot, row, Done::Bytes(bytes));
            room.run(SEND);
            let whole = bytes == 3;
            relay.wait_for(row - 1 + usize::from(whole));
            assert_eq!(states(&room)[&reader(row)], "inflight");
            let room = uncut(room).now(LATER);
            room.run(SEND).exits(3);
            let account = examine(&room, &relay).holds();
            assert_eq!(account.in_doubt, BTreeSet::from([reader(row)]));
            assert_eq!(account.copies.contains_key(&reader(row)), whole);
            send_the_rest(&room, &relay, READERS);
        }
    }
}
