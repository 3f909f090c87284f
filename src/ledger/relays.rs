//! What the ledger knows of relays: which one took which message, and which is left in peace until
//! when, so that the next run neither forgets a quota nor asks too early.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::planning::instant;
use super::store::Session;
use super::{Ledger, LedgerError};

/// A relay in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRelay {
    /// Row number.
    pub row: i64,
    /// Its rest, over or not, until it has worked again.
    pub rest: Option<StoredRest>,
}

/// A rest, by the wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRest {
    /// The word for its cause.
    pub cause: String,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// The how manieth in a row.
    pub times: u32,
    /// The relay's words.
    pub told: String,
}

impl Ledger {
    /// Looks a relay up by its address and a fingerprint of the user.
    pub fn known_relay(
        &mut self,
        name: &str,
        account: &str,
    ) -> Result<Option<KnownRelay>, LedgerError> {
        self.store.read(|session| find(session, name, account))
    }

    /// The same, writing it down if it is new. Returns its row number.
    pub fn remember_relay(&mut self, name: &str, account: &str) -> Result<i64, LedgerError> {
        if let Some(known) = self.known_relay(name, account)? {
            return Ok(known.row);
        }
        self.store.write(|session| {
            let sql = "INSERT INTO relay (name, account) VALUES ($1, $2)";
            session.insert(sql, params![name, account])
        })
    }

    /// Writes down that a relay rests, or that it works again.
    pub fn set_rest(&mut self, relay: i64, rest: Option<&StoredRest>) -> Result<(), LedgerError> {
        self.store.write(|session| set_rest(session, relay, rest))
    }

    /// Every relay that rests, or whose last rest was not followed by a success: address and rest.
    pub fn rests(&mut self) -> Result<Vec<(String, StoredRest)>, LedgerError> {
        let sql = "SELECT name, rest_cause, rest_until, rest_times, rest_told FROM relay
                    WHERE rest_cause IS NOT NULL ORDER BY id";
        self.store.read(|session| {
            let rows = session.rows(sql, [], |row| Ok((row.get(0)?, read_rest(row, 1)?)))?;
            Ok(rows
                .into_iter()
                .filter_map(|(name, rest)| Some((name, rest?)))
                .collect())
        })
    }

    /// How many messages a relay took or may have taken since an instant, by the minute, the oldest
    /// first.
    pub fn taken_since(
        &mut self,
        relay: i64,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, u64)>, LedgerError> {
        let sql = "SELECT ended_at / 60000, count(*) FROM attempt
                    WHERE relay_id = $1 AND ended_at > $2 AND ended_at <= $3 AND outcome IN ('sent', 'unconfirmed')
                    GROUP BY ended_at / 60000 ORDER BY ended_at / 60000";
        // What lies farther ahead is of a clock that was wrong.
        let ahead = now.timestamp_millis() + 60_000;
        let parameters = params![relay, since.timestamp_millis(), ahead];
        self.store.read(|session| {
            session.rows(sql, parameters, |row| {
                // At the end of the minute: rather counted too long than too short.
                let minute: i64 = row.get(0)?;
                let count: i64 = row.get(1)?;
                Ok((
                    instant((minute + 1) * 60_000)?,
                    u64::try_from(count).unwrap_or(0),
                ))
            })
        })
    }
}

fn find(
    session: &Session<'_>,
    name: &str,
    account: &str,
) -> Result<Option<KnownRelay>, LedgerError> {
    let sql = "SELECT id, rest_cause, rest_until, rest_times, rest_told FROM relay
                WHERE name = $1 AND account = $2";
    session.first(sql, params![name, account], |row| {
        Ok(KnownRelay {
            row: row.get(0)?,
            rest: read_rest(row, 1)?,
        })
    })
}

fn read_rest(row: &rusqlite::Row<'_>, first: usize) -> Result<Option<StoredRest>, LedgerError> {
    let Some(cause) = row.get::<_, Option<String>>(first)? else {
        return Ok(None);
    };
    Ok(Some(StoredRest {
        cause,
        until: instant(row.get(first + 1)?)?,
        times: row.get(first + 2)?,
        told: row.get(first + 3)?,
    }))
}

pub(super) fn set_rest(
    session: &Session<'_>,
    relay: i64,
    rest: Option<&StoredRest>,
) -> Result<(), LedgerError> {
    let sql = "UPDATE relay SET rest_cause = $2, rest_until = $3, rest_times = $4, rest_told = $5
                WHERE id = $1";
    let parameters = params![
        relay,
        rest.map(|rest| &rest.cause),
        rest.map(|rest| rest.until.timestamp_millis()),
        rest.map(|rest| rest.times),
        rest.map(|rest| &rest.told),
    ];
    session.execute(sql, parameters).map(|_| ())
}
