//! The document: what the author wrote, parsed once, with everything settled that the channels
//! must agree on: footnotes numbered, heading ids unique, addresses absolute, bare URLs linked.
//!
//! [`parse`](super::parse) makes it, the writers read it. Its nesting is limited
//! ([`MAX_DEPTH`]), so that writers may recurse.

use pulldown_cmark::{Alignment, BlockQuoteKind};

use super::highlight::Mark;
use super::raw_html::{breaks_line, single_tag};
use super::scripts::{HtmlScripts, push_script};
use crate::words::Words;

/// Containers deeper than this are dissolved: their content stays, in the container around them.
/// Far beyond anything readable, and small enough for the stack of any thread.
pub(super) const MAX_DEPTH: usize = 24;

/// A parsed essay.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// The essay without its footnotes.
    pub(super) blocks: Vec<Block>,
    /// The footnotes that are referred to, in the order of the first reference.
    pub(super) footnotes: Vec<Footnote>,
    /// Whether the author wrote HTML anywhere.
    pub(super) has_html: bool,
}

/// A footnote; its number is its place in [`Document::footnotes`], from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Footnote {
    /// How many references point to it; each has an id of its own.
    pub(super) references: usize,
    pub(super) blocks: Vec<Block>,
}

/// Something that stands on lines of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Paragraph(Vec<Inline>),
    /// Text that is no paragraph: the content of an item of a tight list.
    Plain(Vec<Inline>),
    Heading {
        /// 1 to 6.
        level: u8,
        /// Unique in the document, without the prefix of the issue.
        id: String,
        content: Vec<Inline>,
    },
    Quote {
        alert: Option<Alert>,
        blocks: Vec<Block>,
    },
    Code {
        /// First word of the info string; may be empty.
        language: String,
        text: String,
        /// Which parts of `text` are what, in order.
        marks: Vec<Mark>,
    },
    List {
        /// Number of the first item; `None` for a list with bullets.
        start: Option<u64>,
        items: Vec<Item>,
    },
    Definitions(Vec<Definition>),
    /// A picture (or a film, or a link around one) that stands alone, and the words below it.
    Figure {
        picture: Inline,
        caption: Vec<Inline>,
    },
    Table(Table),
    /// The author's own HTML, as written.
    Html(String),
    Rule,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Item {
    /// Of a task list: whether it is done.
    pub(super) done: Option<bool>,
    pub(super) blocks: Vec<Block>,
}

/// A term with what it means, or one of the two alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Definition {
    Term(Vec<Inline>),
    Meaning(Vec<Block>),
}

/// A table. Rows have as many cells as `columns`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Alignment>,
    pub(super) head: Vec<Vec<Inline>>,
    pub(super) rows: Vec<Vec<Vec<Inline>>>,
}

/// Something within a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Inline {
    Text(String),
    Code(String),
    /// TeX source with its dollar signs.
    Math(String),
    /// One tag of the author's own HTML, or one whole element that is never shown.
    Html(String),
    Span(Span, Vec<Inline>),
    Link {
        target: Target,
        /// May be empty.
        title: String,
        content: Vec<Inline>,
    },
    Image {
        /// Absolute; `None` if it must not be loaded.
        source: Option<String>,
        /// Empty if the image is decoration.
        alt: String,
        /// May be empty.
        title: String,
    },
    /// A link to a film.
    Video {
        url: String,
        /// What it shows; may be empty.
        name: String,
        /// May be empty.
        title: String,
    },
    FootnoteReference {
        /// Of the footnote, from 1.
        number: usize,
        /// Which of the references to that footnote this is, from 1.
        occurrence: usize,
    },
    /// A line end of the source that means a space.
    SoftBreak,
    /// A line end that the author asked for.
    HardBreak,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// An absolute address of a harmless scheme.
    Url(String),
    /// A heading of this document, by its id without the prefix.
    Heading(String),
    /// An id on this page that the author's own HTML may hold.
    Fragment(String),
}

/// Ways to set words apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Emphasis,
    Strong,
    Strikethrough,
    Superscript,
    Subscript,
}

/// Kinds of a quote that is a call for attention (GitHub's `> [!NOTE]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alert(pub(super) BlockQuoteKind);

impl Alert {
    /// The word above it.
    pub(super) fn label(self, words: &Words) -> &str {
        match self.0 {
            BlockQuoteKind::Note => &words.alert_note,
            BlockQuoteKind::Tip => &words.alert_tip,
            BlockQuoteKind::Important => &words.alert_important,
            BlockQuoteKind::Warning => &words.alert_warning,
            BlockQuoteKind::Caution => &words.alert_caution,
        }
    }

    /// The word for a class name.
    pub(super) fn class(self) -> &'static str {
        match self.0 {
            BlockQuoteKind::Note => "note",
            BlockQuoteKind::Tip => "tip",
            BlockQuoteKind::Important => "important",
            BlockQuoteKind::Warning => "warning",
            BlockQuoteKind::Caution => "caution",
        }
    }
}

/// The words of inline content and nothing else: no marks, no references, no images. A script is
/// said, since 12² is not 122.
pub(super) fn words(content: &[Inline], out: &mut String) {
    let mut scripts = HtmlScripts::default();
    for inline in content {
        match inline {
            Inline::Text(text) | Inline::Code(text) | Inline::Math(text) => out.push_str(text),
            Inline::Span(span @ (Span::Superscript | Span::Subscript), content) => {
                let mut script = String::new();
                words(content, &mut script);
                push_script(*span, script.trim(), out);
            }
            Inline::Span(_, content) | Inline::Link { content, .. } => words(content, out),
            Inline::SoftBreak | Inline::HardBreak => out.push(' '),
            Inline::Html(tag) if breaks_line(tag) => out.push(' '),
            Inline::Video { name, .. } => out.push_str(name),
            Inline::Html(html) => {
                if let Some(tag) = single_tag(html) {
                    scripts.tag(&tag, out);
                }
            }
            Inline::Image { .. } | Inline::FootnoteReference { .. } => {}
        }
    }
}
