//! When work that could not be done is tried again.

use std::time::Duration;

/// What there is to do, as far as it tells one attempt from another: while it stays the same, the
/// last attempt has changed nothing, and the next one is less urgent.
pub(super) type Work = Vec<String>;

/// Waits longer and longer for the same work, by a clock that nobody sets.
#[derive(Debug)]
pub(super) struct Patience {
    first: Duration,
    longest: Duration,
    tried: Option<Tried>,
}

#[derive(Debug)]
struct Tried {
    work: Work,
    wait: Duration,
    until: Duration,
}

impl Patience {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            tried: None,
        }
    }

    /// Whether this is to be tried now; `running` is how long the machine has been running.
    pub(super) fn allows(&self, work: &Work, running: Duration) -> bool {
        match &self.tried {
            Some(tried) => tried.work != *work || running >= tried.until,
            None => true,
        }
    }

    /// How long what was tried last is left alone; `None` if that time is over.
    pub(super) fn rest(&self, running: Duration) -> Option<Duration> {
        let tried = self.tried.as_ref()?;
        tried
            .until
            .checked_sub(running)
            .filter(|rest| !rest.is_zero())
    }

    /// It was tried. Whether that was of use shows when the work is looked at again.
    pub(super) fn tried(&mut self, work: Work, running: Duration) {
        let again = self.tried.as_ref().filter(|tried| tried.work == work);
        let wait = again.map_or(self.first, |tried| (tried.wait * 2).min(self.longest));
        self.tried = Some(Tried {
            work,
            wait,
            until: running + wait,
        });
    }

    /// Something has changed that may have been in the way.
    pub(super) fn forget(&mut self) {
        self.tried = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_work_waits_longer_each_time_and_other_work_does_not_wait() {
        let minutes = Duration::from_mins;
        let mut patience = Patience::new(minutes(1), minutes(3));
        let (one, other) = (vec!["one".to_owned()], vec!["other".to_owned()]);
        let mut now = minutes(100);
        for wait in [1, 2, 3, 3] {
            assert!(patience.allows(&one, now));
            patience.tried(one.clone(), now);
            assert!(patience.allows(&other, now));
            now += minutes(wait).saturating_sub(Duration::from_millis(1));
            assert!(!patience.allows(&one, now), "{wait}");
            now += Duration::from_millis(1);
        }
        patience.tried(other.clone(), now);
        assert!(patience.allows(&one, now), "the work has changed");
        assert!(!patience.allows(&other, now));
        patience.forget();
        assert!(patience.allows(&other, now));
    }
}
