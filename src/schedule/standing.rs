//! Where an issue stands before it has a plan: whether a sender that asks nobody may mail it now.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::issue::Issue;

/// What a run does with an issue that nobody named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it is not ready.
    Draft,
    /// Nothing: it is for the web.
    WebOnly,
    /// Nothing new: it has a plan, and is sent once.
    Planned,
    /// Its time has not come.
    ToCome,
    /// It goes out.
    Due,
    /// It is held until a person decides: its time is past by more than is allowed.
    Late,
}

impl Standing {
    /// Where an issue stands at `now`; `planned` says whether the ledger has a plan of it.
    pub fn of(issue: &Issue, planned: bool, now: DateTime<Utc>, max_lateness: Duration) -> Self {
        match (now - issue.published).to_std() {
            _ if planned => Self::Planned,
            _ if issue.draft => Self::Draft,
            _ if !issue.mail => Self::WebOnly,
            Err(_) => Self::ToCome,
            Ok(late) if late > max_lateness => Self::Late,
            Ok(_) => Self::Due,
        }
    }
}
