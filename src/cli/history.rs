//! `history`: what one person got.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::bounces::{row_json, told_verdict};
use super::output::{Output, count};
use super::status::bad_address;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::address::EmailAddress;
use crate::delivery::State;
use crate::ledger::{HistoryRow, ReturnedFilter, ReturnedRow};
use crate::publish::{Publication, Stop, keys_for_planning, open_ledger};
use crate::suppression::Suppression;

/// Most mails that came back of which is told.
const MOST_REPORTS: usize = 1000;

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
pub(super) struct History {
    /// The person's address
    email: String,
}

impl History {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let address =
            EmailAddress::parse(&self.email).map_err(|error| bad_address(&self.email, error))?;
        let known = Known::gather(&publication, address)?;
        if app.output.is_json() {
            app.output.json(&known.json());
        } else {
            known.print(&app.output, &publication.config.zone);
        }
        Ok(Exit::Done)
    }
}

/// What the ledger knows of one person.
struct Known {
    address: EmailAddress,
    /// What became of each issue, in the order of the plans.
    issues: Vec<HistoryRow>,
    /// Why the address is not mailed, if it is not.
    suppression: Option<Suppression>,
    /// Mails that came back, the oldest first.
    reports: Vec<ReturnedRow>,
}

impl Known {
    fn gather(publication: &Publication, address: EmailAddress) -> Result<Self, Stop> {
        let (mut ledger, identity) = open_ledger(publication)?;
        let keys = keys_for_planning(publication, &mut ledger, &identity)?;
        let key = keys.address_key(&address);
        let filter = ReturnedFilter {
            reader: Some(&key),
            ..ReturnedFilter::default()
        };
        let mut reports = ledger.returned(filter, MOST_REPORTS)?;
        reports.reverse();
        Ok(Self {
            address,
            issues: ledger.history(&key)?,
            suppression: ledger.suppression(&key)?,
            reports,
        })
    }

    fn json(&self) -> Value {
        let issues = self.issues.iter().map(|row| {
            json!({
                "issue": row.issue, "slug": row.slug, "title": row.title, "planned_at": utc(row.planned_at),
                "state": row.state.as_str(), "reason": row.reason, "intent_at": row.intent_at.map(utc),
                "settled_at": row.settled_at.map(utc), "reply": row.reply, "resends": row.resends,
            })
        });
        let suppression = self.suppression.as_ref().map(|suppression| {
            json!({
                "reason": suppression.reason.as_str(), "source": suppression.source, "at": utc(suppression.at),
                "evidence": suppression.evidence,
            })
        });
        json!({
            "address": self.address.as_str(),
            "suppressed": suppression,
            "issues": issues.collect::<Vec<_>>(),
            "reports": self.reports.iter().map(row_json).collect::<Vec<_>>(),
        })
    }

    fn print(&self, output: &Output, zone: &TimeZone) {
        if self.issues.is_empty() {
            let address = &self.address;
            output.line(&format!(
                "{address}: no issue was ever planned for this address"
            ));
        } else {
            let cells = self.issues.iter().map(|row| issue_cells(row, zone));
            output.table(&["when", "<issue", "state", "~last words"], cells);
        }
        if !self.reports.is_empty() {
            let cells = self.reports.iter().map(|row| {
                vec![
                    local(row.taken_at, zone),
                    row.slug.clone().unwrap_or_default(),
                    told_verdict(row),
                    row.words.clone().unwrap_or_default(),
                ]
            });
            output.line("");
            output.table(&["came back", "<issue", "verdict", "~what it says"], cells);
        }
        if let Some(suppression) = &self.suppression {
            print_suppression(suppression, output, zone);
        }
    }
}

fn issue_cells(row: &HistoryRow, zone: &TimeZone) -> Vec<String> {
    let when = row.settled_at.or(row.intent_at).unwrap_or(row.planned_at);
    // What became of it without the relay has a reason; else its own words tell more.
    let told = match (&row.reason, &row.reply) {
        (Some(reason), _) if row.state == State::Skipped => reason,
        (_, Some(reply)) => reply,
        (Some(reason), None) => reason,
        (None, None) => "",
    };
    let mut told = told.to_owned();
    if row.resends > 0 {
        let copies = count(row.resends.unsigned_abs(), "more copy");
        told = format!("{told} ({copies} asked for)");
    }
    vec![
        local(when, zone),
        row.slug.clone(),
        row.state.to_string(),
        told,
    ]
}

fn print_suppression(suppression: &Suppression, output: &Output, zone: &TimeZone) {
    let since = local(suppression.at, zone);
    let reason = suppression.reason.as_str();
    output.line(&format!("suppressed since {since}: {reason}"));
    if let Some(evidence) = &suppression.evidence {
        let who = match suppression.source.as_str() {
            "report" => "the report said",
            "mail" => "why",
            _ => "the relay said",
        };
        output.line(&format!("{who}: {evidence}"));
    }
}
