//! What a running server tells of itself, and what it writes down of who polls the feeds.

use std::path::Path;

use chrono::NaiveDate;

use super::Stop;
use crate::ledger::{FILE_NAME, FeedPolls, Ledger, LedgerError};

/// Numbers of the ledger for who watches over the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Deliveries of issues that are not finished, by state.
    pub deliveries: Vec<(String, u64)>,
    /// Sign-ups by state.
    pub sign_ups: Vec<(String, u64)>,
    /// Suppressions by reason.
    pub suppressions: Vec<(String, u64)>,
}

/// Looks into the ledger of the publication in `folder`. Without a ledger nothing was ever sent.
pub fn vitals(folder: &Path) -> Result<Vitals, Stop> {
    let Some(mut ledger) = Ledger::open_if_present(&folder.join(FILE_NAME))? else {
        return Ok(Vitals::default());
    };
    Ok(Vitals {
        deliveries: ledger.open_deliveries_by_state()?,
        sign_ups: ledger.sign_ups_by_state()?,
        suppressions: ledger.suppressions_by_reason()?,
    })
}

/// Adds what `polls` gives to the counts of a day. Without a ledger it is not asked: the counts wait
/// for the first send or the first sign-up to make one.
pub fn record_polls(
    folder: &Path,
    day: NaiveDate,
    polls: impl FnOnce() -> Vec<FeedPolls>,
) -> Result<(), LedgerError> {
    let Some(mut ledger) = Ledger::open_if_present(&folder.join(FILE_NAME))? else {
        return Ok(());
    };
    let polls = polls();
    if polls.is_empty() {
        return Ok(());
    }
    ledger.add_polls(day, &polls)
}
