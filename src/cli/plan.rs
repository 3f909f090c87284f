//! `plan`: who would get an issue, and who would not and why.

use std::sync::Arc;

use serde_json::json;

use super::output::count;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::delivery::State;
use crate::diagnostic::{Diagnostic, Severity};
use crate::issue::Issue;
use crate::ledger::Recorded;
use crate::plan::Decision;
use crate::publish::{
    Comparison, DryPlan, Publication, Stop, check_before_sending, compare, dry_plan,
    keys_for_planning, open_ledger, rehearse_for,
};
use crate::token::Keys;

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub(super) struct Plan {
    /// File, slug, id or the beginning of one [default: the next issue without a plan]
    issue: Option<String>,
    /// Name each person
    #[arg(long)]
    all: bool,
    /// Treat a bad row of the roster as an error
    #[arg(long)]
    strict: bool,
}

impl Plan {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let found = publication.issues()?;
        app.output.warnings(&found.warnings);
        let (mut ledger, identity) = open_ledger(&publication)?;
        let keys = Arc::new(keys_for_planning(&publication, &mut ledger, &identity)?);
        let issue = match &self.issue {
            Some(word) => publication.find(&found.issues, word)?,
            None => next_unplanned(&found.issues, &mut ledger)?,
        };
        if let Some(recorded) = ledger.recorded(&issue.id)? {
            return planned_already(app, &publication, &recorded, &mut ledger, self.all);
        }
        let mut dry = dry_plan(&publication, &mut ledger, &keys, issue)?;
        let warnings = dry.candidates.roster.warnings().to_vec();
        let bad_rows = dry.candidates.roster.bad_rows();
        if self.strict && bad_rows > 0 {
            return Err(Stop::Failed(
                warnings.into_iter().map(Diagnostic::into_error).collect(),
            ));
        }
        app.output.warnings(&warnings);
        if bad_rows > warnings.len() {
            let more = bad_rows - warnings.len();
            app.output.note(&format!("... and {more} more bad rows"));
        }
        let comparison = compare(&mut ledger, &dry)?;
        if app.output.is_json() {
            print_json(app, issue, &mut dry, &keys, comparison)?;
        } else {
            print(app, &publication, issue, &dry, comparison);
            if self.all {
                print_each(app, &mut dry, &keys)?;
            } else {
                app.output.note("`--all` names each of them");
            }
        }
        if issue.draft || !issue.mail {
            return Ok(Exit::Done);
        }
        // What `send` would refuse is told by then.
        rehearse_for(&publication, issue, &dry.sample, &keys)?;
        let going = [(issue, dry.sample.as_slice())];
        let findings = check_before_sending(&publication, &found.issues, &going, &keys)?;
        count_findings(app, issue, findings)
    }
}

/// Errors are what `send` would stop at; of what it would show only the number is told.
fn count_findings(app: &App, issue: &Issue, findings: Vec<Diagnostic>) -> CommandResult {
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|problem| problem.severity() == Severity::Error);
    if !warnings.is_empty() {
        app.output.note(&format!(
            "{}; `postrider check {}` tells more",
            count(warnings.len() as u64, "warning"),
            issue.slug
        ));
    }
    if errors.is_empty() {
        Ok(Exit::Done)
    } else {
        Err(Stop::Failed(errors))
    }
}

fn print(
    app: &App,
    publication: &Publication,
    issue: &Issue,
    dry: &DryPlan,
    comparison: Option<Comparison>,
) {
    let when = local(issue.published, &publication.config.zone);
    app.output
        .line(&format!("{} ({}), dated {when}", issue.title, issue.slug));
    if issue.draft || !issue.mail {
        app.output.line(if issue.draft {
            "it is a draft and is not mailed"
        } else {
            "it is for the web only and is not mailed"
        });
    }
    let total = dry.readers.len() as u64;
    app.output
        .line(&format!("{} would get it", count(total, "subscriber")));
    for (reason, number) in &dry.excluded {
        app.output.line(&format!("{number} would not: {reason}"));
    }
    if let Some(comparison) = comparison {
        app.output.line(&told(&comparison));
    }
}

/// A comparison in one line: `since why-write: +12 joined, -3 unsubscribed`.
fn told(comparison: &Comparison) -> String {
    let mut changes = Vec::new();
    if comparison.joined > 0 {
        changes.push(format!("+{} joined", comparison.joined));
    }
    let gone = comparison.gone.iter();
    changes.extend(gone.map(|(reason, number)| format!("-{number} {reason}")));
    if changes.is_empty() {
        changes.push("the same readers".to_owned());
    }
    format!("since {}: {}", comparison.with, changes.join(", "))
}

fn print_each(app: &App, dry: &mut DryPlan, keys: &Keys) -> Result<(), Stop> {
    let (mut gets, mut does_not) = (Vec::new(), Vec::new());
    dry.candidates.each(keys, |decision| {
        match decision {
            Decision::Gets(recipient) => gets.push(vec![
                recipient.address.to_string(),
                "yes".to_owned(),
                String::new(),
            ]),
            Decision::DoesNot(one) => does_not.push(vec![
                one.address.to_string(),
                "no".to_owned(),
                match one.line {
                    Some(line) => format!("{} (line {line})", one.reason),
                    None => format!("{} (signed up)", one.reason),
                },
            ]),
        }
        Ok::<(), Stop>(())
    })?;
    let rows = gets.into_iter().chain(does_not);
    app.output
        .table(&["subscriber", "gets it", "<why not"], rows);
    Ok(())
}

fn next_unplanned<'a>(
    issues: &'a [Issue],
    ledger: &mut crate::ledger::Ledger,
) -> Result<&'a Issue, Stop> {
    let mut draft = None;
    for issue in issues.iter().filter(|issue| issue.mail) {
        if ledger.issue_state(&issue.id)?.is_none() {
            if !issue.draft {
                return Ok(issue);
            }
            draft = draft.or(Some(issue));
        }
    }
    // A publication that has only just begun: its first draft is what there is to look at.
    if let Some(draft) = draft {
        return Ok(draft);
    }
    let message = if issues.is_empty() {
        "there is no issue yet"
    } else {
        "every issue has been planned"
    };
    Err(Diagnostic::error(message)
        .hint("begin a new one with `postrider new TITLE`")
        .into())
}

fn planned_already(
    app: &App,
    publication: &Publication,
    recorded: &Recorded,
    ledger: &mut crate::ledger::Ledger,
    all: bool,
) -> CommandResult {
    let row = ledger.issue_row(recorded.row)?;
    let mut people = Vec::new();
    if all {
        ledger.export(recorded.row, |one| {
            people.push((one.address, one.state, one.reason.unwrap_or_default()));
            Ok::<(), Stop>(())
        })?;
    }
    if app.output.is_json() {
        let people = people.iter().map(|(address, state, reason)| {
            json!({ "address": address, "state": state, "reason": reason })
        });
        let mut answer = json!({
            "issue": recorded.frozen.issue.as_str(), "slug": recorded.frozen.slug,
            "planned_at": utc(recorded.planned_at), "planned": recorded.planned_total,
            "remaining": row.counts.remaining(), "sent": row.counts.of(State::Sent),
        });
        if all {
            answer["deliveries"] = people.collect();
        }
        app.output.json(&answer);
        return Ok(Exit::Done);
    }
    let when = local(recorded.planned_at, &publication.config.zone);
    let planned = count(recorded.planned_total, "subscriber");
    app.output.line(&format!(
        "{} was planned at {when} for {planned}",
        recorded.frozen.title
    ));
    if all {
        let rows = people
            .into_iter()
            .map(|(address, state, reason)| vec![address, state, reason]);
        app.output.table(&["subscriber", "delivery", "<why"], rows);
    }
    app.output.note(&format!(
        "`postrider status {}` shows where it stands",
        recorded.frozen.slug
    ));
    Ok(Exit::Done)
}

fn print_json(
    app: &App,
    issue: &Issue,
    dry: &mut DryPlan,
    keys: &Keys,
    comparison: Option<Comparison>,
) -> Result<(), Stop> {
    let (mut recipients, mut excluded) = (Vec::new(), Vec::new());
    dry.candidates.each(keys, |decision| {
        match decision {
            Decision::Gets(recipient) => recipients.push(recipient.address.to_string()),
            Decision::DoesNot(one) => excluded.push(json!({
                "address": one.address.as_str(), "line": one.line, "reason": one.reason.to_string()
            })),
        }
        Ok::<(), Stop>(())
    })?;
    let since =
        comparison.map(|one| json!({ "issue": one.with, "joined": one.joined, "gone": one.gone }));
    app.output.json(&json!({
        "issue": issue.id.as_str(),
        "slug": issue.slug.as_str(),
        "title": issue.title,
        "dated": utc(issue.published),
        "count": recipients.len(),
        "recipients": recipients,
        "excluded": excluded,
        "bad_rows": dry.candidates.roster.bad_rows(),
        "since": since,
    }));
    Ok(())
}
