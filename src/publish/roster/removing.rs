//! Somebody goes, by the author's command: the row goes, and a suppression stays, so that no import
//! brings the person back.

use super::Office;
use super::file::{RosterFile, open_elsewhere};
use crate::address::EmailAddress;
use crate::publish::{Stop, sign_change};
use crate::subscriber::{Change, SheetRow};
use crate::suppression::{Reason, Suppression};
use crate::token::AddressKey;

/// Where somebody was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who was looked for.
    pub address: EmailAddress,
    /// Lines of the roster's file.
    pub lines: Vec<u64>,
    /// Whether they signed up on the web.
    pub signed_up: bool,
    /// Whether an issue was planned for the address before.
    pub was_mailed: bool,
    /// The suppression that stands already.
    pub suppression: Option<Suppression>,
}

impl Found {
    /// Whether anything is known of the address.
    pub fn is_known(&self) -> bool {
        !self.lines.is_empty() || self.signed_up || self.was_mailed || self.suppression.is_some()
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// Rows that went.
    pub rows: u64,
    /// Suppressions that are new.
    pub suppressed: usize,
    /// A program that has the file open, and may write over it.
    pub open_elsewhere: Option<&'static str>,
}

/// Looks for people on the roster and in the ledger. A roster that is not there has nobody.
pub fn find_subscribers(
    office: &mut Office<'_>,
    addresses: &[EmailAddress],
) -> Result<Vec<Found>, Stop> {
    let mut found = Vec::new();
    for address in addresses {
        let key = office.keys.address_key(address);
        found.push(Found {
            address: address.clone(),
            lines: Vec::new(),
            signed_up: office.ledger.sign_up(&key)?.is_some(),
            was_mailed: office.ledger.address_of(&key)?.is_some(),
            suppression: office.ledger.suppression(&key)?,
        });
    }
    let keys = keys_of(office, addresses);
    let file = RosterFile::lock(office.publication)?;
    file.sheet()?.each(|row| {
        if let Some(at) = position(office, &keys, row) {
            found[at].lines.push(row.line);
        }
        Ok::<(), Stop>(())
    })?;
    Ok(found)
}

/// Suppresses people and takes their rows out.
pub fn remove_subscribers(
    office: &mut Office<'_>,
    addresses: &[EmailAddress],
    reason: Reason,
) -> Result<Removal, Stop> {
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let suppressions: Vec<Suppression> = addresses
        .iter()
        .map(|address| office.suppression(address, reason, "command"))
        .collect();
    let suppressed = office.ledger.suppress_many(&suppressions)?;
    let now = office.publication.clock.now();
    for one in &suppressions {
        office.ledger.end_sign_up(&one.key, now)?;
    }
    sign_change(office.publication, &mut office.ledger)?;
    let mut removal = Removal {
        suppressed,
        ..Removal::default()
    };
    let keys = keys_of(office, addresses);
    let mut has_rows = false;
    sheet.each(|row| {
        has_rows |= position(office, &keys, row).is_some();
        Ok::<(), Stop>(())
    })?;
    if has_rows {
        let edited = file.rewrite(
            &mut sheet,
            |row| {
                Ok(match position(office, &keys, row) {
                    Some(_) => Change::Remove,
                    None => Change::Keep,
                })
            },
            [],
        )?;
        removal.rows = edited.removed;
        removal.open_elsewhere = open_elsewhere(office.publication);
    }
    Ok(removal)
}

pub(super) fn keys_of(office: &Office<'_>, addresses: &[EmailAddress]) -> Vec<AddressKey> {
    let of = |address| office.keys.address_key(address);
    addresses.iter().map(of).collect()
}

/// Which of `keys` a row belongs to.
pub(super) fn position(
    office: &Office<'_>,
    keys: &[AddressKey],
    row: &SheetRow<'_>,
) -> Option<usize> {
    let key = office.keys.address_key(row.address.as_ref()?);
    keys.iter().position(|wanted| *wanted == key)
}
