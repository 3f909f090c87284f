//! The clock: the only place that asks what time it is.

use chrono::{DateTime, SubsecRound, Utc};

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
