//! The author's own HTML blocks as text: their words, paragraph by paragraph.

use super::Writer;
use super::inline::push_text;
use super::line::{Line, prefix};
use super::wrap::{GLUE, wrap_flowed};
use crate::render::raw_html::{Tag, Token, decode_entities, tokens};
use crate::render::scripts::HtmlScripts;

/// Elements within a line; every other one begins and ends a paragraph.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn",
    "em", "font", "i", "img", "input", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "td", "th", "time", "tt", "u",
    "var", "wbr",
];

/// A paragraph that is being gathered.
#[derive(Default)]
struct Paragraph {
    text: String,
    /// An item of a list or a row of a table: no empty line between one and the next.
    is_row: bool,
    is_item: bool,
}

impl Writer<'_> {
    pub(super) fn html(&mut self, html: &str, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut paragraph = Paragraph::default();
        // Whether what was written last was such a line.
        let mut in_rows = false;
        for token in tokens(html) {
            match token {
                Token::Text(text) => push_text(&decode_entities(text), &mut paragraph.text),
                Token::Tag(tag) if matches!(tag.name.as_str(), "td" | "th") => {
                    part_cells(&tag, &mut paragraph.text);
                }
                Token::Tag(tag) if INLINE.contains(&tag.name.as_str()) => {
                    self.html_tag(&tag, &mut paragraph.text);
                }
                Token::Tag(tag) => {
                    paragraph.write(width, &mut in_rows, &mut lines);
                    self.html_links.clear();
                    self.html_scripts = HtmlScripts::default();
                    let is_row = matches!(tag.name.as_str(), "li" | "tr");
                    paragraph = Paragraph {
                        text: String::new(),
                        is_row,
                        is_item: tag.name == "li" && !tag.closes,
                    };
                    if tag.name == "hr" {
                        push_text("* * *", &mut paragraph.text);
                        paragraph.write(width, &mut in_rows, &mut lines);
                        paragraph = Paragraph::default();
                    }
                }
            }
        }
        paragraph.write(width, &mut in_rows, &mut lines);
        lines
    }
}

impl Paragraph {
    fn write(&self, width: usize, in_rows: &mut bool, lines: &mut Vec<Line>) {
        let (first, others) = if self.is_item { ("* ", "  ") } else { ("", "") };
        let own = wrap_flowed(&self.text, width.saturating_sub(first.len()));
        if own.is_empty() {
            return;
        }
        let joins = self.is_row && *in_rows;
        if !lines.is_empty() && !joins {
            lines.push(Line::default());
        }
        *in_rows = self.is_row;
        // What is indented or stands in columns does not flow.
        lines.extend(if self.is_row {
            prefix(own, first, others)
        } else {
            own
        });
    }
}

fn part_cells(tag: &Tag<'_>, text: &mut String) {
    if !tag.closes && !text.is_empty() {
        text.truncate(text.trim_end().len());
        text.extend([GLUE, ' ']);
    }
}
