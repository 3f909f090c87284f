//! Pictures with a caption, films, and boxes that call for attention: what the channels show each
//! in its own way.

use super::{Channel, Writer, escape_text};
use crate::render::document::{Alert, Block, Inline};
use crate::render::video;

impl Writer<'_> {
    /// A picture and the words below it. Mail clients and feed readers drop `figure`.
    pub(super) fn figure(&mut self, picture: &Inline, caption: &[Inline]) {
        let (before, between, after) = match self.channel {
            Channel::Web => ("<figure>", "\n<figcaption>", "</figcaption>\n</figure>\n"),
            Channel::Email => (
                "<div class=\"figure\">",
                "\n<div class=\"caption\">",
                "</div>\n</div>\n",
            ),
            Channel::Feed => ("<p>", "<br>\n<em>", "</em></p>\n"),
        };
        self.out.push_str(before);
        self.inline(picture);
        self.out.push_str(between);
        self.inlines(caption);
        self.out.push_str(after);
    }

    /// A box with a word above it.
    pub(super) fn alert(&mut self, alert: Alert, blocks: &[Block]) {
        let class = alert.class();
        let after = match self.channel {
            Channel::Web => {
                self.write(format_args!(
                    "<div class=\"alert alert-{class}\" role=\"note\">\n<p class=\"alert-title\">"
                ));
                "</div>\n"
            }
            // Outlook knows paddings and backgrounds of cells alone.
            Channel::Email => {
                self.write(format_args!(
                    "<table role=\"presentation\" class=\"alert\" width=\"100%\" border=\"0\" cellpadding=\"0\" \
                     cellspacing=\"0\"><tr><td class=\"alert-{class}\">\n<p class=\"alert-title\">"
                ));
                "</td></tr></table>\n"
            }
            Channel::Feed => {
                self.out.push_str("<blockquote>\n<p><strong>");
                "</blockquote>\n"
            }
        };
        escape_text(alert.label(self.words), &mut self.out);
        self.out.push_str(match self.channel {
            Channel::Feed => "</strong></p>\n",
            _ => "</p>\n",
        });
        self.blocks(blocks);
        self.out.push_str(after);
    }

    /// A film is a link: nothing plays in a mail, and a page that loaded a film from elsewhere would
    /// tell that host who reads it.
    pub(super) fn video(&mut self, url: &str, name: &str, title: &str) {
        self.out.push_str("<a");
        self.attribute("href", url);
        self.attribute_if_any("title", title);
        self.out.push('>');
        match self.channel {
            Channel::Web => self.write(format_args!(
                "<span aria-hidden=\"true\">{}</span> ",
                video::SIGN
            )),
            _ => self.write(format_args!("{} ", video::SIGN)),
        }
        escape_text(&video::label(name, self.words), &mut self.out);
        self.out.push_str("</a>");
    }
}
