//! A time that was understood, and what must be said aloud about it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use jiff::civil;

use crate::essay::WrittenInstant;
use crate::issue::{ClockChange, DatingRules};

/// The time at which an issue goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The instant, in whole seconds.
    pub instant: DateTime<Utc>,
    /// What the clocks of the publication's zone show then.
    pub local: civil::DateTime,
    /// What its author should know about it.
    pub remarks: Vec<Remark>,
}

/// What was decided where the words left a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// No time of day was given.
    AtSendTime(civil::Time),
    /// Only a time of day was given, and today it is past.
    Tomorrow(civil::Time),
    /// So many earlier slots have an issue.
    SlotsTaken(usize),
    /// A clock change makes the clock time one that does not exist, or one that comes twice.
    ClockChange(ClockChange),
    /// More than a year ahead: a year that was written wrong is the likelier explanation.
    FarAhead(TimeDelta),
}

impl Moment {
    /// How `send_at` says it: as the zone's clock time, which an author can read, and which keeps
    /// its hour when a government changes the zone; with its offset where that would be another
    /// instant, the second of a time that comes twice.
    pub fn written(&self, rules: &DatingRules) -> WrittenInstant {
        let local = WrittenInstant::Local(self.local);
        if rules.read(local) == Some(self.instant) {
            local
        } else {
            WrittenInstant::Offset(self.instant)
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &civil::Time| time.strftime("%H:%M").to_string();
        match self {
            Self::AtSendTime(time) => {
                write!(
                    f,
                    "no time of day was given, so `send_time` counts: {}",
                    clock(time)
                )
            }
            Self::Tomorrow(time) => {
                write!(f, "{} is past today, so it is tomorrow's", clock(time))
            }
            Self::SlotsTaken(1) => f.write_str("the slot before it has an issue"),
            Self::SlotsTaken(number) => write!(f, "the {number} slots before it have issues"),
            Self::ClockChange(ClockChange::Skipped { written, counts }) => write!(
                f,
                "the clocks go forward: {} does not exist that day, {} counts",
                clock(&written.time()),
                clock(&counts.time())
            ),
            Self::ClockChange(ClockChange::Twice(at)) => write!(
                f,
                "the clocks are set back: {} comes twice that day, the first one counts",
                clock(&at.time())
            ),
            Self::FarAhead(by) => {
                write!(f, "that is {} ahead: is the year right?", distance(*by))
            }
        }
    }
}

/// A length of time as a person says it, in its two largest units: `4 days and 18 hours`. The rest
/// is left out.
pub fn distance(length: TimeDelta) -> String {
    // To the nearest minute.
    let minutes = (length.num_seconds().unsigned_abs() + 30) / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let count = |number: u64, unit: &str| match number {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{number} {unit}s")),
    };
    let parts = match days {
        0 => [count(hours, "hour"), count(minutes, "minute")],
        _ => [count(days, "day"), count(hours, "hour")],
    };
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "less than a minute".to_owned()
    } else {
        parts.join(" and ")
    }
}
