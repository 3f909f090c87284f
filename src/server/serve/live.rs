//! What all routes of the live server know.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tracing::warn;

use super::counters::Counters;
use super::limits::Limits;
use super::polls::Polls;
use super::site::Shelf;
use super::turnstile::Turnstile;
use crate::clock::Clock;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::publish::{Publication, Readers, RoundsView, Stop, Vitals, record_polls, vitals};

/// The state of all routes; a clone is the same state.
#[derive(Debug, Clone)]
pub(in crate::server) struct Live(Arc<Known>);

#[derive(Debug)]
struct Known {
    folder: PathBuf,
    clock: Clock,
    /// The settings with which the server began.
    config: Config,
    limits: Limits,
    shelf: Shelf,
    counters: Counters,
    polls: Polls,
    turnstile: Turnstile,
    rounds: RoundsView,
    began: DateTime<Utc>,
    /// What the ledger said last: whoever asks again and again opens it once a second.
    vitals: Mutex<Option<(Instant, Arc<Vitals>)>>,
    readers: OnceLock<Arc<Readers>>,
}

/// How long an answer of the ledger is good for.
const FRESH: Duration = Duration::from_secs(1);

impl Live {
    pub(super) fn new(
        publication: &Publication,
        rounds: RoundsView,
        limits: Limits,
        shelf: Shelf,
    ) -> Self {
        Self(Arc::new(Known {
            folder: publication.folder.clone(),
            clock: publication.clock,
            config: publication.config.clone(),
            limits: limits.with_floors(),
            shelf,
            counters: Counters::default(),
            polls: Polls::default(),
            turnstile: Turnstile::default(),
            rounds,
            began: publication.clock.now(),
            vitals: Mutex::default(),
            readers: OnceLock::new(),
        }))
    }

    /// The settings with which the server began.
    pub(in crate::server) fn config(&self) -> &Config {
        &self.0.config
    }

    /// Lets readers come and go.
    pub(super) fn admit(&self, readers: Arc<Readers>) {
        let _ = self.0.readers.set(readers);
    }

    /// Readers who come and go; `None` without `[serve] url`.
    pub(in crate::server) fn readers(&self) -> Option<&Arc<Readers>> {
        self.0.readers.get()
    }

    /// The pages and feeds.
    pub(super) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    /// The clock of this run.
    pub(in crate::server) fn clock(&self) -> Clock {
        self.0.clock
    }

    /// How much one connection may ask for.
    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(super) fn polls(&self) -> &Polls {
        &self.0.polls
    }

    pub(super) fn turnstile(&self) -> &Turnstile {
        &self.0.turnstile
    }

    /// What the rounds do.
    pub(super) fn rounds(&self) -> &RoundsView {
        &self.0.rounds
    }

    /// When the server began.
    pub(super) fn began(&self) -> DateTime<Utc> {
        self.0.began
    }

    /// What the ledger says, not older than a second. What is wrong with it the rounds tell.
    pub(super) async fn vitals(&self) -> Result<Arc<Vitals>, Stop> {
        // Whoever comes meanwhile waits for the same answer.
        let mut kept = self.0.vitals.lock().await;
        if let Some((at, vitals)) = &*kept
            && at.elapsed() < FRESH
        {
            return Ok(vitals.clone());
        }
        let folder = self.0.folder.clone();
        let asked = tokio::task::spawn_blocking(move || vitals(&folder)).await;
        let vitals =
            Arc::new(asked.map_err(|error| {
                Diagnostic::error("the ledger could not be read").cause(error)
            })??);
        *kept = Some((Instant::now(), vitals.clone()));
        Ok(vitals)
    }

    /// Writes down who polled the feeds.
    pub(super) fn record_polls(&self) {
        let day = self.0.clock.now().date_naive();
        if let Err(error) = record_polls(&self.0.folder, day, || self.0.polls.take()) {
            warn!("cannot write down who polled the feeds: {error}");
        }
    }

    /// For who should not keep the server's memory alone.
    pub(super) fn downgrade(&self) -> WeakLive {
        WeakLive(Arc::downgrade(&self.0))
    }
}

/// A [`Live`] as long as somebody else has it.
#[derive(Debug, Clone)]
pub(super) struct WeakLive(Weak<Known>);

impl WeakLive {
    pub(super) fn upgrade(&self) -> Option<Live> {
        self.0.upgrade().map(Live)
    }
}
