//! `subscribers erase`: a person is forgotten.

use serde_json::json;

use super::asking::confirm;
use super::{address_of, tell_of_open};
use crate::cli::output::count;
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{Forgotten, Office, erase_subscriber, look_up};

/// Arguments of `subscribers erase`.
#[derive(Debug, clap::Args)]
pub(super) struct Erase {
    /// The address
    address: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Erase {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let address = address_of(&self.address)?;
        if look_up(&mut office, &address)?.is_empty() {
            return Err(Diagnostic::error(format!("nothing is known of {address}")).into());
        }
        confirm(
            self.yes,
            &format!(
                "{address}: row, sign-up, names, the addresses of past letters and what came back will be erased; \
                 this cannot be undone. That nothing is mailed there stays, as a keyed hash"
            ),
            "erase",
            "agree with `--yes`; this cannot be undone",
        )?;
        let forgotten = erase_subscriber(&mut office, &address)?;
        tell_of_open(app, forgotten.open_elsewhere);
        if app.output.is_json() {
            app.output.json(&json!({
                "erased": true, "rows": forgotten.rows, "deliveries": forgotten.ledger.deliveries,
                "reports": forgotten.ledger.reports, "mails": forgotten.mails, "elsewhere": forgotten.elsewhere,
                "signed_up": forgotten.ledger.signed_up, "earlier_addresses": forgotten.ledger.earlier,
            }));
            return Ok(Exit::Done);
        }
        tell(app, &forgotten);
        Ok(Exit::Done)
    }
}

fn tell(app: &App, forgotten: &Forgotten) {
    let ledger = &forgotten.ledger;
    app.output.line(&format!(
        "erased: {} of `subscribers.csv`, {} without address now, {} without words, {} deleted{}{}",
        count(forgotten.rows, "row"),
        count(ledger.deliveries as u64, "delivery"),
        count(ledger.reports as u64, "report"),
        count(forgotten.mails as u64, "kept mail"),
        if ledger.signed_up {
            ", the sign-up"
        } else {
            ""
        },
        match ledger.earlier {
            0 => String::new(),
            number => format!(", {}", count(number as u64, "earlier address")),
        },
    ));
    for place in &forgotten.elsewhere {
        app.output
            .line(&format!("still quotes the address: {place}"));
    }
    app.output.line(
        "out of reach: backups and exports made before, copies of `subscribers.csv`, and the relay's own logs",
    );
}
