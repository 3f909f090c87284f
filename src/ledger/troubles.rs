//! What runs of a timer could not do, and what of it the author was told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::identity::{get, set};
use super::{Ledger, LedgerError};

/// What the last run of a timer could not do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Troubles {
    /// When it ran.
    pub at: DateTime<Utc>,
    /// Each in a line.
    pub told: Vec<String>,
}

impl Ledger {
    /// What the last run of a timer could not do; `None` if it did all that there was.
    pub fn troubles(&mut self) -> Result<Option<Troubles>, LedgerError> {
        let text = self.store.read(|session| get(session, "troubles"))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps what this run could not do; nothing in the place of what is over.
    pub fn set_troubles(&mut self, troubles: Option<&Troubles>) -> Result<(), LedgerError> {
        if troubles.is_none()
            && self
                .store
                .read(|session| get(session, "troubles"))?
                .is_none()
        {
            return Ok(());
        }
        let text = troubles.map(serde_json::to_string).transpose();
        let text = text.map_err(|error| LedgerError::Unknown(error.to_string()))?;
        // An empty text is no troubles, as nothing is.
        let text = text.unwrap_or_default();
        self.store.write(|session| set(session, "troubles", &text))
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
