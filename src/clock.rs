//! The clock: the only place that asks what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// Midnight of the day on which this program was built. No clock that is right says less.
pub fn built() -> DateTime<Utc> {
    let day: i64 = env!("POSTRIDER_BUILT").parse().unwrap_or(0);
    DateTime::from_timestamp(day * 86_400, 0).unwrap_or_default()
}

/// A wall clock. `--now` and `POSTRIDER_NOW` set it to a fixed instant from which it then runs on.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: DateTime<Utc>,
    since: std::time::Instant,
    shifted: bool,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self {
            start: DateTime::UNIX_EPOCH,
            since: std::time::Instant::now(),
            shifted: false,
        }
    }

    /// A clock that reads `start` now and runs on from there.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self {
            start,
            since: std::time::Instant::now(),
            shifted: true,
        }
    }

    /// Whether it was set to another instant than the machine's.
    pub fn is_set_by_hand(&self) -> bool {
        self.shifted
    }

    /// The present instant, in whole milliseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    pub fn now(&self) -> DateTime<Utc> {
        if self.shifted {
            let elapsed = chrono::TimeDelta::from_std(self.since.elapsed()).unwrap_or_default();
            self.start + elapsed
        } else {
            Utc::now()
        }
        .trunc_subsecs(3)
    }
}
