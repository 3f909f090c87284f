//! What a person decides about an issue that was planned: pause, continue, cancel, and what becomes
//! of deliveries in doubt.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::asked::note;
use super::store::Session;
use super::transitions::{close_cancelled, release_refused};
use super::{IssueState, Ledger, LedgerError};

/// What becomes of an unconfirmed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is evidence that it arrived.
    Sent,
    /// Send it again, with the same bytes: the reader may get it twice.
    Resend,
    /// Leave it: the reader may not have it.
    Abandon,
}

/// Which unconfirmed deliveries are settled, and how that was decided.
#[derive(Debug, Clone, Copy)]
pub struct Doubts<'a> {
    /// Only those that were handed over before this.
    pub before: Option<DateTime<Utc>>,
    /// Only these.
    pub only: Option<&'a [i64]>,
    /// How it was decided, in words.
    pub told: &'a str,
}

impl Ledger {
    /// Puts an issue into another state of sending; `false` if it was in none from which that can
    /// be done. Works while another process sends: every intent asks for the state.
    pub fn set_issue_state(&mut self, issue: i64, state: IssueState) -> Result<bool, LedgerError> {
        let from = match state {
            IssueState::Sending => IssueState::Paused,
            IssueState::Paused => IssueState::Sending,
            // These two are results, and have their own ways.
            IssueState::Finished | IssueState::Cancelled => return Ok(false),
        };
        self.store.write(|session| {
            let sql = "UPDATE issue SET state = $2 WHERE id = $1 AND state = $3";
            let changed = session.execute(sql, params![issue, state.as_str(), from.as_str()])? == 1;
            if changed && state == IssueState::Sending {
                release_refused(session, issue)?;
            }
            Ok(changed)
        })
    }

    /// Cancels what is not yet sent of an issue. Returns how many deliveries were skipped, or
    /// `None` if the issue was finished or cancelled already. A delivery at the final dot goes out,
    /// and the issue is finished when the last of them is settled.
    pub fn cancel(&mut self, issue: i64, now: DateTime<Utc>) -> Result<Option<usize>, LedgerError> {
        self.store.write(|session| {
            let sql = "UPDATE issue SET state = 'cancelled' WHERE id = $1 AND state IN ('sending', 'paused')";
            if session.execute(sql, [issue])? == 0 {
                return Ok(None);
            }
            let sql = "UPDATE delivery SET state = 'skipped', reason = 'cancelled', next_at = NULL, settled_at = $2
                       WHERE issue_id = $1 AND state IN ('planned', 'claimed', 'deferred')";
            let skipped = session.execute(sql, params![issue, now.timestamp_millis()])?;
            close_cancelled(session, now)?;
            Ok(Some(skipped))
        })
    }

    /// Settles unconfirmed deliveries of an issue as a person decided. Returns their addresses.
    pub fn resolve(
        &mut self,
        issue: i64,
        verdict: Verdict,
        doubts: &Doubts<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, LedgerError> {
        self.store.write(|session| {
            let mut settled = Vec::new();
            for (delivery, address) in doubtful(session, issue, doubts)? {
                settle_doubt(session, delivery, verdict, doubts.told, now)?;
                settled.push(address);
            }
            Ok(settled)
        })
    }

    /// How many deliveries [`Self::resolve`] would settle.
    pub fn doubtful(&mut self, issue: i64, doubts: &Doubts<'_>) -> Result<usize, LedgerError> {
        self.store
            .read(|session| Ok(doubtful(session, issue, doubts)?.len()))
    }

    /// When the youngest unconfirmed delivery of an issue was handed to the relay.
    pub fn youngest_doubt(&mut self, issue: i64) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let sql =
            "SELECT max(intent_at) FROM delivery WHERE issue_id = $1 AND state = 'unconfirmed'";
        let found = self
            .store
            .read(|session| session.first(sql, [issue], |row| Ok(row.get::<_, Option<i64>>(0)?)))?;
        found.flatten().map(super::planning::instant).transpose()
    }
}

fn doubtful(
    session: &Session<'_>,
    issue: i64,
    doubts: &Doubts<'_>,
) -> Result<Vec<(i64, String)>, LedgerError> {
    let before = doubts
        .before
        .map_or(i64::MAX, |before| before.timestamp_millis());
    let sql = "SELECT id, address FROM delivery WHERE issue_id = $1 AND state = 'unconfirmed'
                  AND intent_at <= $2 ORDER BY id";
    let mut found = session.rows(sql, params![issue, before], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    if let Some(only) = doubts.only {
        found.retain(|(delivery, _)| only.contains(delivery));
    }
    Ok(found)
}

pub(super) fn settle_doubt(
    session: &Session<'_>,
    delivery: i64,
    verdict: Verdict,
    told: &str,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let (state, settled_at) = match verdict {
        Verdict::Sent => ("sent", Some(now.timestamp_millis())),
        Verdict::Resend => ("planned", None),
        Verdict::Abandon => ("abandoned", Some(now.timestamp_millis())),
    };
    let sql = "UPDATE delivery SET state = $2, settled_at = $3, claim_token = NULL, next_at = NULL, resends = resends + $4
               WHERE id = $1 AND state = 'unconfirmed'";
    let resends = i64::from(verdict == Verdict::Resend);
    session.execute(sql, params![delivery, state, settled_at, resends])?;
    note(session, delivery, &format!("resolved: {state}"), told, now)
}
