//! What stands in mails, feeds and plain text for an element of the author's HTML that only a browser
//! shows: a link to the film, the source of the formula, the name of the drawing, what an element says
//! for whoever cannot show it. Nothing of it is lost without a word.

use std::borrow::Cow;

use super::html::{escape_attribute, escape_text};
use super::links::Links;
use super::raw_html::{Markup, Tag, Token, VOID, decode_entities, is_hidden, read_markup, tokens};
use super::video::{self, is_video, labelled};
use crate::words::Words;

/// Elements that have a stand-in.
const ELEMENTS: &[&str] = &[
    "iframe", "embed", "video", "audio", "object", "svg", "math", "canvas", "noscript",
];

/// Whether mails, feeds and plain text show something else for an element.
pub(crate) fn has_stand_in(name: &str) -> bool {
    ELEMENTS.contains(&name)
}

/// Makes the stand-ins of one essay.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandIns<'a> {
    pub(super) links: &'a Links,
    pub(super) words: &'a Words,
}

impl StandIns<'_> {
    /// The HTML with links and words in place of such elements. Linear: where an end tag is missing,
    /// it is looked for once.
    pub(super) fn put_into(self, html: &str) -> Cow<'_, str> {
        let mut out = String::new();
        let (mut copied, mut at) = (0, 0);
        let mut endless: Vec<String> = Vec::new();
        while let Some(found) = html[at..].find('<') {
            let start = at + found;
            let (tag, length) = match read_markup(&html[start..]) {
                Markup::Tag(tag, length) => (tag, length),
                Markup::Skipped(length) => {
                    at = start + length;
                    continue;
                }
                Markup::NoTag => {
                    at = start + 1;
                    continue;
                }
                Markup::Unclosed => break,
            };
            at = start + length;
            let is_wanted = has_stand_in(&tag.name);
            if tag.closes || !(is_wanted || is_hidden(&tag)) {
                continue;
            }
            let mut content = "";
            if !VOID.contains(&tag.name.as_str()) && !endless.contains(&tag.name) {
                match end_of(&html[at..], &tag.name) {
                    Some((end, behind)) => {
                        content = &html[at..at + end];
                        at += behind;
                    }
                    None => endless.push(tag.name.clone()),
                }
            }
            if is_wanted {
                out.push_str(&html[copied..start]);
                out.push_str(&self.of(&tag, content));
                copied = at;
            }
        }
        if copied == 0 {
            return Cow::Borrowed(html);
        }
        out.push_str(&html[copied..]);
        Cow::Owned(out)
    }

    /// The same for a block of HTML: links that stand there alone make a paragraph.
    pub(super) fn put_into_block(self, html: &str) -> Cow<'_, str> {
        match self.put_into(html) {
            Cow::Owned(link) if link.starts_with("<a ") && link.trim_end().ends_with("</a>") => {
                Cow::Owned(format!("<p>{}</p>\n", link.trim_end()))
            }
            other => other,
        }
    }

    /// What stands for one element, as HTML.
    fn of(self, tag: &Tag<'_>, content: &str) -> String {
        let said = |text: &str| {
            let mut out = String::new();
            escape_text(text.trim(), &mut out);
            out
        };
        match tag.name.as_str() {
            "canvas" | "noscript" => self.put_into(content).into_owned(),
            "math" => said(&formula(tag, content)),
            "svg" => match name_of(tag).or_else(|| text_within(content, "title")) {
                Some(name) => said(&format!(
                    "[{}]",
                    labelled(&self.words.image, &name, self.words)
                )),
                None => said(&text_of(content)),
            },
            _ => match self.address(tag, content) {
                Some(address) => self.link(tag, &page_of(&address)),
                None => self.put_into(content).into_owned(),
            },
        }
    }

    /// Where what the element shows is found.
    fn address(self, tag: &Tag<'_>, content: &str) -> Option<String> {
        let own = ["src", "data"]
            .into_iter()
            .find_map(|name| tag.attribute(name));
        let address = own.or_else(|| first_source(content))?;
        self.links.url(address.trim())
    }

    fn link(self, tag: &Tag<'_>, address: &str) -> String {
        let name = name_of(tag).unwrap_or_else(|| address.to_owned());
        let mut out = "<a href=\"".to_owned();
        escape_attribute(address, &mut out);
        out.push_str("\">");
        if tag.name == "video" || is_video(address) {
            out.extend([video::SIGN, " "]);
            escape_text(&video::label(&name, self.words), &mut out);
        } else {
            escape_text(&name, &mut out);
        }
        out.push_str("</a>");
        out
    }
}

/// The first of the files among which a browser would choose.
fn first_source(content: &str) -> Option<String> {
    let mut tokens = tokens(content).into_iter();
    tokens.find_map(|token| match token {
        Token::Tag(tag) if tag.name == "source" => tag.attribute("src"),
        _ => None,
    })
}

/// What the author calls the element.
fn name_of(tag: &Tag<'_>) -> Option<String> {
    ["title", "aria-label"].into_iter().find_map(|attribute| {
        let name = tag.attribute(attribute)?;
        (!name.trim().is_empty()).then(|| name.trim().to_owned())
    })
}

/// The source of a formula where it is told, or else its signs.
fn formula(tag: &Tag<'_>, content: &str) -> String {
    text_within(content, "annotation")
        .or_else(|| tag.attribute("alttext"))
        .unwrap_or_else(|| text_of(content).split_whitespace().collect())
}

/// The text of the first element of a name within HTML.
fn text_within(html: &str, name: &str) -> Option<String> {
    let mut from = 0;
    while let Some(at) = html[from..].find('<') {
        let start = from + at;
        from = match read_markup(&html[start..]) {
            Markup::Tag(tag, length) if tag.name == name && !tag.closes => {
                let inside = &html[start + length..];
                let (end, _) = end_of(inside, name)?;
                let text = text_of(&inside[..end]);
                return (!text.is_empty()).then_some(text);
            }
            Markup::Tag(_, length) | Markup::Skipped(length) => start + length,
            Markup::NoTag => start + 1,
            // Looked through to the end, as all others behind it would be.
            Markup::Unclosed => return None,
        };
    }
    None
}

fn text_of(html: &str) -> String {
    let mut text = String::new();
    for token in tokens(html) {
        match token {
            Token::Text(piece) => text.push_str(&decode_entities(piece)),
            Token::Tag(_) => text.push(' '),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the end tag of a name begins and ends.
fn end_of(html: &str, name: &str) -> Option<(usize, usize)> {
    for (at, _) in html.match_indices("</") {
        let found = html.get(at + 2..at + 2 + name.len());
        if !found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            continue;
        }
        match read_markup(&html[at..]) {
            Markup::Tag(tag, length) if tag.name == name => return Some((at, at + length)),
            Markup::Unclosed => return None,
            _ => {}
        }
    }
    None
}

/// The page on which a person watches a film that is embedded by this address.
fn page_of(address: &str) -> Cow<'_, str> {
    let places = [
        (
            "https://www.youtube.com/embed/",
            "https://www.youtube.com/watch?v=",
        ),
        (
            "https://www.youtube-nocookie.com/embed/",
            "https://www.youtube.com/watch?v=",
        ),
        ("https://player.vimeo.com/video/", "https://vimeo.com/"),
    ];
    let found = places.into_iter().find_map(|(embedded, page)| {
        let id = address.strip_prefix(embedded)?;
        let end = id.find(['?', '#', '&', '/']).unwrap_or(id.len());
        Some(format!("{page}{}", &id[..end]))
    });
    found.map_or(Cow::Borrowed(address), Cow::Owned)
}
