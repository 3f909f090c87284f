//! Letters: which texts can be set, how they are broken into lines, and how they are drawn.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use ab_glyph::{Font, FontRef, GlyphId, InvalidFont, PxScale};
use unicode_normalization::UnicodeNormalization;

use super::canvas::{Canvas, Colour, Stamp};

/// Sets text in one typeface. Letters are drawn once for each size and colour, and
/// kept.
pub(super) struct Lettering {
    font: FontRef<'static>,
    drawn: Mutex<HashMap<(GlyphId, u16, Colour), Arc<Drawn>>>,
}

/// A letter in one size and colour, and how it stands to its place on the line.
struct Drawn {
    left: i32,
    top: i32,
    stamp: Stamp,
}

/// A text in lines of one size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    /// In pixels.
    pub(super) size: u16,
    /// From the first.
    pub(super) lines: Vec<String>,
}

impl Lettering {
    pub(super) fn new() -> Result<Self, InvalidFont> {
        Ok(Self {
            font: FontRef::try_from_slice(dejavu::serif::bold())?,
            drawn: Mutex::new(HashMap::new()),
        })
    }

    /// The text as it can be set: composed, without what cannot be seen. `None` if the typeface
    /// lacks a character, or if letters would have to be put on others or set from the right.
    pub(super) fn settable(&self, text: &str) -> Option<String> {
        let text: String = text
            .nfc()
            .filter(|character| !is_invisible(*character))
            .map(|character| match character {
                '\t' | '\n' => ' ',
                other => other,
            })
            .collect();
        let fits = |character: char| {
            character == ' ' || !is_shaped(character) && self.font.glyph_id(character) != GlyphId(0)
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty() && text.chars().all(fits)).then_some(text)
    }

    /// Width of a text of size 1.
    fn unit_width(&self, text: &str) -> f32 {
        let mut width = 0.0;
        let mut previous = None;
        for character in text.chars() {
            let glyph = self.font.glyph_id(character);
            width += self.step(previous, glyph);
            previous = Some(glyph);
        }
        width
    }

    /// How far a letter moves the pen, in sizes.
    fn step(&self, previous: Option<GlyphId>, glyph: GlyphId) -> f32 {
        let kern = previous.map_or(0.0, |previous| self.font.kern_unscaled(previous, glyph));
        (kern + self.font.h_advance_unscaled(glyph)) / self.font.height_unscaled()
    }

    /// Width of a text in pixels.
    pub(super) fn width(&self, text: &str, size: u16) -> f32 {
        self.unit_width(text) * f32::from(size)
    }

    /// The text in the largest of `sizes` in which it has room in `width` and as many lines as go
    /// into `height`; in the last of them it is cut.
    pub(super) fn fit(&self, text: &str, sizes: &[u16], width: f32, height: f32) -> Lines {
        let words = self.words(text);
        let mut last = Lines {
            size: 0,
            lines: Vec::new(),
        };
        for size in sizes {
            let room = (height / line_height(*size)).floor().max(1.0) as usize;
            let width = width / f32::from(*size);
            if let Some(lines) = words.wrap(width).filter(|lines| lines.len() <= room) {
                return Lines {
                    size: *size,
                    lines: words.texts(&words.balanced(lines, width)),
                };
            }
            let mut lines = self.wrap_anywhere(text, width);
            if lines.len() > room {
                lines.truncate(room);
                if let Some(line) = lines.last_mut() {
                    self.cut(line, width);
                }
            }
            last = Lines { size: *size, lines };
        }
        last
    }

    fn words<'t>(&self, text: &'t str) -> Words<'t> {
        let words = text.split(' ');
        Words {
            words: words.map(|word| (word, self.unit_width(word))).collect(),
            space: self.unit_width(" "),
        }
    }

    /// Lines of at most a width (in sizes), wherever they break.
    fn wrap_anywhere(&self, text: &str, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        let mut previous = None;
        for character in text.chars() {
            let glyph = self.font.glyph_id(character);
            let step = self.step(previous, glyph);
            if used + step > width && used > 0.0 {
                lines.push(String::new());
                used = self.step(None, glyph);
            } else {
                used += step;
            }
            previous = Some(glyph);
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
        }
        lines.iter().map(|line| line.trim().to_owned()).collect()
    }

    /// Ends a line with an ellipsis that has room in a width.
    fn cut(&self, line: &mut String, width: f32) {
        let ellipsis = self.unit_width("…");
        while !line.is_empty() && self.unit_width(line) + ellipsis > width {
            line.pop();
        }
        line.truncate(line.trim_end_matches([' ', ',', '.', ':', ';']).len());
        line.push('…');
    }

    /// Draws a text on a line whose foot is at `y`, from `x` on.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        text: &str,
        size: u16,
        (x, y): (f32, f32),
        colour: Colour,
    ) {
        let mut previous = None;
        let mut pen = x;
        for character in text.chars() {
            let glyph = self.font.glyph_id(character);
            let start = pen + self.step(previous, glyph) * f32::from(size);
            if let Some(drawn) = self.letter(glyph, size, colour) {
                let advance = self.step(None, glyph) * f32::from(size);
                let left = (start - advance).round() as i32 + drawn.left;
                canvas.press(&drawn.stamp, left, y.round() as i32 + drawn.top);
            }
            pen = start;
            previous = Some(glyph);
        }
    }

    /// A letter, from those that were drawn before if it is one of them.
    fn letter(&self, glyph: GlyphId, size: u16, colour: Colour) -> Option<Arc<Drawn>> {
        let key = (glyph, size, colour);
        if let Ok(drawn) = self.drawn.lock()
            && let Some(drawn) = drawn.get(&key)
        {
            return Some(drawn.clone());
        }
        let scale = PxScale::from(f32::from(size));
        let outlined = self.font.outline_glyph(glyph.with_scale(scale))?;
        let bounds = outlined.px_bounds();
        let (width, height) = (bounds.width() as usize, bounds.height() as usize);
        let of_255 = colour.shades();
        let mut shades = vec![0; width * height];
        outlined.draw(|x, y, covered| {
            if let Some(pixel) = shades.get_mut(y as usize * width + x as usize) {
                *pixel = of_255[(covered.clamp(0.0, 1.0) * 255.0) as usize];
            }
        });
        let drawn = Arc::new(Drawn {
            left: bounds.min.x as i32,
            top: bounds.min.y as i32,
            stamp: Stamp::new(width, &shades),
        });
        if let Ok(mut known) = self.drawn.lock() {
            known.insert(key, drawn.clone());
        }
        Some(drawn)
    }
}

/// The words of a text and their widths, in sizes.
struct Words<'t> {
    words: Vec<(&'t str, f32)>,
    space: f32,
}

impl Words<'_> {
    /// Ranges of words that have room in lines of a width; `None` if a word alone has not.
    fn wrap(&self, width: f32) -> Option<Vec<Range<usize>>> {
        let mut lines: Vec<Range<usize>> = Vec::new();
        let mut used = f32::INFINITY;
        for (index, (_, word)) in self.words.iter().enumerate() {
            if *word > width {
                return None;
            }
            let longer = used + self.space + word;
            match lines.last_mut() {
                Some(line) if longer <= width => {
                    line.end = index + 1;
                    used = longer;
                }
                _ => {
                    lines.push(index..index + 1);
                    used = *word;
                }
            }
        }
        Some(lines)
    }

    /// As many lines, of lengths as even as they can be.
    fn balanced(&self, lines: Vec<Range<usize>>, width: f32) -> Vec<Range<usize>> {
        let count = lines.len();
        let (mut best, mut narrow, mut wide) = (lines, width / 2.0, width);
        for _ in 0..6 {
            let middle = f32::midpoint(narrow, wide);
            match self.wrap(middle).filter(|tried| tried.len() <= count) {
                Some(tried) => (best, wide) = (tried, middle),
                None => narrow = middle,
            }
        }
        best
    }

    fn texts(&self, lines: &[Range<usize>]) -> Vec<String> {
        let line = |range: &Range<usize>| {
            let words: Vec<&str> = self.words[range.clone()]
                .iter()
                .map(|(word, _)| *word)
                .collect();
            words.join(" ")
        };
        lines.iter().map(line).collect()
    }
}

/// From the foot of one line to that of the next.
pub(super) fn line_height(size: u16) -> f32 {
    f32::from(size) * 1.06
}

/// Characters that take no room: joiners, marks of direction, selectors of a form, soft hyphens.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Scripts that run from the right, and marks that belong above or below another letter.
fn is_shaped(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{590}'..='\u{8FF}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FB1D}'..='\u{FDFF}' | '\u{FE20}'..='\u{FE2F}' | '\u{FE70}'..='\u{FEFC}')
}
