//! Tables.

use pulldown_cmark::Alignment;

use super::{Channel, Writer};
use crate::render::document::{Inline, Table};

impl Writer<'_> {
    pub(super) fn table(&mut self, table: &Table) {
        // A wide table scrolls in its box instead of widening the page (standards I9).
        let boxed = self.channel != Channel::Feed;
        if boxed {
            // What scrolls must be reached by the keyboard (WCAG 2.1.1).
            self.out.push_str("<div class=\"table\" tabindex=\"0\"");
            if self.channel == Channel::Web {
                self.out.push_str(" role=\"group\"");
                self.attribute("aria-label", &self.words.table);
            }
            self.out.push('>');
        }
        self.out.push_str("<table>\n<thead>\n");
        self.row("th", &table.head, &table.columns);
        self.out.push_str("</thead>\n");
        if !table.rows.is_empty() {
            self.out.push_str("<tbody>\n");
            for row in &table.rows {
                self.row("td", row, &table.columns);
            }
            self.out.push_str("</tbody>\n");
        }
        self.out.push_str(if boxed {
            "</table></div>\n"
        } else {
            "</table>\n"
        });
    }

    fn row(&mut self, name: &str, cells: &[Vec<Inline>], columns: &[Alignment]) {
        self.out.push_str("<tr>");
        for (index, cell) in cells.iter().enumerate() {
            self.write(format_args!("<{name}"));
            let side = match columns.get(index) {
                Some(Alignment::Left) => Some("left"),
                Some(Alignment::Center) => Some("center"),
                Some(Alignment::Right) => Some("right"),
                // Heads would be centred where no stylesheet says otherwise.
                _ if name == "th" && self.channel != Channel::Web => Some("left"),
                _ => None,
            };
            if let Some(side) = side {
                self.out.push_str(&self.channel.alignment(side));
            }
            self.out.push('>');
            self.inlines(cell);
            self.write(format_args!("</{name}>"));
        }
        self.out.push_str("</tr>\n");
    }
}
