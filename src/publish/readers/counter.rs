//! Whether a mail to a reader is in hand. A server that ends lets the relay's word about it be written
//! down first: the mail would go out once more after the next start.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// One for all who hand over or wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    has_mail: bool,
    is_closed: bool,
}

/// A mail in hand, until this goes out of scope.
#[derive(Debug)]
pub(super) struct InHand<'a>(&'a Shared);

impl Counter {
    /// Takes a mail in hand; `None` once the counter is closed.
    pub(super) fn take(&self) -> Option<InHand<'_>> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return None;
        }
        state.has_mail = true;
        Some(InHand(&self.0))
    }

    /// Lets nothing more be taken, and waits for what is in hand, but no longer than this. Where there is
    /// something to wait for, that is `told` first.
    pub(super) fn close(&self, longest: Duration, told: impl FnOnce()) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_closed = true;
        if state.has_mail {
            told();
        }
        let waited = self
            .0
            .changed
            .wait_timeout_while(state, longest, |state| state.has_mail);
        // Whoever waits in vain has done what there is to do.
        drop(waited);
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.has_mail = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn a_counter_that_closes_waits_for_the_mail_in_hand_and_gives_no_other() {
        let counter = Counter::default();
        let in_hand = counter.take().unwrap();
        let (told, heard) = channel();
        let closing = {
            let counter = counter.clone();
            thread::spawn(move || {
                counter.close(Duration::from_mins(1), || {});
                told.send("closed").unwrap();
            })
        };
        // Closed for others at once, while the first is waited for.
        while let Some(other) = counter.take() {
            // Still open: what was taken here must not look settled.
            std::mem::forget(other);
            thread::yield_now();
        }
        assert!(heard.try_recv().is_err());
        drop(in_hand);
        assert_eq!(heard.recv().unwrap(), "closed");
        closing.join().unwrap();
    }

    #[test]
    fn a_mail_that_is_never_settled_is_not_waited_for_for_ever() {
        let counter = Counter::default();
        let _in_hand = counter.take();
        counter.close(Duration::ZERO, || {});
        assert!(counter.take().is_none());
    }
}
