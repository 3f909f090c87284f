//! What `send` tells at its end: counts, reasons, relays that rest, and what comes next.

use serde_json::json;

use super::super::check::to_json;
use super::super::output::count;
use super::super::status::{counts_json, doubted_line};
use super::super::times::{local, utc};
use super::super::{App, Exit};
use crate::delivery::State;
use crate::diagnostic::visible;
use crate::ledger::{IssueState, Reason};
use crate::pace::Cause;
use crate::publish::{IssueOutcome, Publication, Resting, SendReport};

/// Tells what a run did, and gives the exit code that says it.
pub(super) fn show(app: &App, publication: &Publication, report: &SendReport) -> Exit {
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
            "findings": report.findings.iter().map(to_json).collect::<Vec<_>>(),
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

/// Which issues were left alone, and why.
pub(super) fn show_held(app: &App, publication: &Publication, report: &SendReport) {
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
