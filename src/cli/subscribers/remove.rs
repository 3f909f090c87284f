//! `subscribers remove`: the row goes, a suppression stays.

use serde_json::json;

use super::asking::confirm;
use super::{Why, address_of, tell_of_open};
use crate::address::EmailAddress;
use crate::cli::output::count;
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{Found, Office, Stop, find_subscribers, remove_subscribers};
use crate::suppression::Reason;

/// Arguments of `subscribers remove`.
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// The addresses
    #[arg(required = true)]
    addresses: Vec<String>,
    /// Why: by your own decision, or because they asked for it
    #[arg(long, value_enum, default_value = "operator")]
    reason: Why,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Remove {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let mut addresses: Vec<EmailAddress> = Vec::new();
        for text in &self.addresses {
            let address = address_of(text)?;
            if !addresses
                .iter()
                .any(|other| other.normal_form() == address.normal_form())
            {
                addresses.push(address);
            }
        }
        let reason = Reason::from(self.reason);
        let found = find_subscribers(&mut office, &addresses)?;
        refuse_strangers(&found)?;
        let number = count(addresses.len() as u64, "subscriber");
        let rows: usize = found.iter().map(|one| one.lines.len()).sum();
        let rows_told = count(rows as u64, "row");
        confirm(
            self.yes,
            &format!(
                "{number}: {rows_told} of `subscribers.csv` will go, and nothing is mailed there any more"
            ),
            &addresses.len().to_string(),
            "agree with `--yes`",
        )?;
        let removal = remove_subscribers(&mut office, &addresses, reason)?;
        tell_of_open(app, removal.open_elsewhere);
        if app.output.is_json() {
            let people = found.iter().map(|one| {
                json!({ "address": one.address.as_str(), "lines": one.lines,
                    "was_suppressed": one.suppression.as_ref().map(|one| one.reason.as_str()) })
            });
            app.output.json(&json!({
                "removed": people.collect::<Vec<_>>(), "rows": removal.rows, "suppressed": removal.suppressed,
                "reason": reason.as_str(),
            }));
            return Ok(Exit::Done);
        }
        for one in &found {
            app.output.line(&told(one, reason));
        }
        Ok(Exit::Done)
    }
}

/// A typing error would suppress somebody else's address.
fn refuse_strangers(found: &[Found]) -> Result<(), Stop> {
    let strangers: Vec<Diagnostic> = found
        .iter()
        .filter(|one| !one.is_known())
        .map(|one| {
            let address = &one.address;
            Diagnostic::error(format!("{address} is not on the roster")).hint(format!(
                "to keep it off all the same: `postrider subscribers suppress {address}`"
            ))
        })
        .collect();
    if strangers.is_empty() {
        Ok(())
    } else {
        Err(Stop::Failed(strangers))
    }
}

fn told(one: &Found, reason: Reason) -> String {
    let address = &one.address;
    let lines: Vec<String> = one.lines.iter().map(u64::to_string).collect();
    let row = match lines.as_slice() {
        [] => "was not in `subscribers.csv`".to_owned(),
        [line] => format!("line {line} was taken out"),
        _ => format!("lines {} were taken out", lines.join(", ")),
    };
    let since = match &one.suppression {
        Some(before) => format!("was suppressed before ({})", before.reason.as_str()),
        None => format!("is not mailed any more ({})", reason.as_str()),
    };
    format!("{address}: {row}; {since}")
}
