//! `subscribers move`: somebody has another address.

use serde_json::json;

use super::{address_of, tell_of_open};
use crate::cli::{App, CommandResult, Exit};
use crate::publish::{Office, move_subscriber};

/// Arguments of `subscribers move`.
#[derive(Debug, clap::Args)]
pub(super) struct Move {
    /// The address until now
    old: String,
    /// The address from now on
    new: String,
}

impl Move {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let (old, new) = (address_of(&self.old)?, address_of(&self.new)?);
        let moved = move_subscriber(&mut office, &old, &new)?;
        tell_of_open(app, moved.open_elsewhere);
        if app.output.is_json() {
            app.output.json(&json!({
                "old": old.as_str(), "new": new.as_str(), "lines": moved.lines, "sign_up": moved.sign_up,
                "open_issues": moved.open_issues,
            }));
            return Ok(Exit::Done);
        }
        app.output.line(&format!(
            "{old} is {new} from now on; nothing is mailed to the old address"
        ));
        for slug in &moved.open_issues {
            app.output.line(&format!(
                "`{slug}` was still to go to {old}, and does not now: `postrider send {slug} --to {new}`"
            ));
        }
        Ok(Exit::Done)
    }
}
