//! `ledger check`: whether the ledger keeps its promises.

use serde_json::json;

use super::super::output::count;
use super::super::{App, CommandResult, Exit};
use crate::ledger::Finding;
use crate::publish::{Checkup, check_ledger};

/// Arguments of `ledger check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Also make every message anew and compare it with the hash that was written before its dot
    #[arg(long)]
    messages: bool,
}

impl Check {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let checkup = check_ledger(&app.publication()?, self.messages)?;
        if app.output.is_json() {
            show_json(app, &checkup);
        } else {
            show(app, &checkup);
        }
        if checkup.is_sound() {
            Ok(Exit::Done)
        } else {
            Ok(Exit::Failed)
        }
    }
}

fn show_json(app: &App, checkup: &Checkup) {
    let checks = checkup.findings.iter().map(|one| {
        json!({ "check": one.promise, "ok": one.violations == 0, "violations": one.violations, "examples": one.examples })
    });
    app.output.json(&json!({
        "ok": checkup.is_sound(), "checks": checks.collect::<Vec<_>>(),
        "unchecked": checkup.unchecked, "sender": checkup.sender,
    }));
}

fn show(app: &App, checkup: &Checkup) {
    let verdict = |one: &Finding| match one.violations {
        0 => "ok".to_owned(),
        number => format!("BROKEN, {}", count(number, "time")),
    };
    let rows = checkup
        .findings
        .iter()
        .map(|one| vec![one.promise.to_owned(), verdict(one)]);
    app.output.table(&["promise", "verdict"], rows);
    for one in checkup.findings.iter().filter(|one| one.violations > 0) {
        app.output.line(&format!("\n{}:", one.promise));
        for example in &one.examples {
            app.output.line(&format!("  {example}"));
        }
        let more = one.violations - one.examples.len() as u64;
        if more > 0 {
            app.output.line(&format!("  and {more} more"));
        }
    }
    for what in &checkup.unchecked {
        app.output.line(&format!("not checked: {what}"));
    }
    if let Some(sender) = &checkup.sender {
        app.output.note(&format!(
            "{sender} sends at the moment; what is in its hands was left out"
        ));
    }
    if !checkup.is_sound() {
        app.output.note("nothing was changed; keep a copy of the folder before anything is mended, and restore the ledger from a backup where it is damaged");
    }
}
