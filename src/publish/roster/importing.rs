//! Other people's exports into the roster. First what it would do is told, then it is done as a whole
//! or not at all. It deletes nobody unless that is asked for, and brings nobody back.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use super::Office;
use super::file::{RosterFile, open_elsewhere};
use super::import_columns::Columns;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::publish::{Stop, sign_change};
use crate::subscriber::{
    Change, Edited, Entry, ImportFile, LARGEST_IMPORT, Sheet, SheetRow, Stance,
};
use crate::suppression::{Reason, Suppression};
use crate::token::{AddressKey, sha256_hex};

/// How a file is imported.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Rows of people who are not in the file go.
    pub sync: bool,
    /// Values of the file replace others; else they fill what is empty, and add tags.
    pub overwrite: bool,
    /// Columns of the file that come along although the roster has none of that name.
    pub keep: Vec<String>,
}

/// What an import would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportDiff {
    /// SHA-256 of the file that was read, in hexadecimal.
    pub sha256: String,
    /// What separates its fields.
    pub delimiter: &'static str,
    /// Its columns that are left out.
    pub left_out: Vec<String>,
    /// People who come.
    pub new: u64,
    /// Of those, how many with a status that keeps mail away.
    pub not_active: u64,
    /// Rows that get other values.
    pub changed: u64,
    /// Rows that are as the file has them.
    pub unchanged: u64,
    /// People who left, failed or complained there: suppressed from now on, by reason.
    pub suppressed: Vec<(Reason, u64)>,
    /// People of the file who are suppressed here: kept out.
    pub kept_out: u64,
    /// The first of those.
    pub kept_out_examples: Vec<(String, Reason)>,
    /// Rows that repeat a person.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub invalid: u64,
    /// The first lines of those.
    pub invalid_lines: Vec<u64>,
    /// Rows that go.
    pub removed: u64,
    /// Rows of the roster with an address.
    pub rows: u64,
}

/// Most examples that are named.
const MOST_EXAMPLES: usize = 10;

/// The largest part of the roster that an import takes out on a plain yes, in percent.
const LARGEST_LOSS: u64 = 20;

impl ImportDiff {
    /// How many rows of the roster would not be as before.
    pub fn touched(&self) -> u64 {
        self.new + self.changed + self.removed
    }

    /// How many people are suppressed by it.
    pub fn suppressions(&self) -> u64 {
        self.suppressed.iter().map(|(_, number)| number).sum()
    }

    /// Whether so many would go that a plain yes is not enough.
    pub fn loses_many(&self) -> bool {
        self.removed * 100 > self.rows * LARGEST_LOSS
    }
}

/// An import that was looked at, and holds the roster until it is done or dropped.
pub struct Import {
    /// What it would do.
    pub diff: ImportDiff,
    /// What is wrong with rows of the file; the first twenty.
    pub problems: Vec<Diagnostic>,
    source: ImportFile,
    file: RosterFile,
    sheet: Sheet,
    columns: Columns,
    options: ImportOptions,
    /// New people, as places among the entries, in the order of the file.
    new: Vec<u32>,
    leaving: Vec<u32>,
    /// People who are suppressed here, in the order of the entries.
    kept_out: Vec<u32>,
    removed: Vec<AddressKey>,
}

/// A file as it was read, once.
#[derive(Debug, Clone)]
pub struct Export {
    name: String,
    bytes: Vec<u8>,
}

impl Export {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let name = path.display().to_string();
        let bytes = read(path, &name)?;
        refuse_a_package(&name, &bytes)?;
        Ok(Self { name, bytes })
    }
}

/// Compares a file with the roster; writes nothing.
pub fn look_at_import(
    office: &mut Office<'_>,
    export: Export,
    options: &ImportOptions,
) -> Result<Import, Stop> {
    let Export { name, bytes } = export;
    let sha256 = sha256_hex(&bytes);
    let source = ImportFile::read(&name, bytes, &office.keys)?;
    refuse_an_empty_one(&source, &name, options)?;
    let file = RosterFile::lock(office.publication)?;
    let mut sheet = file.sheet()?;
    let columns = Columns::find(&mut sheet, &source, options, &name)?;
    let mut import = Import {
        diff: ImportDiff {
            sha256,
            delimiter: source.delimiter(),
            left_out: source
                .other_columns()
                .filter(|name| !columns.others.contains_key(*name))
                .map(str::to_owned)
                .collect(),
            duplicates: source.duplicates,
            invalid: source.bad_rows,
            invalid_lines: source.bad_lines.clone(),
            ..ImportDiff::default()
        },
        problems: source.problems.clone(),
        source,
        file,
        sheet,
        columns,
        options: options.clone(),
        new: Vec::new(),
        leaving: Vec::new(),
        kept_out: Vec::new(),
        removed: Vec::new(),
    };
    import.compare(office)?;
    Ok(import)
}

/// The whole file, through one opened once: what replaces it meanwhile is not seen.
fn read(path: &Path, name: &str) -> Result<Vec<u8>, Diagnostic> {
    let file = fs::open_to_stream(path, name)?
        .ok_or_else(|| Diagnostic::error(format!("there is no file `{name}`")))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_IMPORT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Diagnostic::error(format!("cannot read `{name}`")).cause(error))?;
    if bytes.len() as u64 > LARGEST_IMPORT {
        let most = LARGEST_IMPORT / (1024 * 1024);
        return Err(
            Diagnostic::error(format!("`{name}` is larger than {most} MiB"))
                .hint("split it, and import one part after the other"),
        );
    }
    Ok(bytes)
}

/// The files of spreadsheets, and the archives in which some services wrap their CSV, begin so.
fn refuse_a_package(name: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
    const PACKAGES: [&[u8]; 3] = [b"PK\x03\x04", b"\x1F\x8B", b"\xD0\xCF\x11\xE0"];
    if !PACKAGES.iter().any(|package| bytes.starts_with(package)) {
        return Ok(());
    }
    Err(Diagnostic::error(format!(
        "`{name}` is a spreadsheet or an archive, and no CSV"
    ))
    .hint("save the sheet as CSV in UTF-8, or take the CSV out of the archive first"))
}

fn refuse_an_empty_one(
    source: &ImportFile,
    name: &str,
    options: &ImportOptions,
) -> Result<(), Diagnostic> {
    if !options.sync || !source.entries().is_empty() {
        return Ok(());
    }
    Err(Diagnostic::error(format!("`{name}` has nobody in it"))
        .cause("`--sync` would remove 100 % of the roster")
        .hint("look at the file; to begin anew, move `subscribers.csv` away by hand"))
}

/// A place among the entries: a file of 64 MiB has fewer than 2^32.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Import {
    /// How many people the file has, for whom mail may go.
    pub fn people(&self) -> usize {
        self.source.entries().len()
    }

    fn compare(&mut self, office: &mut Office<'_>) -> Result<(), Stop> {
        let suppressions = office.ledger.suppression_reasons()?;
        let keys = &office.keys;
        let mut seen = vec![false; self.source.entries().len()];
        let is_suppressed =
            |(at, entry): (usize, &Entry)| suppressions.contains_key(&entry.key).then(|| place(at));
        let entries = self.source.entries().iter().enumerate();
        self.kept_out = entries.filter_map(is_suppressed).collect();
        let Self {
            diff,
            source,
            sheet,
            columns,
            options,
            kept_out,
            removed,
            ..
        } = self;
        sheet.each(|row| {
            let Some(address) = &row.address else {
                return Ok(());
            };
            diff.rows += 1;
            let key = keys.address_key(address);
            let Some(at) = source.find(&key) else {
                if options.sync {
                    removed.push(key);
                }
                return Ok(());
            };
            seen[at] = true;
            let entry = &source.entries()[at];
            if kept_out.binary_search(&place(at)).is_ok()
                || columns.change(row, entry, source, options.overwrite) == Change::Keep
            {
                diff.unchanged += 1;
            } else {
                diff.changed += 1;
            }
            Ok::<(), Stop>(())
        })?;
        self.diff.removed = self.removed.len() as u64;
        self.sort_out(&seen, &suppressions);
        Ok(())
    }

    /// Who comes, who is kept out and who leaves.
    fn sort_out(&mut self, seen: &[bool], suppressions: &HashMap<AddressKey, Reason>) {
        let mut by_reason: HashMap<Reason, u64> = HashMap::new();
        let mut kept_out: Vec<(&Entry, Reason)> = Vec::new();
        for (at, entry) in self.source.entries().iter().enumerate() {
            match (suppressions.get(&entry.key), entry.stance) {
                // Who left here and there is nothing to tell of.
                (Some(_), Stance::Gone(_)) => {}
                (None, Stance::Gone(reason)) => {
                    *by_reason.entry(reason).or_default() += 1;
                    self.leaving.push(place(at));
                }
                (Some(reason), _) => {
                    self.diff.kept_out += 1;
                    kept_out.push((entry, *reason));
                }
                (None, stance) if !seen[at] => {
                    self.diff.not_active += u64::from(stance == Stance::Other);
                    self.new.push(place(at));
                }
                (None, _) => {}
            }
        }
        kept_out.sort_unstable_by_key(|(entry, _)| entry.line);
        for (entry, reason) in kept_out.into_iter().take(MOST_EXAMPLES) {
            let address = self.source.address(entry);
            let address = address.map(|address| address.to_string());
            let example = (address.unwrap_or_default(), reason);
            self.diff.kept_out_examples.push(example);
        }
        let entries = self.source.entries();
        self.new
            .sort_unstable_by_key(|at| entries[*at as usize].line);
        self.diff.new = self.new.len() as u64;
        self.diff.suppressed = by_reason.into_iter().collect();
        self.diff.suppressed.sort_unstable();
    }

    /// Does it: first who left, then the file.
    pub fn apply(mut self, office: &mut Office<'_>) -> Result<Imported, Stop> {
        let leaving: Vec<Suppression> = self
            .leaving
            .iter()
            .filter_map(|at| {
                let entry = &self.source.entries()[*at as usize];
                let Stance::Gone(reason) = entry.stance else {
                    return None;
                };
                Some(office.suppression(&self.source.address(entry)?, reason, "import"))
            })
            .collect();
        if !leaving.is_empty() {
            office.ledger.suppress_many(&leaving)?;
        }
        if !self.removed.is_empty() {
            office.ledger.leave_roster(&self.removed)?;
        }
        if !(leaving.is_empty() && self.removed.is_empty()) {
            sign_change(office.publication, &mut office.ledger)?;
        }
        let edited = if self.diff.touched() > 0 {
            self.write(&office.today(), office)?
        } else {
            Edited::default()
        };
        Ok(Imported {
            edited,
            made_file: !self.file.exists(),
            open_elsewhere: open_elsewhere(office.publication),
        })
    }

    fn write(&mut self, today: &str, office: &Office<'_>) -> Result<Edited, Stop> {
        let Self {
            source,
            file,
            sheet,
            columns,
            options,
            new,
            kept_out,
            ..
        } = self;
        let added = new.iter().filter_map(|at| {
            let entry = &source.entries()[*at as usize];
            let address = source.address(entry)?.to_string();
            Some(columns.row(address, source.particulars(entry), entry.stance, today))
        });
        let change = |row: &SheetRow<'_>| {
            let Some(address) = &row.address else {
                return Ok(Change::Keep);
            };
            Ok(match source.find(&office.keys.address_key(address)) {
                Some(at) if kept_out.binary_search(&place(at)).is_ok() => Change::Keep,
                Some(at) => columns.change(row, &source.entries()[at], source, options.overwrite),
                None if options.sync => Change::Remove,
                None => Change::Keep,
            })
        };
        file.rewrite(sheet, change, added)
    }
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows of the roster.
    pub edited: Edited,
    /// Whether there was no roster before.
    pub made_file: bool,
    /// A program that has the file open, and may write over it.
    pub open_elsewhere: Option<&'static str>,
}
