//! The deliveries that a run has claimed and not begun: asked for in batches, and a batch ahead.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::ledger::{Claim, LedgerError, WriterHandle};

/// Shared by the workers of a run.
pub(super) struct Claims {
    writer: WriterHandle,
    /// Row number of the issue.
    issue: i64,
    clock: Clock,
    /// How many are asked for at a time.
    batch: usize,
    waiting: Mutex<VecDeque<Claim>>,
    /// The last batch was a whole one. After a part of one only what came back meanwhile could be
    /// claimed ahead, and that must wait behind the others.
    is_plenty: AtomicBool,
    /// Held by whoever asks the ledger.
    filling: Arc<tokio::sync::Mutex<()>>,
}

impl Claims {
    /// The claims of a run over so many connections.
    pub(super) fn new(writer: WriterHandle, issue: i64, clock: Clock, connections: usize) -> Self {
        Self {
            writer,
            issue,
            clock,
            batch: (2 * connections).max(16),
            waiting: Mutex::default(),
            is_plenty: AtomicBool::new(false),
            filling: Arc::default(),
        }
    }

    /// The next one; none if there is nothing left to claim. While there still are some, more are
    /// asked for: a commit of the ledger would hold up all connections at once.
    pub(super) async fn next(self: &Arc<Self>) -> Result<Option<Claim>, LedgerError> {
        loop {
            if let Some(claim) = self.take() {
                return Ok(Some(claim));
            }
            let _filling = self.filling.lock().await;
            // Another may have asked meanwhile.
            if self.waiting().is_empty() && self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    fn take(self: &Arc<Self>) -> Option<Claim> {
        let (claim, left) = {
            let mut waiting = self.waiting();
            (waiting.pop_front()?, waiting.len())
        };
        if left < self.batch / 2
            && self.is_plenty.load(Ordering::Relaxed)
            && let Ok(filling) = self.filling.clone().try_lock_owned()
        {
            let ahead = self.clone();
            tokio::spawn(async move {
                // What fails here fails again for who needs it.
                let _ = ahead.fill().await;
                drop(filling);
            });
        }
        Some(claim)
    }

    async fn fill(&self) -> Result<usize, LedgerError> {
        let now = self.clock.now();
        let more = self.writer.claim(self.issue, self.batch, now).await?;
        let count = more.len();
        self.is_plenty.store(count == self.batch, Ordering::Relaxed);
        self.waiting().extend(more);
        Ok(count)
    }

    /// One that was taken and not begun.
    pub(super) fn put_back(&self, claim: Claim) {
        self.waiting().push_front(claim);
    }

    /// Gives back what was not begun, once nobody takes any more.
    pub(super) async fn release_all(&self) -> Result<(), LedgerError> {
        let _filled = self.filling.lock().await;
        let left = std::mem::take(&mut *self.waiting());
        left.into_iter()
            .try_for_each(|claim| self.writer.release(claim.delivery))
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Claim>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
