//! The mailbox that reports go to, read over IMAP (RFC 9051, and RFC 3501 where servers are older).
//!
//! Of the protocol it knows what taking mail needs: look for mails that are newer than one, fetch the
//! beginning of each, mark it as seen or move it. Nothing is ever deleted. Every answer is bounded in
//! size and time, and what is not understood ends the conversation: the next one begins anew.
//!
//! It is our own because the parser of the one that is kept well (imap-proto 0.17, below async-imap
//! 0.12) ends the process on answers that a server can give: it unwraps `INTERNALDATE NIL`, and follows
//! nested brackets without a bound until the stack is used up.

mod login;
mod session;
mod wire;

use std::time::Duration;

use thiserror::Error;

pub use login::Tokens;
pub use session::Mailbox;

/// How long each step may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImapTimers {
    /// TCP connection, per address, and the handshake of TLS.
    pub connect: Duration,
    /// The answer to a command.
    pub answer: Duration,
    /// The answer that brings a mail.
    pub mail: Duration,
    /// The command that gives a token.
    pub token: Duration,
}

impl Default for ImapTimers {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            answer: Duration::from_mins(1),
            mail: Duration::from_mins(3),
            token: Duration::from_mins(1),
        }
    }
}

/// Why a mailbox cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImapError {
    /// The host is unknown, nobody listens, or the connection broke.
    #[error("the connection failed: {0}")]
    Broken(String),
    /// The certificate is not to be trusted.
    #[error("the server cannot prove who it is: {0}")]
    Tls(String),
    /// The server does not offer protection, or something was slipped in before it.
    #[error("the connection cannot be protected: {0}")]
    Unprotected(&'static str),
    /// Name and password are wrong, or the token is not taken.
    #[error("the login was refused: {0}")]
    Login(String),
    /// There is no way of logging in that both sides know.
    #[error("the server takes no {0}")]
    NoLogin(&'static str),
    /// The command of the author's gave no token.
    #[error("there is no token: {0}")]
    Token(String),
    /// A command was refused.
    #[error("to {command} the server said: {told}")]
    Refused {
        /// The command's name.
        command: &'static str,
        /// The server's words.
        told: String,
    },
    /// The server does not keep to the protocol, or sends more than anybody needs.
    #[error("the server's answer is not understood: {0}")]
    Garbled(&'static str),
}
