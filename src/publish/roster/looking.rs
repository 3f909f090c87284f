//! Everything that is held about one person.

use super::Office;
use crate::address::EmailAddress;
use crate::ledger::{EarlierAddress, HistoryRow, Lifted, ReturnedFilter, ReturnedRow};
use crate::publish::Stop;
use crate::readers::{Preference, SignUp};
use crate::subscriber::{FILE_NAME, Sheet, SheetRow};
use crate::suppression::Suppression;

/// Most mails that came back of which is told.
const MOST_REPORTS: usize = 1000;

/// A row of the roster's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// What it has in each column, by the column's name.
    pub fields: Vec<(String, String)>,
}

/// A person, as far as anything is known.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Who.
    pub address: EmailAddress,
    /// Rows of the roster's file.
    pub rows: Vec<KnownRow>,
    /// The sign-up on the web.
    pub sign_up: Option<SignUp>,
    /// What they prefer.
    pub preference: Preference,
    /// Why nothing is mailed.
    pub suppression: Option<Suppression>,
    /// Suppressions that were lifted.
    pub lifted: Vec<Lifted>,
    /// Addresses that they had before.
    pub earlier: Vec<EarlierAddress>,
    /// What they were sent, oldest first.
    pub history: Vec<HistoryRow>,
    /// Mail that came back, newest first.
    pub reports: Vec<ReturnedRow>,
}

impl Dossier {
    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.sign_up.is_none()
            && self.preference.is_empty()
            && self.suppression.is_none()
            && self.lifted.is_empty()
            && self.earlier.is_empty()
            && self.history.is_empty()
            && self.reports.is_empty()
    }
}

/// Gathers what is held about a person.
pub fn look_up(office: &mut Office<'_>, address: &EmailAddress) -> Result<Dossier, Stop> {
    let key = office.keys.address_key(address);
    let rows = rows_of(office, address)?;
    let ledger = &mut office.ledger;
    let filter = ReturnedFilter {
        reader: Some(&key),
        ..ReturnedFilter::default()
    };
    Ok(Dossier {
        address: address.clone(),
        rows,
        sign_up: ledger.sign_up(&key)?,
        preference: ledger.preference(&key)?,
        suppression: ledger.suppression(&key)?,
        lifted: ledger.lifted(&key)?,
        earlier: ledger.earlier_addresses(&key)?,
        history: ledger.history(&key)?,
        reports: ledger.returned(filter, MOST_REPORTS)?,
    })
}

fn rows_of(office: &Office<'_>, address: &EmailAddress) -> Result<Vec<KnownRow>, Stop> {
    let path = office.publication.folder.join(FILE_NAME);
    let Some(file) = crate::fs::open_if_present(&path, FILE_NAME)? else {
        return Ok(Vec::new());
    };
    let mut sheet = Sheet::open(FILE_NAME, file)?;
    let names: Vec<String> = sheet.names().map(str::to_owned).collect();
    let wanted = address.normal_form();
    let mut rows = Vec::new();
    sheet.each(|row: &SheetRow<'_>| {
        if row
            .address
            .as_ref()
            .is_some_and(|address| address.normal_form() == wanted)
        {
            let fields = names.iter().enumerate();
            let fields = fields.map(|(at, name)| (name.clone(), row.field(at).to_owned()));
            rows.push(KnownRow {
                line: row.line,
                fields: fields.collect(),
            });
        }
        Ok::<(), Stop>(())
    })?;
    Ok(rows)
}
