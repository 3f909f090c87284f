//! Rendering: one parse of an essay's Markdown, and from it the mail's HTML, the mail's plain
//! text, the page's HTML and the feed's HTML. Layouts around them are in [`layout`].

mod date;
pub mod layout;

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

/// Renders an essay.
pub fn render_essay(markdown: &str, context: &RenderContext<'_>) -> RenderedEssay {
    let _ = (markdown, context);
    RenderedEssay {
        email_html: String::new(),
        text: String::new(),
        web_html: String::new(),
        feed_html: String::new(),
        opening: String::new(),
    }
}
