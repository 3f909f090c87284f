//! The proof that the sending protocol holds: kills, faults and races, each judged by the oracle
//! (`tests/support/oracle.rs`). docs/proof.md says which promise is proven by what.

mod crash_points;
mod oracle;
mod random_kills;

use crate::support::newsroom::Newsroom;
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
