//! The roster: the rows of `subscribers.csv`, read as an author's spreadsheet writes them.
//!
//! A bad row is a warning that names its line, and the other rows count: one typing error must
//! not keep an issue from everybody else. Nothing here changes the file.

mod columns;
mod reading;

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};

use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::{Diagnostic, SourceText};
use columns::{Columns, delimiter_of};
use reading::{MOST_LINES_OF_A_ROW, Reading, Record};

/// Name of the roster's file.
pub const FILE_NAME: &str = "subscribers.csv";

/// A row of the roster with a valid address.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// Where mail goes.
    pub address: EmailAddress,
    /// Line of the file, from 1.
    pub line: u64,
    /// Whether the row takes part.
    pub status: Status,
    record: Record,
}

/// The column `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Empty or `active`.
    Active,
    /// Anything else, in the author's word: `unsubscribed`, `bounced`, `paused` ...
    Other(String),
}

/// The rows of `subscribers.csv`.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    columns: Columns,
    rows: Vec<Subscriber>,
    warnings: Vec<Diagnostic>,
    bad_rows: usize,
}

impl Roster {
    /// Reads the file's text. Fails only where no row could be trusted: no header, no `email`.
    pub fn parse(source: &SourceText) -> Result<Self, Diagnostic> {
        let skipped = if source.text.starts_with('\u{FEFF}') {
            3
        } else {
            0
        };
        let text = &source.text[skipped..];
        let header_end = skipped + text.find('\n').unwrap_or(text.len());
        let header_place = skipped..header_end.max(skipped);
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter_of(&source.text[header_place.clone()]))
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| Diagnostic::error("the roster's header cannot be read").cause(error))?
            .clone();
        let mut reading = Reading {
            source,
            skipped,
            roster: Self {
                columns: Columns::find(&header, source, header_place)?,
                ..Self::default()
            },
            seen: HashMap::new(),
        };
        let mut record = StringRecord::new();
        let mut previous_line = 1;
        loop {
            let read = reader
                .read_record(&mut record)
                .map_err(|error| Diagnostic::error("the roster cannot be read").cause(error))?;
            if !read {
                break;
            }
            let line = reading.line_of(&record).unwrap_or(previous_line);
            if reader.position().line().saturating_sub(line) > MOST_LINES_OF_A_ROW {
                return Err(reading.endless_quote(&record, line));
            }
            let at_the_end = reader.position().byte() >= text.len() as u64;
            if at_the_end && reading.is_open_at_the_end(&record) {
                return Err(reading.open_quote(&record, line));
            }
            previous_line = line;
            reading.take(&record, line);
        }
        Ok(reading.roster)
    }

    /// All rows with a valid address, in the order of the file, each person once.
    pub fn rows(&self) -> &[Subscriber] {
        &self.rows
    }

    /// What is wrong with single rows; at most the first twenty, see [`Self::bad_rows`].
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// How many rows gave a warning.
    pub fn bad_rows(&self) -> usize {
        self.bad_rows
    }

    /// The row's `name`, cleaned; empty if there is none.
    pub fn name(&self, row: &Subscriber) -> String {
        self.columns
            .name
            .and_then(|at| row.record.get(at))
            .map(clean_name)
            .unwrap_or_default()
    }

    /// The row's `tags`: separated by commas, semicolons or white space, lower case.
    pub fn tags(&self, row: &Subscriber) -> Vec<String> {
        let text = self
            .columns
            .tags
            .and_then(|at| row.record.get(at))
            .unwrap_or_default();
        text.split(|character: char| {
            character == ',' || character == ';' || character.is_whitespace()
        })
        .filter(|tag| !tag.is_empty())
        .map(str::to_lowercase)
        .collect()
    }

    /// The author's own columns of a row, cleaned like a name, by column name.
    pub fn fields<'a>(&'a self, row: &'a Subscriber) -> impl Iterator<Item = (&'a str, String)> {
        let own = self.columns.names.iter().enumerate();
        own.filter(|(at, _)| *at != self.columns.email && Some(*at) != self.columns.name)
            .map(|(at, name)| {
                (
                    name.as_str(),
                    clean_name(row.record.get(at).unwrap_or_default()),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Roster, Diagnostic> {
        Roster::parse(&SourceText::new("subscribers.csv", text))
    }

    fn addresses(roster: &Roster) -> Vec<&str> {
        roster
            .rows()
            .iter()
            .map(|row| row.address.as_str())
            .collect()
    }

    #[test]
    fn a_spreadsheet_with_byte_order_mark_semicolons_and_other_words_is_understood() {
        let roster = parse("\u{FEFF}Name;E-mail;City\r\nΣοφία;a@example.org;Ρόδος\r\n").unwrap();
        let row = &roster.rows()[0];
        assert_eq!(roster.name(row), "Σοφία");
        assert_eq!(
            roster.fields(row).collect::<Vec<_>>(),
            [("city", "Ρόδος".to_owned())]
        );
        assert_eq!(roster.bad_rows(), 0);
    }

    #[test]
    fn a_bad_row_is_a_warning_with_its_line_and_the_others_count() {
        let roster =
            parse("email,name\na@example.org,A\nnot-an-address,B\nc@example.org,C\n").unwrap();
        assert_eq!(addresses(&roster), ["a@example.org", "c@example.org"]);
        let (_, line, _) = roster.warnings()[0].position().unwrap();
        assert_eq!(line, 3);
    }

    #[test]
    fn of_two_rows_of_one_person_the_one_that_keeps_mail_away_counts() {
        let roster = parse("email,status\na@example.org,\nA@example.org,unsubscribed\n").unwrap();
        assert_eq!(roster.rows().len(), 1);
        assert_eq!(
            roster.rows()[0].status,
            Status::Other("unsubscribed".to_owned())
        );
    }

    #[test]
    fn a_name_with_a_line_break_keeps_its_row_out() {
        let roster = parse("email,name\na@example.org,\"x\r\nBcc: v@example.org\"\n").unwrap();
        assert!(roster.rows().is_empty());
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
            let roster = parse(
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
            let lines: Vec<u64> = roster.rows().iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 4]);
            assert!(roster.warnings()[0].message().contains("on line 4"));
        }
    }

    #[test]
    fn a_roster_without_header_or_email_column_is_refused() {
        assert!(parse("a@example.org,A\n").is_err());
        assert!(parse("name,city\nA,B\n").is_err());
        assert!(parse("email,email\na@example.org,b@example.org\n").is_err());
        assert!(parse("").is_err());
    }
}
