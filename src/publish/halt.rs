//! The wish to stop a run: first politely, then at once.

use std::sync::Arc;

use tokio::sync::watch;

/// Shared between a run and whoever may stop it.
#[derive(Debug, Clone)]
pub struct Halt(Arc<watch::Sender<Wish>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    GoOn,
    Stop,
    Abort,
}

impl Default for Halt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Wish::GoOn)))
    }
}

impl Halt {
    /// No new deliveries; open ones are finished.
    pub fn stop_claiming(&self) {
        self.raise(Wish::Stop);
    }

    /// Close everything now; what is in flight becomes unconfirmed.
    pub fn abort(&self) {
        self.raise(Wish::Abort);
    }

    /// Whether no new delivery may begin.
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow() >= Wish::Stop
    }

    /// Whether everything is to be closed now.
    pub fn is_aborted(&self) -> bool {
        *self.0.borrow() >= Wish::Abort
    }

    /// Waits for [`Self::stop_claiming`] or [`Self::abort`].
    pub async fn stopping(&self) {
        self.reaches(Wish::Stop).await;
    }

    /// Waits for [`Self::abort`].
    pub async fn aborted(&self) {
        self.reaches(Wish::Abort).await;
    }

    fn raise(&self, wish: Wish) {
        self.0.send_if_modified(|present| {
            let is_more = wish > *present;
            *present = wish.max(*present);
            is_more
        });
    }

    async fn reaches(&self, wish: Wish) {
        let mut watched = self.0.subscribe();
        // The sender lives as long as `self`.
        let _ = watched.wait_for(|present| *present >= wish).await;
    }
}
