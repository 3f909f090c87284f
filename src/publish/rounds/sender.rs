//! Mails beside the looks: while a long issue goes out, others become public at their time, and whoever
//! asks is answered.
//!
//! There is one run at a time. What it may do is decided by [`send`], under the sender's lock and from
//! the ledger alone, so that a look which knows less, another server or a person can begin no second
//! plan of an issue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use super::folder::Opened;
use super::overseer::{Overseer, lines};
use super::patience::{Patience, Work};
use super::state::Doing;
use super::{Rhythm, Rounds};
use crate::address::masked;
use crate::publish::{Halt, SendOptions, SendReport, Stop, send};

/// Whoever mails.
pub(super) struct Sender<'scope, 'env> {
    rounds: &'env Rounds,
    scope: &'scope Scope<'scope, 'env>,
    patience: Patience,
    run: Option<Run<'scope>>,
}

/// A run that is under way.
struct Run<'scope> {
    work: Work,
    thread: ScopedJoinHandle<'scope, Ended>,
    /// Something has changed since it began that may mend what it falls over.
    is_outdated: bool,
}

/// What a run came to, as far as the next one depends on it.
enum Ended {
    /// All was tried that there was to do.
    Tried,
    /// A person is at work, perhaps on the same.
    Busy,
}

impl<'scope, 'env> Sender<'scope, 'env> {
    pub(super) fn new(rounds: &'env Rounds, scope: &'scope Scope<'scope, 'env>) -> Self {
        let Rhythm {
            patience,
            longest_patience,
            ..
        } = rounds.rhythm;
        Self {
            rounds,
            scope,
            patience: Patience::new(patience, longest_patience),
            run: None,
        }
    }

    /// Takes note of a run that has ended: before what there is to do is looked up, for that run may
    /// have done it.
    pub(super) fn notice_the_end(&mut self, running: Duration) {
        let Some(run) = self.run.take_if(|run| run.thread.is_finished()) else {
            return;
        };
        let ended = run.thread.join().unwrap_or(Ended::Tried);
        if matches!(ended, Ended::Tried) && !run.is_outdated {
            self.patience.tried(run.work, running);
        }
    }

    /// Whether a run is under way.
    pub(super) fn is_at_work(&self) -> bool {
        self.run.is_some()
    }

    /// How long this work is left alone, because the same was tried a moment ago.
    pub(super) fn rest(&self, work: &Work, running: Duration) -> Option<Duration> {
        let rests = !work.is_empty() && !self.patience.allows(work, running);
        self.patience.rest(running).filter(|_| rests)
    }

    /// Something has changed that may have been in the way.
    pub(super) fn forget(&mut self) {
        self.patience.forget();
        if let Some(run) = &mut self.run {
            run.is_outdated = true;
        }
    }

    /// Begins with the work, unless a run is under way or the same was tried a moment ago.
    pub(super) fn begin(
        &mut self,
        opened: &Arc<Opened>,
        work: Work,
        running: Duration,
        halt: &Halt,
    ) {
        if self.run.is_some() || work.is_empty() || !self.patience.allows(&work, running) {
            return;
        }
        let (rounds, opened, halt) = (self.rounds, opened.clone(), halt.clone());
        rounds.state.change(|state| state.doing = Doing::Preparing);
        let run = move || run(rounds, &opened, &halt);
        match thread::Builder::new().spawn_scoped(self.scope, run) {
            Ok(thread) => {
                self.run = Some(Run {
                    work,
                    thread,
                    is_outdated: false,
                });
            }
            Err(error) => {
                rounds.state.change(|state| state.doing = Doing::Nothing);
                rounds.warn(&format!("nothing can be mailed: {error}"));
                self.patience.tried(work, running);
            }
        }
    }
}

/// One run, whatever it falls over.
fn run(rounds: &Rounds, opened: &Opened, halt: &Halt) -> Ended {
    let ended = catch_unwind(AssertUnwindSafe(|| mail(rounds, opened, halt)));
    let ended = ended.unwrap_or_else(|_| {
        rounds.warn("a run of the sender failed; this is a fault of Postrider");
        Ended::Tried
    });
    rounds.state.change(|state| state.doing = Doing::Nothing);
    ended
}

fn mail(rounds: &Rounds, opened: &Opened, halt: &Halt) -> Ended {
    let publication = &opened.publication;
    let options = SendOptions {
        by_timer: true,
        unsafe_fs: rounds.unsafe_fs,
        timers: publication.config.timers.clone(),
        rules: publication.config.retry.clone(),
        rests: rounds.rhythm.rests.clone(),
        ..SendOptions::default()
    };
    match send(
        publication,
        &options,
        &mut Overseer::new(rounds, halt),
        halt,
    ) {
        Err(Stop::Busy(_) | Stop::Declined) => return Ended::Busy,
        Err(Stop::Failed(problems)) => rounds.warn_of_all(&problems),
        Ok(report) => tell_report(rounds, &report),
    }
    Ended::Tried
}

fn tell_report(rounds: &Rounds, report: &SendReport) {
    let touched: u64 = report.issues.iter().map(|issue| issue.touched).sum();
    let lines = lines(report);
    for line in &lines {
        rounds.tell(line);
    }
    let lines = lines.iter().map(|line| masked(line)).collect();
    let now = rounds.clock.now();
    rounds.state.change(|state| {
        state.runs += 1;
        state.settled += touched;
        state.last_run = Some((now, lines));
    });
    rounds.warn_of_all(&report.errors);
}
