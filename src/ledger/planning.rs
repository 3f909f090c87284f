//! Plans in the ledger: the roster as it is now, the frozen issue, one row per recipient, all in
//! one transaction, so that a plan is there as a whole or not at all.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::store::Session;
use super::{Ledger, LedgerError};
use crate::issue::IssueId;
use crate::plan::Plan;
use crate::token::AddressKey;

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

    fn from_stored(word: &str) -> Result<Self, LedgerError> {
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

    /// Records a plan. `on_roster` names everyone who is on the roster now, planned or not: who is
    /// missing there has left, and gets nothing more. An issue is planned once.
    pub fn record_plan(
        &mut self,
        frozen: &Frozen,
        plan: &Plan,
        now: DateTime<Utc>,
    ) -> Result<i64, LedgerError> {
        self.store.write(|session| {
            let issue = insert_issue(session, frozen, plan.recipients.len(), now)?;
            let add_subscriber =
                "INSERT INTO subscriber (addr_key, address, status) VALUES ($1, $2, 'active')
                 ON CONFLICT (addr_key) DO UPDATE SET address = excluded.address, status = 'active'
                 RETURNING id";
            let add_delivery =
                "INSERT INTO delivery (issue_id, subscriber_id, address, fields, state)
                 VALUES ($1, $2, $3, $4, 'planned')";
            for recipient in &plan.recipients {
                let address = recipient.address.as_str();
                let parameters = params![recipient.key.as_str(), address];
                let subscriber: Option<i64> =
                    session.first(add_subscriber, parameters, |row| Ok(row.get(0)?))?;
                let fields = recipient.fields.as_json();
                session.execute(add_delivery, params![issue, subscriber, address, fields])?;
            }
            Ok(issue)
        })
    }

    /// How many of the subscribers that were on the roster at the last look are missing from
    /// `present`, and how many there were.
    pub fn missing_from(
        &mut self,
        present: &HashSet<AddressKey>,
    ) -> Result<(usize, usize), LedgerError> {
        self.store.read(|session| {
            let known = subscribers(session, "active")?;
            let missing = known
                .iter()
                .filter(|(_, key)| !present.contains(key))
                .count();
            Ok((missing, known.len()))
        })
    }

    /// Marks who left the roster and who came back. No delivery is settled by this: whoever is
    /// missing may be back at the next look. Until then nothing is claimed for them.
    pub fn update_roster(&mut self, present: &HashSet<AddressKey>) -> Result<(), LedgerError> {
        self.store.write(|session| {
            for (id, key) in subscribers(session, "active")? {
                if !present.contains(&key) {
                    session.execute("UPDATE subscriber SET status = 'left' WHERE id = $1", [id])?;
                }
            }
            for (id, key) in subscribers(session, "left")? {
                if present.contains(&key) {
                    session.execute(
                        "UPDATE subscriber SET status = 'active' WHERE id = $1",
                        [id],
                    )?;
                }
            }
            Ok(())
        })
    }
}

fn subscribers(session: &Session<'_>, status: &str) -> Result<Vec<(i64, AddressKey)>, LedgerError> {
    let sql = "SELECT id, addr_key FROM subscriber WHERE status = $1";
    session.rows(sql, [status], |row| {
        Ok((
            row.get(0)?,
            AddressKey::from_stored(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?),
        ))
    })
}

fn insert_issue(
    session: &Session<'_>,
    frozen: &Frozen,
    planned: usize,
    now: DateTime<Utc>,
) -> Result<i64, LedgerError> {
    let sql = "INSERT INTO issue (identity, slug, title, state, planned_at, planned_total, frozen, frozen_sha256)
               VALUES ($1, $2, $3, 'sending', $4, $5, $6, $7) RETURNING id";
    let parameters = params![
        frozen.issue.as_str(),
        frozen.slug,
        frozen.title,
        now.timestamp_millis(),
        i64::try_from(planned).unwrap_or(i64::MAX),
        frozen.text,
        frozen.sha256,
    ];
    let row = session.first(sql, parameters, |row| Ok(row.get(0)?))?;
    row.ok_or_else(|| LedgerError::Unknown("an issue without a row".to_owned()))
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
