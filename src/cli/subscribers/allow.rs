//! `subscribers allow`: a suppression is lifted, and it is written down why.

use serde_json::json;

use super::identify;
use crate::address::clean_name;
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{Office, sign_change};
use crate::suppression::Reason;

/// Arguments of `subscribers allow`.
#[derive(Debug, clap::Args)]
pub(super) struct Allow {
    /// The address
    who: String,
    /// Why: how the person asked for it. It is kept in the ledger
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Also if the person reported a letter as spam: another one would harm every reader's mail
    #[arg(long)]
    despite_complaint: bool,
}

impl Allow {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let Office { ledger, keys, .. } = &mut office;
        let why = clean_name(&self.reason);
        if why.is_empty() {
            return Err(Diagnostic::error("the reason is empty")
                .hint(
                    "say how the person asked for it, such as `--reason \"wrote to me on 3 May\"`",
                )
                .into());
        }
        let (key, address, _) = identify(ledger, keys, &self.who)?;
        let shown = address.unwrap_or_else(|| self.who.clone());
        let before = ledger.suppression(&key)?.map(|before| before.reason);
        if before == Some(Reason::Complained) && !self.despite_complaint {
            return Err(Diagnostic::error(format!("{shown} reported a letter as spam"))
                .hint("another letter would harm every other reader's mail; ask the person to sign up with another \
                       address, or say `--despite-complaint` if you are sure that it was a mistake")
                .into());
        }
        let lifted = ledger.allow(&key, &why, app.clock.now())?;
        if lifted.is_some() {
            sign_change(office.publication, &mut office.ledger)?;
        }
        if app.output.is_json() {
            app.output.json(&json!({
                "address": shown, "removed": lifted.is_some(), "was": lifted.map(Reason::as_str),
            }));
            return Ok(Exit::Done);
        }
        match lifted {
            Some(was) => app
                .output
                .line(&format!("{shown} is allowed again (was: {})", was.as_str())),
            None => app.output.line(&format!("{shown} was not suppressed")),
        }
        Ok(Exit::Done)
    }
}
