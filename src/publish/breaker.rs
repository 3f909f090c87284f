//! The breaker: refusals that are our fault, such as a block list or a quota, must not run through
//! a whole roster.

use std::collections::VecDeque;

/// Refusals in a row after which the run stops.
const IN_A_ROW: usize = 3;
/// How many of the last results are looked at.
const WINDOW: usize = 50;
/// More refusals than this among them stop the run.
const MOST_IN_WINDOW: usize = WINDOW / 10;

/// Watches the results of a run.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    recent: VecDeque<bool>,
    in_a_row: usize,
}

impl Breaker {
    /// Takes one result; `true` when the run must stop.
    pub(super) fn record(&mut self, our_fault: bool) -> bool {
        self.in_a_row = if our_fault { self.in_a_row + 1 } else { 0 };
        self.recent.push_back(our_fault);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        let faults = self.recent.iter().filter(|fault| **fault).count();
        our_fault && (self.in_a_row >= IN_A_ROW || faults > MOST_IN_WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_a_row_or_more_than_a_tenth_of_fifty_stop_a_run() {
        let mut breaker = Breaker::default();
        assert!(
            ![true, true, false, true, true]
                .into_iter()
                .any(|fault| breaker.record(fault))
        );
        assert!(breaker.record(true));

        let mut breaker = Breaker::default();
        let stops = (0..50)
            .filter(|number| breaker.record(number % 8 == 0))
            .count();
        assert_eq!(stops, 2, "the sixth and the seventh fault among fifty");
    }
}
