//! How many messages may be under way at a time: Postfix's feedback (its SCHEDULER_README, "±1/N").

/// Longest wait for another try, in cohorts.
const MOST_CAUTION: usize = 1024;

/// The number of connections that a relay bears, as far as it is known.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    most: usize,
    successes: usize,
    /// So many failures more before one connection less.
    patience: usize,
    /// Growing was in vain before: so many times as many successes before it is tried again.
    caution: usize,
    /// The last one more is not refused yet.
    has_grown: bool,
    /// The part of a cohort, as many messages as there are connections, that failed in a row.
    failed: f64,
}

impl Window {
    pub(super) fn new(first: usize, most: usize) -> Self {
        let most = most.max(1);
        Self {
            size: first.clamp(1, most),
            most,
            successes: 0,
            patience: 0,
            caution: 1,
            has_grown: false,
            failed: 0.0,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// One more after as many successes as there are connections.
    pub(super) fn succeed(&mut self) {
        self.failed = 0.0;
        self.patience = 0;
        self.successes += 1;
        if self.successes >= self.size * self.caution {
            self.successes = 0;
            self.has_grown = self.size < self.most;
            self.size = self.most.min(self.size + 1);
        }
    }

    /// One less at the start of as many failures as there are connections. Returns whether a whole
    /// cohort has failed: then the relay is dead.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a number of connections is small"
    )]
    pub(super) fn fail(&mut self) -> bool {
        self.successes = 0;
        self.failed += 1.0 / self.size as f64;
        if self.patience == 0 {
            self.size = (self.size - 1).max(1);
            self.patience = self.size;
        }
        self.patience -= 1;
        // Thirds do not add up to one.
        self.failed > 0.999
    }

    /// No more than these, for now: each time that one more was tried in vain, it takes twice as long
    /// until it is tried again.
    pub(super) fn limit_to(&mut self, connections: usize) {
        self.size = self.size.min(connections.max(1));
        self.successes = 0;
        if std::mem::take(&mut self.has_grown) {
            self.caution = (2 * self.caution).min(MOST_CAUTION);
        }
    }

    /// What follows a rest is a probe.
    pub(super) fn shrink_to_one(&mut self) {
        self.size = 1;
        self.successes = 0;
        self.patience = 0;
        // A relay that is dead or too busy tells nothing of how many connections it bears.
        self.caution = 1;
        self.has_grown = false;
        self.failed = 0.0;
    }
}
