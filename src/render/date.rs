//! The template filter `date`: `{{ issue.date | date }}` in the language of the context's `words`,
//! in another one, `{{ issue.date | date(language="de") }}`, or by a pattern,
//! `{{ issue.date | date(format="%-d %B %Y") }}`.

use chrono::NaiveDate;
use tera::value::Key;
use tera::{Kwargs, State, Value};

use crate::words::{BadFormat, DateWords, OwnWords, Words, check_language, format_date};

/// Formats a date (`2026-12-01`). An empty value stays empty.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that Tera asks for"
)]
pub(super) fn date_filter(value: &str, kwargs: Kwargs, state: &State) -> tera::TeraResult<String> {
    if value.is_empty() {
        return Ok(String::new());
    }
    let format = kwargs.get::<&str>("format")?;
    let date = NaiveDate::parse_from_str(value, "%Y-%m-%d").map_err(|_| {
        tera::Error::message(format!(
            "`date` takes a date such as 2026-12-01, not `{value}`"
        ))
    })?;
    let language = kwargs.get::<&str>("language")?;
    let words = state.get::<Value>("words")?;
    let written = match (language, words.as_ref().and_then(Value::as_map)) {
        (Some(language), _) if check_language(language).is_err() => {
            return Err(tera::Error::message(format!(
                "`date` takes a language such as `de` or `pt-BR`, not `{language}`"
            )));
        }
        (Some(language), _) => {
            let words = Words::of(language, &OwnWords::default());
            format_date(date, format, &DateWords::from(&words))
        }
        (None, Some(words)) => {
            let word = |key| {
                words
                    .get(&Key::Str(key))
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let names = DateWords {
                format: word("date_format"),
                format_first: word("date_format_first"),
                months: word("months"),
                months_short: word("months_short"),
                weekdays: word("weekdays"),
                weekdays_short: word("weekdays_short"),
            };
            format_date(date, format, &names)
        }
        // Inside a component, which sees what it is given and nothing else.
        (None, None) => format_date(date, format, &DateWords::from(&Words::default())),
    };
    let shown = format.unwrap_or_default();
    written.map_err(|problem| {
        tera::Error::message(match problem {
            BadFormat::Unknown => format!("`date` cannot use the format `{shown}`"),
            BadFormat::MoreThanADate => format!("the format `{shown}` asks for more than a date"),
        })
    })
}
