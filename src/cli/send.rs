//! `send`: mails what is due, after asking for the count.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;

use serde_json::json;

use super::output::{Output, count};
use super::progress::Watcher;
use super::status::{bad_address, counts_json, doubted_line};
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::address::EmailAddress;
use crate::delivery::State;
use crate::diagnostic::{Diagnostic, visible};
use crate::ledger::{IssueState, Reason};
use crate::pace::{Cause, RestRules};
use crate::publish::{
    self, Ask, AskedFor, Halt, IssueOutcome, OnUnconfirmed, Progress, Publication, Question,
    Resting, SendOptions, SendReport, Stop,
};

/// Arguments of `send`.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Send {
    /// File, slug, id or the beginning of one [default: everything that is due or was started]
    issue: Option<String>,
    /// Mail what is due without asking: for timers, since scheduling is consent
    #[arg(long, conflicts_with_all = ["issue", "test"])]
    due: bool,
    /// Send one message of the issue to this address, outside the ledger
    #[arg(long, value_name = "ADDR", requires = "issue")]
    test: Option<String>,
    /// Send it once more to these, who lost it; the copy is recorded as asked for
    #[arg(long, value_name = "ADDR", num_args = 1.., requires = "issue", conflicts_with = "test")]
    again: Vec<String>,
    /// Send it to these, who joined after it was planned
    #[arg(long, value_name = "ADDR", num_args = 1.., requires = "issue", conflicts_with = "test")]
    to: Vec<String>,
    /// What becomes of earlier deliveries in doubt
    #[arg(long, value_enum, value_name = "WHAT", default_value = "hold")]
    on_unconfirmed: Doubt,
    /// Send although the folder is on NFS, SMB, 9p or FUSE, where a commit may be worth nothing
    #[arg(long, env = "POSTRIDER_UNSAFE_FS", value_parser = clap::builder::FalseyValueParser::new())]
    unsafe_fs: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Do not ask, and refuse when the run would have another number of messages
    #[arg(long, value_name = "N")]
    expect: Option<usize>,
    /// Stay until nothing is deferred any more
    #[arg(long)]
    wait: bool,
    /// Accept a roster that lost more than a fifth of its subscribers
    #[arg(long)]
    accept_removals: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Doubt {
    /// Wait for a person
    Hold,
    /// Send them again after 15 minutes: nobody misses an issue, somebody may get it twice
    Resend,
    /// Count them as sent: nobody gets an issue twice, somebody may miss it
    Accept,
}

fn addresses(texts: &[String]) -> Result<Vec<EmailAddress>, Diagnostic> {
    let parsed = texts
        .iter()
        .map(|text| EmailAddress::parse(text).map_err(|error| bad_address(text, error)));
    parsed.collect()
}

impl Send {
    fn asked(&self) -> Result<AskedFor, Diagnostic> {
        Ok(AskedFor {
            again: addresses(&self.again)?,
            to: addresses(&self.to)?,
            on_unconfirmed: match self.on_unconfirmed {
                Doubt::Hold => OnUnconfirmed::Hold,
                Doubt::Resend => OnUnconfirmed::Resend,
                Doubt::Accept => OnUnconfirmed::Accept,
            },
        })
    }

    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        if let Some(to) = &self.test {
            return self.test(app, &publication, to);
        }
        let options = SendOptions {
            issue: self.issue.clone(),
            wait: self.wait,
            accept_removals: self.accept_removals,
            unsafe_fs: self.unsafe_fs,
            asked: self.asked()?,
            timers: publication.config.timers.clone(),
            rules: publication.config.retry.clone(),
            rests: RestRules::default(),
        };
        if self.dry_run {
            return dry_run(app, &publication, &options);
        }
        let halt = Halt::default();
        let mut terminal = Terminal {
            output: &app.output,
            consent: self.consent(),
            zone: publication.config.zone.clone(),
            watcher: None,
            halt: halt.clone(),
        };
        let report = publish::send(&publication, &options, &mut terminal, &halt)?;
        Ok(show(app, &publication, &report))
    }

    fn consent(&self) -> Consent {
        match (self.expect, self.yes, self.due) {
            (Some(number), _, _) => Consent::Expect(number),
            (None, true, _) | (None, _, true) => Consent::Given,
            (None, false, false) if std::io::stdin().is_terminal() => Consent::Ask,
            (None, false, false) => Consent::Missing,
        }
    }

    fn test(&self, app: &App, publication: &Publication, to: &str) -> CommandResult {
        let address = EmailAddress::parse(to).map_err(|error| bad_address(to, error))?;
        let issue = self.issue.as_deref().unwrap_or_default();
        let sent = publish::send_test(
            publication,
            issue,
            &address,
            publication.config.timers.clone(),
        )?;
        app.output.warnings(&sent.warnings);
        if app.output.is_json() {
            app.output.json(&json!({ "to": address.as_str(), "subject": sent.subject, "bytes": sent.size, "reply": sent.reply }));
        } else {
            app.output.line(&format!(
                "a test of `{}` ({} bytes) went to {address}: {}",
                sent.subject, sent.size, sent.reply
            ));
            app.output
                .note("it is not in the ledger, and its unsubscribe link does nothing");
        }
        Ok(Exit::Done)
    }
}

fn dry_run(app: &App, publication: &Publication, options: &SendOptions) -> CommandResult {
    let (question, report) = publish::preview_send(publication, options)?;
    app.output.warnings(&question.warnings);
    if app.output.is_json() {
        let issues = question
            .issues
            .iter()
            .map(|(title, number)| json!({ "title": title, "messages": number }));
        app.output
            .json(&json!({ "total": question.total, "issues": issues.collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    for (title, number) in &question.issues {
        app.output
            .line(&format!("{title}: {}", count(*number as u64, "message")));
    }
    app.output.line(&format!(
        "{} would be sent; nothing was",
        count(question.total as u64, "message")
    ));
    show_held(app, publication, &report);
    Ok(Exit::Done)
}

/// Whether the author agrees.
enum Consent {
    Ask,
    Given,
    Expect(usize),
    /// No terminal to ask at.
    Missing,
}

struct Terminal<'a> {
    output: &'a Output,
    consent: Consent,
    zone: jiff::tz::TimeZone,
    watcher: Option<Watcher>,
    halt: Halt,
}

impl Ask for Terminal<'_> {
    fn confirm(&mut self, question: &Question) -> Result<(), Stop> {
        self.ask(question)?;
        // From here on an interrupt must not tear a message apart; before, it just ends the program.
        Ok(stop_on_signals(self.halt.clone())?)
    }

    fn begin(&mut self, title: &str, total: u64, progress: &Arc<Progress>) {
        self.watcher = Some(Watcher::start(title, total, progress.clone()));
    }

    fn end(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            watcher.stop();
        }
    }

    fn note(&mut self, text: &str) {
        self.output.note(text);
    }
}

impl Terminal<'_> {
    fn ask(&self, question: &Question) -> Result<(), Stop> {
        self.output.warnings(&question.warnings);
        for (title, number) in &question.issues {
            self.output
                .note(&format!("{title}: {}", count(*number as u64, "message")));
        }
        if let Some((slug, dated)) = &question.future {
            let dated = local(*dated, &self.zone);
            self.output.note(&format!(
                "`{slug}` is dated {dated}; sending it now sets its `send_at` to now"
            ));
        }
        match self.consent {
            Consent::Given => Ok(()),
            Consent::Expect(number) if number == question.total => Ok(()),
            Consent::Expect(number) => Err(Diagnostic::error(format!(
                "this run would have {}, and {number} were expected",
                count(question.total as u64, "message")
            ))
            .hint("`postrider plan --all` names each reader; nothing was sent")
            .into()),
            Consent::Missing => Err(Diagnostic::error("there is no terminal to ask at")
                .hint(format!(
                    "agree with `--yes`, or with `--expect {}`; timers use `--due`",
                    question.total
                ))
                .into()),
            Consent::Ask if !question.plans_anew => Ok(()),
            Consent::Ask => ask_for_the_count(question.total),
        }
    }
}

fn ask_for_the_count(total: usize) -> Result<(), Stop> {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "type {total} to send, anything else to stop: ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == total.to_string() {
        Ok(())
    } else {
        Err(Stop::Declined)
    }
}

/// Ctrl-C or SIGTERM: first finish what is in flight, then stop at once.
fn stop_on_signals(halt: Halt) -> Result<(), Diagnostic> {
    let failed =
        |error: std::io::Error| Diagnostic::error("cannot listen for signals").cause(error);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
            ) else {
                return;
            };
            let mut signals = 0;
            loop {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                signals += 1;
                let mut stderr = std::io::stderr();
                if signals == 1 {
                    halt.stop_claiming();
                    let _ = writeln!(
                        stderr,
                        "finishing what is in flight; once more stops at once"
                    );
                } else {
                    halt.abort();
                }
            }
        });
    });
    Ok(())
}

fn show(app: &App, publication: &Publication, report: &SendReport) -> Exit {
    let zone = &publication.config.zone;
    if app.output.is_json() {
        let issues = report.issues.iter().map(|issue| {
            let mut value = counts_json(issue.planned, &issue.counts, issue.finished_at.is_some());
            value["issue"] = json!(issue.id);
            value["slug"] = json!(issue.slug);
            value["touched"] = json!(issue.touched);
            value["refused"] = json!(issue.refused);
            let reasons = issue.reasons.iter().map(reason_json);
            value["reasons"] = json!(reasons.collect::<Vec<_>>());
            value["suppressed"] = json!(issue.bounces.suppressed);
            let doubted = issue.bounces.doubted.iter().map(|one| &one.domain);
            value["doubted_domains"] = json!(doubted.collect::<Vec<_>>());
            value
        });
        let held = report.held.iter().map(|held| held.slug.as_str());
        let resting = report.resting.iter().map(|one| {
            json!({ "relay": one.relay, "cause": one.cause.as_str(), "until": utc(one.until), "told": one.told })
        });
        app.output.json(&json!({
            "issues": issues.collect::<Vec<_>>(),
            "held": held.collect::<Vec<_>>(),
            "resting": resting.collect::<Vec<_>>(),
            "nobody": report.nobody,
        }));
    } else {
        show_issues(app, zone, report);
        show_held(app, publication, report);
        show_resting(app, zone, report);
    }
    app.output.problems(&report.errors);
    match () {
        () if !report.errors.is_empty() => Exit::Failed,
        () if !report.resting.is_empty() => Exit::OpenDeliveries,
        () if report.issues.iter().any(IssueOutcome::has_trouble) => Exit::OpenDeliveries,
        () => Exit::Done,
    }
}

fn show_issues(app: &App, zone: &jiff::tz::TimeZone, report: &SendReport) {
    if report.issues.is_empty() && report.resting.is_empty() {
        match &report.next_due {
            Some((slug, due)) => app.output.line(&format!(
                "nothing is due; next comes {slug}, {}",
                local(*due, zone)
            )),
            None => app.output.line("nothing is due"),
        }
    }
    let (finished, worked): (Vec<_>, Vec<_>) = report
        .issues
        .iter()
        .partition(|issue| issue.touched == 0 && issue.finished_at.is_some());
    for issue in finished {
        let sent = count(issue.counts.of(State::Sent), "subscriber");
        let when = issue
            .finished_at
            .map(|at| local(at, zone))
            .unwrap_or_default();
        let state = issue.state.as_str();
        app.output.line(&format!(
            "{} is {state} since {when}: sent to {sent}; nothing was sent now",
            issue.slug
        ));
    }
    if worked.is_empty() {
        return;
    }
    show_counts(app, &worked);
    for issue in worked {
        show_reasons(app, issue);
        show_rejected(app, issue);
        app.output
            .line(&last_line(issue, zone, !report.resting.is_empty()));
    }
}

/// A row for each issue; of the columns only those that say something.
fn show_counts(app: &App, issues: &[&IssueOutcome]) {
    const COLUMNS: [&str; 9] = [
        "#planned",
        "#sent",
        "#deferred",
        "#rejected",
        "#unconfirmed",
        "#skipped",
        "#expired",
        "#abandoned",
        "#open",
    ];
    let numbers = |issue: &IssueOutcome| {
        let of = |state| issue.counts.of(state);
        [
            issue.planned,
            of(State::Sent),
            of(State::Deferred),
            of(State::Rejected),
            of(State::Unconfirmed),
            of(State::Skipped),
            of(State::Expired),
            of(State::Abandoned),
            issue.counts.remaining() - of(State::Deferred),
        ]
    };
    let rows: Vec<_> = issues
        .iter()
        .map(|issue| (issue.slug.clone(), numbers(issue)))
        .collect();
    let says = |column: usize| column < 2 || rows.iter().any(|(_, row)| row[column] > 0);
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(|column| says(*column)).collect();
    let mut header = vec!["<issue"];
    header.extend(columns.iter().map(|column| COLUMNS[*column]));
    let rows = rows.iter().map(|(slug, row)| {
        let counts = columns.iter().map(|column| row[*column].to_string());
        std::iter::once(slug.clone()).chain(counts).collect()
    });
    app.output.table(&header, rows);
}

/// Why deliveries are not sent: what the relay said, and what was decided here.
fn show_reasons(app: &App, issue: &IssueOutcome) {
    let said = issue.reasons.iter().map(|reason| {
        let state = match reason.state {
            State::Planned => "refused to us",
            state => state.as_str(),
        };
        let step = reason.step.clone().unwrap_or_default();
        vec![
            state.to_owned(),
            reason.deliveries.to_string(),
            step,
            reason.words.clone(),
        ]
    });
    let skipped = issue.counts.skipped_by_reason.iter();
    let skipped = skipped.map(|(reason, number)| {
        vec![
            "skipped".to_owned(),
            number.to_string(),
            String::new(),
            reason.clone(),
        ]
    });
    let rows: Vec<Vec<String>> = said.chain(skipped).collect();
    if !rows.is_empty() {
        app.output
            .table(&["not sent", "#how many", "at", "~why"], rows);
    }
}

fn reason_json(reason: &Reason) -> serde_json::Value {
    json!({ "state": reason.state.as_str(), "step": reason.step, "deliveries": reason.deliveries, "words": reason.words })
}

/// Which relays are left in peace, and until when.
fn show_resting(app: &App, zone: &jiff::tz::TimeZone, report: &SendReport) {
    if !report.errors.is_empty() {
        return;
    }
    // The others were told when they began.
    let used_up = |one: &&Resting| one.cause == Cause::Daily;
    for one in report.resting.iter().filter(used_up) {
        app.output.note(&one.to_string());
    }
    if let Some(at) = report.resting.iter().map(|one| one.until).min() {
        // The minute that is told must not be one too early.
        let at = at + chrono::TimeDelta::seconds(59);
        app.output.line(&format!(
            "run `postrider send` again at {}; with `--wait` it waits by itself",
            local(at, zone)
        ));
    }
}

/// Whom the relay refused for good, and what that led to.
fn show_rejected(app: &App, issue: &IssueOutcome) {
    /// Most addresses that are named.
    const MOST: usize = 20;
    let slug = &issue.slug;
    let rejected = issue.counts.of(State::Rejected);
    if rejected > 0 {
        let rejected = count(rejected, "subscriber");
        app.output.note(&format!(
            "{slug}: {rejected} rejected; `postrider status {slug}` lists them with the relay's replies"
        ));
    }
    for address in issue.bounces.suppressed.iter().take(MOST) {
        app.output.note(&format!(
            "{address} is not mailed any more: the relay says that it does not exist"
        ));
    }
    let more = issue.bounces.suppressed.len().saturating_sub(MOST);
    if more > 0 {
        app.output.note(&format!("and {more} more"));
    }
    for doubted in &issue.bounces.doubted {
        app.output.note(&doubted_line(slug, doubted));
    }
}

/// The last line of an issue: what comes next.
fn last_line(issue: &IssueOutcome, zone: &jiff::tz::TimeZone, relays_rest: bool) -> String {
    let slug = visible(&issue.slug);
    let unconfirmed = issue.counts.of(State::Unconfirmed);
    if issue.state == IssueState::Cancelled {
        return format!("{slug} is cancelled");
    }
    if issue.finished_at.is_some() {
        return format!("{slug} is finished");
    }
    if issue.state == IssueState::Paused {
        return format!("{slug} is paused; `postrider continue {slug}` lets it go on");
    }
    let mut next = Vec::new();
    if relays_rest && issue.counts.remaining() > issue.refused {
        next.push("not finished".to_owned());
    } else if let Some(at) = issue.counts.next_at {
        next.push(format!(
            "the next try is ripe at {}; run `postrider send` then",
            local(at, zone)
        ));
    } else if issue.counts.remaining() > issue.refused {
        next.push("not finished; `postrider send` goes on".to_owned());
    }
    if issue.refused > 0 {
        let refused = count(issue.refused, "delivery");
        next.push(format!(
            "{refused} refused for a reason that is ours; `postrider send {slug}` tries once more"
        ));
    }
    if unconfirmed > 0 {
        let held = count(unconfirmed, "delivery");
        next.push(format!(
            "{held} unconfirmed and held; `postrider ledger resolve {slug}` tells how to settle them"
        ));
    }
    format!("{slug}: {}", next.join("; "))
}

fn show_held(app: &App, publication: &Publication, report: &SendReport) {
    for slug in &report.nobody {
        app.output.note(&format!(
            "nobody would get `{slug}`; `postrider plan {slug}` tells why"
        ));
    }
    for held in &report.held {
        let due = local(held.due, &publication.config.zone);
        let slug = &held.slug;
        app.output.note(&format!("held: {slug} was due {due} and was not planned then; `postrider send {slug}` sends it all the same"));
    }
}
