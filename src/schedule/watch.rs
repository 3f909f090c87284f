//! Whether the clock can be believed. A wrong one would mail issues before their time, and mail
//! cannot be called back; so a scheduler that doubts it holds what is due and says so.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How far the clock may be behind what was seen before. A zone that was set wrong is less.
const MOST_BEHIND: TimeDelta = TimeDelta::hours(24);

/// How far the two clocks may part between two looks.
const LARGEST_STEP: TimeDelta = TimeDelta::minutes(10);

/// How long the clocks must run side by side after a step until it is believed, if nobody vouches
/// for it.
const STEADY_AFTER_STEP: Duration = Duration::from_hours(1);

/// How long a machine that has just started may take to learn the time from the network. One that
/// knows no better after that is believed: it may have no network at all.
const TIME_TO_SYNCHRONISE: Duration = Duration::from_mins(10);

/// One look at the clocks of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What the wall clock says.
    pub wall: DateTime<Utc>,
    /// Time since the machine started, by a clock that nobody sets and that goes on while the
    /// machine sleeps (`CLOCK_BOOTTIME`): else each sleep of a laptop would look like a step.
    pub running: Duration,
    /// Whether the system vouches for the wall clock; setting the clock by hand takes that back.
    /// `None` where the system does not tell.
    pub synchronised: Option<bool>,
}

/// Why the clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It is behind the making of this program.
    BehindTheProgram(DateTime<Utc>),
    /// It is a day or more behind what was seen before.
    BehindTheLastRun(DateTime<Utc>),
    /// The machine has just started and has not asked the network for the time yet.
    JustStarted,
    /// It was set forward or back by so much, and nobody has vouched for it since.
    Stepped(TimeDelta),
}

/// Whether `now` is behind the making of the program or a day behind the last run. Nobody's clock
/// is right then: `Date` headers, retries and what is due would all be wrong.
pub fn set_far_back(
    now: DateTime<Utc>,
    built: Option<DateTime<Utc>>,
    seen: Option<DateTime<Utc>>,
) -> Option<Distrust> {
    let behind_program = built
        .filter(|built| now < *built)
        .map(Distrust::BehindTheProgram);
    let behind_run = seen
        .filter(|seen| now < *seen - MOST_BEHIND)
        .map(Distrust::BehindTheLastRun);
    behind_program.or(behind_run)
}

/// What is known of the clocks from one look to the next.
#[derive(Debug, Clone)]
pub struct Watch {
    built: Option<DateTime<Utc>>,
    seen: Option<DateTime<Utc>>,
    last: Option<Look>,
    step: Option<Step>,
}

/// The wall clock was set.
#[derive(Debug, Clone, Copy)]
struct Step {
    by: TimeDelta,
    at: Duration,
}

impl Watch {
    /// Begins to watch. `built` is when the program was made, `seen` the latest time that an
    /// earlier run believed.
    pub fn new(built: Option<DateTime<Utc>>, seen: Option<DateTime<Utc>>) -> Self {
        Self {
            built,
            seen,
            last: None,
            step: None,
        }
    }

    /// The latest time that was believed: what must outlive the process.
    pub fn seen(&self) -> Option<DateTime<Utc>> {
        self.seen
    }

    /// Looks at the clocks, and says why the wall clock is not believed.
    pub fn look(&mut self, look: &Look) -> Result<(), Distrust> {
        self.notice_a_step(look);
        let doubt = set_far_back(look.wall, self.built, self.seen)
            .or_else(|| just_started(look))
            .or_else(|| self.step.map(|step| Distrust::Stepped(step.by)));
        if let Some(doubt) = doubt {
            return Err(doubt);
        }
        self.seen = self.seen.max(Some(look.wall));
        Ok(())
    }

    /// Compares with the last look. Steps add up, so that a clock that is set back to where it was
    /// is believed at once; and a step is believed once somebody vouches for the clock, or when an
    /// hour has shown no other one.
    fn notice_a_step(&mut self, look: &Look) {
        let Some(last) = self.last.replace(*look) else {
            return;
        };
        let ran = look.running.saturating_sub(last.running);
        let parted = (look.wall - last.wall) - TimeDelta::from_std(ran).unwrap_or(TimeDelta::MAX);
        if parted.abs() > LARGEST_STEP {
            let by = parted + self.step.map_or(TimeDelta::zero(), |step| step.by);
            self.step = (by.abs() > LARGEST_STEP).then_some(Step {
                by,
                at: look.running,
            });
        } else if let Some(step) = self.step {
            let steady = look.running.saturating_sub(step.at) >= STEADY_AFTER_STEP;
            if steady || look.synchronised == Some(true) {
                self.step = None;
            }
        }
    }
}

fn just_started(look: &Look) -> Option<Distrust> {
    let unset = look.synchronised == Some(false) && look.running < TIME_TO_SYNCHRONISE;
    unset.then_some(Distrust::JustStarted)
}
