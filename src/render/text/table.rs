//! Tables: columns where they fit, else one short list for each row.

use pulldown_cmark::Alignment;
use unicode_width::UnicodeWidthStr;

use super::Writer;
use super::line::{Line, join, prefix};
use super::wrap::{GLUE, wrap};
use crate::render::document::{Inline, Table};

/// Stands between two columns.
const GAP: &str = "  ";

impl Writer<'_> {
    pub(super) fn table(&mut self, table: &Table, width: usize) -> Vec<Line> {
        let head = self.cells(&table.head);
        let rows: Vec<Vec<String>> = table.rows.iter().map(|row| self.cells(row)).collect();
        let mut widths: Vec<usize> = head.iter().map(|cell| cell.width()).collect();
        for row in &rows {
            for (column, cell) in row.iter().enumerate().take(widths.len()) {
                widths[column] = widths[column].max(cell.width());
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        if widths.iter().sum::<usize>() + gaps <= width {
            in_columns(&head, &rows, &widths, &table.columns)
        } else {
            as_lists(&head, &rows, width)
        }
    }

    fn cells(&mut self, row: &[Vec<Inline>]) -> Vec<String> {
        row.iter()
            .map(|cell| {
                self.inline_text(cell)
                    .replace(['\n', GLUE], " ")
                    .trim()
                    .to_owned()
            })
            .collect()
    }
}

fn in_columns(
    head: &[String],
    rows: &[Vec<String>],
    widths: &[usize],
    columns: &[Alignment],
) -> Vec<Line> {
    let mut lines = Vec::with_capacity(rows.len() + 2);
    if head.iter().any(|cell| !cell.is_empty()) {
        lines.push(line(head, widths, columns));
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        lines.push(rules.join(GAP).trim_end().to_owned());
    }
    lines.extend(rows.iter().map(|row| line(row, widths, columns)));
    lines.retain(|line| !line.is_empty());
    as_they_are(lines)
}

fn line(cells: &[String], widths: &[usize], columns: &[Alignment]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if column > 0 {
            line.push_str(GAP);
        }
        let free = width.saturating_sub(cell.width());
        let before = match columns.get(column) {
            Some(Alignment::Right) => free,
            Some(Alignment::Center) => free / 2,
            _ => 0,
        };
        line.push_str(&" ".repeat(before));
        line.push_str(cell);
        line.push_str(&" ".repeat(free - before));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Lines that keep their places below one another.
fn as_they_are(lines: Vec<String>) -> Vec<Line> {
    prefix(lines.into_iter().map(Line::hard).collect(), "", "")
}

/// `Heading: cell` lines for each row.
fn as_lists(head: &[String], rows: &[Vec<String>], width: usize) -> Vec<Line> {
    let groups = rows.iter().map(|row| {
        let mut lines = Vec::new();
        for (column, cell) in row.iter().enumerate() {
            if cell.is_empty() {
                continue;
            }
            let entry = match head.get(column).filter(|title| !title.is_empty()) {
                Some(title) => format!("{title}: {cell}"),
                None => cell.clone(),
            };
            let entry = wrap(&entry, width.saturating_sub(2));
            lines.extend(prefix(
                entry.into_iter().map(Line::hard).collect(),
                "",
                "  ",
            ));
        }
        lines
    });
    if rows.is_empty() {
        return as_they_are(wrap(&head.join(GAP), width));
    }
    join(groups.filter(|lines| !lines.is_empty()).collect(), true)
}
