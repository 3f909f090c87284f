//! `subscribers`: the roster and the suppressions.

use clap::Subcommand;
use serde_json::json;

use super::output::count;
use super::status::bad_address;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::ledger::Ledger;
use crate::plan::{PlanRules, exclusion};
use crate::publish::{
    Publication, Stop, keys_for_planning, open_ledger, planned_issue, sign_change,
};
use crate::suppression::{Reason, Suppression};
use crate::token::{AddressKey, Keys};

/// Arguments of `subscribers`.
#[derive(Debug, clap::Args)]
pub(super) struct Subscribers {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the roster, and who of it is mailed
    List {
        /// Treat a bad row as an error
        #[arg(long)]
        strict: bool,
        /// List the suppressions instead
        #[arg(long)]
        suppressed: bool,
    },
    /// Never mail this address again, whatever the file says
    Suppress {
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
    },
    /// Lift a suppression, because the person asked for it
    Allow {
        /// The address
        who: String,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Why {
    Unsubscribed,
    Bounced,
    Complained,
    Operator,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        match why {
            Why::Unsubscribed => Self::Unsubscribed,
            Why::Bounced => Self::Bounced,
            Why::Complained => Self::Complained,
            Why::Operator => Self::Operator,
        }
    }
}

impl Subscribers {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let (mut ledger, identity) = open_ledger(&publication)?;
        let keys = keys_for_planning(&publication, &mut ledger, &identity)?;
        match &self.action {
            Action::List {
                suppressed: true, ..
            } => list_suppressions(app, &publication, &mut ledger),
            Action::List { strict, .. } => list(app, &publication, &mut ledger, &keys, *strict),
            Action::Suppress {
                rejected_in: Some(issue),
                domain,
                ..
            } => suppress_rejected(app, &publication, issue, domain.as_deref()),
            Action::Suppress { who, reason, .. } => {
                let who = who.as_deref().unwrap_or_default();
                suppress(app, &publication, &mut ledger, &keys, who, (*reason).into())
            }
            Action::Allow { who } => allow(app, &publication, &mut ledger, &keys, who),
        }
    }
}

fn list(
    app: &App,
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    strict: bool,
) -> CommandResult {
    let mut roster = publication.roster(keys)?;
    if strict && roster.bad_rows() > 0 {
        return Err(Stop::Failed(
            roster
                .warnings()
                .iter()
                .cloned()
                .map(Diagnostic::into_error)
                .collect(),
        ));
    }
    app.output.warnings(roster.warnings());
    let reasons = ledger.suppression_reasons()?;
    let rules = PlanRules {
        suppressions: reasons,
        ..PlanRules::default()
    };
    let (mut cells, mut values, mut mailed) = (Vec::new(), Vec::new(), 0_u64);
    roster.each(keys, |row| {
        let why_not = exclusion(row, &rules).map(|reason| reason.to_string());
        mailed += u64::from(why_not.is_none());
        if app.output.is_json() {
            values.push(json!({ "address": row.address.as_str(), "name": row.name(), "tags": row.tags(), "line": row.line,
                "mailed": why_not.is_none(), "reason": why_not }));
        } else {
            cells.push(vec![
                row.address.to_string(),
                row.name(),
                row.tags().join(" "),
                why_not.unwrap_or_else(|| "mailed".to_owned()),
            ]);
        }
        Ok::<(), Stop>(())
    })?;
    if app.output.is_json() {
        app.output
            .json(&json!({ "subscribers": values, "bad_rows": roster.bad_rows() }));
        return Ok(Exit::Done);
    }
    app.output
        .table(&["address", "<name", "<tags", "~state"], cells);
    app.output.line(&format!(
        "{} of {} mailed",
        mailed,
        count(roster.people() as u64, "subscriber")
    ));
    Ok(Exit::Done)
}

fn list_suppressions(app: &App, publication: &Publication, ledger: &mut Ledger) -> CommandResult {
    let all = ledger.suppressions()?;
    if app.output.is_json() {
        let rows = all.iter().map(|one| {
            json!({ "address": one.address, "reason": one.reason.as_str(), "source": one.source, "at": utc(one.at),
                "evidence": one.evidence })
        });
        app.output
            .json(&json!({ "suppressions": rows.collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    let zone = &publication.config.zone;
    let cells = all.iter().map(|one| {
        let address = one
            .address
            .clone()
            .unwrap_or_else(|| "(address not kept)".to_owned());
        vec![
            address,
            one.reason.as_str().to_owned(),
            one.source.clone(),
            local(one.at, zone),
        ]
    });
    app.output
        .table(&["address", "reason", "source", "since"], cells);
    Ok(Exit::Done)
}

/// An address, or a token of an unsubscribe link.
fn identify(
    ledger: &mut Ledger,
    keys: &Keys,
    who: &str,
) -> Result<(AddressKey, Option<String>, &'static str), Stop> {
    // The whole subject of a request may be pasted.
    let who = who
        .trim()
        .strip_prefix("unsubscribe ")
        .unwrap_or(who)
        .trim();
    if let Some(token) = token_in(who) {
        let key = keys.verify_unsubscribe_token(token).ok_or_else(|| {
            Diagnostic::error("this token is not one of this publication's")
                .hint("copy it whole, or give the address instead")
        })?;
        let address = ledger.address_of(&key)?;
        return Ok((key, address, "token"));
    }
    let address = EmailAddress::parse(who).map_err(|error| bad_address(who, error))?;
    Ok((
        keys.address_key(&address),
        Some(address.to_string()),
        "command",
    ))
}

/// The token alone, or in the address that a request went to, or in the link of a mail.
fn token_in(who: &str) -> Option<&str> {
    if let Some(token) = who.strip_prefix("unsubscribe+") {
        return token.split('@').next();
    }
    let last = who.rsplit('/').next().unwrap_or(who);
    (last.starts_with("v1.") && !last.contains('@')).then_some(last)
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
    let read = publication.roster(keys).and_then(|mut roster| {
        roster.each(keys, |row| {
            found |= row.key == suppression.key;
            Ok::<(), Stop>(())
        })
    });
    // A roster that cannot be read says nothing about it.
    Ok(found || read.is_err())
}

fn allow(
    app: &App,
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    who: &str,
) -> CommandResult {
    let (key, address, _) = identify(ledger, keys, who)?;
    let shown = address.unwrap_or_else(|| who.to_owned());
    let before = ledger.suppression(&key)?;
    if before
        .as_ref()
        .is_some_and(|suppression| suppression.reason == Reason::Complained)
    {
        return Err(Diagnostic::error(format!("{shown} reported a letter as spam"))
            .hint("another letter would harm every other reader's mail; ask the person to write from another address")
            .into());
    }
    let removed = ledger.allow(&key)?;
    if removed {
        sign_change(publication, ledger)?;
    }
    if app.output.is_json() {
        app.output
            .json(&json!({ "address": shown, "removed": removed }));
    } else {
        match before {
            Some(suppression) => app.output.line(&format!(
                "{shown} is allowed again (was: {})",
                suppression.reason.as_str()
            )),
            None => app.output.line(&format!("{shown} was not suppressed")),
        }
    }
    Ok(Exit::Done)
}
