//! Messages in any 24 hours.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const DAY: Duration = Duration::from_hours(24);
/// Messages this close together are forgotten together.
const PIECE: Duration = Duration::from_mins(1);

/// Counts what a relay took in the last 24 hours.
#[derive(Debug)]
pub(super) struct Allowance {
    most: Option<u64>,
    /// The next to be forgotten first.
    taken: VecDeque<Piece>,
    total: u64,
}

/// Messages that are forgotten together.
#[derive(Debug)]
struct Piece {
    /// When the first of them was taken; nothing for those of earlier runs.
    begun: Option<Instant>,
    /// When the last of them is forgotten.
    forgotten: Instant,
    messages: u64,
}

impl Allowance {
    pub(super) fn new(most: Option<u64>) -> Self {
        Self {
            most,
            taken: VecDeque::new(),
            total: 0,
        }
    }

    /// Messages of earlier runs, the oldest first.
    pub(super) fn count_earlier(&mut self, now: Instant, age: Duration, messages: u64) {
        let Some(left) = DAY.checked_sub(age).filter(|_| self.most.is_some()) else {
            return;
        };
        self.taken.push_back(Piece {
            begun: None,
            forgotten: now + left,
            messages,
        });
        self.total += messages;
    }

    /// One message now.
    pub(super) fn count(&mut self, now: Instant) {
        if self.most.is_none() {
            return;
        }
        self.total += 1;
        let forgotten = now + DAY;
        match self.taken.back_mut() {
            // With the last of its piece: never earlier than after 24 hours.
            Some(piece) if piece.begun.is_some_and(|begun| now < begun + PIECE) => {
                piece.forgotten = forgotten;
                piece.messages += 1;
            }
            _ => self.taken.push_back(Piece {
                begun: Some(now),
                forgotten,
                messages: 1,
            }),
        }
    }

    /// When another message is allowed, if none is now. `under_way` may be taken, too; whether
    /// they were is known after `look_again` at the latest.
    pub(super) fn used_up_until(
        &mut self,
        now: Instant,
        under_way: u64,
        look_again: Duration,
    ) -> Option<Instant> {
        let most = self.most?;
        while let Some(piece) = self.taken.front().filter(|piece| piece.forgotten <= now) {
            self.total -= piece.messages;
            self.taken.pop_front();
        }
        if self.total + under_way < most {
            return None;
        }
        if self.total < most {
            return Some(now + look_again);
        }
        let mut left = self.total;
        for piece in &self.taken {
            left -= piece.messages;
            if left < most {
                return Some(piece.forgotten);
            }
        }
        Some(now + DAY)
    }
}
