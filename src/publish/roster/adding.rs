//! One more row. Nobody is added twice, and nobody who is suppressed.

use super::file::{RosterFile, open_elsewhere};
use super::{Office, refused_as_suppressed};
use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::{Diagnostic, closest};
use crate::publish::Stop;
use crate::readers::SignUpState;
use crate::subscriber::{Change, FILE_NAME, NewRow, Sheet, is_role};

/// Somebody to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscriber {
    /// Where mail goes.
    pub address: EmailAddress,
    /// The name; empty for none.
    pub name: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Values of the author's own columns.
    pub columns: Vec<(String, String)>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// Whether there was no roster before.
    pub made_file: bool,
    /// A program that has the file open, and may write over it.
    pub open_elsewhere: Option<&'static str>,
    /// Whether the address is a role such as `postmaster`.
    pub is_role: bool,
    /// Whether the person had signed up on the web; from now on the row counts.
    pub has_signed_up: bool,
}

/// Adds a row to the roster.
pub fn add_subscriber(office: &mut Office<'_>, new: &NewSubscriber) -> Result<Added, Stop> {
    let key = office.keys.address_key(&new.address);
    if let Some(suppression) = office.ledger.suppression(&key)? {
        return Err(refused_as_suppressed(&new.address, &suppression).into());
    }
    let sign_up = office.ledger.sign_up(&key)?;
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let row = row_of(&mut sheet, new, &office.today(), file.exists())?;
    let keys = &office.keys;
    let refuse_a_second = |row: &crate::subscriber::SheetRow<'_>| match &row.address {
        Some(address) if keys.address_key(address) == key => Err(already_there(address, row.line)),
        _ => Ok(Change::Keep),
    };
    file.rewrite(&mut sheet, refuse_a_second, [row])?;
    Ok(Added {
        made_file: !file.exists(),
        open_elsewhere: open_elsewhere(office.publication),
        is_role: is_role(&new.address),
        has_signed_up: sign_up.is_some_and(|one| one.state == SignUpState::Confirmed),
    })
}

fn already_there(address: &EmailAddress, line: u64) -> Stop {
    Diagnostic::error(format!("{address} is on the roster already"))
        .cause(format!("it stands on line {line} of `{FILE_NAME}`"))
        .hint("change that row; it is one person")
        .into()
}

/// The values by column. Columns of ours are added where the file has none of that name; one of the
/// author's must be there, or the file be new: a typing error would make one more.
fn row_of(
    sheet: &mut Sheet,
    new: &NewSubscriber,
    today: &str,
    exists: bool,
) -> Result<NewRow, Diagnostic> {
    let mut row = vec![(sheet.email(), new.address.to_string())];
    if !new.name.is_empty() {
        row.push((sheet.column_or_new("name"), printable("name", &new.name)?));
    }
    if !new.tags.is_empty() {
        let tags = new.tags.join(" ");
        row.push((sheet.column_or_new("tags"), printable("tags", &tags)?));
    }
    if let Some(joined) = sheet.column("joined") {
        row.push((joined, today.to_owned()));
    }
    for (name, value) in &new.columns {
        let at = match sheet.column(name) {
            Some(at) if row.iter().any(|(other, _)| *other == at) => {
                return Err(Diagnostic::error(format!("`{name}` is given twice")));
            }
            Some(at) => at,
            None if !exists => sheet.column_or_new(&clean_name(name)),
            None => return Err(no_such_column(sheet, name)),
        };
        row.push((at, printable(name, value)?));
    }
    Ok(row)
}

fn no_such_column(sheet: &Sheet, name: &str) -> Diagnostic {
    let problem = Diagnostic::error(format!("`{FILE_NAME}` has no column `{name}`"));
    match closest(name, sheet.names()) {
        Some(like) => problem.hint(format!("did you mean `{like}`?")),
        None => problem.hint(format!("add it to the first line of `{FILE_NAME}`")),
    }
}

/// A value that can stand in a header and on a page.
fn printable(what: &str, value: &str) -> Result<String, Diagnostic> {
    if value
        .chars()
        .any(|character| character.is_control() && character != '\t')
    {
        return Err(Diagnostic::error(format!(
            "the value of `{what}` holds a line break or a control character"
        )));
    }
    Ok(clean_name(value))
}
