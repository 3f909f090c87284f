//! Two senders at once, and readers who leave while their letter is on its way.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{Random, SEND, newsroom, reader};
use crate::support::newsroom::Newsroom;
use crate::support::oracle::{examine, examine_with};
use crate::support::relay::{ScriptedRelay, Stage};

#[test]
fn of_two_senders_that_start_together_one_sends_and_the_other_is_told_so() {
    for _ in 0..10 {
        let relay = ScriptedRelay::setup().keeps_journal().start();
        let room = newsroom(&relay, 4).readers(8);
        // Whoever is first waits for the other.
        let gate = relay.at(Stage::Dot).nth(1).hold();
        let (tell, told) = mpsc::channel();
        for sender in [room.spawn(SEND), room.spawn(SEND)] {
            let tell = tell.clone();
            std::thread::spawn(move || tell.send(sender.wait()));
        }
        gate.wait_for(1);
        // The one without the lock ends by itself, while the other still stands at the gate.
        let one = told.recv().unwrap();
        gate.release();
        let other = told.recv().unwrap();
        let codes = [one.status.code(), other.status.code()];
        assert_eq!(codes, [Some(75), Some(0)], "{one}{other}");
        let account = examine(&room, &relay).holds();
        assert_eq!(account.of("sent"), 8);
    }
}

/// Unsubscribes a reader in one transaction, and tells whether an intent was there at that moment.
fn unsubscribe(ledger: &mut Connection, address: &str) -> bool {
    let transaction = ledger
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    let suppress = "INSERT INTO suppression (addr_key, address, reason, source, at)
         SELECT addr_key, address, 'unsubscribed', 'token', 0
           FROM delivery JOIN subscriber ON subscriber.id = subscriber_id WHERE address = ?1";
    assert_eq!(transaction.execute(suppress, [address]), Ok(1));
    let look = "SELECT intent_at IS NOT NULL FROM delivery WHERE address = ?1";
    let intended = transaction
        .query_row(look, [address], |row| row.get(0))
        .unwrap();
    transaction.commit().unwrap();
    intended
}

/// Sends to so many readers, of whom every other one leaves at some moment of it.
fn race(seed: u64, readers: usize) {
    let relay = ScriptedRelay::setup()
        .slowest_reply(Duration::from_millis(2))
        .keeps_journal()
        .start();
    let room = newsroom(&relay, 4).readers(readers);
    let gate = relay.at(Stage::Rcpt).nth(1).hold();
    let mut running = room.spawn(SEND);
    gate.wait_for(1);
    gate.release();
    let leaving = leave_at_random(&room, &relay, seed, readers, || running.has_ended());
    running.wait().exits(0);
    assert!(!leaving.is_empty(), "nobody left in time");
    let account = examine_with(&room, &relay, &leaving).holds();
    assert_eq!(account.of("skipped"), leaving.len());
    assert_eq!(account.of("sent"), readers - leaving.len());
}

/// Returns who left before their intent. None of them may be mailed.
fn leave_at_random(
    room: &Newsroom,
    relay: &ScriptedRelay,
    seed: u64,
    readers: usize,
    mut over: impl FnMut() -> bool,
) -> BTreeSet<String> {
    let mut random = Random::new(seed);
    let mut ledger = Connection::open(room.path("ledger.db")).unwrap();
    ledger.busy_timeout(Duration::from_secs(10)).unwrap();
    let mut in_time = BTreeSet::new();
    // Near the reader whose turn it is: those are the ones who are about to get it.
    for _ in 0..readers / 2 {
        let moments = relay.moments() + random.below(6);
        relay.wait_for_moments(moments, &mut over);
        let turn = relay.accepted().len() + 1 + random.below(10);
        let address = reader(turn.min(readers));
        let known: bool = ledger
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM suppression WHERE address = ?1)",
                [&address],
                |row| row.get(0),
            )
            .unwrap();
        if !known && !unsubscribe(&mut ledger, &address) {
            in_time.insert(address);
        }
    }
    in_time
}

#[test]
fn nobody_whose_unsubscription_is_committed_before_the_intent_is_mailed() {
    for seed in 0..3 {
        race(seed, 120);
    }
}

/// `POSTRIDER_RACES=10000 cargo test --release --test main races -- --ignored`
#[test]
#[ignore = "takes minutes; docs/proof.md has the command"]
fn as_many_unsubscriptions_as_are_asked_for() {
    let wanted: u64 = std::env::var("POSTRIDER_RACES").map_or(10_000, |text| text.parse().unwrap());
    for seed in 0..wanted.div_ceil(100) {
        race(100 + seed, 200);
    }
}
