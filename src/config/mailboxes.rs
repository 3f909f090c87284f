//! `[bounces] maildir` and `imap`: where mail that came back lies.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::raw::RawBounces;
use super::reader::{Origin, Reader, Value};
use super::relay::{percent_decode, read_secret};
use super::{Secret, Security, host_of, is_loopback};
use crate::diagnostic::Diagnostic;

/// Where mail that came back lies.
#[derive(Debug, Clone, Default)]
pub struct Mailboxes {
    /// A Maildir on this machine.
    pub maildir: Option<PathBuf>,
    /// A mailbox that is read over IMAP.
    pub imap: Option<ImapConfig>,
}

/// A mailbox on a server.
#[derive(Debug, Clone)]
pub struct ImapConfig {
    /// Protection of the connection.
    pub security: Security,
    /// Host name or address of the server.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User name.
    pub username: String,
    /// What proves it.
    pub secret: Secret,
    /// The mailbox on the server, mostly `INBOX`.
    pub mailbox: String,
    /// Where mails go that were taken; where they are if there is none.
    pub move_to: Option<String>,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
}

impl PartialEq for ImapConfig {
    /// The same mailbox, whatever opens it.
    fn eq(&self, other: &Self) -> bool {
        self.shown() == other.shown()
    }
}

impl Eq for ImapConfig {}

impl ImapConfig {
    /// The mailbox as it may be shown: without the password.
    pub fn shown(&self) -> String {
        let scheme = match self.security {
            Security::Implicit => "imaps",
            Security::StartTls | Security::Plain => "imap",
        };
        let Self { host, port, .. } = self;
        format!(
            "{scheme}://{}@{host}:{port}/{}",
            self.username, self.mailbox
        )
    }
}

impl Reader<'_> {
    pub(super) fn mailboxes(&self, raw: &RawBounces) -> Result<Mailboxes, Diagnostic> {
        let maildir = self.value("BOUNCES_MAILDIR", raw.maildir.clone());
        let imap = self.value("BOUNCES_IMAP", raw.imap.clone());
        Ok(Mailboxes {
            maildir: maildir.map(|value| self.folder.join(value.text.trim())),
            imap: imap.map(|value| self.imap(&value, raw)).transpose()?,
        })
    }

    fn imap(&self, value: &Value, raw: &RawBounces) -> Result<ImapConfig, Diagnostic> {
        let hint =
            "write it as `imaps://USER@HOST/INBOX`; `%40` stands for an `@` in the user's name";
        let wrong = |message: &str| self.wrong(value, message).hint(hint);
        let url = Url::parse(value.text.trim());
        let url =
            url.map_err(|error| wrong("the mailbox's address cannot be read").cause(error))?;
        if url.password().is_some() {
            // The line is named and not shown: what is shown ends up in logs and screenshots.
            let told = match &value.origin {
                Origin::File(range) => {
                    let (line, _) = self.source.line_and_column(range.start);
                    format!(
                        "`{}` holds a password in `[bounces] imap` (line {line})",
                        self.source.name
                    )
                }
                Origin::Variable(name) => format!("`{name}` holds a password"),
            };
            return Err(Diagnostic::error(told).hint(
                "take it out and set `imap_password_file`, or the variable POSTRIDER_IMAP_PASSWORD",
            ));
        }
        let host = host_of(&url).to_owned();
        let security = match url.scheme() {
            "imaps" => Security::Implicit,
            // A server on this machine is not reached over a wire.
            "imap" if is_loopback(&host) && raw.imap_ca_file.is_none() => Security::Plain,
            "imap" => Security::StartTls,
            _ => return Err(wrong("the mailbox's address is not one for IMAP")),
        };
        let username = percent_decode(url.username());
        let mailbox = percent_decode(url.path().trim_start_matches('/'));
        if host.is_empty() || username.is_empty() || username.chars().any(char::is_control) {
            return Err(wrong("the mailbox's address names no user or no host"));
        }
        let mailbox = if mailbox.is_empty() {
            "INBOX".to_owned()
        } else {
            mailbox
        };
        let move_to = self.value("BOUNCES_IMAP_MOVE_TO", raw.imap_move_to.clone());
        for name in [
            Some((&mailbox, value)),
            move_to.as_ref().map(|value| (&value.text, value)),
        ] {
            if let Some((name, value)) = name
                && !is_mailbox_name(name)
            {
                return Err(self
                    .wrong(value, "this name of a mailbox is not understood")
                    .hint("give it a name of ASCII letters, such as `Postrider`"));
            }
        }
        Ok(ImapConfig {
            security,
            port: url.port().unwrap_or(if security == Security::Implicit {
                993
            } else {
                143
            }),
            host,
            secret: self.imap_secret(raw, &username)?,
            username,
            mailbox,
            move_to: move_to.map(|value| value.text),
            ca_file: self
                .value("BOUNCES_IMAP_CA_FILE", raw.imap_ca_file.clone())
                .map(|value| self.folder.join(value.text)),
        })
    }

    fn imap_secret(&self, raw: &RawBounces, username: &str) -> Result<Secret, Diagnostic> {
        let password = |text: String| Secret::Password(SecretString::from(text));
        if let Some(given) = self.environment.get("IMAP_PASSWORD") {
            return Ok(password(given.to_owned()));
        }
        let file = self.value("IMAP_PASSWORD_FILE", raw.imap_password_file.clone());
        if let Some(command) = &raw.imap_token_command {
            return self.token_command(command, file.as_ref(), "imap_token_command");
        }
        let Some(file) = file else {
            return Err(Diagnostic::error(format!(
                "there is a user name for the mailbox (`{username}`) and no password"
            ))
            .hint(
                "set `imap_password_file` or `imap_token_command` in `[bounces]`, or the variable POSTRIDER_IMAP_PASSWORD",
            ));
        };
        let read = read_secret(&self.folder.join(&file.text), &file.text);
        read.map(password)
            .map_err(|message| self.wrong(&file, message))
    }
}

/// RFC 9051 §5.1: other characters have an encoding that older servers know by another name.
fn is_mailbox_name(name: &str) -> bool {
    let is_plain = |sign: char| matches!(sign, ' '..='~') && !"%*&".contains(sign);
    !name.is_empty() && name.len() <= 200 && name.chars().all(is_plain)
}
