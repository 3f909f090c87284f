//! Dates and times as an author writes them.

use chrono::{DateTime, Utc};
use jiff::Timestamp;
use jiff::civil;

/// A point in time, as far as the author said it. A publication's time zone makes an instant of
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenInstant {
    /// With an offset from UTC: the instant itself.
    Offset(DateTime<Utc>),
    /// A clock time of the publication's time zone.
    Local(civil::DateTime),
    /// A day of the publication's time zone.
    Date(civil::Date),
}

/// The years an issue can have. Outside of them a typing error is the better explanation.
pub(crate) const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

impl WrittenInstant {
    /// Reads `2026-12-01`, `2026-12-01 09:00`, `2026-12-01T09:00:00+01:00` and what lies between
    /// (RFC 3339 with a space or a `T`, seconds optional), also with ` +0100` behind.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() == 10 {
            return text.parse().ok().map(Self::Date);
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return to_chrono(timestamp).map(Self::Offset);
        }
        // The form that Jekyll writes.
        if let Ok(instant) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S %z") {
            return Some(Self::Offset(instant.to_utc()));
        }
        // A time zone's name in brackets would be read and dropped; better to refuse it.
        if text.contains('[') {
            return None;
        }
        text.parse().ok().map(Self::Local)
    }

    /// The year as written (in UTC where an offset was given).
    pub(super) fn year(&self) -> i16 {
        match self {
            Self::Offset(instant) => {
                i16::try_from(chrono::Datelike::year(instant)).unwrap_or(i16::MAX)
            }
            Self::Local(local) => local.year(),
            Self::Date(date) => date.year(),
        }
    }
}

/// A jiff timestamp as chrono's. `None` outside the years 1678 to 2261.
pub(crate) fn to_chrono(timestamp: Timestamp) -> Option<DateTime<Utc>> {
    i64::try_from(timestamp.as_nanosecond())
        .ok()
        .map(DateTime::from_timestamp_nanos)
}
