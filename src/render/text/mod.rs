//! Document -> plain text as a person would write it: wrapped at 72 columns, headings
//! underlined, links numbered and listed at the end (standards J1-J3).
//!
//! Blocks are written as lines without their indentation; each container puts its own prefix
//! before the lines of what it contains.

mod html;
mod inline;
mod line;
mod table;
pub(super) mod wrap;

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use super::document::{Block, Definition, Document, Footnote, Inline, Item};
use super::links::Links;
use super::quotes::Quotes;
use super::scripts::HtmlScripts;
use super::stand_ins::StandIns;
use crate::words::Words;
pub use line::FlowedText;
pub(crate) use line::needs_stuffing;
use line::{Line, coded, join, prefix, quoted};
use wrap::{wrap, wrap_flowed};

/// Columns of a line (standards J3).
pub(super) const WIDTH: usize = 72;

/// Text inside many containers gets at least so many columns, even if the line grows too long.
const NARROWEST: usize = 24;

/// Stands between the essay, its footnotes, and its addresses.
const SEPARATOR: &str = "____________";

/// Writes a document.
pub(super) fn write_text(document: &Document, links: &Links, words: &Words) -> FlowedText {
    let mut writer = Writer {
        links,
        words,
        quotes: Quotes::of(words),
        addresses: Vec::new(),
        numbers: HashMap::new(),
        html_links: Vec::new(),
        html_scripts: HtmlScripts::default(),
    };
    let mut text = writer.blocks(&document.blocks, WIDTH);
    let footnotes = writer.footnotes(&document.footnotes);
    for section in [footnotes, writer.list_of_addresses()] {
        if section.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.extend([Line::default(), Line::hard(SEPARATOR), Line::default()]);
        }
        text.extend(section);
    }
    coded(&text)
}

struct Writer<'a> {
    links: &'a Links,
    words: &'a Words,
    quotes: Quotes<'a>,
    /// Addresses in the order of their numbers.
    addresses: Vec<String>,
    /// Address -> number, from 1.
    numbers: HashMap<String, usize>,
    /// `<a>` elements of the author's HTML that are open: address, and where their words begin.
    html_links: Vec<(Option<String>, usize)>,
    /// Scripts of the author's HTML that are open.
    html_scripts: HtmlScripts,
}

impl<'a> Writer<'a> {
    /// Blocks with an empty line between them, in lines of at most `width` columns.
    fn blocks(&mut self, blocks: &[Block], width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut previous: Option<&Block> = None;
        for block in blocks {
            let own = self.block(block, width.max(NARROWEST));
            if own.is_empty() {
                continue;
            }
            let continues = matches!(
                (previous, block),
                (Some(Block::Plain(_)), Block::List { .. } | Block::Plain(_))
            );
            if !lines.is_empty() && !continues {
                lines.push(Line::default());
            }
            lines.extend(own);
            previous = Some(block);
        }
        lines
    }

    fn block(&mut self, block: &Block, width: usize) -> Vec<Line> {
        self.html_links.clear();
        self.html_scripts = HtmlScripts::default();
        match block {
            Block::Paragraph(content) | Block::Plain(content) => self.wrapped(content, width),
            Block::Heading { level, content, .. } => self.heading(*level, content, width),
            Block::Quote { alert, blocks } => {
                let mut lines = Vec::new();
                if let Some(alert) = alert {
                    lines.push(Line::hard(format!("*{}*", alert.label(self.words))));
                }
                let content = self.blocks(blocks, width.saturating_sub(2));
                if !lines.is_empty() && !content.is_empty() {
                    lines.push(Line::default());
                }
                lines.extend(content);
                quoted(lines)
            }
            Block::Figure { picture, caption } => {
                let mut lines = self.wrapped(std::slice::from_ref(picture), width);
                lines.extend(self.wrapped(caption, width));
                lines
            }
            Block::Code { text, .. } => prefix(code_lines(text), "    ", "    "),
            Block::List { start, items } => self.list(*start, items, width),
            Block::Definitions(definitions) => self.definitions(definitions, width),
            Block::Table(table) => self.table(table, width),
            Block::Html(html) => self.html(&self.stand_ins().put_into(html), width),
            Block::Rule => vec![Line::hard("* * *")],
        }
    }

    fn wrapped(&mut self, content: &[Inline], width: usize) -> Vec<Line> {
        wrap_flowed(&self.inline_text(content), width)
    }

    fn heading(&mut self, level: u8, content: &[Inline], width: usize) -> Vec<Line> {
        let mut lines = wrap(&self.inline_text(content), width);
        let line = match level {
            1 => '=',
            2 => '-',
            _ => '~',
        };
        if let Some(underline) = underline(&lines, line) {
            lines.push(underline);
        }
        lines.into_iter().map(Line::hard).collect()
    }

    fn list(&mut self, start: Option<u64>, items: &[Item], width: usize) -> Vec<Line> {
        let last = start.map_or(0, |start| start.saturating_add(items.len() as u64 - 1));
        let marker_width = start.map_or(2, |_| last.to_string().len() + 2);
        let mut written = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let mut marker = match start {
                Some(start) => {
                    let number = start.saturating_add(index as u64);
                    format!("{:>marker_width$}", format!("{number}. "))
                }
                None => "* ".to_owned(),
            };
            match item.done {
                Some(true) => marker.push_str("[x] "),
                Some(false) => marker.push_str("[ ] "),
                None => {}
            }
            let mut lines = self.blocks(&item.blocks, width.saturating_sub(marker.len()));
            if lines.is_empty() {
                lines.push(Line::default());
            }
            written.push(prefix(lines, &marker, &" ".repeat(marker.len())));
        }
        let is_loose = items
            .iter()
            .any(|item| item.blocks.iter().any(|b| matches!(b, Block::Paragraph(_))))
            || written.iter().flatten().any(Line::is_empty);
        join(written, is_loose)
    }

    fn definitions(&mut self, definitions: &[Definition], width: usize) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut after_term = true;
        for definition in definitions {
            let (own, is_term) = match definition {
                Definition::Term(content) => (self.wrapped(content, width), true),
                Definition::Meaning(blocks) => {
                    let lines = self.blocks(blocks, width.saturating_sub(4));
                    (prefix(lines, "    ", "    "), false)
                }
            };
            if is_term && !after_term && !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.extend(own);
            after_term = is_term;
        }
        lines
    }

    fn footnotes(&mut self, footnotes: &[Footnote]) -> Vec<Line> {
        let marker_width = format!("({}) ", footnotes.len()).len();
        let mut written = Vec::with_capacity(footnotes.len());
        for (index, footnote) in footnotes.iter().enumerate() {
            let marker = format!("{:<marker_width$}", format!("({})", index + 1));
            let mut lines = self.blocks(&footnote.blocks, WIDTH - marker_width.min(WIDTH));
            if lines.is_empty() {
                lines.push(Line::default());
            }
            written.push(prefix(lines, &marker, &" ".repeat(marker_width)));
        }
        join(written, true)
    }

    fn list_of_addresses(&self) -> Vec<Line> {
        let width = format!("[{}]", self.addresses.len()).len();
        self.addresses
            .iter()
            .enumerate()
            .map(|(index, address)| {
                let number = format!("[{}]", index + 1);
                Line::hard(format!("{number:<width$} {address}"))
            })
            .collect()
    }

    /// What stands for films and the like in the author's HTML.
    fn stand_ins(&self) -> StandIns<'a> {
        StandIns {
            links: self.links,
            words: self.words,
        }
    }

    /// The number under which an address is listed.
    fn number_of(&mut self, address: &str) -> usize {
        if let Some(number) = self.numbers.get(address) {
            return *number;
        }
        self.addresses.push(address.to_owned());
        let number = self.addresses.len();
        self.numbers.insert(address.to_owned(), number);
        number
    }
}

/// Code as it is, without empty lines around it.
fn code_lines(text: &str) -> Vec<Line> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let from = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let to = lines.iter().rposition(|line| !line.is_empty());
    lines[from..to.map_or(from, |to| to + 1)]
        .iter()
        .map(|line| Line::hard(*line))
        .collect()
}

/// A line as long as the longest of those above it. At least three columns: two hyphens would
/// look like the beginning of a signature (RFC 3676 §4.3).
fn underline(lines: &[String], character: char) -> Option<String> {
    let longest = lines.iter().map(|line| line.width()).max()?;
    Some(character.to_string().repeat(longest.clamp(3, WIDTH)))
}

/// A title with a line below it, for the layout of the mail.
pub(super) fn underlined(title: &str, character: char) -> String {
    let mut lines = wrap(title, WIDTH);
    lines.extend(underline(&lines, character));
    lines.join("\n")
}
