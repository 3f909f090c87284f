//! What is to be done for issues that were planned: asked for again and again while a server runs,
//! so that a sender is called only where it has something to do.

use chrono::{DateTime, Utc};

use super::{Ledger, LedgerError};

/// What a sender would find to do for an issue that is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWork {
    /// Slug of the issue.
    pub slug: String,
    /// Deliveries that can be tried: planned, or deferred and ripe.
    pub ripe: usize,
    /// Deliveries in the hands of a sender, or of one that has died.
    pub in_hands: usize,
    /// Open deliveries to people who are suppressed or left the roster: to be settled.
    pub excluded: usize,
    /// Everything is settled, and whoever settled the last one has died before he said so.
    pub is_settled: bool,
}

impl OpenWork {
    fn is_nothing(&self) -> bool {
        self.ripe + self.in_hands + self.excluded == 0 && !self.is_settled
    }
}

impl Ledger {
    /// The issues that are being sent and of which something can be done at `now`.
    pub fn open_work(&mut self, now: DateTime<Utc>) -> Result<Vec<OpenWork>, LedgerError> {
        let sending = self.store.read(|session| {
            let sql = "SELECT id, slug FROM issue WHERE state = 'sending' ORDER BY planned_at, id";
            session.rows(sql, [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })
        })?;
        let mut open = Vec::new();
        for (issue, slug) in sending {
            let work = OpenWork {
                slug,
                ripe: self.claimable(issue, now)?,
                in_hands: self.in_hands(issue)?,
                excluded: self.excluded(issue)?,
                is_settled: self.is_settled(issue)?,
            };
            if !work.is_nothing() {
                open.push(work);
            }
        }
        Ok(open)
    }

    fn in_hands(&mut self, issue: i64) -> Result<usize, LedgerError> {
        let sql = "SELECT count(*) FROM delivery
                    WHERE issue_id = $1 AND (state = 'claimed' OR state = 'inflight')";
        self.store.read(|session| {
            let count = session.first(sql, [issue], |row| Ok(row.get::<_, i64>(0)?))?;
            Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
        })
    }

    fn is_settled(&mut self, issue: i64) -> Result<bool, LedgerError> {
        let sql = "SELECT 1 FROM delivery WHERE issue_id = $1
                      AND state IN ('planned', 'claimed', 'deferred', 'inflight', 'unconfirmed') LIMIT 1";
        self.store
            .read(|session| Ok(session.first(sql, [issue], |_| Ok(()))?.is_none()))
    }
}
