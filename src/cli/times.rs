//! Instants as an author reads them: in the publication's zone, with its name.

use chrono::{DateTime, Datelike, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An instant for `--now`. Dates of mail have four digits for the year (RFC 5322 §3.3), and a
/// clock far from today would only be a typing error.
pub(super) fn parse_now(text: &str) -> Result<DateTime<Utc>, String> {
    let instant: DateTime<Utc> = text
        .parse()
        .map_err(|_| "write it as 2026-12-01T09:00:00Z".to_owned())?;
    if (2000..2100).contains(&instant.year()) {
        Ok(instant)
    } else {
        Err("the year must be between 2000 and 2099".to_owned())
    }
}

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
