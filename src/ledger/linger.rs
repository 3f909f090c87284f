//! Which operations share a commit.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::writer::Operation;

/// Most operations that share one commit.
const LARGEST_GROUP: usize = 256;

/// How long a group waits for more before it commits.
///
/// A commit costs the same for one intent as for ten. While several connections are at work their
/// intents come close together, and a wait far shorter than a round trip lets them share one. How
/// many to wait for is learned from the groups before; a lone connection hardly ever waits. Results
/// that nobody waits for go with the next intent, if there is one soon.
#[derive(Debug, Default)]
pub(super) struct Linger {
    /// How many intents to wait for.
    expected: usize,
    /// So many groups more before one more is hoped for.
    content: u32,
}

/// After a wait in vain no more are hoped for during so many groups.
const CONTENT_FOR: u32 = 32;
/// Longest wait for further intents.
const LONGEST_FOR_INTENTS: Duration = Duration::from_micros(500);
/// Longest wait of results alone. A crash in it leaves a delivery in doubt that was sent.
const LONGEST_FOR_RESULTS: Duration = Duration::from_millis(2);

/// Operations that share a commit.
#[derive(Default)]
struct Group {
    operations: Vec<Operation>,
    intents: usize,
    /// Whether somebody waits for something else than an intent.
    urgent: bool,
}

impl Group {
    fn push(&mut self, operation: Operation) {
        match operation {
            Operation::Intend { .. } => self.intents += 1,
            Operation::Claim { .. } | Operation::Flush { .. } => self.urgent = true,
            Operation::Settle(_) | Operation::Release { .. } | Operation::Rest { .. } => {}
        }
        self.operations.push(operation);
    }
}

impl Linger {
    /// Takes what shares the commit of `first`.
    pub(super) fn gather(
        &mut self,
        first: Operation,
        queue: &mpsc::Receiver<Operation>,
    ) -> Vec<Operation> {
        let began = Instant::now();
        let mut group = Group::default();
        group.push(first);
        let mut in_vain = false;
        while group.operations.len() < LARGEST_GROUP {
            let limit = match group.intents {
                _ if group.urgent => Duration::ZERO,
                0 => LONGEST_FOR_RESULTS,
                intents if intents < self.expected => LONGEST_FOR_INTENTS,
                _ => Duration::ZERO,
            };
            let next = match queue.try_recv() {
                Err(mpsc::TryRecvError::Empty) if !limit.is_zero() => {
                    let left = limit.saturating_sub(began.elapsed());
                    queue
                        .recv_timeout(left)
                        .inspect_err(|_| in_vain = true)
                        .ok()
                }
                next => next.ok(),
            };
            let Some(next) = next else { break };
            group.push(next);
        }
        if group.intents > 0 {
            self.learn(group.intents, in_vain);
        }
        group.operations
    }

    fn learn(&mut self, intents: usize, in_vain: bool) {
        self.content = if in_vain {
            CONTENT_FOR
        } else {
            self.content.saturating_sub(1)
        };
        self.expected = intents + usize::from(self.content == 0);
    }
}
