//! `pause`, `continue`, `cancel`: decisions about an issue that is being sent, also from another
//! terminal in the middle of a run.

use serde_json::json;

use super::output::count;
use super::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::ledger::{IssueState, Ledger, Recorded};
use crate::publish::{Publication, Stop, planned_issue, sign_change};

/// Arguments of `pause` and `continue`.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// File, slug, id or the beginning of one
    issue: String,
}

/// Arguments of `cancel`.
#[derive(Debug, clap::Args)]
pub(super) struct Cancel {
    /// File, slug, id or the beginning of one
    issue: String,
    /// Do it: nobody who has not got the issue by now will ever get it
    #[arg(long)]
    yes: bool,
}

fn open(app: &App, word: &str) -> Result<(Publication, Ledger, Recorded), Stop> {
    let publication = app.publication()?;
    let (ledger, recorded) = planned_issue(&publication, word)?;
    Ok((publication, ledger, recorded))
}

/// Puts the issue into this state, if it can be done.
fn change(app: &App, named: &Named, state: IssueState) -> Result<(Recorded, bool), Stop> {
    let (publication, mut ledger, recorded) = open(app, &named.issue)?;
    let done = ledger.set_issue_state(recorded.row, state)?;
    if done {
        sign_change(&publication, &mut ledger)?;
    }
    Ok((recorded, done))
}

/// `pause`: no further message leaves until `continue`.
pub(super) fn pause(app: &App, named: &Named) -> CommandResult {
    let (recorded, done) = change(app, named, IssueState::Paused)?;
    answer(
        app,
        &recorded,
        done,
        "is paused; messages at the final dot still go out",
        IssueState::Paused,
    )
}

/// `continue`: `send` takes it up again.
pub(super) fn proceed(app: &App, named: &Named) -> CommandResult {
    let (recorded, done) = change(app, named, IssueState::Sending)?;
    answer(
        app,
        &recorded,
        done,
        "may be sent again; `postrider send` goes on",
        IssueState::Sending,
    )
}

fn answer(
    app: &App,
    recorded: &Recorded,
    done: bool,
    words: &str,
    state: IssueState,
) -> CommandResult {
    let slug = &recorded.frozen.slug;
    if !done && recorded.state != state {
        let was = recorded.state.as_str();
        return Err(
            Diagnostic::error(format!("`{slug}` is {was}, and that cannot be changed")).into(),
        );
    }
    if app.output.is_json() {
        app.output.json(&json!({ "issue": recorded.frozen.issue.as_str(), "slug": slug, "state": state.as_str(), "changed": done }));
    } else if done {
        app.output.line(&format!("{slug} {words}"));
    } else {
        app.output
            .line(&format!("{slug} was {} already", state.as_str()));
    }
    Ok(Exit::Done)
}

impl Cancel {
    /// `cancel`: whoever has not got the issue will not get it.
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let (publication, mut ledger, recorded) = open(app, &self.issue)?;
        let slug = &recorded.frozen.slug;
        if !self.yes {
            let open = ledger.issue_row(recorded.row)?.counts.remaining();
            let cause = format!("{} would be skipped for good", count(open, "delivery"));
            return Err(
                Diagnostic::error(format!("cancelling `{slug}` cannot be undone"))
                    .cause(cause)
                    .hint("agree with `--yes`; `pause` only stops it for a while")
                    .into(),
            );
        }
        let skipped = ledger.cancel(recorded.row, app.clock.now())?;
        if skipped.is_some() {
            sign_change(&publication, &mut ledger)?;
        }
        if app.output.is_json() {
            app.output.json(&json!({ "issue": recorded.frozen.issue.as_str(), "slug": slug, "skipped": skipped }));
            return Ok(Exit::Done);
        }
        match skipped {
            Some(skipped) => app.output.line(&format!(
                "{slug} is cancelled: {} skipped",
                count(skipped as u64, "delivery")
            )),
            None => app
                .output
                .line(&format!("{slug} is {} already", recorded.state.as_str())),
        }
        Ok(Exit::Done)
    }
}
