//! `history`: what one person got.

use serde_json::json;

use super::bounces::{row_json, told_verdict};
use super::output::count;
use super::status::bad_address;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::address::EmailAddress;
use crate::delivery::State;
use crate::ledger::ReturnedFilter;
use crate::publish::{keys_for_planning, open_ledger};

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
        let (mut ledger, identity) = open_ledger(&publication)?;
        let keys = keys_for_planning(&publication, &mut ledger, &identity)?;
        let key = keys.address_key(&address);
        let rows = ledger.history(&key)?;
        let suppression = ledger.suppression(&key)?;
        let filter = ReturnedFilter {
            reader: Some(&key),
            ..ReturnedFilter::default()
        };
        let mut reports = ledger.returned(filter, MOST_REPORTS)?;
        reports.reverse();
        if app.output.is_json() {
            let issues = rows.iter().map(|row| {
                json!({
                    "issue": row.issue, "slug": row.slug, "title": row.title, "planned_at": utc(row.planned_at),
                    "state": row.state.as_str(), "reason": row.reason, "intent_at": row.intent_at.map(utc),
                    "settled_at": row.settled_at.map(utc), "reply": row.reply, "resends": row.resends,
                })
            });
            app.output.json(&json!({
                "address": address.as_str(),
                "suppressed": suppression.map(|suppression| json!({
                    "reason": suppression.reason.as_str(), "source": suppression.source, "at": utc(suppression.at),
                    "evidence": suppression.evidence,
                })),
                "issues": issues.collect::<Vec<_>>(),
                "reports": reports.iter().map(row_json).collect::<Vec<_>>(),
            }));
            return Ok(Exit::Done);
        }
        let zone = &publication.config.zone;
        if rows.is_empty() {
            app.output.line(&format!(
                "{address}: no issue was ever planned for this address"
            ));
        } else {
            let cells = rows.iter().map(|row| {
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
            });
            app.output
                .table(&["when", "<issue", "state", "~last words"], cells);
        }
        if !reports.is_empty() {
            let cells = reports.iter().map(|row| {
                vec![
                    local(row.taken_at, zone),
                    row.slug.clone().unwrap_or_default(),
                    told_verdict(row),
                    row.words.clone().unwrap_or_default(),
                ]
            });
            app.output.line("");
            app.output
                .table(&["came back", "<issue", "verdict", "~what it says"], cells);
        }
        if let Some(suppression) = suppression {
            let since = local(suppression.at, zone);
            app.output.line(&format!(
                "suppressed since {since}: {}",
                suppression.reason.as_str()
            ));
            if let Some(evidence) = &suppression.evidence {
                let who = match suppression.source.as_str() {
                    "report" => "the report said",
                    "mail" => "why",
                    _ => "the relay said",
                };
                app.output.line(&format!("{who}: {evidence}"));
            }
        }
        Ok(Exit::Done)
    }
}
