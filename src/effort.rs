//! What a piece of work costs, for tests that tell linear work from quadratic work.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor's time that this thread spends on the work. Unlike the time on the wall it stays the
/// same while other programs are at work, so that a bound on it says something about the code alone.
pub(crate) fn effort_of<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = spent();
    let made = work();
    (made, spent().saturating_sub(began))
}

fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("no thread worked for less than no time")
}
