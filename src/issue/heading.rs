//! The title that an essay's Markdown gives itself: its first `# heading`.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The text of the first heading of level 1 and its bytes in `markdown`.
pub(crate) fn first_heading(markdown: &str) -> Option<(String, Range<usize>)> {
    let events = Parser::new_ext(markdown, Options::ENABLE_HEADING_ATTRIBUTES).into_offset_iter();
    let mut nesting = 0_usize;
    let mut found: Option<(String, Range<usize>)> = None;
    for (event, range) in events {
        match event {
            // A heading inside a quotation or a list is not the essay's.
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1,
                ..
            }) if nesting == 0 => found = Some((String::new(), range)),
            Event::End(TagEnd::Heading(HeadingLevel::H1)) if found.is_some() => break,
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => nesting += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => nesting -= 1,
            Event::Text(text) | Event::Code(text) => {
                if let Some((title, _)) = &mut found {
                    title.push_str(&text);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((title, _)) = &mut found {
                    title.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}

/// `text` with the characters of `range` turned into spaces, line ends kept: every other byte
/// stays at its offset, so messages about the rest still point at the right place.
pub(crate) fn blanked(text: &str, range: Range<usize>) -> String {
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..range.start]);
    for byte in text[range.clone()].bytes() {
        out.push(if matches!(byte, b'\n' | b'\r') {
            char::from(byte)
        } else {
            ' '
        });
    }
    out.push_str(&text[range.end..]);
    out
}
