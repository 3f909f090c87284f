//! `ledger resolve`: what became of deliveries in doubt, which only a person can find out.

use serde_json::json;

use super::super::output::count;
use super::super::status::bad_address;
use super::super::times::local;
use super::super::{App, CommandResult, Exit};
use crate::address::EmailAddress;
use crate::delivery::State;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Doubts, IssueState, Ledger, Recorded, SenderLock, Verdict};
use crate::publish::{
    Publication, SETTLING_TIME, Stop, keys_for_planning, planned_issue, sign_change,
};

/// Arguments of `ledger resolve`.
#[derive(Debug, clap::Args)]
pub(super) struct Resolve {
    /// File, slug, id or the beginning of one
    issue: String,
    /// Only these addresses [default: every unconfirmed one]
    addresses: Vec<String>,
    #[command(flatten)]
    verdict: VerdictFlags,
}

#[derive(Debug, clap::Args)]
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

impl Resolve {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        // A running sender may be about to learn the truth itself.
        let _lock = SenderLock::take(&publication.folder)?;
        let (mut ledger, recorded) = planned_issue(&publication, &self.issue)?;
        let now = app.clock.now();
        let Some(verdict) = self.verdict() else {
            return self.list(app, &mut ledger, recorded.row);
        };
        if verdict == Verdict::Resend {
            refuse_early(&publication, &mut ledger, &recorded, now)?;
        }
        let named = self.named(&publication, &mut ledger, &recorded)?;
        let doubts = Doubts {
            before: None,
            only: named.as_deref(),
            told: "decided by a person",
        };
        let settled = ledger.resolve(recorded.row, verdict, &doubts, now)?;
        ledger.finish(recorded.row, now)?;
        sign_change(&publication, &mut ledger)?;
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

    /// The deliveries to the addresses that were named, if any were: all of them in doubt, or the
    /// state of each that is not is told.
    fn named(
        &self,
        publication: &Publication,
        ledger: &mut Ledger,
        recorded: &Recorded,
    ) -> Result<Option<Vec<i64>>, Stop> {
        if self.addresses.is_empty() {
            return Ok(None);
        }
        let identity = ledger
            .known_identity()?
            .ok_or_else(|| Diagnostic::error("the ledger has no id"))?;
        let keys = keys_for_planning(publication, ledger, &identity)?;
        let slug = &recorded.frozen.slug;
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for text in &self.addresses {
            let address = EmailAddress::parse(text).map_err(|error| bad_address(text, error))?;
            match ledger.standing(recorded.row, &keys.address_key(&address))? {
                Some(standing) if standing.state == State::Unconfirmed => {
                    found.push(standing.delivery);
                }
                Some(standing) => problems.push(not_in_doubt(slug, &address, standing.state)),
                None => problems.push(
                    Diagnostic::error(format!("`{slug}` was never planned for {address}")).hint(
                        format!("`postrider ledger resolve {slug}` lists what is in doubt"),
                    ),
                ),
            }
        }
        if problems.is_empty() {
            Ok(Some(found))
        } else {
            Err(Stop::Failed(problems))
        }
    }

    fn verdict(&self) -> Option<Verdict> {
        match (self.verdict.sent, self.verdict.resend, self.verdict.abandon) {
            (true, _, _) => Some(Verdict::Sent),
            (_, true, _) => Some(Verdict::Resend),
            (_, _, true) => Some(Verdict::Abandon),
            (false, false, false) => None,
        }
    }

    fn list(&self, app: &App, ledger: &mut Ledger, issue: i64) -> CommandResult {
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

/// Nothing is sent again that is not being sent, or that the relay may still be at work on.
fn refuse_early(
    publication: &Publication,
    ledger: &mut Ledger,
    recorded: &Recorded,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Stop> {
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
    Ok(())
}

fn not_in_doubt(slug: &str, address: &EmailAddress, state: State) -> Diagnostic {
    let problem = Diagnostic::error(format!(
        "the delivery of `{slug}` to {address} is not in doubt: {state}"
    ))
    .cause("nothing was changed");
    match state {
        State::Planned | State::Deferred => problem.hint("`postrider send` goes on with it"),
        State::Claimed | State::Inflight => {
            problem.hint("the last run was cut off; the next `postrider send` puts it in order")
        }
        _ => problem.hint(format!(
            "for somebody who lost it: `postrider send {slug} --again {address}`"
        )),
    }
}
