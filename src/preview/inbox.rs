//! What the list of an inbox shows of a mail behind its subject: the first words that stand in it.

use super::tag::{Piece, pieces, unescaped};

/// How much is told, in characters; no inbox shows more.
const LONGEST: usize = 160;

/// The first visible words of a mail's HTML, on one line.
pub fn first_words(html: &str) -> String {
    let mut words = String::new();
    let mut in_head = false;
    for piece in pieces(html) {
        match piece {
            Piece::Tag(_, tag) if tag.name == "head" => in_head = !tag.is_end,
            // Cells and paragraphs stand apart.
            Piece::Tag(_, tag) if !is_inline(&tag.name) => words.push(' '),
            Piece::Text(text) if !in_head && !text.starts_with("<!") => {
                words.push_str(&unescaped(text));
            }
            _ => {}
        }
        if words.len() > 8 * LONGEST {
            break;
        }
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

fn is_inline(name: &str) -> bool {
    const INLINE: [&str; 10] = [
        "a", "b", "code", "em", "i", "s", "span", "strong", "sub", "sup",
    ];
    INLINE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_are_those_that_a_reader_sees_first() {
        let html = "<!DOCTYPE html><html><head><title>No</title><style>p{}</style></head><body><!--[if mso]>no<![endif]--><td>The <em>sum</em>mary &amp; more</td><td>Title</td></body>";
        assert_eq!(first_words(html), "The summary & more Title");
    }
}
