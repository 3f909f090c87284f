//! Footnotes, and the ways there and back.

use super::{Channel, Writer, escape_text};
use crate::render::document::{Block, Footnote};
use crate::words::fill;

impl Writer<'_> {
    pub(super) fn footnotes(&mut self, footnotes: &[Footnote]) {
        if footnotes.is_empty() {
            return;
        }
        let (opening, closing) = match self.channel {
            Channel::Web => {
                self.out
                    .push_str("<section class=\"footnotes\" role=\"doc-endnotes\"");
                self.attribute("aria-label", &self.words.footnotes);
                (">\n<ol>\n", "</ol>\n</section>\n")
            }
            // Gmail and Yahoo drop `section` (standards I8).
            Channel::Email => ("<div class=\"footnotes\">\n<ol>\n", "</ol>\n</div>\n"),
            Channel::Feed => ("<hr>\n<ol>\n", "</ol>\n"),
        };
        self.out.push_str(opening);
        for (index, footnote) in footnotes.iter().enumerate() {
            self.footnote(index + 1, footnote);
        }
        self.out.push_str(closing);
    }

    fn footnote(&mut self, number: usize, footnote: &Footnote) {
        self.out.push_str("<li");
        self.id(&note_id(number));
        self.out.push('>');
        // The way back stands at the end of the last words.
        let (blocks, last) = match footnote.blocks.split_last() {
            Some((Block::Paragraph(content), before)) => (before, content.as_slice()),
            _ => (footnote.blocks.as_slice(), [].as_slice()),
        };
        self.blocks(blocks);
        self.out.push_str("<p>");
        self.inlines(last);
        self.way_back(number, footnote.references);
        self.out.push_str("</p>");
        self.out.push_str("</li>\n");
    }

    /// Links to the places that refer to a footnote. The first few do: nobody follows the rest.
    fn way_back(&mut self, number: usize, references: usize) {
        const MOST: usize = 10;
        for occurrence in 1..=references.min(MOST) {
            if !self.out.ends_with("<p>") {
                self.out.push(' ');
            }
            let back = (self.channel == Channel::Web).then(|| {
                let number = number.to_string();
                let mut label = fill(&self.words.back_to_note, |_| Some(number.as_str()));
                if occurrence > 1 {
                    label.extend([" (", &occurrence.to_string(), ")"]);
                }
                label
            });
            let mut arrow = String::new();
            escape_text(&self.words.back_arrow, &mut arrow);
            self.own_link(&reference_id(number, occurrence), &arrow, back.as_deref());
            if occurrence > 1 {
                // Beside the link: its name has to hold what it shows (WCAG 2.5.3).
                let occurrence = occurrence.to_string();
                self.out.extend(["<sup>", &occurrence, "</sup>"]);
            }
        }
    }
}

pub(super) fn note_id(number: usize) -> String {
    format!("fn-{number}")
}

pub(super) fn reference_id(number: usize, occurrence: usize) -> String {
    match occurrence {
        1 => format!("fnref-{number}"),
        _ => format!("fnref-{number}-{occurrence}"),
    }
}
