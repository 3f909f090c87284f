//! What does not fit on the roster: told first, and mended only where nobody can miss it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Office;
use super::file::{RosterFile, open_elsewhere};
use crate::diagnostic::Diagnostic;
use crate::publish::Stop;
use crate::subscriber::{Change, SheetRow, meant_domain};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// Most examples of a kind that are named.
const MOST_EXAMPLES: usize = 20;

/// Rows of one kind: all are counted, the first are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// How many there are.
    pub number: u64,
    /// The first of them.
    pub first: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            number: 0,
            first: Vec::new(),
        }
    }
}

impl<T> Rows<T> {
    fn add(&mut self, one: T) {
        self.number += 1;
        if self.first.len() < MOST_EXAMPLES {
            self.first.push(one);
        }
    }
}

/// What was found. Lines are those of the roster's file.
#[derive(Debug, Clone, Default)]
pub struct Untidy {
    /// Rows of people who are suppressed: line, address, why.
    pub suppressed: Rows<(u64, String, Reason)>,
    /// Rows that repeat another byte for byte: line, address, line of the first.
    pub copies: Rows<(u64, String, u64)>,
    /// Further rows of a person that say something else: line, address, line of the first.
    pub further: Rows<(u64, String, u64)>,
    /// Rows that cannot be used.
    pub invalid: Rows<Diagnostic>,
    /// Domains that look mistyped: line, address, the domain that was meant.
    pub mistyped: Rows<(u64, String, &'static str)>,
    /// People whose row was deleted since the last issue: keyed hashes do not tell who, the ledger does.
    pub deleted: Rows<String>,
    /// Columns with nothing in them.
    pub empty_columns: Vec<String>,
    /// Rows of the file.
    pub rows: u64,
}

impl Untidy {
    /// How many rows `--fix` takes out.
    pub fn to_fix(&self) -> u64 {
        self.suppressed.number + self.copies.number
    }
}

/// What a fix did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Rows that went.
    pub removed: u64,
    /// A program that has the file open, and may write over it.
    pub open_elsewhere: Option<&'static str>,
}

/// The first row of a person.
struct First {
    line: u64,
    hash: u64,
}

/// Looks through the roster; writes nothing.
pub fn find_untidy(office: &mut Office<'_>) -> Result<Untidy, Stop> {
    let suppressions = office.ledger.suppression_reasons()?;
    let mut roster = office.publication.roster(&office.keys)?;
    let mut untidy = Untidy::default();
    for warning in roster.warnings() {
        untidy.invalid.first.push(warning.clone());
    }
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let names: Vec<String> = sheet.names().map(str::to_owned).collect();
    let mut filled = vec![false; names.len()];
    let mut firsts: HashMap<AddressKey, First> = HashMap::new();
    let mut bad = 0;
    sheet.each(|row| {
        if row.is_blank() {
            return Ok(());
        }
        untidy.rows += 1;
        for (at, filled) in filled.iter_mut().enumerate() {
            *filled |= !row.field(at).trim().is_empty();
        }
        bad += u64::from(row.address.is_none());
        untidy.judge(row, &mut firsts, &suppressions, office);
        Ok::<(), Stop>(())
    })?;
    untidy.invalid.number = bad;
    // What is told of doubled rows and of roles is told elsewhere.
    untidy
        .invalid
        .first
        .retain(|problem| !is_about_a_good_row(problem));
    let empty = names.into_iter().zip(filled);
    untidy.empty_columns = match untidy.rows {
        0 => Vec::new(),
        _ => empty
            .filter(|(_, filled)| !filled)
            .map(|(name, _)| name)
            .collect(),
    };
    let present = roster.take_present();
    find_deleted(office, &present, &mut untidy)?;
    Ok(untidy)
}

fn is_about_a_good_row(problem: &Diagnostic) -> bool {
    let message = problem.message();
    message.ends_with("it is one person") || message.ends_with("is a role, not a reader")
}

impl Untidy {
    fn judge(
        &mut self,
        row: &SheetRow<'_>,
        firsts: &mut HashMap<AddressKey, First>,
        suppressions: &HashMap<AddressKey, Reason>,
        office: &Office<'_>,
    ) {
        let Some(address) = &row.address else { return };
        let key = office.keys.address_key(address);
        let hash = hash_of(row);
        let shown = address.to_string();
        if let Some(reason) = suppressions.get(&key) {
            self.suppressed.add((row.line, shown, *reason));
            return;
        }
        if let Some(first) = firsts.get(&key) {
            let found = (row.line, shown, first.line);
            if first.hash == hash {
                self.copies.add(found);
            } else {
                self.further.add(found);
            }
            return;
        }
        let line = row.line;
        firsts.insert(key, First { line, hash });
        if let Some(meant) = meant_domain(address.domain()) {
            self.mistyped.add((line, shown, meant));
        }
    }
}

fn hash_of(row: &SheetRow<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.bytes().hash(&mut hasher);
    hasher.finish()
}

/// Who was planned for the newest issue, stands on the roster no more, and is not suppressed.
fn find_deleted(
    office: &mut Office<'_>,
    present: &crate::token::KeySet,
    untidy: &mut Untidy,
) -> Result<(), Stop> {
    let Some(newest) = office.ledger.newest_plan()? else {
        return Ok(());
    };
    let suppressions = office.ledger.suppression_reasons()?;
    let sign_ups = office.ledger.confirmed_sign_ups()?;
    let mut gone = Vec::new();
    office.ledger.each_planned(newest.row, |key| {
        let is_here = present.contains(&key) || suppressions.contains_key(&key);
        if !is_here && !sign_ups.iter().any(|one| one.key == key) {
            gone.push(key);
        }
    })?;
    for key in gone {
        // Of those whose status keeps mail away the row is there.
        let address = match untidy.deleted.first.len() {
            named if named < MOST_EXAMPLES => office.ledger.address_of(&key)?,
            _ => None,
        };
        untidy.deleted.add(address.unwrap_or_default());
    }
    Ok(())
}

/// Takes out the rows of suppressed people and those that repeat another byte for byte.
pub fn tidy(office: &mut Office<'_>) -> Result<Tidied, Stop> {
    let suppressions = office.ledger.suppression_reasons()?;
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let mut firsts: HashMap<AddressKey, u64> = HashMap::new();
    let keys = &office.keys;
    let change = |row: &SheetRow<'_>| {
        let Some(address) = &row.address else {
            return Ok(Change::Keep);
        };
        let key = keys.address_key(address);
        if suppressions.contains_key(&key) {
            return Ok(Change::Remove);
        }
        let hash = hash_of(row);
        Ok(match firsts.get(&key) {
            Some(first) if *first == hash => Change::Remove,
            Some(_) => Change::Keep,
            None => {
                firsts.insert(key, hash);
                Change::Keep
            }
        })
    };
    let edited = file.rewrite(&mut sheet, change, [])?;
    let gone: Vec<AddressKey> = suppressions.keys().copied().collect();
    office.ledger.leave_roster(&gone)?;
    Ok(Tidied {
        removed: edited.removed,
        open_elsewhere: open_elsewhere(office.publication),
    })
}
