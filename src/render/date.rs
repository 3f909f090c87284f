//! The template filter `date`: `{{ issue.date | date(format="%-d %B %Y") }}`.

use std::fmt::Write as _;

use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};
use tera::{Kwargs, State};

/// Formats a date (`2026-12-01`) by a `strftime` pattern; the default is `%-d %B %Y`. An empty
/// value stays empty.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that Tera asks for"
)]
pub(super) fn date_filter(value: &str, kwargs: Kwargs, _: &State) -> tera::TeraResult<String> {
    if value.is_empty() {
        return Ok(String::new());
    }
    let format = kwargs.get::<&str>("format")?.unwrap_or("%-d %B %Y");
    let date = NaiveDate::parse_from_str(value, "%Y-%m-%d").map_err(|_| {
        tera::Error::message(format!(
            "`date` takes a date such as 2026-12-01, not `{value}`"
        ))
    })?;
    let unusable = || tera::Error::message(format!("`date` cannot use the format `{format}`"));
    if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
        return Err(unusable());
    }
    let mut out = String::new();
    write!(out, "{}", date.format(format)).map_err(|_| unusable())?;
    Ok(out)
}
