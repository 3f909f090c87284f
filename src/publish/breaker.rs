//! The breaker: refusals that are our fault, such as a block list, and deliveries in doubt must not
//! run through a whole roster.

use std::collections::VecDeque;

use crate::delivery::Outcome;

/// Refusals in a row after which the run stops.
const IN_A_ROW: usize = 3;
/// How many of the last results are looked at.
const WINDOW: usize = 50;
/// More refusals than this among them stop the run.
const MOST_IN_WINDOW: usize = WINDOW / 10;

/// One result, as far as it says something of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The relay works: it accepted a message, or refused one reader.
    Works,
    /// It refuses us.
    OurFault,
    /// It may have the message.
    Doubt,
    /// It is to be left in peace for a while, which is for the pace to see to.
    Nothing,
}

impl Verdict {
    /// What an outcome says of the relay.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::OurFault => Self::OurFault,
            Outcome::Unchanged(_) | Outcome::Deferred { counts: false, .. } => Self::Nothing,
            // Doubt costs a person's time, one delivery at a time.
            Outcome::Unconfirmed => Self::Doubt,
            Outcome::Sent | Outcome::Rejected(_) | Outcome::Deferred { counts: true, .. } => {
                Self::Works
            }
        }
    }
}

/// Watches the results of a run.
#[derive(Debug)]
pub(super) struct Breaker {
    most_doubts: usize,
    recent: VecDeque<Verdict>,
    in_a_row: usize,
}

impl Breaker {
    /// A breaker for a run over so many connections: when a relay is started anew, each may leave
    /// one delivery in doubt.
    pub(super) fn new(connections: usize) -> Self {
        Self {
            most_doubts: MOST_IN_WINDOW.max(connections),
            recent: VecDeque::new(),
            in_a_row: 0,
        }
    }

    /// Takes one result; `true` when the run must stop.
    pub(super) fn record(&mut self, verdict: Verdict) -> bool {
        if verdict == Verdict::Nothing {
            return false;
        }
        let our_fault = verdict == Verdict::OurFault;
        self.in_a_row = if our_fault { self.in_a_row + 1 } else { 0 };
        self.recent.push_back(verdict);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let among_recent = || self.recent.iter().filter(|one| **one == verdict).count();
        match verdict {
            Verdict::OurFault => self.in_a_row >= IN_A_ROW || among_recent() > MOST_IN_WINDOW,
            Verdict::Doubt => among_recent() > self.most_doubts,
            Verdict::Works | Verdict::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(our_fault: bool) -> Verdict {
        if our_fault {
            Verdict::OurFault
        } else {
            Verdict::Works
        }
    }

    #[test]
    fn more_doubts_than_a_restart_of_the_relay_explains_stop_a_run() {
        let mut breaker = Breaker::new(10);
        assert!(!(0..10).any(|_| breaker.record(Verdict::Doubt)));
        assert!(!breaker.record(Verdict::Works));
        assert!(breaker.record(Verdict::Doubt));
    }

    #[test]
    fn three_in_a_row_or_more_than_a_tenth_of_fifty_stop_a_run() {
        let mut breaker = Breaker::new(4);
        assert!(
            ![true, true, false, true, true]
                .into_iter()
                .any(|fault| breaker.record(verdict(fault)))
        );
        assert!(breaker.record(verdict(true)));

        let mut breaker = Breaker::new(4);
        let stops = (0..50)
            .filter(|number| breaker.record(verdict(number % 8 == 0)))
            .count();
        assert_eq!(stops, 2, "the sixth and the seventh fault among fifty");
    }
}
