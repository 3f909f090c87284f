//! Dates for essays that come in a row.

use jiff::Span;
use jiff::civil::Date;

use crate::diagnostic::Diagnostic;
use crate::essay::YEARS;

/// A distance between two issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// So many days.
    Days(u16),
    /// So many calendar months.
    Months(u16),
}

impl Interval {
    /// Reads `1d`, `2w`, `1month`, `1y` and their longer spellings (`3 days`, `2weeks`, `6 months`).
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.bytes().take_while(u8::is_ascii_digit).count();
        let count = lower[..digits].parse::<u16>().ok();
        let count = count.filter(|count| (1..=1000).contains(count));
        let interval = count.and_then(|count| match lower[digits..].trim_start() {
            "d" | "day" | "days" => Some(Self::Days(count)),
            "w" | "week" | "weeks" => Some(Self::Days(count * 7)),
            "mo" | "month" | "months" => Some(Self::Months(count)),
            "y" | "year" | "years" => Some(Self::Months(count * 12)),
            _ => None,
        });
        interval.ok_or_else(|| {
            Diagnostic::error(format!("`{text}` is not an interval"))
                .hint("for example `1d`, `1w`, `2w` or `1month`")
        })
    }
}

/// When the essays of an import come out: the first one's date, and the distance to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Date of the first issue, in the publication's time zone.
    pub first: Date,
    /// From one issue to the next.
    pub every: Interval,
}

impl Schedule {
    /// The dates of `count` issues. Each is counted from the first, so that the last day of a
    /// month does not creep: 31 January, 28 February, 31 March.
    pub fn dates(self, count: usize) -> Result<Vec<Date>, Diagnostic> {
        (0..count).map(|position| self.date(position)).collect()
    }

    fn date(self, position: usize) -> Result<Date, Diagnostic> {
        let steps = i64::try_from(position).unwrap_or(i64::MAX);
        let span = match self.every {
            Interval::Days(days) => Span::new().try_days(steps.saturating_mul(days.into())),
            Interval::Months(months) => Span::new().try_months(steps.saturating_mul(months.into())),
        };
        span.and_then(|span| self.first.checked_add(span))
            .ok()
            .filter(|date| YEARS.contains(&date.year()))
            .ok_or_else(|| {
                Diagnostic::error(format!(
                    "issue {} of the schedule would come out outside the years {} to {}",
                    position.saturating_add(1),
                    YEARS.start(),
                    YEARS.end()
                ))
                .hint("choose another `--first` or a shorter `--every`")
            })
    }
}
