//! Plans in the ledger: the roster as it is now, the frozen issue, one row per recipient, all in
//! one transaction, so that a plan is there as a whole or not at all.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::moves::with_moves;
use super::schema::{DELIVERY_BEGINS, SUBSCRIBER_INDEX};
use super::store::{Session, read_key};
use super::{Ledger, LedgerError};
use crate::issue::IssueId;
use crate::plan::Recipient;
use crate::token::{AddressKey, KeySet};

/// Whether an issue is still being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    /// Rows are open.
    Sending,
    /// A person stopped it for a while.
    Paused,
    /// Every planned row is settled.
    Finished,
    /// A person stopped it for good.
    Cancelled,
}

impl IssueState {
    /// The word in the ledger and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn from_stored(word: &str) -> Result<Self, LedgerError> {
        [Self::Sending, Self::Paused, Self::Finished, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| LedgerError::Unknown(format!("state `{word}` of an issue")))
    }
}

/// What is frozen with a plan: the issue in the form from which every message is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Identity of the issue.
    pub issue: IssueId,
    /// Slug at the time of the plan.
    pub slug: String,
    /// Title at the time of the plan.
    pub title: String,
    /// The frozen issue as text; the ledger does not look inside.
    pub text: String,
    /// SHA-256 of `text` in hexadecimal.
    pub sha256: String,
}

/// A plan as the ledger has it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Row number of the issue.
    pub row: i64,
    /// What was frozen.
    pub frozen: Frozen,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// How many subscribers were planned.
    pub planned_total: u64,
    /// Whether it is still being sent.
    pub state: IssueState,
}

/// What [`read_recorded`] reads.
const SELECT_ISSUE: &str = "SELECT id, identity, slug, title, frozen, frozen_sha256, planned_at,
    planned_total, state FROM issue";

impl Ledger {
    /// The plan of an issue, if it has one.
    pub fn recorded(&mut self, issue: &IssueId) -> Result<Option<Recorded>, LedgerError> {
        self.store.read(|session| {
            let sql = format!("{SELECT_ISSUE} WHERE identity = $1");
            session.first(&sql, [issue.as_str()], read_recorded)
        })
    }

    /// Where the sending of an issue stands; `None` for one without a plan. Unlike [`Self::recorded`]
    /// it does not load the frozen text.
    pub fn issue_state(&mut self, issue: &IssueId) -> Result<Option<IssueState>, LedgerError> {
        self.store.read(|session| {
            let sql = "SELECT state FROM issue WHERE identity = $1";
            session.first(sql, [issue.as_str()], |row| {
                IssueState::from_stored(&row.get::<_, String>(0)?)
            })
        })
    }

    /// All plans, oldest first.
    pub fn all_recorded(&mut self) -> Result<Vec<Recorded>, LedgerError> {
        self.store.read(|session| {
            let sql = format!("{SELECT_ISSUE} ORDER BY planned_at, id");
            session.rows(&sql, [], read_recorded)
        })
    }

    /// The newest plan, if there is one: row and slug.
    pub fn newest_plan(&mut self) -> Result<Option<NewestPlan>, LedgerError> {
        self.store.read(|session| {
            let sql = "SELECT id, slug FROM issue ORDER BY planned_at DESC, id DESC LIMIT 1";
            session.first(sql, [], |row| {
                Ok(NewestPlan {
                    row: row.get(0)?,
                    slug: row.get(1)?,
                })
            })
        })
    }

    /// Visits everyone for whom an issue was planned.
    pub fn each_planned(
        &mut self,
        issue: i64,
        mut visit: impl FnMut(AddressKey),
    ) -> Result<(), LedgerError> {
        let sql = "SELECT subscriber.addr_key FROM delivery
                     JOIN subscriber ON subscriber.id = delivery.subscriber_id
                    WHERE delivery.issue_id = $1";
        self.store.read(|session| {
            session.each(sql, [issue], |row| {
                visit(read_key(row, 0)?);
                Ok(())
            })
        })
    }

    /// Who was sent an issue, or may have been; `None` if it was never planned.
    pub fn who_got(&mut self, issue: &IssueId) -> Result<Option<KeySet>, LedgerError> {
        let sql = "SELECT subscriber.addr_key FROM issue
                     JOIN delivery ON delivery.issue_id = issue.id
                     JOIN subscriber ON subscriber.id = delivery.subscriber_id
                    WHERE issue.identity = $1 AND delivery.state IN ('sent', 'unconfirmed')";
        self.store.read(|session| {
            let known = session.first(
                "SELECT id FROM issue WHERE identity = $1",
                [issue.as_str()],
                |row| Ok(row.get::<_, i64>(0)?),
            )?;
            if known.is_none() {
                return Ok(None);
            }
            let got = session.rows(sql, [issue.as_str()], |row| read_key(row, 0))?;
            Ok(Some(with_moves(session, KeySet::gather(got).set)?))
        })
    }

    /// Records a plan in one transaction: `fill` adds the recipients. An issue is planned once.
    pub fn record_plan<E: From<LedgerError>>(
        &mut self,
        frozen: &Frozen,
        now: DateTime<Utc>,
        fill: impl FnOnce(&mut PlanWriter<'_>) -> Result<(), E>,
    ) -> Result<i64, E> {
        self.store.write_much(|session| {
            let issue = insert_issue(session, frozen, now)?;
            let sql = "SELECT id FROM subscriber LIMIT 1";
            let known = session.first(sql, [], |row| Ok(row.get::<_, i64>(0)?))?;
            let mut plan = PlanWriter {
                session,
                issue,
                planned: 0,
                nobody_known: known.is_none(),
            };
            // Keys come in no order. An index that grows by a million of them while it is larger
            // than the cache is written many times over; made at the end it is written once.
            if plan.nobody_known {
                session.batch("DROP INDEX subscriber_addr_key")?;
            }
            session.batch("DROP TRIGGER IF EXISTS delivery_begins")?;
            fill(&mut plan)?;
            session.batch(DELIVERY_BEGINS)?;
            if plan.nobody_known {
                session.batch(SUBSCRIBER_INDEX)?;
            }
            let sql = "UPDATE issue SET planned_total = $2 WHERE id = $1";
            session.execute(sql, [issue, plan.planned])?;
            Ok(issue)
        })
    }

    /// How many of the subscribers that were on the roster at the last look are missing from
    /// `present`, and how many there were. Who is suppressed does not count: whoever left by the
    /// web, or was tidied away, has not vanished.
    pub fn missing_from(&mut self, present: &KeySet) -> Result<(usize, usize), LedgerError> {
        self.store.read(|session| {
            let (mut missing, mut known) = (0, 0);
            let sql = "SELECT addr_key FROM suppression";
            let suppressed: KeySet = session
                .rows(sql, [], |row| read_key(row, 0))?
                .into_iter()
                .collect();
            each_subscriber(session, |_, key, active| {
                if active && !suppressed.contains(&key) {
                    known += 1;
                    missing += usize::from(!present.contains(&key));
                }
            })?;
            Ok((missing, known))
        })
    }

    /// Marks who left the roster and who came back. No delivery is settled by this: whoever is
    /// missing may be back at the next look. Until then nothing is claimed for them.
    pub fn update_roster(&mut self, present: &KeySet) -> Result<(), LedgerError> {
        self.store.write(|session| {
            let mut changed = Vec::new();
            each_subscriber(session, |id, key, active| {
                if active != present.contains(&key) {
                    changed.push(id);
                }
            })?;
            for id in changed {
                let sql = "UPDATE subscriber SET on_roster = 1 - on_roster WHERE id = $1";
                session.execute(sql, params![id])?;
            }
            Ok(())
        })
    }
}

/// The newest plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestPlan {
    /// Row number of the issue.
    pub row: i64,
    /// Its slug at the time of the plan.
    pub slug: String,
}

/// Takes the recipients of a plan while it is recorded.
pub struct PlanWriter<'a> {
    session: &'a Session<'a>,
    issue: i64,
    planned: i64,
    nobody_known: bool,
}

impl PlanWriter<'_> {
    /// Plans a delivery. Each person once: a second time is an error.
    pub fn add(&mut self, recipient: &Recipient) -> Result<(), LedgerError> {
        let subscriber = if let Some(id) = self.known(recipient)? {
            id
        } else {
            let sql = "INSERT INTO subscriber (addr_key, on_roster) VALUES ($1, 1)";
            self.session
                .insert(sql, params![recipient.key.as_bytes()])?
        };
        let sql = "INSERT INTO delivery (issue_id, subscriber_id, address, name, fields, state)
                   VALUES ($1, $2, $3, $4, $5, 'planned')";
        let parameters = params![
            self.issue,
            subscriber,
            recipient.address.as_str(),
            recipient.fields.name(),
            recipient.fields.others(),
        ];
        self.session.execute(sql, parameters)?;
        self.planned += 1;
        Ok(())
    }

    /// The subscriber's row, on the roster from now on.
    fn known(&self, recipient: &Recipient) -> Result<Option<i64>, LedgerError> {
        if self.nobody_known {
            return Ok(None);
        }
        let sql = "SELECT id, on_roster FROM subscriber WHERE addr_key = $1";
        let key = recipient.key.as_bytes();
        let found = self.session.first(sql, params![key], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
        })?;
        let Some((id, on_roster)) = found else {
            return Ok(None);
        };
        if !on_roster {
            let sql = "UPDATE subscriber SET on_roster = 1 WHERE id = $1";
            self.session.execute(sql, params![id])?;
        }
        Ok(Some(id))
    }
}

fn each_subscriber(
    session: &Session<'_>,
    mut visit: impl FnMut(i64, AddressKey, bool),
) -> Result<(), LedgerError> {
    let sql = "SELECT id, addr_key, on_roster FROM subscriber";
    session.each(sql, [], |row| {
        visit(row.get(0)?, read_key(row, 1)?, row.get(2)?);
        Ok(())
    })
}

fn insert_issue(
    session: &Session<'_>,
    frozen: &Frozen,
    now: DateTime<Utc>,
) -> Result<i64, LedgerError> {
    let sql = "INSERT INTO issue (identity, slug, title, state, planned_at, planned_total, frozen, frozen_sha256)
               VALUES ($1, $2, $3, 'sending', $4, 0, $5, $6)";
    let parameters = params![
        frozen.issue.as_str(),
        frozen.slug,
        frozen.title,
        now.timestamp_millis(),
        frozen.text,
        frozen.sha256,
    ];
    session.insert(sql, parameters)
}

fn read_recorded(row: &rusqlite::Row<'_>) -> Result<Recorded, LedgerError> {
    let identity: String = row.get(1)?;
    let issue = IssueId::parse(&identity)
        .ok_or_else(|| LedgerError::Unknown(format!("issue `{identity}`")))?;
    let state: String = row.get(8)?;
    Ok(Recorded {
        row: row.get(0)?,
        frozen: Frozen {
            issue,
            slug: row.get(2)?,
            title: row.get(3)?,
            text: row.get(4)?,
            sha256: row.get(5)?,
        },
        planned_at: instant(row.get(6)?)?,
        planned_total: u64::try_from(row.get::<_, i64>(7)?).unwrap_or(0),
        state: IssueState::from_stored(&state)?,
    })
}

/// A stored time; the ledger's own writes are always in range.
pub(super) fn instant(milliseconds: i64) -> Result<DateTime<Utc>, LedgerError> {
    DateTime::from_timestamp_millis(milliseconds)
        .ok_or_else(|| LedgerError::Unknown(format!("time {milliseconds}")))
}
