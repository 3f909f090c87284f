//! Instants as an author reads them: in the publication's zone, with its name.

use chrono::{DateTime, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-12-01 09:00 CET`.
pub(super) fn local(instant: DateTime<Utc>, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(instant.timestamp_millis()) {
        Ok(timestamp) => timestamp
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M %Z")
            .to_string(),
        Err(_) => instant.to_rfc3339(),
    }
}

/// `2026-12-01T08:00:00Z`, for JSON.
pub(super) fn utc(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
