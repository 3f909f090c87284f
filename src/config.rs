//! Configuration: `postrider.toml` plus the environment, read once into a checked [`Config`].
//!
//! A `POSTRIDER_*` variable overrides the key of the same name. Secrets come from the environment
//! or from a file of mode 0600, never from `postrider.toml` and never from a flag.

mod bounces;
mod feeds;
mod mailboxes;
mod raw;
mod reader;
mod relay;
mod serve;
mod signature;
mod signup;
mod theme;
mod waits;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use crate::address::{EmailAddress, Mailbox};
use crate::bounce::rules::Rules;
use crate::check::Silence;
use crate::delivery::RetryRules;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::mailer::Timers;
use crate::schedule::Slots;
use crate::words::OwnWords;

pub use feeds::Logo;
pub use mailboxes::{ImapConfig, Mailboxes};
pub use serve::{Network, ServeConfig};
pub use signup::SignUpConfig;

pub use theme::{THEMES_FOLDER, own_themes};

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
    /// Name of the theme: a built-in one or a folder in `themes/`.
    pub theme: String,
    /// What the author wants to be said otherwise.
    pub words: OwnWords,
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
    /// Who may do what with the essays; may be empty.
    pub copyright: String,
    /// The publication's picture.
    pub logo: Option<Logo>,
    /// How many of the newest issues the feeds hold.
    pub feed_entries: usize,
    /// Addresses of the hubs that tell subscribers of the feeds what is new (WebSub).
    pub hubs: Vec<String>,
    /// When issues go out by custom.
    pub slots: Slots,
    /// When an address that fails is suppressed.
    pub bounce_rules: Rules,
    /// Where mail that came back lies.
    pub mailboxes: Mailboxes,
    /// Who hears of a run by a timer that fails.
    pub notify: Option<EmailAddress>,
    /// The ledger that may send this publication, once there was a real send.
    pub ledger_id: Option<String>,
    /// How messages are signed; `None` where the relay does it.
    pub dkim: Option<DkimConfig>,
    /// The server that readers ask.
    pub serve: ServeConfig,
    /// What who signs up may choose, and gets.
    pub sign_up: SignUpConfig,
    /// The domain that receives reports of failure; `None` where they go to `from`.
    pub bounces_domain: Option<String>,
    /// The relays in the order in which they are used; none until there is one.
    pub relays: Vec<SmtpConfig>,
    /// Rules of `check` that the author does not want to hear of.
    pub silence: Silence,
    /// When a delivery is tried again, and when it is given up.
    pub retry: RetryRules,
    /// How long each step of a conversation may take.
    pub timers: Timers,
}

/// The DKIM signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimConfig {
    /// Domain of the signature: the sender's.
    pub domain: String,
    /// The key that every receiver knows how to use.
    pub rsa: DkimKey,
    /// A second one beside it, if the author wants it.
    pub ed25519: Option<DkimKey>,
}

/// One key of the DKIM signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimKey {
    /// Names the key in the DNS.
    pub selector: String,
    /// The private key in PEM, a file of mode 0600.
    pub key_file: PathBuf,
    /// What the DNS says of the key, as the author published it.
    pub record: Option<String>,
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
    /// Name and password or token, if the relay wants them.
    pub credentials: Option<Credentials>,
    /// Most connections at a time.
    pub connections: usize,
    /// How many to begin with.
    pub first_connections: usize,
    /// Name in EHLO; the address literal of our end if unset (RFC 5321 §4.1.1.1).
    pub helo: Option<String>,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// A connection is closed after this many messages.
    pub messages_per_connection: usize,
    /// Most messages a second.
    pub rate: Option<f64>,
    /// Most messages in any 24 hours.
    pub daily: Option<u64>,
}

/// How to log in at the relay.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// What proves it.
    pub secret: Secret,
}

/// What proves that we are who we say.
#[derive(Debug, Clone)]
pub enum Secret {
    /// A password; never printed.
    Password(SecretString),
    /// A program that prints a token for OAUTHBEARER or XOAUTH2; no shell is asked.
    TokenCommand {
        /// What is run.
        program: PathBuf,
        /// What it is given.
        arguments: Vec<String>,
    },
}

impl SmtpConfig {
    /// Whether this is the same relay with the same user.
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        (&self.host, self.port, self.username()) == (&other.host, other.port, other.username())
    }

    /// Who we are for the relay.
    pub fn username(&self) -> Option<&str> {
        let known = self.credentials.as_ref()?;
        Some(&known.username)
    }

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
/// Reads and checks the text of `postrider.toml`, with the environment over it. `folder` is where
/// relative file names start.
pub fn parse(
    source: &SourceText,
    environment: &Environment,
    folder: &Path,
) -> Result<Config, Diagnostic> {
    let raw = raw::read(source)?;
    reader::Reader {
        source,
        environment,
        folder,
    }
    .config(raw)
}

/// The host of a URL as a resolver wants it, an address of IPv6 without its brackets; empty if there
/// is none.
fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
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
