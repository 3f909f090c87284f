//! A person who wants to be forgotten. What they were sent is proven without them: rows, hashes and
//! states stay, the address goes, and everything that came with it. The suppression stays by the keyed
//! hash, so that no import brings them back.
//!
//! The database allows this one change of whose a delivery is, and no way back (`schema`). What is
//! erased is overwritten, the file is made anew without its free space, and the log beside it is
//! emptied. Where that fails the erasure stands, and erasing again makes up for it.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::control::{Verdict, settle_doubt};
use super::moves::chain;
use super::store::Session;
use super::suppressions::{NewSuppression, leave_roster, write_suppression};
use super::transitions::close_cancelled;
use super::{Ledger, LedgerError};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Deliveries that have no address any more.
    pub deliveries: usize,
    /// Reports of mail that came back, without the words now.
    pub reports: usize,
    /// Where those mails lie: they quote the address.
    pub places: Vec<String>,
    /// Whether there was a sign-up, or something that waited for its answer.
    pub signed_up: bool,
    /// How many earlier addresses of the person went with it.
    pub earlier: usize,
}

/// What erasing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// It is done.
    Done(Erased),
    /// A sender has a letter to this person in its hands.
    UnderWay,
}

/// Settled at once, for nothing more is sent; what may have gone out counts as given up.
const SKIP: &str = "UPDATE delivery SET state = 'skipped', reason = 'suppressed', next_at = NULL, settled_at = $2,
        claim_token = NULL
    WHERE subscriber_id = (SELECT id FROM subscriber WHERE addr_key = $1) AND state IN ('planned', 'deferred')";

const OF_PERSON: &str = "(SELECT delivery.id FROM subscriber CROSS JOIN issue
     JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
    WHERE subscriber.addr_key = $1)";

impl Ledger {
    /// Erases a person, with every earlier address of theirs. `address` is this one: what a relay
    /// said of itself may quote it.
    pub fn erase(
        &mut self,
        key: &AddressKey,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Erasure, LedgerError> {
        self.store.overwrite_deleted()?;
        let done = self.store.write(|session| {
            let keys: Vec<AddressKey> = chain(session, key)?
                .into_iter()
                .map(|(key, _)| key)
                .collect();
            for key in &keys {
                if is_under_way(session, key)? {
                    return Ok(Erasure::UnderWay);
                }
            }
            let mut erased = Erased {
                earlier: keys.len() - 1,
                ..Erased::default()
            };
            for key in &keys {
                erase_one(session, key, now, &mut erased)?;
            }
            let sql =
                "UPDATE relay SET rest_told = NULL WHERE instr(lower(rest_told), lower($1)) > 0";
            session.execute(sql, [address])?;
            close_cancelled(session, now)?;
            Ok::<_, LedgerError>(Erasure::Done(erased))
        })?;
        if let Erasure::Done(mut erased) = done {
            for key in self.keys_of(key)? {
                erased.signed_up |= self.erase_reader(&key, now)?;
            }
            self.store.rewrite()?;
            return Ok(Erasure::Done(erased));
        }
        Ok(done)
    }

    /// A person's keyed hashes, this one first.
    fn keys_of(&mut self, key: &AddressKey) -> Result<Vec<AddressKey>, LedgerError> {
        let chain = self.store.read(|session| chain(session, key))?;
        Ok(chain.into_iter().map(|(key, _)| key).collect())
    }
}

fn is_under_way(session: &Session<'_>, key: &AddressKey) -> Result<bool, LedgerError> {
    let sql = format!(
        "SELECT 1 FROM delivery WHERE id IN {OF_PERSON} AND state IN ('claimed', 'inflight')"
    );
    Ok(session.first(&sql, [key.as_bytes()], |_| Ok(()))?.is_some())
}

fn erase_one(
    session: &Session<'_>,
    key: &AddressKey,
    now: DateTime<Utc>,
    erased: &mut Erased,
) -> Result<(), LedgerError> {
    suppress(session, key, now)?;
    leave_roster(session, key)?;
    session.execute(SKIP, params![key.as_bytes(), now.timestamp_millis()])?;
    let sql = format!("SELECT id FROM delivery WHERE id IN {OF_PERSON} AND state = 'unconfirmed'");
    for delivery in session.rows(&sql, [key.as_bytes()], |row| Ok(row.get::<_, i64>(0)?))? {
        settle_doubt(session, delivery, Verdict::Abandon, "erased", now)?;
    }
    let sql = format!(
        "UPDATE delivery SET address = '', name = '', fields = NULL WHERE id IN {OF_PERSON} AND address <> ''"
    );
    erased.deliveries += session.execute(&sql, [key.as_bytes()])?;
    // Replies of relays quote the address.
    let sql = format!(
        "UPDATE attempt SET reply = NULL WHERE delivery_id IN {OF_PERSON} AND reply IS NOT NULL"
    );
    session.execute(&sql, [key.as_bytes()])?;
    let about = format!("(delivery_id IN {OF_PERSON} OR addr_key = $1)");
    let sql = format!("SELECT place FROM report WHERE {about} AND place <> ''");
    erased
        .places
        .extend(session.rows(&sql, [key.as_bytes()], |row| Ok(row.get::<_, String>(0)?))?);
    let sql = format!("UPDATE report SET words = NULL, place = '', judged = 1 WHERE {about}");
    erased.reports += session.execute(&sql, [key.as_bytes()])?;
    let sql = "UPDATE lifted SET why = '' WHERE addr_key = $1";
    session.execute(sql, [key.as_bytes()]).map(|_| ())
}

/// The keyed hash alone stays. What failures made becomes the person's own wish: it is not judged
/// anew, and only they can come back.
fn suppress(
    session: &Session<'_>,
    key: &AddressKey,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let new = NewSuppression {
        key,
        address: None,
        reason: Reason::Unsubscribed,
        source: "erasure",
        issue: None,
        evidence: None,
        at: now,
    };
    write_suppression(session, &new)?;
    let sql = "UPDATE suppression SET address = NULL, evidence = NULL, source = 'erasure', issue_id = NULL
                WHERE addr_key = $1";
    session.execute(sql, [key.as_bytes()]).map(|_| ())
}
