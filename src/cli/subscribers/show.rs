//! `subscribers show`: everything that is held about one person. As JSON it is the answer to a person
//! who asks for it (GDPR, article 15).

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::address_of;
use crate::cli::bounces::{row_json, told_verdict};
use crate::cli::times::{local, utc};
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{Dossier, Office, look_up};
use crate::readers::Act;

/// Most deliveries and mails that came back which are shown on the screen; JSON has all.
const MOST_SHOWN: usize = 10;

/// Arguments of `subscribers show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The address
    address: String,
}

impl Show {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let address = address_of(&self.address)?;
        let dossier = look_up(&mut office, &address)?;
        if app.output.is_json() {
            app.output.json(&value(&dossier));
            return Ok(Exit::Done);
        }
        if dossier.is_empty() {
            return Err(Diagnostic::error(format!("nothing is known of {address}")).into());
        }
        let zone = &office.publication.config.zone;
        app.output.line(address.as_str());
        for line in about(&dossier, zone) {
            app.output.line(&format!("  {line}"));
        }
        let deliveries = dossier.history.iter().rev().take(MOST_SHOWN).map(|row| {
            let when = row.settled_at.or(row.intent_at).unwrap_or(row.planned_at);
            vec![
                local(when, zone),
                row.slug.clone(),
                row.state.to_string(),
                row.reply
                    .clone()
                    .or_else(|| row.reason.clone())
                    .unwrap_or_default(),
            ]
        });
        if !dossier.history.is_empty() {
            app.output.line("");
            app.output.table(
                &["last letters", "<issue", "state", "~last words"],
                deliveries,
            );
        }
        let reports = dossier.reports.iter().take(MOST_SHOWN).map(|row| {
            vec![
                local(row.taken_at, zone),
                row.slug.clone().unwrap_or_default(),
                told_verdict(row),
                row.words.clone().unwrap_or_default(),
            ]
        });
        if !dossier.reports.is_empty() {
            app.output.line("");
            app.output.table(
                &["came back", "<issue", "verdict", "~what it says"],
                reports,
            );
        }
        Ok(Exit::Done)
    }
}

/// What is known, a line for each thing.
fn about(dossier: &Dossier, zone: &jiff::tz::TimeZone) -> Vec<String> {
    let mut lines = Vec::new();
    for row in &dossier.rows {
        let fields = row
            .fields
            .iter()
            .filter(|(_, value)| !value.trim().is_empty());
        let fields: Vec<String> = fields
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        lines.push(format!(
            "subscribers.csv, line {}: {}",
            row.line,
            fields.join(", ")
        ));
    }
    if let Some(sign_up) = &dossier.sign_up {
        lines.push(format!(
            "signed up on the web: {}, asked {}",
            sign_up.state.as_str(),
            told(&sign_up.asked, zone)
        ));
        if let Some(consent) = &sign_up.consent {
            let act = told(&consent.act, zone);
            lines.push(format!("agreed {act}: \"{}\"", consent.text));
        }
        lines.extend(
            sign_up
                .left_at
                .map(|at| format!("left {}", local(at, zone))),
        );
    }
    if let Some(tags) = &dossier.preference.tags {
        lines.push(format!("wants: {}", tags.join(" ")));
    }
    let paused = dossier.preference.paused_until;
    lines.extend(paused.map(|until| format!("paused until {}", local(until, zone))));
    match &dossier.suppression {
        Some(one) => {
            let evidence = one.evidence.as_ref().map(|words| format!(": {words}"));
            lines.push(format!(
                "suppressed since {} ({}, by {}){}",
                local(one.at, zone),
                one.reason.as_str(),
                one.source,
                evidence.unwrap_or_default()
            ));
        }
        None => lines.push("not suppressed".to_owned()),
    }
    for one in &dossier.lifted {
        let (at, was) = (local(one.at, zone), one.was.as_str());
        lines.push(format!("allowed again {at} (was: {was}): {}", one.why));
    }
    for one in &dossier.earlier {
        let address = one
            .address
            .as_deref()
            .unwrap_or("an address that is not kept");
        lines.push(format!("had {address} until {}", local(one.at, zone)));
    }
    lines
}

/// When, and from where if that was not erased.
fn told(act: &Act, zone: &TimeZone) -> String {
    let at = local(act.at, zone);
    match act.from.as_str() {
        "" => at,
        from => format!("{at} from {from}"),
    }
}

fn value(dossier: &Dossier) -> Value {
    let rows = dossier.rows.iter().map(|row| {
        let fields = row.fields.iter().cloned();
        let fields: serde_json::Map<String, Value> =
            fields.map(|(name, value)| (name, value.into())).collect();
        json!({ "line": row.line, "fields": fields })
    });
    let sign_up = dossier.sign_up.as_ref().map(|one| {
        let consent = one.consent.as_ref().map(|consent| {
            json!({ "at": utc(consent.act.at), "from": consent.act.from, "text": consent.text, "form": consent.form })
        });
        json!({
            "state": one.state.as_str(), "name": one.name, "tags": one.tags, "asked_at": utc(one.asked.at),
            "asked_from": one.asked.from, "consent": consent, "left_at": one.left_at.map(utc),
        })
    });
    let suppression = dossier.suppression.as_ref().map(|one| {
        json!({ "reason": one.reason.as_str(), "source": one.source, "at": utc(one.at), "evidence": one.evidence })
    });
    let lifted = dossier.lifted.iter().map(|one| {
        json!({ "at": utc(one.at), "was": one.was.as_str(), "since": utc(one.since), "why": one.why })
    });
    let earlier = dossier.earlier.iter();
    let earlier = earlier.map(|one| json!({ "address": one.address, "until": utc(one.at) }));
    let history = dossier.history.iter().map(|row| {
        json!({
            "issue": row.issue, "slug": row.slug, "title": row.title, "planned_at": utc(row.planned_at),
            "state": row.state.as_str(), "reason": row.reason, "intent_at": row.intent_at.map(utc),
            "settled_at": row.settled_at.map(utc), "reply": row.reply, "resends": row.resends,
        })
    });
    json!({
        "address": dossier.address.as_str(), "known": !dossier.is_empty(), "rows": rows.collect::<Vec<_>>(),
        "sign_up": sign_up,
        "preferences": { "tags": dossier.preference.tags, "paused_until": dossier.preference.paused_until.map(utc) },
        "suppressed": suppression, "lifted": lifted.collect::<Vec<_>>(), "earlier_addresses": earlier.collect::<Vec<_>>(),
        "issues": history.collect::<Vec<_>>(), "reports": dossier.reports.iter().map(row_json).collect::<Vec<_>>(),
    })
}
