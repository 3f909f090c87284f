//! Suppressions in the ledger. They outlive the roster and every import.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::planning::instant;
use super::store::{Session, read_key};
use super::{Ledger, LedgerError};
use crate::suppression::{Reason, Suppression};
use crate::token::AddressKey;

impl Ledger {
    /// Adds a suppression; `false` if the address was suppressed already (see
    /// [`write_suppression`]).
    pub fn suppress(&mut self, suppression: &Suppression) -> Result<bool, LedgerError> {
        self.store
            .write(|session| write_suppression(session, &suppression.into()))
    }

    /// Adds many suppressions in one transaction, and takes those people off the roster as the
    /// ledger knows it: that they are gone is no sign of a damaged file. Gives how many were new.
    pub fn suppress_many(&mut self, all: &[Suppression]) -> Result<usize, LedgerError> {
        self.store.write(|session| {
            let mut added = 0;
            for suppression in all {
                added += usize::from(write_suppression(session, &suppression.into())?);
                leave_roster(session, &suppression.key)?;
            }
            Ok(added)
        })
    }

    /// Takes people off the roster as the ledger knows it, because a person took their rows out.
    pub fn leave_roster(&mut self, keys: &[AddressKey]) -> Result<(), LedgerError> {
        self.store
            .write(|session| keys.iter().try_for_each(|key| leave_roster(session, key)))
    }

    /// Lifts a suppression, and writes down why; gives what it was. Failures that were reported
    /// until now do not count any more: a person knows better.
    pub fn allow(
        &mut self,
        key: &AddressKey,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Reason>, LedgerError> {
        self.store.write(|session| {
            forgive(session, key)?;
            let sql = "INSERT INTO lifted (addr_key, at, was, since, why)
                       SELECT addr_key, $2, reason, at, $3 FROM suppression WHERE addr_key = $1";
            session.execute(sql, params![key.as_bytes(), now.timestamp_millis(), why])?;
            let sql = "DELETE FROM suppression WHERE addr_key = $1 RETURNING reason";
            let was = session.first(sql, [key.as_bytes()], |row| Ok(row.get::<_, String>(0)?))?;
            Ok(was.map(|word| Reason::from_stored(&word)))
        })
    }

    /// The suppressions of one address that were lifted, oldest first.
    pub fn lifted(&mut self, key: &AddressKey) -> Result<Vec<Lifted>, LedgerError> {
        let sql = "SELECT at, was, since, why FROM lifted WHERE addr_key = $1 ORDER BY id";
        self.store.read(|session| {
            session.rows(sql, [key.as_bytes()], |row| {
                Ok(Lifted {
                    at: instant(row.get(0)?)?,
                    was: Reason::from_stored(&row.get::<_, String>(1)?),
                    since: instant(row.get(2)?)?,
                    why: row.get(3)?,
                })
            })
        })
    }

    /// The suppression of one address.
    pub fn suppression(&mut self, key: &AddressKey) -> Result<Option<Suppression>, LedgerError> {
        let sql = "SELECT addr_key, address, reason, source, at, evidence FROM suppression WHERE addr_key = $1";
        self.store
            .read(|session| session.first(sql, [key.as_bytes()], read))
    }

    /// All suppressions, oldest first.
    pub fn suppressions(&mut self) -> Result<Vec<Suppression>, LedgerError> {
        let sql = "SELECT addr_key, address, reason, source, at, evidence FROM suppression ORDER BY at, addr_key";
        self.store.read(|session| session.rows(sql, [], read))
    }

    /// The reason for each suppressed address, for a plan.
    pub fn suppression_reasons(&mut self) -> Result<HashMap<AddressKey, Reason>, LedgerError> {
        let sql = "SELECT addr_key, reason FROM suppression";
        self.store.read(|session| {
            let mut reasons = HashMap::new();
            session.each(sql, [], |row| {
                let word = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                reasons.insert(read_key(row, 0)?, Reason::from_stored(word));
                Ok(())
            })?;
            Ok(reasons)
        })
    }

    /// The address that a key stands for, as it was planned last, if the ledger ever planned a
    /// delivery to it.
    pub fn address_of(&mut self, key: &AddressKey) -> Result<Option<String>, LedgerError> {
        self.store.read(|session| known_address(session, key))
    }
}

/// The address that a key stands for, as it was planned last.
pub(super) fn known_address(
    session: &Session<'_>,
    key: &AddressKey,
) -> Result<Option<String>, LedgerError> {
    let sql = "SELECT delivery.address FROM subscriber CROSS JOIN issue
                 JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                WHERE subscriber.addr_key = $1 AND delivery.address <> '' ORDER BY delivery.id DESC LIMIT 1";
    session.first(sql, [key.as_bytes()], |row| Ok(row.get(0)?))
}

/// Failures of an address that were reported until now do not count any more.
pub(super) fn forgive(session: &Session<'_>, key: &AddressKey) -> Result<(), LedgerError> {
    let sql = "UPDATE report SET forgiven = 1 WHERE forgiven = 0
                  AND delivery_id IN (SELECT delivery.id FROM subscriber CROSS JOIN issue
                      JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                     WHERE subscriber.addr_key = $1)";
    session.execute(sql, [key.as_bytes()]).map(|_| ())
}

/// A suppression that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// When it was lifted.
    pub at: DateTime<Utc>,
    /// What it was.
    pub was: Reason,
    /// Since when it had stood.
    pub since: DateTime<Utc>,
    /// Why, in a person's words.
    pub why: String,
}

/// Marks somebody as not on the roster. A send that is under way claims nothing for them.
pub(super) fn leave_roster(session: &Session<'_>, key: &AddressKey) -> Result<(), LedgerError> {
    let sql = "UPDATE subscriber SET on_roster = 0 WHERE addr_key = $1 AND on_roster = 1";
    session.execute(sql, [key.as_bytes()]).map(|_| ())
}

/// A suppression on its way into the ledger.
pub(super) struct NewSuppression<'a> {
    pub(super) key: &'a AddressKey,
    pub(super) address: Option<&'a str>,
    pub(super) reason: Reason,
    pub(super) source: &'a str,
    pub(super) issue: Option<i64>,
    pub(super) evidence: Option<&'a str>,
    pub(super) at: DateTime<Utc>,
}

impl<'a> From<&'a Suppression> for NewSuppression<'a> {
    fn from(suppression: &'a Suppression) -> Self {
        Self {
            key: &suppression.key,
            address: suppression.address.as_deref(),
            reason: suppression.reason,
            source: &suppression.source,
            issue: None,
            evidence: suppression.evidence.as_deref(),
            at: suppression.at,
        }
    }
}

/// Writes a suppression; `false` if the address was suppressed already and the reason stays. The
/// first reason stays, but for two that must not be lost: what a person said takes the place of
/// failures, which can be judged anew, and a complaint that of everything. A request to join that
/// nobody confirmed ends with it: its link is older than this, and leads nowhere any more.
pub(super) fn write_suppression(
    session: &Session<'_>,
    new: &NewSuppression<'_>,
) -> Result<bool, LedgerError> {
    let sql = "UPDATE signup SET state = 'left', nonce = NULL, left_at = $2
                WHERE addr_key = $1 AND state = 'asked'";
    session.execute(sql, params![new.key.as_bytes(), new.at.timestamp_millis()])?;
    let sql = "INSERT INTO suppression (addr_key, address, reason, source, at, issue_id, evidence)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (addr_key) DO UPDATE
                  SET reason = excluded.reason, source = excluded.source,
                      issue_id = excluded.issue_id, evidence = excluded.evidence
                WHERE (suppression.reason = 'bounced' AND excluded.reason <> 'bounced')
                   OR (suppression.reason <> 'complained' AND excluded.reason = 'complained')";
    let parameters = params![
        new.key.as_bytes(),
        new.address,
        new.reason.as_str(),
        new.source,
        after_every_intent(session, new.key, new.at)?,
        new.issue,
        new.evidence,
    ];
    Ok(session.execute(sql, parameters)? == 1)
}

/// The time of a suppression that is written now, in milliseconds: later than every intent that was
/// granted for the person, whatever the clock says. An intent that is not earlier was granted after
/// it, which must never be.
pub(super) fn after_every_intent(
    session: &Session<'_>,
    key: &AddressKey,
    at: DateTime<Utc>,
) -> Result<i64, LedgerError> {
    let sql = "SELECT max(intent_at) FROM subscriber CROSS JOIN issue
                 JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                WHERE subscriber.addr_key = $1";
    let last = session.first(sql, [key.as_bytes()], |row| {
        Ok(row.get::<_, Option<i64>>(0)?)
    })?;
    let at = at.timestamp_millis();
    Ok(last
        .flatten()
        .map_or(at, |last| at.max(last.saturating_add(1))))
}

fn read(row: &rusqlite::Row<'_>) -> Result<Suppression, LedgerError> {
    let reason: String = row.get(2)?;
    Ok(Suppression {
        key: read_key(row, 0)?,
        address: row.get(1)?,
        reason: Reason::from_stored(&reason),
        source: row.get(3)?,
        at: instant(row.get(4)?)?,
        evidence: row.get(5)?,
    })
}
