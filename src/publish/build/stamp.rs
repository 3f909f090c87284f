//! Whether a file is still the one that was looked at, told without reading it.
//!
//! A system notes the time at which a file was last changed in any way (`st_ctime`), which no program
//! can set: a file of the same number, length and time of change holds the same bytes. What the clock
//! of a file system cannot tell apart is not relied on: a change within the same tick, and times in
//! whole seconds.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

/// Two ticks of the slowest clock by which Linux keeps such times, in nanoseconds.
const TICKS: i128 = 20_000_000;

/// What a system says of a file that nobody changed since: its number, its length, and the seconds and
/// nanoseconds of the last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp(u64, u64, i64, i64);

/// A time of the file system's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(i128);

impl Stamp {
    pub(super) fn of(file: &Metadata) -> Self {
        Self(file.ino(), file.len(), file.ctime(), file.ctime_nsec())
    }

    /// The stamp, if every change from a moment on would give the file another one.
    pub(super) fn settled_at(self, moment: Moment) -> Option<Self> {
        let Self(_, _, seconds, nanoseconds) = self;
        let is_older = at(seconds, nanoseconds) + TICKS < moment.0;
        (nanoseconds != 0 && is_older).then_some(self)
    }
}

impl Moment {
    /// When something was changed that has just been made.
    pub(super) fn of(made: &Metadata) -> Self {
        Self(at(made.ctime(), made.ctime_nsec()))
    }
}

fn at(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_a_moment_ago_or_at_a_whole_second_is_not_relied_on() {
        let stamp = |seconds, nanoseconds| Stamp(1, 2, seconds, nanoseconds);
        let moment = Moment(at(100, 0));
        assert_eq!(
            stamp(99, 979_999_999).settled_at(moment),
            Some(stamp(99, 979_999_999))
        );
        for young in [stamp(99, 980_000_000), stamp(100, 1), stamp(101, 1)] {
            assert_eq!(young.settled_at(moment), None);
        }
        assert_eq!(stamp(50, 0).settled_at(moment), None);
    }
}
