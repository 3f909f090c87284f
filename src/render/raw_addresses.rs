//! Addresses in the author's own HTML: where they stand, and the HTML with other ones.

use std::ops::Range;

use super::html::escape_attribute;
use super::raw_html::{Attribute, Markup, Tag, decode_entities, read_markup};

/// Elements whose content is no HTML (HTML §13.1.2).
const RAW_TEXT: [&str; 4] = ["script", "style", "textarea", "title"];

/// An address in the author's own HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawAddress {
    /// Its character references decoded.
    pub(super) address: String,
    /// Where it stands in the HTML, in bytes.
    pub(super) range: Range<usize>,
    /// Whether the page shows it, or only leads to it.
    pub(super) is_shown: bool,
}

/// The addresses in the tags of `html`, in their order.
pub(super) fn addresses(html: &str) -> Vec<RawAddress> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = html[at..].find('<') {
        at += open;
        match read_markup(&html[at..]) {
            Markup::Unclosed => break,
            Markup::NoTag => at += 1,
            Markup::Skipped(length) => at += length,
            Markup::Tag(tag, length) => {
                for attribute in tag.attributes() {
                    push(&attribute, at, &mut found);
                }
                at += length + raw_text(&tag, &html[at + length..]);
            }
        }
    }
    found
}

/// `html` with other addresses where `replaced` knows one.
pub(super) fn with_addresses(
    html: &str,
    replaced: impl Fn(&RawAddress) -> Option<String>,
) -> String {
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    for found in addresses(html) {
        if let Some(address) = replaced(&found) {
            out.push_str(&html[from..found.range.start]);
            escape_attribute(&address, &mut out);
            from = found.range.end;
        }
    }
    out.push_str(&html[from..]);
    out
}

/// Length of the content behind a tag that is not to be read.
fn raw_text(tag: &Tag<'_>, behind: &str) -> usize {
    if tag.closes || !RAW_TEXT.contains(&tag.name.as_str()) {
        return 0;
    }
    let name = tag.name.as_bytes();
    let mut ends = behind.match_indices("</").map(|(at, _)| at);
    let end = ends.find(|at| {
        let written = behind.as_bytes().get(at + 2..at + 2 + name.len());
        written.is_some_and(|written| written.eq_ignore_ascii_case(name))
    });
    end.unwrap_or(behind.len())
}

fn push(attribute: &Attribute<'_>, tag: usize, found: &mut Vec<RawAddress>) {
    let start = tag + attribute.offset;
    let mut add = |text: &str, at: usize, is_shown: bool| {
        found.push(RawAddress {
            address: decode_entities(text).into_owned(),
            range: start + at..start + at + text.len(),
            is_shown,
        });
    };
    match attribute.name.to_ascii_lowercase().as_str() {
        "src" | "poster" => add(attribute.value, 0, true),
        "href" => add(attribute.value, 0, false),
        "srcset" => {
            // Candidates between commas; of each the first word is the address (HTML §4.8.4.2.1).
            let mut at = 0;
            for candidate in attribute.value.split_inclusive(',') {
                let spaces = candidate.len() - candidate.trim_start().len();
                let word = candidate.trim_start().trim_end_matches(',');
                let word = word.split_whitespace().next().unwrap_or_default();
                if !word.is_empty() {
                    add(word, at + spaces, true);
                }
                at += candidate.len();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_where_they_are_said_to() {
        let html = "<p class='x' >a <IMG alt=\"src=no\" SRC = 'a b.png'><a href=c&amp;d.pdf />x</a>\
            <video poster=\"e.jpg\"><source src=f.mp4 ></video><img srcset=\"g.png 1x, h.png\t2x\" src>";
        let found: Vec<(&str, bool)> = addresses(html)
            .iter()
            .map(|one| (&html[one.range.clone()], one.is_shown))
            .collect();
        let expected = [
            ("a b.png", true),
            ("c&amp;d.pdf", false),
            ("e.jpg", true),
            ("f.mp4", true),
            ("g.png", true),
            ("h.png", true),
            ("", true),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn scripts_styles_and_comments_are_no_tags() {
        let html = "<script>'<img src=a.png>'</script><style>x{}</style><!-- <img src=b.png> --><img src=c.png>";
        let replaced = with_addresses(html, |found| Some(format!("<{}\">", found.address)));
        assert_eq!(
            replaced,
            html.replace("src=c.png", "src=&lt;c.png&quot;&gt;")
        );
    }

    #[test]
    fn html_without_an_address_of_ours_stays_byte_for_byte() {
        for html in [
            "<",
            "<a",
            "<a href",
            "<a href=\"",
            "a < b",
            "<p =x src='y>",
            "<img src=x",
        ] {
            assert_eq!(with_addresses(html, |_| None), html);
        }
    }
}
