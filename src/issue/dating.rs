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

/// An instant, and the clock times it was moved between where its own does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) instant: DateTime<Utc>,
    pub(super) shifted: Option<(civil::DateTime, civil::DateTime)>,
}

impl DatingRules {
    /// The instant that was written, read in the publication's zone; a bare date is its midnight.
    /// `None` if the zone has no such time.
    pub fn read(&self, written: WrittenInstant) -> Option<DateTime<Utc>> {
        self.instant(written).map(|dated| dated.instant)
    }

    /// The instant at which an issue of this date is public and due.
    pub(super) fn at_send_time(&self, date: civil::Date) -> Option<Dated> {
        self.resolve(date.to_datetime(self.send_time))
    }

    /// Like [`Self::read`], and says whether the clock time was moved.
    pub(super) fn instant(&self, written: WrittenInstant) -> Option<Dated> {
        match written {
            WrittenInstant::Offset(instant) => Some(Dated {
                instant,
                shifted: None,
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

    /// A clock time as an instant, as RFC 5545 §3.3.5 has it: one that a clock change skips is
    /// moved on by the length of the gap, of one that comes twice the first counts.
    fn resolve(&self, local: civil::DateTime) -> Option<Dated> {
        let ambiguous = self.zone.to_ambiguous_zoned(local);
        let in_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let zoned = ambiguous.compatible().ok()?;
        Some(Dated {
            instant: crate::essay::to_chrono(zoned.timestamp())?,
            shifted: in_gap.then(|| (local, zoned.datetime())),
        })
    }
}
