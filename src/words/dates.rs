//! Dates with the names of months and days in a language.

use std::fmt::Write;

use chrono::format::{Fixed, Item, StrftimeItems};
use chrono::{Datelike, NaiveDate};

use super::Words;

/// What a date needs of [`Words`].
#[derive(Debug, Clone, Copy)]
pub struct DateWords<'a> {
    /// How a date is written in full.
    pub format: &'a str,
    /// The same on the first of a month.
    pub format_first: &'a str,
    /// January first, separated by commas.
    pub months: &'a str,
    /// The short names of the months.
    pub months_short: &'a str,
    /// Monday first, separated by commas.
    pub weekdays: &'a str,
    /// The short names of the days.
    pub weekdays_short: &'a str,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFormat {
    /// It is no pattern of strftime.
    Unknown,
    /// It asks for a time of day or a zone.
    MoreThanADate,
}

impl<'a> From<&'a Words> for DateWords<'a> {
    fn from(words: &'a Words) -> Self {
        Self {
            format: &words.date_format,
            format_first: &words.date_format_first,
            months: &words.months,
            months_short: &words.months_short,
            weekdays: &words.weekdays,
            weekdays_short: &words.weekdays_short,
        }
    }
}

/// Writes a date by a pattern of strftime, or as the language writes it in full.
pub fn format_date(
    date: NaiveDate,
    format: Option<&str>,
    words: &DateWords<'_>,
) -> Result<String, BadFormat> {
    let usual = if date.day() == 1 {
        words.format_first
    } else {
        words.format
    };
    let mut written = String::with_capacity(24);
    for item in StrftimeItems::new(format.unwrap_or(usual)) {
        match item {
            Item::Error => return Err(BadFormat::Unknown),
            Item::Fixed(Fixed::LongMonthName) => {
                written.push_str(nth(words.months, date.month0()));
            }
            Item::Fixed(Fixed::ShortMonthName) => {
                written.push_str(nth(words.months_short, date.month0()));
            }
            Item::Fixed(Fixed::LongWeekdayName) => {
                let day = date.weekday().num_days_from_monday();
                written.push_str(nth(words.weekdays, day));
            }
            Item::Fixed(Fixed::ShortWeekdayName) => {
                let day = date.weekday().num_days_from_monday();
                written.push_str(nth(words.weekdays_short, day));
            }
            Item::Literal(text) | Item::Space(text) => written.push_str(text),
            other => write!(
                written,
                "{}",
                date.format_with_items(std::iter::once(other))
            )
            .map_err(|_| BadFormat::MoreThanADate)?,
        }
    }
    Ok(written)
}

/// The names in a list.
pub(super) fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

fn nth(list: &str, place: u32) -> &str {
    names(list).nth(place as usize).unwrap_or_default()
}
