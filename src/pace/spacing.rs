//! Messages a second: each has an instant of its own, so that nothing is saved up and sent in a burst.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Messages this close together go at once: no timer is finer.
const GRAIN: Duration = Duration::from_millis(1);
/// How far back the present rate is looked for.
const LOOK_BACK: Duration = Duration::from_secs(10);
/// Most instants that are kept for that.
const MOST_KEPT: usize = 1000;
/// No complaint makes us slower than this, and nobody sends faster than that.
const SLOWEST: f64 = 0.02;
const FASTEST: f64 = 100_000.0;

/// Hands out instants.
#[derive(Debug)]
pub(super) struct Spacing {
    allowed: Option<f64>,
    slowed: Option<Slowed>,
    recovery: Duration,
    next: Option<Instant>,
    accepted: VecDeque<Instant>,
}

/// A rate that a relay complained about, and what became of it.
#[derive(Debug)]
struct Slowed {
    /// `None` where nothing was accepted lately: then the rate doubles until the next complaint.
    too_fast: Option<f64>,
    now: f64,
    raised_at: Instant,
}

impl Spacing {
    pub(super) fn new(allowed: Option<f64>, recovery: Duration) -> Self {
        Self {
            allowed,
            slowed: None,
            recovery,
            next: None,
            accepted: VecDeque::new(),
        }
    }

    /// The instant of the next message.
    pub(super) fn reserve(&mut self, now: Instant) -> Instant {
        let Some(rate) = self.rate(now) else {
            return now;
        };
        let at = self.next.map_or(now, |next| next.max(now));
        self.next = Some(at + Duration::from_secs_f64(1.0 / rate));
        if at <= now + GRAIN { now } else { at }
    }

    /// A message was accepted.
    pub(super) fn accepted(&mut self, now: Instant) {
        if self.accepted.len() == MOST_KEPT {
            self.accepted.pop_front();
        }
        self.accepted.push_back(now);
    }

    /// Half as fast from now on; after that a tenth faster again each time the recovery is over, up
    /// to nine tenths of what was too fast.
    pub(super) fn halve(&mut self, now: Instant) {
        let present = self.rate(now).or_else(|| self.seen(now));
        self.slowed = Some(Slowed {
            too_fast: present,
            now: (present.unwrap_or(1.0) / 2.0).max(SLOWEST),
            raised_at: now,
        });
        self.accepted.clear();
        self.next = None;
    }

    fn rate(&mut self, now: Instant) -> Option<f64> {
        let Some(slowed) = &mut self.slowed else {
            return self.allowed;
        };
        while !self.recovery.is_zero() && slowed.raised_at + self.recovery <= now {
            slowed.raised_at += self.recovery;
            slowed.now = match slowed.too_fast {
                Some(rate) => (slowed.now + rate / 10.0).min(0.9 * rate).max(slowed.now),
                None => (2.0 * slowed.now).min(FASTEST),
            };
        }
        Some(self.allowed.map_or(slowed.now, |rate| rate.min(slowed.now)))
    }

    /// Messages a second, if any were accepted lately.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a thousand messages are kept at most"
    )]
    fn seen(&self, now: Instant) -> Option<f64> {
        let mut lately = self
            .accepted
            .iter()
            .filter(|at| now.saturating_duration_since(**at) <= LOOK_BACK);
        let since = now.saturating_duration_since(*lately.next()?).as_secs_f64();
        Some((lately.count() + 1) as f64 / since.max(1.0))
    }
}
