//! The roster: the rows of `subscribers.csv`, read as an author's spreadsheet writes them.
//!
//! A bad row is a warning that names its line, and the other rows count: one typing error must
//! not keep an issue from everybody else. Nothing here changes the file.

use std::collections::HashMap;
use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};

use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::{Diagnostic, SourceText, closest};

/// Name of the roster's file.
pub const FILE_NAME: &str = "subscribers.csv";

/// Most columns a roster may have.
const MOST_COLUMNS: usize = 256;
/// Most lines of one record; a quote that is never closed swallows the rest of the file.
const MOST_LINES_OF_A_ROW: u64 = 100;
/// Most warnings that are kept; the rest is counted.
const MOST_WARNINGS: usize = 20;

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

/// The fields of a row, end to end; a third of the memory of the reader's own record.
#[derive(Debug, Clone)]
struct Record {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Record {
    fn new(record: &StringRecord) -> Self {
        let mut text = String::with_capacity(record.as_byte_record().as_slice().len());
        let ends = record.iter().map(|field| {
            text.push_str(field);
            u32::try_from(text.len()).unwrap_or(u32::MAX)
        });
        Self {
            ends: ends.collect(),
            text: text.into_boxed_str(),
        }
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
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

#[derive(Debug, Clone, Default)]
struct Columns {
    names: Vec<String>,
    email: usize,
    name: Option<usize>,
    tags: Option<usize>,
    status: Option<usize>,
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

impl Columns {
    const KNOWN: [&'static str; 5] = ["email", "name", "tags", "joined", "status"];

    fn find(
        header: &StringRecord,
        source: &SourceText,
        place: Range<usize>,
    ) -> Result<Self, Diagnostic> {
        let wrong = |message: &str| Diagnostic::error(message).at(source, place.clone());
        if header.len() > MOST_COLUMNS {
            return Err(wrong(&format!(
                "the roster has more than {MOST_COLUMNS} columns"
            )));
        }
        let names: Vec<String> = header.iter().map(canonical).collect();
        if names.iter().any(|name| name.contains('@')) {
            return Err(
                wrong("the roster has no header row").hint("put `email,name` on the first line")
            );
        }
        let find = |wanted: &str| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(wrong(&format!("the roster has two columns `{wanted}`"))),
                (first, _) => Ok(first.map(|(at, _)| at)),
            }
        };
        let Some(email) = find("email")? else {
            let like = names
                .iter()
                .find(|name| closest(name, ["email", "e-mail address"]).is_some());
            return Err(wrong("the roster has no column `email`").hint(match like {
                Some(name) => format!("rename the column `{name}` to `email`"),
                None => "name the column that holds the addresses `email`".to_owned(),
            }));
        };
        for known in Self::KNOWN {
            find(known)?;
        }
        Ok(Self {
            email,
            name: find("name")?,
            tags: find("tags")?,
            status: find("status")?,
            names,
        })
    }
}

/// Column names as other programs write them, in our words.
fn canonical(name: &str) -> String {
    let name = clean_name(name).to_lowercase();
    match name.as_str() {
        "e-mail" | "mail" | "email address" | "e-mail address" | "email_address" => {
            "email".to_owned()
        }
        _ => name,
    }
}

/// Comma, semicolon or tab: whichever stands most often in the header.
fn delimiter_of(header: &str) -> u8 {
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}

struct Reading<'a> {
    source: &'a SourceText,
    skipped: usize,
    roster: Roster,
    seen: HashMap<String, usize>,
}

impl Reading<'_> {
    fn take(&mut self, record: &StringRecord, line: u64) {
        if record.iter().all(|field| field.trim().is_empty()) {
            return;
        }
        match self.check(record) {
            Ok(address) => self.keep(address, record, line),
            Err(diagnostic) => self.warn(diagnostic),
        }
    }

    fn check(&self, record: &StringRecord) -> Result<EmailAddress, Diagnostic> {
        let columns = &self.roster.columns;
        let width = columns.names.len();
        if record
            .iter()
            .skip(width)
            .any(|field| !field.trim().is_empty())
        {
            let message = format!(
                "this row has {} fields where the header has {width}",
                record.len()
            );
            return Err(self
                .at(record, message)
                .hint("put quotes around a field that holds the separator"));
        }
        let written = record.get(columns.email).unwrap_or_default();
        let address = EmailAddress::parse(written).map_err(|error| {
            self.at(record, format!("the address `{written}` {error}"))
                .hint("correct the row; until then nothing is mailed to it")
        })?;
        let name = columns
            .name
            .and_then(|at| record.get(at))
            .unwrap_or_default();
        if name
            .chars()
            .any(|character| character.is_control() && character != '\t')
        {
            return Err(self
                .at(
                    record,
                    format!("the name of `{address}` holds a line break or a control character"),
                )
                .hint("take it out; until then nothing is mailed to this row"));
        }
        Ok(address)
    }

    fn keep(&mut self, address: EmailAddress, record: &StringRecord, line: u64) {
        let status = self.status(record);
        if let Some(first) = self.seen.get(&address.normal_form()).copied() {
            let kept = &mut self.roster.rows[first];
            // Two rows of one person that disagree: the one that keeps mail away counts.
            if kept.status == Status::Active {
                kept.status = status;
            }
            let message = format!(
                "`{address}` is on line {} already; it is one person",
                kept.line
            );
            let diagnostic = self.at(record, message).hint("remove one of the two rows");
            self.warn(diagnostic);
            return;
        }
        if matches!(
            address.local().to_lowercase().as_str(),
            "postmaster" | "abuse" | "noreply" | "no-reply" | "mailer-daemon"
        ) {
            let diagnostic = self.at(record, format!("`{address}` is a role, not a reader"));
            self.warn(diagnostic.hint(
                "it is mailed all the same; set its `status` to `paused` if that is not wanted",
            ));
        }
        self.seen
            .insert(address.normal_form(), self.roster.rows.len());
        self.roster.rows.push(Subscriber {
            address,
            line,
            status,
            record: Record::new(record),
        });
    }

    fn status(&self, record: &StringRecord) -> Status {
        let text = self
            .roster
            .columns
            .status
            .and_then(|at| record.get(at))
            .unwrap_or_default();
        match clean_name(text).to_lowercase() {
            word if word.is_empty() || word == "active" => Status::Active,
            word => Status::Other(word),
        }
    }

    /// Where the reader says that a record begins, and where its first character is: the reader
    /// may still be at the line end in front of it.
    fn start_of(&self, record: &StringRecord) -> (usize, usize) {
        let offset = record.position().map_or(0, csv::Position::byte);
        let reported = self.skipped + usize::try_from(offset).unwrap_or(0);
        let rest = &self.source.text[reported..];
        (
            reported,
            reported + rest.len() - rest.trim_start_matches(['\r', '\n']).len(),
        )
    }

    /// The line on which a record begins, from 1.
    fn line_of(&self, record: &StringRecord) -> Option<u64> {
        let (reported, start) = self.start_of(record);
        let passed = self.source.text[reported..start].matches('\n').count();
        Some(record.position()?.line() + passed as u64)
    }

    /// Whether the last record runs over several lines with a quote that nothing closes. In a
    /// sound record quotes come in pairs (RFC 4180 §2, rules 5 to 7).
    fn is_open_at_the_end(&self, record: &StringRecord) -> bool {
        let rest = self.source.text[self.start_of(record).1..].trim_end();
        rest.contains('\n') && rest.matches('"').count() % 2 == 1
    }

    fn at(&self, record: &StringRecord, message: String) -> Diagnostic {
        let (_, start) = self.start_of(record);
        let text = &self.source.text;
        let length = text[start..]
            .find(['\r', '\n'])
            .unwrap_or(text.len() - start);
        Diagnostic::warning(message).at(self.source, start..start + length)
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        self.roster.bad_rows += 1;
        if self.roster.warnings.len() < MOST_WARNINGS {
            self.roster.warnings.push(diagnostic);
        }
    }

    fn open_quote(&self, record: &StringRecord, line: u64) -> Diagnostic {
        self.at(record, format!("a quote on line {line} is never closed"))
            .into_error()
            .label("everything below would be part of this row")
            .hint("close it, or double a quote that is meant as a character: \"\"")
    }

    fn endless_quote(&self, record: &StringRecord, line: u64) -> Diagnostic {
        self.at(
            record,
            format!("a quote on line {line} is not closed on the next {MOST_LINES_OF_A_ROW} lines"),
        )
        .into_error()
        .hint("close it, or double a quote that is meant as a character: \"\"")
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
