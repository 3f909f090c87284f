//! What runs of a timer could not do, and what of it the author was told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::identity::{get, set};
use super::{Ledger, LedgerError};

/// What the last run of a timer could not do, or a server cannot do now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Troubles {
    /// When it ran.
    pub at: DateTime<Utc>,
    /// Each in a line.
    pub told: Vec<String>,
}

/// Who tells of troubles. Each knows its own, and takes back only these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// The run of a timer.
    Run,
    /// A server between its runs.
    Rounds,
    /// A server that reads mailboxes.
    Mailboxes,
    /// A server that answers readers.
    Readers,
}

impl Teller {
    const ALL: [Self; 4] = [Self::Run, Self::Rounds, Self::Mailboxes, Self::Readers];

    /// How it begins to tell of them.
    pub fn says(self) -> &'static str {
        match self {
            Self::Run => "the last run by the clock could not do all",
            Self::Rounds => "`serve` cannot do all",
            Self::Mailboxes => "`serve` cannot take all mail that came back",
            Self::Readers => "`serve` cannot do all for its readers",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Run => "troubles",
            Self::Rounds => "troubles_of_rounds",
            Self::Mailboxes => "troubles_of_mailboxes",
            Self::Readers => "troubles_of_readers",
        }
    }
}

impl Ledger {
    /// What the last run of a timer could not do, and a server cannot do now, each line once; nothing
    /// if all that there was is done.
    pub fn troubles(&mut self) -> Result<Vec<(Teller, Troubles)>, LedgerError> {
        let mut all: Vec<(Teller, Troubles)> = Vec::new();
        for teller in Teller::ALL {
            let Some(mut more) = self.troubles_of(teller)? else {
                continue;
            };
            let is_told = |line: &String| all.iter().any(|(_, known)| known.told.contains(line));
            more.told.retain(|line| !is_told(line));
            if !more.told.is_empty() {
                all.push((teller, more));
            }
        }
        Ok(all)
    }

    fn troubles_of(&mut self, teller: Teller) -> Result<Option<Troubles>, LedgerError> {
        let text = self.store.read(|session| get(session, teller.key()))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps what could not be done; nothing in the place of what is over.
    pub fn set_troubles(
        &mut self,
        teller: Teller,
        troubles: Option<&Troubles>,
    ) -> Result<(), LedgerError> {
        if troubles.is_none() && self.troubles_of(teller)?.is_none() {
            return Ok(());
        }
        let text = troubles.map(serde_json::to_string).transpose();
        let text = text.map_err(|error| LedgerError::Unknown(error.to_string()))?;
        // An empty text is no troubles, as nothing is.
        let text = text.unwrap_or_default();
        self.store
            .write(|session| set(session, teller.key(), &text))
    }

    /// What the author was told, and when.
    pub fn told(&mut self) -> Result<BTreeMap<String, DateTime<Utc>>, LedgerError> {
        let text = self.store.read(|session| get(session, "told"))?;
        Ok(text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }

    /// Keeps what the author was told.
    pub fn set_told(&mut self, told: &BTreeMap<String, DateTime<Utc>>) -> Result<(), LedgerError> {
        let text =
            serde_json::to_string(told).map_err(|error| LedgerError::Unknown(error.to_string()))?;
        self.store.write(|session| set(session, "told", &text))
    }
}
