//! `WHEN`: the words of a time, strictly, since mail goes out by them. What could mean two times is
//! refused with both of them; what a zone's clock change decides is said aloud.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use jiff::Span;
use jiff::civil::{self, Date, Time, Weekday};

use super::dates::{date, is_all_digits};
use super::moment::{Moment, Remark, distance};
use super::slots::Slots;
use super::words::{Misread, Word, nearest_day, short_name, time_of_day, weekday, words_of};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::essay::{WrittenInstant, YEARS};
use crate::issue::{Dated, DatingRules};

/// The forms of a time, for hints.
const FORMS: &str = "write `2026-12-01 09:00`, `tomorrow 09:00`, `fri 09:00`, `09:00`, `+3h`, or `next` for the next slot";

/// A time that is farther ahead than this may have the wrong year.
const FAR_AHEAD: TimeDelta = TimeDelta::days(366);

/// What a time is understood by.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// The publication's zone and usual time of day.
    pub rules: &'a DatingRules,
    /// The publication's slots.
    pub slots: &'a Slots,
    /// When the other issues go out.
    pub others: &'a [DateTime<Utc>],
}

/// Understands the words of a time that is still to come.
pub fn understand(source: &SourceText, present: &Present<'_>) -> Result<Moment, Diagnostic> {
    let words = words_of(&source.text);
    let reader = Reader {
        present,
        text: &source.text,
    };
    reader
        .moment(&words)
        .map_err(|misread| misread.told(source, 0))
}

/// A day as it was named.
enum Day {
    On(Date),
    Next(Weekday),
}

struct Reader<'a> {
    present: &'a Present<'a>,
    text: &'a str,
}

impl Reader<'_> {
    fn moment(&self, words: &[Word<'_>]) -> Result<Moment, Misread> {
        match words {
            [] => Err(Misread::new(0..self.text.len(), "no time was given").hint(FORMS)),
            [word] if word.is("next") => self.next_slot(word),
            [word] if word.text.starts_with('+') => self.after_now(word),
            [word] if word.text.contains(['T', 't']) && word.begins_with_a_digit() => {
                self.exactly(word)
            }
            [word] if is_time(word) => self.next_time(word),
            [word] => self.day_at_send_time(word),
            [day, time] if is_time(day) && !is_time(time) => {
                let problem = Misread::new(day.range.clone(), "the day comes before the time");
                Err(problem.hint(format!("write `{} {}`", time.text, day.text)))
            }
            [next, ..] if next.is("next") => Err(self.next_what(words)),
            [day, time] => self.day_and_time(day, time),
            [.., extra] => Err(too_many_words(words, extra)),
        }
    }

    fn today(&self) -> Result<Date, Misread> {
        let local = self.present.rules.clock_time(self.present.now);
        local
            .map(civil::DateTime::date)
            .ok_or_else(|| self.whole("the clock shows no usable date"))
    }

    fn whole(&self, message: impl Into<String>) -> Misread {
        Misread::new(0..self.text.len(), message)
    }

    // -- forms --

    fn day_and_time(&self, day: &Word<'_>, time: &Word<'_>) -> Result<Moment, Misread> {
        let day = self.day(day)?;
        let time = time_of_day(time)?;
        self.at(&day, time, Vec::new())
    }

    fn day_at_send_time(&self, word: &Word<'_>) -> Result<Moment, Misread> {
        let day = self.day(word)?;
        let time = self.present.rules.send_time;
        self.at(&day, time, vec![Remark::AtSendTime(time)])
    }

    /// A time of day alone: the next time that the clocks show it.
    fn next_time(&self, word: &Word<'_>) -> Result<Moment, Misread> {
        let time = time_of_day(word)?;
        let today = self.today()?;
        let dated = self.resolve(today, time)?;
        if dated.instant > self.present.now {
            return self.to_come(dated, Vec::new());
        }
        let tomorrow = self.resolve(self.days_later(today, 1)?, time)?;
        self.to_come(tomorrow, vec![Remark::Tomorrow(time)])
    }

    /// `+3h`, `+90m`: so long from this minute. `+2d`, `+1w`: the same clock time
    /// so many calendar days later, however long those days are.
    fn after_now(&self, word: &Word<'_>) -> Result<Moment, Misread> {
        let wrong = |message: String| {
            Misread::new(word.range.clone(), message).hint("write `+90m`, `+3h`, `+2d` or `+1w`")
        };
        let misread = || wrong(format!("`{}` is not a length of time", word.text));
        let digits = word.text[1..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let (number, unit) = word.text[1..].split_at(digits);
        if number.is_empty() {
            return Err(misread());
        }
        // Beyond that every unit leads out of the years that there are.
        let number: i64 = number
            .parse()
            .ok()
            .filter(|number| *number <= 100_000_000)
            .ok_or_else(|| wrong(format!("`{}` is too far ahead", word.text)))?;
        if number == 0 {
            return Err(self.past(self.present.now));
        }
        let length = match unit.to_ascii_lowercase().as_str() {
            "m" => TimeDelta::minutes(number),
            "h" => TimeDelta::hours(number),
            "d" => return self.days_from_now(number),
            "w" => return self.days_from_now(number * 7),
            "" => return Err(wrong(format!("`{}` lacks its unit", word.text))),
            _ => return Err(misread()),
        };
        let instant = this_minute(self.present.now) + length;
        self.to_come(
            Dated {
                instant,
                change: None,
            },
            Vec::new(),
        )
    }

    fn days_from_now(&self, days: i64) -> Result<Moment, Misread> {
        let now = this_minute(self.present.now);
        let local = self.present.rules.clock_time(now);
        let local = local.ok_or_else(|| self.whole("the clock shows no usable date"))?;
        let date = self.days_later(local.date(), days)?;
        let dated = self.resolve(date, local.time())?;
        self.to_come(dated, Vec::new())
    }

    /// An instant of RFC 3339, with a `T` in it.
    fn exactly(&self, word: &Word<'_>) -> Result<Moment, Misread> {
        let read = WrittenInstant::parse(word.text);
        let dated = read.and_then(|written| self.present.rules.instant(written));
        let dated = dated.ok_or_else(|| {
            let problem = format!("`{}` is not a date with a time", word.text);
            Misread::new(word.range.clone(), problem)
                .hint("write `2026-12-01T09:00` for the publication's zone, or with an offset `2026-12-01T09:00+01:00`")
        })?;
        self.to_come(dated, Vec::new())
    }

    /// The next slot that no other issue takes.
    fn next_slot(&self, word: &Word<'_>) -> Result<Moment, Misread> {
        let Present {
            now,
            rules,
            slots,
            others,
        } = *self.present;
        if slots.is_empty() {
            let problem = "this publication has no slots";
            return Err(Misread::new(word.range.clone(), problem).hint(
                "set `every = \"tue 09:00\"` under `[schedule]` in `postrider.toml`, or name a time",
            ));
        }
        let taken: Vec<_> = others
            .iter()
            .filter_map(|other| slots.taken_by(*other, rules))
            .collect();
        let mut after = now;
        // Each turn passes a slot that an issue takes.
        for passed in 0..=taken.len() {
            let slot = slots.after(after, rules);
            let slot = slot.ok_or_else(|| self.whole("there is no further slot"))?;
            if !taken.contains(&slot.instant) {
                let remarks = match passed {
                    0 => Vec::new(),
                    _ => vec![Remark::SlotsTaken(passed)],
                };
                return self.to_come(slot, remarks);
            }
            after = slot.instant;
        }
        Err(self.whole("there is no free slot"))
    }

    // -- parts --

    fn at(&self, day: &Day, time: Time, remarks: Vec<Remark>) -> Result<Moment, Misread> {
        let dated = match day {
            Day::On(date) => self.resolve(*date, time)?,
            Day::Next(weekday) => {
                let today = self.today()?;
                let wait = i64::from(weekday.since(today.weekday()));
                let first = self.resolve(self.days_later(today, wait)?, time)?;
                if first.instant > self.present.now {
                    first
                } else {
                    self.resolve(self.days_later(today, wait + 7)?, time)?
                }
            }
        };
        self.to_come(dated, remarks)
    }

    fn day(&self, word: &Word<'_>) -> Result<Day, Misread> {
        if word.is("today") {
            return Ok(Day::On(self.today()?));
        }
        if word.is("tomorrow") {
            return Ok(Day::On(self.days_later(self.today()?, 1)?));
        }
        if let Some(weekday) = weekday(word) {
            return Ok(Day::Next(weekday));
        }
        if word.begins_with_a_digit() {
            return date(word).map(Day::On);
        }
        let problem = Misread::new(word.range.clone(), format!("`{}` is not a day", word.text));
        Err(match nearest_day(word, &["today", "tomorrow", "next"]) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(FORMS),
        })
    }

    fn days_later(&self, date: Date, days: i64) -> Result<Date, Misread> {
        let later = Span::new().try_days(days);
        later
            .and_then(|days| date.checked_add(days))
            .map_err(|_| self.out_of_range())
    }

    fn resolve(&self, date: Date, time: Time) -> Result<Dated, Misread> {
        let dated = self.present.rules.resolve(date.to_datetime(time));
        dated.ok_or_else(|| self.out_of_range())
    }

    fn out_of_range(&self) -> Misread {
        self.whole("this is outside the years that an issue can have")
            .hint(format!(
                "a year from {} to {} is possible",
                YEARS.start(),
                YEARS.end()
            ))
    }

    /// What was understood, if it is still to come.
    fn to_come(&self, dated: Dated, mut remarks: Vec<Remark>) -> Result<Moment, Misread> {
        let local = self.present.rules.clock_time(dated.instant);
        let local = local
            .filter(|local| YEARS.contains(&local.year()))
            .ok_or_else(|| self.out_of_range())?;
        let ahead = dated.instant - self.present.now;
        if ahead <= TimeDelta::zero() {
            return Err(self.past(dated.instant));
        }
        remarks.extend(dated.change.map(Remark::ClockChange));
        if ahead > FAR_AHEAD {
            remarks.push(Remark::FarAhead(ahead));
        }
        Ok(Moment {
            instant: dated.instant,
            local,
            remarks,
        })
    }

    fn past(&self, instant: DateTime<Utc>) -> Misread {
        let ago = self.present.now - instant;
        let local = self.present.rules.clock_time(instant);
        let understood = local.map(|local| local.strftime("%A, %Y-%m-%d %H:%M").to_string());
        let understood = understood.unwrap_or_default();
        let ago = match ago.num_minutes() {
            0 => "and that is now".to_owned(),
            _ => format!("{} ago", distance(ago)),
        };
        self.whole("this time is past")
            .label(format!("{understood}, {ago}"))
            .hint("name a time to come; `postrider send ISSUE` sends it now")
    }

    // -- what could be meant --

    /// `next friday` is this week's for some and next week's for others.
    fn next_what(&self, words: &[Word<'_>]) -> Misread {
        let day = words.get(1).and_then(weekday);
        let (Some(day), Ok(today)) = (day, self.today()) else {
            let behind = words.get(1).map_or(0..0, |word| word.range.clone());
            return Misread::new(
                behind,
                "`next` stands alone: it is the publication's next slot",
            )
            .hint(FORMS);
        };
        let name = short_name(day);
        let wait = i64::from(day.since(today.weekday()));
        let wait = if wait == 0 { 7 } else { wait };
        let (first, second) = (
            self.days_later(today, wait),
            self.days_later(today, wait + 7),
        );
        let both = match (first, second) {
            (Ok(first), Ok(second)) => format!("{first} or {second}"),
            _ => String::new(),
        };
        let time = words.get(2).map_or("09:00", |word| word.text);
        let range = words[0].range.start..words[1].range.end;
        Misread::new(range, "this may mean two days")
            .label(both)
            .hint(format!(
                "`{name} {time}` is the first one to come; write the date for another"
            ))
    }
}

fn too_many_words(words: &[Word<'_>], extra: &Word<'_>) -> Misread {
    let at = words.iter().find(|word| word.is("at") || word.is("on"));
    let (word, hint) = match at {
        Some(at) => {
            let others = words.iter().filter(|word| word.range != at.range);
            let others: Vec<&str> = others.map(|word| word.text).collect();
            (at, format!("write `{}`", others.join(" ")))
        }
        None => (extra, FORMS.to_owned()),
    };
    let problem = format!("`{}` is more than a day and a time", word.text);
    Misread::new(word.range.clone(), problem).hint(hint)
}

/// The instant at which the present minute began, as a person reads it off a clock.
fn this_minute(instant: DateTime<Utc>) -> DateTime<Utc> {
    let minute = TimeDelta::minutes(1);
    instant.duration_trunc(minute).unwrap_or(instant)
}

/// Whether a word looks like a time of day rather than a date.
fn is_time(word: &Word<'_>) -> bool {
    let dated = word.text.contains(['-', '/', '.']);
    (word.begins_with_a_digit() && !dated && !is_all_digits(word.text, 8))
        || word.is("noon")
        || word.is("midnight")
}
