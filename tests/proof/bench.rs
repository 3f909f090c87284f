//! A real ledger file without the rest of the program: planned, claimed and settled by its own
//! functions, and read by the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use postrider::address::EmailAddress;
use postrider::ledger::{Frozen, Ledger, LedgerError};
use postrider::plan::{Fields, Recipient};
use postrider::token::{AddressKey, Keys};
use rusqlite::Connection;

use crate::support::newsroom::id_of;
use crate::support::oracle::{Account, judge};
use crate::support::relay::Acceptance;

/// A ledger in a folder of its own.
pub(super) struct Bench {
    folder: tempfile::TempDir,
    keys: Keys,
}

/// When everything begins.
pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Some minutes later.
pub(super) fn after(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: Keys::derive(&[7; 32]),
        }
    }

    /// On a file system in memory, where there is one: for what does not ask whether a sync is real.
    pub(super) fn in_memory() -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        Self {
            folder: folder.unwrap(),
            ..Self::new()
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    pub(super) fn open(&self) -> Ledger {
        Ledger::open(&self.path()).unwrap()
    }

    /// The same file, for a look past the ledger's own functions.
    pub(super) fn raw(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        let patience = std::time::Duration::from_secs(10);
        connection.busy_timeout(patience).unwrap();
        connection
    }

    pub(super) fn key(&self, address: &str) -> AddressKey {
        self.keys
            .address_key(&EmailAddress::parse(address).unwrap())
    }

    /// Plans an issue for these addresses; returns its row.
    pub(super) fn plan(&self, ledger: &mut Ledger, addresses: &[String]) -> i64 {
        let text = "{}";
        let frozen = Frozen {
            issue: id_of("bench"),
            slug: "bench".to_owned(),
            title: "Bench".to_owned(),
            text: text.to_owned(),
            sha256: postrider::token::sha256_hex(text.as_bytes()),
        };
        let planned = ledger.record_plan::<LedgerError>(&frozen, start(), |plan| {
            for address in addresses {
                plan.add(&Recipient {
                    key: self.key(address),
                    address: EmailAddress::parse(address).unwrap(),
                    fields: Fields::new(BTreeMap::new()),
                })?;
            }
            Ok(())
        });
        planned.unwrap()
    }

    /// The row of a delivery.
    pub(super) fn delivery(&self, address: &str) -> i64 {
        let sql = "SELECT id FROM delivery WHERE address = ?1";
        let raw = self.raw();
        raw.query_row(sql, [address], |row| row.get(0)).unwrap()
    }

    /// State and number of counted attempts of every delivery by its address.
    pub(super) fn deliveries(&self) -> BTreeMap<String, (String, i64)> {
        let raw = self.raw();
        let sql = "SELECT address, state, attempts FROM delivery";
        let mut query = raw.prepare(sql).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
        rows.unwrap().map(Result::unwrap).collect()
    }

    pub(super) fn examine(&self, accepted: &[Acceptance]) -> Account {
        judge(&self.path(), accepted, &BTreeSet::new())
    }
}

/// A Message-ID as the bench's issue has them.
pub(super) fn message_id(address: &str) -> String {
    format!("<{}.{address}>", id_of("bench"))
}
