//! People who gave up one address for another. What went to the old one is theirs: their history shows
//! it, and no issue goes to both.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::planning::instant;
use super::store::{Session, read_key};
use super::suppressions::leave_roster;
use super::{Ledger, LedgerError};
use crate::delivery::State;
use crate::token::{AddressKey, KeySet};

/// All keyed hashes by which a person was known, the newest first. The `UNION` ends even where a
/// person moved there and back again.
const EARLIER: &str = "WITH RECURSIVE person (addr_key, at) AS (
    SELECT $1, NULL UNION
    SELECT moved.old_key, moved.at FROM moved JOIN person ON moved.new_key = person.addr_key)
    SELECT addr_key, at FROM person";

/// An address that somebody had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierAddress {
    /// Its keyed hash.
    pub key: AddressKey,
    /// The address, where the ledger still has it.
    pub address: Option<String>,
    /// When it was given up.
    pub at: DateTime<Utc>,
}

impl Ledger {
    /// Writes down that a person has another address from now on. The old one leaves the roster.
    pub fn record_move(
        &mut self,
        old: &AddressKey,
        new: &AddressKey,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.store.write(|session| {
            // Who moves back has this address again.
            session.execute("DELETE FROM moved WHERE old_key = $1", [new.as_bytes()])?;
            let sql = "INSERT INTO moved (old_key, new_key, at) VALUES ($1, $2, $3)
                       ON CONFLICT (old_key) DO UPDATE SET new_key = excluded.new_key, at = excluded.at";
            let parameters = params![old.as_bytes(), new.as_bytes(), now.timestamp_millis()];
            session.execute(sql, parameters)?;
            leave_roster(session, old)
        })
    }

    /// The addresses that a person had before this one, the newest first.
    pub fn earlier_addresses(
        &mut self,
        key: &AddressKey,
    ) -> Result<Vec<EarlierAddress>, LedgerError> {
        self.store.read(|session| {
            let mut earlier = Vec::new();
            for (key, at) in chain(session, key)? {
                let Some(at) = at else { continue };
                earlier.push(EarlierAddress {
                    address: super::suppressions::known_address(session, &key)?,
                    key,
                    at: instant(at)?,
                });
            }
            Ok(earlier)
        })
    }

    /// How an issue's delivery to an earlier address of a person stands, where it went out or may
    /// have.
    pub fn had_before(
        &mut self,
        issue: i64,
        key: &AddressKey,
    ) -> Result<Option<State>, LedgerError> {
        let sql = "SELECT state FROM delivery WHERE issue_id = $1
                      AND subscriber_id = (SELECT id FROM subscriber WHERE addr_key = $2)
                      AND state IN ('sent', 'inflight', 'unconfirmed', 'abandoned')";
        self.store.read(|session| {
            for (earlier, at) in chain(session, key)? {
                if at.is_none() {
                    continue;
                }
                let found = session.first(sql, params![issue, earlier.as_bytes()], |row| {
                    Ok(row.get::<_, String>(0)?)
                })?;
                if let Some(word) = found {
                    return State::from_stored(&word)
                        .map(Some)
                        .ok_or(LedgerError::Unknown(word));
                }
            }
            Ok(None)
        })
    }

    /// Issues that are being sent and are still to go to an address, by slug.
    pub fn open_issues_of(&mut self, key: &AddressKey) -> Result<Vec<String>, LedgerError> {
        let sql = "SELECT issue.slug FROM subscriber CROSS JOIN issue
                     JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                    WHERE subscriber.addr_key = $1 AND issue.state IN ('sending', 'paused')
                      AND delivery.state IN ('planned', 'deferred') ORDER BY issue.id";
        self.store
            .read(|session| session.rows(sql, [key.as_bytes()], |row| Ok(row.get(0)?)))
    }
}

/// A person's keyed hashes, this one first, with the times at which the others were given up.
pub(super) fn chain(
    session: &Session<'_>,
    key: &AddressKey,
) -> Result<Vec<(AddressKey, Option<i64>)>, LedgerError> {
    let mut found: Vec<(AddressKey, Option<i64>)> =
        session.rows(EARLIER, [key.as_bytes()], |row| {
            Ok((read_key(row, 0)?, row.get::<_, Option<i64>>(1)?))
        })?;
    found.retain(|(other, at)| other != key || at.is_none());
    Ok(found)
}

/// The address that a person has now, by its keyed hash: an old letter's link is theirs still. Whoever
/// came back to an old address by signing up there has lifted its suppression, and is meant there.
pub(super) fn present_key(
    session: &Session<'_>,
    key: &AddressKey,
) -> Result<AddressKey, LedgerError> {
    let sql =
        "SELECT moved.new_key FROM moved JOIN suppression ON suppression.addr_key = moved.old_key
                WHERE moved.old_key = $1 AND suppression.source = 'move'";
    let mut known = vec![*key];
    let mut present = *key;
    while let Some(next) = session.first(sql, [present.as_bytes()], |row| read_key(row, 0))? {
        // Somebody who moved in a circle is where the circle closes.
        if known.contains(&next) {
            break;
        }
        known.push(next);
        present = next;
    }
    Ok(present)
}

/// Adds to those who got an issue the addresses to which they have moved since.
pub(super) fn with_moves(session: &Session<'_>, mut got: KeySet) -> Result<KeySet, LedgerError> {
    let sql = "SELECT old_key, new_key FROM moved ORDER BY at";
    let steps = session.rows(sql, [], |row| Ok((read_key(row, 0)?, read_key(row, 1)?)))?;
    // In the order of time: somebody who moved twice is followed.
    let mut moved: Vec<AddressKey> = Vec::new();
    for (old, new) in steps {
        if got.contains(&old) || moved.contains(&old) {
            moved.push(new);
        }
    }
    got.extend(moved);
    Ok(got)
}
