//! Printing: data to stdout as text or JSON, everything else to stderr.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table,
    TableStyle,
};
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::diagnostic::{Diagnostic, visible};

/// Columns under a header with one line below it, and nothing else.
const HEADER_LINE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none().junction(' '));

/// Problems that are told one by one when a command stops.
const MOST_PROBLEMS: usize = 20;

/// What a header may begin with, see [`Output::table`].
const MARKS: [char; 3] = ['#', '~', '<'];

/// Cuts the cells of the columns that may be cut, so that a row fits into `width`.
fn shorten(header: &[&str], rows: &mut [Vec<String>], width: usize) {
    /// Least that is left of a cell, and what a column of several lines gets.
    const LEAST: usize = 16;
    const WRAPPED: usize = 28;
    let column_width = |index: usize, name: &str| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(index))
            .map(|cell| cell.width());
        cells
            .max()
            .unwrap_or(0)
            .max(name.trim_start_matches(MARKS).width())
    };
    let mut taken = 0;
    let mut cut = Vec::new();
    for (index, name) in header.iter().enumerate() {
        // A space at either side, and one between columns.
        taken += 3;
        match name.chars().next() {
            Some('<') => cut.push(index),
            Some('~') => taken += WRAPPED,
            _ => taken += column_width(index, name),
        }
    }
    let room = (width.saturating_sub(taken) / cut.len().max(1)).max(LEAST);
    for row in rows {
        for index in &cut {
            if let Some(cell) = row.get_mut(*index).filter(|cell| cell.width() > room) {
                let mut short = String::new();
                for character in cell.chars() {
                    if short.width() + character.width().unwrap_or(0) >= room {
                        break;
                    }
                    short.push(character);
                }
                *cell = format!("{short}…");
            }
        }
    }
}

/// Where a command's words go.
pub(super) struct Output {
    json: bool,
    quiet: bool,
    out: RefCell<std::io::StdoutLock<'static>>,
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        Self {
            json,
            quiet,
            out: RefCell::new(std::io::stdout().lock()),
        }
    }

    /// Whether the answer is wanted as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether only errors are wanted beside the answer.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// One line of data.
    pub(super) fn line(&self, text: &str) {
        // A reader that has gone away (`| head`) is no failure.
        let _ = writeln!(self.out.borrow_mut(), "{}", visible(text));
    }

    /// The whole answer as JSON.
    pub(super) fn json(&self, value: &Value) {
        let _ = serde_json::to_writer_pretty(&mut *self.out.borrow_mut(), value);
        let _ = writeln!(self.out.borrow_mut());
    }

    /// Data of any length, as bytes; `write` gets the way out.
    pub(super) fn stream<T>(&self, write: impl FnOnce(&mut dyn Write) -> T) -> T {
        // A line at a time would be slow.
        let mut stdout = self.out.borrow_mut();
        let mut out = std::io::BufWriter::with_capacity(64 * 1024, &mut *stdout);
        write(&mut out)
    }

    /// A table. The first character of a header says what its column is on a terminal: `#` numbers,
    /// which stand at the right; `~` text that may take several lines; `<` text that is cut with a
    /// `…` where the terminal is too narrow. Everything else is never cut.
    pub(super) fn table(&self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let on_terminal = std::io::stdout().is_terminal();
        let mut rows: Vec<Vec<String>> = rows.into_iter().collect();
        for cell in rows.iter_mut().flatten() {
            *cell = visible(cell);
        }
        let mut table = Table::new();
        table.load_style(HEADER_LINE);
        // Nobody's window: no line is cut or wrapped.
        table.set_content_arrangement(ContentArrangement::Disabled);
        if let Some(width) = table.width().filter(|_| on_terminal) {
            shorten(header, &mut rows, usize::from(width));
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(header.iter().map(|name| name.trim_start_matches(MARKS)));
        table.add_rows(rows);
        for (index, name) in header.iter().enumerate() {
            let Some(column) = table.column_mut(index) else {
                continue;
            };
            if name.starts_with('#') {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if !name.starts_with('~') {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        let _ = writeln!(self.out.borrow_mut(), "{table}");
    }

    /// Something worth knowing that is no data.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{}", visible(text));
        }
    }

    /// Problems in full, errors last, so that they are what is read.
    #[expect(
        clippy::unused_self,
        reason = "everything printed goes through one value"
    )]
    pub(super) fn problems(&self, problems: &[Diagnostic]) {
        let styled = std::io::stderr().is_terminal();
        let mut sorted: Vec<&Diagnostic> = problems.iter().collect();
        sorted.sort_by_key(|problem| problem.severity());
        for problem in sorted {
            let _ = writeln!(std::io::stderr(), "{}\n", problem.render(styled));
        }
    }

    /// The first of what stopped a command, and how many more there are: a mistake that is in every
    /// issue should not drive the others off the screen.
    pub(super) fn failures(&self, problems: &[Diagnostic]) {
        match problems.split_at_checked(MOST_PROBLEMS) {
            Some((first, rest)) if !rest.is_empty() => {
                self.problems(first);
                let more = Diagnostic::error(format!("and {} more like these", rest.len()));
                self.problems(&[
                    more.hint("mend these first: the same mistake is often in many files")
                ]);
            }
            _ => self.problems(problems),
        }
    }

    /// Warnings, unless nobody wants to hear them.
    pub(super) fn warnings(&self, warnings: &[Diagnostic]) {
        if !self.quiet {
            self.problems(warnings);
        }
    }

    /// Writes out what is still in the buffer.
    pub(super) fn finish(&self) {
        let _ = self.out.borrow_mut().flush();
    }
}

/// `1 message`, `2 messages`.
pub(super) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    let plural = match noun {
        "delivery" => "deliveries".to_owned(),
        "address" => "addresses".to_owned(),
        "earlier address" => "earlier addresses".to_owned(),
        "more copy" => "more copies".to_owned(),
        _ => format!("{noun}s"),
    };
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {plural}")
    }
}
