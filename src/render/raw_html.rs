//! Reads the author's own HTML as far as plain text needs it: tags, attributes, text. No tree;
//! what must be safe is left to `ammonia` (see [`sanitize`](super::sanitize)).

use std::borrow::Cow;

use pulldown_cmark::{Event, Parser};

/// Elements whose content no reader sees, or no mail client shows: dropped as a whole from mail,
/// feeds and plain text.
pub(super) const HIDDEN: &[&str] = &[
    "script", "style", "iframe", "object", "template", "noscript", "svg", "canvas", "video",
    "audio", "textarea", "select", "title", "head", "noembed", "noframes", "xmp", "embed", "math",
];

/// Elements without an end tag (HTML §13.1.2).
pub(super) const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text with its entities.
    Text(&'a str),
    /// A start or an end tag.
    Tag(Tag<'a>),
}

/// A start or an end tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// In lower case.
    pub(crate) name: String,
    /// Whether it is an end tag.
    pub(crate) closes: bool,
    /// Everything between the name and `>`.
    attributes: &'a str,
    /// The tag as written.
    pub(crate) source: &'a str,
}

impl Tag<'_> {
    /// The value of an attribute, its entities decoded.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<String> {
        self.attributes()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(wanted))
            .map(|attribute| decode_entities(attribute.value).into_owned())
    }

    /// All attributes, as written.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let text = self.attributes;
        // The attributes end where the tag's `>` stands.
        let start = self.source.len() - ">".len() - text.len();
        let mut at = 0;
        std::iter::from_fn(move || {
            let is_between = |c: char| c.is_whitespace() || c == '/';
            at += text[at..].len() - text[at..].trim_start_matches(is_between).len();
            let rest = &text[at..];
            if rest.is_empty() {
                return None;
            }
            // An `=` at the very beginning belongs to the name (HTML §13.2.5.32).
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| c.is_whitespace() || matches!(c, '=' | '/'))
                .map_or(rest.len(), |(at, _)| at);
            let value = attribute_value(&rest[end..]);
            let attribute = Attribute {
                name: &rest[..end],
                value: &rest[end..][value.range.clone()],
                offset: start + at + end + value.range.start,
            };
            at += end + value.length;
            Some(attribute)
        })
    }
}

/// An attribute of a tag, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: &'a str,
    /// Without its quotes.
    pub(crate) value: &'a str,
    /// Where the value begins in the tag, in bytes.
    pub(super) offset: usize,
}

/// Where an attribute's value stands behind its name, and how much of the text it takes.
struct ValuePlace {
    range: std::ops::Range<usize>,
    length: usize,
}

fn attribute_value(text: &str) -> ValuePlace {
    let spaces = |text: &str| text.len() - text.trim_start().len();
    let before = spaces(text);
    if !text[before..].starts_with('=') {
        return ValuePlace {
            range: before..before,
            length: before,
        };
    }
    let start = before + 1 + spaces(&text[before + 1..]);
    let value = &text[start..];
    for quote in ['"', '\''] {
        if let Some(inside) = value.strip_prefix(quote) {
            let end = inside.find(quote).unwrap_or(inside.len());
            return ValuePlace {
                range: start + 1..start + 1 + end,
                length: (start + end + 2).min(text.len()),
            };
        }
    }
    let end = value.find(char::is_whitespace).unwrap_or(value.len());
    ValuePlace {
        range: start..start + end,
        length: start + end,
    }
}

/// Splits HTML into tags and text. Comments, declarations and [`HIDDEN`] elements are left out.
pub(super) fn tokens(html: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut hidden: Option<String> = None;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, markup) = rest.split_at(at);
        if !text.is_empty() && hidden.is_none() {
            tokens.push(Token::Text(text));
        }
        match read_markup(markup) {
            // A `<` that opens nothing up to the end: the rest is text, read once only.
            Markup::Unclosed => {
                rest = markup;
                break;
            }
            Markup::NoTag => {
                if hidden.is_none() {
                    tokens.push(Token::Text(&markup[..1]));
                }
                rest = &markup[1..];
            }
            Markup::Skipped(length) => rest = &markup[length..],
            Markup::Tag(tag, length) => {
                rest = &markup[length..];
                match &hidden {
                    Some(name) if tag.closes && tag.name == *name => hidden = None,
                    Some(_) => {}
                    None if is_hidden(&tag) => hidden = Some(tag.name),
                    None => tokens.push(Token::Tag(tag)),
                }
            }
        }
    }
    if !rest.is_empty() && hidden.is_none() {
        tokens.push(Token::Text(rest));
    }
    tokens
}

/// The words of a piece of HTML, elements that stand on lines of their own apart, and the
/// addresses of its links.
pub(crate) fn shown_text(html: &str) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut links = Vec::new();
    for token in tokens(html) {
        match token {
            Token::Text(piece) => text.push_str(&decode_entities(piece)),
            Token::Tag(tag) => {
                if !INLINE.contains(&tag.name.as_str()) {
                    text.push(' ');
                }
                if tag.name == "a" && !tag.closes {
                    links.extend(tag.attribute("href"));
                }
            }
        }
    }
    (text, links)
}

/// Elements that do not separate words.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
    "wbr",
];

/// Whether a block of HTML never ends what it begins, such as a comment. The parser goes on to the end of
/// the essay then, and a browser to the end of the page (CommonMark §4.6).
pub(crate) fn swallows_the_rest(html: &str) -> bool {
    const ENDS: &[(&str, &str)] = &[
        ("<!--", "-->"),
        ("<?", "?>"),
        ("<![CDATA[", "]]>"),
        ("<script", "</script"),
        ("<style", "</style"),
        ("<textarea", "</textarea"),
    ];
    let html = html.trim_start();
    let begins = |with: &str| {
        let found = html.get(..with.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(with))
    };
    let end = ENDS.iter().find(|(start, _)| begins(start));
    end.is_some_and(|(_, end)| {
        !html
            .to_ascii_lowercase()
            .contains(&end.to_ascii_lowercase())
    })
}

/// Whether a tag opens an element that is never shown.
pub(super) fn is_hidden(tag: &Tag<'_>) -> bool {
    !tag.closes && !VOID.contains(&tag.name.as_str()) && HIDDEN.contains(&tag.name.as_str())
}

/// Every tag of a piece of HTML with its offset, those of hidden elements too. What stands in a
/// comment is no tag.
pub(crate) fn all_tags(html: &str) -> Vec<(usize, Tag<'_>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = html[from..].find('<') {
        let start = from + at;
        from = match read_markup(&html[start..]) {
            Markup::Tag(tag, length) => {
                found.push((start, tag));
                start + length
            }
            Markup::Skipped(length) => start + length,
            Markup::NoTag => start + 1,
            Markup::Unclosed => break,
        };
    }
    found
}

pub(super) enum Markup<'a> {
    Tag(Tag<'a>, usize),
    /// A comment or a declaration of so many bytes.
    Skipped(usize),
    NoTag,
    Unclosed,
}

/// Reads what begins with `<`.
pub(super) fn read_markup(markup: &str) -> Markup<'_> {
    if let Some(comment) = markup.strip_prefix("<!--") {
        return match comment.find("-->") {
            Some(at) => Markup::Skipped(at + 7),
            None => Markup::Unclosed,
        };
    }
    if markup.starts_with("<!") || markup.starts_with("<?") {
        return match markup.find('>') {
            Some(at) => Markup::Skipped(at + 1),
            None => Markup::Unclosed,
        };
    }
    let closes = markup[1..].starts_with('/');
    let name_start = if closes { 2 } else { 1 };
    let name_length = markup[name_start..]
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(markup.len() - name_start);
    let name = &markup[name_start..name_start + name_length];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Markup::NoTag;
    }
    let Some(end) = tag_end(markup, name_start + name_length) else {
        return Markup::Unclosed;
    };
    let tag = Tag {
        name: name.to_ascii_lowercase(),
        closes,
        attributes: &markup[name_start + name_length..end],
        source: &markup[..=end],
    };
    Markup::Tag(tag, end + 1)
}

/// Where the `>` of a tag is; one inside quotes does not count.
fn tag_end(markup: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The single tag of an inline HTML event.
pub(super) fn single_tag(html: &str) -> Option<Tag<'_>> {
    match read_markup(html.starts_with('<').then_some(html)?) {
        Markup::Tag(tag, _) => Some(tag),
        _ => None,
    }
}

/// Whether an inline tag separates words.
pub(super) fn breaks_line(html: &str) -> bool {
    single_tag(html).is_some_and(|tag| tag.name == "br")
}

/// Replaces character references.
pub(crate) fn decode_entities(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 33; // the longest name in HTML's table, with `&` and `;`
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let end = reference
            .bytes()
            .take(LONGEST)
            .skip(1)
            .position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'#'))
            .map(|at| at + 1);
        match end {
            Some(end) if reference.as_bytes()[end] == b';' => {
                push_entity(&reference[..=end], &mut out);
                rest = &reference[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &reference[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn push_entity(reference: &str, out: &mut String) {
    match reference {
        "&amp;" => out.push('&'),
        "&lt;" => out.push('<'),
        "&gt;" => out.push('>'),
        "&quot;" => out.push('"'),
        "&nbsp;" => out.push('\u{A0}'),
        // The Markdown parser knows HTML's whole table.
        _ => {
            for event in Parser::new(reference) {
                if let Event::Text(text) = event {
                    out.push_str(&text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, decode_entities, single_tag, tokens};

    fn text(html: &str) -> String {
        tokens(html)
            .into_iter()
            .filter_map(|token| match token {
                Token::Text(text) => Some(text),
                Token::Tag(_) => None,
            })
            .collect()
    }

    #[test]
    fn scripts_styles_and_comments_have_no_text() {
        let html = "a<script>if (1 < 2) '</p>'</script>b<!-- <b>c</b> --><STYLE>p{}</style>d";
        assert_eq!(text(html), "abd");
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let tag = single_tag(r#"<a disabled HREF = 'x?a&amp;b' title="1 > 0" rel=me/>"#).unwrap();
        assert_eq!(tag.attribute("href").as_deref(), Some("x?a&b"));
        assert_eq!(tag.attribute("title").as_deref(), Some("1 > 0"));
        assert_eq!(tag.attribute("disabled").as_deref(), Some(""));
        assert_eq!(tag.attribute("alt"), None);
        assert_eq!(single_tag("<é>"), None);
        assert_eq!(single_tag("<a é=1>").unwrap().attribute("b"), None);
    }

    #[test]
    fn entities_become_characters() {
        assert_eq!(
            decode_entities("&eacute;&#228;&#x2014;&amp;lt; &no &"),
            "éä—&lt; &no &"
        );
    }

    #[test]
    fn hostile_html_is_read_in_linear_time() {
        for piece in [
            "<", "<a ", "<a \"", "<!--", "&", "&a", "<script>", "<b>", "</",
        ] {
            let html = piece.repeat(100_000);
            let _ = (tokens(&html), decode_entities(&html));
        }
    }
}
