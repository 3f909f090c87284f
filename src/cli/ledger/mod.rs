//! `ledger`: the record of what was sent.

mod check;
mod copies;

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::count;
use super::times::local;
use super::{App, CommandResult, Exit};
use crate::delivery::State;
use crate::diagnostic::Diagnostic;
use crate::ledger::{IssueState, SenderLock, Verdict};
use crate::publish::{self, planned_issue};

/// Arguments of `ledger`.
#[derive(Debug, Args)]
pub(super) struct Ledger {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say that the ledger in this folder is the one that sends from now on
    Adopt,
    /// Verify everything that the ledger promises; changes nothing
    Check(check::Check),
    /// Write one row for each delivery, with Message-ID and reply, as CSV
    Export(copies::Export),
    /// Copy ledger and key, also while they are in use
    Backup(copies::Backup),
    /// Settle the deliveries of an issue that are in doubt
    Resolve(Resolve),
}

/// Arguments of `ledger resolve`.
#[derive(Debug, Args)]
struct Resolve {
    /// File, slug, id or the beginning of one
    issue: String,
    /// Only these addresses [default: every unconfirmed one]
    addresses: Vec<String>,
    #[command(flatten)]
    verdict: VerdictFlags,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct VerdictFlags {
    /// They arrived: the relay's log or the reader says so
    #[arg(long)]
    sent: bool,
    /// Send them again with the next `send`; a reader may get the issue twice
    #[arg(long)]
    resend: bool,
    /// Leave them: a reader may not have the issue
    #[arg(long)]
    abandon: bool,
}

/// A relay that was slow to answer may still be at work on a message for this long: the time for
/// the final dot, and five minutes of idleness (RFC 5321 §4.5.3.2.6 and .7).
const SETTLING_TIME: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

impl Ledger {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        match &self.action {
            Action::Adopt => adopt(app),
            Action::Check(check) => check.run(app),
            Action::Export(export) => export.run(app),
            Action::Backup(backup) => backup.run(app),
            Action::Resolve(resolve) => resolve.run(app),
        }
    }
}

fn adopt(app: &App) -> CommandResult {
    let adopted = publish::adopt(&app.publication()?)?;
    if app.output.is_json() {
        app.output
            .json(&json!({ "ledger": adopted.id, "paused": adopted.paused }));
        return Ok(Exit::Done);
    }
    app.output
        .line(&format!("this ledger ({}) sends from now on", adopted.id));
    for slug in &adopted.paused {
        app.output.line(&format!("{slug} is paused: another copy may have sent some of it; `postrider continue {slug}` sends the rest"));
    }
    app.output.note("make sure that no other copy of this folder sends as well: each would mail what the other has mailed");
    Ok(Exit::Done)
}

impl Resolve {
    fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        // A running sender may be about to learn the truth itself.
        let _lock = SenderLock::take(&publication.folder)?;
        let (mut ledger, recorded) = planned_issue(&publication, &self.issue)?;
        let now = app.clock.now();
        let Some(verdict) = self.verdict() else {
            return self.list(app, &mut ledger, recorded.row);
        };
        if verdict == Verdict::Resend {
            if !matches!(recorded.state, IssueState::Sending | IssueState::Paused) {
                let slug = &recorded.frozen.slug;
                let state = recorded.state.as_str();
                return Err(Diagnostic::error(format!(
                    "`{slug}` is {state}, and nothing of it is sent again"
                ))
                .into());
            }
            let youngest = ledger.youngest_doubt(recorded.row)?;
            if let Some(at) = youngest.filter(|at| now - *at < SETTLING_TIME) {
                return Err(Diagnostic::error("it is too early to send them again")
                    .cause("the relay may still be at work on what it was given")
                    .hint(format!(
                        "try again after {}",
                        local(at + SETTLING_TIME, &publication.config.zone)
                    ))
                    .into());
            }
        }
        let named = (!self.addresses.is_empty()).then_some(self.addresses.as_slice());
        let settled = ledger.resolve(recorded.row, verdict, named, now)?;
        ledger.finish(recorded.row, now)?;
        if app.output.is_json() {
            app.output
                .json(&json!({ "issue": recorded.frozen.issue.as_str(), "settled": settled }));
            return Ok(Exit::Done);
        }
        let word = match verdict {
            Verdict::Sent => "counted as sent",
            Verdict::Resend => "to go out again with the next `postrider send`",
            Verdict::Abandon => "abandoned",
        };
        for address in &settled {
            app.output.line(address);
        }
        app.output.line(&format!(
            "{}: {word}",
            count(settled.len() as u64, "delivery")
        ));
        Ok(Exit::Done)
    }

    fn verdict(&self) -> Option<Verdict> {
        match (self.verdict.sent, self.verdict.resend, self.verdict.abandon) {
            (true, _, _) => Some(Verdict::Sent),
            (_, true, _) => Some(Verdict::Resend),
            (_, _, true) => Some(Verdict::Abandon),
            (false, false, false) => None,
        }
    }

    fn list(&self, app: &App, ledger: &mut crate::ledger::Ledger, issue: i64) -> CommandResult {
        let rows = ledger.rows_in(issue, State::Unconfirmed, usize::MAX)?;
        if app.output.is_json() {
            let addresses: Vec<&str> = rows.iter().map(|row| row.address.as_str()).collect();
            app.output.json(&json!({ "unconfirmed": addresses }));
            return Ok(Exit::Done);
        }
        if rows.is_empty() {
            app.output.line("nothing is in doubt");
            return Ok(Exit::Done);
        }
        let cells = rows
            .iter()
            .map(|row| vec![row.address.clone(), row.reply.clone().unwrap_or_default()]);
        app.output.table(&["subscriber", "~what is known"], cells);
        app.output.note(&format!(
            "look into the relay's log, then say what became of them: `postrider ledger resolve {} --sent`, `--resend` or `--abandon`, and addresses for some of them",
            self.issue
        ));
        Ok(Exit::Done)
    }
}
