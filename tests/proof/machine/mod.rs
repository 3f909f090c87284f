//! The states of a delivery: what the database refuses, and random sequences of everything that
//! senders and people can do, on a real ledger file against a small model.

mod model;
mod run;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::bench::{Bench, after};
use run::{Action, Run};

/// What docs/ledger.md allows.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("planned", &["planned", "claimed", "skipped", "expired"]),
    (
        "claimed",
        &[
            "claimed", "planned", "inflight", "deferred", "rejected", "skipped",
        ],
    ),
    (
        "inflight",
        &["sent", "deferred", "rejected", "planned", "unconfirmed"],
    ),
    ("sent", &["sent"]),
    (
        "deferred",
        &["deferred", "claimed", "planned", "skipped", "expired"],
    ),
    ("rejected", &["rejected"]),
    ("unconfirmed", &["unconfirmed", "sent", "abandoned"]),
    ("expired", &["expired"]),
    ("abandoned", &["abandoned"]),
    ("skipped", &["skipped"]),
];

/// From where a delivery is planned again, if the same statement counts one copy more.
const OPENS_AGAIN: [&str; 6] = [
    "unconfirmed",
    "sent",
    "rejected",
    "expired",
    "abandoned",
    "skipped",
];

#[test]
fn the_database_refuses_every_transition_that_is_not_allowed_and_no_other() {
    let bench = Bench::new();
    let mut ledger = bench.open();
    let pairs: Vec<(&str, &str)> = ALLOWED
        .iter()
        .flat_map(|(from, _)| ALLOWED.iter().map(move |(to, _)| (*from, *to)))
        .collect();
    assert_eq!(pairs.len(), 100);
    let address = |from: &str, to: &str| format!("{from}-{to}@example.org");
    let addresses: Vec<String> = pairs.iter().map(|(from, to)| address(from, to)).collect();
    bench.plan(&mut ledger, &addresses);
    let raw = bench.raw();
    // The states to start from are put in by hand; the ledger's own guard is put back as it was.
    let guard: String = raw
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = 'delivery_transition'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    raw.execute_batch("DROP TRIGGER delivery_transition")
        .unwrap();
    for (from, to) in &pairs {
        let sql = "UPDATE delivery SET state = ?1 WHERE address = ?2";
        assert_eq!(raw.execute(sql, [*from, &address(from, to)]), Ok(1));
    }
    raw.execute_batch(&guard).unwrap();
    for (from, to) in &pairs {
        let address = address(from, to);
        let sql = "UPDATE delivery SET state = ?1, resends = resends + ?3 WHERE address = ?2";
        let again = *to == "planned" && OPENS_AGAIN.contains(from);
        if !again {
            for copies in ["1", "-1", "2"] {
                let done = raw.execute(sql, [*to, &address, copies]);
                assert!(done.is_err(), "{from} to {to}, {copies} copies more");
            }
        }
        let row = ALLOWED.iter().find(|(one, _)| one == from).unwrap();
        let allowed = row.1.contains(to);
        let done = raw.execute(sql, [*to, &address, "0"]);
        assert_eq!(done.is_ok(), allowed, "{from} to {to}: {done:?}");
        if again {
            let done = raw.execute(sql, [*to, &address, "1"]);
            assert_eq!(done, Ok(1), "{from} again");
        }
        let sql = "DELETE FROM delivery WHERE address = ?1";
        assert!(raw.execute(sql, [&address]).is_err(), "{from}");
    }
}

/// Few sequences in each run of the tests; `PROPTEST_CASES=100000` for many.
fn cases() -> Config {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        Config::default().cases
    } else {
        60
    };
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn whatever_senders_and_people_do_the_ledger_does_what_the_model_does(
        actions in proptest::collection::vec(Action::any(), 1..50),
    ) {
        let mut run = Run::new(after(0));
        for action in &actions {
            run.act(action);
            run.compare(action);
        }
        run.end();
    }
}
