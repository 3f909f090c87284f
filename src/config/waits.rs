//! Waits: between two tries of a delivery, and for each step of a conversation, with the floors below
//! which they do harm.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::parse_duration;
use super::raw::{RawRetry, RawTimeouts};
use super::reader::Reader;
use crate::delivery::RetryRules;
use crate::diagnostic::Diagnostic;
use crate::mailer::Timers;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl Reader<'_> {
    /// RFC 5321 §4.5.4.1: the parameters of retrying are the author's, within reason.
    pub(super) fn retry(&self, raw: RawRetry) -> Result<RetryRules, Diagnostic> {
        let known = RetryRules::default();
        let first = self.wait(raw.first, "first", MINUTE..=DAY, known.first)?;
        let longest = raw.longest.as_ref().map(Spanned::span);
        let rules = RetryRules {
            first,
            longest: self.wait(
                raw.longest,
                "longest",
                MINUTE..=DAY,
                known.longest.max(first),
            )?,
            greylisted: self.wait(raw.greylisted, "greylisted", MINUTE..=DAY, known.greylisted)?,
            expire: self.wait(raw.expire, "expire", HOUR..=30 * DAY, known.expire)?,
            ..known
        };
        match longest {
            Some(place) if rules.longest < rules.first => {
                Err(Diagnostic::error("`longest` is shorter than `first`").at(self.source, place))
            }
            _ => Ok(rules),
        }
    }

    /// RFC 5321 §4.5.3.2. A short wait at the final dot makes duplicates (RFC 1047): the relay
    /// accepts while we give up.
    pub(super) fn timers(&self, raw: RawTimeouts) -> Result<Timers, Diagnostic> {
        let known = Timers::default();
        let seconds = Duration::from_secs;
        let step = seconds(30)..=HOUR;
        Ok(Timers {
            connect: self.wait(raw.connect, "connect", seconds(1)..=HOUR, known.connect)?,
            greeting: self.wait(raw.greeting, "greeting", step.clone(), known.greeting)?,
            command: self.wait(raw.command, "command", step.clone(), known.command)?,
            data: self.wait(raw.data, "data", step.clone(), known.data)?,
            block: self.wait(raw.block, "block", step, known.block)?,
            dot: self.wait(raw.dot, "dot", 5 * MINUTE..=HOUR, known.dot)?,
            ..known
        })
    }

    pub(super) fn wait(
        &self,
        spanned: Option<Spanned<String>>,
        name: &str,
        range: RangeInclusive<Duration>,
        default: Duration,
    ) -> Result<Duration, Diagnostic> {
        let Some(spanned) = spanned else {
            return Ok(default);
        };
        let wrong = |message: String| Diagnostic::error(message).at(self.source, spanned.span());
        let Some(wait) = parse_duration(spanned.get_ref()) else {
            return Err(wrong("this is not a length of time".to_owned())
                .hint("write it as `90s`, `30m`, `6h` or `2d`"));
        };
        if range.contains(&wait) {
            return Ok(wait);
        }
        Err(wrong(format!(
            "`{name}` must be between {} and {}",
            shown(*range.start()),
            shown(*range.end())
        )))
    }
}

fn shown(wait: Duration) -> String {
    match wait.as_secs() {
        seconds if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}
