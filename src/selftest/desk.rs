//! The desk from which a scenario directs the relay: what happens to whom at which moment, who is
//! held until the scenario lets go, and what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::catch::{Arrival, Director, Moment, Turn};

/// Whether a rule is meant for an arrival.
type Fits = Box<dyn FnMut(&Arrival<'_>) -> bool + Send>;

/// What a scenario wants at a moment.
struct Rule {
    moment: Moment,
    fits: Fits,
    turn: Turn,
    is_gate: bool,
}

/// Shared by the scenario and all connections of its relay.
#[derive(Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    released: Notify,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    /// Longest time that every reply waits.
    slowness: Duration,
    /// Open connections.
    open: BTreeSet<u64>,
    /// Connections that are held now.
    held: usize,
    /// Counts the releases: whoever is held waits for the next.
    releases: u64,
    /// All arrivals at all moments.
    arrivals: usize,
    /// Arrivals by moment.
    at: BTreeMap<Moment, usize>,
    /// How often each person was named at RCPT.
    offers: BTreeMap<String, usize>,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, whoever `fits` gets this turn at this moment. The first rule that fits counts.
    pub(super) fn at(
        &self,
        moment: Moment,
        turn: Turn,
        fits: impl FnMut(&Arrival<'_>) -> bool + Send + 'static,
    ) {
        self.lock().rules.push(Rule {
            moment,
            fits: Box::new(fits),
            turn,
            is_gate: false,
        });
    }

    /// Holds everybody who comes to this moment behind the first `skipped`, until
    /// [`Self::release`]; then they get this turn.
    pub(super) fn hold(&self, moment: Moment, mut skipped: usize, turn: Turn) {
        let fits = move |_: &Arrival<'_>| {
            let passes = skipped > 0;
            skipped = skipped.saturating_sub(1);
            !passes
        };
        self.lock().rules.push(Rule {
            moment,
            fits: Box::new(fits),
            turn,
            is_gate: true,
        });
    }

    /// Lets everybody go on who is held, and holds nobody any more.
    pub(super) fn release(&self) {
        let mut state = self.lock();
        state.rules.retain(|rule| !rule.is_gate);
        state.releases += 1;
        drop(state);
        self.released.notify_waiters();
    }

    /// Forgets all rules: the relay works as usual.
    pub(super) fn clear(&self) {
        self.release();
        let mut state = self.lock();
        state.rules.clear();
        state.slowness = Duration::ZERO;
    }

    /// Every reply takes up to this long from now on.
    pub(super) fn slow_down(&self, slowness: Duration) {
        self.lock().slowness = slowness;
    }

    /// How many connections are held.
    pub(super) fn held(&self) -> usize {
        self.lock().held
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        self.lock().open.len()
    }

    /// How many arrivals there were, at all moments.
    pub(super) fn arrivals(&self) -> usize {
        self.lock().arrivals
    }

    /// How many arrivals there were at one moment.
    pub(super) fn arrivals_at(&self, moment: Moment) -> usize {
        self.lock().at.get(&moment).copied().unwrap_or(0)
    }

    /// How often each person was named at RCPT.
    pub(super) fn offers(&self) -> BTreeMap<String, usize> {
        self.lock().offers.clone()
    }

    /// Waits for something to happen at the relay, for at most `patience`.
    pub(super) fn wait(&self, patience: Duration) {
        let state = self.lock();
        drop(self.changed.wait_timeout(state, patience));
    }

    /// Notes an arrival, and says what it gets and until which release it is held.
    fn meet(&self, arrival: &Arrival<'_>) -> (Turn, Duration, Option<u64>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.arrivals += 1;
        *state.at.entry(arrival.moment).or_default() += 1;
        if arrival.moment == Moment::Rcpt {
            for recipient in arrival.recipients {
                *state.offers.entry(recipient.clone()).or_default() += 1;
            }
        }
        // Spread by a hash, so that the connections do not march in step.
        let spread = (state.arrivals as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
        let slowness = state.slowness.mul_f64(f64::from(spread as u8) / 255.0);
        let found = state.rules.iter_mut().find_map(|rule| {
            let fits = rule.moment == arrival.moment && (rule.fits)(arrival);
            fits.then(|| (rule.turn.clone(), rule.is_gate))
        });
        let (turn, is_gate) = found.unwrap_or((Turn::USUAL, false));
        let until = is_gate.then_some(state.releases);
        state.held += usize::from(is_gate);
        drop(guard);
        self.changed.notify_all();
        (turn, slowness, until)
    }

    async fn wait_for_release(&self, met: u64) {
        loop {
            let released = self.released.notified();
            if self.lock().releases != met {
                break;
            }
            released.await;
        }
        self.lock().held -= 1;
        self.changed.notify_all();
    }
}

impl Director for Desk {
    fn turn<'a>(&'a self, arrival: Arrival<'a>) -> Pin<Box<dyn Future<Output = Turn> + Send + 'a>> {
        Box::pin(async move {
            let (turn, slowness, until) = self.meet(&arrival);
            if !slowness.is_zero() {
                tokio::time::sleep(slowness).await;
            }
            if let Some(met) = until {
                self.wait_for_release(met).await;
            }
            turn
        })
    }

    fn opened(&self, connection: u64) {
        self.lock().open.insert(connection);
        self.changed.notify_all();
    }

    fn closed(&self, connection: u64) {
        self.lock().open.remove(&connection);
        self.changed.notify_all();
    }
}
