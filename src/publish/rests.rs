//! Rests of relays beyond one run: by the wall clock, as they are told and as the ledger keeps them.

use std::fmt;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::relays::present;
use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError, StoredRest};
use crate::pace::{Cause, Pace, Rest, RestRules};

/// A relay that is left in peace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting {
    /// Its address.
    pub relay: String,
    /// Why.
    pub cause: Cause,
    /// When it is tried again.
    pub until: DateTime<Utc>,
    /// Its words, or what broke.
    pub told: String,
}

impl fmt::Display for Resting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.until.format("%Y-%m-%d %H:%M:%S UTC");
        let why = match self.cause {
            Cause::Down => "cannot be used",
            Cause::Throttled | Cause::Rate => "finds us too fast",
            Cause::Login => "cannot check the login",
            Cause::Quota => "takes no more for now",
            Cause::Daily => "was given all that `daily` allows",
        };
        write!(f, "{} {why}; it is left in peace until {until}", self.relay)?;
        if self.told.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.told)
    }
}

/// A rest as the next run must know it; `None` for one that is about the moment alone.
pub(super) fn stored(rest: &Rest, clock: Clock, now: Instant) -> Option<StoredRest> {
    rest.cause.outlives_a_run().then(|| StoredRest {
        cause: rest.cause.as_str().to_owned(),
        until: by_the_wall(rest.until, clock, now),
        times: rest.times,
        told: rest.told.clone(),
    })
}

/// An instant of the run's timers by the wall clock.
pub(super) fn by_the_wall(at: Instant, clock: Clock, now: Instant) -> DateTime<Utc> {
    let left = TimeDelta::from_std(at.saturating_duration_since(now)).unwrap_or(TimeDelta::MAX);
    clock.now().checked_add_signed(left).unwrap_or_default()
}

/// A rest of an earlier run by this run's clock; `None` for one that is long over.
pub(super) fn revive(rest: &StoredRest, rules: &RestRules, clock: Clock) -> Option<Rest> {
    const FORGOTTEN: TimeDelta = TimeDelta::days(1);
    let cause = Cause::from_stored(&rest.cause)?;
    let left = rest.until - clock.now();
    if left < -FORGOTTEN || left > FORGOTTEN {
        return None;
    }
    // No longer than it was when it began, wherever the clock was set to since.
    let left = left.to_std().unwrap_or_default();
    let left = left.min(rules.length(cause, rest.times));
    Some(Rest {
        cause,
        until: present() + left,
        times: rest.times,
        told: rest.told.clone(),
    })
}

/// What a relay took in the last day counts for its quota.
pub(super) fn count_earlier(
    pace: &mut Pace,
    ledger: &mut Ledger,
    row: i64,
    clock: Clock,
) -> Result<(), LedgerError> {
    let now = clock.now();
    let day_ago = now - TimeDelta::days(1);
    for (at, messages) in ledger.taken_since(row, day_ago, now)? {
        let age = (now - at).to_std().unwrap_or(Duration::ZERO);
        pace.count_earlier(present(), age, messages);
    }
    Ok(())
}
