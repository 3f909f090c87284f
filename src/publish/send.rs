//! `send`: mails what is due, resumes what was started, retries what is ripe.
//!
//! The order is the promise: the lock, then recovery, then consent, then the relay, then the web
//! pages that the mail links to, then the plan, and only then the first message.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;

use super::build::{BuildReport, build};
use super::deliver::{Progress, Run, RunError};
use super::freeze;
use super::guard::{Glimpse, enter_run, glimpse, keys_for_planning, open_ledger, settle_in};
use super::halt::Halt;
use super::planning::{DryPlan, dry_plan, present, refuse_a_shrunken_roster};
use super::roster_watch::RosterWatch;
use super::{Publication, Stop, ledger_problem};
use crate::config::SmtpConfig;
use crate::delivery::{RetryRules, State};
use crate::diagnostic::Diagnostic;
use crate::essay::set_send_at;
use crate::fs;
use crate::issue::Issue;
use crate::ledger::{Counts, IssueState, Ledger, Recorded, SenderLock, Writer};
use crate::mailer::{ConnectError, Relay, Session, Timers};
use crate::message::{Composer, FrozenIssue};
use crate::token::Keys;

/// What the author asked for.
#[derive(Debug, Clone, Default)]
pub struct SendOptions {
    /// One issue by name, or everything that is due.
    pub issue: Option<String>,
    /// Stay until nothing is deferred any more.
    pub wait: bool,
    /// Accept a roster that lost more than a fifth of its rows.
    pub accept_removals: bool,
    /// Time limits and retry rules.
    pub timers: Timers,
    /// When to try again.
    pub rules: RetryRules,
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
}

/// Whoever asks and shows.
pub trait Ask {
    /// Whether to go on; an error is a refusal with a reason.
    fn confirm(&mut self, question: &Question) -> Result<(), Stop>;
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
    /// How many deliveries this command dealt with.
    pub touched: u64,
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
    /// What the build did, if there was one.
    pub built: Option<BuildReport>,
    /// Why the run ended early, if it did.
    pub errors: Vec<Diagnostic>,
    /// The next issue to come, if nothing was due.
    pub next_due: Option<(String, DateTime<Utc>)>,
}

/// An issue that this run may mail.
enum Target {
    /// Planned earlier, from the frozen text.
    Started(Box<Recorded>),
    /// To be planned now.
    New(Box<Issue>, Box<DryPlan>),
}

/// Mails what the options ask for.
pub fn send(
    publication: &Publication,
    options: &SendOptions,
    ask: &mut dyn Ask,
    halt: &Halt,
) -> Result<SendReport, Stop> {
    let mut lock = SenderLock::take(&publication.folder)?;
    let (mut ledger, identity) = open_ledger(publication)?;
    let keys = Arc::new(keys_for_planning(publication, &mut ledger, &identity)?);
    let epoch = enter_run(publication, &mut ledger, &identity, &mut lock)?;
    recover(&mut ledger, publication, ask)?;

    let mut report = SendReport::default();
    let mut targets = select(publication, options, &mut ledger, &keys, &mut report)?;
    let question = question(publication, &targets, &mut ledger)?;
    if question.total == 0 {
        finish_report(&mut report, &targets, &mut ledger, publication.clock.now())?;
        return Ok(report);
    }
    ask.confirm(&question)?;

    let smtp = relay_config(publication)?;
    let runtime = runtime()?;
    let relay = Relay::new(smtp.clone(), options.timers.clone())
        .map_err(|error| relay_problem(&error, smtp))?;
    let mut first = Some(
        runtime
            .block_on(relay.open())
            .map_err(|error| relay_problem(&error, smtp))?,
    );

    if question.future.is_some() {
        move_to_now(publication, &mut targets)?;
    }
    let issues = publication.issues()?.issues;
    report.built = Some(build(
        publication,
        &issues,
        publication.clock.now(),
        &publication.folder.join("public"),
    )?);
    settle_in(publication, &mut ledger, &identity)?;

    for target in targets {
        if halt.is_stopping() {
            break;
        }
        let recorded = plan_if_new(publication, target, &mut ledger, &keys, options)?;
        let job = Job {
            publication,
            options,
            keys: &keys,
            relay: &relay,
            smtp,
            runtime: &runtime,
            halt,
            epoch,
        };
        let outcome;
        (ledger, outcome) = job.run(ledger, &recorded, &mut first, ask, &mut report.errors)?;
        report.issues.push(outcome);
        if !report.errors.is_empty() {
            break;
        }
    }
    if let Some(session) = first {
        runtime.block_on(session.quit());
    }
    Ok(report)
}

/// What [`send`] would do, with nothing written and nothing sent.
pub fn preview_send(
    publication: &Publication,
    options: &SendOptions,
) -> Result<(Question, SendReport), Stop> {
    let Glimpse { ledger, keys, .. } = &mut glimpse(publication)?;
    let mut report = SendReport::default();
    let targets = select(publication, options, ledger, keys, &mut report)?;
    let question = question(publication, &targets, ledger)?;
    Ok((question, report))
}

/// Makes the messages of an issue for a few of its readers, and tells what is wrong with them.
pub fn rehearse(publication: &Publication, issue: &Issue) -> Result<Option<Diagnostic>, Stop> {
    let mut glimpse = glimpse(publication)?;
    let recipients = match dry_plan(publication, &mut glimpse.ledger, &glimpse.keys, issue) {
        Ok(dry) => dry.plan.recipients,
        // What is wrong with the roster is told by whoever reads the roster.
        Err(Stop::Failed(_)) => return Ok(None),
        Err(other) => return Err(other),
    };
    let frozen = freeze::freeze(publication, issue, publication.clock.now());
    let signer = match publication.signer(&frozen) {
        Ok(signer) => signer,
        Err(problem) => return Ok(Some(problem)),
    };
    Ok(Composer::new(frozen, Arc::new(glimpse.keys), signer)
        .and_then(|composer| composer.rehearse(&recipients))
        .err())
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

/// The issues of this run: the named one, or what was started and what is due.
fn select(
    publication: &Publication,
    options: &SendOptions,
    ledger: &mut Ledger,
    keys: &Keys,
    report: &mut SendReport,
) -> Result<Vec<Target>, Stop> {
    let issues = publication.issues()?.issues;
    let now = publication.clock.now();
    if let Some(word) = &options.issue {
        let issue = publication.find(&issues, word)?;
        if let Some(recorded) = ledger.recorded(&issue.id)? {
            return Ok(vec![Target::Started(Box::new(recorded))]);
        }
        refuse_unmailable(issue)?;
        let dry = plan_anew(publication, issue, ledger, keys, options)?;
        if dry.plan.recipients.is_empty() {
            let problem = Diagnostic::error(format!("nobody would get `{}`", issue.slug));
            return Err(problem
                .hint(format!("`postrider plan {}` tells why", issue.slug))
                .into());
        }
        return Ok(vec![Target::New(Box::new(issue.clone()), Box::new(dry))]);
    }
    let mut targets = Vec::new();
    for recorded in ledger.all_recorded()? {
        if recorded.state == IssueState::Sending {
            targets.push(Target::Started(Box::new(recorded)));
        }
    }
    for issue in issues.iter().filter(|issue| issue.mail && !issue.draft) {
        if ledger.recorded(&issue.id)?.is_some() {
            continue;
        }
        let late = (now - issue.published).to_std();
        match late {
            Err(_) if report.next_due.is_none() => {
                report.next_due = Some((issue.slug.to_string(), issue.published));
            }
            Err(_) => {}
            Ok(late) if late > publication.config.max_lateness => {
                report.held.push(Held {
                    slug: issue.slug.to_string(),
                    due: issue.published,
                });
            }
            Ok(_) => {
                let dry = plan_anew(publication, issue, ledger, keys, options)?;
                if dry.plan.recipients.is_empty() {
                    // One issue without readers must not keep the others back.
                    report.nobody.push(issue.slug.to_string());
                } else {
                    targets.push(Target::New(Box::new(issue.clone()), Box::new(dry)));
                }
            }
        }
    }
    Ok(targets)
}

fn refuse_unmailable(issue: &Issue) -> Result<(), Stop> {
    let name = &issue.source.name;
    if issue.draft {
        let problem = Diagnostic::error(format!("`{name}` is a draft"));
        return Err(problem
            .hint("take `draft = true` out of its front matter when it is ready")
            .into());
    }
    if !issue.mail {
        let problem = Diagnostic::error(format!("`{name}` is for the web only"));
        return Err(problem
            .hint("take `mail = false` out of its front matter to mail it")
            .into());
    }
    Ok(())
}

fn plan_anew(
    publication: &Publication,
    issue: &Issue,
    ledger: &mut Ledger,
    keys: &Keys,
    options: &SendOptions,
) -> Result<DryPlan, Stop> {
    let dry = dry_plan(publication, ledger, keys, issue)?;
    if !options.accept_removals {
        refuse_a_shrunken_roster(ledger, &dry.present)?;
    }
    Ok(dry)
}

fn question(
    publication: &Publication,
    targets: &[Target],
    ledger: &mut Ledger,
) -> Result<Question, Stop> {
    let now = publication.clock.now();
    let mut question = Question {
        issues: Vec::new(),
        total: 0,
        future: None,
        plans_anew: false,
        warnings: Vec::new(),
    };
    for target in targets {
        let (title, count) = match target {
            Target::New(issue, dry) => {
                question.plans_anew = true;
                if issue.published > now {
                    question.future = Some((issue.slug.to_string(), issue.published));
                }
                question.warnings.clone_from(&dry.warnings);
                (issue.title.clone(), dry.plan.recipients.len())
            }
            Target::Started(recorded) => (
                recorded.frozen.title.clone(),
                open_now(recorded, ledger, now)?,
            ),
        };
        if count > 0 {
            question.issues.push((title, count));
            question.total += count;
        }
    }
    Ok(question)
}

/// How many deliveries of a started issue a run would try now.
fn open_now(recorded: &Recorded, ledger: &mut Ledger, now: DateTime<Utc>) -> Result<usize, Stop> {
    if recorded.state != IssueState::Sending {
        return Ok(0);
    }
    Ok(ledger.claimable(recorded.row, now)?)
}

/// Moves the date of an issue that is sent ahead of its time: the archive and the feeds must show
/// it before the first mail links there.
fn move_to_now(publication: &Publication, targets: &mut [Target]) -> Result<(), Stop> {
    let now = publication.clock.now();
    for target in targets {
        let Target::New(issue, _) = target else {
            continue;
        };
        if issue.published <= now {
            continue;
        }
        let text = set_send_at(&issue.source, now)?;
        let path = publication.folder.join(&*issue.source.name);
        fs::write_atomically(&path, text.as_bytes()).map_err(|error| {
            Diagnostic::error(format!("cannot write `{}`", issue.source.name)).cause(error)
        })?;
        let moved = publication
            .issues()?
            .issues
            .into_iter()
            .find(|other| other.id == issue.id);
        **issue = moved
            .ok_or_else(|| Diagnostic::error(format!("`{}` has vanished", issue.source.name)))?;
    }
    Ok(())
}

/// The plan in the ledger: the one that is there, or a new one, frozen and recorded now. What was
/// in memory of it is gone afterwards: the ledger gives it back row by row.
fn plan_if_new(
    publication: &Publication,
    target: Target,
    ledger: &mut Ledger,
    keys: &Arc<Keys>,
    options: &SendOptions,
) -> Result<Recorded, Stop> {
    let now = publication.clock.now();
    let (issue, dry) = match target {
        Target::New(issue, dry) => (issue, dry),
        Target::Started(recorded) => {
            let present = present(&publication.roster()?, keys);
            if !options.accept_removals {
                refuse_a_shrunken_roster(ledger, &present)?;
            }
            ledger.update_roster(&present, now)?;
            return Ok(*recorded);
        }
    };
    let frozen = freeze::freeze(publication, &issue, now);
    let signer = publication.signer(&frozen)?;
    Composer::new(frozen.clone(), keys.clone(), signer)?.rehearse(&dry.plan.recipients)?;
    ledger.update_roster(&dry.present, now)?;
    ledger.record_plan(&freeze::row(&issue, &frozen)?, &dry.plan, now)?;
    let recorded = ledger.recorded(&issue.id)?;
    Ok(recorded.ok_or_else(|| Diagnostic::error("the plan was written and is not there"))?)
}

/// One issue of a run.
struct Job<'a> {
    publication: &'a Publication,
    options: &'a SendOptions,
    keys: &'a Arc<Keys>,
    relay: &'a Relay,
    smtp: &'a SmtpConfig,
    runtime: &'a Runtime,
    halt: &'a Halt,
    epoch: i64,
}

impl Job<'_> {
    /// Runs until nothing is left to try, and gives the ledger back.
    fn run(
        &self,
        mut ledger: Ledger,
        recorded: &Recorded,
        first: &mut Option<Session>,
        ask: &mut dyn Ask,
        errors: &mut Vec<Diagnostic>,
    ) -> Result<(Ledger, IssueOutcome), Stop> {
        let clock = self.publication.clock;
        let mut touched = 0;
        loop {
            let expired = chrono::TimeDelta::from_std(self.options.rules.expire)
                .unwrap_or(chrono::TimeDelta::MAX);
            if clock.now() - recorded.planned_at > expired {
                touched += ledger.expire(recorded.row, clock.now())? as u64;
            }
            let open = open_now(recorded, &mut ledger, clock.now())?;
            if open > 0 {
                let progress = Arc::new(Progress::default());
                ask.begin(&recorded.frozen.title, open as u64, &progress);
                let ended;
                (ledger, ended) = self.pass(ledger, recorded, first.take(), &progress)?;
                ask.end();
                touched += progress.done();
                errors.extend(ended);
            }
            let counts = ledger.issue_row(recorded.row)?.counts;
            let waits = self.options.wait && counts.of(State::Deferred) > 0 && errors.is_empty();
            if !waits || self.halt.is_stopping() {
                break;
            }
            self.wait_until(counts.next_at, ask);
        }
        ledger.finish(recorded.row, clock.now())?;
        let outcome = outcome(recorded, &mut ledger, touched)?;
        Ok((ledger, outcome))
    }

    /// One pass over what can be tried now.
    fn pass(
        &self,
        ledger: Ledger,
        recorded: &Recorded,
        first: Option<Session>,
        progress: &Arc<Progress>,
    ) -> Result<(Ledger, Vec<Diagnostic>), Stop> {
        let frozen = FrozenIssue::from_text(&recorded.frozen.text, &recorded.frozen.sha256)?;
        let signer = self.publication.signer(&frozen)?;
        let composer = Composer::new(frozen, self.keys.clone(), signer)?;
        let writer = Writer::start(ledger, self.epoch);
        let run = Run {
            composer,
            relay: self.relay.clone(),
            connections: self.smtp.connections,
            messages_per_connection: self.smtp.messages_per_connection,
            rules: self.options.rules.clone(),
            writer: writer.handle(),
            issue: recorded.row,
            clock: self.publication.clock,
            progress: progress.clone(),
            halt: self.halt.clone(),
        };
        let watch = RosterWatch::new(self.publication, self.keys.clone(), self.halt.clone());
        let ended = self
            .runtime
            .block_on(supervise(run, first, watch, self.halt));
        let mut problems = Vec::new();
        match ended {
            Ended::Worked(Some(Stop::Failed(found))) => problems.extend(found),
            // The ledger's own failure is told by the writer below, with its root cause.
            Ended::Worked(_) | Ended::Failed(RunError::Ledger(_)) => {}
            Ended::Failed(error) => problems.push(run_problem(error, self.smtp)),
            Ended::Aborted => problems.push(
                Diagnostic::error("stopped at once: open deliveries are unconfirmed")
                    .hint("`postrider status` lists them"),
            ),
        }
        let mut ledger = match writer.stop() {
            Ok(ledger) => ledger,
            Err(error) => {
                problems.push(ledger_problem(&error));
                Ledger::open(&self.publication.ledger_path())?
            }
        };
        if self.halt.is_aborted() {
            ledger.recover(self.publication.clock.now())?;
        }
        Ok((ledger, problems))
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
                    () = self.halt.aborted() => {}
                }
            });
        }
    }
}

enum Ended {
    /// Nothing is left to claim, or the roster's watch had a reason to stop.
    Worked(Option<Stop>),
    Failed(RunError),
    Aborted,
}

async fn supervise(run: Run, first: Option<Session>, watch: RosterWatch, halt: &Halt) -> Ended {
    let work = run.work(first);
    tokio::pin!(work);
    let mut objection = None;
    let watch = watch.watch();
    tokio::pin!(watch);
    loop {
        tokio::select! {
            result = &mut work => return match result {
                Ok(()) => Ended::Worked(objection),
                Err(error) => Ended::Failed(error),
            },
            stop = &mut watch, if objection.is_none() => objection = Some(stop),
            () = halt.aborted() => return Ended::Aborted,
        }
    }
}

fn outcome(recorded: &Recorded, ledger: &mut Ledger, touched: u64) -> Result<IssueOutcome, Stop> {
    let row = ledger.issue_row(recorded.row)?;
    Ok(IssueOutcome {
        id: recorded.frozen.issue.to_string(),
        slug: recorded.frozen.slug.clone(),
        title: recorded.frozen.title.clone(),
        state: ledger
            .recorded(&recorded.frozen.issue)?
            .map_or(recorded.state, |now| now.state),
        planned: recorded.planned_total,
        counts: row.counts,
        finished_at: row.finished_at,
        touched,
    })
}

/// Nothing to mail: tells where the issues stand, and closes what a person has settled since.
fn finish_report(
    report: &mut SendReport,
    targets: &[Target],
    ledger: &mut Ledger,
    now: DateTime<Utc>,
) -> Result<(), Stop> {
    for target in targets {
        if let Target::Started(recorded) = target {
            ledger.finish(recorded.row, now)?;
            report.issues.push(outcome(recorded, ledger, 0)?);
        }
    }
    Ok(())
}

pub(super) fn relay_config(publication: &Publication) -> Result<&SmtpConfig, Diagnostic> {
    publication.config.smtp.as_ref().ok_or_else(|| {
        Diagnostic::error("there is no relay to send through")
            .hint("set `url` under `[smtp]` in `postrider.toml`, or the variable POSTRIDER_SMTP_URL; `postrider catch` is one to try with")
    })
}

/// Tells why there is no usable connection, and what to do.
pub(super) fn relay_problem(error: &ConnectError, smtp: &SmtpConfig) -> Diagnostic {
    let problem = Diagnostic::error(format!("cannot send through {}", smtp.shown())).cause(error);
    match error {
        ConnectError::Broken(..) => problem.hint("check host and port of `[smtp] url`, and that the relay runs"),
        ConnectError::Refused(..) => problem.hint("ask the relay's operator, with the reply above"),
        ConnectError::NoStartTls => problem.hint(
            "use `smtps://` where the relay has TLS from the start; `smtp+plain://` sends everything unprotected",
        ),
        ConnectError::Tls(_) => problem.hint("check the host name; for a certificate of your own set `[smtp] ca_file`"),
        ConnectError::Injected => problem.hint("do not send over this network until you know who does that"),
        ConnectError::NoMechanism(_) => problem.hint("the relay may offer a login only over TLS: use `smtps://` or `smtp://`"),
        ConnectError::WrongPassword(_) => {
            problem.hint("correct the user name or the password; it was tried once, because relays lock accounts")
        }
    }
}

fn run_problem(error: RunError, smtp: &SmtpConfig) -> Diagnostic {
    match error {
        RunError::Relay(error) => relay_problem(&error, smtp),
        RunError::OurFault(step, reply) => Diagnostic::error(format!(
            "stopped: {} refuses our messages, not single readers",
            smtp.shown()
        ))
        .cause(format!("to {step} it said: {reply}"))
        .hint("ask the relay's operator; `postrider send` goes on from here"),
        RunError::Lost(told) => {
            Diagnostic::error(format!("stopped: {} ends every conversation", smtp.shown()))
                .cause(told)
                .hint("look at the relay; `postrider send` goes on from here")
        }
        RunError::Compose(problem) => *problem,
        RunError::Ledger(error) => ledger_problem(&error),
    }
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

impl Progress {
    /// Messages that the relay has accepted so far.
    pub fn sent_count(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}
