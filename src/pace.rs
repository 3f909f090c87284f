//! How fast a relay is used: how many connections, how many messages a second and a day, and when
//! it is left in peace. Values in, values out: whoever asks says what time it is.
//!
//! One [`Pace`] watches one relay. A sender asks for a [`Turn`] before each message, and tells in a
//! [`Signal`] what the relay made of it. The rules are those of Postfix for connections (its
//! `qmgr` document of 2.5: one more after as many successes as there are connections, one fewer at
//! the start of as many failures) and those that large receivers publish for everything else.

mod allowance;
mod connection;
mod rest;
mod spacing;
mod window;

use std::time::{Duration, Instant};

use crate::delivery::RateLimit;

use allowance::Allowance;
use connection::Share;
pub use rest::{Cause, Rest, RestRules};
use spacing::Spacing;
use window::Window;

/// What the author allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Most connections at a time.
    pub connections: usize,
    /// How many to begin with.
    pub first_connections: usize,
    /// Most messages a second.
    pub rate: Option<f64>,
    /// Most messages in any 24 hours.
    pub daily: Option<u64>,
    /// Most messages on a connection.
    pub messages_per_connection: usize,
}

/// Whether a message may be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// From this instant on, which may be past; [`Pace::end`] must follow.
    At(Instant),
    /// When one that is under way ends.
    WhenOneEnds,
    /// Not before this rest is over.
    Resting(Rest),
}

/// What a relay made of a message, or of the attempt to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// It took the message.
    Accepted,
    /// It answered, if only to refuse this reader.
    Answered,
    /// It may have the message: the conversation broke behind the final dot.
    Doubtful(String),
    /// It gives no connection.
    Unreachable(String),
    /// It ended the conversation.
    Lost(String),
    /// It finds us too fast.
    TooFast(RateLimit, String),
    /// What we may send in a while is used up.
    UsedUp(String),
    /// It cannot check our login now.
    NoLogin(String),
}

/// What a signal led to, for whoever writes it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The relay is left in peace.
    Rests(Rest),
    /// It works again after a rest.
    Works,
}

/// How one relay is used.
#[derive(Debug)]
pub struct Pace {
    rules: RestRules,
    window: Window,
    spacing: Spacing,
    allowance: Allowance,
    share: Share,
    /// The present rest, or the last one until the relay has worked again.
    rest: Option<Rest>,
    under_way: usize,
}

impl Pace {
    /// The pace for a relay that is used from now on.
    pub fn new(limits: &Limits, rules: RestRules) -> Self {
        Self {
            window: Window::new(limits.first_connections, limits.connections),
            spacing: Spacing::new(limits.rate, rules.recovery),
            allowance: Allowance::new(limits.daily),
            share: Share::new(limits.messages_per_connection),
            rest: None,
            rules,
            under_way: 0,
        }
    }

    /// Goes on with a rest that began in an earlier run.
    pub fn resume(&mut self, rest: Rest, now: Instant) {
        if rest.cause == Cause::Throttled {
            self.spacing.halve(now);
        } else {
            self.window.shrink_to_one();
        }
        self.rest = Some(rest);
    }

    /// Counts messages of earlier runs: so many, so long ago.
    pub fn count_earlier(&mut self, now: Instant, age: Duration, messages: u64) {
        self.allowance.count_earlier(now, age, messages);
    }

    /// Asks for the next message.
    pub fn turn(&mut self, now: Instant) -> Turn {
        if let Some(rest) = self.resting(now) {
            return Turn::Resting(rest);
        }
        if self.under_way >= self.window.size() {
            return Turn::WhenOneEnds;
        }
        self.under_way += 1;
        Turn::At(self.spacing.reserve(now))
    }

    /// A turn is over, used or not.
    pub fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Whether it is left in peace, whatever is allowed for a day.
    pub fn is_resting(&self, now: Instant) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.until > now)
    }

    /// How many messages are under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// The rest that lasts at this instant.
    pub fn resting(&mut self, now: Instant) -> Option<Rest> {
        if let Some(rest) = self.rest.as_ref().filter(|rest| rest.until > now) {
            return Some(rest.clone());
        }
        // What is under way may be accepted, too.
        let until =
            self.allowance
                .used_up_until(now, self.under_way as u64, self.rules.look_again)?;
        Some(Rest {
            cause: Cause::Daily,
            until,
            times: 1,
            told: String::new(),
        })
    }

    /// How many messages may be under way at a time.
    pub fn width(&self) -> usize {
        self.window.size()
    }

    /// Whether its rest is over and nothing has shown yet that it works again.
    pub fn is_probed(&self, now: Instant) -> bool {
        let over = |rest: &Rest| rest.until <= now && rest.cause != Cause::Throttled;
        self.rest.as_ref().is_some_and(over)
    }

    /// It could not be reached, and nothing is under way: it rests at once.
    pub fn is_down(&mut self, told: String, now: Instant) {
        self.begin(Cause::Down, told, now);
    }

    /// How many messages a connection takes at present.
    pub fn messages_per_connection(&self) -> usize {
        self.share.size()
    }

    /// The relay closed a connection behind so many messages; `told` says that it did so with a
    /// reply (421).
    pub fn closed_after(&mut self, messages: usize, told: bool) {
        self.share.closed_after(messages, told);
    }

    /// We closed a connection that had all its messages.
    pub fn used_whole_share(&mut self) {
        self.share.used_whole();
    }

    /// Takes what the relay made of a message.
    pub fn take(&mut self, signal: Signal, now: Instant) -> Option<Change> {
        if matches!(signal, Signal::Accepted | Signal::Doubtful(_)) {
            self.allowance.count(now);
        }
        match signal {
            Signal::Accepted => {
                self.spacing.accepted(now);
                self.works(now)
            }
            Signal::Answered if self.waits_for_acceptance() => None,
            Signal::Answered => self.works(now),
            Signal::Unreachable(_) if self.under_way > 1 && !self.is_resting(now) => {
                // It works for the others: so many connections are all that it gives.
                self.window.limit_to(self.under_way - 1);
                None
            }
            Signal::Unreachable(told) | Signal::Lost(told) | Signal::Doubtful(told) => {
                self.lost(told, now)
            }
            Signal::TooFast(RateLimit::Rest, told) => self.begin(Cause::Rate, told, now),
            Signal::TooFast(RateLimit::Slow, told) => {
                // Several connections hear of one and the same excess.
                if self.is_resting(now) {
                    return None;
                }
                self.spacing.halve(now);
                self.begin(Cause::Throttled, told, now)
            }
            Signal::UsedUp(told) => self.begin(Cause::Quota, told, now),
            Signal::NoLogin(told) => self.begin(Cause::Login, told, now),
        }
    }

    /// A relay that found us too fast, or whose quota was used up, may refuse a reader all the same.
    fn waits_for_acceptance(&self) -> bool {
        let causes = [Cause::Rate, Cause::Throttled, Cause::Quota];
        let rest = self.rest.as_ref();
        rest.is_some_and(|rest| causes.contains(&rest.cause))
    }

    fn works(&mut self, now: Instant) -> Option<Change> {
        // An answer to what was begun before the rest says nothing of its end.
        if self.is_resting(now) {
            return None;
        }
        self.window.succeed();
        self.rest.take().map(|_| Change::Works)
    }

    fn lost(&mut self, told: String, now: Instant) -> Option<Change> {
        if self.is_resting(now) {
            return None;
        }
        let is_dead = self.window.fail();
        // A relay that was dead just now, and fails the first try, is still dead.
        let was_dead = self
            .rest
            .as_ref()
            .is_some_and(|rest| rest.cause == Cause::Down);
        if is_dead || was_dead {
            self.begin(Cause::Down, told, now)
        } else {
            None
        }
    }

    fn begin(&mut self, cause: Cause, told: String, now: Instant) -> Option<Change> {
        let earlier = self.rest.as_ref();
        if earlier.is_some_and(|rest| rest.until > now && rest.cause >= cause) {
            return None;
        }
        let times = earlier
            .filter(|rest| rest.cause == cause)
            .map_or(1, |rest| rest.times.saturating_add(1));
        let rest = Rest {
            cause,
            until: earlier
                .map_or(now, |rest| rest.until)
                .max(now + self.rules.length(cause, times)),
            times,
            told,
        };
        if cause == Cause::Down {
            // What was learned of its connections may have been its end.
            self.share.forget();
        }
        if cause != Cause::Throttled {
            self.window.shrink_to_one();
        }
        self.rest = Some(rest.clone());
        Some(Change::Rests(rest))
    }
}

#[cfg(test)]
mod tests;
