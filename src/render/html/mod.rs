//! Document -> HTML. One writer for the three channels, so that their words cannot differ; what
//! differs is in [`Channel`]'s methods and in the few places that ask for it.

mod code;
mod figure;
mod footnotes;
mod inline;
mod table;

use std::fmt::{self, Write as _};

use super::RenderContext;
use super::document::{Block, Definition, Document, Inline, Item, Target};
use super::links::Links;
use super::raw_addresses::with_addresses;
use super::stand_ins::StandIns;
use crate::words::Words;

/// Whom the HTML is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// The archive page: classes, and the author's own HTML as written.
    Web,
    /// The mail, before its styles are inlined: few classes, no form controls.
    Email,
    /// Feeds: no classes, no styles, every link absolute.
    Feed,
}

/// Writes a document as an HTML fragment.
pub(super) fn write_html(
    document: &Document,
    channel: Channel,
    links: &Links,
    context: &RenderContext<'_>,
) -> String {
    let mut writer = Writer {
        out: String::new(),
        channel,
        links,
        id_prefix: context.id_prefix,
        words: context.words,
        images: 0,
    };
    writer.blocks(&document.blocks);
    writer.footnotes(&document.footnotes);
    writer.out
}

/// Appends text with the characters that HTML reserves escaped.
pub(super) fn escape_text(text: &str, out: &mut String) {
    let reserved = memchr::memchr3_iter(b'&', b'<', b'>', text.as_bytes());
    escape(text, out, reserved);
}

/// Appends an attribute's value as it may stand between double quotes.
pub(super) fn escape_attribute(text: &str, out: &mut String) {
    let bytes = text.bytes().enumerate();
    let reserved = bytes.filter(|(_, byte)| matches!(byte, b'&' | b'<' | b'>' | b'"'));
    escape(text, out, reserved.map(|(at, _)| at));
}

/// Appends text with what stands at these places replaced.
fn escape(text: &str, out: &mut String, reserved: impl Iterator<Item = usize>) {
    let mut from = 0;
    for at in reserved {
        out.push_str(&text[from..at]);
        out.push_str(match text.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

struct Writer<'a> {
    out: String,
    channel: Channel,
    links: &'a Links,
    id_prefix: &'a str,
    words: &'a Words,
    /// How many images were written.
    images: usize,
}

impl Writer<'_> {
    fn write(&mut self, html: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(html);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(content) => self.element("p", content),
            Block::Plain(content) => {
                self.inlines(content);
                self.out.push('\n');
            }
            Block::Heading { level, id, content } => {
                self.write(format_args!("<h{level}"));
                self.id(id);
                self.out.push('>');
                self.inlines(content);
                self.write(format_args!("</h{level}>\n"));
            }
            Block::Quote {
                alert: Some(alert),
                blocks,
            } => self.alert(*alert, blocks),
            Block::Quote {
                alert: None,
                blocks,
            } => {
                self.out.push_str("<blockquote>\n");
                self.blocks(blocks);
                self.out.push_str("</blockquote>\n");
            }
            Block::Figure { picture, caption } => self.figure(picture, caption),
            Block::Code {
                language,
                text,
                marks,
            } => self.code(language, text, marks),
            Block::List { start, items } => self.list(*start, items),
            Block::Definitions(definitions) => self.definitions(definitions),
            Block::Table(table) => self.table(table),
            Block::Html(html) => {
                self.own_html(html, true);
                if !html.ends_with('\n') {
                    self.out.push('\n');
                }
            }
            Block::Rule => self.out.push_str("<hr>\n"),
        }
    }

    fn element(&mut self, name: &str, content: &[Inline]) {
        self.write(format_args!("<{name}>"));
        self.inlines(content);
        self.write(format_args!("</{name}>\n"));
    }

    fn list(&mut self, start: Option<u64>, items: &[Item]) {
        let name = if start.is_some() { "ol" } else { "ul" };
        self.write(format_args!("<{name}"));
        if let Some(start) = start.filter(|start| *start != 1) {
            self.write(format_args!(" start=\"{start}\""));
        }
        let tasks = items.iter().filter(|item| item.done.is_some()).count();
        // Among other items, which keep their bullets, a task of the mail is marked by itself.
        let (all, each) = match self.channel {
            Channel::Web => (tasks > 0, false),
            Channel::Email => (tasks > 0 && tasks == items.len(), tasks < items.len()),
            Channel::Feed => (false, false),
        };
        if all {
            self.out.push_str(" class=\"tasks\"");
        }
        self.out.push_str(">\n");
        for item in items {
            self.out.push_str(if each && item.done.is_some() {
                "<li class=\"task\">"
            } else {
                "<li>"
            });
            match item.done {
                Some(done) => self.task(done, &item.blocks),
                None => self.blocks(&item.blocks),
            }
            self.trim_line_end();
            self.out.push_str("</li>\n");
        }
        self.write(format_args!("</{name}>\n"));
    }

    /// A task that is done or not: its words name its box, for who hears the page (WCAG 4.1.2).
    fn task(&mut self, done: bool, blocks: &[Block]) {
        let (content, is_paragraph, others) = match blocks.split_first() {
            Some((Block::Plain(content), others)) => (content.as_slice(), false, others),
            Some((Block::Paragraph(content), others)) => (content.as_slice(), true, others),
            _ => (&[][..], false, blocks),
        };
        let (before, after) = match (self.channel, done) {
            (Channel::Web, true) => (
                "<label><input type=\"checkbox\" disabled checked> ",
                "</label>",
            ),
            (Channel::Web, false) => ("<label><input type=\"checkbox\" disabled> ", "</label>"),
            // Mail clients and feed readers remove form controls.
            (_, true) => ("\u{2611} ", ""),
            (_, false) => ("\u{2610} ", ""),
        };
        self.out.push_str(if is_paragraph { "<p>" } else { "" });
        self.out.push_str(before);
        self.inlines(content);
        self.out.push_str(after);
        self.out
            .push_str(if is_paragraph { "</p>\n" } else { "\n" });
        self.blocks(others);
    }

    fn definitions(&mut self, definitions: &[Definition]) {
        self.out.push_str("<dl>\n");
        for definition in definitions {
            match definition {
                Definition::Term(content) => self.element("dt", content),
                Definition::Meaning(blocks) => {
                    self.out.push_str("<dd>");
                    self.blocks(blocks);
                    self.trim_line_end();
                    self.out.push_str("</dd>\n");
                }
            }
        }
        self.out.push_str("</dl>\n");
    }

    /// A list item's content ends where its tag does.
    fn trim_line_end(&mut self) {
        if self.out.ends_with('\n') {
            self.out.pop();
        }
    }

    /// The author's own HTML. Mail and feeds resolve its addresses when they clean it, and show
    /// something else for what only a browser shows.
    fn own_html(&mut self, html: &str, is_block: bool) {
        let pictures = self.links.pictures();
        if self.channel != Channel::Web {
            let stand_ins = StandIns {
                links: self.links,
                words: self.words,
            };
            let html = if is_block {
                stand_ins.put_into_block(html)
            } else {
                stand_ins.put_into(html)
            };
            return self.out.push_str(&html);
        }
        if pictures.is_empty() {
            return self.out.push_str(html);
        }
        let html = with_addresses(html, |found| {
            Some(pictures.get(&found.address)?.url.clone())
        });
        self.out.push_str(&html);
    }

    /// A link to an id of ours. `shown` is HTML, `label` what is read aloud instead of it.
    fn own_link(&mut self, id: &str, shown: &str, label: Option<&str>) {
        let address = self.own_address(id);
        self.out.push_str("<a");
        self.attribute("href", &address);
        if let Some(label) = label {
            self.attribute("aria-label", label);
        }
        self.out.push('>');
        self.out.push_str(shown);
        self.out.push_str("</a>");
    }

    fn own_address(&self, id: &str) -> String {
        let id = format!("{}{id}", self.id_prefix);
        match self.channel {
            Channel::Feed => self.links.on_page(&id),
            _ => format!("#{id}"),
        }
    }

    fn address(&self, target: &Target) -> String {
        match target {
            Target::Url(url) => url.clone(),
            Target::Heading(id) => self.own_address(id),
            Target::Fragment(id) if self.channel == Channel::Feed => self.links.on_page(id),
            Target::Fragment(id) => format!("#{id}"),
        }
    }

    fn id(&mut self, id: &str) {
        let id = format!("{}{id}", self.id_prefix);
        self.attribute("id", &id);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.write(format_args!(" {name}=\""));
        escape_attribute(value, &mut self.out);
        self.out.push('"');
    }

    fn attribute_if_any(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.attribute(name, value);
        }
    }
}

impl Channel {
    fn alignment(self, side: &str) -> String {
        match self {
            Self::Web => format!(" style=\"text-align:{side}\""),
            // Outlook knows the old attribute; feeds must have no styles (standards H7).
            Self::Email | Self::Feed => format!(" align=\"{side}\""),
        }
    }
}
