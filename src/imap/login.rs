//! Logging in: with a password (PLAIN, or the older LOGIN), or with a token of a command of the
//! author's (OAUTHBEARER, RFC 7628, or XOAUTH2), where a provider takes no passwords. Nothing said here
//! may be logged.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use super::ImapError;
use super::session::{Mailbox, quoted};
use crate::config::{ImapConfig, Secret};
use crate::token_command::{Token, TokenSource};

/// What stands in brackets where a server cannot let anybody in for now, whatever they prove
/// (RFC 5530, RFC 9051 §7.1). Every other refusal is about who asks, and is not tried again.
const FOR_NOW: [&str; 4] = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"];

/// Tokens between one look into a mailbox and the next: a provider that gives one for an hour is not
/// asked for another one every few minutes.
#[derive(Default)]
pub struct Tokens(Mutex<Option<Kept>>);

/// A command and what it gave.
struct Kept {
    program: PathBuf,
    arguments: Vec<String>,
    source: Arc<TokenSource>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// The tokens of this command. Those of another one are forgotten.
    fn of(&self, program: &PathBuf, arguments: &[String], limit: Duration) -> Arc<TokenSource> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref()
            && kept.program == *program
            && kept.arguments == arguments
        {
            return kept.source.clone();
        }
        let source = Arc::new(TokenSource::new(program, arguments, limit));
        *kept = Some(Kept {
            program: program.clone(),
            arguments: arguments.to_vec(),
            source: source.clone(),
        });
        source
    }
}

impl Mailbox {
    /// Logs in, or tells why not. Everything is tried once: repeated wrong passwords lock accounts.
    pub(super) async fn log_in(
        &mut self,
        config: &ImapConfig,
        tokens: &Tokens,
    ) -> Result<(), ImapError> {
        let answered = match &config.secret {
            Secret::Password(password) => self.by_password(&config.username, password).await,
            Secret::TokenCommand { program, arguments } => {
                let source = tokens.of(program, arguments, self.timers.token);
                self.by_token(config, &source).await
            }
        };
        let is_final = is_refusal_of_who_asks(&answered);
        match answered {
            Err(ImapError::Refused { told, .. }) if is_final => Err(ImapError::Login(told)),
            answered => answered,
        }
    }

    async fn by_password(&mut self, name: &str, password: &SecretString) -> Result<(), ImapError> {
        let password = password.expose_secret();
        if self.can("AUTH=PLAIN") {
            // RFC 4616, without the initial response that not every server takes.
            let secret = BASE64.encode(format!("\0{name}\0{password}").as_bytes());
            return self.authenticate("AUTHENTICATE PLAIN", &[&secret]).await;
        }
        // A quoted string holds no other characters (RFC 9051 §4.3).
        let is_plain = |text: &str| text.chars().all(|sign| (' '..='~').contains(&sign));
        if self.can("LOGINDISABLED") || !is_plain(name) || !is_plain(password) {
            return Err(ImapError::NoLogin("password"));
        }
        let command = format!("LOGIN {} {}", quoted(name), quoted(password));
        self.ask("LOGIN", &command, 0).await.map(drop)
    }

    /// A token that was kept from an earlier look may have expired before its time, so its refusal
    /// earns one try with a fresh one.
    async fn by_token(
        &mut self,
        config: &ImapConfig,
        source: &TokenSource,
    ) -> Result<(), ImapError> {
        if !self.can("AUTH=OAUTHBEARER") && !self.can("AUTH=XOAUTH2") {
            return Err(ImapError::NoLogin("token"));
        }
        let token = source.get(None).await.map_err(ImapError::Token)?;
        let answered = self.offer_token(config, &token).await;
        if !is_refusal_of_who_asks(&answered) {
            return answered;
        }
        source.forget(&token).await;
        if !token.is_kept() {
            return answered;
        }
        let fresh = source.get(Some(&token)).await.map_err(ImapError::Token)?;
        if fresh.expose() == token.expose() {
            source.forget(&fresh).await;
            return answered;
        }
        let answered = self.offer_token(config, &fresh).await;
        if is_refusal_of_who_asks(&answered) {
            source.forget(&fresh).await;
        }
        answered
    }

    async fn offer_token(&mut self, config: &ImapConfig, token: &Token) -> Result<(), ImapError> {
        let token = token.expose();
        let ImapConfig {
            username,
            host,
            port,
            ..
        } = config;
        // A server that refuses tells why in JSON first, and refuses after an answer to that: an
        // empty one, or a byte 1 (RFC 7628 §3.2.3).
        if self.can("AUTH=OAUTHBEARER") {
            // RFC 5801 §4: these two would end the name.
            let name = username.replace('=', "=3D").replace(',', "=2C");
            let said =
                format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01");
            let said = BASE64.encode(said.as_bytes());
            let lines = [said.as_str(), "AQ=="];
            return self.authenticate("AUTHENTICATE OAUTHBEARER", &lines).await;
        }
        let said = format!("user={username}\x01auth=Bearer {token}\x01\x01");
        let said = BASE64.encode(said.as_bytes());
        let lines = [said.as_str(), ""];
        self.authenticate("AUTHENTICATE XOAUTH2", &lines).await
    }

    async fn authenticate(&mut self, command: &str, lines: &[&str]) -> Result<(), ImapError> {
        self.ask_with("LOGIN", command, lines).await.map(drop)
    }
}

/// Whether an answer says that this name does not get in with this.
fn is_refusal_of_who_asks(answered: &Result<(), ImapError>) -> bool {
    matches!(answered, Err(ImapError::Refused { told, .. }) if !is_for_now(told))
}

/// Whether the code of a refusal says that it is for now. Only what stands right behind `NO` is a
/// code (RFC 9051 §7.1); words that look like one are words.
fn is_for_now(told: &str) -> bool {
    let code = told
        .split_once(' ')
        .and_then(|(_, rest)| rest.trim_start().strip_prefix('['))
        .and_then(|rest| rest.split([']', ' ']).next());
    code.is_some_and(|code| FOR_NOW.iter().any(|known| code.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::is_for_now;

    #[test]
    fn a_code_tells_a_server_that_is_busy_from_a_wrong_password() {
        for told in [
            "NO [UNAVAILABLE] the directory is down",
            "NO [unavailable] the directory is down",
            "NO [INUSE] later",
            "BAD [SERVERBUG] oh",
        ] {
            assert!(is_for_now(told), "{told}");
        }
        for told in [
            "NO [AUTHENTICATIONFAILED] no",
            "NO [AUTHORIZATIONFAILED] [UNAVAILABLE]",
            "NO [EXPIRED] change it",
            "NO the password is not [UNAVAILABLE] here",
            "NO UNAVAILABLE",
            "NO",
            "BAD [",
            "",
        ] {
            assert!(!is_for_now(told), "{told}");
        }
    }
}
