//! Rendering: one parse of an essay's Markdown, and from it the mail's HTML, the mail's plain
//! text, the page's HTML and the feed's HTML. Layouts around them are in [`layout`].

mod autolink;
mod date;
mod document;
mod email;
mod feed;
mod filling;
mod highlight;
mod html;
mod inlines;
pub mod layout;
mod links;
pub mod mirror;
mod opening;
mod outline;
mod parse;
pub mod picture_size;
pub mod pictures;
mod plain;
mod raw_addresses;
mod raw_html;
mod references;
mod sanitize;
mod scripts;
mod template_error;
#[cfg(test)]
mod tests;
mod text;
pub mod themes;

use std::borrow::Cow;

use crate::words::Words;
use document::Document;
use html::{Channel, write_html};
use links::Links;
use pictures::Pictures;

pub use references::{Reference, references};

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

/// An essay in every channel. Words, links and footnotes are the same in all four.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedEssay {
    /// For the mail: a fragment with inline styles; ends with a line feed.
    pub email_html: String,
    /// For the mail's plain-text part, wrapped at 72 columns; LF line ends, ends with a line feed.
    pub text: String,
    /// For the archive page: a fragment with classes, the author's own HTML kept.
    pub web_html: String,
    /// For the feeds: a fragment without classes, styles, scripts; links absolute.
    pub feed_html: String,
    /// The first paragraph as one line of plain text, at most 200 characters, cut at a word: the
    /// summary where the author gave none.
    pub opening: String,
}

/// An essay that was parsed once and is written for one channel after the other, as each is asked
/// for: a page needs no mail.
#[derive(Debug, Clone)]
pub struct ParsedEssay<'a> {
    document: Document,
    links: Links,
    context: RenderContext<'a>,
}

impl<'a> ParsedEssay<'a> {
    /// Parses an essay. Every text can be parsed; time and memory are linear in its length.
    pub fn new(markdown: &str, context: &RenderContext<'a>) -> Self {
        let links = Links::new(context.issue_url, context.pictures);
        Self {
            document: parse::parse(&lines_with_lf(markdown), &links),
            links,
            context: context.clone(),
        }
    }

    /// See [`RenderedEssay::email_html`].
    pub fn email_html(&self) -> String {
        let prefix = self.context.id_prefix;
        let css = self.context.essay_css;
        whole_lines(&email::write_email(
            &self.document,
            &self.links,
            prefix,
            css,
        ))
    }

    /// See [`RenderedEssay::text`].
    pub fn text(&self) -> String {
        whole_lines(&text::write_text(&self.document, &self.links))
    }

    /// See [`RenderedEssay::web_html`].
    pub fn web_html(&self) -> String {
        let prefix = self.context.id_prefix;
        whole_lines(&write_html(
            &self.document,
            Channel::Web,
            &self.links,
            prefix,
        ))
    }

    /// See [`RenderedEssay::feed_html`].
    pub fn feed_html(&self) -> String {
        let prefix = self.context.id_prefix;
        whole_lines(&feed::write_feed(&self.document, &self.links, prefix))
    }

    /// See [`RenderedEssay::opening`].
    pub fn opening(&self) -> String {
        without_controls(&opening::opening(&self.document)).into_owned()
    }
}

/// Renders an essay for every channel. Every text renders; time and memory are linear in its
/// length.
pub fn render_essay(markdown: &str, context: &RenderContext<'_>) -> RenderedEssay {
    let essay = ParsedEssay::new(markdown, context);
    RenderedEssay {
        email_html: essay.email_html(),
        text: essay.text(),
        web_html: essay.web_html(),
        feed_html: essay.feed_html(),
        opening: essay.opening(),
    }
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
    if text.contains(is_forbidden) {
        Cow::Owned(text.replace(is_forbidden, ""))
    } else {
        Cow::Borrowed(text)
    }
}
