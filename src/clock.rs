//! The clock: the only place that asks what time it is.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::fs;
use crate::schedule::Look;

/// Midnight of the day on which this program was built. No clock that is right says less.
pub fn built() -> DateTime<Utc> {
    let day: i64 = env!("POSTRIDER_BUILT").parse().unwrap_or(0);
    DateTime::from_timestamp(day * 86_400, 0).unwrap_or_default()
}

/// How long the machine has been running, by a clock that nobody sets and that goes on while the
/// machine sleeps. `None` where the system does not tell.
fn since_start() -> Option<Duration> {
    let text = fs::read_text(Path::new("/proc/uptime"), "/proc/uptime").ok()?;
    let seconds: f64 = text.text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether the wall clock was set by the network since the machine started. `None` where nobody
/// tells: systemd-timesyncd(8) leaves a file when it has.
fn is_synchronised() -> Option<bool> {
    let folder = Path::new("/run/systemd/timesync");
    folder
        .is_dir()
        .then(|| folder.join("synchronized").exists())
}

/// A wall clock. `--now` and `POSTRIDER_NOW` set it to a fixed instant from which it then runs on.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    System,
    StartedAt {
        start: DateTime<Utc>,
        since: std::time::Instant,
    },
    Turned(&'static Hands),
}

/// The hands of a clock that somebody else moves: what the machine does to its clocks in a year can
/// then be seen in a minute.
#[derive(Debug)]
pub struct Hands(Mutex<Look>);

impl Hands {
    /// Hands that stand still until they are moved.
    pub const fn at(look: Look) -> Self {
        Self(Mutex::new(look))
    }

    /// Moves them.
    pub fn turn(&self, turn: impl FnOnce(&mut Look)) {
        turn(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn look(&self) -> Look {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that reads `start` now and runs on from there.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self(Kind::StartedAt {
            start,
            since: std::time::Instant::now(),
        })
    }

    /// A clock with these hands.
    pub fn with_hands(hands: &'static Hands) -> Self {
        Self(Kind::Turned(hands))
    }

    /// Whether it was set to another instant than the machine's.
    pub fn is_set_by_hand(&self) -> bool {
        !matches!(self.0, Kind::System)
    }

    /// The present instant, in whole milliseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            Kind::System => Utc::now(),
            Kind::StartedAt { start, since } => {
                start + TimeDelta::from_std(since.elapsed()).unwrap_or_default()
            }
            Kind::Turned(hands) => hands.look().wall,
        }
        .trunc_subsecs(3)
    }

    /// One look at all clocks of the machine.
    pub fn look(&self) -> Look {
        let wall = self.now();
        match self.0 {
            Kind::Turned(hands) => hands.look(),
            Kind::StartedAt { since, .. } => Look {
                wall,
                running: since.elapsed(),
                synchronised: None,
            },
            Kind::System => Look {
                wall,
                // Where the machine does not tell how long it has been running, the wall clock
                // is the only witness, and cannot contradict itself.
                running: since_start().unwrap_or_else(|| {
                    let since_1970 = wall - DateTime::UNIX_EPOCH;
                    since_1970.to_std().unwrap_or_default()
                }),
                synchronised: is_synchronised(),
            },
        }
    }
}
