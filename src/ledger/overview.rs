//! Questions of the desk: few rows about much, so that a page can ask for them again and again.

use chrono::{DateTime, NaiveDate, Utc};

use super::planning::instant;
use super::{IssueState, Ledger, LedgerError};

/// An issue with a plan, without what was frozen for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// Row number.
    pub row: i64,
    /// Slug at the time of the plan.
    pub slug: String,
    /// Title at the time of the plan.
    pub title: String,
    /// Whether it is still being sent.
    pub state: IssueState,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// How many were planned.
    pub planned_total: u64,
    /// When the last delivery was settled.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Deliveries of an issue that the relay rejected, of one domain and for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedGroup {
    /// Domain of the recipients.
    pub domain: String,
    /// `address` or `mailbox`.
    pub reason: String,
    /// How many.
    pub deliveries: u64,
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

impl Ledger {
    /// Issues with a plan, the latest first, at most `limit`.
    pub fn plan_lines(&mut self, limit: usize) -> Result<Vec<PlanLine>, LedgerError> {
        let sql = "SELECT id, slug, title, state, planned_at, planned_total, finished_at FROM issue
                    ORDER BY planned_at DESC, id DESC LIMIT $1";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.store.read(|session| {
            session.rows(sql, [limit], |row| {
                Ok(PlanLine {
                    row: row.get(0)?,
                    slug: row.get(1)?,
                    title: row.get(2)?,
                    state: IssueState::from_stored(&row.get::<_, String>(3)?)?,
                    planned_at: instant(row.get(4)?)?,
                    planned_total: count(row.get(5)?),
                    finished_at: row.get::<_, Option<i64>>(6)?.map(instant).transpose()?,
                })
            })
        })
    }

    /// How many issues have a plan.
    pub fn plans(&mut self) -> Result<u64, LedgerError> {
        self.store.read(|session| {
            let sql = "SELECT count(*) FROM issue";
            let found = session.first(sql, [], |row| Ok(count(row.get(0)?)))?;
            Ok(found.unwrap_or(0))
        })
    }

    /// Rejected deliveries of an issue by domain and reason, the most frequent first. Looks at every
    /// delivery of the issue.
    pub fn rejected_groups(&mut self, issue: i64) -> Result<Vec<RejectedGroup>, LedgerError> {
        let sql = "SELECT lower(substr(address, instr(address, '@') + 1)), coalesce(reason, ''), count(*) FROM delivery
                    WHERE issue_id = $1 AND state = 'rejected' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";
        self.store.read(|session| {
            session.rows(sql, [issue], |row| {
                Ok(RejectedGroup {
                    domain: row.get(0)?,
                    reason: row.get(1)?,
                    deliveries: count(row.get(2)?),
                })
            })
        })
    }

    /// Suppressions by the day on which they were written and their reason.
    pub fn suppressions_by_day(&mut self) -> Result<Vec<(NaiveDate, String, u64)>, LedgerError> {
        let sql = "SELECT at / $1, reason, count(*) FROM suppression GROUP BY 1, 2 ORDER BY 1, 2";
        self.store.read(|session| {
            session.rows(sql, [DAY], |row| {
                let day: i64 = row.get(0)?;
                let day = instant(day.saturating_mul(DAY))?.date_naive();
                Ok((day, row.get(1)?, count(row.get(2)?)))
            })
        })
    }

    /// Deliveries of issues that are being sent or rest, by state.
    pub fn open_deliveries_by_state(&mut self) -> Result<Vec<(String, u64)>, LedgerError> {
        self.counts(
            "SELECT delivery.state, count(*) FROM delivery JOIN issue ON issue.id = delivery.issue_id
              WHERE issue.state IN ('sending', 'paused') GROUP BY 1 ORDER BY 1",
        )
    }

    /// Sign-ups by state.
    pub fn sign_ups_by_state(&mut self) -> Result<Vec<(String, u64)>, LedgerError> {
        self.counts("SELECT state, count(*) FROM signup GROUP BY 1 ORDER BY 1")
    }

    /// Suppressions by reason.
    pub fn suppressions_by_reason(&mut self) -> Result<Vec<(String, u64)>, LedgerError> {
        self.counts("SELECT reason, count(*) FROM suppression GROUP BY 1 ORDER BY 1")
    }

    fn counts(&mut self, sql: &str) -> Result<Vec<(String, u64)>, LedgerError> {
        self.store
            .read(|session| session.rows(sql, [], |row| Ok((row.get(0)?, count(row.get(1)?)))))
    }

    /// Readers who signed up by themselves and are on the roster, by the day of their confirmation.
    pub fn sign_ups_by_day(&mut self) -> Result<Vec<(NaiveDate, u64)>, LedgerError> {
        let sql = "SELECT confirmed_at / $1, count(*) FROM signup
                    WHERE state = 'confirmed' AND confirmed_at IS NOT NULL GROUP BY 1 ORDER BY 1";
        self.store.read(|session| {
            session.rows(sql, [DAY], |row| {
                let day: i64 = row.get(0)?;
                let day = instant(day.saturating_mul(DAY))?.date_naive();
                Ok((day, count(row.get(1)?)))
            })
        })
    }

    /// A mark that changes when a reader signs up or leaves.
    pub fn sign_up_mark(&mut self) -> Result<(u64, i64), LedgerError> {
        let sql =
            "SELECT count(*), coalesce(max(confirmed_at), 0) FROM signup WHERE state = 'confirmed'";
        self.store.read(|session| {
            let mark = session.first(sql, [], |row| Ok((count(row.get(0)?), row.get(1)?)))?;
            Ok(mark.unwrap_or_default())
        })
    }
}

fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
