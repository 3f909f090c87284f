//! The oracle: joins the relay's own journal of acceptances with the ledger, row by row, and says
//! where the ledger does not tell the truth.
//!
//! It reads the ledger's tables itself. A sender that is wrong must not be its own witness.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use data_encoding::HEXLOWER;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::newsroom::Newsroom;
use super::relay::{Acceptance, ScriptedRelay};

/// A way in which the ledger can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The ledger says *sent*, and the relay has nothing.
    FalseSent,
    /// The relay has it, and the ledger would send it again (or says that it was never sent).
    LatentDuplicate {
        /// What the ledger says.
        state: String,
    },
    /// The relay has more copies than were asked for.
    Duplicate {
        /// How many it has.
        copies: usize,
        /// How many times a person asked for another one.
        resends: usize,
    },
    /// A planned row is not there, or the relay has something that the ledger never planned.
    Loss,
    /// The relay has it although the address was suppressed before its intent.
    MailedAfterSuppression,
    /// The copies differ, or are not what the ledger's hash says.
    OtherBytes,
    /// The ledger contradicts itself.
    Contradiction(String),
}

/// What the oracle found.
#[derive(Debug, Default)]
pub struct Account {
    /// How many deliveries are in which state.
    pub states: BTreeMap<String, usize>,
    /// Addresses of deliveries in doubt.
    pub in_doubt: BTreeSet<String>,
    /// How many copies the relay has for each address, over all issues.
    pub copies: BTreeMap<String, usize>,
    /// What is wrong, with whom.
    pub faults: Vec<(String, Fault)>,
}

/// One delivery as the ledger has it.
struct Row {
    issue: String,
    address: String,
    state: String,
    message_sha256: Option<String>,
    intent_at: Option<i64>,
    resends: usize,
}

/// Examines a publication and the relay that it sends by.
pub fn examine(room: &Newsroom, relay: &ScriptedRelay) -> Account {
    examine_with(room, relay, &BTreeSet::new())
}

/// Like [`examine`]. `suppressed` are the addresses of which the test knows that no intent had
/// been granted when their suppression was committed.
pub fn examine_with(
    room: &Newsroom,
    relay: &ScriptedRelay,
    suppressed: &BTreeSet<String>,
) -> Account {
    judge(&room.path("ledger.db"), &relay.acceptances(), suppressed)
}

/// The verdicts. A ledger that is not there yet has planned nothing.
pub fn judge(ledger: &Path, accepted: &[Acceptance], suppressed: &BTreeSet<String>) -> Account {
    let mut account = Account::default();
    for acceptance in accepted {
        let copies = account.copies.entry(acceptance.recipient.clone());
        *copies.or_default() += 1;
    }
    let rows = if ledger.exists() {
        let ledger = open(ledger);
        account.look_at_whole(&ledger);
        read_rows(&ledger)
    } else {
        Vec::new()
    };
    let mut known = 0;
    for row in &rows {
        let copies: Vec<&Acceptance> = accepted.iter().filter(|one| row.made(one)).collect();
        known += copies.len();
        account.look_at_row(row, &copies, suppressed.contains(&row.address));
    }
    if known != accepted.len() {
        let message = format!("{} of {} copies", accepted.len() - known, accepted.len());
        account.faults.push((message, Fault::Loss));
    }
    account
}

fn open(ledger: &Path) -> Connection {
    // Not read-only: after a kill the write-ahead log must be recovered first.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(ledger, flags).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    connection
}

fn read_rows(ledger: &Connection) -> Vec<Row> {
    let planned: i64 = ledger
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'delivery'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    if planned == 0 {
        return Vec::new();
    }
    let sql = "SELECT issue.identity, delivery.address, delivery.state, delivery.message_sha256,
                      delivery.intent_at, delivery.resends
                 FROM delivery JOIN issue ON issue.id = delivery.issue_id ORDER BY delivery.id";
    let mut query = ledger.prepare(sql).unwrap();
    let rows = query.query_map([], |row| {
        Ok(Row {
            issue: row.get(0)?,
            address: row.get(1)?,
            state: row.get(2)?,
            message_sha256: hexadecimal(row.get_ref(3)?),
            intent_at: row.get(4)?,
            resends: usize::try_from(row.get::<_, i64>(5)?).unwrap(),
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A hash, kept as bytes or in letters.
fn hexadecimal(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Blob(bytes) => Some(HEXLOWER.encode(bytes)),
        _ => None,
    }
}

impl Row {
    /// Whether this is a copy of it: the Message-ID begins with the issue's identity.
    fn made(&self, acceptance: &Acceptance) -> bool {
        let id = acceptance.message_id.trim_start_matches('<');
        self.address == acceptance.recipient && id.split('.').next() == Some(&self.issue)
    }

    /// How many copies the relay may have, at least and at most.
    fn lawful_copies(&self) -> (usize, usize) {
        match self.state.as_str() {
            "sent" => (1, 1 + self.resends),
            "inflight" | "unconfirmed" | "abandoned" => (0, 1 + self.resends),
            _ => (0, self.resends),
        }
    }
}

impl Account {
    fn fault(&mut self, row: &Row, fault: Fault) {
        self.faults.push((row.address.clone(), fault));
    }

    fn look_at_row(&mut self, row: &Row, copies: &[&Acceptance], suppressed: bool) {
        *self.states.entry(row.state.clone()).or_default() += 1;
        if matches!(row.state.as_str(), "inflight" | "unconfirmed") {
            self.in_doubt.insert(row.address.clone());
        }
        let (least, most) = row.lawful_copies();
        let (copies_count, resends) = (copies.len(), row.resends);
        if copies_count < least {
            self.fault(row, Fault::FalseSent);
        }
        if copies_count > 1 + resends {
            let copies = copies_count;
            self.fault(row, Fault::Duplicate { copies, resends });
        } else if copies_count > most {
            let state = row.state.clone();
            self.fault(row, Fault::LatentDuplicate { state });
        }
        if suppressed && copies_count > 0 {
            self.fault(row, Fault::MailedAfterSuppression);
        }
        let one = copies.first();
        let same = copies.iter().all(|copy| Some(copy) == one);
        let recorded = one.is_none_or(|one| row.message_sha256.as_ref() == Some(&one.sha256));
        if !(same && recorded) {
            self.fault(row, Fault::OtherBytes);
        }
        let needs_intent = matches!(row.state.as_str(), "sent" | "inflight" | "unconfirmed");
        if needs_intent && (row.intent_at.is_none() || row.message_sha256.is_none()) {
            let told = format!("{} without an intent", row.state);
            self.fault(row, Fault::Contradiction(told));
        }
    }

    /// What must hold whatever the relay did.
    fn look_at_whole(&mut self, ledger: &Connection) {
        let mut contradict = |what: &str, told: String| {
            let fault = Fault::Contradiction(told);
            self.faults.push((what.to_owned(), fault));
        };
        let sound: String = ledger
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        if sound != "ok" {
            contradict("the file", sound);
        }
        let Ok(mut query) = ledger.prepare(
            "SELECT slug, state, planned_total,
                (SELECT count(*) FROM delivery WHERE delivery.issue_id = issue.id),
                (SELECT count(*) FROM delivery WHERE delivery.issue_id = issue.id AND delivery.state IN
                    ('planned', 'claimed', 'inflight', 'deferred', 'unconfirmed'))
             FROM issue",
        ) else {
            return;
        };
        let issues = query.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, i64>(4)?,
            ))
        });
        let mut lost = Vec::new();
        for (slug, state, planned, there, open) in issues.unwrap().map(Result::unwrap) {
            if planned != there {
                lost.push((format!("{slug}: {there} of {planned} rows"), Fault::Loss));
            }
            if state == "finished" && open > 0 {
                contradict(&slug, format!("finished with {open} open deliveries"));
            }
        }
        self.faults.extend(lost);
    }

    /// How many deliveries are in a state.
    pub fn of(&self, state: &str) -> usize {
        self.states.get(state).copied().unwrap_or(0)
    }

    /// Fails if the ledger is wrong anywhere.
    #[track_caller]
    pub fn holds(self) -> Self {
        assert!(self.faults.is_empty(), "the ledger lies: {self:#?}");
        self
    }
}
