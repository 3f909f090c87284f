//! `kill -9` at named points of the conversation, and the exact state that each must leave behind.
//! Nothing in the program helps: the relay stops at the point, and the test kills the process.
//!
//! The points on the ledger's side, between the calls of one commit, are in `cuts`.

use std::collections::BTreeMap;

use super::{LATER, SEND, SLUG, newsroom, reader, states};
use crate::support::gate::Gate;
use crate::support::oracle::examine;
use crate::support::relay::{ScriptedRelay, Stage};

const READERS: usize = 6;
/// The first, one in the middle, the last.
const ROWS: [usize; 3] = [1, 3, READERS];

/// Where the relay stands when the sender dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// Before its reply to this.
    Before(Stage),
    /// In the middle of its reply to this.
    HalfReply(Stage),
}

impl Point {
    fn stop(self, relay: &ScriptedRelay, address: Option<&str>) -> Gate {
        let (Self::Before(stage) | Self::HalfReply(stage)) = self;
        let moment = match address {
            Some(address) => relay.at(stage).of(address),
            None => relay.at(stage),
        };
        match self {
            Self::Before(_) => moment.hold(),
            Self::HalfReply(_) => moment.half_reply_and_hold(),
        }
    }

    /// Whether the final dot was written when the sender dies there.
    fn is_behind_the_dot(self) -> bool {
        matches!(self, Self::Before(Stage::Dot) | Self::HalfReply(Stage::Dot))
    }
}

impl Point {
    #[track_caller]
    fn assert_row(self, row: usize, states: &BTreeMap<String, String>) {
        let allowed: &[&str] = match self {
            _ if self.is_behind_the_dot() => &["inflight"],
            // A message goes into the system's buffers as a whole, and its sender goes on.
            Self::Before(Stage::Body) => &["claimed", "inflight"],
            _ => &["claimed"],
        };
        let state = states[&reader(row)].as_str();
        assert!(allowed.contains(&state), "{self:?} {row}: {states:#?}");
    }
}

/// Before any row is tried, or known to the relay.
const OF_THE_CONNECTION: [Point; 4] = [
    Point::Before(Stage::Banner),
    Point::HalfReply(Stage::Banner),
    Point::Before(Stage::Ehlo),
    Point::HalfReply(Stage::Ehlo),
];

/// About one row.
const OF_A_ROW: [Point; 7] = [
    Point::Before(Stage::Rcpt),
    Point::HalfReply(Stage::Rcpt),
    Point::Before(Stage::Data),
    Point::HalfReply(Stage::Data),
    Point::Before(Stage::Body),
    Point::Before(Stage::Dot),
    Point::HalfReply(Stage::Dot),
];

#[test]
fn killed_before_the_first_mail_nothing_was_planned_and_nothing_is_lost() {
    for connections in [1, 4] {
        for point in OF_THE_CONNECTION {
            let relay = ScriptedRelay::setup().keeps_journal().start();
            let room = newsroom(&relay, connections).readers(READERS);
            let gate = point.stop(&relay, None);
            let running = room.spawn(SEND);
            gate.wait_for(1);
            running.kill();
            gate.release();
            let account = examine(&room, &relay).holds();
            assert_eq!(account.states.len(), 0, "{point:?}: {account:#?}");
            room.run(SEND).exits(0);
            assert_eq!(examine(&room, &relay).holds().of("sent"), READERS);
        }
    }
}

#[test]
fn killed_at_mail_the_row_is_claimed_and_nothing_was_sent() {
    for connections in [1, 4] {
        let relay = ScriptedRelay::setup().keeps_journal().start();
        let room = newsroom(&relay, connections).readers(READERS);
        let gate = relay.at(Stage::Mail).hold();
        let running = room.spawn(SEND);
        gate.wait_for(connections);
        running.kill();
        gate.release();
        let account = examine(&room, &relay).holds();
        assert_eq!(account.of("claimed"), READERS, "{account:#?}");
        room.run(SEND).exits(0);
        assert_eq!(examine(&room, &relay).holds().of("sent"), READERS);
    }
}

#[test]
fn killed_at_a_row_over_one_connection_each_state_is_the_expected_one() {
    for point in OF_A_ROW {
        for row in ROWS {
            kill_at(point, row, 1, |states| {
                point.assert_row(row, states);
                for earlier in 1..row {
                    let state = &states[&reader(earlier)];
                    // Its result is on the disk before the next intent, and not always earlier.
                    let is_last = earlier + 1 == row && states[&reader(row)] != "inflight";
                    let allowed = state == "sent" || (is_last && state == "inflight");
                    assert!(allowed, "{point:?} {row}, {earlier}: {states:#?}");
                }
                for later in row + 1..=READERS {
                    assert_eq!(states[&reader(later)], "claimed", "{point:?} {row}");
                }
            });
        }
    }
}

#[test]
fn killed_at_a_row_over_four_connections_the_row_is_as_expected_and_doubt_is_bounded() {
    for point in OF_A_ROW {
        for row in ROWS {
            kill_at(point, row, 4, |states| {
                point.assert_row(row, states);
                let of = |state: &str| states.values().filter(|one| *one == state).count();
                assert!(of("inflight") <= 4, "{point:?} {row}: {states:#?}");
                let all = of("sent") + of("inflight") + of("claimed");
                assert_eq!(all, READERS, "{point:?} {row}: {states:#?}");
            });
        }
    }
}

/// Kills at the point of this row, looks, and sends the rest.
fn kill_at(point: Point, row: usize, connections: usize, look: impl Fn(&BTreeMap<String, String>)) {
    let relay = ScriptedRelay::setup().keeps_journal().start();
    let room = newsroom(&relay, connections).readers(READERS);
    let gate = point.stop(&relay, Some(&reader(row)));
    let running = room.spawn(SEND);
    gate.wait_for(1);
    running.kill();
    look(&states(&room));
    gate.release();
    // What has left for the relay may still arrive.
    let in_doubt = examine(&room, &relay).holds().in_doubt;
    let room = room.now(LATER);
    let code = if in_doubt.is_empty() { 0 } else { 3 };
    room.run(SEND).exits(code);
    let account = examine(&room, &relay).holds();
    assert_eq!(account.in_doubt, in_doubt, "{point:?} {row}");
    assert_eq!(account.of("sent") + in_doubt.len(), READERS);
    if !in_doubt.is_empty() {
        room.run(["ledger", "resolve", SLUG, "--abandon"]).exits(0);
        let account = examine(&room, &relay).holds();
        assert_eq!(account.of("abandoned"), in_doubt.len());
    }
}
