//! What a running server writes down of its rounds, for whoever asks from another process.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::identity::{get, set};
use super::{Ledger, LedgerError};

/// How the rounds stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundsNote {
    /// Process and machine.
    pub who: String,
    /// When clock and folder were last looked at, as far as it was written down.
    pub looked_at: DateTime<Utc>,
    /// Title of the issue that is being mailed.
    pub sending: Option<String>,
    /// The next issue to be mailed: slug and time.
    pub next_due: Option<(String, DateTime<Utc>)>,
    /// When the sender last ended a run, and what that came to.
    pub last_run: Option<(DateTime<Utc>, Vec<String>)>,
    /// What went wrong last, and when. It may be mended since.
    pub last_error: Option<(DateTime<Utc>, String)>,
    /// When that which could not be done is tried again.
    pub again_at: Option<DateTime<Utc>>,
}

impl RoundsNote {
    /// Whether what went wrong last is this trouble, with its reason.
    pub fn explains(&self, trouble: &str) -> bool {
        let told = self.last_error.as_ref();
        told.is_some_and(|(_, told)| told.starts_with(trouble))
    }
}

impl Ledger {
    /// How the rounds stand; `None` where no server runs, or ever ran.
    pub fn rounds(&mut self) -> Result<Option<RoundsNote>, LedgerError> {
        let text = self.store.read(|session| get(session, "rounds"))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Writes down how the rounds stand; nothing when they are over.
    pub fn set_rounds(&mut self, note: Option<&RoundsNote>) -> Result<(), LedgerError> {
        let text = note.map(serde_json::to_string).transpose();
        let text = text.map_err(|error| LedgerError::Unknown(error.to_string()))?;
        let text = text.unwrap_or_default();
        self.store.write(|session| set(session, "rounds", &text))
    }
}
