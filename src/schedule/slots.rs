//! The slots of a publication: `[schedule] every = "tue 09:00"`, when an issue goes out by custom.

use chrono::{DateTime, Utc};
use jiff::Span;
use jiff::civil::{Date, Time, Weekday};

use super::words::{Misread, Word, nearest_day, short_name, time_of_day, weekday, words_of};
use crate::issue::{Dated, DatingRules};

/// Days that are looked at for the next slot: more than lie between two slots of any kind.
const LONGEST_WAIT_DAYS: usize = 40;

/// The last day that every month has.
const LAST_OF_EVERY_MONTH: i8 = 28;

/// When issues go out by custom; none where a publication has no custom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slots(Vec<Recurrence>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recurrence {
    days: Days,
    time: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    All,
    On(Weekday),
    OfMonth(i8),
}

impl Slots {
    /// Adds the slots of one text: `tue 09:00`, `day 09:00` for every day, `1st 09:00` for a day of
    /// each month.
    pub fn add(&mut self, text: &str) -> Result<(), Misread> {
        let words = words_of(text);
        let whole = 0..text.len();
        let recurrence = match words.as_slice() {
            [day, time] => Recurrence {
                days: days(day)?,
                time: time_of_day(time)?,
            },
            [] => return Err(Misread::new(whole, "this names no slot").hint(HOW)),
            [only] => {
                days(only)?;
                let problem = Misread::new(only.range.clone(), "this slot has no time of day");
                return Err(problem.hint(format!("write `{} 09:00`", only.text)));
            }
            [_, _, extra, ..] => {
                let problem = format!("`{}` is more than a day and a time", extra.text);
                return Err(Misread::new(extra.range.clone(), problem).hint(
                    "write several slots as a list: `every = [\"tue 09:00\", \"fri 09:00\"]`",
                ));
            }
        };
        if !self.0.contains(&recurrence) {
            self.0.push(recurrence);
        }
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first slot after an instant. `None` where there are no slots, and at the end of time.
    pub fn after(&self, instant: DateTime<Utc>, rules: &DatingRules) -> Option<Dated> {
        // A clock change may move a slot of yesterday into today.
        let first = rules.clock_time(instant)?.date().yesterday().ok()?;
        let next = self.0.iter().filter_map(|recurrence| {
            recurrence
                .dates(first)
                .filter_map(|date| rules.resolve(date.to_datetime(recurrence.time)))
                .find(|slot| slot.instant > instant)
        });
        next.min_by_key(|slot| slot.instant)
    }

    /// The slot that an issue takes which goes out at `instant`: of those of its day the nearest.
    pub fn taken_by(&self, instant: DateTime<Utc>, rules: &DatingRules) -> Option<DateTime<Utc>> {
        let date = rules.clock_time(instant)?.date();
        let of_the_day = self.0.iter().filter(|slot| slot.falls_on(date));
        of_the_day
            .filter_map(|slot| rules.resolve(date.to_datetime(slot.time)))
            .map(|slot| slot.instant)
            .min_by_key(|slot| (*slot - instant).abs())
    }
}

/// `tue 09:00, fri 09:00`.
impl std::fmt::Display for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, slot) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            let time = slot.time.strftime("%H:%M");
            match slot.days {
                Days::All => write!(f, "{comma}day {time}")?,
                Days::On(day) => write!(f, "{comma}{} {time}", short_name(day))?,
                Days::OfMonth(day) => write!(f, "{comma}{day}{} {time}", ordinal_ending(day))?,
            }
        }
        Ok(())
    }
}

impl Recurrence {
    fn falls_on(&self, date: Date) -> bool {
        match self.days {
            Days::All => true,
            Days::On(day) => date.weekday() == day,
            Days::OfMonth(day) => date.day() == day,
        }
    }

    /// Its days from `first` on, as far as one looks for the next.
    fn dates(self, first: Date) -> impl Iterator<Item = Date> {
        first
            .series(Span::new().days(1))
            .take(LONGEST_WAIT_DAYS)
            .filter(move |date| self.falls_on(*date))
    }
}

const HOW: &str =
    "write `tue 09:00`, `day 09:00` for every day, or `1st 09:00` for a day of each month";

fn days(word: &Word<'_>) -> Result<Days, Misread> {
    if word.is("day") {
        return Ok(Days::All);
    }
    if let Some(day) = weekday(word) {
        return Ok(Days::On(day));
    }
    let wrong = |message: String| Misread::new(word.range.clone(), message);
    if word.begins_with_a_digit() {
        return match day_of_month(word.text) {
            Some(day @ 1..=LAST_OF_EVERY_MONTH) => Ok(Days::OfMonth(day)),
            Some(29..=31) => Err(wrong(format!("not every month has a {}", word.text))
                .hint("choose a day up to the `28th`")),
            _ => Err(wrong(format!("`{}` is not a day of the month", word.text))
                .hint("write `1st`, `2nd`, `15th`")),
        };
    }
    let problem = wrong(format!("`{}` is not a day", word.text));
    Err(match nearest_day(word, &["day"]) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(HOW),
    })
}

/// `1st`, `22nd`: the number, if its ending is the right one.
fn day_of_month(text: &str) -> Option<i8> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let day = text[..digits].parse().ok()?;
    text[digits..]
        .eq_ignore_ascii_case(ordinal_ending(day))
        .then_some(day)
}

fn ordinal_ending(day: i8) -> &'static str {
    match (day % 10, day % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}
