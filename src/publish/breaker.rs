//! The breaker: refusals that are our fault, such as a block list or a quota, and a relay that ends
//! every conversation must not run through a whole roster.

use std::collections::VecDeque;

use crate::delivery::Outcome;

/// Refusals in a row after which the run stops.
const IN_A_ROW: usize = 3;
/// How many of the last results are looked at.
const WINDOW: usize = 50;
/// More refusals than this among them stop the run.
const MOST_IN_WINDOW: usize = WINDOW / 10;

/// Conversations in a row that broke, or ended with 421, after which the run stops; or twice the
/// connections that are open, which all break when a relay is started anew.
const LOST_IN_A_ROW: usize = 10;

/// One result, as far as it says something of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The relay works: it accepted a message, or refused one reader.
    Works,
    /// It refuses us.
    OurFault,
    /// It ends conversations.
    Lost,
    /// It wants no messages for a while: neither a fault of ours nor one of its own.
    Nothing,
}

impl Verdict {
    /// What an outcome says of the relay.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::OurFault => Self::OurFault,
            Outcome::Unchanged(_) => Self::Nothing,
            // Doubt costs a person's time, one delivery at a time.
            Outcome::Deferred { counts: false, .. } | Outcome::Unconfirmed => Self::Lost,
            Outcome::Sent | Outcome::Rejected(_) | Outcome::Deferred { counts: true, .. } => {
                Self::Works
            }
        }
    }
}

/// Watches the results of a run.
#[derive(Debug)]
pub(super) struct Breaker {
    most_lost: usize,
    recent: VecDeque<bool>,
    in_a_row: usize,
    lost_in_a_row: usize,
}

impl Breaker {
    /// A breaker for a run over so many connections.
    pub(super) fn new(connections: usize) -> Self {
        Self {
            most_lost: LOST_IN_A_ROW.max(2 * connections),
            recent: VecDeque::new(),
            in_a_row: 0,
            lost_in_a_row: 0,
        }
    }

    /// Takes one result; `true` when the run must stop.
    pub(super) fn record(&mut self, verdict: Verdict) -> bool {
        if verdict == Verdict::Nothing {
            return false;
        }
        let our_fault = verdict == Verdict::OurFault;
        let lost = verdict == Verdict::Lost;
        self.in_a_row = if our_fault { self.in_a_row + 1 } else { 0 };
        self.lost_in_a_row = if lost { self.lost_in_a_row + 1 } else { 0 };
        self.recent.push_back(our_fault);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let faults = self.recent.iter().filter(|fault| **fault).count();
        let refused = our_fault && (self.in_a_row >= IN_A_ROW || faults > MOST_IN_WINDOW);
        refused || self.lost_in_a_row >= self.most_lost
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
    fn ten_lost_conversations_in_a_row_stop_a_run() {
        let mut breaker = Breaker::new(4);
        assert!(!(0..9).any(|_| breaker.record(Verdict::Lost)));
        assert!(!breaker.record(Verdict::Works));
        assert!(!(0..9).any(|_| breaker.record(Verdict::Lost)));
        assert!(breaker.record(Verdict::Lost));
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
