//! The relay: its address, secrets, and where they come from.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;
use toml::Spanned;
use url::Url;

use super::raw::RawSmtp;
use super::reader::{Origin, Reader, Value};
use super::{Credentials, Secret, Security, SmtpConfig, host_of, is_loopback};
use crate::diagnostic::Diagnostic;
use crate::fs;

impl Reader<'_> {
    /// A name for the DNS: letters, digits and dashes.
    pub(super) fn dns_name(&self, value: &Value) -> Result<String, Diagnostic> {
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

    /// `[smtp]`, and behind it each `[[smtp.fallback]]`.
    pub(super) fn relays(&self, mut raw: RawSmtp) -> Result<Vec<SmtpConfig>, Diagnostic> {
        let fallbacks = std::mem::take(&mut raw.fallback);
        let mut relays: Vec<SmtpConfig> = self.relay(raw, "SMTP")?.into_iter().collect();
        for (index, fallback) in fallbacks.into_iter().enumerate() {
            let place = fallback.span();
            let wrong = |message: &str| Diagnostic::error(message).at(self.source, place.clone());
            let fallback = fallback.into_inner();
            if !fallback.fallback.is_empty() {
                return Err(
                    wrong("a relay that stands in for another has no fallback of its own").hint(
                        "write each of them as `[[smtp.fallback]]`, in the order of their use",
                    ),
                );
            }
            // The first relay is number 1.
            let relay = self.relay(fallback, &format!("SMTP_{}", index + 2))?;
            let relay = relay.ok_or_else(|| {
                wrong("this relay has no `url`").hint("write `url = \"smtps://HOST:465\"`")
            })?;
            if relays.is_empty() {
                return Err(wrong("there is no relay for this one to stand in for")
                    .hint("set `url` under `[smtp]`"));
            }
            if relays.iter().any(|other| other.is_the_same_as(&relay)) {
                return Err(wrong("this relay is there already, with the same user")
                    .hint("what is down is down for both: take one of them out"));
            }
            relays.push(relay);
        }
        Ok(relays)
    }

    /// One relay; its variables begin with `prefix`.
    fn relay(&self, raw: RawSmtp, prefix: &str) -> Result<Option<SmtpConfig>, Diagnostic> {
        let name = |key: &str| format!("{prefix}_{key}");
        let Some(value) = self.value(&name("URL"), raw.url) else {
            return Ok(None);
        };
        let url = self.relay_url(&value)?;
        let host = host_of(&url).to_owned();
        let ca_file = self
            .value(&name("CA_FILE"), raw.ca_file)
            .map(|value| self.folder.join(value.text));
        let username = self.value(&name("USERNAME"), raw.username);
        let password_file = self.value(&name("PASSWORD_FILE"), raw.password_file);
        let token_command = raw
            .token_command
            .map(|value| self.token_command(&value, password_file.as_ref(), "token_command"))
            .transpose()?;
        let password = self.environment.get(&name("PASSWORD"));
        let credentials =
            self.credentials(&url, username, password, password_file, token_command)?;
        let connections = self.number(
            &name("CONNECTIONS"),
            raw.connections,
            1..=100,
            "connections",
        )?;
        let per_connection = self.number(
            &name("MESSAGES_PER_CONNECTION"),
            raw.messages_per_connection,
            1..=1_000_000,
            "messages_per_connection",
        )?;
        let daily = self.number(&name("DAILY"), raw.daily, 1..=1_000_000_000, "daily")?;
        let has_secret = credentials.is_some();
        let security = self.security(&value, &url, has_secret, ca_file.is_some())?;
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
            connections: connections.unwrap_or(4),
            // Who names a number knows the relay; else it is felt out.
            first_connections: connections.unwrap_or(2),
            helo: self
                .value(&name("HELO"), raw.helo)
                .map(|value| self.helo(&value))
                .transpose()?,
            ca_file,
            messages_per_connection: per_connection.unwrap_or(100),
            rate: self.rate(&name("RATE"), raw.rate)?,
            daily: daily.map(|messages| messages as u64),
        }))
    }

    /// How the conversation with the relay of this URL is protected.
    fn security(
        &self,
        value: &Value,
        url: &Url,
        has_secret: bool,
        has_authority: bool,
    ) -> Result<Security, Diagnostic> {
        let local = is_loopback(host_of(url));
        let security = match url.scheme() {
            "smtps" => Security::Implicit,
            "smtp+plain" => Security::Plain,
            // A relay on this machine is not reached over a wire. With a password to protect, or
            // a certificate to check it by, TLS is wanted even there.
            _ if local && !has_secret && !has_authority => Security::Plain,
            _ => Security::StartTls,
        };
        if security == Security::Plain && has_secret && !local {
            return Err(self
                .wrong(
                    value,
                    "the password would go to another machine unprotected",
                )
                .hint("use `smtps://` or `smtp://`"));
        }
        Ok(security)
    }

    /// Messages a second.
    fn rate(&self, name: &str, spanned: Option<Spanned<f64>>) -> Result<Option<f64>, Diagnostic> {
        let Some((rate, value)) = self.parsed(name, spanned)? else {
            return Ok(None);
        };
        if (0.01..=100_000.0).contains(&rate) {
            return Ok(Some(rate));
        }
        let told = "`rate` must be between 0.01 and 100000 messages a second";
        let wrong = self.wrong(&value, told);
        Err(if rate == 0.0 {
            wrong.hint("leave it out to send as fast as the relay takes it; `postrider pause` stops an issue")
        } else {
            wrong.hint("write `14`, or `0.5` for one in two seconds")
        })
    }

    fn number(
        &self,
        name: &str,
        spanned: Option<Spanned<usize>>,
        range: RangeInclusive<usize>,
        key: &str,
    ) -> Result<Option<usize>, Diagnostic> {
        let Some((number, value)) = self.parsed(name, spanned)? else {
            return Ok(None);
        };
        if range.contains(&number) {
            return Ok(Some(number));
        }
        let (least, most) = (range.start(), range.end());
        let told = format!("`{key}` must be between {least} and {most}");
        Err(self.wrong(&value, told))
    }

    /// A number of the file or of the variable that takes its place, with where it stands.
    fn parsed<T: FromStr>(
        &self,
        name: &str,
        spanned: Option<Spanned<T>>,
    ) -> Result<Option<(T, Value)>, Diagnostic> {
        if let Some(value) = self.value(name, None) {
            let number = value.text.trim().parse();
            let number = number.map_err(|_| self.wrong(&value, "this is not a number"))?;
            return Ok(Some((number, value)));
        }
        Ok(spanned.map(|spanned| {
            let (text, origin) = (String::new(), Origin::File(spanned.span()));
            (spanned.into_inner(), Value { text, origin })
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
        given_password: Option<&str>,
        password_file: Option<Value>,
        token_command: Option<Secret>,
    ) -> Result<Option<Credentials>, Diagnostic> {
        let decode = |text: &str| percent_decode(text);
        let username = match username {
            Some(value) => self.line(&value)?,
            None if url.username().is_empty() => return Ok(None),
            None => decode(url.username()),
        };
        let password = |text: String| Secret::Password(SecretString::from(text));
        let secret = if let Some(text) = given_password {
            password(text.to_owned())
        } else if let Some(command) = token_command {
            command
        } else if let Some(value) = password_file {
            let read = read_secret(&self.folder.join(&value.text), &value.text);
            password(read.map_err(|message| self.wrong(&value, message))?)
        } else if let Some(text) = url.password() {
            password(decode(text))
        } else {
            return Err(Diagnostic::error(format!(
                "there is a user name for the relay (`{username}`) and no password"
            ))
            .hint("set `password_file` or `token_command` in `[smtp]`, or the variable POSTRIDER_SMTP_PASSWORD"));
        };
        Ok(Some(Credentials { username, secret }))
    }

    /// A program and its arguments. A program with a slash in it lies in the publication's folder.
    pub(super) fn token_command(
        &self,
        value: &Spanned<Vec<String>>,
        password_file: Option<&Value>,
        key: &str,
    ) -> Result<Secret, Diagnostic> {
        let wrong = |message: &str| Diagnostic::error(message).at(self.source, value.span());
        if password_file.is_some() {
            let file = key.replace("token_command", "password_file");
            return Err(wrong(&format!("there is `{file}` as well")).hint(
                "a server is logged in to by a password or by a token: take one of them out",
            ));
        }
        let words = value.get_ref();
        match words.split_first() {
            Some((program, arguments)) if !program.is_empty() && !words.concat().contains('\0') => {
                let program = if program.contains('/') {
                    self.folder.join(program)
                } else {
                    PathBuf::from(program)
                };
                Ok(Secret::TokenCommand {
                    program,
                    arguments: arguments.to_vec(),
                })
            }
            _ => Err(wrong(&format!("`{key}` names no program")).hint(
                "write it as an array, the program first: `[\"oauth-token\", \"letters\"]`; no shell reads it",
            )),
        }
    }

    /// RFC 5321 §4.1.1.1: a domain name, or an address in brackets (§4.1.3).
    fn helo(&self, value: &Value) -> Result<String, Diagnostic> {
        let text = value.text.trim();
        let literal = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .is_some_and(|text| match text.strip_prefix("IPv6:") {
                Some(text) => text.parse::<std::net::Ipv6Addr>().is_ok(),
                None => text.parse::<std::net::Ipv4Addr>().is_ok(),
            });
        if literal {
            return Ok(text.to_owned());
        }
        self.dns_name(value).map_err(|error| {
            error.hint("write the name of this machine in the DNS, `mail.example.org`, or its address as `[192.0.2.1]` or `[IPv6:2001:db8::1]`")
        })
    }
}

pub(super) fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

pub(super) fn read_secret(path: &Path, name: &str) -> Result<String, String> {
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
