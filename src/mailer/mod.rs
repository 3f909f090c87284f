//! The mailer: our side of the conversation with a relay, and the only place that knows SMTP.
//!
//! It never decides what a refusal means for a delivery and never writes to the ledger; it reports
//! at which step something happened. Between the body and the final dot it asks its caller, so
//! that an intent can be made durable there.

mod connect;
mod login;
mod message;
mod reply;
mod session;
mod tls;
mod wire;

use std::time::Duration;

use thiserror::Error;

use crate::delivery::{Reply, Step};

pub use connect::Relay;
pub use message::{Envelope, WireMessage};
pub use session::Session;
pub use wire::Stream;

/// How long each step may take (RFC 5321 §4.5.3.2). A short wait at the dot makes duplicates:
/// the relay accepts while we give up (RFC 1047).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timers {
    /// TCP connection, per address.
    pub connect: Duration,
    /// Greeting.
    pub greeting: Duration,
    /// EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET.
    pub command: Duration,
    /// The answer to DATA.
    pub data: Duration,
    /// Writing one block of at most 64 KiB.
    pub block: Duration,
    /// The answer to the final dot.
    pub dot: Duration,
    /// The author's command for a token.
    pub token: Duration,
    /// QUIT, after which nothing matters any more.
    pub quit: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(30),
            greeting: seconds(300),
            command: seconds(300),
            data: seconds(120),
            block: seconds(180),
            dot: seconds(600),
            token: seconds(60),
            quit: seconds(5),
        }
    }
}

fn only_by(mechanisms: &str) -> String {
    if mechanisms.is_empty() {
        return String::new();
    }
    format!(", only by {mechanisms}")
}

/// Why there is no usable connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// The host is unknown, nobody listens, or the connection broke.
    #[error("the connection failed at {0}: {1}")]
    Broken(Step, String),
    /// The relay said no.
    #[error("the relay refused {0}: {1}")]
    Refused(Step, Reply),
    /// TLS is required and the relay does not offer STARTTLS.
    #[error("the relay offers no STARTTLS, and nothing may go unprotected")]
    NoStartTls,
    /// The handshake failed or the certificate is not to be trusted.
    #[error("no trustworthy TLS connection: {0}")]
    Tls(String),
    /// Plaintext arrived behind the answer to STARTTLS: someone on the way injects commands.
    #[error("the relay sent plaintext after STARTTLS; the connection is not safe")]
    Injected,
    /// The relay offers no way to log in that we know.
    #[error("the relay offers no login by {known}{}", only_by(.offered))]
    NoMechanism {
        /// What we could do with what is configured.
        known: &'static str,
        /// What the relay offers.
        offered: String,
    },
    /// The relay does not accept the name and the password, or the token.
    #[error("the relay does not accept the user name and password: {0}")]
    WrongPassword(Reply),
    /// The command gave no token.
    #[error("there is no token for the relay: {0}")]
    Token(String),
}

impl ConnectError {
    /// Whether trying again without a change of the configuration is pointless, or even harmful:
    /// repeated wrong passwords lock accounts.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Broken(..) | Self::Token(_) => false,
            // Also a temporary refusal of the password: asking again and again locks accounts.
            Self::Refused(step, reply) => reply.code >= 500 || *step == Step::Auth,
            Self::NoStartTls
            | Self::Tls(_)
            | Self::Injected
            | Self::NoMechanism { .. }
            | Self::WrongPassword(_) => true,
        }
    }
}
