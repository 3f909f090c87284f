//! Text as a feed can carry it: free of what XML forbids, titles on one line, authors never empty.

use super::{Entry, FeedInfo, Logo};
use crate::scan::has_byte;

/// Removes what XML 1.0 §2.2 forbids in any spelling, and the C1 controls that it discourages. One
/// such character makes the whole feed unreadable. A form feed or vertical tab separated words and
/// becomes a space.
pub fn clean_xml_text(text: &str) -> String {
    if !may_be_unclean(text) {
        return text.to_owned();
    }
    text.chars()
        .filter_map(|character| match character {
            '\t' | '\n' | '\r' => Some(character),
            '\u{B}' | '\u{C}' => Some(' '),
            '\u{FFFE}' | '\u{FFFF}' => None,
            _ => (!character.is_control()).then_some(character),
        })
        .collect()
}

/// Whether any byte may belong to a character that XML forbids: ASCII's controls, and the first byte
/// of the others in UTF-8. Most texts have none.
fn may_be_unclean(text: &str) -> bool {
    let is_suspect = |byte: u8| match byte {
        b'\t' | b'\n' | b'\r' => false,
        0x00..=0x1f | 0x7f | 0xc2 | 0xef => true,
        _ => false,
    };
    has_byte(text, is_suspect)
}

/// What a feed says about itself, clean.
pub(super) fn clean_info(info: &FeedInfo) -> FeedInfo {
    let title = clean_line(&info.title);
    let author = clean_line(&info.author);
    FeedInfo {
        id: clean_xml_text(&info.id),
        description: clean_line(&info.description),
        // A feed without an author is not valid Atom (RFC 4287 §4.1.1).
        author: if author.is_empty() {
            title.clone()
        } else {
            author
        },
        title,
        copyright: clean_line(&info.copyright),
        language: clean_line(&info.language),
        base_url: clean_xml_text(&info.base_url),
        folder: clean_xml_text(&info.folder),
        author_email: info.author_email.as_deref().map(clean_line),
        logo: info.logo.as_ref().map(|logo| Logo {
            url: clean_xml_text(&logo.url),
            ..*logo
        }),
        hubs: info.hubs.iter().map(|hub| clean_xml_text(hub)).collect(),
    }
}

/// An entry, clean; one without an author has that of the feed.
pub(super) fn clean_entry(entry: &Entry, author_of_feed: &str) -> Entry {
    let author = clean_line(&entry.author);
    Entry {
        id: clean_xml_text(&entry.id),
        title: clean_line(&entry.title),
        url: clean_xml_text(&entry.url),
        summary: clean_line(&entry.summary),
        content_html: clean_xml_text(&entry.content_html),
        published: entry.published,
        updated: entry.updated,
        author: if author.is_empty() {
            author_of_feed.to_owned()
        } else {
            author
        },
        tags: entry
            .tags
            .iter()
            .map(|tag| clean_line(tag))
            .filter(|tag| !tag.is_empty())
            .collect(),
        language: entry.language.as_deref().map(clean_line),
        image: entry.image.as_deref().map(clean_xml_text),
    }
}

/// Clean text on one line: some readers show a line feed in a title, others cut there.
fn clean_line(text: &str) -> String {
    clean_xml_text(text)
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Plain text as HTML or XML character data; also fit for a quoted attribute.
pub(super) fn escape_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_that_xml_forbids_survives() {
        let all: String = ('\u{0}'..='\u{FFFF}').collect();
        let clean = clean_xml_text(&all);
        assert!(clean.chars().all(|c| matches!(c, '\t' | '\n' | '\r')
            || ('\u{20}'..='\u{7E}').contains(&c)
            || ('\u{A0}'..='\u{FFFD}').contains(&c)));
        assert_eq!(clean_xml_text("a\u{C}b\u{0}c"), "a bc");
    }

    #[test]
    fn no_break_spaces_in_a_title_are_kept() {
        assert_eq!(clean_line(" 10\u{A0}am \n sharp"), "10\u{A0}am sharp");
    }
}
