//! Rests: how long a relay is left in peace, and why.

use std::time::{Duration, Instant};

/// Why a relay rests, from what ends soonest to what ends last: of two at once the later counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It cannot be reached, or ends every conversation.
    Down,
    /// We were too fast (454 *throttling*); after the rest it goes on at half the rate.
    Throttled,
    /// We were far too fast (4.7.28); after the rest it goes on with one connection.
    Rate,
    /// It cannot check our login.
    Login,
    /// Its quota is used up.
    Quota,
    /// What the author allows for 24 hours is used up.
    Daily,
}

impl Cause {
    const ALL: [Self; 6] = [
        Self::Down,
        Self::Throttled,
        Self::Rate,
        Self::Login,
        Self::Quota,
        Self::Daily,
    ];

    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Throttled => "throttled",
            Self::Rate => "rate",
            Self::Login => "login",
            Self::Quota => "quota",
            Self::Daily => "daily",
        }
    }

    /// The cause of a word.
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }

    /// Whether the next run must know of it: it is about us and not about the moment.
    pub fn outlives_a_run(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Rate | Self::Login | Self::Quota
        )
    }
}

/// A time in which a relay is left in peace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Why.
    pub cause: Cause,
    /// When it ends.
    pub until: Instant,
    /// The how manieth in a row for this cause, from 1.
    pub times: u32,
    /// The relay's words, or what broke.
    pub told: String,
}

/// How long rests are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRules {
    /// First rest of a relay that is down; doubles `quick_probes` times.
    pub down_quick: Duration,
    /// How often a relay that is down is tried soon.
    pub quick_probes: u32,
    /// First rest after those; doubles up to `longest`.
    pub down: Duration,
    /// First rest after 454 *throttling*; doubles up to `longest`.
    pub throttled: Duration,
    /// Longest of these two.
    pub longest: Duration,
    /// After 4.7.28.
    pub rate: Duration,
    /// Between two probes of a relay whose quota is used up.
    pub quota: Duration,
    /// First rest after a login that cannot be checked; doubles.
    pub login: Duration,
    /// So many logins in a row, and no further one.
    pub logins: u32,
    /// After a complaint, how long until the rate rises by a tenth.
    pub recovery: Duration,
    /// How long those under way take at most to be counted.
    pub look_again: Duration,
    /// A run waits for the end of a rest that is no longer than this; a longer one ends it.
    pub patience: Duration,
}

impl Default for RestRules {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let minutes = Duration::from_mins;
        Self {
            down_quick: seconds(1),
            quick_probes: 5,
            down: minutes(1),
            throttled: minutes(1),
            longest: minutes(15),
            rate: minutes(10),
            quota: minutes(60),
            login: minutes(15),
            logins: 4,
            recovery: minutes(1),
            look_again: seconds(1),
            patience: minutes(2),
        }
    }
}

impl RestRules {
    /// The length of the `times`-th rest in a row for one cause.
    pub fn length(&self, cause: Cause, times: u32) -> Duration {
        let doubled = |first: Duration, times: u32| {
            first.saturating_mul(1 << times.saturating_sub(1).min(16))
        };
        match cause {
            Cause::Down if times <= self.quick_probes => doubled(self.down_quick, times),
            Cause::Down => doubled(self.down, times - self.quick_probes).min(self.longest),
            Cause::Throttled => doubled(self.throttled, times).min(self.longest),
            Cause::Rate => self.rate,
            Cause::Quota => self.quota,
            Cause::Login => doubled(self.login, times),
            Cause::Daily => self.look_again,
        }
    }

    /// Whether a run gives up on a relay that rests like this, instead of waiting.
    pub fn is_too_long(&self, rest: &Rest, now: Instant) -> bool {
        let down_for_long = rest.cause == Cause::Down && rest.times > self.quick_probes;
        down_for_long || rest.until.saturating_duration_since(now) > self.patience
    }
}
