//! Configuration: `postrider.toml` plus the environment, read once into a checked [`Config`].
//!
//! A `POSTRIDER_*` variable overrides the key of the same name. Secrets come from the environment
//! or from a file of mode 0600, never from `postrider.toml` and never from a flag.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use toml::Spanned;
use url::{Host, Url};

use crate::address::{EmailAddress, Mailbox};
use crate::diagnostic::{Diagnostic, SourceText, closest};
use crate::fs;

/// Name of the file at the root of a publication.
pub const FILE_NAME: &str = "postrider.toml";

/// A publication's configuration, every value checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Title of the publication.
    pub title: String,
    /// Name of the author.
    pub author: String,
    /// One sentence about the publication; may be empty.
    pub description: String,
    /// Where the archive is on the web; ends with a slash.
    pub base_url: String,
    /// `AUTHORITY,DATE` of the `tag:` URIs (RFC 4151); never changes once feeds were read.
    pub feed_authority: String,
    /// The list's identifier without brackets (RFC 2919); never changes. The domain of the feeds'
    /// authority where the author names no other.
    pub list_id: String,
    /// BCP 47 tag.
    pub language: String,
    /// Zone of the dates in file names.
    pub zone: jiff::tz::TimeZone,
    /// Time of day at which an issue is due.
    pub send_time: jiff::civil::Time,
    /// An issue without a plan that is later than this is held until it is named.
    pub max_lateness: Duration,
    /// Who sends.
    pub from: Mailbox,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<EmailAddress>,
    /// The sender's postal address, which many laws ask for; may be empty.
    pub postal_address: String,
    /// How many of the newest issues the feeds hold.
    pub feed_entries: usize,
    /// The ledger that may send this publication, once there was a real send.
    pub ledger_id: Option<String>,
    /// How messages are signed; `None` where the relay does it.
    pub dkim: Option<DkimConfig>,
    /// The relay; `None` until there is one.
    pub smtp: Option<SmtpConfig>,
}

/// The DKIM signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimConfig {
    /// Domain of the signature: the sender's.
    pub domain: String,
    /// Names the key in the DNS.
    pub selector: String,
    /// The private key in PEM, a file of mode 0600.
    pub key_file: PathBuf,
}

/// How the conversation with the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `smtps://`: TLS from the first byte (RFC 8314 §3).
    Implicit,
    /// `smtp://`: STARTTLS or nothing (RFC 3207).
    StartTls,
    /// No TLS: on loopback, or because the author insists (`smtp+plain://`).
    Plain,
}

/// The relay and how to talk to it.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Protection of the connection.
    pub security: Security,
    /// Host name or address of the relay.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Name and password, if the relay wants them.
    pub credentials: Option<Credentials>,
    /// Most connections at a time.
    pub connections: usize,
    /// Name in EHLO; the address literal of our end if unset (RFC 5321 §4.1.1.1).
    pub helo: Option<String>,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// A connection is closed after this many messages.
    pub messages_per_connection: usize,
}

/// Name and password for the relay.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password; never printed.
    pub password: SecretString,
}

impl SmtpConfig {
    /// The relay as it may be shown: without name and password.
    pub fn shown(&self) -> String {
        let scheme = match self.security {
            Security::Implicit => "smtps",
            Security::StartTls => "smtp",
            Security::Plain if is_loopback(&self.host) => "smtp",
            Security::Plain => "smtp+plain",
        };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

/// The variables of the environment that belong to Postrider.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Prefix of the variables' names.
    pub const PREFIX: &str = "POSTRIDER_";

    /// Takes the `POSTRIDER_*` variables out of name-value pairs.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let own = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(Self::PREFIX)?.to_owned(), value)));
        Self(own.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of `POSTRIDER_name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    title: Spanned<String>,
    author: Spanned<String>,
    #[serde(default)]
    description: Option<Spanned<String>>,
    base_url: Spanned<String>,
    feed_authority: Spanned<String>,
    list_id: Option<Spanned<String>>,
    language: Option<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
    send_time: Option<Spanned<String>>,
    max_lateness: Option<Spanned<String>>,
    from: Spanned<String>,
    reply_to: Option<Spanned<String>>,
    postal_address: Option<Spanned<String>>,
    #[serde(default)]
    feeds: RawFeeds,
    #[serde(default)]
    ledger: RawLedger,
    dkim: Option<RawDkim>,
    smtp: Option<RawSmtp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDkim {
    selector: Option<Spanned<String>>,
    domain: Option<Spanned<String>>,
    key_file: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeeds {
    entries: Option<Spanned<usize>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLedger {
    id: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSmtp {
    url: Option<Spanned<String>>,
    username: Option<Spanned<String>>,
    password_file: Option<Spanned<String>>,
    connections: Option<Spanned<usize>>,
    helo: Option<Spanned<String>>,
    ca_file: Option<Spanned<String>>,
    messages_per_connection: Option<Spanned<usize>>,
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
    "feeds",
    "entries",
    "ledger",
    "id",
    "smtp",
    "url",
    "username",
    "password_file",
    "connections",
    "helo",
    "ca_file",
    "messages_per_connection",
    "dkim",
    "selector",
    "domain",
    "key_file",
];

/// Where a value came from, so that an error can point at it.
#[derive(Clone)]
enum Origin {
    File(Range<usize>),
    Variable(String),
}

struct Value {
    text: String,
    origin: Origin,
}

/// Reads and checks the text of `postrider.toml`, with the environment over it. `folder` is where
/// relative file names start.
pub fn parse(
    source: &SourceText,
    environment: &Environment,
    folder: &Path,
) -> Result<Config, Diagnostic> {
    let raw: Raw = toml::from_str(&source.text).map_err(|error| syntax_error(source, &error))?;
    Reader {
        source,
        environment,
        folder,
    }
    .config(raw)
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
            .hint("`postrider init` writes a file with every key; copy it from there");
    }
    diagnostic
}

struct Reader<'a> {
    source: &'a SourceText,
    environment: &'a Environment,
    folder: &'a Path,
}

impl Reader<'_> {
    fn config(&self, raw: Raw) -> Result<Config, Diagnostic> {
        let zone = self.value("TIME_ZONE", raw.time_zone);
        let send_time = self.value("SEND_TIME", raw.send_time);
        let lateness = self.value("MAX_LATENESS", raw.max_lateness);
        let from = self.required("FROM", raw.from);
        let feed_authority =
            self.feed_authority(&self.required("FEED_AUTHORITY", raw.feed_authority))?;
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
            language: self.language(self.value("LANGUAGE", raw.language))?,
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
            feed_entries: raw.feeds.entries.map_or(Ok(20), |entries| {
                self.in_range(&entries, 1..=1000, "entries")
            })?,
            ledger_id: raw.ledger.id.map(Spanned::into_inner),
            dkim: match raw.dkim {
                Some(raw) => Some(self.dkim(raw, &from)?),
                None => None,
            },
            smtp: self.smtp(raw.smtp.unwrap_or_default())?,
        })
    }

    fn value(&self, name: &str, spanned: Option<Spanned<String>>) -> Option<Value> {
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

    fn wrong(&self, value: &Value, message: impl Into<String>) -> Diagnostic {
        match &value.origin {
            Origin::File(range) => Diagnostic::error(message).at(self.source, range.clone()),
            Origin::Variable(name) => Diagnostic::error(message)
                .cause(format!("the value is that of the variable {name}")),
        }
    }

    fn line(&self, value: &Value) -> Result<String, Diagnostic> {
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
                .hint("line breaks cannot stand in a header of a mail")),
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
        let valid = value.text.split('-').enumerate().all(|(index, part)| {
            let length = if index == 0 { 2..=3 } else { 1..=8 };
            length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if valid {
            return Ok(value.text);
        }
        Err(self
            .wrong(&value, "`language` is not a language tag")
            .hint("write `en`, `de` or `pt-BR`"))
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

    fn in_range(
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

    fn dkim(&self, raw: RawDkim, from: &Value) -> Result<DkimConfig, Diagnostic> {
        let sender = Mailbox::parse(&from.text).map(|mailbox| mailbox.address.domain().to_owned());
        let domain = match self.value("DKIM_DOMAIN", raw.domain) {
            Some(value) => self.dns_name(&value)?,
            None => sender.unwrap_or_default(),
        };
        let selector = match self.value("DKIM_SELECTOR", raw.selector) {
            Some(value) => self.dns_name(&value)?,
            None => "postrider".to_owned(),
        };
        let file = self.value("DKIM_KEY_FILE", raw.key_file);
        let file = file.map_or_else(|| "dkim.key".to_owned(), |value| value.text);
        Ok(DkimConfig {
            domain,
            selector,
            key_file: self.folder.join(file),
        })
    }

    fn dns_name(&self, value: &Value) -> Result<String, Diagnostic> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if value.text.len() <= 253 && value.text.split('.').all(label) {
            return Ok(value.text.to_ascii_lowercase());
        }
        Err(self
            .wrong(value, "this is not a name for the DNS")
            .hint("write letters, digits and dashes, such as `postrider`"))
    }

    fn smtp(&self, raw: RawSmtp) -> Result<Option<SmtpConfig>, Diagnostic> {
        let Some(value) = self.value("SMTP_URL", raw.url) else {
            return Ok(None);
        };
        let url = self.relay_url(&value)?;
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        let ca_file = self
            .value("SMTP_CA_FILE", raw.ca_file)
            .map(|value| self.folder.join(value.text));
        let username = self.value("SMTP_USERNAME", raw.username);
        let password_file = self.value("SMTP_PASSWORD_FILE", raw.password_file);
        let credentials = self.credentials(&url, username, password_file)?;
        let security = match url.scheme() {
            "smtps" => Security::Implicit,
            "smtp+plain" => Security::Plain,
            // A relay on this machine is not reached over a wire. With a password to protect, or
            // a certificate to check it by, TLS is wanted even there.
            _ if is_loopback(&host) && ca_file.is_none() && credentials.is_none() => {
                Security::Plain
            }
            _ => Security::StartTls,
        };
        if security == Security::Plain && credentials.is_some() && !is_loopback(&host) {
            return Err(self
                .wrong(
                    &value,
                    "the password would go to another machine unprotected",
                )
                .hint("use `smtps://` or `smtp://`"));
        }
        let default_port = if security == Security::Implicit {
            465
        } else {
            587
        };
        Ok(Some(SmtpConfig {
            security,
            port: url.port().unwrap_or(default_port),
            host,
            credentials,
            connections: raw
                .connections
                .map_or(Ok(4), |value| self.in_range(&value, 1..=100, "connections"))?,
            helo: self
                .value("SMTP_HELO", raw.helo)
                .map(|value| self.line(&value))
                .transpose()?,
            ca_file,
            messages_per_connection: raw.messages_per_connection.map_or(Ok(100), |value| {
                self.in_range(&value, 1..=1_000_000, "messages_per_connection")
            })?,
        }))
    }

    /// Like [`Self::wrong`], but without showing a line that may hold a password.
    fn wrong_relay(&self, value: &Value, message: &str) -> Diagnostic {
        match &value.origin {
            Origin::File(range) if value.text.contains('@') => {
                let (line, _) = self.source.line_and_column(range.start);
                Diagnostic::error(format!("{message} (`{}`, line {line})", self.source.name))
            }
            _ => self.wrong(value, message),
        }
    }

    fn relay_url(&self, value: &Value) -> Result<Url, Diagnostic> {
        let hint = "write `smtp://HOST:587` (STARTTLS), `smtps://HOST:465` (TLS) or, to send without any protection, `smtp+plain://HOST:25`";
        let url = Url::parse(&value.text).map_err(|error| {
            self.wrong_relay(value, "the relay's address cannot be read")
                .cause(error)
                .hint(hint)
        })?;
        let known = matches!(url.scheme(), "smtp" | "smtps" | "smtp+plain");
        if !known || url.host_str().is_none_or(str::is_empty) || !matches!(url.path(), "" | "/") {
            return Err(self
                .wrong_relay(value, "the relay's address is not one for SMTP")
                .hint(hint));
        }
        if let (Some(_), Origin::File(range)) = (url.password(), &value.origin) {
            // The line is named and not shown: what is shown ends up in logs and screenshots.
            let (line, _) = self.source.line_and_column(range.start);
            return Err(Diagnostic::error(format!(
                "`{}` holds a password in `[smtp] url` (line {line})",
                self.source.name
            ))
            .hint("take it out and set `password_file`, or the variable POSTRIDER_SMTP_PASSWORD"));
        }
        Ok(url)
    }

    fn credentials(
        &self,
        url: &Url,
        username: Option<Value>,
        password_file: Option<Value>,
    ) -> Result<Option<Credentials>, Diagnostic> {
        let decode = |text: &str| percent_decode(text);
        let username = match username {
            Some(value) => self.line(&value)?,
            None if url.username().is_empty() => return Ok(None),
            None => decode(url.username()),
        };
        let password = if let Some(password) = self.environment.get("SMTP_PASSWORD") {
            password.to_owned()
        } else if let Some(value) = password_file {
            read_secret(&self.folder.join(&value.text), &value.text)
                .map_err(|message| self.wrong(&value, message))?
        } else if let Some(password) = url.password() {
            decode(password)
        } else {
            return Err(Diagnostic::error(format!(
                "there is a user name for the relay (`{username}`) and no password"
            ))
            .hint("set `password_file` in `[smtp]`, or the variable POSTRIDER_SMTP_PASSWORD"));
        };
        Ok(Some(Credentials {
            username,
            password: SecretString::from(password),
        }))
    }
}

/// The domain of `AUTHORITY,DATE`, where the authority may be a mail address.
fn domain_of_authority(authority: &str) -> String {
    let name = authority.split(',').next().unwrap_or(authority);
    name.rsplit('@').next().unwrap_or(name).to_owned()
}

fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn read_secret(path: &Path, name: &str) -> Result<String, String> {
    let open =
        fs::is_open_to_others(path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
    if open {
        return Err(format!(
            "others can read `{name}`; make it private with `chmod 600 {name}`"
        ));
    }
    let text = fs::read_text(path, name).map_err(|error| error.message().to_owned())?;
    let secret = text.text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        Err(format!("`{name}` is empty"))
    } else {
        Ok(secret.to_owned())
    }
}

/// Whether a host is this machine by its name alone; nothing is resolved.
pub fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Err(_) => host == "::1",
    }
}

/// `90s`, `30m`, `6h`, `2d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(
        Duration::from_secs(number.parse::<u32>().ok()?.into())
            .saturating_mul(u32::try_from(seconds).ok()?),
    )
}
