//! Suppressions: addresses that must not be mailed, and why. They beat everything.

use chrono::{DateTime, Utc};

use crate::token::AddressKey;

/// Why an address must not be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The reader asked for it.
    Unsubscribed,
    /// The address does not exist.
    Bounced,
    /// The reader reported the mail as spam.
    Complained,
    /// The author decided it.
    Operator,
}

impl Reason {
    /// The word in the ledger and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Operator => "operator",
        }
    }

    /// The reason of a word; an unknown one keeps mail away as the author's decision would.
    pub fn from_stored(word: &str) -> Self {
        match word {
            "unsubscribed" => Self::Unsubscribed,
            "bounced" => Self::Bounced,
            "complained" => Self::Complained,
            _ => Self::Operator,
        }
    }
}

/// One suppressed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Keyed hash of the address: what is compared.
    pub key: AddressKey,
    /// The address, where it is still known.
    pub address: Option<String>,
    /// Why.
    pub reason: Reason,
    /// Who or what said so: `command`, `token`, `relay`, `report`, `mail`.
    pub source: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The relay's last words, or those of a report, where that was the reason.
    pub evidence: Option<String>,
}
