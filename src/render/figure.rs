//! Paragraphs that are more than words: a picture alone with its caption, and the bare address of a
//! film.

use pulldown_cmark::{Event, Options, Parser};

use super::document::{Block, Inline, Target};
use super::inlines::Inlines;
use super::links::Links;
use super::quotes::{QuoteMarks, Quotes};
use super::video::is_video;

/// The block that the content of a paragraph makes.
pub(super) fn paragraph(mut content: Vec<Inline>, links: &Links, quotes: Quotes<'_>) -> Block {
    if let [only] = content.as_mut_slice() {
        if let Some(title) = title_of(only).filter(|title| !title.is_empty()) {
            let caption = caption(&std::mem::take(title), links, quotes);
            let picture = content.remove(0);
            return Block::Figure { picture, caption };
        }
        if let Some(film) = bare_film(only) {
            *only = film;
        }
    }
    Block::Paragraph(content)
}

/// The title of a picture, or of the only picture in a link.
fn title_of(inline: &mut Inline) -> Option<&mut String> {
    match inline {
        Inline::Image { title, .. } | Inline::Video { title, .. } => Some(title),
        Inline::Link { content, .. } => match content.as_mut_slice() {
            [Inline::Image { title, .. }] => Some(title),
            _ => None,
        },
        _ => None,
    }
}

/// A title as the words of a caption: CommonMark makes it plain text, so only the punctuation is
/// set, and addresses become links.
fn caption(title: &str, links: &Links, quotes: Quotes<'_>) -> Vec<Inline> {
    // What could be Markdown is escaped; so is a first bracket, behind which no line is special.
    let mut source = "\\( ".to_owned();
    for character in title
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        if character.is_ascii_punctuation() && !matches!(character, '\'' | '"' | '-' | '.') {
            source.push('\\');
        }
        source.push(character);
    }
    let mut shown = String::new();
    let mut marks = QuoteMarks::new(quotes);
    let events = Parser::new_ext(&source, Options::ENABLE_SMART_PUNCTUATION).into_offset_iter();
    for (event, range) in events {
        if let Event::Text(text) = event {
            let mark = marks.set(&text, &shown, (&source, range.start));
            shown.push_str(mark);
        }
    }
    let mut inlines = Inlines::new("", links, quotes);
    inlines.text(shown.strip_prefix("( ").unwrap_or(&shown), 0..0);
    inlines.take()
}

/// A film by its address alone: `https://youtu.be/abc`.
fn bare_film(inline: &Inline) -> Option<Inline> {
    let Inline::Link {
        target: Target::Url(url),
        title,
        content,
    } = inline
    else {
        return None;
    };
    let [Inline::Text(shown)] = content.as_slice() else {
        return None;
    };
    let is_bare = shown.contains("://") || shown.starts_with("www.");
    (is_bare && is_video(url)).then(|| Inline::Video {
        url: url.clone(),
        name: shown.clone(),
        title: title.clone(),
    })
}
