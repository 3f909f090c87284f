//! Copies that a person asks for by name: once more for who had one, and a first one for who came
//! late. The trigger counts with us: a settled delivery opens only together with `resends`.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::store::Session;
use super::transitions::ELIGIBLE;
use super::{Ledger, LedgerError};
use crate::delivery::State;
use crate::plan::Recipient;
use crate::token::AddressKey;

/// How one person's delivery of an issue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFor {
    /// Row number of the delivery.
    pub delivery: i64,
    /// Where it goes, as of the plan.
    pub address: String,
    /// Where it stands.
    pub state: State,
    /// Whether the person is on the roster and not suppressed.
    pub eligible: bool,
}

/// Settled states from which a further copy can be asked for. Of *unconfirmed* nobody knows
/// whether it needs one.
const SETTLED: &str = "('sent', 'rejected', 'expired', 'abandoned', 'skipped')";

impl Ledger {
    /// How the delivery of an issue to one person stands; `None` if none was planned.
    pub fn standing(
        &mut self,
        issue: i64,
        key: &AddressKey,
    ) -> Result<Option<PlannedFor>, LedgerError> {
        let sql = format!(
            "SELECT id, address, state, CASE WHEN {ELIGIBLE} THEN 1 ELSE 0 END FROM delivery WHERE issue_id = $1
                AND subscriber_id = (SELECT id FROM subscriber WHERE addr_key = $2)"
        );
        self.store.read(|session| {
            session.first(&sql, params![issue, key.as_bytes()], |row| {
                let word: String = row.get(2)?;
                Ok(PlannedFor {
                    delivery: row.get(0)?,
                    address: row.get(1)?,
                    state: State::from_stored(&word).ok_or(LedgerError::Unknown(word))?,
                    eligible: row.get::<_, i64>(3)? == 1,
                })
            })
        })
    }

    /// Opens settled deliveries of an issue once more, and plans first ones for people who came
    /// late: all of them, or none. A finished issue is being sent again.
    pub fn record_asked(
        &mut self,
        issue: i64,
        again: &[i64],
        late: &[Recipient],
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        if again.is_empty() && late.is_empty() {
            return Ok(());
        }
        self.store.write(|session| {
            let sql = "UPDATE issue SET state = 'sending', finished_at = NULL
                       WHERE id = $1 AND state IN ('sending', 'finished')";
            expect_one(session.execute(sql, [issue])?)?;
            let sql = format!(
                "UPDATE delivery SET state = 'planned', resends = resends + 1, reason = NULL, claim_token = NULL,
                        next_at = NULL, settled_at = NULL
                  WHERE id = $1 AND issue_id = $2 AND state IN {SETTLED} AND {ELIGIBLE}"
            );
            for delivery in again {
                expect_one(session.execute(&sql, params![delivery, issue])?)?;
                note(session, *delivery, "again", "asked by a person", now)?;
            }
            for recipient in late {
                let delivery = add_late(session, issue, recipient)?;
                note(session, delivery, "added", "asked by a person", now)?;
            }
            let sql = "UPDATE issue SET planned_total = planned_total + $2 WHERE id = $1";
            let added = i64::try_from(late.len()).unwrap_or(i64::MAX);
            session.execute(sql, params![issue, added]).map(|_| ())
        })
    }
}

/// One row was to change. It did not if another process changed it first; nothing is kept then.
fn expect_one(changed: usize) -> Result<(), LedgerError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(LedgerError::Overtaken)
    }
}

fn add_late(session: &Session<'_>, issue: i64, recipient: &Recipient) -> Result<i64, LedgerError> {
    let address = recipient.address.as_str();
    let sql = "INSERT INTO subscriber (addr_key, on_roster) VALUES ($1, 1)
               ON CONFLICT (addr_key) DO UPDATE SET on_roster = 1 RETURNING id";
    let key = recipient.key.as_bytes();
    let subscriber: Option<i64> = session.first(sql, params![key], |row| Ok(row.get(0)?))?;
    // Who has a delivery of this issue already is refused by the table itself.
    let sql = "INSERT INTO delivery (issue_id, subscriber_id, address, name, fields, state)
               VALUES ($1, $2, $3, $4, $5, 'planned') RETURNING id";
    let (name, others) = (recipient.fields.name(), recipient.fields.others());
    let parameters = params![issue, subscriber, address, name, others];
    let delivery = session.first(sql, parameters, |row| Ok(row.get(0)?))?;
    delivery.ok_or(LedgerError::Overtaken)
}

/// Records a decision of a person among the attempts of a delivery.
pub(super) fn note(
    session: &Session<'_>,
    delivery: i64,
    outcome: &str,
    told: &str,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let sql = "INSERT INTO attempt (delivery_id, number, ended_at, outcome, reply)
               VALUES ($1, (SELECT count(*) + 1 FROM attempt WHERE delivery_id = $1), $2, $3, $4)";
    let parameters = params![delivery, now.timestamp_millis(), outcome, told];
    session.execute(sql, parameters).map(|_| ())
}
