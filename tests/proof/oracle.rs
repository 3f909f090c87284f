//! The oracle itself: it must see each lie, or no green run means anything.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::{SEND, newsroom};
use crate::support::newsroom::Newsroom;
use crate::support::oracle::{Fault, examine, examine_with, judge};
use crate::support::relay::{ScriptedRelay, read_journal};

const READER: &str = "reader1@example.org";

fn sent() -> (ScriptedRelay, Newsroom) {
    let relay = ScriptedRelay::setup().keeps_journal().start();
    let room = newsroom(&relay, 1).readers(2);
    room.run(SEND).exits(0);
    (relay, room)
}

/// Changes the ledger behind the back of its triggers.
fn tamper(room: &Newsroom, sql: &str) {
    let ledger = Connection::open(room.path("ledger.db")).unwrap();
    ledger
        .execute_batch(
            "DROP TRIGGER delivery_transition; DROP TRIGGER delivery_stays; DROP TRIGGER attempt_stays;
             DROP TRIGGER issue_finishes;",
        )
        .unwrap();
    ledger.execute_batch(sql).unwrap();
}

#[test]
fn a_true_ledger_is_believed() {
    let (relay, room) = sent();
    let account = examine(&room, &relay).holds();
    assert_eq!(account.of("sent"), 2);
    assert_eq!(account.copies[READER], 1);
    assert_eq!(read_journal(relay.journal()).len(), 2);
}

#[test]
fn every_lie_is_seen() {
    let set =
        |state: &str| format!("UPDATE delivery SET state = '{state}' WHERE address = '{READER}'");
    let latent = |state: &str| Fault::LatentDuplicate {
        state: state.to_owned(),
    };
    let cases = [
        (set("planned"), latent("planned")),
        (set("claimed"), latent("claimed")),
        (set("deferred"), latent("deferred")),
        (set("rejected"), latent("rejected")),
        (
            format!("DELETE FROM attempt; DELETE FROM delivery WHERE address = '{READER}'"),
            Fault::Loss,
        ),
        (
            format!("UPDATE delivery SET message_sha256 = 'x' WHERE address = '{READER}'"),
            Fault::OtherBytes,
        ),
        (
            format!("UPDATE delivery SET intent_at = NULL WHERE address = '{READER}'"),
            Fault::Contradiction("sent without an intent".to_owned()),
        ),
        (
            set("unconfirmed"),
            Fault::Contradiction("finished with 1 open deliveries".to_owned()),
        ),
    ];
    for (sql, fault) in cases {
        let (relay, room) = sent();
        tamper(&room, &sql);
        let faults = examine(&room, &relay).faults;
        assert!(
            faults.iter().any(|(_, found)| *found == fault),
            "{sql}: {faults:#?}"
        );
    }
}

#[test]
fn a_copy_too_many_and_one_too_few_are_seen() {
    let (relay, room) = sent();
    let ledger = room.path("ledger.db");
    let mut accepted = read_journal(relay.journal());
    let nobody = BTreeSet::new();
    let copy = accepted[0].clone();
    accepted.push(copy);
    let faults = judge(&ledger, &accepted, &nobody).faults;
    assert!(
        matches!(
            faults[..],
            [(
                _,
                Fault::Duplicate {
                    copies: 2,
                    resends: 0
                }
            )]
        ),
        "{faults:#?}"
    );
    let faults = judge(&ledger, &accepted[1..2], &nobody).faults;
    assert!(matches!(faults[..], [(_, Fault::FalseSent)]), "{faults:#?}");
    let suppressed = BTreeSet::from([READER.to_owned()]);
    let faults = examine_with(&room, &relay, &suppressed).faults;
    assert!(
        matches!(faults[..], [(_, Fault::MailedAfterSuppression)]),
        "{faults:#?}"
    );
}
