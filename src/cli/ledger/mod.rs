//! `ledger`: the record of what was sent.

mod check;
mod copies;
mod resolve;

use clap::Subcommand;
use serde_json::json;

use super::{App, CommandResult, Exit};
use crate::publish;

/// Arguments of `ledger`.
#[derive(Debug, clap::Args)]
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
    Resolve(resolve::Resolve),
}

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
            .json(&json!({ "ledger": adopted.id, "paused": adopted.paused, "is_earlier": adopted.is_earlier }));
        return Ok(Exit::Done);
    }
    app.output
        .line(&format!("this ledger ({}) sends from now on", adopted.id));
    for slug in &adopted.paused {
        app.output.line(&format!("{slug} is paused: another copy may have sent some of it; `postrider continue {slug}` sends the rest"));
    }
    if adopted.is_earlier {
        app.output.line("it is an earlier state of this ledger: who left since is not suppressed in it; `postrider subscribers suppress` them again before the next issue");
    }
    app.output.note("make sure that no other copy of this folder sends as well: each would mail what the other has mailed");
    Ok(Exit::Done)
}
