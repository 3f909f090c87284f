//! Markdown -> [`Document`]: the only place that knows the Markdown parser's events.
//!
//! One pass of the parser gives a list of events; [`Outline`] reads it once for what concerns the
//! whole essay; the builder here then makes the tree. Time and memory stay linear in the input.

use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd,
};

use super::document::{
    Alert, Block, Definition, Document, Footnote, Inline, Item, MAX_DEPTH, Span, Table, Target,
};
use super::figure;
use super::highlight::Highlighter;
use super::inlines::Inlines;
use super::links::Links;
use super::marks::{Audience, MarkProblem, Marks, Selection};
use super::outline::{Outline, SourceEvent};
use super::quotes::Quotes;
use super::raw_html::swallows_the_rest;

/// The dialect: CommonMark, GitHub's extensions, and what essays need. Superscripts and
/// subscripts are found by [`scripts`](super::scripts).
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST
}

/// What the author wrote, as each audience gets it.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    /// For pages and feeds.
    pub(super) web: Document,
    /// For the mail, where it differs.
    mail: Option<Document>,
    /// What stands before the mark `more`, for pages and feeds.
    pub(super) web_excerpt: Option<Document>,
    /// The same for the mail, where it differs.
    mail_excerpt: Option<Document>,
    /// Whether the mail differs.
    has_parts: bool,
    /// Marks that do not do what they should.
    pub(super) problems: Vec<MarkProblem>,
}

impl Parsed {
    /// For the mail.
    pub(super) fn mail(&self) -> &Document {
        self.mail.as_ref().unwrap_or(&self.web)
    }

    /// What stands before the mark `more`, for the mail.
    pub(super) fn mail_excerpt(&self) -> Option<&Document> {
        let own = self.mail_excerpt.as_ref();
        own.or(self.web_excerpt.as_ref().filter(|_| !self.has_parts))
    }
}

/// Parses an essay, and has its code told apart by what `highlighter` makes for each document. Never
/// fails: every text is Markdown.
pub(super) fn parse(
    markdown: &str,
    links: &Links,
    quotes: Quotes<'_>,
    highlighter: fn() -> Highlighter,
) -> Parsed {
    let events: Vec<SourceEvent<'_>> = Parser::new_ext(markdown, options())
        .into_offset_iter()
        .collect();
    let marks = Marks::find(&events);
    let document = |selection: &Selection| {
        let highlighter = highlighter();
        document(markdown, &events, selection, (links, quotes), highlighter)
    };
    let has_parts = marks.part_audiences();
    let excerpt = |audience| {
        let selection = marks.excerpt(audience)?;
        Some(document(&selection))
    };
    Parsed {
        web: document(&marks.whole(Audience::Web)),
        mail: has_parts.then(|| document(&marks.whole(Audience::Mail))),
        web_excerpt: excerpt(Audience::Web),
        mail_excerpt: has_parts.then(|| excerpt(Audience::Mail)).flatten(),
        has_parts,
        problems: marks.problems,
    }
}

/// Makes the tree of what is selected.
fn document(
    markdown: &str,
    events: &[SourceEvent<'_>],
    selection: &Selection,
    (links, quotes): (&Links, Quotes<'_>),
    mut highlighter: Highlighter,
) -> Document {
    let outline = Outline::of(events, selection);
    let mut occurrences = vec![0; outline.footnotes().len()];
    let mut has_html = false;
    let mut build = |range: std::ops::Range<usize>| {
        let mut builder = Builder::new(
            markdown,
            links,
            quotes,
            &outline,
            &mut occurrences,
            &mut highlighter,
        );
        let mut index = range.start;
        while index < range.end {
            let (event, source) = &events[index];
            if let Some(last) = selection.skips(index) {
                builder.leave_out();
                index = last;
            } else if let Some(end) = outline.definition_end(index) {
                index = end;
            } else {
                has_html |= matches!(event, Event::Html(_) | Event::InlineHtml(_));
                builder.event(index, event, source.clone());
            }
            index += 1;
        }
        builder.finish()
    };
    let blocks = build(0..selection.end(events.len()));
    let notes: Vec<Vec<Block>> = outline.footnotes().iter().cloned().map(build).collect();
    let footnotes = notes
        .into_iter()
        .zip(&occurrences)
        .map(|(blocks, references)| Footnote {
            references: *references,
            blocks,
        })
        .collect();
    Document {
        blocks,
        footnotes,
        has_html,
    }
}

/// A block whose end has not come yet.
enum Open {
    Quote(Option<BlockQuoteKind>, Vec<Block>),
    List(Option<u64>, Vec<Item>),
    Item(Item),
    Definitions(Vec<Definition>),
    Meaning(Vec<Block>),
}

impl Open {
    fn is_empty(&self) -> bool {
        match self {
            Self::Quote(_, blocks) | Self::Meaning(blocks) => blocks.is_empty(),
            Self::List(_, items) => items.is_empty(),
            Self::Item(item) => item.blocks.is_empty(),
            Self::Definitions(list) => list.is_empty(),
        }
    }
}

struct Builder<'a> {
    links: &'a Links,
    quotes: Quotes<'a>,
    outline: &'a Outline,
    /// How many references each footnote has so far.
    occurrences: &'a mut [usize],
    highlighter: &'a mut Highlighter,
    blocks: Vec<Block>,
    open: Vec<Open>,
    /// For each container and span that the parser opened: whether it was taken into the tree.
    taken: Vec<bool>,
    /// The depth of the container of which a part was left out last.
    lacking: Option<usize>,
    inlines: Inlines<'a>,
    table: Table,
    row: Vec<Vec<Inline>>,
    /// The text of a code block or an HTML block while it is read.
    literal: Option<String>,
    language: String,
    heading: usize,
}

impl<'a> Builder<'a> {
    fn new(
        source: &'a str,
        links: &'a Links,
        quotes: Quotes<'a>,
        outline: &'a Outline,
        occurrences: &'a mut [usize],
        highlighter: &'a mut Highlighter,
    ) -> Self {
        Self {
            links,
            quotes,
            outline,
            occurrences,
            highlighter,
            blocks: Vec::new(),
            open: Vec::new(),
            taken: Vec::new(),
            lacking: None,
            inlines: Inlines::new(source, links, quotes),
            table: Table::default(),
            row: Vec::new(),
            literal: None,
            language: String::new(),
            heading: 0,
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.end_plain();
        self.blocks
    }

    fn event(&mut self, index: usize, event: &Event<'a>, source: std::ops::Range<usize>) {
        match event {
            Event::Start(tag) => self.start(index, tag),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) | Event::Html(text) if self.literal.is_some() => {
                if let Some(literal) = &mut self.literal {
                    literal.push_str(text);
                }
            }
            Event::Text(text) => self.inlines.text(text, source),
            Event::Code(code) => self.inlines.push(Inline::Code(code.to_string())),
            Event::InlineMath(tex) => self.inlines.push(Inline::Math(format!("${tex}$"))),
            Event::DisplayMath(tex) => self.inlines.push(Inline::Math(format!("$${tex}$$"))),
            Event::Html(html) => self.push_block(Block::Html(html.to_string())),
            Event::InlineHtml(_) => self.inlines.tag(source),
            Event::FootnoteReference(label) => self.footnote_reference(label),
            Event::SoftBreak => self.inlines.soft_break(source),
            Event::HardBreak => self.inlines.push(Inline::HardBreak),
            Event::Rule => self.push_block(Block::Rule),
            Event::TaskListMarker(done) => self.mark_task(*done),
        }
    }

    fn start(&mut self, index: usize, tag: &Tag<'a>) {
        match tag {
            Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Link { .. }
            | Tag::Image { .. } => self.start_span(tag),
            Tag::TableHead
            | Tag::TableRow
            | Tag::TableCell
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
            _ => {
                self.end_plain();
                self.start_block(index, tag);
            }
        }
    }

    fn start_block(&mut self, index: usize, tag: &Tag<'a>) {
        match tag {
            Tag::Heading { .. } => self.heading = index,
            Tag::CodeBlock(kind) => {
                self.language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '\t']).next().unwrap_or("").to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.literal = Some(String::new());
            }
            Tag::HtmlBlock => self.literal = Some(String::new()),
            Tag::Table(columns) => self.table.columns.clone_from(columns),
            Tag::BlockQuote(kind) => self.open_if(true, Open::Quote(*kind, Vec::new())),
            Tag::List(start) => self.open_if(true, Open::List(*start, Vec::new())),
            Tag::DefinitionList => self.open_if(true, Open::Definitions(Vec::new())),
            Tag::Item => {
                let in_list = matches!(self.open.last(), Some(Open::List(..)));
                self.open_if(in_list, Open::Item(Item::default()));
            }
            Tag::DefinitionListDefinition => {
                let in_list = matches!(self.open.last(), Some(Open::Definitions(_)));
                self.open_if(in_list, Open::Meaning(Vec::new()));
            }
            _ => {}
        }
    }

    /// Opens a container, unless it belongs to one that was not taken or lies too deep.
    fn open_if(&mut self, fits: bool, block: Open) {
        // Items stand inside a list that was counted already.
        let nests = !matches!(block, Open::Item(_) | Open::Meaning(_));
        let taken = fits && !(nests && self.open.len() >= MAX_DEPTH);
        self.taken.push(taken);
        if taken {
            self.open.push(block);
            self.lacking.take_if(|depth| *depth == self.open.len());
        }
    }

    /// What comes is for other readers.
    fn leave_out(&mut self) {
        self.end_plain();
        self.lacking = Some(self.open.len());
    }

    fn start_span(&mut self, tag: &Tag<'a>) {
        let taken = self.inlines.depth() < MAX_DEPTH;
        self.taken.push(taken);
        if !taken {
            return;
        }
        let outline = self.outline;
        let shell = match tag {
            Tag::Strong => Inline::Span(Span::Strong, Vec::new()),
            Tag::Strikethrough => Inline::Span(Span::Strikethrough, Vec::new()),
            Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            } => {
                let target = if *link_type == LinkType::Email {
                    self.links
                        .url(&format!("mailto:{dest_url}"))
                        .map(Target::Url)
                } else {
                    self.links.link(dest_url, |id| outline.has_heading(id))
                };
                self.inlines.open_link(target, title);
                return;
            }
            Tag::Image {
                dest_url, title, ..
            } => Inline::Image {
                source: self.links.image(dest_url),
                alt: String::new(),
                title: title.to_string(),
            },
            _ => Inline::Span(Span::Emphasis, Vec::new()),
        };
        self.inlines.open(shell);
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                let content = self.inlines.take();
                if !content.is_empty() {
                    self.push_block(figure::paragraph(content, self.links, self.quotes));
                }
            }
            TagEnd::Heading(level) => {
                let block = Block::Heading {
                    level: level as u8,
                    id: self.outline.heading_id(self.heading).to_owned(),
                    content: self.inlines.take(),
                };
                self.push_block(block);
            }
            TagEnd::CodeBlock => {
                let language = std::mem::take(&mut self.language);
                let text = self.literal.take().unwrap_or_default();
                let marks = self.highlighter.marks(&language, &text);
                self.push_block(Block::Code {
                    language,
                    text,
                    marks,
                });
            }
            TagEnd::HtmlBlock => {
                let html = self.literal.take().unwrap_or_default();
                self.push_block(if swallows_the_rest(&html) {
                    // What the author did not close is shown, rather than lost.
                    Block::Paragraph(vec![Inline::Text(html.trim().to_owned())])
                } else {
                    Block::Html(html)
                });
            }
            TagEnd::DefinitionListTitle => self.end_term(),
            TagEnd::TableCell => self.row.push(self.inlines.take()),
            TagEnd::TableHead => self.table.head = std::mem::take(&mut self.row),
            TagEnd::TableRow => self.table.rows.push(std::mem::take(&mut self.row)),
            TagEnd::Table => {
                let table = std::mem::take(&mut self.table);
                self.push_block(Block::Table(table));
            }
            TagEnd::BlockQuote(_)
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListDefinition => {
                self.end_plain();
                self.close_container();
            }
            TagEnd::MetadataBlock(_)
            | TagEnd::FootnoteDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript => {}
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Link
            | TagEnd::Image => {
                if self.taken.pop() == Some(true) {
                    self.inlines.close();
                }
            }
        }
    }

    fn end_term(&mut self) {
        let content = self.inlines.take();
        match self.open.last_mut() {
            Some(Open::Definitions(list)) => list.push(Definition::Term(content)),
            _ => self.push_block(Block::Plain(content)),
        }
    }

    fn close_container(&mut self) {
        if self.taken.pop() != Some(true) {
            return;
        }
        let is_lacking = self.lacking == Some(self.open.len());
        match self.open.pop() {
            // What held nothing but the part that was left out would be an empty frame.
            Some(closed) if is_lacking && closed.is_empty() => self.lacking = Some(self.open.len()),
            Some(Open::Quote(kind, blocks)) => self.push_block(Block::Quote {
                alert: kind.map(Alert),
                blocks,
            }),
            Some(Open::List(start, items)) => self.push_block(Block::List { start, items }),
            Some(Open::Definitions(list)) => self.push_block(Block::Definitions(list)),
            Some(Open::Item(item)) => {
                if let Some(Open::List(_, items)) = self.open.last_mut() {
                    items.push(item);
                }
            }
            Some(Open::Meaning(blocks)) => {
                if let Some(Open::Definitions(list)) = self.open.last_mut() {
                    list.push(Definition::Meaning(blocks));
                }
            }
            None => {}
        }
    }

    /// Text that stands in a container without a paragraph of its own ends here.
    fn end_plain(&mut self) {
        let content = self.inlines.take();
        if !content.is_empty() {
            self.push_block(Block::Plain(content));
        }
    }

    fn push_block(&mut self, block: Block) {
        match self.open.last_mut() {
            None => self.blocks.push(block),
            Some(Open::Quote(_, blocks) | Open::Meaning(blocks)) => blocks.push(block),
            Some(Open::Item(item)) => item.blocks.push(block),
            Some(Open::List(_, items)) => items.push(Item {
                done: None,
                blocks: vec![block],
            }),
            Some(Open::Definitions(list)) => list.push(Definition::Meaning(vec![block])),
        }
    }

    fn mark_task(&mut self, done: bool) {
        if let Some(Open::Item(item)) = self.open.last_mut() {
            item.done = Some(done);
        }
    }

    fn footnote_reference(&mut self, label: &CowStr<'a>) {
        let Some(number) = self.outline.footnote_number(label) else {
            return;
        };
        if self.inlines.in_image() {
            return;
        }
        self.occurrences[number - 1] += 1;
        self.inlines.push(Inline::FootnoteReference {
            number,
            occurrence: self.occurrences[number - 1],
        });
    }
}
