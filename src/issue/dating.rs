//! From a written date to an instant, by the rules of a publication.

use chrono::{DateTime, Utc};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::essay::WrittenInstant;

/// How a publication reads dates.
#[derive(Debug, Clone)]
pub struct DatingRules {
    /// The publication's time zone.
    pub zone: TimeZone,
    /// The time of day at which an issue with a bare date is public and due.
    pub send_time: civil::Time,
}

/// An instant, and what a clock change made of the clock time it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The instant.
    pub instant: DateTime<Utc>,
    /// The clock change that its clock time falls into, if it does.
    pub change: Option<ClockChange>,
}

/// A clock time that does not exist, or that comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// The clocks go from before it to behind it.
    Skipped {
        /// The clock time that there is not.
        written: civil::DateTime,
        /// The one that counts instead, later by the length of the gap.
        counts: civil::DateTime,
    },
    /// The clocks are set back over it; the first one counts.
    Twice(civil::DateTime),
}

impl Dated {
    /// The clock times that it was moved between, where its own does not exist.
    pub(super) fn shifted(&self) -> Option<(civil::DateTime, civil::DateTime)> {
        match self.change {
            Some(ClockChange::Skipped { written, counts }) => Some((written, counts)),
            Some(ClockChange::Twice(_)) | None => None,
        }
    }
}

impl DatingRules {
    /// The instant that was written, read in the publication's zone; a bare date is its midnight.
    /// `None` if the zone has no such time.
    pub fn read(&self, written: WrittenInstant) -> Option<DateTime<Utc>> {
        self.instant(written).map(|dated| dated.instant)
    }

    /// The instant at which an issue of this date is public and due.
    pub fn at_send_time(&self, date: civil::Date) -> Option<Dated> {
        self.resolve(date.to_datetime(self.send_time))
    }

    /// Like [`Self::read`], and says whether the clock time was moved.
    pub fn instant(&self, written: WrittenInstant) -> Option<Dated> {
        match written {
            WrittenInstant::Offset(instant) => Some(Dated {
                instant,
                change: None,
            }),
            WrittenInstant::Local(local) => self.resolve(local),
            WrittenInstant::Date(date) => self.resolve(date.to_datetime(civil::Time::midnight())),
        }
    }

    /// The day on which readers in the publication's time zone see an instant.
    pub fn day(&self, instant: DateTime<Utc>) -> Option<civil::Date> {
        let timestamp = jiff::Timestamp::from_second(instant.timestamp()).ok()?;
        Some(timestamp.to_zoned(self.zone.clone()).date())
    }

    /// A clock time of the zone as an instant, as RFC 5545 §3.3.5 has it: one that a clock change skips is
    /// moved on by the length of the gap, of one that comes twice the first counts.
    pub fn resolve(&self, local: civil::DateTime) -> Option<Dated> {
        let ambiguous = self.zone.to_ambiguous_zoned(local);
        let offset = ambiguous.offset();
        let zoned = ambiguous.compatible().ok()?;
        Some(Dated {
            instant: crate::essay::to_chrono(zoned.timestamp())?,
            change: match offset {
                AmbiguousOffset::Unambiguous { .. } => None,
                AmbiguousOffset::Gap { .. } => Some(ClockChange::Skipped {
                    written: local,
                    counts: zoned.datetime(),
                }),
                AmbiguousOffset::Fold { .. } => Some(ClockChange::Twice(local)),
            },
        })
    }

    /// The clock time that the publication's zone shows at an instant. `None` outside the years of
    /// the zones' database.
    pub fn clock_time(&self, instant: DateTime<Utc>) -> Option<civil::DateTime> {
        let timestamp = jiff::Timestamp::from_millisecond(instant.timestamp_millis()).ok()?;
        Some(self.zone.to_datetime(timestamp))
    }
}
