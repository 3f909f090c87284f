//! `subscribers suppress`: nothing is mailed to an address any more, whatever the file says.

use serde_json::json;

use super::{Why, identify};
use crate::cli::output::count;
use crate::cli::{App, CommandResult, Exit};
use crate::ledger::Ledger;
use crate::publish::{Office, Publication, Stop, planned_issue, sign_change};
use crate::suppression::{Reason, Suppression};
use crate::token::Keys;

/// Arguments of `subscribers suppress`.
#[derive(Debug, clap::Args)]
pub(super) struct Suppress {
    /// The address, or what an unsubscribe request was sent with: its token, its subject, the
    /// address it went to
    #[arg(
        required_unless_present = "rejected_in",
        conflicts_with = "rejected_in"
    )]
    who: Option<String>,
    /// Why
    #[arg(long, value_enum, default_value = "unsubscribed")]
    reason: Why,
    /// Every address that the relay refused for this issue as one that does not exist
    #[arg(long, value_name = "ISSUE", conflicts_with = "reason")]
    rejected_in: Option<String>,
    /// Only those of this domain
    #[arg(long, requires = "rejected_in", conflicts_with = "who")]
    domain: Option<String>,
}

impl Suppress {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        if let Some(issue) = &self.rejected_in {
            return suppress_rejected(app, office.publication, issue, self.domain.as_deref());
        }
        let who = self.who.as_deref().unwrap_or_default();
        let Office {
            publication,
            ledger,
            keys,
            ..
        } = &mut office;
        suppress(app, publication, ledger, keys, who, self.reason.into())
    }
}

fn suppress(
    app: &App,
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    who: &str,
    reason: Reason,
) -> CommandResult {
    let (key, address, source) = identify(ledger, keys, who)?;
    let shown = address
        .clone()
        .unwrap_or_else(|| "this subscriber".to_owned());
    let suppression = Suppression {
        key,
        address,
        reason,
        source: source.to_owned(),
        at: app.clock.now(),
        evidence: None,
    };
    let added = ledger.suppress(&suppression)?;
    if added {
        sign_change(publication, ledger)?;
    }
    if app.output.is_json() {
        app.output.json(
            &json!({ "address": suppression.address, "reason": reason.as_str(), "added": added }),
        );
    } else if added {
        app.output.line(&format!(
            "{shown} is not mailed any more ({})",
            reason.as_str()
        ));
    } else {
        app.output.line(&format!("{shown} was suppressed already"));
    }
    if added && !is_known(publication, ledger, keys, &suppression)? {
        app.output.note(
            "no issue was ever planned for this address, and it is not on the roster: is it spelt right?",
        );
    }
    Ok(Exit::Done)
}

/// Suppresses whom the relay refused as addresses that do not exist, as a person decided.
fn suppress_rejected(
    app: &App,
    publication: &Publication,
    issue: &str,
    domain: Option<&str>,
) -> CommandResult {
    let (mut ledger, recorded) = planned_issue(publication, issue)?;
    let addresses = ledger.suppress_refused(recorded.row, domain, app.clock.now())?;
    if !addresses.is_empty() {
        sign_change(publication, &mut ledger)?;
    }
    if app.output.is_json() {
        app.output.json(&json!({ "suppressed": addresses }));
        return Ok(Exit::Done);
    }
    for address in &addresses {
        app.output.line(address);
    }
    let number = count(addresses.len() as u64, "subscriber");
    app.output
        .line(&format!("{number} not mailed any more (bounced)"));
    Ok(Exit::Done)
}

/// Whether the address is on the roster or was mailed before.
fn is_known(
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    suppression: &Suppression,
) -> Result<bool, Stop> {
    if ledger.address_of(&suppression.key)?.is_some() {
        return Ok(true);
    }
    let mut found = false;
    let read = publication.audience(keys, ledger).and_then(|mut roster| {
        roster.each(keys, |row| {
            found |= row.key == suppression.key;
            Ok::<(), Stop>(())
        })
    });
    // A roster that cannot be read says nothing about it.
    Ok(found || read.is_err())
}
