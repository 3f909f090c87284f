//! What a run tells whoever watches it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::delivery::Outcome;

/// Counts of a run, and what happens to its relays.
#[derive(Debug, Default)]
pub struct Progress {
    /// Accepted by the relay.
    pub sent: AtomicU64,
    /// To be tried again later.
    pub deferred: AtomicU64,
    /// Refused for good.
    pub rejected: AtomicU64,
    /// In doubt.
    pub unconfirmed: AtomicU64,
    /// Left out at the last moment.
    pub skipped: AtomicU64,
    said: Mutex<Vec<String>>,
}

impl Progress {
    pub(super) fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Sent => &self.sent,
            Outcome::Deferred { .. } => &self.deferred,
            Outcome::Rejected(_) => &self.rejected,
            Outcome::Unconfirmed => &self.unconfirmed,
            Outcome::OurFault | Outcome::Unchanged(_) => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many deliveries have an answer.
    pub fn done(&self) -> u64 {
        [
            &self.sent,
            &self.deferred,
            &self.rejected,
            &self.unconfirmed,
            &self.skipped,
        ]
        .into_iter()
        .map(|counter| counter.load(Ordering::Relaxed))
        .sum()
    }

    /// Something that the author should know happened.
    pub(super) fn say(&self, text: String) {
        if let Ok(mut said) = self.said.lock() {
            said.push(text);
        }
    }

    /// What was said since the last time.
    pub fn heard(&self) -> Vec<String> {
        let said = self.said.lock();
        said.map(|mut said| std::mem::take(&mut *said))
            .unwrap_or_default()
    }
}
