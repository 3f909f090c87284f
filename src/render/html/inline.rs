//! What stands within a line: words, links, pictures.

use super::footnotes::{note_id, reference_id};
use super::{Channel, Writer, escape_text};
use crate::render::document::{Inline, Span};

/// Width of the essay's column in the mail: 600 less its margins.
const MAIL_COLUMN_PIXELS: u32 = 552;

impl Writer<'_> {
    pub(super) fn inlines(&mut self, content: &[Inline]) {
        for inline in content {
            self.inline(inline);
        }
    }

    pub(super) fn inline(&mut self, inline: &Inline) {
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
            Inline::Html(html) => self.own_html(html, false),
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
            Inline::Video { url, name, title } => self.video(url, name, title),
            Inline::FootnoteReference { number, occurrence } => {
                self.out.push_str("<sup");
                self.id(&reference_id(*number, *occurrence));
                self.out.push('>');
                self.own_link(&note_id(*number), &number.to_string(), None);
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
