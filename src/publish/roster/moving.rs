//! Somebody has another address: the row changes, the old address is suppressed, and the ledger knows
//! that both are one person.

use chrono::{DateTime, Utc};

use super::file::{RosterFile, open_elsewhere};
use super::{Office, refused_as_suppressed};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::publish::{Stop, sign_change};
use crate::readers::SignUpState;
use crate::subscriber::{Change, FILE_NAME, Sheet};
use crate::suppression::{Reason, Suppression};
use crate::token::AddressKey;

/// How a suppression names its source that a move made.
const SOURCE: &str = "move";

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// Lines of the roster's file that have the new address.
    pub lines: Vec<u64>,
    /// Whether a sign-up or what was preferred moved.
    pub sign_up: bool,
    /// Slugs of issues that were still to go to the old address, and do not now.
    pub open_issues: Vec<String>,
    /// A program that has the file open, and may write over it.
    pub open_elsewhere: Option<&'static str>,
}

/// Where the two addresses stand in the file.
#[derive(Default)]
struct Lines {
    old: Vec<u64>,
    new: Vec<u64>,
}

/// Moves a person from one address to another.
pub fn move_subscriber(
    office: &mut Office<'_>,
    old: &EmailAddress,
    new: &EmailAddress,
) -> Result<Moved, Stop> {
    let (old_key, new_key) = (office.keys.address_key(old), office.keys.address_key(new));
    if old_key == new_key {
        return Err(Diagnostic::error("both addresses are one person")
            .hint(format!(
                "to spell it otherwise, change the row in `{FILE_NAME}`"
            ))
            .into());
    }
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let lines = find(office, &mut sheet, &old_key, &new_key)?;
    refuse_what_is_none(office, (old, &old_key), (new, &new_key), &lines)?;
    let now = office.publication.clock.now();
    let open_issues = office.ledger.open_issues_of(&old_key)?;
    let sign_up = write_down(office, old, (new, &new_key), now)?;
    if !lines.old.is_empty() {
        let email = sheet.email();
        let change = |row: &crate::subscriber::SheetRow<'_>| {
            Ok(if lines.old.contains(&row.line) {
                Change::Set(vec![(email, new.to_string())])
            } else {
                Change::Keep
            })
        };
        file.rewrite(&mut sheet, change, [])?;
    }
    Ok(Moved {
        lines: lines.old,
        sign_up,
        open_issues,
        open_elsewhere: open_elsewhere(office.publication),
    })
}

fn find(
    office: &Office<'_>,
    sheet: &mut Sheet,
    old: &AddressKey,
    new: &AddressKey,
) -> Result<Lines, Stop> {
    let mut lines = Lines::default();
    sheet.each(|row| {
        if let Some(address) = &row.address {
            match office.keys.address_key(address) {
                key if key == *old => lines.old.push(row.line),
                key if key == *new => lines.new.push(row.line),
                _ => {}
            }
        }
        Ok::<(), Stop>(())
    })?;
    Ok(lines)
}

fn refuse_what_is_none(
    office: &mut Office<'_>,
    (old, old_key): (&EmailAddress, &AddressKey),
    (new, new_key): (&EmailAddress, &AddressKey),
    lines: &Lines,
) -> Result<(), Stop> {
    // A move that died before the file was written is taken up again.
    let was_begun = office
        .ledger
        .earlier_addresses(new_key)?
        .iter()
        .any(|earlier| earlier.key == *old_key);
    for (address, key) in [(new, new_key), (old, old_key)] {
        if let Some(suppression) = office.ledger.suppression(key)?
            && !(was_begun && key == old_key && suppression.source == SOURCE)
        {
            return Err(refused_as_suppressed(address, &suppression).into());
        }
    }
    if let Some(line) = lines.new.first() {
        return Err(Diagnostic::error(format!("{new} is on the roster already"))
            .cause(format!("it stands on line {line} of `{FILE_NAME}`"))
            .hint(format!(
                "to take out the other: `postrider subscribers remove {old}`"
            ))
            .into());
    }
    let sign_up = office.ledger.sign_up(old_key)?;
    let is_reader = sign_up.is_some_and(|sign_up| sign_up.state == SignUpState::Confirmed);
    if lines.old.is_empty() && !is_reader {
        return Err(Diagnostic::error(format!("{old} is not on the roster"))
            .hint("`postrider subscribers list` shows who is")
            .into());
    }
    Ok(())
}

/// The ledger's part, before the file: whatever happens in between, nothing goes to both.
fn write_down(
    office: &mut Office<'_>,
    old: &EmailAddress,
    (new, new_key): (&EmailAddress, &AddressKey),
    now: DateTime<Utc>,
) -> Result<bool, Stop> {
    let suppression: Suppression = office.suppression(old, Reason::Unsubscribed, SOURCE);
    let old_key = suppression.key;
    office.ledger.record_move(&old_key, new_key, now)?;
    let sign_up = office.ledger.move_reader(&old_key, new_key, new, now)?;
    office.ledger.suppress(&suppression)?;
    sign_change(office.publication, &mut office.ledger)?;
    Ok(sign_up)
}
