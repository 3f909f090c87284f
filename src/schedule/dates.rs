//! Dates as a person writes them: the year first, and what to say of the other ways.

use jiff::civil::Date;

use super::words::{Misread, Word};

/// A date, year first.
pub(super) fn date(word: &Word<'_>) -> Result<Date, Misread> {
    let text = word.text;
    let wrong = |message: String| Misread::new(word.range.clone(), message);
    let parts: Vec<&str> = text.split('-').collect();
    let shaped = matches!(parts.as_slice(), [year, month, day]
        if is_all_digits(year, 4) && is_all_digits(month, 2) && is_all_digits(day, 2));
    if shaped {
        return text.parse().map_err(|_| {
            let problem = wrong(format!("there is no day `{text}`"));
            match last_of_month(text) {
                Some(last) => problem.hint(format!("that month ends with {last}")),
                None => problem.hint("months go from `01` to `12`"),
            }
        });
    }
    let readings = readings(text);
    let readings: Vec<String> = readings.iter().map(|date| format!("`{date}`")).collect();
    Err(match readings.as_slice() {
        [one] => wrong(format!("`{text}` is not a date")).hint(format!("write {one}")),
        [one, other, ..] => wrong(format!("`{text}` may be two days"))
            .label(format!("{one} or {other}"))
            .hint("write the year first, then month and day"),
        [] => wrong(format!("`{text}` is not a date")).hint("write it as `2026-12-01`"),
    })
}

/// The last day of the month of `2026-02-30`.
fn last_of_month(text: &str) -> Option<Date> {
    let first: Date = format!("{}01", text.get(..8)?).parse().ok()?;
    Some(first.last_of_month())
}

/// The dates that someone from elsewhere may mean by `1.12.2026`, `12/01/2026`, `2026-12-1` or
/// `20261201`.
fn readings(text: &str) -> Vec<Date> {
    if text.len() > 10 {
        return Vec::new();
    }
    if is_all_digits(text, 8) {
        let parsed = Date::strptime("%Y%m%d", text);
        return parsed.into_iter().collect();
    }
    let numbers: Option<Vec<i16>> = text
        .split(['-', '/', '.'])
        .map(|part| part.parse().ok())
        .collect();
    let dates = match numbers.as_deref() {
        Some([year @ 1000..=9999, month, day]) => vec![(*year, *month, *day)],
        Some([one, other, year @ 1000..=9999]) => {
            vec![(*year, *other, *one), (*year, *one, *other)]
        }
        _ => Vec::new(),
    };
    let mut readings: Vec<Date> = dates
        .into_iter()
        .filter_map(|(year, month, day)| {
            Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
        })
        .collect();
    readings.dedup();
    readings
}

/// Whether a text is so many digits.
pub(super) fn is_all_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}
