//! Transitions of single deliveries: claim, intent, settlement, and recovery after a crash
//! (docs/ledger.md).

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::store::{Session, read_key};
use super::{Ledger, LedgerError};
use crate::delivery::{Class, Outcome, Reply, State, Step, Transaction};
use crate::plan::Fields;
use crate::token::AddressKey;

/// A delivery that a sender may now talk to the relay about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Row number of the delivery.
    pub delivery: i64,
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Address at the time of the plan.
    pub address: String,
    /// The recipient's fields, frozen with the plan.
    pub fields: Fields,
    /// How many attempts counted so far.
    pub attempts: u32,
    /// SHA-256 of the message that an earlier attempt had the intent for.
    pub earlier_sha256: Option<[u8; 32]>,
}

/// Whether the final dot may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentAnswer {
    /// The intent is on disk: write the dot.
    Granted,
    /// Write nothing. The row was settled or given back, for this reason.
    Refused(&'static str),
}

/// The result of an attempt, to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Row number of the delivery.
    pub delivery: i64,
    /// What happened on the wire.
    pub transaction: Transaction,
    /// What it means.
    pub outcome: Outcome,
    /// Row number of the relay that it was tried at.
    pub relay: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Ledger {
    /// Puts in order what a dead run left, under the sender's lock: what was claimed was never
    /// sent, what was in flight may have been. Returns how many of each.
    pub fn recover(&mut self, now: DateTime<Utc>) -> Result<(usize, usize), LedgerError> {
        self.store.write(|session| {
            // A finished issue has no such rows: that was proven when it was declared finished.
            let open = "issue_id IN (SELECT id FROM issue WHERE state <> 'finished')";
            let doubtful = format!("SELECT id FROM delivery WHERE {open} AND state = 'inflight'");
            for delivery in session.rows(&doubtful, [], |row| Ok(row.get::<_, i64>(0)?))? {
                let evidence = Transaction::LostAfterDot(
                    "the sender ended before the relay's reply was recorded".to_owned(),
                );
                record_attempt(session, delivery, "unconfirmed", &evidence, None, now)?;
            }
            let unconfirmed = session.execute(
                &format!("UPDATE delivery SET state = 'unconfirmed', settled_at = $1 WHERE {open} AND state = 'inflight'"),
                [now.timestamp_millis()],
            )?;
            let returned = session.execute(
                &format!("UPDATE delivery SET state = 'planned', claim_token = NULL WHERE {open} AND state = 'claimed'"),
                [],
            )?;
            close_cancelled(session, now)?;
            Ok((returned, unconfirmed))
        })
    }

    /// Gives up the deferred deliveries of an issue, and those that wait for a person, except those
    /// that a person asked for after `asked_since`.
    pub fn expire(
        &mut self,
        issue: i64,
        asked_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize, LedgerError> {
        self.store.write(|session| {
            let sql = "UPDATE delivery SET state = 'expired', next_at = NULL, settled_at = $2
                       WHERE issue_id = $1
                         AND (state = 'deferred' OR (state = 'planned' AND claim_token IS NOT NULL))
                         AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id
                             AND outcome IN ('again', 'added', 'resolved: planned') AND ended_at > $3)";
            let parameters = params![
                issue,
                now.timestamp_millis(),
                asked_since.timestamp_millis()
            ];
            session.execute(sql, parameters)
        })
    }

    /// How many deliveries of an issue were refused for a reason of ours, and wait for a person.
    pub fn refused(&mut self, issue: i64) -> Result<u64, LedgerError> {
        let sql = "SELECT count(*) FROM delivery
                    WHERE issue_id = $1 AND state = 'planned' AND claim_token IS NOT NULL";
        self.store.read(|session| {
            let count = session.first(sql, [issue], |row| Ok(row.get::<_, i64>(0)?))?;
            Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
        })
    }

    /// A person has looked at them: they may be tried again. Returns how many.
    pub fn release_refused(&mut self, issue: i64) -> Result<usize, LedgerError> {
        self.store.write(|session| release_refused(session, issue))
    }

    /// How many open deliveries of an issue are for people who are suppressed or left the roster.
    pub fn excluded(&mut self, issue: i64) -> Result<usize, LedgerError> {
        let sql = format!(
            "SELECT count(*) FROM delivery
              WHERE issue_id = $1 AND (state = 'planned' OR state = 'deferred') AND NOT {ELIGIBLE}"
        );
        self.store.read(|session| {
            let count = session.first(&sql, [issue], |row| Ok(row.get::<_, i64>(0)?))?;
            Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
        })
    }

    /// Settles them as skipped. Returns how many.
    pub fn skip_excluded(&mut self, issue: i64, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        let sql = format!(
            "UPDATE delivery SET state = 'skipped', next_at = NULL, settled_at = $2, reason = CASE WHEN EXISTS
                 (SELECT 1 FROM suppression JOIN subscriber ON subscriber.addr_key = suppression.addr_key
                   WHERE subscriber.id = delivery.subscriber_id) THEN 'suppressed' ELSE 'left the roster' END
              WHERE issue_id = $1 AND (state = 'planned' OR state = 'deferred') AND NOT {ELIGIBLE}"
        );
        let parameters = params![issue, now.timestamp_millis()];
        self.store
            .write(|session| session.execute(&sql, parameters))
    }

    /// Declares an issue finished if, and only if, every planned row is settled:
    /// planned = sent + rejected + expired + abandoned + skipped.
    pub fn finish(&mut self, issue: i64, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        self.store.write(|session| {
            close_cancelled(session, now)?;
            let sql = format!(
                "UPDATE issue SET state = 'finished', finished_at = $2
                  WHERE id = $1 AND state = 'sending' AND {ALL_SETTLED}"
            );
            Ok(session.execute(&sql, params![issue, now.timestamp_millis()])? == 1)
        })
    }
}

pub(super) fn release_refused(session: &Session<'_>, issue: i64) -> Result<usize, LedgerError> {
    let sql = "UPDATE delivery SET claim_token = NULL
                WHERE issue_id = $1 AND state = 'planned' AND claim_token IS NOT NULL";
    session.execute(sql, [issue])
}

/// An issue of which every planned row is settled.
const ALL_SETTLED: &str = "planned_total = (SELECT count(*) FROM delivery WHERE issue_id = issue.id
         AND state IN ('sent', 'rejected', 'expired', 'abandoned', 'skipped'))
     AND NOT EXISTS (SELECT 1 FROM delivery WHERE issue_id = issue.id
         AND state IN ('planned', 'claimed', 'inflight', 'deferred', 'unconfirmed'))";

/// What was at the dot when its issue was cancelled, and came back, goes no further. A cancelled
/// issue is finished, too, once nothing of it is open; it stays cancelled.
pub(super) fn close_cancelled(
    session: &Session<'_>,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let now = now.timestamp_millis();
    let sql = "UPDATE delivery SET state = 'skipped', reason = 'cancelled', next_at = NULL, settled_at = $1
         WHERE (state = 'planned' OR state = 'deferred')
           AND issue_id IN (SELECT id FROM issue WHERE state = 'cancelled')";
    session.execute(sql, [now])?;
    let sql = format!(
        "UPDATE issue SET finished_at = $1
          WHERE state = 'cancelled' AND finished_at IS NULL AND {ALL_SETTLED}"
    );
    session.execute(&sql, [now]).map(|_| ())
}

/// A delivery whose subscriber is on the roster and not suppressed.
pub(super) const ELIGIBLE: &str = "EXISTS (SELECT 1 FROM subscriber
     WHERE subscriber.id = delivery.subscriber_id AND subscriber.on_roster = 1
       AND NOT EXISTS (SELECT 1 FROM suppression WHERE suppression.addr_key = subscriber.addr_key))";

/// A deferred delivery is ripe when its time has come, or when its time is farther away than any
/// wait: then the clock was ahead when it was set. In milliseconds.
pub(super) const LONGEST_WAIT: i64 = 24 * 60 * 60 * 1000;

/// Claims up to `limit` rows of an issue: planned ones that this run has not tried yet, then
/// deferred ones that are ripe. The number of tries rises in the same commit, before any connection.
pub(super) fn claim(
    session: &Session<'_>,
    issue: i64,
    token: i64,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<Claim>, LedgerError> {
    // A row that was refused for a reason of ours keeps its token, and waits for a person: tried
    // again it would be refused again, for ever.
    let planned = "state = 'planned' AND claim_token IS NULL AND $3 > 0";
    let ripe = format!("state = 'deferred' AND (next_at <= $3 OR next_at > $3 + {LONGEST_WAIT})");
    let mut claims = Vec::new();
    for condition in [planned, &ripe] {
        let room = i64::try_from(limit - claims.len()).unwrap_or(i64::MAX);
        if room == 0 {
            break;
        }
        let sql = format!(
            "UPDATE delivery SET state = 'claimed', claim_token = $2, next_at = NULL, tries = tries + 1
              WHERE id IN (SELECT id FROM delivery WHERE issue_id = $1 AND {condition} AND {ELIGIBLE} LIMIT $4)
                AND EXISTS (SELECT 1 FROM issue WHERE issue.id = $1 AND issue.state = 'sending')
             RETURNING id, address, name, fields, attempts,
                (SELECT addr_key FROM subscriber WHERE subscriber.id = delivery.subscriber_id), message_sha256"
        );
        let parameters = params![issue, token, now.timestamp_millis(), room];
        claims.extend(session.rows(&sql, parameters, read_claim)?);
    }
    Ok(claims)
}

fn read_claim(row: &rusqlite::Row<'_>) -> Result<Claim, LedgerError> {
    Ok(Claim {
        delivery: row.get(0)?,
        address: row.get(1)?,
        fields: Fields::from_stored(row.get(2)?, row.get(3)?),
        attempts: row.get(4)?,
        key: read_key(row, 5)?,
        earlier_sha256: row.get(6)?,
    })
}

/// The intent: the last look before the final dot. It carries every last-moment rule, so that a
/// suppression, a deleted row and a lost claim act at the final instant.
pub(super) fn intend(
    session: &Session<'_>,
    delivery: i64,
    token: i64,
    message_sha256: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<IntentAnswer, LedgerError> {
    let sql = format!("UPDATE delivery SET state = 'inflight', intent_at = $3, message_sha256 = $4
         WHERE id = $1 AND state = 'claimed' AND claim_token = $2
           AND EXISTS (SELECT 1 FROM issue WHERE issue.id = delivery.issue_id AND issue.state = 'sending')
           AND {ELIGIBLE}");
    let parameters = params![
        delivery,
        token,
        now.timestamp_millis(),
        message_sha256.as_slice()
    ];
    if session.execute(&sql, parameters)? == 1 {
        return Ok(IntentAnswer::Granted);
    }
    refuse(session, delivery, token).map(IntentAnswer::Refused)
}

/// Finds out why an intent was not granted, and gives the row back: the claim will not take it
/// again while the reason lasts.
fn refuse(session: &Session<'_>, delivery: i64, token: i64) -> Result<&'static str, LedgerError> {
    let sql = "SELECT subscriber.on_roster,
                EXISTS (SELECT 1 FROM suppression WHERE suppression.addr_key = subscriber.addr_key)
           FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
          WHERE delivery.id = $1 AND delivery.state = 'claimed' AND delivery.claim_token = $2";
    let found = session.first(sql, params![delivery, token], |row| {
        Ok((row.get::<_, bool>(0)?, row.get::<_, bool>(1)?))
    })?;
    let Some((on_roster, suppressed)) = found else {
        return Ok("the claim was lost");
    };
    release(session, delivery, token)?;
    Ok(match (suppressed, on_roster) {
        (true, _) => "suppressed",
        (false, false) => "left the roster",
        (false, true) => "the issue is not being sent",
    })
}

/// Writes the result of an attempt. Conditional on the claim, so that a late result of a run that
/// lost its row changes nothing.
pub(super) fn settle(
    session: &Session<'_>,
    token: i64,
    settlement: &Settlement,
) -> Result<(), LedgerError> {
    let at = settlement.at.timestamp_millis();
    let (state, counts, next_at) = match &settlement.outcome {
        Outcome::Sent => (State::Sent, true, None),
        Outcome::Rejected(_) => (State::Rejected, true, None),
        Outcome::Unconfirmed => (State::Unconfirmed, true, None),
        Outcome::OurFault => (State::Planned, false, None),
        Outcome::Unchanged(_) => return settle_unchanged(session, token, settlement),
        Outcome::Deferred { wait, counts } => {
            let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            (State::Deferred, *counts, Some(at.saturating_add(wait)))
        }
    };
    let reason = match &settlement.outcome {
        Outcome::Rejected(Class::Mailbox) => Some("mailbox"),
        Outcome::Rejected(_) => Some("address"),
        _ => None,
    };
    let settled_at =
        matches!(state, State::Sent | State::Rejected | State::Unconfirmed).then_some(at);
    let [one, other] = held_in(&settlement.transaction).map(State::as_str);
    let sql =
        "UPDATE delivery SET state = $3, next_at = $4, settled_at = $5, attempts = attempts + $6, reason = $7
               WHERE id = $1 AND claim_token = $2 AND (state = $8 OR state = $9)";
    let parameters = params![
        settlement.delivery,
        token,
        state.as_str(),
        next_at,
        settled_at,
        i64::from(counts),
        reason,
        one,
        other
    ];
    if session.execute(sql, parameters)? == 0 {
        return Ok(());
    }
    record_attempt(
        session,
        settlement.delivery,
        state.as_str(),
        &settlement.transaction,
        settlement.relay,
        settlement.at,
    )
}

/// The relay wanted no message at all: the row is ripe and may be claimed again, by this run, too, but
/// behind all that were not tried yet. What one reader is refused for must not keep the issue from the others.
fn settle_unchanged(
    session: &Session<'_>,
    token: i64,
    settlement: &Settlement,
) -> Result<(), LedgerError> {
    let at = settlement.at.timestamp_millis();
    let sql = "UPDATE delivery SET state = 'deferred', next_at = $3, claim_token = NULL
               WHERE id = $1 AND claim_token = $2 AND (state = $4 OR state = $5)";
    let [one, other] = held_in(&settlement.transaction).map(State::as_str);
    let parameters = params![settlement.delivery, token, at, one, other];
    if session.execute(sql, parameters)? == 0 {
        return Ok(());
    }
    let transaction = &settlement.transaction;
    record_attempt(
        session,
        settlement.delivery,
        "unchanged",
        transaction,
        settlement.relay,
        settlement.at,
    )
}

/// In which of two states a delivery can be while its conversation ends like this: only an intent makes
/// the end of a message possible, and nothing is told of an earlier step behind one. What the relay
/// says while a message is on its way is heard before the intent, or just after it.
fn held_in(transaction: &Transaction) -> [State; 2] {
    match transaction {
        Transaction::Accepted(_)
        | Transaction::Refused(Step::Dot, _)
        | Transaction::LostAfterDot(_) => [State::Inflight; 2],
        Transaction::Refused(Step::Body, _) | Transaction::LostBeforeDot(Step::Body, _) => {
            [State::Claimed, State::Inflight]
        }
        Transaction::Refused(..) | Transaction::LostBeforeDot(..) | Transaction::Withheld => {
            [State::Claimed; 2]
        }
    }
}

/// Gives a row back that was claimed and not tried.
pub(super) fn release(session: &Session<'_>, delivery: i64, token: i64) -> Result<(), LedgerError> {
    let sql = "UPDATE delivery SET state = 'planned', claim_token = NULL
               WHERE id = $1 AND claim_token = $2 AND state = 'claimed'";
    session.execute(sql, params![delivery, token]).map(|_| ())
}

/// The ledger's word for a step: the usual one, but for the dot, where nearly every attempt ends.
fn stored_step(step: Step) -> &'static str {
    match step {
        Step::Dot => "dot",
        other => other.as_str(),
    }
}

/// A reply's enhanced code as the relay wrote it, and the text behind it.
fn words_of(reply: &Reply) -> (Option<String>, Option<String>) {
    let text = reply.stored_text();
    if reply.enhanced().is_none() {
        return (None, Some(text));
    }
    match text.split_once(' ') {
        Some((code, rest)) => (Some(code.to_owned()), Some(rest.to_owned())),
        None => (Some(text), None),
    }
}

fn record_attempt(
    session: &Session<'_>,
    delivery: i64,
    outcome: &str,
    transaction: &Transaction,
    relay: Option<i64>,
    at: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let (step, reply, told): (Option<Step>, Option<&Reply>, Option<&str>) = match transaction {
        Transaction::Accepted(reply) => (Some(Step::Dot), Some(reply), None),
        Transaction::Refused(step, reply) => (Some(*step), Some(reply), None),
        Transaction::LostBeforeDot(step, told) => (Some(*step), None, Some(told)),
        Transaction::LostAfterDot(told) => (Some(Step::Dot), None, Some(told)),
        Transaction::Withheld => (None, None, None),
    };
    let (enhanced, text) = match reply {
        Some(reply) => words_of(reply),
        None => (None, told.map(str::to_owned)),
    };
    let sql = "INSERT INTO attempt (delivery_id, number, ended_at, outcome, step, code, enhanced, reply, relay_id)
         VALUES ($1, (SELECT count(*) + 1 FROM attempt WHERE delivery_id = $1), $2, $3, $4, $5, $6, $7, $8)";
    let parameters = params![
        delivery,
        at.timestamp_millis(),
        outcome,
        step.map(stored_step),
        reply.map(|reply| i64::from(reply.code)),
        enhanced,
        text,
        relay,
    ];
    session.execute(sql, parameters).map(|_| ())
}
