//! `subscribers`: the people of a publication. One file for each command.

mod add;
mod allow;
mod asking;
mod erase;
mod export;
mod import;
mod list;
mod moving;
mod remove;
mod show;
mod suppress;
mod tidy;

use clap::Subcommand;

use super::status::bad_address;
use super::{App, CommandResult};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::ledger::Ledger;
use crate::publish::{Office, Stop};
use crate::suppression::Reason;
use crate::token::{AddressKey, Keys};

/// Arguments of `subscribers`.
#[derive(Debug, clap::Args)]
pub(super) struct Subscribers {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put somebody on the roster
    Add(add::Add),
    /// Take people off the roster, and never mail them again
    Remove(remove::Remove),
    /// Give somebody another address; what went to the old one stays theirs
    Move(moving::Move),
    /// Show everything that is held about one person
    Show(show::Show),
    /// Bring people from another program, or from an export
    Import(import::Import),
    /// Write the roster to a file, for elsewhere
    Export(export::Export),
    /// List the roster, and who of it is mailed
    List(list::List),
    /// Find what does not fit: suppressed people, doubled rows, typing errors
    Tidy(tidy::Tidy),
    /// Never mail this address again, whatever the file says
    Suppress(suppress::Suppress),
    /// Lift a suppression, because the person asked for it
    Allow(allow::Allow),
    /// Forget a person: everything but a keyed hash that keeps mail away
    Erase(erase::Erase),
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Why {
    Unsubscribed,
    Bounced,
    Complained,
    Operator,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        match why {
            Why::Unsubscribed => Self::Unsubscribed,
            Why::Bounced => Self::Bounced,
            Why::Complained => Self::Complained,
            Why::Operator => Self::Operator,
        }
    }
}

impl Subscribers {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        // Whoever only looks makes no ledger and no key.
        let look = || Office::look(&publication);
        let open = || Office::open(&publication);
        match &self.action {
            Action::Add(command) => command.run(app, open()?),
            Action::Remove(command) => command.run(app, open()?),
            Action::Move(command) => command.run(app, open()?),
            Action::Show(command) => command.run(app, look()?),
            Action::Tidy(command) if command.mends() => command.run(app, open()?),
            Action::Tidy(command) => command.run(app, look()?),
            Action::Erase(command) => command.run(app, open()?),
            Action::Import(command) => command.run(app, &publication),
            Action::Export(command) => command.run(app, look()?),
            Action::List(command) => command.run(app, look()?),
            Action::Suppress(command) => command.run(app, open()?),
            Action::Allow(command) => command.run(app, open()?),
        }
    }
}

/// The address of an argument.
fn address_of(text: &str) -> Result<EmailAddress, Diagnostic> {
    EmailAddress::parse(text).map_err(|error| bad_address(text, error))
}

/// Says that another program may write over what was just written.
fn tell_of_open(app: &App, program: Option<&str>) {
    if let Some(program) = program {
        app.output.note(&format!(
            "{program} has `subscribers.csv` open: load it anew there, or saving it undoes this"
        ));
    }
}

/// An address, or a token of an unsubscribe link.
fn identify(
    ledger: &mut Ledger,
    keys: &Keys,
    who: &str,
) -> Result<(AddressKey, Option<String>, &'static str), Stop> {
    // The whole subject of a request may be pasted.
    let who = who
        .trim()
        .strip_prefix("unsubscribe ")
        .unwrap_or(who)
        .trim();
    if let Some(token) = token_in(who) {
        let key = keys.verify_unsubscribe_token(token).ok_or_else(|| {
            Diagnostic::error("this token is not one of this publication's")
                .hint("copy it whole, or give the address instead")
        })?;
        let address = ledger.address_of(&key)?;
        return Ok((key, address, "token"));
    }
    let address = EmailAddress::parse(who).map_err(|error| bad_address(who, error))?;
    Ok((
        keys.address_key(&address),
        Some(address.to_string()),
        "command",
    ))
}

/// The token alone, or in the address that a request went to, or in the link of a mail.
fn token_in(who: &str) -> Option<&str> {
    if let Some(token) = who.strip_prefix("unsubscribe+") {
        return token.split('@').next();
    }
    let last = who.rsplit('/').next().unwrap_or(who);
    (last.starts_with("v1.") && !last.contains('@')).then_some(last)
}
