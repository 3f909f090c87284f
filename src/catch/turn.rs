//! What a server does at a moment of the conversation, where it is not to do the usual.
//!
//! A [`Director`] makes a faulty relay out of the catcher: refusals, lost replies, closed
//! connections, silence. Without one the catcher never looks here.

use std::future::Future;
use std::pin::Pin;

/// A moment of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// A client has connected, and waits for the greeting.
    Greeting,
    /// EHLO or HELO came.
    Ehlo,
    /// MAIL came.
    Mail,
    /// RCPT came.
    Rcpt,
    /// DATA came, behind at least one recipient.
    Data,
    /// The first bytes of the message came.
    Body,
    /// The final dot came, and nothing is kept yet.
    Dot,
    /// The reply to the final dot has left.
    Answered,
    /// RSET came.
    Rset,
    /// QUIT came.
    Quit,
}

/// A connection that has come to a moment.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Where it stands.
    pub moment: Moment,
    /// Which connection, counted from 1.
    pub connection: u64,
    /// How many messages were kept on it.
    pub messages: usize,
    /// Whom it is about: at RCPT the one that is named, from DATA on all that were accepted.
    pub recipients: &'a [String],
}

/// What the server says at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The reply that belongs to what was done; nothing where nothing was done.
    Usual,
    /// The first half of that reply.
    HalfOfIt,
    /// Nothing.
    Nothing,
    /// These bytes, whatever they are.
    Bytes(Vec<u8>),
}

/// How it goes on behind that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// With the conversation.
    GoOn,
    /// The connection is closed, once everything said has left.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more is said, and the connection stays open.
    Silence,
}

/// What the server does at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whether it does what it is asked. At the dot that means: keeps the message for good.
    pub obeys: bool,
    /// What it says about it.
    pub says: Says,
    /// How it goes on.
    pub then: Then,
}

impl Turn {
    /// What a server without a director does.
    pub const USUAL: Self = Self {
        obeys: true,
        says: Says::Usual,
        then: Then::GoOn,
    };

    /// Does nothing but say this line, and goes on.
    #[must_use]
    pub fn refuse(reply: &str) -> Self {
        let says = Says::Bytes([reply.as_bytes(), b"\r\n"].concat());
        Self {
            obeys: false,
            says,
            then: Then::GoOn,
        }
    }

    /// The same, with another ending.
    #[must_use]
    pub fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    /// Does nothing and says nothing.
    #[must_use]
    pub fn ignore() -> Self {
        Self {
            obeys: false,
            says: Says::Nothing,
            then: Then::GoOn,
        }
    }

    /// Does what it is asked and says this about it.
    #[must_use]
    pub fn obey(says: Says) -> Self {
        Self {
            obeys: true,
            says,
            then: Then::GoOn,
        }
    }
}

/// Decides what a server does, moment by moment. Every connection asks for itself.
pub trait Director: Send + Sync {
    /// The connection waits until this is ready.
    fn turn<'a>(&'a self, arrival: Arrival<'a>) -> Pin<Box<dyn Future<Output = Turn> + Send + 'a>>;

    /// A connection was opened.
    fn opened(&self, connection: u64);

    /// A connection is at its end.
    fn closed(&self, connection: u64);
}
