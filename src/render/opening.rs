//! The summary of an essay whose author gave none: its first paragraph.

use super::document::{Block, Definition, Document, Inline, words};
use super::raw_html::{Token, decode_entities, tokens};

/// The first paragraph as one line, at most so many characters.
const LONGEST: usize = 200;

/// What the author chose as the beginning may be longer.
const LONGEST_EXCERPT: usize = 600;

/// The words of all paragraphs of an excerpt, as one line. The opening where it has none.
pub(super) fn excerpt(document: &Document) -> String {
    let mut text = String::new();
    for block in &document.blocks {
        if let Block::Paragraph(content) = block {
            words(content, &mut text);
            text.push(' ');
        }
    }
    match one_line(&text) {
        text if text.is_empty() => opening(document),
        text => shorten(&text, LONGEST_EXCERPT),
    }
}

/// The first paragraph as one line of plain text, cut at a word and then ended by `…`. The first
/// words of any other kind where there is no paragraph; empty if there are no words.
pub(super) fn opening(document: &Document) -> String {
    let first = document
        .blocks
        .iter()
        .filter_map(|block| match block {
            // A link to a film says nothing about the essay.
            Block::Paragraph(content) if !matches!(content.as_slice(), [Inline::Video { .. }]) => {
                let mut text = String::new();
                words(content, &mut text);
                Some(one_line(&text))
            }
            _ => None,
        })
        .find(|text| !text.is_empty())
        .or_else(|| first_words(&document.blocks));
    shorten(&first.unwrap_or_default(), LONGEST)
}

/// The first words of the first block that has any; headings only if nothing else has.
fn first_words(blocks: &[Block]) -> Option<String> {
    let other_than_headings = blocks
        .iter()
        .filter(|block| !matches!(block, Block::Heading { .. }));
    let headings = blocks
        .iter()
        .filter(|block| matches!(block, Block::Heading { .. }));
    other_than_headings.chain(headings).find_map(words_of_block)
}

fn words_of_block(block: &Block) -> Option<String> {
    let mut text = String::new();
    match block {
        Block::Paragraph(content) | Block::Plain(content) | Block::Heading { content, .. } => {
            words(content, &mut text);
        }
        Block::Quote { blocks, .. } => return first_words(blocks),
        Block::List { items, .. } => {
            return items.iter().find_map(|item| first_words(&item.blocks));
        }
        Block::Definitions(definitions) => {
            return definitions.iter().find_map(|definition| match definition {
                Definition::Meaning(blocks) => first_words(blocks),
                Definition::Term(_) => None,
            });
        }
        Block::Html(html) => {
            for token in tokens(html) {
                match token {
                    Token::Text(words) => text.push_str(&decode_entities(words)),
                    Token::Tag(_) => text.push(' '),
                }
            }
        }
        Block::Table(_) | Block::Code { .. } | Block::Figure { .. } | Block::Rule => {}
    }
    Some(one_line(&text)).filter(|text| !text.is_empty())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str, longest: usize) -> String {
    let Some((limit, _)) = text.char_indices().nth(longest) else {
        return text.to_owned();
    };
    // One character is kept for the ellipsis.
    let room = text[..limit]
        .char_indices()
        .next_back()
        .map_or(0, |(at, _)| at);
    // A text without spaces is cut between two characters.
    let ends_word = text[room..].starts_with(' ');
    let cut = match text[..room].rfind(' ') {
        Some(space) if !ends_word => &text[..space],
        _ => &text[..room],
    };
    let cut = cut.trim_end_matches([' ', ',', ';', ':', '.', '–', '—', '-']);
    format!("{cut}…")
}
