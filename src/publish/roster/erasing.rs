//! A person is forgotten: in the ledger first, which keeps mail away by the keyed hash, then in the
//! file, then among the mails that came back.

use super::Office;
use super::file::{RosterFile, open_elsewhere};
use super::removing::{keys_of, position};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Erased, Erasure};
use crate::publish::{KEPT_FOLDER, Stop, sign_change};
use crate::subscriber::Change;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// In the ledger.
    pub ledger: Erased,
    /// Rows of the roster's file that went.
    pub rows: u64,
    /// Kept mails that were deleted.
    pub mails: usize,
    /// Where mails still lie that quote the address: mailboxes of the author.
    pub elsewhere: Vec<String>,
    /// A program that has the file open, and may write over it.
    pub open_elsewhere: Option<&'static str>,
}

/// Erases everything about a person but that they are not to be mailed.
pub fn erase_subscriber(
    office: &mut Office<'_>,
    address: &EmailAddress,
) -> Result<Forgotten, Stop> {
    let key = office.keys.address_key(address);
    let earlier = office.ledger.earlier_addresses(&key)?;
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let now = office.publication.clock.now();
    let erased = match office.ledger.erase(&key, address.as_str(), now)? {
        Erasure::Done(erased) => erased,
        Erasure::UnderWay => {
            let problem = Diagnostic::error(format!("a letter to {address} is under way now"));
            return Err(Stop::Busy(Box::new(
                problem.hint("nothing was erased; try again when the run has ended"),
            )));
        }
    };
    sign_change(office.publication, &mut office.ledger)?;
    let mut keys = keys_of(office, std::slice::from_ref(address));
    keys.extend(earlier.iter().map(|earlier| earlier.key));
    let mut has_rows = false;
    sheet.each(|row| {
        has_rows |= position(office, &keys, row).is_some();
        Ok::<(), Stop>(())
    })?;
    let mut forgotten = Forgotten::default();
    if has_rows {
        let change = |row: &crate::subscriber::SheetRow<'_>| {
            Ok(match position(office, &keys, row) {
                Some(_) => Change::Remove,
                None => Change::Keep,
            })
        };
        forgotten.rows = file.rewrite(&mut sheet, change, [])?.removed;
        forgotten.open_elsewhere = open_elsewhere(office.publication);
    }
    for place in &erased.places {
        let is_kept = place
            .strip_prefix(KEPT_FOLDER)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|name| !name.contains(['/', '\\']) && !name.starts_with('.'));
        if is_kept && std::fs::remove_file(office.publication.folder.join(place)).is_ok() {
            forgotten.mails += 1;
        } else {
            forgotten.elsewhere.push(place.clone());
        }
    }
    forgotten.ledger = erased;
    Ok(forgotten)
}
