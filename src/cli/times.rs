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
    written(instant, zone, "%Y-%m-%d %H:%M %Z")
}

/// `Tue 2026-12-01 09:00 CET`.
pub(super) fn with_weekday(instant: DateTime<Utc>, zone: &TimeZone) -> String {
    written(instant, zone, "%a %Y-%m-%d %H:%M %Z")
}

fn written(instant: DateTime<Utc>, zone: &TimeZone, format: &str) -> String {
    match Timestamp::from_millisecond(instant.timestamp_millis()) {
        Ok(timestamp) => timestamp
            .to_zoned(zone.clone())
            .strftime(format)
            .to_string(),
        Err(_) => instant.to_rfc3339(),
    }
}

/// `Tuesday, 2026-12-01 09:00 CET (UTC+01:00)`: for what must not be misread.
pub(super) fn in_full(instant: DateTime<Utc>, zone: &TimeZone) -> String {
    let offset = if *zone == TimeZone::UTC {
        ""
    } else {
        " (UTC%:z)"
    };
    written(instant, zone, &format!("%A, %Y-%m-%d %H:%M %Z{offset}"))
}

/// `2026-12-01T08:00:00Z`, for JSON.
pub(super) fn utc(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
