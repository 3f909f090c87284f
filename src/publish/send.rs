//! `send`: mails what is due, resumes what was started, retries what is ripe.
//!
//! The order is the promise: the lock, then recovery, then a rehearsal, then consent, then the relay, then the web
//! pages that the mail links to, then the plan, and only then the first message.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;

use super::asked::{AskedFor, Extra, accept_doubtful};
use super::build::{BuildReport, build};
use super::deliver::Held as HeldSession;
use super::edited::note_edits;
use super::ground::{check_folder, lay_ballast, remember_the_time, wait_for_the_time};
use super::guard::{enter_run, glimpse, keys_for_planning, leave_run, open_ledger, settle_in};
use super::halt::Halt;
use super::job::{Job, outcome, tidy};
use super::problems::{foreign_sender, relay_config};
use super::progress::Progress;
use super::relays::{Opened, Relays};
use super::rests::Resting;
use super::targets::{
    Target, check_new, move_to_now, plan_if_new, put_off, question, rehearse_all, select,
};
use super::telling::tell_author;
use super::{Publication, Stop};
use crate::delivery::{RetryRules, State};
use crate::diagnostic::Diagnostic;
use crate::ledger::{Bounces, Counts, IssueState, Ledger, Reason, SenderLock};
use crate::mailer::Timers;
use crate::pace::{Cause, RestRules};
use crate::token::Keys;

/// What the author asked for.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that its author may ask for"
)]
pub struct SendOptions {
    /// One issue by name, or everything that is due.
    pub issue: Option<String>,
    /// A timer asks, and nobody has looked whether it is time.
    pub by_timer: bool,
    /// Stay until nothing is deferred any more.
    pub wait: bool,
    /// Accept a roster that lost more than a fifth of its rows.
    pub accept_removals: bool,
    /// Send although the folder is on a file system of which nobody knows what a commit is worth.
    pub unsafe_fs: bool,
    /// Copies that are asked for by name, of the named issue.
    pub asked: AskedFor,
    /// Time limits and retry rules.
    pub timers: Timers,
    /// When to try again.
    pub rules: RetryRules,
    /// How long relays are left in peace.
    pub rests: RestRules,
}

/// What is asked before anything is sent.
#[derive(Debug, Clone)]
pub struct Question {
    /// Title and number of messages of each issue of this run.
    pub issues: Vec<(String, usize)>,
    /// All messages of this run.
    pub total: usize,
    /// An issue whose time has not come; sending it moves its date to now.
    pub future: Option<(String, DateTime<Utc>)>,
    /// Whether there is a plan to be made; a mere continuation was consented to before.
    pub plans_anew: bool,
    /// What is wrong with single rows of the roster, and with how many.
    pub warnings: Vec<Diagnostic>,
    /// What `check` says of the issues that are to be planned.
    pub findings: Vec<Diagnostic>,
}

/// Whoever asks and shows.
pub trait Ask {
    /// Whether to go on; an error is a refusal with a reason.
    fn confirm(&mut self, question: &Question) -> Result<(), Stop>;
    /// The pages are there, and the mail is not yet.
    fn built(&mut self, _: &Publication, _: &BuildReport) {}
    /// A run over one issue begins; `total` messages are open.
    fn begin(&mut self, title: &str, total: u64, progress: &Arc<Progress>);
    /// The run has ended.
    fn end(&mut self);
    /// Something worth knowing happened.
    fn note(&mut self, text: &str);
}

/// An issue that is late and was not named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its slug.
    pub slug: String,
    /// When it was due.
    pub due: DateTime<Utc>,
}

/// Where an issue stands after the command.
#[derive(Debug, Clone)]
pub struct IssueOutcome {
    /// Identity.
    pub id: String,
    /// Slug.
    pub slug: String,
    /// Title.
    pub title: String,
    /// Whether it is being sent, paused, finished or cancelled.
    pub state: IssueState,
    /// How many were planned.
    pub planned: u64,
    /// Where they stand.
    pub counts: Counts,
    /// When the last one was settled.
    pub finished_at: Option<DateTime<Utc>>,
    /// How many the relay refused for a reason that is ours, which wait for a person.
    pub refused: u64,
    /// Why those that are not sent are not.
    pub reasons: Vec<Reason>,
    /// How many deliveries this command dealt with.
    pub touched: u64,
    /// What became of addresses that do not exist.
    pub bounces: Bounces,
}

/// What `send` did.
#[derive(Debug, Default)]
pub struct SendReport {
    /// Issues that were looked at.
    pub issues: Vec<IssueOutcome>,
    /// Issues that are held for being late.
    pub held: Vec<Held>,
    /// Slugs of issues that are due and that nobody would get.
    pub nobody: Vec<String>,
    /// What `check` said of the issues that were planned.
    pub findings: Vec<Diagnostic>,
    /// What the build did, if there was one.
    pub built: Option<BuildReport>,
    /// Why the run ended early, if it did.
    pub errors: Vec<Diagnostic>,
    /// Relays that are left in peace for longer than the run was to wait.
    pub resting: Vec<Resting>,
    /// The next issue to come, if nothing was due.
    pub next_due: Option<(String, DateTime<Utc>)>,
}

/// Mails what the options ask for.
pub fn send(
    publication: &Publication,
    options: &SendOptions,
    ask: &mut dyn Ask,
    halt: &Halt,
) -> Result<SendReport, Stop> {
    if options.by_timer {
        wait_for_the_time(publication)?;
    }
    let mut lock = SenderLock::take(&publication.folder)?;
    let mut relay_answers = true;
    let ended = send_under(
        &mut lock,
        publication,
        options,
        ask,
        halt,
        &mut relay_answers,
    );
    let ended = leave_run(publication, &lock, ended);
    if options.by_timer {
        tell_author(publication, &ended, relay_answers, ask);
    }
    ended
}

/// How many deliveries a run settled of each issue, by its row, before it mailed anything.
type Touched = BTreeMap<i64, u64>;

fn send_under(
    lock: &mut SenderLock,
    publication: &Publication,
    options: &SendOptions,
    ask: &mut dyn Ask,
    halt: &Halt,
    relay_answers: &mut bool,
) -> Result<SendReport, Stop> {
    let (mut ledger, identity) = open_ledger(publication)?;
    let keys = Arc::new(keys_for_planning(publication, &mut ledger, &identity)?);
    let epoch = enter_run(publication, &mut ledger, &identity, lock)?;
    recover(&mut ledger, publication, ask)?;
    judge_what_was_cut_off(publication, &mut ledger, ask)?;

    let mut report = SendReport::default();
    let mut targets = select(publication, options, &mut ledger, &keys, &mut report)?;
    let touched = put_in_order(publication, options, &keys, &mut ledger, &targets)?;
    let extra = Extra::find(publication, options, &targets, &mut ledger, &keys)?;
    let mut question = question(publication, &targets, &mut ledger)?;
    extra.add_to(&mut question);
    if question.total == 0 {
        for recorded in targets.iter().filter_map(Target::started) {
            ledger.finish(recorded.row, publication.clock.now())?;
        }
        tell_started(&targets, &mut ledger, &touched, &mut report)?;
        return Ok(report);
    }
    relay_config(publication)?;
    if let Some(problem) = foreign_sender(publication) {
        return Err(problem.into_error().into());
    }
    rehearse_all(publication, options, &targets, &mut ledger, &keys)?;
    question.findings = check_new(publication, &targets, &keys)?;
    report.findings.clone_from(&question.findings);
    note_edits(publication, &targets, ask)?;
    check_folder(publication, question.total, options.unsafe_fs)?;
    ask.confirm(&question)?;
    lay_ballast(&ledger)?;

    let runtime = runtime()?;
    let mut relays = Relays::prepare(publication, &mut ledger, &options.timers, &options.rests)?;
    let opened = connect(&runtime, &mut relays, options, ask, halt, &mut ledger);
    *relay_answers = opened.is_ok();
    let first = match opened? {
        Opened::Session(first) => *first,
        Opened::Resting(resting) => {
            report.resting = resting;
            tell_started(&targets, &mut ledger, &touched, &mut report)?;
            return Ok(report);
        }
    };

    if question.future.is_some() {
        move_to_now(publication, &mut targets)?;
    }
    let issues = publication.issues()?.issues;
    let out = publication.folder.join("public");
    let built = build(publication, &issues, publication.clock.now(), &out)?;
    ask.built(publication, &built);
    report.built = Some(built);
    settle_in(publication, &mut ledger, &identity)?;
    relays.remember(&mut ledger)?;
    extra.record(&mut targets, &mut ledger, publication.clock.now())?;

    let job = Job {
        publication,
        options,
        keys: &keys,
        relays: &Arc::new(relays),
        runtime: &runtime,
        halt,
        epoch,
    };
    work_through(&job, ledger, targets, &touched, first, ask, &mut report)?;
    Ok(report)
}

/// What is open of issues that have a plan, before more is asked of them: how many deliveries of
/// each were settled by that.
fn put_in_order(
    publication: &Publication,
    options: &SendOptions,
    keys: &Arc<Keys>,
    ledger: &mut Ledger,
    targets: &[Target],
) -> Result<Touched, Stop> {
    let mut touched = Touched::new();
    for recorded in targets.iter().filter_map(Target::started) {
        if options.issue.is_some() {
            // Who names it has looked at what the relay said.
            ledger.release_refused(recorded.row)?;
        }
        let settled = tidy(publication, options, keys, ledger, recorded)?;
        let now = publication.clock.now();
        let accepted = accept_doubtful(options, ledger, recorded, now)?;
        touched.insert(recorded.row, settled + accepted);
    }
    Ok(touched)
}

/// Where the issues with a plan stand, for a run that mails none of them.
fn tell_started(
    targets: &[Target],
    ledger: &mut Ledger,
    touched: &Touched,
    report: &mut SendReport,
) -> Result<(), Stop> {
    for recorded in targets.iter().filter_map(Target::started) {
        let settled = touched.get(&recorded.row).copied().unwrap_or(0);
        report.issues.push(outcome(recorded, ledger, settled)?);
    }
    Ok(())
}

/// One issue after the other, until one has a reason to stop.
fn work_through(
    job: &Job<'_>,
    mut ledger: Ledger,
    targets: Vec<Target>,
    touched: &Touched,
    first: HeldSession,
    ask: &mut dyn Ask,
    report: &mut SendReport,
) -> Result<(), Stop> {
    let mut first = Some(first);
    for target in targets {
        if job.halt.is_stopping() || !report.errors.is_empty() || !report.resting.is_empty() {
            break;
        }
        if let Some(slug) = put_off(job.publication, &target)? {
            ask.note(&format!("`{slug}` was put off meanwhile and is left alone"));
            continue;
        }
        let recorded = plan_if_new(job.publication, target, &mut ledger, job.keys, job.options)?;
        let settled = touched.get(&recorded.row).copied().unwrap_or(0);
        let outcome;
        (ledger, outcome) = job.run(ledger, &recorded, settled, &mut first, ask, report)?;
        report.issues.push(outcome);
    }
    if let Some(session) = first {
        job.runtime.block_on(session.session.quit());
    }
    ledger.set_judged_at(job.publication.clock.now())?;
    remember_the_time(job.publication, &mut ledger)
}

/// Addresses that a run was refused which did not come to its end: who does not exist is suppressed
/// all the same.
fn judge_what_was_cut_off(
    publication: &Publication,
    ledger: &mut Ledger,
    ask: &mut dyn Ask,
) -> Result<(), Stop> {
    let judged_at = ledger.judged_at()?;
    for recorded in ledger.all_recorded()? {
        if !matches!(recorded.state, IssueState::Sending | IssueState::Paused) {
            continue;
        }
        let since = judged_at.unwrap_or(recorded.planned_at);
        let rules = &publication.config.bounce_rules;
        let now = publication.clock.now();
        let bounces = ledger.suppress_bounced(recorded.row, since, rules, now)?;
        for address in bounces.suppressed {
            ask.note(&format!(
                "{address} is not mailed any more: the relay says that it does not exist"
            ));
        }
    }
    Ok(())
}

/// The first session: without one nothing is planned. An interrupt ends the wait for it.
fn connect(
    runtime: &Runtime,
    relays: &mut Relays,
    options: &SendOptions,
    ask: &mut dyn Ask,
    halt: &Halt,
    ledger: &mut Ledger,
) -> Result<Opened, Stop> {
    loop {
        let opened = runtime.block_on(async {
            tokio::select! {
                opened = relays.open_first(ask) => opened,
                () = halt.stopping() => Err(Stop::Declined),
            }
        });
        // The next run must know of them however this one ends.
        relays.write_down_rests(ledger)?;
        let opened = opened?;
        let Opened::Resting(resting) = &opened else {
            return Ok(opened);
        };
        let told_later = |one: &&Resting| one.cause == Cause::Daily;
        for one in resting.iter().filter(|one| !told_later(one)) {
            ask.note(&one.to_string());
        }
        if !options.wait && !relays.waits_for(resting) {
            return Ok(opened);
        }
        let until = resting.iter().map(|one| one.until).min();
        runtime.block_on(relays.wait_for(until, halt));
        if halt.is_stopping() {
            return Err(Stop::Declined);
        }
    }
}

/// What [`send`] would do, with nothing written and nothing sent.
pub fn preview_send(
    publication: &Publication,
    options: &SendOptions,
) -> Result<(Question, SendReport), Stop> {
    let mut glimpse = glimpse(publication)?;
    let (ledger, keys) = (&mut glimpse.ledger, Arc::new(glimpse.keys));
    let mut report = SendReport::default();
    let targets = select(publication, options, ledger, &keys, &mut report)?;
    rehearse_all(publication, options, &targets, ledger, &keys)?;
    let extra = Extra::find(publication, options, &targets, ledger, &keys)?;
    let mut question = question(publication, &targets, ledger)?;
    extra.add_to(&mut question);
    question.findings = check_new(publication, &targets, &keys)?;
    Ok((question, report))
}

fn recover(ledger: &mut Ledger, publication: &Publication, ask: &mut dyn Ask) -> Result<(), Stop> {
    let (returned, unconfirmed) = ledger.recover(publication.clock.now())?;
    if returned + unconfirmed > 0 {
        ask.note(&format!(
            "the last run was cut off: {returned} deliveries go back to the plan, {unconfirmed} are unconfirmed and held"
        ));
    }
    Ok(())
}

fn runtime() -> Result<Runtime, Stop> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    Ok(built
        .map_err(|error| Diagnostic::error("cannot start the sender's threads").cause(error))?)
}

impl IssueOutcome {
    /// Whether the command should end with the exit code for open or failed deliveries.
    pub fn has_trouble(&self) -> bool {
        let doubtful = self.counts.of(State::Deferred)
            + self.counts.of(State::Unconfirmed)
            + self.counts.of(State::Planned)
            > 0;
        let failed = self.counts.of(State::Rejected) + self.counts.of(State::Expired) > 0;
        doubtful || (self.touched > 0 && failed)
    }
}
