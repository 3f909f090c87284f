//! Document -> HTML. One writer for the three channels, so that their words cannot differ; what
//! differs is in [`Channel`]'s methods and in the few places that ask for it.

use std::fmt::{self, Write as _};

use pulldown_cmark::Alignment;

use super::document::{Block, Definition, Document, Footnote, Inline, Item, Span, Table, Target};
use super::highlight::Mark;
use super::links::Links;
use super::raw_addresses::with_addresses;

/// Width of the essay's column in the mail: 600 less its margins.
const MAIL_COLUMN_PIXELS: u32 = 552;

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

/// Writes a document as an HTML fragment. Ids begin with `id_prefix`.
pub(super) fn write_html(
    document: &Document,
    channel: Channel,
    links: &Links,
    id_prefix: &str,
) -> String {
    let mut writer = Writer {
        out: String::new(),
        channel,
        links,
        id_prefix,
        images: 0,
    };
    writer.blocks(&document.blocks);
    writer.footnotes(&document.footnotes);
    writer.out
}

/// Appends text with the characters that HTML reserves escaped.
pub(super) fn escape_text(text: &str, out: &mut String) {
    escape(text, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        _ => None,
    });
}

/// Appends an attribute's value as it may stand between double quotes.
pub(super) fn escape_attribute(text: &str, out: &mut String) {
    escape(text, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        _ => None,
    });
}

fn escape(text: &str, out: &mut String, reserved: impl Fn(u8) -> Option<&'static str>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = reserved(byte) {
            out.push_str(&text[from..at]);
            out.push_str(replacement);
            from = at + 1;
        }
    }
    out.push_str(&text[from..]);
}

struct Writer<'a> {
    out: String,
    channel: Channel,
    links: &'a Links,
    id_prefix: &'a str,
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
            Block::Quote { alert, blocks } => {
                match alert {
                    Some(alert) if self.channel != Channel::Feed => {
                        let class = alert.class();
                        self.write(format_args!("<blockquote class=\"alert alert-{class}\">\n"));
                    }
                    _ => self.out.push_str("<blockquote>\n"),
                }
                if let Some(alert) = alert {
                    let label = alert.label();
                    self.write(format_args!("<p><strong>{label}</strong></p>\n"));
                }
                self.blocks(blocks);
                self.out.push_str("</blockquote>\n");
            }
            Block::Code {
                language,
                text,
                marks,
            } => self.code(language, text, marks),
            Block::List { start, items } => self.list(*start, items),
            Block::Definitions(definitions) => self.definitions(definitions),
            Block::Table(table) => self.table(table),
            Block::Html(html) => {
                self.own_html(html);
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

    fn code(&mut self, language: &str, text: &str, marks: &[Mark]) {
        self.out.push_str("<pre");
        if self.channel == Channel::Web {
            // Long lines scroll in their box, also for who has no mouse (WCAG 2.1.1).
            self.out.push_str(" tabindex=\"0\" role=\"group\"");
            let label = match language {
                "" => "Code".to_owned(),
                _ => format!("Code: {language}"),
            };
            self.attribute("aria-label", &label);
        }
        self.out.push_str("><code");
        if self.channel == Channel::Web && !language.is_empty() {
            self.attribute("class", &format!("language-{language}"));
        }
        self.out.push('>');
        match self.channel {
            Channel::Feed => escape_text(text, &mut self.out),
            Channel::Web | Channel::Email => self.marked(text, marks),
        }
        self.out.push_str("</code></pre>\n");
    }

    /// Code with a class around each part that is told apart.
    fn marked(&mut self, text: &str, marks: &[Mark]) {
        let mut from = 0;
        for (token, range) in marks {
            escape_text(&text[from..range.start], &mut self.out);
            self.write(format_args!("<span class=\"{}\">", token.class()));
            escape_text(&text[range.clone()], &mut self.out);
            self.out.push_str("</span>");
            from = range.end;
        }
        escape_text(&text[from..], &mut self.out);
    }

    fn list(&mut self, start: Option<u64>, items: &[Item]) {
        let name = if start.is_some() { "ol" } else { "ul" };
        self.write(format_args!("<{name}"));
        if let Some(start) = start.filter(|start| *start != 1) {
            self.write(format_args!(" start=\"{start}\""));
        }
        if self.channel != Channel::Feed && items.iter().any(|item| item.done.is_some()) {
            self.out.push_str(" class=\"tasks\"");
        }
        self.out.push_str(">\n");
        for item in items {
            self.out.push_str("<li>");
            if let Some(done) = item.done {
                self.out.push_str(self.channel.check_box(done));
            }
            self.blocks(&item.blocks);
            self.trim_line_end();
            self.out.push_str("</li>\n");
        }
        self.write(format_args!("</{name}>\n"));
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

    fn table(&mut self, table: &Table) {
        // A wide table scrolls in its box instead of widening the page (standards I9).
        let boxed = self.channel != Channel::Feed;
        if boxed {
            self.out.push_str(match self.channel {
                Channel::Web => {
                    "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">"
                }
                _ => "<div class=\"table\">",
            });
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

    /// A list item's content ends where its tag does.
    fn trim_line_end(&mut self) {
        if self.out.ends_with('\n') {
            self.out.pop();
        }
    }

    fn inlines(&mut self, content: &[Inline]) {
        for inline in content {
            self.inline(inline);
        }
    }

    fn inline(&mut self, inline: &Inline) {
        match inline {
            Inline::Text(text) => escape_text(text, &mut self.out),
            Inline::Code(code) => {
                self.out.push_str("<code>");
                escape_text(code, &mut self.out);
                self.out.push_str("</code>");
            }
            Inline::Math(source) if self.channel == Channel::Web => {
                self.out.push_str("<span class=\"math\">");
                escape_text(source, &mut self.out);
                self.out.push_str("</span>");
            }
            Inline::Math(source) => escape_text(source, &mut self.out),
            Inline::Html(html) => self.own_html(html),
            Inline::Span(span, content) => {
                let name = element_of(*span);
                self.write(format_args!("<{name}>"));
                self.inlines(content);
                self.write(format_args!("</{name}>"));
            }
            Inline::Link {
                target,
                title,
                content,
            } => {
                self.out.push_str("<a");
                let address = self.address(target);
                self.attribute("href", &address);
                self.attribute_if_any("title", title);
                self.out.push('>');
                self.inlines(content);
                self.out.push_str("</a>");
            }
            Inline::Image { source, alt, title } => self.image(source.as_deref(), alt, title),
            Inline::FootnoteReference { number, occurrence } => {
                self.out.push_str("<sup");
                self.id(&reference_id(*number, *occurrence));
                self.out.push('>');
                self.own_link(&note_id(*number), &number.to_string(), "");
                self.out.push_str("</sup>");
            }
            Inline::SoftBreak => self.out.push('\n'),
            Inline::HardBreak => self.out.push_str("<br>\n"),
        }
    }

    fn image(&mut self, source: Option<&str>, alt: &str, title: &str) {
        // An image that must not be loaded leaves its description.
        let Some(source) = source else {
            return escape_text(alt, &mut self.out);
        };
        self.out.push_str("<img");
        self.attribute("src", source);
        self.attribute("alt", alt);
        self.attribute_if_any("title", title);
        self.size_of(source);
        if self.channel == Channel::Web {
            // The first picture may be in sight when the page opens.
            let lazy = if self.images > 0 {
                " loading=\"lazy\""
            } else {
                ""
            };
            self.write(format_args!("{lazy} decoding=\"async\""));
        }
        self.images += 1;
        self.out.push('>');
    }

    /// Width and height, where the picture is ours: the page does not move when it arrives.
    fn size_of(&mut self, source: &str) {
        let picture = self.links.pictures().at(source);
        let Some((width, height)) = picture.and_then(|picture| picture.size) else {
            return;
        };
        match self.channel {
            // Outlook knows no `max-width`; a height would not shrink with the column (standards I4).
            Channel::Email => {
                let width = width.min(MAIL_COLUMN_PIXELS);
                self.write(format_args!(" width=\"{width}\""));
            }
            Channel::Web | Channel::Feed => {
                self.write(format_args!(" width=\"{width}\" height=\"{height}\""));
            }
        }
    }

    /// The author's own HTML. Mail and feeds resolve its addresses when they clean it.
    fn own_html(&mut self, html: &str) {
        let pictures = self.links.pictures();
        if self.channel != Channel::Web || pictures.is_empty() {
            return self.out.push_str(html);
        }
        let html = with_addresses(html, |found| {
            Some(pictures.get(&found.address)?.url.clone())
        });
        self.out.push_str(&html);
    }

    fn footnotes(&mut self, footnotes: &[Footnote]) {
        if footnotes.is_empty() {
            return;
        }
        let (opening, closing) = match self.channel {
            Channel::Web => (
                "<section class=\"footnotes\" role=\"doc-endnotes\">\n<ol>\n",
                "</ol>\n</section>\n",
            ),
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
            // U+FE0E keeps phones from drawing an emoji.
            let mut arrow = "\u{21A9}\u{FE0E}".to_owned();
            if occurrence > 1 {
                arrow.extend(["<sup>", &occurrence.to_string(), "</sup>"]);
            }
            self.out.push(' ');
            let label = match self.channel {
                Channel::Web => format!(" aria-label=\"Back to {number}\""),
                _ => String::new(),
            };
            self.own_link(&reference_id(number, occurrence), &arrow, &label);
        }
    }

    /// A link to an id of ours. `shown` and `attributes` are HTML.
    fn own_link(&mut self, id: &str, shown: &str, attributes: &str) {
        let address = self.own_address(id);
        self.out.push_str("<a");
        self.attribute("href", &address);
        self.out.push_str(attributes);
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
    fn check_box(self, done: bool) -> &'static str {
        match (self, done) {
            (Self::Web, true) => "<input type=\"checkbox\" disabled checked> ",
            (Self::Web, false) => "<input type=\"checkbox\" disabled> ",
            // Mail clients and feed readers remove form controls.
            (_, true) => "\u{2611} ",
            (_, false) => "\u{2610} ",
        }
    }

    fn alignment(self, side: &str) -> String {
        match self {
            Self::Web => format!(" style=\"text-align:{side}\""),
            // Outlook knows the old attribute; feeds must have no styles (standards H7).
            Self::Email | Self::Feed => format!(" align=\"{side}\""),
        }
    }
}

fn element_of(span: Span) -> &'static str {
    match span {
        Span::Emphasis => "em",
        Span::Strong => "strong",
        Span::Strikethrough => "del",
        Span::Superscript => "sup",
        Span::Subscript => "sub",
    }
}

fn note_id(number: usize) -> String {
    format!("fn-{number}")
}

fn reference_id(number: usize, occurrence: usize) -> String {
    match occurrence {
        1 => format!("fnref-{number}"),
        _ => format!("fnref-{number}-{occurrence}"),
    }
}
