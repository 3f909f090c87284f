//! Printing: data to stdout as text or JSON, everything else to stderr.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Row, Table,
    TableStyle,
};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, visible};

/// Columns under a header with one line below it, and nothing else.
const HEADER_LINE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none().junction(' '));

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

    /// A table. A column whose header begins with `#` holds numbers, which stand at the right and
    /// are never cut; one whose header begins with `~` holds text that may take several lines.
    /// Everything else takes one line of a terminal and ends in `…` where that is too short.
    pub(super) fn table(&self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let on_terminal = std::io::stdout().is_terminal();
        let wraps = header.iter().any(|name| name.starts_with('~'));
        let mut table = Table::new();
        table.load_style(HEADER_LINE).set_truncation_indicator("…");
        // Nobody's window: no line is cut or wrapped.
        table.set_content_arrangement(if on_terminal {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        table.set_header(
            header
                .iter()
                .map(|name| name.trim_start_matches(['#', '~'])),
        );
        for cells in rows {
            let mut row = Row::from(cells.iter().map(|cell| visible(cell)));
            if on_terminal && !wraps {
                row.max_height(1);
            }
            table.add_row(row);
        }
        for (index, name) in header.iter().enumerate() {
            if let Some(column) = table.column_mut(index).filter(|_| name.starts_with('#')) {
                column.set_cell_alignment(CellAlignment::Right);
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
        _ => format!("{noun}s"),
    };
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {plural}")
    }
}
