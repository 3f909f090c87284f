//! Questions to the ledger: how an issue stands, what one person got, which rows are open.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use rusqlite::params;

use super::moves::chain;
use super::planning::instant;
use super::store::read_key;
use super::transitions::{ELIGIBLE, LONGEST_WAIT};
use super::{Ledger, LedgerError};
use crate::delivery::State;
use crate::token::AddressKey;

/// How many deliveries of an issue stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    by_state: BTreeMap<State, u64>,
    /// Skipped rows by reason.
    pub skipped_by_reason: BTreeMap<String, u64>,
    /// Rejected rows by reason: `address`, `mailbox`.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// How many more copies persons asked for.
    pub resends: u64,
    /// The earliest time at which a deferred row is ripe.
    pub next_at: Option<DateTime<Utc>>,
}

impl Counts {
    /// Deliveries in a state.
    pub fn of(&self, state: State) -> u64 {
        self.by_state.get(&state).copied().unwrap_or(0)
    }

    /// Deliveries that the sender still has work with: not settled and not held.
    pub fn remaining(&self) -> u64 {
        [
            State::Planned,
            State::Claimed,
            State::Inflight,
            State::Deferred,
        ]
        .into_iter()
        .map(|state| self.of(state))
        .sum()
    }
}

/// An issue with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRow {
    /// When the last row was settled and the issue, cancelled or not, declared finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// Where its deliveries stand.
    pub counts: Counts,
}

/// One delivery to one person, newest attempt included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Identity of the issue.
    pub issue: String,
    /// Slug at the time of the plan.
    pub slug: String,
    /// Title at the time of the plan.
    pub title: String,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
    /// Why, for a skipped or rejected one.
    pub reason: Option<String>,
    /// How many more copies a person asked for.
    pub resends: i64,
    /// When the final dot may have been written.
    pub intent_at: Option<DateTime<Utc>>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// The relay's last words, with the step.
    pub reply: Option<String>,
}

/// A row that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRow {
    /// Where it was to go.
    pub address: String,
    /// Where it stands.
    pub state: State,
    /// When a deferred one is tried again.
    pub next_at: Option<DateTime<Utc>>,
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// SHA-256 of the message of the last intent, in hexadecimal.
    pub message_sha256: Option<String>,
    /// The last attempt in words.
    pub reply: Option<String>,
}

/// Deliveries that are not sent for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Where they stand; planned ones were refused for a reason of ours.
    pub state: State,
    /// At which step of the conversation.
    pub step: Option<String>,
    /// How many.
    pub deliveries: u64,
    /// The relay's words to one of them, or what broke.
    pub words: String,
}

/// The last attempt of a delivery in words: step, codes and text.
pub(super) const LAST_WORDS: &str = "(SELECT trim(coalesce(CASE step WHEN 'dot' THEN 'end of data' ELSE step END, '') || ': '
             || coalesce(code || ' ', '') || coalesce(enhanced || ' ', '') || coalesce(reply, ''), ': ')
      FROM attempt WHERE attempt.delivery_id = delivery.id ORDER BY number DESC LIMIT 1)";

impl Ledger {
    /// Where the deliveries of an issue stand.
    pub fn issue_row(&mut self, issue: i64) -> Result<IssueRow, LedgerError> {
        self.store.read(|session| {
            let sql = "SELECT state, coalesce(reason, ''), count(*), min(next_at), sum(resends) FROM delivery
                       WHERE issue_id = $1 GROUP BY state, coalesce(reason, '')";
            let mut counts = Counts::default();
            let groups = session.rows(sql, [issue], |row| {
                let word: String = row.get(0)?;
                let state = State::from_stored(&word).ok_or(LedgerError::Unknown(word))?;
                let count = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                Ok((
                    state,
                    row.get::<_, String>(1)?,
                    count,
                    row.get::<_, Option<i64>>(3)?,
                    u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                ))
            })?;
            for (state, reason, count, next_at, resends) in groups {
                counts.resends += resends;
                *counts.by_state.entry(state).or_insert(0) += count;
                match state {
                    State::Skipped => drop(counts.skipped_by_reason.insert(reason, count)),
                    State::Rejected => drop(counts.rejected_by_reason.insert(reason, count)),
                    _ => {}
                }
                if state == State::Deferred {
                    let next_at = next_at.map(instant).transpose()?;
                    counts.next_at = match (counts.next_at, next_at) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                }
            }
            let finished = session.first(
                "SELECT finished_at FROM issue WHERE id = $1",
                [issue],
                |row| Ok(row.get::<_, Option<i64>>(0)?),
            )?;
            Ok(IssueRow {
                finished_at: finished.flatten().map(instant).transpose()?,
                counts,
            })
        })
    }

    /// How many deliveries of an issue could be tried at `now`: planned, or deferred and ripe, for
    /// people who are still to get it.
    pub fn claimable(&mut self, issue: i64, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        let sql = format!(
            "SELECT count(*) FROM delivery WHERE issue_id = $1 AND {ELIGIBLE}
                AND ((state = 'planned' AND claim_token IS NULL) OR (state = 'deferred'
                     AND (next_at <= $2 OR next_at > $2 + {LONGEST_WAIT})))"
        );
        self.store.read(|session| {
            let parameters = params![issue, now.timestamp_millis()];
            let count = session.first(&sql, parameters, |row| Ok(row.get::<_, i64>(0)?))?;
            Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
        })
    }

    /// Why deliveries of an issue are not sent, by what the relay said last; the most frequent first.
    pub fn reasons(&mut self, issue: i64) -> Result<Vec<Reason>, LedgerError> {
        let sql = "SELECT state, CASE step WHEN 'dot' THEN 'end of data' ELSE step END, code, count(*),
                    min(trim(coalesce(code || ' ', '') || coalesce(enhanced || ' ', '') || coalesce(reply, '')))
               FROM delivery JOIN attempt ON attempt.delivery_id = delivery.id
                AND number = (SELECT max(number) FROM attempt WHERE attempt.delivery_id = delivery.id)
              WHERE issue_id = $1 AND (state IN ('deferred', 'rejected', 'unconfirmed', 'expired')
                 OR (state = 'planned' AND claim_token IS NOT NULL))
              GROUP BY state, step, code, enhanced ORDER BY count(*) DESC, state LIMIT 12";
        self.store.read(|session| {
            session.rows(sql, [issue], |row| {
                let word: String = row.get(0)?;
                Ok(Reason {
                    state: State::from_stored(&word).ok_or(LedgerError::Unknown(word))?,
                    step: row.get(1)?,
                    deliveries: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
                    words: row.get(4)?,
                })
            })
        })
    }

    /// Every issue that was planned for one person, at this address or an earlier one, oldest first.
    pub fn history(&mut self, key: &AddressKey) -> Result<Vec<HistoryRow>, LedgerError> {
        let sql = format!(
            "SELECT issue.identity, issue.slug, issue.title, issue.planned_at, delivery.state, delivery.reason,
                    delivery.intent_at, delivery.settled_at, {LAST_WORDS}, delivery.resends
               FROM subscriber CROSS JOIN issue
               JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
              WHERE subscriber.addr_key = $1 ORDER BY issue.planned_at, issue.id"
        );
        self.store.read(|session| {
            let mut rows = Vec::new();
            for (key, _) in chain(session, key)? {
                rows.extend(session.rows(&sql, [key.as_bytes()], read_history)?);
            }
            rows.sort_by_key(|row: &HistoryRow| row.planned_at);
            Ok(rows)
        })
    }

    /// Deliveries of an issue in one state, at most `limit`, in the order of the plan. Of the
    /// planned ones only those that the relay has refused for a reason of ours: the others have
    /// nothing to tell.
    pub fn rows_in(
        &mut self,
        issue: i64,
        state: State,
        limit: usize,
    ) -> Result<Vec<OpenRow>, LedgerError> {
        let sql = format!(
            "SELECT address, next_at, {LAST_WORDS},
                    (SELECT addr_key FROM subscriber WHERE subscriber.id = delivery.subscriber_id), message_sha256
               FROM delivery WHERE issue_id = $1 AND state = $2
                AND (state <> 'planned' OR EXISTS (SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id))
              ORDER BY id LIMIT $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.store.read(|session| {
            session.rows(&sql, params![issue, state.as_str(), limit], |row| {
                Ok(OpenRow {
                    address: row.get(0)?,
                    state,
                    next_at: row.get::<_, Option<i64>>(1)?.map(instant).transpose()?,
                    reply: row.get(2)?,
                    key: read_key(row, 3)?,
                    message_sha256: row
                        .get::<_, Option<Vec<u8>>>(4)?
                        .map(|hash| HEXLOWER.encode(&hash)),
                })
            })
        })
    }
}

fn read_history(row: &rusqlite::Row<'_>) -> Result<HistoryRow, LedgerError> {
    let word: String = row.get(4)?;
    Ok(HistoryRow {
        issue: row.get(0)?,
        slug: row.get(1)?,
        title: row.get(2)?,
        planned_at: instant(row.get(3)?)?,
        state: State::from_stored(&word).ok_or(LedgerError::Unknown(word))?,
        reason: row.get(5)?,
        intent_at: row.get::<_, Option<i64>>(6)?.map(instant).transpose()?,
        settled_at: row.get::<_, Option<i64>>(7)?.map(instant).transpose()?,
        reply: row.get(8)?,
        resends: row.get(9)?,
    })
}
