//! Readers who come and go by themselves: what a sign-up is, what a reader prefers, and what follows
//! from a request. The ledger keeps it, and `subscribers.csv` stays the author's own.

mod limits;
mod network;
mod page;
pub mod request;
mod standing;

pub use limits::{Limits, Mood, Recent, Turn};
pub use network::network_of;
pub use page::{Choice, Field, Form, Link, ReaderPage};
pub use standing::{Answer, Standing};

use chrono::{DateTime, Utc};

use crate::address::EmailAddress;
use crate::token::AddressKey;

/// Length of what binds a confirmation to one request, in bytes.
pub const NONCE_LENGTH: usize = 16;

/// Binds a link of confirmation to one request, so that a newer request ends it.
pub type Nonce = [u8; NONCE_LENGTH];

/// Where a sign-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignUpState {
    /// Somebody asked for the address; whoever reads its mail has not confirmed it.
    Asked,
    /// Its reader confirmed it: on the roster.
    Confirmed,
    /// Its reader left, or was taken out. Only a new request, confirmed, leads back.
    Left,
}

impl SignUpState {
    /// The word in the ledger and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Confirmed => "confirmed",
            Self::Left => "left",
        }
    }

    /// Takes back what [`Self::as_str`] gave.
    pub fn from_stored(word: &str) -> Option<Self> {
        [Self::Asked, Self::Confirmed, Self::Left]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// When something was asked for, and from which address of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: DateTime<Utc>,
    /// The client's address; empty once it was erased.
    pub from: String,
}

/// What a reader saw and agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// When the button was pressed, and from where.
    pub act: Act,
    /// The words on the page with the button.
    pub text: String,
    /// Version of the form and its page.
    pub form: String,
}

/// One address for which somebody asked, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUp {
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// The address; `None` once it was erased.
    pub address: Option<EmailAddress>,
    /// The name that was given, cleaned; may be empty.
    pub name: String,
    /// The tags that were chosen, lower case.
    pub tags: Vec<String>,
    /// Where it stands.
    pub state: SignUpState,
    /// The latest request.
    pub asked: Act,
    /// The latest confirmation.
    pub consent: Option<Consent>,
    /// When its reader left.
    pub left_at: Option<DateTime<Utc>>,
}

/// What a reader has set on the page of preferences. It goes over the tags of the roster's row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preference {
    /// Which of the tags that `[signup] tags` offers; `None` where the reader never chose.
    pub tags: Option<Vec<String>>,
    /// No mail before this instant.
    pub paused_until: Option<DateTime<Utc>>,
}

impl Preference {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.tags.is_none() && self.paused_until.is_none()
    }

    /// The tags of a row of the roster as its reader wants them: those that are offered are the
    /// reader's choice, the others are the author's own.
    pub fn over(&self, tags: Vec<String>, offered: &[String]) -> Vec<String> {
        let Some(chosen) = &self.tags else {
            return tags;
        };
        let is_offered = |tag: &String| offered.iter().any(|one| one.to_lowercase() == *tag);
        let mut tags: Vec<String> = tags.into_iter().filter(|tag| !is_offered(tag)).collect();
        tags.extend(chosen.iter().filter(|tag| is_offered(tag)).cloned());
        tags
    }

    /// Whether mail rests at an instant.
    pub fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }
}
