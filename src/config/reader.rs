//! Values of the file, overridden by the environment, each checked where it stands.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use url::Url;

use super::raw::{OneOrMore, Raw};
use super::{Config, Environment, parse_duration};
use crate::address::{EmailAddress, Mailbox};
use crate::check::{Silence, why_not_silenced};
use crate::diagnostic::{Diagnostic, SourceText, closest};
use crate::schedule::Slots;
use crate::words::check_language;

/// Where a value came from, so that an error can point at it.
#[derive(Clone)]
pub(super) enum Origin {
    File(Range<usize>),
    Variable(String),
}

pub(super) struct Value {
    pub(super) text: String,
    pub(super) origin: Origin,
}
pub(super) struct Reader<'a> {
    pub(super) source: &'a SourceText,
    pub(super) environment: &'a Environment,
    pub(super) folder: &'a Path,
}

impl Reader<'_> {
    pub(super) fn config(&self, raw: Raw) -> Result<Config, Diagnostic> {
        let zone = self.value("TIME_ZONE", raw.time_zone);
        let send_time = self.value("SEND_TIME", raw.send_time);
        let lateness = self.value("MAX_LATENESS", raw.max_lateness);
        let from = self.required("FROM", raw.from);
        let feed_authority =
            self.feed_authority(&self.required("FEED_AUTHORITY", raw.feed_authority))?;
        let language = self.language(self.value("LANGUAGE", raw.language))?;
        Ok(Config {
            title: self.line(&self.required("TITLE", raw.title))?,
            author: self.line(&self.required("AUTHOR", raw.author))?,
            description: self.optional_line(self.value("DESCRIPTION", raw.description))?,
            base_url: self.base_url(&self.required("BASE_URL", raw.base_url))?,
            list_id: match self.value("LIST_ID", raw.list_id) {
                Some(value) => self.list_id(&value)?,
                // As lasting as the authority it is taken from.
                None => domain_of_authority(&feed_authority),
            },
            feed_authority,
            theme: self.theme(self.value("THEME", raw.theme))?,
            words: self.words(raw.words, &language)?,
            language,
            zone: self.zone(zone)?,
            send_time: self.send_time(send_time)?,
            max_lateness: self.duration(lateness, Duration::from_hours(6))?,
            from: Mailbox::parse(&from.text).map_err(|error| {
                self.wrong(&from, format!("`from` {error}"))
                    .hint("write it as `Name <letters@example.org>`")
            })?,
            reply_to: match self.value("REPLY_TO", raw.reply_to) {
                None => None,
                Some(value) => Some(
                    EmailAddress::parse(&value.text)
                        .map_err(|error| self.wrong(&value, format!("`reply_to` {error}")))?,
                ),
            },
            postal_address: self.optional_line(self.value("POSTAL_ADDRESS", raw.postal_address))?,
            copyright: self.optional_line(self.value("COPYRIGHT", raw.copyright))?,
            logo: match self.value("LOGO", raw.logo) {
                Some(value) => Some(self.logo(&value)?),
                None => None,
            },
            hubs: self.hubs(raw.feeds.hub)?,
            feed_entries: raw.feeds.entries.map_or(Ok(20), |entries| {
                self.in_range(&entries, 1..=1000, "entries")
            })?,
            slots: self.slots(raw.schedule.every)?,
            bounce_rules: self.bounce_rules(&raw.bounces)?,
            mailboxes: self.mailboxes(&raw.bounces)?,
            notify: match self.value("SCHEDULE_NOTIFY", raw.schedule.notify) {
                None => None,
                Some(value) => Some(EmailAddress::parse(&value.text).map_err(|error| {
                    self.wrong(&value, format!("`[schedule] notify` {error}"))
                        .hint("write your own address: `me@example.org`")
                })?),
            },
            ledger_id: raw.ledger.id.map(Spanned::into_inner),
            dkim: match raw.dkim {
                Some(raw) => Some(self.dkim(raw, &from)?),
                None => None,
            },
            serve: self.serve(raw.serve)?,
            sign_up: self.sign_up(raw.signup)?,
            bounces_domain: match self.value("BOUNCES_DOMAIN", raw.bounces.domain) {
                Some(value) => Some(self.bounces_domain(&value)?),
                None => None,
            },
            relays: self.relays(raw.smtp.unwrap_or_default())?,
            silence: self.silence(&raw.check.silence)?,
            retry: self.retry(raw.retry)?,
            timers: self.timers(raw.timeouts)?,
        })
    }

    fn silence(&self, names: &[Spanned<String>]) -> Result<Silence, Diagnostic> {
        for name in names {
            if let Some(why) = why_not_silenced(name.get_ref()) {
                return Err(Diagnostic::error(why.to_string())
                    .at(self.source, name.span())
                    .hint(why.hint()));
            }
        }
        Ok(Silence::new(
            names.iter().map(|name| name.get_ref().as_str()),
        ))
    }

    pub(super) fn value(&self, name: &str, spanned: Option<Spanned<String>>) -> Option<Value> {
        if let Some(text) = self.environment.get(name) {
            return Some(Value {
                text: text.to_owned(),
                origin: Origin::Variable(format!("{}{name}", Environment::PREFIX)),
            });
        }
        spanned.map(|spanned| Value {
            origin: Origin::File(spanned.span()),
            text: spanned.into_inner(),
        })
    }

    fn required(&self, name: &str, spanned: Spanned<String>) -> Value {
        let origin = Origin::File(spanned.span());
        self.value(name, Some(spanned)).unwrap_or(Value {
            text: String::new(),
            origin,
        })
    }

    pub(super) fn wrong(&self, value: &Value, message: impl Into<String>) -> Diagnostic {
        match &value.origin {
            Origin::File(range) => Diagnostic::error(message).at(self.source, range.clone()),
            Origin::Variable(name) => Diagnostic::error(message)
                .cause(format!("the value is that of the variable {name}")),
        }
    }

    pub(super) fn line(&self, value: &Value) -> Result<String, Diagnostic> {
        let text = value.text.trim();
        if text.is_empty() {
            return Err(self.wrong(value, "this must not be empty"));
        }
        self.optional_line(Some(Value {
            text: text.to_owned(),
            origin: value.origin.clone(),
        }))
    }

    fn optional_line(&self, value: Option<Value>) -> Result<String, Diagnostic> {
        match value {
            None => Ok(String::new()),
            Some(value) if value.text.chars().any(char::is_control) => Err(self
                .wrong(&value, "this must be one line without control characters")
                .hint("write it in one line; commas part what would be lines, as in an address")),
            Some(value) => Ok(value.text.trim().to_owned()),
        }
    }

    fn base_url(&self, value: &Value) -> Result<String, Diagnostic> {
        let hint = "write it as `https://letters.example.org/`";
        let url = Url::parse(value.text.trim()).map_err(|error| {
            self.wrong(value, "`base_url` is not an address")
                .cause(error)
                .hint(hint)
        })?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() || !plain {
            return Err(self
                .wrong(value, "`base_url` must be a plain http or https address")
                .hint(hint));
        }
        let mut text = url.to_string();
        if !text.ends_with('/') {
            text.push('/');
        }
        Ok(text)
    }

    /// A domain of mail, as A-labels.
    fn bounces_domain(&self, value: &Value) -> Result<String, Diagnostic> {
        // The longest local part that will stand before it.
        let address = format!("{}@{}", "b".repeat(64), value.text.trim());
        match EmailAddress::parse(&address) {
            Ok(address) => Ok(address.domain().to_owned()),
            Err(error) => Err(self
                .wrong(
                    value,
                    "`[bounces] domain` is not a domain that can receive mail",
                )
                .cause(error)
                .hint("write it as `bounces.example.org`")),
        }
    }

    /// RFC 4151 §2.1: a domain or mail address, a comma, and a date on which it was ours.
    fn feed_authority(&self, value: &Value) -> Result<String, Diagnostic> {
        let valid = value.text.split_once(',').is_some_and(|(name, date)| {
            let digits = |text: &str, count| {
                text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
            };
            let date: Vec<&str> = date.split('-').collect();
            let dated = match date.as_slice() {
                [year] => digits(year, 4),
                [year, month] => digits(year, 4) && digits(month, 2),
                [year, month, day] => digits(year, 4) && digits(month, 2) && digits(day, 2),
                _ => false,
            };
            let named = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._@".contains(&byte));
            named && dated
        });
        if valid {
            return Ok(value.text.clone());
        }
        Err(self
            .wrong(value, "`feed_authority` must be a domain and a date")
            .hint("write a domain that is yours and a day on which it was: `letters.example.org,2026-09-01`"))
    }

    /// RFC 2919 §2: a domain name, at most 255 octets with the brackets.
    fn list_id(&self, value: &Value) -> Result<String, Diagnostic> {
        let text = value.text.trim_matches(['<', '>']);
        let valid = text.contains('.')
            && text.len() <= 250
            && text.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            });
        if valid {
            return Ok(text.to_owned());
        }
        Err(self
            .wrong(value, "`list_id` must be a name in a domain of yours")
            .hint("write it as `letters.example.org`, and never change it"))
    }

    fn language(&self, value: Option<Value>) -> Result<String, Diagnostic> {
        let Some(value) = value else {
            return Ok("en".to_owned());
        };
        match check_language(&value.text) {
            Ok(()) => Ok(value.text),
            Err(bad) => Err(self
                .wrong(&value, format!("`language` {bad}"))
                .hint(bad.hint())),
        }
    }

    fn zone(&self, value: Option<Value>) -> Result<jiff::tz::TimeZone, Diagnostic> {
        let Some(value) = value else {
            return Ok(jiff::tz::TimeZone::UTC);
        };
        jiff::tz::TimeZone::get(&value.text).map_err(|_| {
            let known: Vec<String> = jiff::tz::db()
                .available()
                .map(|name| name.to_string())
                .collect();
            let like = closest(&value.text, known.iter().map(String::as_str));
            let hint = like.map_or_else(
                || "write a name such as `Europe/Berlin` or `UTC`".to_owned(),
                |name| format!("did you mean `{name}`?"),
            );
            self.wrong(&value, format!("there is no time zone `{}`", value.text))
                .hint(hint)
        })
    }

    fn send_time(&self, value: Option<Value>) -> Result<jiff::civil::Time, Diagnostic> {
        let Some(value) = value else {
            return Ok(jiff::civil::time(9, 0, 0, 0));
        };
        let parsed = jiff::civil::Time::strptime("%H:%M", &value.text);
        parsed.map_err(|_| {
            self.wrong(&value, "`send_time` is not a time of day")
                .hint("write it as `09:00`")
        })
    }

    fn duration(&self, value: Option<Value>, default: Duration) -> Result<Duration, Diagnostic> {
        let Some(value) = value else {
            return Ok(default);
        };
        parse_duration(&value.text).ok_or_else(|| {
            self.wrong(&value, "this is not a length of time")
                .hint("write it as `90m`, `6h` or `2d`")
        })
    }

    /// The slots of `[schedule] every`; an error points at the word.
    fn slots(&self, every: Option<Spanned<OneOrMore>>) -> Result<Slots, Diagnostic> {
        let Some(every) = every else {
            return Ok(Slots::default());
        };
        let whole = every.span();
        let texts = match every.into_inner() {
            OneOrMore::One(text) => vec![(whole, text)],
            OneOrMore::More(texts) => texts
                .into_iter()
                .map(|text| (text.span(), text.into_inner()))
                .collect(),
        };
        let mut slots = Slots::default();
        for (range, text) in texts {
            slots.add(&text).map_err(|misread| {
                // Between plain quotes the text stands as it is.
                let inside = range.start + 1..range.end.saturating_sub(1);
                if self.source.text.get(inside.clone()) == Some(&text) {
                    misread.told(self.source, inside.start)
                } else {
                    misread.told_within(self.source, range)
                }
            })?;
        }
        Ok(slots)
    }

    pub(super) fn in_range(
        &self,
        spanned: &Spanned<usize>,
        range: std::ops::RangeInclusive<usize>,
        name: &str,
    ) -> Result<usize, Diagnostic> {
        let value = *spanned.get_ref();
        if range.contains(&value) {
            return Ok(value);
        }
        let message = format!(
            "`{name}` must be between {} and {}",
            range.start(),
            range.end()
        );
        Err(Diagnostic::error(message).at(self.source, spanned.span()))
    }
}

/// The domain of `AUTHORITY,DATE`, where the authority may be a mail address.
fn domain_of_authority(authority: &str) -> String {
    let name = authority.split(',').next().unwrap_or(authority);
    name.rsplit('@').next().unwrap_or(name).to_owned()
}
