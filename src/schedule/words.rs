//! The words of a time as a person writes them: days of the week, times of day, and what to say of a
//! word that is neither.

use std::ops::Range;

use jiff::civil::{Time, Weekday, time};

use crate::diagnostic::{Diagnostic, SourceText, closest};

/// A word and its place in the text, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
}

/// The words of a text, divided by white space.
pub(super) fn words_of(text: &str) -> Vec<Word<'_>> {
    let mut from = 0;
    let words = text.split_whitespace().map(|word| {
        let start = from + text[from..].find(word).unwrap_or(0);
        from = start + word.len();
        Word {
            text: word,
            range: start..from,
        }
    });
    words.collect()
}

impl Word<'_> {
    /// Whether it is this word, in whatever case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn begins_with_a_digit(&self) -> bool {
        self.text.starts_with(|sign: char| sign.is_ascii_digit())
    }
}

/// A word that cannot be read, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    range: Range<usize>,
    message: String,
    label: Option<String>,
    hint: Option<String>,
}

impl Misread {
    /// Something is wrong with these bytes of the text.
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            label: None,
            hint: None,
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The problem with its place, where the text begins at the byte `start` of a file.
    pub fn told(self, source: &SourceText, start: usize) -> Diagnostic {
        let range = self.range.start + start..self.range.end + start;
        self.with_place(|problem| problem.at(source, range))
    }

    /// The problem of a text that has no place of its own in `source`, but lies in `range` of it.
    pub fn told_within(self, source: &SourceText, range: Range<usize>) -> Diagnostic {
        self.with_place(|problem| problem.at(source, range))
    }

    fn with_place(self, place: impl FnOnce(Diagnostic) -> Diagnostic) -> Diagnostic {
        let mut problem = place(Diagnostic::error(self.message));
        if let Some(label) = self.label {
            problem = problem.label(label);
        }
        match self.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

/// Days of the week, each with the short form.
const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "monday", Weekday::Monday),
    ("tue", "tuesday", Weekday::Tuesday),
    ("wed", "wednesday", Weekday::Wednesday),
    ("thu", "thursday", Weekday::Thursday),
    ("fri", "friday", Weekday::Friday),
    ("sat", "saturday", Weekday::Saturday),
    ("sun", "sunday", Weekday::Sunday),
];

/// The day of the week that a word names: `fri` or `friday`.
pub(super) fn weekday(word: &Word<'_>) -> Option<Weekday> {
    let named = WEEKDAYS
        .iter()
        .find(|(short, long, _)| word.is(short) || word.is(long));
    named.map(|(_, _, day)| *day)
}

/// The short form of a day of the week.
pub(super) fn short_name(day: Weekday) -> &'static str {
    WEEKDAYS[usize::from(day.to_monday_zero_offset().unsigned_abs())].0
}

/// What was meant by a word that is none of these and no day of the week.
pub(super) fn nearest_day<'a>(word: &Word<'_>, others: &[&'a str]) -> Option<&'a str> {
    let days = WEEKDAYS.iter().flat_map(|(short, long, _)| [*short, *long]);
    // Beyond that it is no slip of the finger, and comparing takes its time.
    if word.text.len() > 20 {
        return None;
    }
    closest(
        &word.text.to_ascii_lowercase(),
        days.chain(others.iter().copied()),
    )
}

/// A time of day, on the clock of 24 hours: `09:00` or `9:00`.
pub(super) fn time_of_day(word: &Word<'_>) -> Result<Time, Misread> {
    let text = word.text;
    let wrong = |message: String| Misread::new(word.range.clone(), message);
    if let Some((hour, minute)) = hour_and_minute(text) {
        return match (hour, minute) {
            (0..=23, 0..=59) => Ok(time(hour, minute, 0, 0)),
            (24, 0) => Err(wrong("`24:00` may be at either end of a day".to_owned())
                .hint("write `00:00` of the day that begins then")),
            _ => Err(wrong(format!("there is no time of day `{text}`"))
                .hint("times go from `00:00` to `23:59`")),
        };
    }
    let lower = text.to_ascii_lowercase();
    let problem = wrong(format!("`{text}` is not a time of day"));
    Err(match (lower.as_str(), twelve_hours(&lower)) {
        (_, Some((hour, minute))) => problem.hint(format!("write `{hour:02}:{minute:02}`")),
        ("noon", _) => problem.hint("write `12:00`"),
        ("midnight", _) => problem.hint("`00:00` is where a day begins"),
        _ => problem.hint("write it as `09:00`"),
    })
}

fn hour_and_minute(text: &str) -> Option<(i8, i8)> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = (1..=2).contains(&hour.len()) && minute.len() == 2;
    if !shaped || !digits(hour) || !digits(minute) {
        return None;
    }
    Some((hour.parse().ok()?, minute.parse().ok()?))
}

/// `9am`, `9:30pm` and `9`, `0930`: what they would be on the clock of 24 hours.
fn twelve_hours(lower: &str) -> Option<(i8, i8)> {
    let (text, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(text), _) => (text, Some(0)),
        (_, Some(text)) => (text, Some(12)),
        _ => (lower, None),
    };
    let (hour, minute) = match hour_and_minute(text) {
        Some(both) => both,
        None if (1..=2).contains(&text.len()) => (text.parse().ok()?, 0),
        None if text.len() == 4 && text.is_ascii() => {
            (text[..2].parse().ok()?, text[2..].parse().ok()?)
        }
        None => return None,
    };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
}
