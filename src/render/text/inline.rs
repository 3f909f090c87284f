//! Inline content -> one string with line feeds where the author broke the line.

use super::Writer;
use super::wrap::GLUE;
use crate::render::document::{Inline, Span, Target, words};
use crate::render::raw_html::{Tag, Token, decode_entities, tokens};
use crate::render::scripts::push_script;
use crate::render::video::{self, labelled};

impl Writer<'_> {
    /// The content as text, not wrapped yet.
    pub(super) fn inline_text(&mut self, content: &[Inline]) -> String {
        let mut out = String::new();
        self.inlines(content, &mut out);
        out.truncate(out.trim_end_matches([' ', '\n']).len());
        out
    }

    fn inlines(&mut self, content: &[Inline], out: &mut String) {
        for inline in content {
            self.inline(inline, out);
        }
    }

    fn inline(&mut self, inline: &Inline, out: &mut String) {
        match inline {
            Inline::Text(text) | Inline::Math(text) => push_text(text, out),
            Inline::Code(code) => {
                out.push('`');
                push_text(code, out);
                out.push('`');
            }
            Inline::Html(html) => self.own_html(html, out),
            Inline::Span(span, content) => self.span(*span, content, out),
            Inline::Link {
                target, content, ..
            } => {
                let start = out.len();
                self.inlines(content, out);
                if let Target::Url(url) = target {
                    let mut shown = String::new();
                    words(content, &mut shown);
                    self.link_mark(url, &shown, start, out);
                }
            }
            Inline::Image { alt, .. } => self.image(alt, out),
            Inline::Video { url, name, .. } => {
                let start = out.len();
                out.extend([video::SIGN, " "]);
                push_text(&video::label(name, self.words), out);
                self.link_mark(url, name, start, out);
            }
            Inline::FootnoteReference { number, .. } => push_mark(&format!("({number})"), out),
            Inline::SoftBreak => push_text(" ", out),
            Inline::HardBreak => out.push('\n'),
        }
    }

    /// One tag of the author's HTML, or one element that only a browser shows.
    fn own_html(&mut self, html: &str, out: &mut String) {
        for token in tokens(&self.stand_ins().put_into(html)) {
            match token {
                Token::Text(text) => push_text(&decode_entities(text), out),
                Token::Tag(tag) => self.html_tag(&tag, out),
            }
        }
    }

    fn span(&mut self, span: Span, content: &[Inline], out: &mut String) {
        let mut inner = String::new();
        self.inlines(content, &mut inner);
        let trimmed = inner.trim();
        if trimmed.is_empty() {
            return push_text(&inner, out);
        }
        match span {
            Span::Emphasis => out.extend(["_", trimmed, "_"]),
            Span::Strong => out.extend(["*", trimmed, "*"]),
            Span::Strikethrough => out.extend(["~", trimmed, "~"]),
            Span::Superscript | Span::Subscript => push_script(span, trimmed, out),
        }
    }

    /// Puts the number of an address behind the words of its link, which begin at `start`. Words
    /// that are the address, or end with it, need none.
    fn link_mark(&mut self, url: &str, shown: &str, start: usize, out: &mut String) {
        let shown = shown.trim();
        let bare = ["mailto:", "tel:"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .unwrap_or(url);
        if shown.ends_with(bare)
            || (shown.contains("://") && self.links.url(shown).as_deref() == Some(url))
        {
            return;
        }
        let mark = format!("[{}]", self.number_of(url));
        let spaces = out.len() - out.trim_end_matches(' ').len();
        if out.len() - spaces >= start {
            out.truncate(out.len() - spaces);
        }
        push_mark(&mark, out);
        // A space inside the link text, at its end, still parts it from what follows.
        if spaces > 0 {
            out.push(' ');
        }
    }

    /// `[Image: A red box]`; nothing of one that is decoration.
    fn image(&self, alt: &str, out: &mut String) {
        let alt = alt.trim();
        if !alt.is_empty() {
            out.push('[');
            push_text(&labelled(&self.words.image, alt, self.words), out);
            out.push(']');
        }
    }

    /// A tag of the author's HTML within a line.
    pub(super) fn html_tag(&mut self, tag: &Tag<'_>, out: &mut String) {
        match (tag.name.as_str(), tag.closes) {
            ("br", _) => out.push('\n'),
            ("img", false) => self.image(&tag.attribute("alt").unwrap_or_default(), out),
            ("b" | "strong", _) => out.push('*'),
            ("i" | "em", _) => out.push('_'),
            ("del" | "s" | "strike", _) => out.push('~'),
            ("q", closes) => out.push_str(self.quotes.mark(closes)),
            ("sup" | "sub", _) => self.html_scripts.tag(tag, out),
            ("a", false) => {
                let address = tag
                    .attribute("href")
                    .filter(|href| !href.starts_with('#'))
                    .and_then(|href| self.links.url(&href));
                self.html_links.push((address, out.len()));
            }
            ("a", true) => {
                if let Some((Some(url), start)) = self.html_links.pop() {
                    let shown = out.get(start..).unwrap_or("").to_owned();
                    self.link_mark(&url, &shown, start.min(out.len()), out);
                }
            }
            _ => {}
        }
    }
}

/// Appends text; white space becomes one space, as in HTML.
pub(super) fn push_text(text: &str, out: &mut String) {
    for character in text.chars() {
        if character.is_ascii_whitespace() {
            if !out.is_empty() && !out.ends_with([' ', '\n']) {
                out.push(' ');
            }
        } else {
            out.push(character);
        }
    }
}

/// Appends a mark to the word before it, with a space at which the line is not broken.
fn push_mark(mark: &str, out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n', GLUE]) {
        out.push(GLUE);
    }
    out.push_str(mark);
}
