//! Who came and who left, month by month.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

/// A month of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self {
            year: day.year(),
            month: day.month(),
        }
    }

    /// The one before.
    fn before(self) -> Self {
        if self.month == 1 {
            Self {
                year: self.year - 1,
                month: 12,
            }
        } else {
            Self {
                year: self.year,
                month: self.month - 1,
            }
        }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// How many came and how many left in each month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Months(BTreeMap<Month, (u64, u64)>);

impl Months {
    /// Counts people who came on a day.
    pub fn came(&mut self, day: NaiveDate, people: u64) {
        self.0.entry(Month::of(day)).or_default().0 += people;
    }

    /// Counts people who left on a day.
    pub fn left(&mut self, day: NaiveDate, people: u64) {
        self.0.entry(Month::of(day)).or_default().1 += people;
    }

    /// The `count` months that end with that of `today`, the oldest first: month, who came, who left.
    /// What lies before or ahead of them is left out.
    pub fn last(&self, count: usize, today: NaiveDate) -> Vec<(Month, u64, u64)> {
        let back = std::iter::successors(Some(Month::of(today)), |month| Some(month.before()));
        let mut months: Vec<_> = back
            .take(count)
            .map(|month| {
                let (came, left) = self.0.get(&month).copied().unwrap_or_default();
                (month, came, left)
            })
            .collect();
        months.reverse();
        months
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_counted_across_the_turn_of_the_year_and_empty_ones_stand_there_too() {
        let mut months = Months::default();
        months.came(day("2025-11-30"), 2);
        months.came(day("2026-01-01"), 3);
        months.left(day("2026-01-31"), 1);
        months.came(day("2026-03-01"), 9);
        months.came(day("1970-01-01"), 9);
        let shown: Vec<_> = months
            .last(4, day("2026-02-14"))
            .into_iter()
            .map(|(month, came, left)| (month.to_string(), came, left))
            .collect();
        assert_eq!(
            shown,
            [
                ("2025-11".to_owned(), 2, 0),
                ("2025-12".to_owned(), 0, 0),
                ("2026-01".to_owned(), 3, 1),
                ("2026-02".to_owned(), 0, 0),
            ]
        );
    }
}
