//! The template filter `date`: `{{ issue.date | date(format="%-d %B %Y") }}`.

use chrono::NaiveDate;
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
    let valid = chrono::format::StrftimeItems::new(format)
        .all(|item| !matches!(item, chrono::format::Item::Error));
    if !valid {
        return Err(tera::Error::message(format!(
            "`date` cannot use the format `{format}`"
        )));
    }
    let mut out = String::new();
    match std::fmt::Write::write_fmt(&mut out, format_args!("{}", date.format(format))) {
        Ok(()) => Ok(out),
        Err(_) => Err(tera::Error::message(format!(
            "the format `{format}` asks for more than a date"
        ))),
    }
}
