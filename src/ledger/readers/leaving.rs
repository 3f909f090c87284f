//! Who leaves: the suppression, which counts from its commit on also for a send under way, and the
//! end of the sign-up.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::super::moves::present_key;
use super::super::store::Session;
use super::super::suppressions::{NewSuppression, known_address, write_suppression};
use super::super::{Ledger, LedgerError};
use super::find;
use crate::suppression::Reason;
use crate::token::AddressKey;

/// What leaving came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveOutcome {
    /// Not mailed from now on.
    Left,
    /// Not mailed before either.
    Before,
}

impl Ledger {
    /// Unsubscribes the person whom a token of theirs names, known or not.
    pub fn unsubscribe(
        &mut self,
        key: &AddressKey,
        now: DateTime<Utc>,
    ) -> Result<LeaveOutcome, LedgerError> {
        self.store.write(|session| unsubscribe(session, key, now))
    }

    /// Ends the sign-up of an address that the author takes out; `false` if it was on no roster of
    /// ours. It suppresses nobody.
    pub fn end_sign_up(
        &mut self,
        key: &AddressKey,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        self.store.write(|session| end(session, key, now))
    }

    /// Erases what is known of a person besides the keyed hash: the sign-up's address, name, tags
    /// and clients, what was preferred, and mails that wait. That they agreed once, and left, stays.
    /// `false` if there was nothing.
    pub fn erase_reader(
        &mut self,
        key: &AddressKey,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        self.store.write(|session| {
            let sql = "UPDATE signup SET state = 'left', nonce = NULL, address = NULL, name = '', tags = '',
                              asked_from = '', confirmed_from = NULL, left_at = COALESCE(left_at, $2)
                        WHERE addr_key = $1";
            let known = session.execute(sql, params![key.as_bytes(), now.timestamp_millis()])?;
            let sql = "DELETE FROM preference WHERE addr_key = $1";
            let preferred = session.execute(sql, [key.as_bytes()])?;
            let sql = "DELETE FROM answer WHERE addr_key = $1";
            let answered = session.execute(sql, [key.as_bytes()])?;
            Ok(known + preferred + answered > 0)
        })
    }
}

pub(in crate::ledger) fn unsubscribe(
    session: &Session<'_>,
    key: &AddressKey,
    now: DateTime<Utc>,
) -> Result<LeaveOutcome, LedgerError> {
    // Who moved and finds an old letter wants no more mail at the new address.
    let key = &present_key(session, key)?;
    let address = match find(session, key)?.and_then(|sign_up| sign_up.address) {
        Some(address) => Some(address.to_string()),
        None => known_address(session, key)?,
    };
    end(session, key, now)?;
    let suppression = NewSuppression {
        key,
        address: address.as_deref(),
        reason: Reason::Unsubscribed,
        source: "token",
        issue: None,
        evidence: None,
        at: now,
    };
    Ok(if write_suppression(session, &suppression)? {
        LeaveOutcome::Left
    } else {
        LeaveOutcome::Before
    })
}

/// Ends a sign-up that is not ended yet. A mail that waits to welcome or to remind is not sent.
pub(super) fn end(
    session: &Session<'_>,
    key: &AddressKey,
    now: DateTime<Utc>,
) -> Result<bool, LedgerError> {
    let sql = "UPDATE answer SET state = 'given up', address = NULL
                WHERE addr_key = $1 AND state = 'due' AND kind <> 'link'";
    session.execute(sql, [key.as_bytes()])?;
    let sql = "UPDATE signup SET state = 'left', nonce = NULL, left_at = $2
                WHERE addr_key = $1 AND state <> 'left'";
    Ok(session.execute(sql, params![key.as_bytes(), now.timestamp_millis()])? == 1)
}
