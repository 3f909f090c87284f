//! `plan`: who would get an issue, and who would not and why.

use serde_json::json;

use super::output::count;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::delivery::State;
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::ledger::Recorded;
use crate::publish::{DryPlan, Publication, Stop, dry_plan, keys_for_planning, open_ledger};

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
        let keys = keys_for_planning(&publication, &mut ledger, &identity)?;
        let issue = match &self.issue {
            Some(word) => publication.find(&found.issues, word)?,
            None => next_unplanned(&found.issues, &mut ledger)?,
        };
        if let Some(recorded) = ledger.recorded(&issue.id)? {
            return planned_already(app, &publication, &recorded, &mut ledger);
        }
        let dry = dry_plan(&publication, &mut ledger, &keys, issue)?;
        if self.strict && dry.bad_rows > 0 {
            return Err(Stop::Failed(
                dry.warnings
                    .into_iter()
                    .map(Diagnostic::into_error)
                    .collect(),
            ));
        }
        app.output.warnings(&dry.warnings);
        if dry.bad_rows > dry.warnings.len() {
            app.output.note(&format!(
                "... and {} more bad rows",
                dry.bad_rows - dry.warnings.len()
            ));
        }
        if app.output.is_json() {
            print_json(app, issue, &dry);
        } else {
            self.print(app, &publication, issue, &dry);
        }
        Ok(Exit::Done)
    }

    fn print(&self, app: &App, publication: &Publication, issue: &Issue, dry: &DryPlan) {
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
        let total = dry.plan.recipients.len() as u64;
        app.output
            .line(&format!("{} would get it", count(total, "subscriber")));
        for (reason, number) in dry.plan.excluded_by_reason() {
            app.output.line(&format!("{number} would not: {reason}"));
        }
        if !self.all {
            app.output.note("`--all` names each of them");
            return;
        }
        let gets = dry.plan.recipients.iter().map(|recipient| {
            vec![
                recipient.address.to_string(),
                "yes".to_owned(),
                String::new(),
            ]
        });
        let does_not = dry.plan.excluded.iter().map(|excluded| {
            vec![
                excluded.address.to_string(),
                "no".to_owned(),
                format!("{} (line {})", excluded.reason, excluded.line),
            ]
        });
        app.output
            .table(&["subscriber", "gets it", "<why not"], gets.chain(does_not));
    }
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
) -> CommandResult {
    let row = ledger.issue_row(recorded.row)?;
    if app.output.is_json() {
        app.output.json(&json!({
            "issue": recorded.frozen.issue.as_str(), "slug": recorded.frozen.slug,
            "planned_at": utc(recorded.planned_at), "planned": recorded.planned_total,
            "remaining": row.counts.remaining(), "sent": row.counts.of(State::Sent),
        }));
        return Ok(Exit::Done);
    }
    let when = local(recorded.planned_at, &publication.config.zone);
    let planned = count(recorded.planned_total, "subscriber");
    app.output.line(&format!(
        "{} was planned at {when} for {planned}",
        recorded.frozen.title
    ));
    app.output.note(&format!(
        "`postrider status {}` shows where it stands",
        recorded.frozen.slug
    ));
    Ok(Exit::Done)
}

fn print_json(app: &App, issue: &Issue, dry: &DryPlan) {
    let excluded = dry.plan.excluded.iter().map(|excluded| {
        json!({ "address": excluded.address.as_str(), "line": excluded.line, "reason": excluded.reason.to_string() })
    });
    app.output.json(&json!({
        "issue": issue.id.as_str(),
        "slug": issue.slug.as_str(),
        "title": issue.title,
        "dated": utc(issue.published),
        "count": dry.plan.recipients.len(),
        "recipients": dry.plan.recipients.iter().map(|recipient| recipient.address.as_str()).collect::<Vec<_>>(),
        "excluded": excluded.collect::<Vec<_>>(),
        "bad_rows": dry.bad_rows,
    }));
}
