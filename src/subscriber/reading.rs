//! The rows of the roster: each is good, or told about, on its own.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};

use super::Status;
use super::columns::{Columns, delimiter_of};
use super::formula::restored;
use super::tape::Tape;
use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::{Diagnostic, SourceText, not_utf8};

/// Most lines of one record; a quote that is never closed swallows the rest of the file.
const MOST_LINES_OF_A_ROW: u64 = 100;
/// Longest header, in bytes.
const LONGEST_HEADER: u64 = 64 * 1024;
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file that can be read again from its beginning.
pub(super) trait Input: Read + Seek + Send {}
impl<T: Read + Seek + Send> Input for T {}

/// The roster's file with its header read.
pub(super) struct Scanner {
    name: Arc<str>,
    file: Box<dyn Input>,
    /// Where the text begins, behind a byte order mark.
    start: u64,
    length: u64,
    delimiter: u8,
    columns: Columns,
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scanner({}, {} bytes)", self.name, self.length)
    }
}

/// A record with what is needed to point at it.
pub(super) struct RawRow<'a> {
    pub(super) record: &'a StringRecord,
    /// Line of the file on which it begins, from 1.
    pub(super) line: u64,
    name: &'a Arc<str>,
    /// Where it begins, behind the byte order mark.
    pub(super) offset: u64,
    /// The line ends before it that are no part of it.
    pub(super) gap: &'a [u8],
    /// Its bytes in the file, sometimes with its line end.
    pub(super) text: &'a [u8],
}

/// What is met on the way through a file. One after the other, the bytes of all steps are the file.
pub(super) enum Step<'a> {
    /// The header, with the byte order mark.
    Header(&'a [u8]),
    Row(&'a RawRow<'a>),
    /// What stands behind the last row.
    End(&'a [u8]),
}

/// What a record is.
pub(super) enum Checked {
    Blank,
    Bad(Box<Diagnostic>),
    /// A row that counts; with a warning if its address is a role.
    Good(EmailAddress, Option<Box<Diagnostic>>),
}

impl Scanner {
    /// Reads the header. Fails where no row could be trusted.
    pub(super) fn open(name: &str, mut file: Box<dyn Input>) -> Result<Self, Diagnostic> {
        let unreadable =
            |error: std::io::Error| Diagnostic::error(format!("cannot read `{name}`")).cause(error);
        let mut beginning = Vec::new();
        let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Read::by_ref(&mut file)
            .take(LONGEST_HEADER)
            .read_to_end(&mut beginning)
            .map_err(unreadable)?;
        let marked = beginning.starts_with(BYTE_ORDER_MARK);
        let start = if marked { BYTE_ORDER_MARK.len() } else { 0 };
        let text = &beginning[start..];
        let end = text.iter().position(|byte| *byte == b'\n');
        let header = &text[..end.unwrap_or(text.len())];
        let header = std::str::from_utf8(header)
            .map_err(|error| not_utf8(name, &beginning, start + error.valid_up_to(), 1))?;
        let delimiter = delimiter_of(header);
        let record = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(header.as_bytes())
            .headers()
            .map_err(|error| Diagnostic::error("the roster's header cannot be read").cause(error))?
            .clone();
        let source = SourceText::new(name, header);
        let columns = Columns::find(&record, &source, 0..header.trim_end().len())?;
        Ok(Self {
            name: name.into(),
            file,
            start: start as u64,
            length: length.saturating_sub(start as u64),
            delimiter,
            columns,
        })
    }

    /// How the author knows the file.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What separates its fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Where the text begins, behind a byte order mark.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Its columns.
    pub(super) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// How many rows with an address the file can hold at most.
    pub(super) fn most_rows(&self) -> usize {
        const SHORTEST_ROW: u64 = "a@b.c\n".len() as u64;
        usize::try_from(self.length / SHORTEST_ROW + 1).unwrap_or(0)
    }

    /// Reads all rows; gives their number.
    pub(super) fn scan<E: From<Diagnostic>>(
        &mut self,
        mut visit: impl FnMut(&RawRow<'_>, &Columns) -> Result<(), E>,
    ) -> Result<u64, E> {
        self.walk(|step, columns| match step {
            Step::Row(raw) => visit(raw, columns),
            Step::Header(_) | Step::End(_) => Ok(()),
        })
    }

    /// Reads the whole file, byte for byte; gives the number of rows.
    pub(super) fn walk<E: From<Diagnostic>>(
        &mut self,
        mut visit: impl FnMut(Step<'_>, &Columns) -> Result<(), E>,
    ) -> Result<u64, E> {
        let name = &self.name;
        self.file
            .seek(SeekFrom::Start(self.start))
            .map_err(|error| Diagnostic::error(format!("cannot read `{name}`")).cause(error))?;
        let mut reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .from_reader(Tape::new(&mut self.file));
        let mut record = StringRecord::new();
        reader
            .byte_headers()
            .map_err(|error| Diagnostic::error("the roster cannot be read").cause(error))?;
        let (mut rows, mut previous_end) = (0, reader.position().clone());
        let mark = if self.start > 0 { BYTE_ORDER_MARK } else { b"" };
        let header = [mark, reader.get_ref().slice(0, previous_end.byte())].concat();
        visit(Step::Header(&header), &self.columns)?;
        loop {
            let read = reader.read_record(&mut record);
            let end = reader.position().clone();
            let tape = reader.get_ref();
            let begin = record.position().unwrap_or(&previous_end);
            let text = tape.slice(begin.byte(), end.byte());
            let blank = text
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            let passed = memchr::memchr_iter(b'\n', &text[..blank]).count();
            let raw = RawRow {
                record: &record,
                line: begin.line() + passed as u64,
                name,
                offset: begin.byte() + blank as u64,
                gap: &text[..blank],
                text: &text[blank..],
            };
            match read {
                Ok(true) => {}
                Ok(false) => {
                    let rest = tape.slice(previous_end.byte(), u64::MAX);
                    visit(Step::End(rest), &self.columns)?;
                    return Ok(rows);
                }
                Err(error) => return Err(unreadable(&error, tape, &previous_end, name).into()),
            }
            if end.line().saturating_sub(raw.line) > MOST_LINES_OF_A_ROW {
                return Err(raw.endless_quote().into());
            }
            if end.byte() >= self.length && raw.is_open_at_the_end() {
                return Err(raw.open_quote().into());
            }
            visit(Step::Row(&raw), &self.columns)?;
            rows += 1;
            reader.get_mut().forget_before(end.byte());
            previous_end = end;
        }
    }
}

/// Why the reader could not go on: not UTF-8, or a row that does not end.
fn unreadable<R: Read>(
    error: &csv::Error,
    tape: &Tape<R>,
    before: &csv::Position,
    name: &Arc<str>,
) -> Diagnostic {
    let from = error.position().unwrap_or(before);
    let rest = tape.slice(from.byte(), u64::MAX);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            let valid =
                std::str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
            not_utf8(name, rest, valid, usize::try_from(from.line()).unwrap_or(1))
        }
        csv::ErrorKind::Io(cause) if cause.kind() == std::io::ErrorKind::FileTooLarge => RawRow {
            record: &StringRecord::new(),
            line: before.line(),
            name,
            offset: from.byte(),
            gap: b"",
            text: rest,
        }
        .endless_quote(),
        _ => Diagnostic::error("the roster cannot be read").cause(error),
    }
}

/// Judges one record.
pub(super) fn check(raw: &RawRow<'_>, columns: &Columns) -> Checked {
    check_written(raw, columns, |written| written)
}

/// Judges one record of an export, in which a mark may stand before the address.
pub(super) fn check_restored(raw: &RawRow<'_>, columns: &Columns) -> Checked {
    check_written(raw, columns, restored)
}

fn check_written(raw: &RawRow<'_>, columns: &Columns, address: fn(&str) -> &str) -> Checked {
    if raw.record.iter().all(|field| field.trim().is_empty()) {
        return Checked::Blank;
    }
    match address_of(raw, columns, address) {
        Ok(address) => {
            let role = role(raw, &address).map(Box::new);
            Checked::Good(address, role)
        }
        Err(problem) => Checked::Bad(Box::new(problem)),
    }
}

fn address_of(
    raw: &RawRow<'_>,
    columns: &Columns,
    read: fn(&str) -> &str,
) -> Result<EmailAddress, Diagnostic> {
    let record = raw.record;
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
        return Err(raw
            .warning(message)
            .hint("put quotes around a field that holds the separator"));
    }
    let written = read(record.get(columns.email).unwrap_or_default());
    let address = EmailAddress::parse(written).map_err(|error| {
        raw.warning(format!("the address `{written}` {error}"))
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
        return Err(raw
            .warning(format!(
                "the name of `{address}` holds a line break or a control character"
            ))
            .hint("take it out; until then nothing is mailed to this row"));
    }
    Ok(address)
}

/// Whether there is a function behind an address instead of a reader.
pub fn is_role(address: &EmailAddress) -> bool {
    const ROLES: [&str; 5] = [
        "postmaster",
        "abuse",
        "noreply",
        "no-reply",
        "mailer-daemon",
    ];
    let local = address.local();
    ROLES.iter().any(|role| local.eq_ignore_ascii_case(role))
}

/// A warning for an address behind which there is no reader.
fn role(raw: &RawRow<'_>, address: &EmailAddress) -> Option<Diagnostic> {
    is_role(address).then(|| {
        raw.warning(format!("`{address}` is a role, not a reader"))
            .hint("it is mailed all the same; set its `status` to `paused` if that is not wanted")
    })
}

/// What the column `status` says.
pub(super) fn status_of(record: &StringRecord, columns: &Columns) -> Status {
    let text = columns
        .status
        .and_then(|at| record.get(at))
        .unwrap_or_default();
    if text.is_empty() {
        return Status::Active;
    }
    match clean_name(text).to_lowercase() {
        word if word.is_empty() || word == "active" => Status::Active,
        word => Status::Other(word),
    }
}

impl RawRow<'_> {
    /// A warning that shows the first line of the row.
    pub(super) fn warning(&self, message: String) -> Diagnostic {
        let line = self
            .text
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .next()
            .unwrap_or_default();
        let shown = String::from_utf8_lossy(line);
        let length = shown.len();
        let first_line = usize::try_from(self.line).unwrap_or(1);
        let source = SourceText::excerpt(self.name.clone(), shown, first_line);
        Diagnostic::warning(message).at(&source, 0..length)
    }

    /// A warning for somebody who had a row before.
    pub(super) fn repeated(&self, address: &EmailAddress, first_line: u64) -> Diagnostic {
        self.warning(format!(
            "`{address}` is on line {first_line} already; it is one person"
        ))
        .hint("remove one of the two rows")
    }

    /// Whether the last record runs over several lines with a quote that nothing closes. In a
    /// sound record quotes come in pairs (RFC 4180 §2, rules 5 to 7).
    fn is_open_at_the_end(&self) -> bool {
        let text = self.text.trim_ascii_end();
        text.contains(&b'\n') && memchr::memchr_iter(b'"', text).count() % 2 == 1
    }

    fn open_quote(&self) -> Diagnostic {
        self.warning(format!("a quote on line {} is never closed", self.line))
            .into_error()
            .label("everything below would be part of this row")
            .hint("close it, or double a quote that is meant as a character: \"\"")
    }

    fn endless_quote(&self) -> Diagnostic {
        self.warning(format!(
            "a quote on line {} is not closed on the next {MOST_LINES_OF_A_ROW} lines",
            self.line
        ))
        .into_error()
        .hint("close it, or double a quote that is meant as a character: \"\"")
    }
}
