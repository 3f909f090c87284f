//! What the commands `subscribers ...` do: edits of the roster's file, and what goes with them in the
//! ledger.
//!
//! The order of writing is the safe one: first what keeps mail away (a suppression), then the file. A
//! death in between leaves a row that nothing is mailed to.

mod adding;
mod erasing;
mod exporting;
mod file;
mod import_columns;
mod importing;
mod looking;
mod moving;
mod removing;
mod tidying;

use tempfile::TempDir;

use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Identity, Ledger};
use crate::publish::guard::{Glimpse, glimpse, refuse_a_clone};
use crate::publish::{Publication, Stop, keys_for_planning, open_ledger};
use crate::suppression::{Reason, Suppression};
use crate::token::Keys;

pub use adding::{Added, NewSubscriber, add_subscriber};
pub use erasing::{Forgotten, erase_subscriber};
pub use exporting::{RosterExported, export_roster, export_roster_to_file};
pub use importing::{Export, Import, ImportDiff, ImportOptions, Imported, look_at_import};
pub use looking::{Dossier, KnownRow, look_up};
pub use moving::{Moved, move_subscriber};
pub use removing::{Found, Removal, find_subscribers, remove_subscribers};
pub use tidying::{Rows, Tidied, Untidy, find_untidy, tidy};

/// A publication with its ledger and keys, for commands about its people.
pub struct Office<'a> {
    /// The publication.
    pub publication: &'a Publication,
    /// Its ledger.
    pub ledger: Ledger,
    /// Its keys.
    pub keys: Keys,
    /// Where the ledger is that goes with this value, as long as the publication has none.
    borrowed: Option<TempDir>,
}

impl<'a> Office<'a> {
    /// Opens what is there, and makes what is missing.
    pub fn open(publication: &'a Publication) -> Result<Self, Stop> {
        let (mut ledger, identity): (Ledger, Identity) = open_ledger(publication)?;
        let keys = keys_for_planning(publication, &mut ledger, &identity)?;
        Ok(Self {
            publication,
            ledger,
            keys,
            borrowed: None,
        })
    }

    /// Opens what is there, to look at it: a folder that has no ledger yet stays as it is.
    pub fn look(publication: &'a Publication) -> Result<Self, Stop> {
        refuse_a_clone(publication)?;
        let Glimpse {
            ledger,
            keys,
            folder,
        } = glimpse(publication)?;
        Ok(Self {
            publication,
            ledger,
            keys,
            borrowed: folder,
        })
    }

    /// Whether nothing that is written here stays.
    pub fn is_borrowed(&self) -> bool {
        self.borrowed.is_some()
    }

    /// The day, in the publication's zone, as the column `joined` has it.
    fn today(&self) -> String {
        let now = self.publication.clock.now();
        let zone = self.publication.config.zone.clone();
        match jiff::Timestamp::from_millisecond(now.timestamp_millis()) {
            Ok(now) => now.to_zoned(zone).date().to_string(),
            Err(_) => now.date_naive().to_string(),
        }
    }

    /// A suppression by the author, from now on.
    fn suppression(&self, address: &EmailAddress, reason: Reason, source: &str) -> Suppression {
        Suppression {
            key: self.keys.address_key(address),
            address: Some(address.to_string()),
            reason,
            source: source.to_owned(),
            at: self.publication.clock.now(),
            evidence: None,
        }
    }
}

/// Why an address that is suppressed is not put on the roster, and the way out.
fn refused_as_suppressed(address: &EmailAddress, suppression: &Suppression) -> Diagnostic {
    let why = match suppression.reason {
        Reason::Unsubscribed => "the person asked to get no more mail",
        Reason::Bounced => "mail to it came back",
        Reason::Complained => "the person reported a letter as spam",
        Reason::Operator => "it was taken off by command",
    };
    let since = suppression.at.format("%Y-%m-%d");
    Diagnostic::error(format!("{address} must not be mailed"))
        .cause(format!("{why}, on {since}"))
        .hint(format!(
            "if the person wants it back, they sign up again themselves; or, if you have their word: \
             `postrider subscribers allow {address} --reason \"...\"`"
        ))
}
