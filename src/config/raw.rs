//! The shape of `postrider.toml`, with the place of every value, and what is wrong with a file that
//! has another shape.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::words::RawWords;
use crate::diagnostic::{Diagnostic, SourceText, closest};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) title: Spanned<String>,
    pub(super) author: Spanned<String>,
    #[serde(default)]
    pub(super) description: Option<Spanned<String>>,
    pub(super) base_url: Spanned<String>,
    pub(super) feed_authority: Spanned<String>,
    pub(super) list_id: Option<Spanned<String>>,
    pub(super) language: Option<Spanned<String>>,
    pub(super) theme: Option<Spanned<String>>,
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) send_time: Option<Spanned<String>>,
    pub(super) max_lateness: Option<Spanned<String>>,
    pub(super) from: Spanned<String>,
    pub(super) reply_to: Option<Spanned<String>>,
    pub(super) postal_address: Option<Spanned<String>>,
    pub(super) copyright: Option<Spanned<String>>,
    pub(super) logo: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) words: RawWords,
    #[serde(default)]
    pub(super) feeds: RawFeeds,
    #[serde(default)]
    pub(super) ledger: RawLedger,
    #[serde(default)]
    pub(super) serve: RawServe,
    #[serde(default)]
    pub(super) bounces: RawBounces,
    #[serde(default)]
    pub(super) signup: RawSignUp,
    pub(super) dkim: Option<RawDkim>,
    pub(super) smtp: Option<RawSmtp>,
    #[serde(default)]
    pub(super) schedule: RawSchedule,
    #[serde(default)]
    pub(super) check: RawCheck,
    #[serde(default)]
    pub(super) retry: RawRetry,
    #[serde(default)]
    pub(super) timeouts: RawTimeouts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSignUp {
    #[serde(default)]
    pub(super) tags: Vec<Spanned<String>>,
    pub(super) welcome: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRetry {
    pub(super) first: Option<Spanned<String>>,
    pub(super) longest: Option<Spanned<String>>,
    pub(super) greylisted: Option<Spanned<String>>,
    pub(super) expire: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTimeouts {
    pub(super) connect: Option<Spanned<String>>,
    pub(super) greeting: Option<Spanned<String>>,
    pub(super) command: Option<Spanned<String>>,
    pub(super) data: Option<Spanned<String>>,
    pub(super) block: Option<Spanned<String>>,
    pub(super) dot: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDkim {
    pub(super) selector: Option<Spanned<String>>,
    pub(super) domain: Option<Spanned<String>>,
    pub(super) key_file: Option<Spanned<String>>,
    pub(super) record: Option<Spanned<String>>,
    pub(super) ed25519_selector: Option<Spanned<String>>,
    pub(super) ed25519_key_file: Option<Spanned<String>>,
    pub(super) ed25519_record: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeeds {
    pub(super) entries: Option<Spanned<usize>>,
    #[serde(default)]
    pub(super) hub: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServe {
    pub(super) url: Option<Spanned<String>>,
    pub(super) listen: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) trusted_proxies: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBounces {
    pub(super) domain: Option<Spanned<String>>,
    pub(super) maildir: Option<Spanned<String>>,
    pub(super) imap: Option<Spanned<String>>,
    pub(super) imap_password_file: Option<Spanned<String>>,
    pub(super) imap_token_command: Option<Spanned<Vec<String>>>,
    pub(super) imap_ca_file: Option<Spanned<String>>,
    pub(super) imap_move_to: Option<Spanned<String>>,
    pub(super) suppress_after: Option<Spanned<usize>>,
    pub(super) soft_after: Option<Spanned<usize>>,
    pub(super) soft_within: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) hard: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) soft: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) policy: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchedule {
    pub(super) every: Option<Spanned<OneOrMore>>,
    pub(super) notify: Option<Spanned<String>>,
}

/// One text, or a list of them. In a list each has a place of its own.
#[derive(Debug)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMore::More(texts))
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    #[serde(default)]
    pub(super) silence: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLedger {
    pub(super) id: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSmtp {
    pub(super) url: Option<Spanned<String>>,
    pub(super) username: Option<Spanned<String>>,
    pub(super) password_file: Option<Spanned<String>>,
    pub(super) token_command: Option<Spanned<Vec<String>>>,
    pub(super) connections: Option<Spanned<usize>>,
    pub(super) helo: Option<Spanned<String>>,
    pub(super) ca_file: Option<Spanned<String>>,
    pub(super) messages_per_connection: Option<Spanned<usize>>,
    pub(super) rate: Option<Spanned<f64>>,
    pub(super) daily: Option<Spanned<usize>>,
    #[serde(default)]
    pub(super) fallback: Vec<Spanned<RawSmtp>>,
}

const KEYS: &[&str] = &[
    "title",
    "author",
    "description",
    "base_url",
    "feed_authority",
    "list_id",
    "language",
    "time_zone",
    "send_time",
    "max_lateness",
    "from",
    "reply_to",
    "postal_address",
    "copyright",
    "logo",
    "theme",
    "words",
    "feeds",
    "entries",
    "hub",
    "ledger",
    "id",
    "serve",
    "listen",
    "trusted_proxies",
    "bounces",
    "maildir",
    "imap",
    "imap_password_file",
    "imap_token_command",
    "imap_ca_file",
    "imap_move_to",
    "suppress_after",
    "soft_after",
    "soft_within",
    "hard",
    "soft",
    "policy",
    "signup",
    "tags",
    "welcome",
    "smtp",
    "url",
    "username",
    "password_file",
    "token_command",
    "connections",
    "helo",
    "ca_file",
    "messages_per_connection",
    "rate",
    "daily",
    "fallback",
    "schedule",
    "every",
    "notify",
    "check",
    "silence",
    "retry",
    "first",
    "longest",
    "greylisted",
    "expire",
    "timeouts",
    "connect",
    "greeting",
    "command",
    "data",
    "block",
    "dot",
    "dkim",
    "selector",
    "domain",
    "key_file",
    "record",
    "ed25519_selector",
    "ed25519_key_file",
    "ed25519_record",
];

/// Reads the file's text.
pub(super) fn read(source: &SourceText) -> Result<Raw, Diagnostic> {
    toml::from_str(&source.text).map_err(|error| syntax_error(source, &error))
}

fn syntax_error(source: &SourceText, error: &toml::de::Error) -> Diagnostic {
    let message = error.message().lines().next().unwrap_or_default();
    let mut diagnostic = Diagnostic::error(match message.strip_prefix("unknown field ") {
        Some(rest) => format!("unknown key {}", rest.split(',').next().unwrap_or(rest)),
        None => message
            .replace("missing field", "the configuration lacks the key")
            .trim_end_matches('.')
            .to_owned(),
    });
    if let Some(span) = error.span() {
        let word = source.text.get(span.clone()).unwrap_or("").to_owned();
        // A missing key has no place: the span is then the whole table.
        if !message.starts_with("missing field") {
            diagnostic = diagnostic.at(source, span);
        }
        if let Some(known) = closest(&word, KEYS.iter().copied()) {
            diagnostic = diagnostic.hint(format!("did you mean `{known}`?"));
        } else if message.starts_with("unknown field") && word == "password" {
            diagnostic = diagnostic.hint("a password does not belong in this file: set `password_file`, or the variable POSTRIDER_SMTP_PASSWORD");
        }
    }
    if message.starts_with("missing field") {
        diagnostic = diagnostic
            .cause(format!("`{}` was read to its end without it", source.name))
            .hint("the example in docs/configuration.md shows how it is written");
    }
    diagnostic
}
