//! The rows of the roster: each is kept, or told about, on its own.

use std::collections::HashMap;

use csv::StringRecord;

use super::{Roster, Status, Subscriber};
use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::{Diagnostic, SourceText};

/// Most lines of one record; a quote that is never closed swallows the rest of the file.
pub(super) const MOST_LINES_OF_A_ROW: u64 = 100;
/// Most warnings that are kept; the rest is counted.
const MOST_WARNINGS: usize = 20;

/// The fields of a row, end to end; a third of the memory of the reader's own record.
#[derive(Debug, Clone)]
pub(super) struct Record {
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

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// A roster that is being read.
pub(super) struct Reading<'a> {
    pub(super) source: &'a SourceText,
    pub(super) skipped: usize,
    pub(super) roster: Roster,
    pub(super) seen: HashMap<String, usize>,
}

impl Reading<'_> {
    pub(super) fn take(&mut self, record: &StringRecord, line: u64) {
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
    pub(super) fn line_of(&self, record: &StringRecord) -> Option<u64> {
        let (reported, start) = self.start_of(record);
        let passed = self.source.text[reported..start].matches('\n').count();
        Some(record.position()?.line() + passed as u64)
    }

    /// Whether the last record runs over several lines with a quote that nothing closes. In a
    /// sound record quotes come in pairs (RFC 4180 §2, rules 5 to 7).
    pub(super) fn is_open_at_the_end(&self, record: &StringRecord) -> bool {
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

    pub(super) fn open_quote(&self, record: &StringRecord, line: u64) -> Diagnostic {
        self.at(record, format!("a quote on line {line} is never closed"))
            .into_error()
            .label("everything below would be part of this row")
            .hint("close it, or double a quote that is meant as a character: \"\"")
    }

    pub(super) fn endless_quote(&self, record: &StringRecord, line: u64) -> Diagnostic {
        self.at(
            record,
            format!("a quote on line {line} is not closed on the next {MOST_LINES_OF_A_ROW} lines"),
        )
        .into_error()
        .hint("close it, or double a quote that is meant as a character: \"\"")
    }
}
