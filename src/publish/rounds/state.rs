//! What the rounds do and know, for pages and probes that look from other threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::publish::Progress;

/// What the sender does now.
#[derive(Debug, Clone, Default)]
pub enum Doing {
    /// Nothing goes out.
    #[default]
    Nothing,
    /// Getting ready to send.
    Preparing,
    /// Mailing an issue.
    Sending {
        /// Its title.
        title: String,
        /// How many messages were open when it began.
        total: u64,
        /// How far it is.
        progress: Arc<Progress>,
    },
}

/// What the rounds do and know.
#[derive(Debug, Clone, Default)]
pub struct RoundsState {
    /// When clock and folder were last looked at; `None` before the first time.
    pub looked_at: Option<DateTime<Utc>>,
    /// How often they were looked at.
    pub looks: u64,
    /// Whether the next look waits for something that may take long: pages are written, or the author
    /// is told.
    pub is_occupied: bool,
    /// What the sender does now, beside the looks.
    pub doing: Doing,
    /// The next issue to be mailed: slug and time.
    pub next_due: Option<(String, DateTime<Utc>)>,
    /// What waits for a person, or for the clock to be believed; each in a line.
    pub held: Vec<String>,
    /// What went wrong last, and when. It may be mended since.
    pub last_error: Option<(DateTime<Utc>, String)>,
    /// When that which could not be done is tried again.
    pub again_at: Option<DateTime<Utc>>,
    /// When the sender last ended a run, and what that came to, a line for each issue.
    pub last_run: Option<(DateTime<Utc>, Vec<String>)>,
    /// When the archive was last built here.
    pub built_at: Option<DateTime<Utc>>,
    /// How many mails that came back were taken.
    pub mails_taken: u64,
    /// How many runs of the sender there were.
    pub runs: u64,
    /// How many deliveries they dealt with.
    pub settled: u64,
}

/// The state, shared. Whoever holds one may look at any time, and waits for nobody.
#[derive(Debug, Clone, Default)]
pub struct RoundsView(Arc<Mutex<RoundsState>>);

impl RoundsView {
    /// The state now.
    pub fn now(&self) -> RoundsState {
        self.lock().clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut RoundsState)) {
        change(&mut self.lock());
    }

    pub(super) fn note_error(&self, now: DateTime<Utc>, told: &str) {
        self.change(|state| state.last_error = Some((now, told.to_owned())));
    }

    fn lock(&self) -> MutexGuard<'_, RoundsState> {
        // No change leaves it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
