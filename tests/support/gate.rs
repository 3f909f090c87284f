//! A gate at which a server waits until the test lets it pass.

use std::sync::{Arc, Condvar, Mutex};

use super::DEADLINE;

/// Shared by the test and the connections that wait.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    inner: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    /// Connections that stand before the gate now.
    waiting: usize,
    /// How many more may pass; all once it is open.
    passes: usize,
    open: bool,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns when `count` connections stand before the gate.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let (state, changed) = &*self.inner;
        let state = state.lock().unwrap();
        let (state, timeout) = changed
            .wait_timeout_while(state, DEADLINE, |state| state.waiting < count)
            .unwrap();
        let waiting = state.waiting;
        // A poisoned lock would hide this message behind others.
        drop(state);
        assert!(
            !timeout.timed_out(),
            "{waiting} connections came to the gate, not {count}"
        );
    }

    /// Opens the gate for good.
    pub fn release(&self) {
        let (state, changed) = &*self.inner;
        state.lock().unwrap().open = true;
        changed.notify_all();
    }

    /// Lets one connection pass.
    pub fn release_one(&self) {
        let (state, changed) = &*self.inner;
        state.lock().unwrap().passes += 1;
        changed.notify_all();
    }

    /// Whether it was opened for good.
    pub fn is_open(&self) -> bool {
        self.inner.0.lock().unwrap().open
    }

    /// Stands before the gate until it may pass.
    pub fn pass(&self) {
        let (state, changed) = &*self.inner;
        let mut state = state.lock().unwrap();
        state.waiting += 1;
        changed.notify_all();
        let mut state = changed
            .wait_while(state, |state| !state.open && state.passes == 0)
            .unwrap();
        state.waiting -= 1;
        state.passes = state.passes.saturating_sub(1);
        changed.notify_all();
    }
}
