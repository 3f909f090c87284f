//! To which files an essay refers: found without rendering it, since a page can be written only
//! when it is known where they will be.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::parse::options;
use super::raw_addresses::addresses;
use super::without_controls;

/// An address in an essay, as written, that a file of the folder may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// As written, with the escapes of Markdown and HTML undone.
    pub address: String,
    /// Where it stands in the Markdown, in bytes.
    pub range: Range<usize>,
    /// Whether the page shows it (a picture) or leads to it (a link).
    pub is_shown: bool,
}

/// The references of an essay that carry no scheme, in their order; each address once as what is
/// shown and once as a link.
pub fn references(markdown: &str) -> Vec<Reference> {
    if !may_refer(markdown) {
        return Vec::new();
    }
    let mut found = Found {
        markdown,
        known: HashSet::new(),
        references: Vec::new(),
    };
    // A block of HTML comes line by line, and a tag may have several.
    let mut block: Option<(String, Range<usize>)> = None;
    for (event, range) in Parser::new_ext(markdown, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => found.add(&dest_url, range, true),
            Event::Start(Tag::Link { dest_url, .. }) => found.add(&dest_url, range, false),
            Event::Start(Tag::HtmlBlock) => block = Some((String::new(), range)),
            Event::End(TagEnd::HtmlBlock) => {
                if let Some((html, range)) = block.take() {
                    found.add_html(&html, &range);
                }
            }
            Event::Html(html) => match &mut block {
                Some((text, _)) => text.push_str(&html),
                None => found.add_html(&html, &range),
            },
            Event::InlineHtml(html) => found.add_html(&html, &range),
            _ => {}
        }
    }
    found.references
}

/// Whether there is anything to look for: an image, a link or a tag needs one of these.
fn may_refer(markdown: &str) -> bool {
    memchr::memchr3(b'[', b'<', b'!', markdown.as_bytes()).is_some()
}

struct Found<'a> {
    markdown: &'a str,
    known: HashSet<(String, bool)>,
    references: Vec<Reference>,
}

impl Found<'_> {
    /// `around` is where the whole image, link or tag stands.
    fn add(&mut self, address: &str, around: Range<usize>, is_shown: bool) {
        let address = without_controls(address);
        if has_scheme(&address) || !self.known.insert((address.to_string(), is_shown)) {
            return;
        }
        // The address itself, if it is written there as it is read.
        let place = self.markdown[around.clone()].rfind(&*address);
        let range = place
            .filter(|_| !address.is_empty())
            .map_or(around.clone(), |at| {
                around.start + at..around.start + at + address.len()
            });
        self.references.push(Reference {
            address: address.into_owned(),
            range,
            is_shown,
        });
    }

    fn add_html(&mut self, html: &str, around: &Range<usize>) {
        for found in addresses(html) {
            self.add(&found.address, around.clone(), found.is_shown);
        }
    }
}

/// RFC 3986 §3.1, and addresses that name another host (`//`) or the page itself.
fn has_scheme(address: &str) -> bool {
    let address = address.trim();
    if address.is_empty() || address.starts_with(['#', '?']) || address.starts_with("//") {
        return true;
    }
    let name = address
        .split([':', '/', '?', '#'])
        .next()
        .unwrap_or_default();
    address[name.len()..].starts_with(':')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(markdown: &str) -> Vec<(String, bool)> {
        let found = references(markdown);
        for reference in &found {
            let written = &markdown[reference.range.clone()];
            assert!(written.contains(&reference.address), "{written}");
        }
        let pairs = found.into_iter();
        pairs.map(|one| (one.address, one.is_shown)).collect()
    }

    #[test]
    fn pictures_links_and_the_authors_own_tags_refer_to_files() {
        let markdown = "![a](one.jpg \"t\") [b](two.pdf#p=2)\n\n![c][r] <img src='three four.png'>\n\n\
            <video poster=\"five.png\" src=six.mp4></video>\n\n[r]: <in side/seven.gif>\n";
        assert_eq!(
            references(markdown)
                .iter()
                .map(|one| one.address.as_str())
                .collect::<Vec<_>>(),
            [
                "one.jpg",
                "two.pdf#p=2",
                "in side/seven.gif",
                "three four.png",
                "five.png",
                "six.mp4"
            ]
        );
    }

    #[test]
    fn what_stands_in_code_or_has_a_scheme_refers_to_none() {
        let markdown = "`![a](b.png)` [x](https://example.org) [y](mailto:a@example.org) [z](#top) \
            ![](//example.org/a.png) [](<>) [q](?a)\n\n    ![c](d.png)\n\n<!-- ![e](f.png) -->\n";
        assert_eq!(shown(markdown), []);
    }

    #[test]
    fn an_address_is_told_once_and_where_it_stands() {
        let markdown = "![a](a.png) ![a](a.png) [a](a.png)";
        let expected = [("a.png".to_owned(), true), ("a.png".to_owned(), false)];
        assert_eq!(shown(markdown), expected);
        assert_eq!(references(markdown)[0].range, 5..10);
    }
}
