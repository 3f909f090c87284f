//! The roster's file as something to edit: rows are changed, taken out and added, and every other
//! byte stays as the author's spreadsheet wrote it. Columns, their order, quotes, byte order mark and
//! line ends are the file's own.
//!
//! The file is copied row by row into a new one, so that a million rows need no memory.

use std::io::{Read, Seek, Write};

use super::Status;
use super::columns::{Columns, canonical};
use super::fields::{Style, encode, record, replaced, split};
use super::reading::{BYTE_ORDER_MARK, Checked, RawRow, Scanner, Step, check, status_of};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;

/// The header of a roster that is begun.
const NEW_HEADER: &str = "email,name,tags,joined,status";

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Keep,
    /// It goes, with its line.
    Remove,
    /// These fields get other values, by column.
    Set(Vec<(usize, String)>),
}

/// Values of a new row, by column.
pub type NewRow = Vec<(usize, String)>;

/// A row as an edit sees it.
pub struct SheetRow<'a> {
    raw: &'a RawRow<'a>,
    columns: &'a Columns,
    /// Line of the file, from 1.
    pub line: u64,
    /// Where mail goes; `None` for a row that cannot be used.
    pub address: Option<EmailAddress>,
}

impl SheetRow<'_> {
    /// What the row has in a column; empty where it is too short.
    pub fn field(&self, column: usize) -> &str {
        self.raw.record.get(column).unwrap_or_default()
    }

    /// Whether there is nothing in any column.
    pub fn is_blank(&self) -> bool {
        self.raw.record.iter().all(|field| field.trim().is_empty())
    }

    /// How many fields it has.
    pub fn width(&self) -> usize {
        self.raw.record.len()
    }

    /// Its bytes, without line end.
    pub fn bytes(&self) -> &[u8] {
        content(self.raw.text)
    }

    /// What its `status` says.
    pub fn status(&self) -> Status {
        status_of(self.raw.record, self.columns)
    }
}

/// How much an edit changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Edited {
    /// Rows with other values.
    pub changed: u64,
    /// Rows that went.
    pub removed: u64,
    /// Rows that came.
    pub added: u64,
}

/// A roster's file, opened to be edited.
#[derive(Debug)]
pub struct Sheet {
    scanner: Scanner,
    /// Columns that are added to the header.
    more: Vec<String>,
}

impl Sheet {
    /// Opens a file; `name` is how the author knows it.
    pub fn open(name: &str, file: impl Read + Seek + Send + 'static) -> Result<Self, Diagnostic> {
        Ok(Self {
            scanner: Scanner::open(name, Box::new(file))?,
            more: Vec::new(),
        })
    }

    /// A roster without rows, with the usual columns.
    pub fn begin(name: &str) -> Result<Self, Diagnostic> {
        Self::open(name, std::io::Cursor::new(format!("{NEW_HEADER}\n")))
    }

    /// The column of the addresses.
    pub fn email(&self) -> usize {
        self.scanner.columns().email
    }

    /// The column of this name, in our words (`email`, `name`) or the author's, whatever the case.
    pub fn column(&self, name: &str) -> Option<usize> {
        let wanted = canonical(name);
        self.names().position(|name| name == wanted)
    }

    /// The same; where there is none, one is added behind the others.
    pub fn column_or_new(&mut self, name: &str) -> usize {
        self.column(name).unwrap_or_else(|| {
            self.more.push(name.to_owned());
            self.scanner.columns().names.len() + self.more.len() - 1
        })
    }

    /// Names of all columns, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.scanner.columns().names.iter();
        own.chain(&self.more).map(String::as_str)
    }

    /// Visits each row, usable or not.
    pub fn each<E: From<Diagnostic>>(
        &mut self,
        mut visit: impl FnMut(&SheetRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let visit = |raw: &RawRow<'_>, columns: &Columns| visit(&row(raw, columns));
        self.scanner.scan(visit).map(|_| ())
    }

    /// Writes the file anew with what `change` decides about each row, and `added` behind them.
    pub fn write<E: From<Diagnostic>>(
        &mut self,
        out: &mut dyn Write,
        mut change: impl FnMut(&SheetRow<'_>) -> Result<Change, E>,
        added: impl IntoIterator<Item = NewRow>,
    ) -> Result<Edited, E> {
        let mut press = Press {
            out,
            style: Style {
                delimiter: self.scanner.delimiter(),
                quoted: false,
            },
            line_end: b"\n",
            ends: Vec::new(),
            forgets_line_end: false,
            last: Vec::new(),
            edited: Edited::default(),
        };
        let width = self.names().count();
        let more = &self.more;
        let mut added = Some(added);
        self.scanner.walk(|step, columns| {
            match step {
                Step::Header(header) => press.header(header, columns, more)?,
                Step::Row(raw) => {
                    let change = change(&row(raw, columns))?;
                    press.row(raw, change)?;
                }
                Step::End(rest) => {
                    press.ends.extend_from_slice(rest);
                    press.end(width, added.take().into_iter().flatten())?;
                }
            }
            Ok::<(), E>(())
        })?;
        Ok(press.edited)
    }
}

fn row<'a>(raw: &'a RawRow<'a>, columns: &'a Columns) -> SheetRow<'a> {
    let address = match check(raw, columns) {
        Checked::Good(address, _) => Some(address),
        Checked::Bad(_) | Checked::Blank => None,
    };
    SheetRow {
        raw,
        columns,
        line: raw.line,
        address,
    }
}

/// A record without its line end: one that stands in quotes ends with a quote.
fn content(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .rposition(|byte| !matches!(byte, b'\r' | b'\n'))
        .map_or(0, |last| last + 1);
    &text[..end]
}

/// How long the first line end is.
fn first_line_end(ends: &[u8]) -> usize {
    match ends {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    }
}

/// The new file while it is written.
struct Press<'a> {
    out: &'a mut dyn Write,
    style: Style,
    line_end: &'static [u8],
    /// Line ends behind the last record, not written yet.
    ends: Vec<u8>,
    /// Whether the row before went, and its line end is to go with it.
    forgets_line_end: bool,
    /// The last record that was written.
    last: Vec<u8>,
    edited: Edited,
}

impl Press<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Diagnostic> {
        self.out
            .write_all(bytes)
            .map_err(|error| Diagnostic::error("cannot write the roster").cause(error))
    }

    fn header(
        &mut self,
        header: &[u8],
        columns: &Columns,
        more: &[String],
    ) -> Result<(), Diagnostic> {
        let written = content(header);
        let names = written.strip_prefix(BYTE_ORDER_MARK).unwrap_or(written);
        // The reader counts the LF of a CRLF to what follows.
        if header.ends_with(b"\r") || header.ends_with(b"\r\n") {
            self.line_end = b"\r\n";
        }
        if split(names, self.style.delimiter).len() != columns.names.len() {
            let problem = Diagnostic::error("the roster's header cannot be edited safely");
            return Err(problem.hint("write it on one line, with one name for each column"));
        }
        self.last = names.to_vec();
        self.put(written)?;
        let style = self.style_of_last();
        for name in more {
            let mut field = vec![style.delimiter];
            encode(name, style, &mut field);
            self.put(&field)?;
        }
        self.ends = header[written.len()..].to_vec();
        Ok(())
    }

    fn row(&mut self, raw: &RawRow<'_>, change: Change) -> Result<(), Diagnostic> {
        let old = content(raw.text);
        self.ends.extend_from_slice(raw.gap);
        self.put_ends()?;
        match change {
            Change::Remove => {
                self.edited.removed += 1;
                self.forgets_line_end = true;
            }
            Change::Keep => {
                self.put(old)?;
                self.last.clear();
                self.last.extend_from_slice(old);
            }
            Change::Set(values) => {
                if split(old, self.style.delimiter).len() != raw.record.len() {
                    let message = format!("the row on line {} cannot be edited safely", raw.line);
                    let problem = raw.warning(message).into_error();
                    return Err(problem.hint("change it by hand"));
                }
                let values: Vec<(usize, &str)> =
                    values.iter().map(|(at, text)| (*at, &**text)).collect();
                let written = replaced(old, &values, self.style_of_last());
                self.put(&written)?;
                self.last = written;
                self.edited.changed += 1;
            }
        }
        self.ends.extend_from_slice(&raw.text[old.len()..]);
        Ok(())
    }

    /// Writes the line ends between two rows; one of them goes with a row that went.
    fn put_ends(&mut self) -> Result<(), Diagnostic> {
        let mut ends = std::mem::take(&mut self.ends);
        if std::mem::take(&mut self.forgets_line_end) {
            ends.drain(..first_line_end(&ends));
        }
        self.put(&ends)?;
        ends.clear();
        self.ends = ends;
        Ok(())
    }

    /// Rows are added behind the last one, before the empty lines at the end. A file that ends
    /// without a line end keeps to that.
    fn end(&mut self, width: usize, added: impl Iterator<Item = NewRow>) -> Result<(), Diagnostic> {
        let mut added = added.peekable();
        if added.peek().is_none() {
            return self.put_ends();
        }
        let ends = std::mem::take(&mut self.ends);
        let (first, rest) = ends.split_at(first_line_end(&ends));
        let style = self.style_of_last();
        // Where the row before went, its place is empty already.
        let mut separator = match (self.forgets_line_end, first) {
            (true, _) => b"".as_slice(),
            (false, b"") => self.line_end,
            (false, first) => first,
        };
        let mut fields = vec![String::new(); width];
        for row in added {
            fields.iter_mut().for_each(String::clear);
            for (at, text) in row {
                if let Some(field) = fields.get_mut(at) {
                    *field = text;
                }
            }
            self.put(separator)?;
            self.put(&record(fields.iter().map(String::as_str), style))?;
            separator = self.line_end;
            self.edited.added += 1;
        }
        if !ends.is_empty() {
            self.put(self.line_end)?;
        }
        self.put(rest)
    }

    /// As the last record was written.
    fn style_of_last(&self) -> Style {
        let fields = split(&self.last, self.style.delimiter);
        let quoted = |range: &std::ops::Range<usize>| self.last[range.clone()].starts_with(b"\"");
        Style {
            quoted: !self.last.is_empty() && fields.iter().all(quoted),
            ..self.style
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        let file = std::io::Cursor::new(text.as_bytes().to_vec());
        Sheet::open("subscribers.csv", file).unwrap()
    }

    /// The file after an edit.
    fn edit(
        text: &str,
        mut change: impl FnMut(&str) -> Change,
        added: impl IntoIterator<Item = NewRow>,
    ) -> String {
        let mut sheet = sheet(text);
        let email = sheet.email();
        let mut out = Vec::new();
        let change = |row: &SheetRow<'_>| Ok::<Change, Diagnostic>(change(row.field(email)));
        sheet.write(&mut out, change, added).unwrap();
        String::from_utf8(out).unwrap()
    }

    const FILES: [&str; 7] = [
        "email,name\na@example.org,A\nb@example.org,B\nc@example.org,C\n",
        "\u{FEFF}Name;E-mail;Note\r\nA;a@example.org;\"x; \"\"y\"\"\"\r\n\r\nB;b@example.org\r\nC;c@example.org;# why",
        "\"email\",\"note\"\n\"a@example.org\",\"one\r\ntwo\"\n\"b@example.org\",\"\"\n\"c@example.org\",\"\"\n\n\n",
        "email\na@example.org\n\n\nb@example.org\nnobody\nc@example.org",
        "email\tname\n a@example.org \tA\n,,,\nb@example.org\tB\tmore\nc@example.org\n",
        "email",
        "email,name\n",
    ];

    #[test]
    fn a_file_of_which_nothing_is_changed_stays_as_it_is() {
        for text in FILES {
            assert_eq!(edit(text, |_| Change::Keep, []), text, "{text:?}");
        }
    }

    #[test]
    fn a_row_that_goes_takes_its_line_and_nothing_else() {
        let gone = |text: &str| {
            edit(
                text,
                |email| match email {
                    "b@example.org" => Change::Remove,
                    _ => Change::Keep,
                },
                [],
            )
        };
        for (text, line) in [
            (FILES[0], "b@example.org,B\n"),
            (FILES[1], "B;b@example.org\r\n"),
            (FILES[2], "\"b@example.org\",\"\"\n"),
            (FILES[3], "b@example.org\n"),
            (FILES[4], "b@example.org\tB\tmore\n"),
        ] {
            assert_eq!(gone(text), text.replace(line, ""), "{text:?}");
        }
        let last = |text: &str| edit(text, |_| Change::Remove, []);
        assert_eq!(last("email\na@example.org\nb@example.org"), "email\n");
        assert_eq!(last("email\r\na@example.org\r\n\r\n"), "email\r\n\r\n");
    }

    #[test]
    fn a_new_row_is_written_as_the_others_are() {
        let add = |text: &str| {
            let columns = sheet(text);
            let mut row = vec![(columns.email(), "d@example.org".to_owned())];
            row.extend(columns.column("name").map(|at| (at, "D, E".to_owned())));
            edit(text, |_| Change::Keep, [row])
        };
        for (text, line) in [
            (FILES[0], "d@example.org,\"D, E\"\n"),
            (FILES[1], "\r\nD, E;d@example.org;"),
            (FILES[3], "\nd@example.org"),
            (FILES[4], "d@example.org\tD, E\n"),
            (FILES[5], "\nd@example.org"),
            (FILES[6], "d@example.org,\"D, E\"\n"),
        ] {
            assert_eq!(add(text), format!("{text}{line}"), "{text:?}");
        }
        let (rows, ends) = FILES[2].split_at(FILES[2].len() - 2);
        assert_eq!(
            add(FILES[2]),
            format!("{rows}\"d@example.org\",\"\"\n{ends}")
        );
    }

    #[test]
    fn a_row_that_goes_makes_room_for_one_that_comes() {
        for (text, after) in [
            ("email\na@example.org\n", "email\nd@example.org\n"),
            ("email\r\na@example.org", "email\r\nd@example.org"),
        ] {
            let row = vec![(0, "d@example.org".to_owned())];
            assert_eq!(edit(text, |_| Change::Remove, [row]), after);
        }
    }

    #[test]
    fn a_column_that_is_missing_is_added_to_the_header_and_to_the_rows_that_need_it() {
        let mut sheet = sheet("email;name\r\na@example.org;A\r\nb@example.org\r\n");
        let status = sheet.column_or_new("status");
        assert_eq!((status, sheet.column_or_new("Status")), (2, 2));
        let mut out = Vec::new();
        let change = |row: &SheetRow<'_>| {
            Ok::<Change, Diagnostic>(match row.line {
                3 => Change::Set(vec![(status, "paused".to_owned())]),
                _ => Change::Keep,
            })
        };
        let edited = sheet.write(&mut out, change, []).unwrap();
        assert_eq!((edited.changed, edited.added, edited.removed), (1, 0, 0));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "email;name;status\r\na@example.org;A\r\nb@example.org;;paused\r\n"
        );
    }
}
