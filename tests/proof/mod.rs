//! The proof that the sending protocol holds: kills, faults and races, each judged by the oracle
//! (`tests/support/oracle.rs`). docs/proof.md says which promise is proven by what.

mod bench;
mod crash_points;
#[cfg(target_os = "linux")]
mod cuts;
mod exhaustive;
mod fault_matrix;
mod fuzz;
mod login;
mod machine;
mod oracle;
mod races;
mod random_kills;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::support::newsroom::Newsroom;
use crate::support::oracle::examine;
use crate::support::relay::ScriptedRelay;

/// When the issue of [`newsroom`] is due.
const NOW: &str = "2026-12-01T09:00:00Z";
/// Late enough for every delivery that was deferred or in doubt at [`NOW`].
const LATER: &str = "2026-12-01T11:00:00Z";
/// The slug of that issue.
const SLUG: &str = "why-write";
/// All messages of it, without a question.
const SEND: [&str; 3] = ["send", SLUG, "--yes"];

/// A publication with one issue, which is due now, sent over so many connections.
fn newsroom(relay: &ScriptedRelay, connections: usize) -> Newsroom {
    let essay = "A letter is read by one person.\n\n.\n\n".repeat(40);
    let smtp = format!("url = \"{}\"\nconnections = {connections}", relay.url());
    let room = Newsroom::new().smtp(&smtp).now(NOW);
    room.essay(&format!("2026-12-01-{SLUG}"), "Why write?", &essay)
}

/// The address of a reader, counted from 1 in the order of the roster.
fn reader(number: usize) -> String {
    format!("reader{number}@example.org")
}

/// The state of every delivery by its address; none where nothing was planned.
fn states(room: &Newsroom) -> BTreeMap<String, String> {
    let ledger = Connection::open(room.path("ledger.db")).unwrap();
    let Ok(mut query) = ledger.prepare("SELECT address, state FROM delivery") else {
        return BTreeMap::new();
    };
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// Sends the rest, and settles what is in doubt by the relay's own journal, as a person would.
/// Then everybody has it exactly once. Returns how many were sent a second time, as asked for.
fn send_the_rest(room: &Newsroom, relay: &ScriptedRelay, readers: usize) -> usize {
    room.run(SEND);
    let account = examine(room, relay).holds();
    assert_eq!(account.of("sent") + account.of("unconfirmed"), readers);
    let has = |address: &&String| account.copies.contains_key(*address);
    let (arrived, missing): (BTreeSet<_>, BTreeSet<_>) = account.in_doubt.iter().partition(has);
    for (verdict, addresses) in [("--sent", &arrived), ("--resend", &missing)] {
        if !addresses.is_empty() {
            let command = ["ledger", "resolve", SLUG, verdict];
            let addresses = addresses.iter().map(|address| address.as_str());
            room.run(command.into_iter().chain(addresses)).exits(0);
        }
    }
    room.run(SEND).exits(0);
    let after = examine(room, relay).holds();
    assert_eq!(after.of("sent"), readers, "{after:#?}");
    assert_eq!(after.copies.len(), readers);
    let once = after.copies.values().all(|copies| *copies == 1);
    assert!(once, "{after:#?}");
    missing.len()
}

/// Numbers that are the same in every run (xorshift64).
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Fibonacci hashing spreads small seeds; zero would stay zero.
        let mut random = Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to `limit` - 1.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}
