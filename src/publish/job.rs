//! One issue of a run: passes over what can be tried, the roster's watch beside them, and what the
//! ledger says in the end.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Runtime;

use super::Stop;
use super::asked::accept_doubtful;
use super::deliver::{Held, Run, RunError};
use super::halt::Halt;
use super::problems::{down_problem, ledger_problem, run_problem};
use super::progress::Progress;
use super::publication::Publication;
use super::relays::Relays;
use super::rests::Resting;
use super::roster_watch::RosterWatch;
use super::send::{Ask, IssueOutcome, SendOptions, SendReport};
use super::targets::composer_of;
use crate::delivery::State;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Bounces, IssueState, Ledger, Recorded, Writer};
use crate::token::Keys;

/// One issue of a run.
pub(super) struct Job<'a> {
    pub(super) publication: &'a Publication,
    pub(super) options: &'a SendOptions,
    pub(super) keys: &'a Arc<Keys>,
    pub(super) relays: &'a Arc<Relays>,
    pub(super) runtime: &'a Runtime,
    pub(super) halt: &'a Halt,
    pub(super) epoch: i64,
}

impl Job<'_> {
    /// Runs until nothing is left to try, and gives the ledger back. `settled` is how many of the
    /// issue's deliveries this command has settled before.
    pub(super) fn run(
        &self,
        mut ledger: Ledger,
        recorded: &Recorded,
        settled: u64,
        first: &mut Option<Held>,
        ask: &mut dyn Ask,
        report: &mut SendReport,
    ) -> Result<(Ledger, IssueOutcome), Stop> {
        let clock = self.publication.clock;
        let accept_removals = self.options.accept_removals;
        let mut watch = RosterWatch::new(
            self.publication,
            self.keys.clone(),
            self.halt.clone(),
            accept_removals,
        );
        let mut touched = settled;
        let began = clock.now();
        loop {
            watch.catch_up(&mut ledger)?;
            touched += expire(self.publication, self.options, &mut ledger, recorded)?;
            let open = match state_of(&mut ledger, recorded)? {
                IssueState::Sending => ledger.claimable(recorded.row, clock.now())?,
                _ => 0,
            };
            let mut done = 0;
            report.resting.clear();
            if open > 0 {
                let progress = Arc::new(Progress::default());
                ask.begin(&recorded.frozen.title, open as u64, &progress);
                let passed;
                (ledger, passed) =
                    self.pass(ledger, recorded, first.take(), &mut watch, &progress)?;
                ask.end();
                done = progress.done();
                report.errors.extend(passed.problems);
                report.resting = passed.resting;
            }
            touched += done + skip_excluded(&mut ledger, recorded, &mut watch, clock.now())?;
            let counts = ledger.issue_row(recorded.row)?.counts;
            let claimable = ledger.claimable(recorded.row, clock.now())?;
            // The last messages may have been under way when the others found no relay any more.
            let rested = !report.resting.is_empty() && claimable > 0;
            // A pass that could do nothing would do nothing again at once.
            let stuck = open > 0 && done == 0 && !rested;
            let left = counts.of(State::Deferred) > 0 || rested;
            let waits = self.options.wait && left && report.errors.is_empty();
            let sending = state_of(&mut ledger, recorded)? == IssueState::Sending;
            if !waits || stuck || !sending || self.halt.is_stopping() {
                break;
            }
            let awake = report.resting.iter().map(|resting| resting.until).min();
            // While every relay rests, what is ripe waits for the first of them.
            self.wait_until(awake.or(counts.next_at), ask);
        }
        accept_doubtful(self.options, &mut ledger, recorded, clock.now())?;
        // Before it is called finished: a finished issue is not looked at again.
        let rules = &self.publication.config.bounce_rules;
        let bounces = ledger.suppress_bounced(recorded.row, began, rules, clock.now())?;
        ledger.finish(recorded.row, clock.now())?;
        let mut outcome = outcome(recorded, &mut ledger, touched)?;
        outcome.bounces = bounces;
        if ledger.claimable(recorded.row, clock.now())? == 0 {
            report.resting.clear();
        }
        if !self.options.wait {
            report.errors.extend(down_problem(&report.resting));
        }
        Ok((ledger, outcome))
    }

    /// One pass over what can be tried now.
    fn pass(
        &self,
        ledger: Ledger,
        recorded: &Recorded,
        first: Option<Held>,
        watch: &mut RosterWatch,
        progress: &Arc<Progress>,
    ) -> Result<(Ledger, Passed), Stop> {
        let composer = composer_of(self.publication, recorded, self.keys)?;
        let writer = Writer::start(ledger, self.epoch);
        let run = Run {
            composer,
            relays: self.relays.clone(),
            rules: self.options.rules.clone(),
            writer: writer.handle(),
            issue: recorded.row,
            clock: self.publication.clock,
            progress: progress.clone(),
            halt: self.halt.clone(),
        };
        let ended = self
            .runtime
            .block_on(supervise(run, first, watch, self.halt));
        let mut problems = Vec::new();
        let mut pauses = false;
        let mut resting = Vec::new();
        match ended {
            Ended::Worked(found, objection) => {
                resting = found;
                if let Some(Stop::Failed(found)) = objection {
                    problems.extend(found);
                }
            }
            // The ledger's own failure is told by the writer below, with its root cause.
            Ended::Failed(RunError::Ledger(_)) | Ended::Aborted => {}
            Ended::Failed(error) => {
                pauses = error.is_ours();
                problems.push(run_problem(error, self.relays, &recorded.frozen.slug));
            }
        }
        let mut ledger = match writer.stop() {
            Ok(ledger) => ledger,
            // What was written may be lost or broken: nothing more is asked of such a file.
            Err(error) if error.is_disk_failure() || error.is_damage() => {
                problems.push(ledger_problem(&error));
                return Err(Stop::Failed(problems));
            }
            Err(error) => {
                problems.push(ledger_problem(&error));
                Ledger::open(&self.publication.ledger_path())?
            }
        };
        if self.halt.is_aborted() {
            let (_, doubtful) = ledger.recover(self.publication.clock.now())?;
            problems.push(stopped_at_once(doubtful));
        }
        if pauses {
            // Every further message would do harm until a person has looked.
            ledger.set_issue_state(recorded.row, IssueState::Paused)?;
        }
        Ok((ledger, Passed { problems, resting }))
    }

    /// Waits for the next ripe delivery, looking at the wall clock often: a sleeping laptop stops
    /// timers, and a clock may be set.
    fn wait_until(&self, next_at: Option<DateTime<Utc>>, ask: &mut dyn Ask) {
        const LOOK: Duration = Duration::from_secs(5);
        let Some(next_at) = next_at else { return };
        ask.note(&format!(
            "waiting for the next try at {}",
            next_at.format("%Y-%m-%d %H:%M:%S UTC")
        ));
        while !self.halt.is_stopping() {
            let left = (next_at - self.publication.clock.now())
                .to_std()
                .unwrap_or_default();
            if left.is_zero() {
                return;
            }
            self.runtime.block_on(async {
                tokio::select! {
                    () = tokio::time::sleep(left.min(LOOK)) => {}
                    () = self.halt.stopping() => {}
                }
            });
        }
    }
}

/// What a pass came to.
struct Passed {
    problems: Vec<Diagnostic>,
    /// Relays that rest longer than a pass waits.
    resting: Vec<Resting>,
}

fn stopped_at_once(doubtful: usize) -> Diagnostic {
    match doubtful {
        0 => Diagnostic::error("stopped at once: no delivery was at its final dot")
            .hint("`postrider send` goes on from here"),
        1 => Diagnostic::error("stopped at once: 1 delivery is unconfirmed")
            .hint("`postrider status` names it"),
        _ => Diagnostic::error(format!(
            "stopped at once: {doubtful} deliveries are unconfirmed"
        ))
        .hint("`postrider status` lists them"),
    }
}

enum Ended {
    /// Nothing is left to claim, these relays rest, or the roster's watch had a reason to stop.
    Worked(Vec<Resting>, Option<Stop>),
    Failed(RunError),
    Aborted,
}

async fn supervise(run: Run, first: Option<Held>, watch: &mut RosterWatch, halt: &Halt) -> Ended {
    let work = run.work(first);
    tokio::pin!(work);
    let mut objection = None;
    let watch = watch.watch();
    tokio::pin!(watch);
    loop {
        tokio::select! {
            result = &mut work => return match result {
                Ok(resting) => Ended::Worked(resting, objection),
                Err(error) => Ended::Failed(error),
            },
            stop = &mut watch, if objection.is_none() => objection = Some(stop),
            () = halt.aborted() => return Ended::Aborted,
        }
    }
}

/// Settles what needs no relay: deliveries that are too old, and those to people who are suppressed
/// or left the roster. Returns how many.
pub(super) fn tidy(
    publication: &Publication,
    options: &SendOptions,
    keys: &Arc<Keys>,
    ledger: &mut Ledger,
    recorded: &Recorded,
) -> Result<u64, Stop> {
    let accept_removals = options.accept_removals;
    let mut watch = RosterWatch::new(publication, keys.clone(), Halt::default(), accept_removals);
    watch.catch_up(ledger)?;
    let expired = expire(publication, options, ledger, recorded)?;
    let now = publication.clock.now();
    Ok(expired + skip_excluded(ledger, recorded, &mut watch, now)?)
}

fn expire(
    publication: &Publication,
    options: &SendOptions,
    ledger: &mut Ledger,
    recorded: &Recorded,
) -> Result<u64, Stop> {
    let limit = TimeDelta::from_std(options.rules.expire).unwrap_or(TimeDelta::MAX);
    let now = publication.clock.now();
    if now - recorded.planned_at <= limit {
        return Ok(0);
    }
    // Who asked later is waited for as long, counted from then.
    let asked_since = now.checked_sub_signed(limit).unwrap_or(now);
    Ok(ledger.expire(recorded.row, asked_since, now)? as u64)
}

/// Whether the issue is still to be sent: another terminal may have paused or cancelled it.
fn state_of(ledger: &mut Ledger, recorded: &Recorded) -> Result<IssueState, Stop> {
    let now = ledger.issue_state(&recorded.frozen.issue)?;
    Ok(now.unwrap_or(recorded.state))
}

/// Settles the deliveries to people who are suppressed or left the roster, once the roster's file
/// has come to rest. Returns how many.
fn skip_excluded(
    ledger: &mut Ledger,
    recorded: &Recorded,
    watch: &mut RosterWatch,
    now: DateTime<Utc>,
) -> Result<u64, Stop> {
    if ledger.excluded(recorded.row)? == 0 {
        return Ok(0);
    }
    watch.catch_up_at_rest(ledger)?;
    Ok(ledger.skip_excluded(recorded.row, now)? as u64)
}

pub(super) fn outcome(
    recorded: &Recorded,
    ledger: &mut Ledger,
    touched: u64,
) -> Result<IssueOutcome, Stop> {
    let row = ledger.issue_row(recorded.row)?;
    Ok(IssueOutcome {
        id: recorded.frozen.issue.to_string(),
        slug: recorded.frozen.slug.clone(),
        title: recorded.frozen.title.clone(),
        state: state_of(ledger, recorded)?,
        planned: recorded.planned_total,
        counts: row.counts,
        finished_at: row.finished_at,
        refused: ledger.refused(recorded.row)?,
        reasons: ledger.reasons(recorded.row)?,
        touched,
        bounces: Bounces::default(),
    })
}
