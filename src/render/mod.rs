//! Rendering: one parse of an essay's Markdown, and from it the mail's HTML, the mail's plain
//! text, the page's HTML and the feed's HTML. Layouts around them are in [`layout`].

mod autolink;
pub mod bounds;
mod date;
mod document;
mod email;
mod escaping;
pub mod essay_style;
mod feed;
mod figure;
mod filling;
mod highlight;
mod html;
mod inlines;
pub mod layout;
mod links;
mod marks;
mod mirror;
mod opening;
mod outline;
mod parse;
pub mod picture_size;
pub mod pictures;
mod plain;
mod quotes;
mod raw_addresses;
mod raw_html;
mod references;
mod sanitize;
mod scripts;
mod spacing;
mod stand_ins;
mod template_error;
#[cfg(test)]
mod tests;
mod text;
pub mod themes;
mod video;
mod written;

use std::borrow::Cow;

use crate::scan::has_byte;
use crate::words::Words;
use document::Document;
use highlight::Highlighter;
use html::{Channel, write_html};
use pictures::Pictures;
pub use text::FlowedText;

use parse::Parsed;
use quotes::Quotes;
pub use references::{Reference, references};

pub use marks::MarkProblem;
pub(crate) use text::needs_stuffing;

pub(crate) use autolink::find_urls;
pub(crate) use links::Links;
pub(crate) use raw_html::{
    Tag as HtmlTag, all_tags, decode_entities, shown_text, swallows_the_rest,
};
pub(crate) use sanitize::{mail_keeps_element, mail_keeps_property};
pub(crate) use stand_ins::has_stand_in;
pub(crate) use written::Written;

/// What rendering needs to know besides the Markdown.
#[derive(Debug, Clone)]
pub struct RenderContext<'a> {
    /// Absolute address of the issue's page, with a slash at its end; relative links of the essay
    /// are resolved against it.
    pub issue_url: &'a str,
    /// Prefix of every `id` in the output, unique among the issues that may share a page.
    pub id_prefix: &'a str,
    /// Stylesheet of the mail's essay part, which is inlined.
    pub essay_css: &'a str,
    /// The words that an essay needs of its language.
    pub words: &'a Words,
    /// The files of the issue's folder to which the essay refers.
    pub pictures: &'a Pictures,
}

/// An essay in every channel. Words, links and footnotes are the same in all four, but for parts that
/// the author marks for mail or web alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedEssay {
    /// For the mail: a fragment with inline styles; ends with a line feed.
    pub email_html: String,
    /// For the mail's plain-text part, wrapped at 72 columns; LF line ends, ends with a line feed.
    pub text: String,
    /// See [`FlowedText::deletes_spaces`], for that text.
    pub deletes_spaces: bool,
    /// For the archive page: a fragment with classes, the author's own HTML kept.
    pub web_html: String,
    /// For the feeds: a fragment without classes, styles, scripts; links absolute.
    pub feed_html: String,
    /// The summary where the author gave none, as one line of plain text that is cut at a word: what
    /// stands before `<!-- more -->`, at most 600 characters; without that mark the first paragraph,
    /// at most 200.
    pub opening: String,
    /// What stands before `<!-- more -->`, for a mail that ends there.
    pub excerpt: Option<Excerpt>,
}

/// The beginning of an essay, with the footnotes to which it refers and no others, and at its end the
/// way to the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// As [`RenderedEssay::email_html`].
    pub email_html: String,
    /// As [`ParsedEssay::text`].
    pub text: FlowedText,
}

/// An essay that was parsed once and is written for one channel after the other, as each is asked
/// for: a page needs no mail.
#[derive(Debug, Clone)]
pub struct ParsedEssay<'a> {
    parsed: Parsed,
    links: Links,
    context: RenderContext<'a>,
}

impl<'a> ParsedEssay<'a> {
    /// Parses an essay. Every text can be parsed; time and memory are linear in its length.
    pub fn new(markdown: &str, context: &RenderContext<'a>) -> Self {
        let links = Links::new(context.issue_url, context.pictures);
        let quotes = Quotes::of(context.words);
        Self {
            parsed: parse::parse(&lines_with_lf(markdown), &links, quotes, Highlighter::new),
            links,
            context: context.clone(),
        }
    }

    /// See [`RenderedEssay::email_html`].
    pub fn email_html(&self) -> String {
        self.email_of(self.parsed.mail())
    }

    /// The mail's plain text: see [`RenderedEssay::text`].
    pub fn text(&self) -> FlowedText {
        self.text_of(self.parsed.mail())
    }

    /// See [`RenderedEssay::web_html`].
    pub fn web_html(&self) -> String {
        let document = &self.parsed.web;
        let html = write_html(document, Channel::Web, &self.links, &self.context);
        whole_lines(&html)
    }

    /// See [`RenderedEssay::feed_html`].
    pub fn feed_html(&self) -> String {
        whole_feed(&self.parsed, &self.links, &self.context)
    }

    /// See [`RenderedEssay::opening`].
    pub fn opening(&self) -> String {
        let excerpt = self.parsed.web_excerpt.as_ref().map(opening::excerpt);
        let opening = excerpt
            .filter(|opening| !opening.is_empty())
            .unwrap_or_else(|| opening::opening(&self.parsed.web));
        without_controls(&opening).into_owned()
    }

    /// See [`RenderedEssay::excerpt`].
    pub fn excerpt(&self) -> Option<Excerpt> {
        let document = self.parsed.mail_excerpt()?;
        let words = self.context.words;
        let mut text = self.text_of(document);
        text.text.extend([
            "\n",
            &words.read_on,
            &words.colon,
            "\n",
            self.context.issue_url,
            "\n",
        ]);
        Some(Excerpt {
            email_html: self.email_of(document) + &email::write_read_on(&self.context),
            text,
        })
    }

    /// Marks of the author's that do not do what they should.
    pub fn problems(&self) -> &[MarkProblem] {
        &self.parsed.problems
    }

    fn email_of(&self, document: &Document) -> String {
        whole_lines(&email::write_email(document, &self.links, &self.context))
    }

    fn text_of(&self, document: &Document) -> FlowedText {
        let written = text::write_text(document, &self.links, self.context.words);
        FlowedText {
            text: whole_lines(&written.text),
            ..written
        }
    }
}

/// Renders an essay for every channel. Every text renders; time and memory are linear in its
/// length.
pub fn render_essay(markdown: &str, context: &RenderContext<'_>) -> RenderedEssay {
    let essay = ParsedEssay::new(markdown, context);
    let FlowedText {
        text,
        deletes_spaces,
    } = essay.text();
    RenderedEssay {
        email_html: essay.email_html(),
        text,
        deletes_spaces,
        web_html: essay.web_html(),
        feed_html: essay.feed_html(),
        opening: essay.opening(),
        excerpt: essay.excerpt(),
    }
}

/// [`RenderedEssay::feed_html`] of an essay of which nothing else is asked. Feeds have no colours, so
/// that its code need not be told apart, which takes many times as long as all the rest.
pub fn render_for_feeds(markdown: &str, context: &RenderContext<'_>) -> String {
    let links = Links::new(context.issue_url, context.pictures);
    let quotes = Quotes::of(context.words);
    let parsed = parse::parse(&lines_with_lf(markdown), &links, quotes, Highlighter::idle);
    whole_feed(&parsed, &links, context)
}

fn whole_feed(parsed: &Parsed, links: &Links, context: &RenderContext<'_>) -> String {
    whole_lines(&feed::write_feed(&parsed.web, links, context))
}

/// CRLF and CR become LF, and characters that no channel may carry are gone.
fn lines_with_lf(markdown: &str) -> Cow<'_, str> {
    if markdown.contains('\r') {
        let markdown = markdown.replace("\r\n", "\n").replace('\r', "\n");
        Cow::Owned(without_controls(&markdown).into_owned())
    } else {
        without_controls(markdown)
    }
}

/// The output with a line feed at its end. Controls are removed once more, since character
/// references (`&#8;`) make new ones.
fn whole_lines(output: &str) -> String {
    let mut output = without_controls(output).into_owned();
    if !output.ends_with('\n') {
        output.push('\n');
    }
    output
}

/// Removes control characters and noncharacters: XML 1.0 §2.2 forbids them in feeds, and in mail
/// they could draw on a terminal.
fn without_controls(text: &str) -> Cow<'_, str> {
    let is_forbidden = |character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{FFFE}' | '\u{FFFF}')
    };
    // Most texts have none of the bytes with which such a character begins, and bytes are looked at
    // much faster than characters.
    let is_suspect = |byte: u8| match byte {
        b'\n' | b'\t' => false,
        0x00..=0x1f | 0x7f | 0xc2 | 0xef => true,
        _ => false,
    };
    if has_byte(text, is_suspect) && text.contains(is_forbidden) {
        Cow::Owned(text.replace(is_forbidden, ""))
    } else {
        Cow::Borrowed(text)
    }
}
