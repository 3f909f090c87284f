//! `ledger`: the record of what was sent.

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
}

impl Ledger {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let Action::Adopt = self.action;
        let id = publish::adopt(&app.publication()?)?;
        if app.output.is_json() {
            app.output.json(&json!({ "ledger": id }));
        } else {
            app.output
                .line(&format!("this ledger ({id}) sends from now on"));
            app.output.note("make sure that no other copy of this folder sends as well: each would mail what the other has mailed");
        }
        Ok(Exit::Done)
    }
}
