//! A file to import, read once and kept: what stands in it is looked up by person, and read again
//! from the same bytes when it is needed. Of a person only a keyed hash and a place in the file are kept
//! beside them, so that a million people need no more than the file and half of it again.

use std::io::Cursor;
use std::sync::Arc;

use super::columns::Columns;
use super::foreign::{MOST_COLUMNS, Mapping, Particulars, Stance};
use super::formula::restored;
use super::reading::{Checked, RawRow, Scanner, check_restored};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::token::{AddressKey, Keys};

/// Largest file to import, in bytes.
pub const LARGEST_IMPORT: u64 = 64 * 1024 * 1024;

/// Most problems that are kept in full.
const MOST_PROBLEMS: usize = 20;

/// One person of the file.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Line of the file, from 1.
    pub line: u32,
    /// How the person stands there.
    pub stance: Stance,
    offset: u32,
    length: u32,
}

/// A file of another program, or an export of our own.
#[derive(Debug)]
pub struct ImportFile {
    bytes: Arc<[u8]>,
    delimiter: u8,
    email: usize,
    mapping: Mapping,
    /// Sorted by key.
    entries: Vec<Entry>,
    /// Rows of people who stood there before.
    pub duplicates: u64,
    /// Rows that cannot be used, with their lines; the first twenty.
    pub problems: Vec<Diagnostic>,
    /// Lines of those rows; the first twenty.
    pub bad_lines: Vec<u64>,
    /// How many rows cannot be used.
    pub bad_rows: u64,
}

/// The bytes, as something to read.
struct Shared(Arc<[u8]>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl ImportFile {
    /// Reads a file. Fails where no row could be trusted: no header, no or two columns of addresses,
    /// more columns than anybody has, not UTF-8, a quote without end.
    pub fn read(name: &str, bytes: Vec<u8>, keys: &Keys) -> Result<Self, Diagnostic> {
        let bytes: Arc<[u8]> = bytes.into();
        let file = Cursor::new(Shared(Arc::clone(&bytes)));
        let mut scanner = Scanner::open(name, Box::new(file))?;
        let columns = scanner.columns();
        if columns.names.len() > MOST_COLUMNS {
            let number = columns.names.len();
            return Err(
                Diagnostic::error(format!("`{name}` has {number} columns")).hint(format!(
                    "an import has at most {MOST_COLUMNS}; take out those that are not needed"
                )),
            );
        }
        let mut import = Self {
            delimiter: scanner.delimiter(),
            email: columns.email,
            mapping: Mapping::find(&columns.names, columns.email),
            entries: Vec::new(),
            duplicates: 0,
            problems: Vec::new(),
            bad_lines: Vec::new(),
            bad_rows: 0,
            bytes,
        };
        let start = scanner.start();
        scanner.scan(|raw, columns| {
            import.take(raw, columns, start, keys);
            Ok::<(), Diagnostic>(())
        })?;
        import.gather();
        Ok(import)
    }

    fn take(&mut self, raw: &RawRow<'_>, columns: &Columns, start: u64, keys: &Keys) {
        let field = |at: usize| raw.record.get(at).unwrap_or_default();
        let address = match check_restored(raw, columns) {
            Checked::Blank => return,
            Checked::Bad(problem) => return self.refuse(raw.line, *problem),
            Checked::Good(address, _) => address,
        };
        if self.mapping.has_a_bad_name(field) {
            let problem = raw.warning(format!(
                "the name of `{address}` holds a line break or a control character"
            ));
            return self.refuse(raw.line, problem.hint("take it out"));
        }
        // A file has at most 64 MiB.
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        self.entries.push(Entry {
            key: keys.address_key(&address),
            line: number(raw.line),
            stance: self.mapping.stance(field),
            offset: number(start + raw.offset),
            length: number(raw.text.len() as u64),
        });
    }

    fn refuse(&mut self, line: u64, problem: Diagnostic) {
        self.bad_rows += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
            self.bad_lines.push(line);
        }
    }

    /// One entry for each person. Of several rows the first tells who it is, and the worst how they
    /// stand.
    fn gather(&mut self) {
        self.entries
            .sort_unstable_by_key(|entry| (entry.key, entry.line));
        let before = self.entries.len();
        self.entries.dedup_by(|later, first| {
            let is_same = later.key == first.key;
            if is_same {
                first.stance = first.stance.max(later.stance);
            }
            is_same
        });
        self.duplicates = (before - self.entries.len()) as u64;
        self.entries.shrink_to_fit();
    }

    /// The people, in the order of their hashes.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The place of a person among [`Self::entries`].
    pub fn find(&self, key: &AddressKey) -> Option<usize> {
        self.entries
            .binary_search_by_key(key, |entry| entry.key)
            .ok()
    }

    /// What the file says of a person.
    pub fn particulars(&self, entry: &Entry) -> Particulars {
        self.mapping.particulars(self.record(entry), self.delimiter)
    }

    /// Where mail to a person goes.
    pub fn address(&self, entry: &Entry) -> Option<EmailAddress> {
        let record = self.record(entry);
        let range = super::fields::split(record, self.delimiter)
            .get(self.email)?
            .clone();
        let text = String::from_utf8_lossy(&super::fields::value(&record[range])).into_owned();
        EmailAddress::parse(restored(&text)).ok()
    }

    fn record(&self, entry: &Entry) -> &[u8] {
        let start = entry.offset as usize;
        let record = self.bytes.get(start..start + entry.length as usize);
        record.unwrap_or_default().trim_ascii_end()
    }

    /// Columns that are none of ours.
    pub fn other_columns(&self) -> impl Iterator<Item = &str> {
        self.mapping.others.iter().map(|(_, name)| name.as_str())
    }

    /// What separates the fields, in words.
    pub fn delimiter(&self) -> &'static str {
        match self.delimiter {
            b';' => "semicolon",
            b'\t' => "tab",
            _ => "comma",
        }
    }
}
