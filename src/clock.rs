//! The clock: the only place that asks what time it is.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

use crate::fs;

/// Midnight of the day on which this program was built. No clock that is right says less.
pub fn built() -> DateTime<Utc> {
    let day: i64 = env!("POSTRIDER_BUILT").parse().unwrap_or(0);
    DateTime::from_timestamp(day * 86_400, 0).unwrap_or_default()
}

/// How long the machine has been running, by a clock that nobody sets and that goes on while the
/// machine sleeps. `None` where the system does not tell.
pub fn since_start() -> Option<Duration> {
    let text = fs::read_text(Path::new("/proc/uptime"), "/proc/uptime").ok()?;
    let seconds: f64 = text.text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether the wall clock was set by the network since the machine started. `None` where nobody
/// tells: systemd-timesyncd(8) leaves a file when it has.
pub fn is_synchronised() -> Option<bool> {
    let folder = Path::new("/run/systemd/timesync");
    folder
        .is_dir()
        .then(|| folder.join("synchronized").exists())
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
