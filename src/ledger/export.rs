//! Everything that the ledger knows of each delivery, a row at a time, for reconciliation outside.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::planning::instant;
use super::store::read_key;
use super::{Ledger, LedgerError};
use crate::token::AddressKey;

/// One delivery with its last attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRow {
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Where it goes, as of the plan.
    pub address: String,
    /// Where it stands.
    pub state: String,
    /// Why it was skipped or rejected.
    pub reason: Option<String>,
    /// How many attempts are recorded.
    pub attempts: i64,
    /// How many more copies a person asked for.
    pub resends: i64,
    /// When the final dot may have been written last.
    pub intent_at: Option<DateTime<Utc>>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// The relay's code.
    pub code: Option<i64>,
    /// The relay's enhanced code.
    pub enhanced: Option<String>,
    /// The command that was answered.
    pub command: Option<String>,
    /// The reply's text with the enhanced code, or what broke.
    pub reply: Option<String>,
}

/// How many rows are read at a time.
const PIECE: i64 = 1000;

impl Ledger {
    /// Gives every delivery of an issue to `take`, one at a time. They are read in pieces, so that
    /// a reader that takes its time keeps a running sender's log from growing by no more than one.
    pub fn export<E: From<LedgerError>>(
        &mut self,
        issue: i64,
        mut take: impl FnMut(ExportRow) -> Result<(), E>,
    ) -> Result<(), E> {
        // In the order of an index that begins so: no piece is sorted.
        let sql = "SELECT addr_key, delivery.address, state, reason, coalesce(number, 0), resends,
                          intent_at, settled_at, code, enhanced,
                          CASE step WHEN 'dot' THEN 'end of data' ELSE step END, reply, subscriber_id
                     FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
                     LEFT JOIN attempt ON attempt.delivery_id = delivery.id
                      AND number = (SELECT max(number) FROM attempt WHERE attempt.delivery_id = delivery.id)
                    WHERE issue_id = $1 AND subscriber_id > $2 ORDER BY subscriber_id LIMIT $3";
        let mut after = 0_i64;
        loop {
            let from = after;
            let piece = self.store.read(|session| {
                session.rows(sql, params![issue, from, PIECE], |row| {
                    after = row.get(12)?;
                    read(row)
                })
            })?;
            if piece.is_empty() {
                return Ok(());
            }
            piece.into_iter().try_for_each(&mut take)?;
        }
    }
}

fn read(row: &Row<'_>) -> Result<ExportRow, LedgerError> {
    let enhanced: Option<String> = row.get(9)?;
    Ok(ExportRow {
        key: read_key(row, 0)?,
        address: row.get(1)?,
        state: row.get(2)?,
        reason: row.get(3)?,
        attempts: row.get(4)?,
        resends: row.get(5)?,
        intent_at: row.get::<_, Option<i64>>(6)?.map(instant).transpose()?,
        settled_at: row.get::<_, Option<i64>>(7)?.map(instant).transpose()?,
        code: row.get(8)?,
        reply: match (&enhanced, row.get::<_, Option<String>>(11)?) {
            (Some(enhanced), Some(text)) => Some(format!("{enhanced} {text}")),
            (Some(enhanced), None) => Some(enhanced.clone()),
            (None, text) => text,
        },
        enhanced,
        command: row.get(10)?,
    })
}
