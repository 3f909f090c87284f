//! A reader whose address becomes another one.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::super::store::Session;
use super::super::{Ledger, LedgerError};
use super::{find, leaving};
use crate::address::EmailAddress;
use crate::readers::SignUpState;
use crate::token::AddressKey;

impl Ledger {
    /// Moves sign-up and preferences from one address to another; `false` if there is nothing to
    /// move. Where the new address has confirmed a sign-up of its own, that one stays, and the old
    /// one ends.
    pub fn move_reader(
        &mut self,
        old: &AddressKey,
        new: &AddressKey,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        if old == new {
            return Ok(false);
        }
        self.store.write(|session| {
            let moved = move_sign_up(session, old, new, address, now)?;
            Ok(move_preference(session, old, new)? | moved)
        })
    }
}

fn move_sign_up(
    session: &Session<'_>,
    old: &AddressKey,
    new: &AddressKey,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool, LedgerError> {
    let Some(sign_up) = find(session, old)? else {
        return Ok(false);
    };
    // A link that was mailed to the old address confirms nothing of the new one.
    if sign_up.state != SignUpState::Confirmed {
        leaving::end(session, old, now)?;
        return Ok(false);
    }
    let there = find(session, new)?.map(|there| there.state);
    if there == Some(SignUpState::Confirmed) {
        return leaving::end(session, old, now);
    }
    session.execute("DELETE FROM signup WHERE addr_key = $1", [new.as_bytes()])?;
    let sql = "UPDATE signup SET addr_key = $2, address = $3 WHERE addr_key = $1";
    let parameters = params![old.as_bytes(), new.as_bytes(), address.as_str()];
    Ok(session.execute(sql, parameters)? == 1)
}

fn move_preference(
    session: &Session<'_>,
    old: &AddressKey,
    new: &AddressKey,
) -> Result<bool, LedgerError> {
    let sql = "INSERT INTO preference (addr_key, tags, paused_until, set_at)
               SELECT $2, tags, paused_until, set_at FROM preference WHERE addr_key = $1
               ON CONFLICT (addr_key) DO NOTHING";
    session.execute(sql, params![old.as_bytes(), new.as_bytes()])?;
    let sql = "DELETE FROM preference WHERE addr_key = $1";
    Ok(session.execute(sql, [old.as_bytes()])? == 1)
}
