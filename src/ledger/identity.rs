//! Which ledger this is: its id, the key that it was made with, the place where it lies, and its
//! epoch. They show a copy, a restored backup and a lost key before anything is sent.

use chrono::{DateTime, Utc};

use super::store::Session;
use super::{Ledger, LedgerError};

/// What the ledger knows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Random id, made with the ledger.
    pub id: String,
    /// Fingerprint of the key by which addresses are hashed; `None` before the first use of one.
    pub key_fingerprint: Option<String>,
    /// Where the ledger lay when it was last adopted; `None` before the first real send.
    pub place: Option<String>,
    /// Rises when a run begins, when it ends, and when a person decides something in between, so
    /// that an earlier state of the ledger has a lower one. A run's number is the one it began with.
    pub epoch: i64,
}

/// The place of a copy that `backup` made: nowhere, so that it is adopted before it sends.
const BACKUP: &str = "backup";

impl Identity {
    /// Whether this is a copy that `backup` made, and nobody has adopted it.
    pub fn is_backup(&self) -> bool {
        self.place.as_deref() == Some(BACKUP)
    }
}

impl Ledger {
    /// Reads the identity, if the ledger has one.
    pub fn known_identity(&mut self) -> Result<Option<Identity>, LedgerError> {
        self.store.read(read_identity)
    }

    /// Reads the identity; `new_id` becomes the id of a ledger that has none yet.
    pub fn identity(&mut self, new_id: impl FnOnce() -> String) -> Result<Identity, LedgerError> {
        let known = self.store.read(read_identity)?;
        if let Some(identity) = known {
            return Ok(identity);
        }
        let id = new_id();
        self.store.write(|session| {
            let sql =
                "INSERT INTO meta (key, value) VALUES ('id', $1) ON CONFLICT (key) DO NOTHING";
            session.execute(sql, [&id])?;
            read_identity(session)?
                .ok_or_else(|| LedgerError::Unknown("the ledger has no id".to_owned()))
        })
    }

    /// Ties the ledger to a key; it must not have been tied to another one.
    pub fn set_key_fingerprint(&mut self, fingerprint: &str) -> Result<(), LedgerError> {
        self.store.write(|session| set(session, "key", fingerprint))
    }

    /// Records where the ledger lies.
    pub fn set_place(&mut self, place: &str) -> Result<(), LedgerError> {
        self.store.write(|session| set(session, "place", place))
    }

    /// The latest time at which a sender ran, by the machine's clock.
    pub fn last_seen(&mut self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let seen = self.store.read(|session| get(session, "seen"))?;
        seen.map(|text| {
            let milliseconds = text.parse().ok();
            milliseconds
                .and_then(DateTime::from_timestamp_millis)
                .ok_or_else(|| LedgerError::Unknown(format!("time `{text}`")))
        })
        .transpose()
    }

    /// Remembers that it is `now` at least.
    pub fn saw(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        if self.last_seen()?.is_some_and(|seen| seen >= now) {
            return Ok(());
        }
        self.set_last_seen(now)
    }

    /// Takes `now` for the present, whatever was seen before.
    pub fn set_last_seen(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let now = now.timestamp_millis().to_string();
        self.store.write(|session| set(session, "seen", &now))
    }

    /// Until when refused addresses were looked at, at the end of a run.
    pub fn judged_at(&mut self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let at = self.store.read(|session| get(session, "judged"))?;
        Ok(at
            .and_then(|text| text.parse().ok())
            .and_then(DateTime::from_timestamp_millis))
    }

    /// Every refusal until now was looked at.
    pub fn set_judged_at(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let now = now.timestamp_millis().to_string();
        self.store.write(|session| set(session, "judged", &now))
    }

    /// Raises the epoch above `above` and the last one; returns it.
    pub fn raise_epoch(&mut self, above: i64) -> Result<i64, LedgerError> {
        self.store.write(|session| {
            let epoch = read_epoch(session)?.max(above).saturating_add(1);
            set(session, "epoch", &epoch.to_string())?;
            Ok(epoch)
        })
    }

    /// Raises the epoch after a change, unless `witnessed` (read before) is higher: then this is an
    /// older copy, and must not catch up with changes that it does not know.
    pub fn raise_epoch_from(&mut self, witnessed: i64) -> Result<(), LedgerError> {
        self.store.write(|session| {
            let epoch = read_epoch(session)?;
            if witnessed > epoch {
                return Ok(());
            }
            set(session, "epoch", &epoch.saturating_add(1).to_string())
        })
    }

    /// Gives the epoch to `sign` while nobody can raise it.
    pub fn while_the_epoch_stands<T>(
        &mut self,
        sign: impl FnOnce(i64) -> T,
    ) -> Result<T, LedgerError> {
        self.store.write(|session| Ok(sign(read_epoch(session)?)))
    }
}

/// Writes into a copy that it is one.
pub(super) fn mark_as_backup(session: &Session<'_>) -> Result<(), LedgerError> {
    set(session, "place", BACKUP)
}

fn read_identity(session: &Session<'_>) -> Result<Option<Identity>, LedgerError> {
    let Some(id) = get(session, "id")? else {
        return Ok(None);
    };
    Ok(Some(Identity {
        id,
        key_fingerprint: get(session, "key")?,
        place: get(session, "place")?,
        epoch: read_epoch(session)?,
    }))
}

fn read_epoch(session: &Session<'_>) -> Result<i64, LedgerError> {
    let Some(text) = get(session, "epoch")? else {
        return Ok(0);
    };
    text.parse()
        .map_err(|_| LedgerError::Unknown(format!("epoch `{text}`")))
}

pub(super) fn get(session: &Session<'_>, key: &str) -> Result<Option<String>, LedgerError> {
    session.first("SELECT value FROM meta WHERE key = $1", [key], |row| {
        Ok(row.get(0)?)
    })
}

pub(super) fn set(session: &Session<'_>, key: &str, value: &str) -> Result<(), LedgerError> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    session.execute(sql, [key, value]).map(|_| ())
}
