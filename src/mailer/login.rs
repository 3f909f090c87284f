//! Logging in (RFC 4954): PLAIN and LOGIN with a password, XOAUTH2 with a token that a command of
//! the author's gives. Nothing said here may be logged.

use data_encoding::BASE64;
use lettre::transport::smtp::authentication::{Credentials as Password, Mechanism};
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::response::{Category, Code, Detail, Response, Severity};
use secrecy::{ExposeSecret, SecretString};

use super::ConnectError;
use super::connect::Opening;
use super::message::Extensions;
use super::reply::ReplyLines;
use crate::config::{Credentials, Secret};
use crate::delivery::Step;
use crate::token_command::{Token, TokenSource};

impl Opening<'_> {
    /// Logs in, or tells why not. A password and a fresh token are tried once: repeated wrong ones
    /// lock accounts.
    pub(super) async fn login(
        &mut self,
        extensions: &Extensions,
        credentials: &Credentials,
        tokens: Option<&TokenSource>,
    ) -> Result<(), ConnectError> {
        let offers = |name: &str| extensions.mechanisms.iter().any(|offered| offered == name);
        let username = &credentials.username;
        let reply = match (&credentials.secret, tokens) {
            (Secret::Password(password), _) if offers("PLAIN") => {
                self.exchange(Mechanism::Plain, username, password).await?
            }
            (Secret::Password(password), _) if offers("LOGIN") => {
                self.exchange(Mechanism::Login, username, password).await?
            }
            (Secret::TokenCommand { .. }, Some(tokens)) if offers("XOAUTH2") => {
                self.by_token(username, tokens).await?
            }
            (secret, _) => {
                return Err(ConnectError::NoMechanism {
                    known: match secret {
                        Secret::Password(_) => "PLAIN or LOGIN",
                        Secret::TokenCommand { .. } => "XOAUTH2",
                    },
                    offered: extensions.mechanisms.join(" "),
                });
            }
        };
        match reply.code {
            235 => Ok(()),
            500.. => Err(ConnectError::WrongPassword(reply.into_reply())),
            _ => Err(ConnectError::Refused(Step::Auth, reply.into_reply())),
        }
    }

    /// XOAUTH2. A token that was kept from an earlier connection may have expired before its time,
    /// so its refusal earns one try with a fresh one.
    async fn by_token(
        &mut self,
        username: &str,
        tokens: &TokenSource,
    ) -> Result<ReplyLines, ConnectError> {
        let token = tokens.get(None).await.map_err(ConnectError::Token)?;
        let reply = self.offer_token(username, &token).await?;
        if reply.code < 500 {
            return Ok(reply);
        }
        tokens.forget(&token).await;
        if !token.is_kept() {
            return Ok(reply);
        }
        let fresh = tokens
            .get(Some(&token))
            .await
            .map_err(ConnectError::Token)?;
        let reply = self.offer_token(username, &fresh).await?;
        if reply.code >= 500 {
            tokens.forget(&fresh).await;
        }
        Ok(reply)
    }

    async fn offer_token(
        &mut self,
        username: &str,
        token: &Token,
    ) -> Result<ReplyLines, ConnectError> {
        let response = format!("user={username}\x01auth=Bearer {}\x01\x01", token.expose());
        let command = format!("AUTH XOAUTH2 {}\r\n", BASE64.encode(response.as_bytes()));
        let reply = self.ask(Step::Auth, &command).await?;
        if reply.code == 334 {
            // The challenge tells in JSON what is wrong; an empty answer asks for the refusal.
            return self.ask(Step::Auth, "\r\n").await;
        }
        Ok(reply)
    }

    async fn exchange(
        &mut self,
        mechanism: Mechanism,
        username: &str,
        password: &SecretString,
    ) -> Result<ReplyLines, ConnectError> {
        let unusable = |error: lettre::transport::smtp::Error| {
            ConnectError::Broken(Step::Auth, error.to_string())
        };
        let credentials = Password::new(username.to_owned(), password.expose_secret().to_owned());
        let command = Auth::new(mechanism, credentials.clone(), None).map_err(unusable)?;
        let mut reply = self.ask(Step::Auth, &command.to_string()).await?;
        // LOGIN asks twice: for the name and for the password.
        for _ in 0..2 {
            if reply.code != 334 {
                break;
            }
            let code = Code::new(
                Severity::PositiveIntermediate,
                Category::Unspecified3,
                Detail::Four,
            );
            let challenge = Response::new(code, reply.lines);
            let answer = Auth::new_from_response(mechanism, credentials.clone(), &challenge)
                .map_err(unusable)?;
            reply = self.ask(Step::Auth, &answer.to_string()).await?;
        }
        Ok(reply)
    }
}
