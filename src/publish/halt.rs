//! The wish to stop a run: first politely, then at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Shared between a run and whoever may stop it.
#[derive(Debug, Clone, Default)]
pub struct Halt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stopping: AtomicBool,
    aborted: AtomicBool,
    stop: Notify,
    abort: Notify,
}

impl Halt {
    /// No new deliveries; open ones are finished.
    pub fn stop_claiming(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        self.0.stop.notify_one();
    }

    /// Close everything now; what is in flight becomes unconfirmed.
    pub fn abort(&self) {
        self.stop_claiming();
        self.0.aborted.store(true, Ordering::SeqCst);
        self.0.abort.notify_waiters();
        self.0.abort.notify_one();
    }

    /// Whether no new delivery may begin.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// Whether everything is to be closed now.
    pub fn is_aborted(&self) -> bool {
        self.0.aborted.load(Ordering::SeqCst)
    }

    /// Waits for [`Self::stop_claiming`]; for one waiter.
    pub async fn stopping(&self) {
        while !self.is_stopping() {
            self.0.stop.notified().await;
        }
    }

    /// Waits for [`Self::abort`].
    pub async fn aborted(&self) {
        while !self.is_aborted() {
            self.0.abort.notified().await;
        }
    }
}
