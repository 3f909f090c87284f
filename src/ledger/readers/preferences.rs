//! What readers prefer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::super::store::{Session, read_key};
use super::super::{Ledger, LedgerError};
use super::{time, words};
use crate::readers::Preference;
use crate::token::AddressKey;

impl Ledger {
    /// What one reader prefers; nothing where nothing was set.
    pub fn preference(&mut self, key: &AddressKey) -> Result<Preference, LedgerError> {
        self.store.read(|session| preferred(session, key))
    }

    /// What readers prefer, for a plan: of those who set something.
    pub fn preferences(&mut self) -> Result<HashMap<AddressKey, Preference>, LedgerError> {
        let sql = "SELECT addr_key, tags, paused_until FROM preference";
        let all = self.store.read(|session| session.rows(sql, [], read))?;
        Ok(all.into_iter().collect())
    }

    /// Keeps what a reader prefers, in the place of what was before.
    pub fn set_preference(
        &mut self,
        key: &AddressKey,
        preference: &Preference,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.store
            .write(|session| prefer(session, key, preference, now))
    }
}

pub(super) fn preferred(
    session: &Session<'_>,
    key: &AddressKey,
) -> Result<Preference, LedgerError> {
    let sql = "SELECT addr_key, tags, paused_until FROM preference WHERE addr_key = $1";
    let found = session.first(sql, [key.as_bytes()], read)?;
    Ok(found.map(|(_, preference)| preference).unwrap_or_default())
}

pub(in crate::ledger) fn prefer(
    session: &Session<'_>,
    key: &AddressKey,
    preference: &Preference,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    if preference.is_empty() {
        let sql = "DELETE FROM preference WHERE addr_key = $1";
        return session.execute(sql, [key.as_bytes()]).map(|_| ());
    }
    let sql =
        "INSERT INTO preference (addr_key, tags, paused_until, set_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (addr_key) DO UPDATE SET tags = excluded.tags,
                  paused_until = excluded.paused_until, set_at = excluded.set_at";
    let parameters = params![
        key.as_bytes(),
        preference.tags.as_ref().map(|tags| tags.join(" ")),
        preference
            .paused_until
            .map(|until| until.timestamp_millis()),
        now.timestamp_millis(),
    ];
    session.execute(sql, parameters).map(|_| ())
}

fn read(row: &Row<'_>) -> Result<(AddressKey, Preference), LedgerError> {
    let tags: Option<String> = row.get(1)?;
    let preference = Preference {
        tags: tags.map(|tags| words(&tags)),
        paused_until: time(row, 2)?,
    };
    Ok((read_key(row, 0)?, preference))
}
