//! Takes HTML apart as far as its copies need it: tags with their attributes, stylesheets, and
//! everything else. What is put together again without a change has the same bytes.

use std::borrow::Cow;
use std::fmt;

/// A part of a document.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Text, comments, declarations.
    Text(&'a str),
    /// What stands between `<style>` and `</style>`.
    Style(&'a str),
    /// A tag, as it is written and taken apart.
    Tag(&'a str, Tag<'a>),
}

/// A start or end tag.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// In lower case.
    pub(super) name: String,
    /// `</p>`.
    pub(super) is_end: bool,
    written_name: &'a str,
    attributes: Vec<Attribute<'a>>,
    /// What follows the last attribute, without the `>`.
    tail: &'a str,
}

#[derive(Debug)]
struct Attribute<'a> {
    /// Lower case.
    name: String,
    /// With the space before it.
    written: Cow<'a, str>,
    /// Between the quotes, character references as they are.
    value: Option<&'a str>,
}

impl Tag<'_> {
    /// The value of an attribute, as text.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let attribute = self.attributes.iter().find(|one| one.name == name)?;
        attribute.value.map(unescaped)
    }

    /// Sets an attribute; a new one stands behind the others.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let written = Cow::Owned(format!(" {name}=\"{}\"", escaped(value)));
        match self.attributes.iter_mut().find(|one| one.name == name) {
            Some(attribute) => attribute.written = written,
            None => self.attributes.push(Attribute {
                name: name.to_owned(),
                written,
                value: None,
            }),
        }
    }

    /// Takes an attribute away.
    pub(super) fn remove(&mut self, name: &str) {
        self.attributes.retain(|one| one.name != name);
    }
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_end { "</" } else { "<" })?;
        f.write_str(self.written_name)?;
        for attribute in &self.attributes {
            f.write_str(&attribute.written)?;
        }
        write!(f, "{}>", self.tail)
    }
}

/// Text as an attribute's value between double quotes.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The text of what [`escaped`] and the template engine write.
pub(super) fn unescaped(written: &str) -> String {
    const NAMED: [(&str, &str); 8] = [
        ("lt;", "<"),
        ("gt;", ">"),
        ("quot;", "\""),
        ("apos;", "'"),
        ("nbsp;", "\u{A0}"),
        ("middot;", "·"),
        ("zwnj;", "\u{200C}"),
        ("amp;", "&"),
    ];
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some((name, text)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
            out.push_str(text);
            rest = &rest[name.len()..];
        } else if let Some((character, after)) = numbered(rest) {
            out.push(character);
            rest = after;
        } else {
            out.push('&');
        }
    }
    out.push_str(rest);
    out
}

/// `#39;` or `#x27;` and what stands behind it.
fn numbered(rest: &str) -> Option<(char, &str)> {
    let (number, after) = rest.strip_prefix('#')?.split_once(';')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((char::from_u32(code)?, after))
}

/// Takes a document apart, in its order.
pub(super) fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
            rest = &rest[at..];
        }
        if let Some(end) = comment_end(rest) {
            pieces.push(Piece::Text(&rest[..end]));
            rest = &rest[end..];
            continue;
        }
        let Some((written, tag)) = read_tag(rest) else {
            // No tag begins here: a `<` of the text.
            pieces.push(Piece::Text(&rest[..1]));
            rest = &rest[1..];
            continue;
        };
        rest = &rest[written.len()..];
        let is_style = tag.name == "style" && !tag.is_end;
        pieces.push(Piece::Tag(written, tag));
        if is_style {
            let end = find_ignoring_case(rest, "</style").unwrap_or(rest.len());
            pieces.push(Piece::Style(&rest[..end]));
            rest = &rest[end..];
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Where a comment or a declaration ends that stands at the start.
fn comment_end(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return Some(text.find("-->").map_or(text.len(), |at| at + 3));
    }
    if text.starts_with("<!") || text.starts_with("<?") {
        return Some(text.find('>').map_or(text.len(), |at| at + 1));
    }
    None
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes()
        .windows(word.len())
        .position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The tag at the start of a text.
fn read_tag(text: &str) -> Option<(&str, Tag<'_>)> {
    let is_end = text.starts_with("</");
    let name_at = if is_end { 2 } else { 1 };
    let name_end = text[name_at..]
        .find(|character: char| character.is_whitespace() || matches!(character, '>' | '/'))
        .map(|end| name_at + end)?;
    let written_name = &text[name_at..name_end];
    if !written_name.starts_with(|character: char| character.is_ascii_alphabetic()) {
        return None;
    }
    let mut attributes = Vec::new();
    let mut at = name_end;
    while let Some((attribute, length)) = read_attribute(&text[at..]) {
        attributes.push(attribute);
        at += length;
    }
    let end = at + text[at..].find('>')?;
    let tag = Tag {
        name: written_name.to_ascii_lowercase(),
        is_end,
        written_name,
        attributes,
        tail: &text[at..end],
    };
    Some((&text[..=end], tag))
}

/// The attribute at the start of a text, behind space or slashes, and how long it is.
fn read_attribute(text: &str) -> Option<(Attribute<'_>, usize)> {
    let name_at = text.find(|c: char| !c.is_whitespace() && c != '/')?;
    let is_name_end = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/');
    let name_end = name_at + text[name_at..].find(is_name_end)?;
    if name_end == name_at {
        return None;
    }
    let name = text[name_at..name_end].to_ascii_lowercase();
    let behind = &text[name_end..];
    let trimmed = behind.trim_start();
    let Some(value_text) = trimmed.strip_prefix('=').map(str::trim_start) else {
        let written = Cow::Borrowed(&text[..name_end]);
        return Some((
            Attribute {
                name,
                written,
                value: None,
            },
            name_end,
        ));
    };
    let value_at = text.len() - value_text.len();
    let (value, end) = if let Some(quote @ ('"' | '\'')) = value_text.chars().next() {
        let length = value_text[1..].find(quote)?;
        (&value_text[1..=length], value_at + length + 2)
    } else {
        let length = value_text.find(|c: char| c.is_whitespace() || c == '>')?;
        (&value_text[..length], value_at + length)
    };
    let attribute = Attribute {
        name,
        written: Cow::Borrowed(&text[..end]),
        value: Some(value),
    };
    Some((attribute, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(html: &str) -> String {
        let written = |piece: Piece<'_>| match piece {
            Piece::Text(text) | Piece::Style(text) => text.to_owned(),
            Piece::Tag(_, tag) => tag.to_string(),
        };
        pieces(html).into_iter().map(written).collect()
    }

    #[test]
    fn what_is_taken_apart_goes_together_again() {
        for html in [
            "<!DOCTYPE html><p class='a' id=b hidden>1 < 2 &amp; <br/>x</p  >",
            "<a href = \"x>y\" title=''>z</a><style>a{b:c}</STYLE>",
            "<!--[if mso]><table><![endif]--><p",
            "<style>never ends",
            "< p><1><a href=\"",
            "<é><a é=ü>",
            "<",
        ] {
            assert_eq!(together(html), html);
        }
    }

    #[test]
    fn values_are_text() {
        let html = "<a HREF='a&amp;b&#39;&#x22;&copy;'>";
        let tag = pieces(html).into_iter().find_map(|piece| match piece {
            Piece::Tag(_, tag) => Some(tag),
            _ => None,
        });
        assert_eq!(tag.unwrap().value("href").unwrap(), "a&b'\"&copy;");
    }
}
