//! The roster: the rows of `subscribers.csv`, read as an author's spreadsheet writes them, and behind
//! them the readers who signed up by themselves.
//!
//! A bad row is a warning that names its line, and the other rows count: one typing error must
//! not keep an issue from everybody else. Edits go through [`Sheet`] and keep every byte that they do not mean.
//!
//! The file is read row by row and never held in memory: of a million people only the keyed hashes
//! of their addresses are. It is therefore read twice, first to find whoever stands in it twice,
//! then for the rows.

mod columns;
mod fields;
mod foreign;
mod formula;
mod import_file;
mod joined;
mod reading;
mod sheet;
mod tape;
mod typing;

use std::collections::HashMap;
use std::io::{Read, Seek};

use csv::StringRecord;

use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::Diagnostic;
use crate::readers::SignUp;
use crate::token::{AddressKey, KeySet, Keys};
use columns::Columns;
use joined::Joined;
use reading::{Checked, Scanner, check, status_of};

pub use foreign::{Particulars, Stance};
pub use formula::{neutralised, restored};
pub use import_file::{Entry, ImportFile, LARGEST_IMPORT};
pub use reading::is_role;
pub use sheet::{Change, Edited, NewRow, Sheet, SheetRow};
pub use typing::meant_domain;

/// Name of the roster's file.
pub const FILE_NAME: &str = "subscribers.csv";

/// Most warnings that are kept; the rest is counted.
const MOST_WARNINGS: usize = 20;

/// A row of the roster with a valid address.
#[derive(Debug)]
pub struct Row<'a> {
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Where mail goes.
    pub address: EmailAddress,
    /// Line of the file, from 1; `None` for somebody who signed up and does not stand in it.
    pub line: Option<u64>,
    /// Whether the row takes part.
    pub status: Status,
    columns: &'a Columns,
    record: &'a StringRecord,
}

/// The column `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Empty or `active`.
    Active,
    /// Anything else, in the author's word: `unsubscribed`, `bounced`, `paused` ...
    Other(String),
}

/// Somebody with more than one row.
#[derive(Debug)]
struct Repeated {
    first_line: Option<u64>,
    status: Status,
}

/// The roster's file, read once: who is on it, and what is wrong with it.
#[derive(Debug)]
pub struct Roster {
    scanner: Scanner,
    rows_in_file: u64,
    people: usize,
    present: KeySet,
    /// Everyone whose row says something else than active.
    away: KeySet,
    joined: Joined,
    repeated: HashMap<AddressKey, Repeated>,
    warnings: Vec<Diagnostic>,
    bad_rows: usize,
}

impl Roster {
    /// Reads a file for the first time; `name` is how the author knows it. Fails only where no row
    /// could be trusted: no header, no `email`, a quote without end, not UTF-8.
    pub fn open(
        name: &str,
        file: impl Read + Seek + Send + 'static,
        keys: &Keys,
    ) -> Result<Self, Diagnostic> {
        let mut roster = Self {
            scanner: Scanner::open(name, Box::new(file))?,
            rows_in_file: 0,
            people: 0,
            present: KeySet::default(),
            away: KeySet::default(),
            joined: Joined::default(),
            repeated: HashMap::new(),
            warnings: Vec::new(),
            bad_rows: 0,
        };
        // Room for every key that the file could hold: what is not touched takes no memory, while
        // growing would leave as much behind as it takes.
        let mut active = Vec::new();
        let _ = active.try_reserve_exact(roster.scanner.most_rows());
        let mut away = Vec::new();
        roster.survey(keys, |key, status| match status {
            Status::Active => active.push(key),
            Status::Other(_) => away.push(key),
        })?;
        let (active, away) = (KeySet::gather(active), KeySet::gather(away));
        roster.present = active.set;
        let both = away.set.iter().filter(|key| roster.present.contains(key));
        let repeated: Vec<AddressKey> = both.copied().collect();
        roster.away = away.set;
        roster.people = roster.present.len() + roster.away.len() - repeated.len();
        let repeated = repeated
            .into_iter()
            .chain(active.repeated)
            .chain(away.repeated);
        roster.repeated = repeated.map(|key| (key, Repeated::unread())).collect();
        if !roster.repeated.is_empty() {
            roster.survey(keys, |_, _| {})?;
            // Two rows of one person that disagree: the one that keeps mail away counts.
            let repeated = &roster.repeated;
            roster.present.retain(|key| {
                let again = repeated.get(key);
                again.is_none_or(|one| one.status == Status::Active)
            });
        }
        Ok(roster)
    }

    /// One reading for keys and warnings.
    fn survey(
        &mut self,
        keys: &Keys,
        mut visit: impl FnMut(AddressKey, &Status),
    ) -> Result<(), Diagnostic> {
        let Self {
            scanner, repeated, ..
        } = self;
        let mut warnings = Vec::new();
        let mut bad_rows = 0;
        let mut warn = |warning: Diagnostic| {
            bad_rows += 1;
            if warnings.len() < MOST_WARNINGS {
                warnings.push(warning);
            }
        };
        for one in repeated.values_mut() {
            *one = Repeated::unread();
        }
        let rows = scanner.scan(|raw, columns| {
            match check(raw, columns) {
                Checked::Blank => {}
                Checked::Bad(problem) => warn(*problem),
                Checked::Good(address, role) => {
                    let key = keys.address_key(&address);
                    let status = status_of(raw.record, columns);
                    let again = repeated
                        .get_mut(&key)
                        .and_then(|one| one.meet(raw.line, &status));
                    match (again, role) {
                        (Some(first), _) => warn(raw.repeated(&address, first)),
                        (None, Some(role)) => warn(*role),
                        (None, None) => {}
                    }
                    visit(key, &status);
                }
            }
            Ok::<(), Diagnostic>(())
        })?;
        self.rows_in_file = rows;
        self.warnings = warnings;
        self.bad_rows = bad_rows;
        Ok(())
    }

    /// Takes the readers who signed up by themselves behind the rows. Somebody who stands in the file,
    /// too, is that row: its fields are the author's, and a status that keeps mail away counts.
    pub fn join(&mut self, mut sign_ups: Vec<SignUp>) {
        sign_ups.retain(|one| {
            let key = &one.key;
            one.address.is_some() && !self.present.contains(key) && !self.away.contains(key)
        });
        self.people += sign_ups.len();
        self.present.extend(sign_ups.iter().map(|one| one.key));
        self.joined = Joined::new(self.scanner.columns(), sign_ups);
    }

    /// Visits each person once, in the order of the file; behind them, who signed up.
    pub fn each<E: From<Diagnostic>>(
        &mut self,
        keys: &Keys,
        mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self {
            scanner, repeated, ..
        } = self;
        let rows = scanner.scan(|raw, columns| {
            let Checked::Good(address, _) = check(raw, columns) else {
                return Ok(());
            };
            let key = keys.address_key(&address);
            let status = match repeated.get(&key) {
                Some(one) if one.first_line != Some(raw.line) => return Ok(()),
                Some(one) => one.status.clone(),
                None => status_of(raw.record, columns),
            };
            visit(&Row {
                key,
                address,
                line: Some(raw.line),
                status,
                columns,
                record: raw.record,
            })
        })?;
        if rows == self.rows_in_file {
            return self.joined.each(visit);
        }
        let problem = Diagnostic::error(format!(
            "`{}` was changed while it was read",
            self.scanner.name()
        ));
        Err(problem.hint("try again when it is saved").into())
    }

    /// Everyone whose row is active, and everyone who joined.
    pub fn present(&self) -> &KeySet {
        &self.present
    }

    /// The same, given away: of a million people it is 16 MB.
    pub fn take_present(&mut self) -> KeySet {
        std::mem::take(&mut self.present)
    }

    /// Names of its columns, in our words and the author's.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.scanner.columns().names.iter().map(String::as_str)
    }

    /// How many people are on it, active or not.
    pub fn people(&self) -> usize {
        self.people
    }

    /// What is wrong with single rows; at most the first twenty, see [`Self::bad_rows`].
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// How many rows gave a warning.
    pub fn bad_rows(&self) -> usize {
        self.bad_rows
    }
}

impl Repeated {
    fn unread() -> Self {
        Self {
            first_line: None,
            status: Status::Active,
        }
    }

    /// Takes a row; gives the line of the first one if this is another.
    fn meet(&mut self, line: u64, status: &Status) -> Option<u64> {
        if self.status == Status::Active {
            self.status = status.clone();
        }
        let first = self.first_line;
        self.first_line.get_or_insert(line);
        first
    }
}

impl Row<'_> {
    /// The `name`, cleaned; empty if there is none.
    pub fn name(&self) -> String {
        self.columns
            .name
            .and_then(|at| self.record.get(at))
            .map(clean_name)
            .unwrap_or_default()
    }

    /// The `tags`: separated by commas, semicolons or white space, lower case.
    pub fn tags(&self) -> Vec<String> {
        let text = self
            .columns
            .tags
            .and_then(|at| self.record.get(at))
            .unwrap_or_default();
        text.split(|character: char| {
            character == ',' || character == ';' || character.is_whitespace()
        })
        .filter(|tag| !tag.is_empty())
        .map(str::to_lowercase)
        .collect()
    }

    /// The author's own columns, cleaned like a name, by column name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, String)> {
        let own = self.columns.names.iter().enumerate();
        own.filter(|(at, _)| *at != self.columns.email && Some(*at) != self.columns.name)
            .map(|(at, name)| {
                (
                    name.as_str(),
                    clean_name(self.record.get(at).unwrap_or_default()),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::derive(&[7; 32])
    }

    fn parse(text: &str) -> Result<Roster, Diagnostic> {
        let file = std::io::Cursor::new(text.as_bytes().to_vec());
        Roster::open("subscribers.csv", file, &keys())
    }

    /// One thing of each row.
    fn rows<T>(roster: &mut Roster, mut of: impl FnMut(&Row<'_>) -> T) -> Vec<T> {
        let mut all = Vec::new();
        let read = roster.each(&keys(), |row| {
            all.push(of(row));
            Ok::<(), Diagnostic>(())
        });
        read.unwrap();
        all
    }

    #[test]
    fn a_spreadsheet_with_byte_order_mark_semicolons_and_other_words_is_understood() {
        let mut roster =
            parse("\u{FEFF}Name;E-mail;City\r\nΣοφία;a@example.org;Ρόδος\r\n").unwrap();
        let names = rows(&mut roster, |row| (row.line, row.name()));
        assert_eq!(names, [(Some(2), "Σοφία".to_owned())]);
        let fields = rows(&mut roster, |row| {
            let fields = row.fields().map(|(name, value)| format!("{name}={value}"));
            fields.collect::<Vec<_>>()
        });
        assert_eq!(fields, [["city=Ρόδος"]]);
        assert_eq!(roster.bad_rows(), 0);
    }

    fn sign_up(address: &str) -> SignUp {
        let address = EmailAddress::parse(address).unwrap();
        SignUp {
            key: keys().address_key(&address),
            address: Some(address),
            name: "Ana".to_owned(),
            tags: vec!["night".to_owned()],
            state: crate::readers::SignUpState::Confirmed,
            asked: crate::readers::Act {
                at: chrono::DateTime::UNIX_EPOCH,
                from: String::new(),
            },
            consent: None,
            left_at: None,
        }
    }

    #[test]
    fn who_signed_up_stands_behind_the_rows_and_nobody_stands_there_twice() {
        let mut roster =
            parse("email,city,status\na@example.org,Oslo,\nb@example.org,,paused\n").unwrap();
        let joined = ["A@example.org", "b@example.org", "c@example.org"];
        roster.join(joined.map(sign_up).into());
        let seen = rows(&mut roster, |row| {
            let city = row.fields().find(|(name, _)| *name == "city");
            let city = city.map(|(_, city)| city).unwrap_or_default();
            (row.line, row.name(), row.tags().join(" "), city)
        });
        let row = |line, name: &str, tags: &str, city: &str| {
            (line, name.to_owned(), tags.to_owned(), city.to_owned())
        };
        let expected = [
            row(Some(2), "", "", "Oslo"),
            row(Some(3), "", "", ""),
            row(None, "Ana", "night", ""),
        ];
        assert_eq!(seen, expected);
        assert_eq!((roster.people(), roster.present().len()), (3, 2));
    }

    #[test]
    fn a_bad_row_is_a_warning_with_its_line_and_the_others_count() {
        let mut roster =
            parse("email,name\na@example.org,A\nnot-an-address,B\nc@example.org,C\n").unwrap();
        let addresses = rows(&mut roster, |row| row.address.to_string());
        assert_eq!(addresses, ["a@example.org", "c@example.org"]);
        let (_, line, _) = roster.warnings()[0].position().unwrap();
        assert_eq!(line, 3);
    }

    #[test]
    fn of_two_rows_of_one_person_the_one_that_keeps_mail_away_counts() {
        for text in [
            "email,status\na@example.org,\nA@example.org,unsubscribed\n",
            "email,status\na@example.org,unsubscribed\nA@example.org,\n",
        ] {
            let mut roster = parse(text).unwrap();
            let status = rows(&mut roster, |row| row.status.clone());
            assert_eq!(status, [Status::Other("unsubscribed".to_owned())]);
            assert_eq!((roster.people(), roster.present().len()), (1, 0));
        }
    }

    #[test]
    fn a_name_with_a_line_break_keeps_its_row_out() {
        let roster = parse("email,name\na@example.org,\"x\r\nBcc: v@example.org\"\n").unwrap();
        assert_eq!(roster.people(), 0);
        assert_eq!(roster.bad_rows(), 1);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error_and_not_a_short_roster() {
        let rows = "b@example.org,B\n".repeat(500);
        let error = parse(&format!("email,name\na@example.org,\"A\n{rows}")).unwrap_err();
        assert!(error.message().contains("line 2"), "{error}");
    }

    #[test]
    fn a_quote_that_is_open_at_the_end_does_not_swallow_the_rows_below() {
        let error =
            parse("email,name,city\na@example.org,A,\"Rome\nb@example.org,B,Oslo\n").unwrap_err();
        assert!(error.message().contains("line 2"), "{error}");
        assert!(parse("email,city\na@example.org,\"Rome\nor \"\"R\"\"\"\n").is_ok());
    }

    #[test]
    fn lines_are_counted_alike_whatever_ends_them() {
        for end in ["\n", "\r\n"] {
            let mut roster = parse(
                &[
                    "email",
                    "a@example.org",
                    "",
                    "b@example.org",
                    "b@example.org",
                    "",
                ]
                .join(end),
            )
            .unwrap();
            assert_eq!(rows(&mut roster, |row| row.line), [Some(2), Some(4)]);
            assert!(roster.warnings()[0].message().contains("on line 4"));
        }
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_an_error_with_its_line() {
        let file =
            std::io::Cursor::new(b"email,name\na@example.org,A\nb@example.org,Ren\xe9\n".to_vec());
        let error = Roster::open("subscribers.csv", file, &keys()).unwrap_err();
        assert!(error.message().contains("(line 3)"), "{error}");
    }

    #[test]
    fn a_row_that_never_ends_is_given_up_before_it_fills_the_memory() {
        let text = format!("email,name\na@example.org,\"{}", "long ".repeat(2_000_000));
        let error = parse(&text).unwrap_err();
        assert!(error.message().contains("line 2"), "{error}");
    }

    #[test]
    fn a_roster_without_header_or_email_column_is_refused() {
        assert!(parse("a@example.org,A\n").is_err());
        assert!(parse("name,city\nA,B\n").is_err());
        assert!(parse("email,email\na@example.org,b@example.org\n").is_err());
        assert!(parse("").is_err());
    }
}
