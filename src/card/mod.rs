//! Social cards: the picture that goes with a link to a page, drawn with the publication's name, an
//! issue's title and its date.
//!
//! Same text, same bytes, on every machine. What the bundled typeface cannot write is left out: an
//! issue whose title it lacks gets the card of the publication, and a publication whose title it
//! lacks an envelope without words.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "places and colours of a picture of 1200 by 630 pixels"
)]

mod canvas;
mod lettering;
mod shapes;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::Serialize;

use crate::archive::hashed_path;
use canvas::{Canvas, HEIGHT, INK, MARK, SOFT, WIDTH};
use lettering::{Lettering, Lines, line_height};

/// Changes with every change to how cards are drawn, so that a card which looks otherwise has
/// another address. A test compares a drawn card with one that was looked at.
const DRAWING: &str = "2";

/// Width and height of every card in pixels, as those who show links ask for.
pub const SIZE: (u32, u32) = (WIDTH, HEIGHT);

/// From the left and right edges to the text.
const MARGIN: f32 = 84.0;

/// Sizes of a title, from the largest.
const TITLE_SIZES: [u16; 7] = [116, 104, 92, 80, 70, 60, 52];

/// Where the middle of the postmark is, and how far it reaches.
const POSTMARK: (f32, f32) = (1040.0, 128.0);
const POSTMARK_RADIUS: f32 = 72.0;

/// What stands on a card: only text that can be written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum Card {
    /// An issue.
    Issue {
        /// Title of the publication, unless it cannot be written.
        publication: Option<String>,
        /// Title of the issue.
        title: String,
        /// Its date in words, unless they cannot be written.
        date: Option<String>,
        /// The same in the postmark: month, day and year.
        postmark: Option<[String; 3]>,
    },
    /// The publication.
    Publication {
        /// Its title.
        title: String,
        /// Its author, unless the name cannot be written.
        author: Option<String>,
    },
    /// An envelope without words.
    Envelope,
}

impl Card {
    /// The card of a publication.
    pub fn of_publication(title: &str, author: &str) -> Self {
        match settable(title) {
            Some(title) => Self::Publication {
                title,
                author: settable(author),
            },
            None => Self::Envelope,
        }
    }

    /// The card of an issue; `None` if its title cannot be written. `postmark` is month, day and year.
    pub fn of_issue(
        publication: &str,
        title: &str,
        date: &str,
        postmark: [&str; 3],
    ) -> Option<Self> {
        let [month, day, year] = postmark.map(settable);
        Some(Self::Issue {
            publication: settable(publication),
            title: settable(title)?,
            date: settable(date),
            postmark: month.zip(day).zip(year).map(|((m, d), y)| [m, d, y]),
        })
    }

    /// Where it is published: another text, another place.
    pub fn path(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        hashed_path("card", "png", format!("{DRAWING} {text}").as_bytes())
    }

    /// Draws it, as PNG.
    pub fn png(&self) -> Vec<u8> {
        let Some(tools) = &*TOOLS else {
            return Vec::new();
        };
        let grounds = &*GROUNDS;
        let mut canvas = match self {
            Self::Envelope => grounds.edge.clone(),
            Self::Issue { .. } | Self::Publication { .. } => grounds.postmarked.clone(),
        };
        match self {
            Self::Issue {
                publication,
                title,
                date,
                postmark,
            } => {
                tools.issue(&mut canvas, publication.as_deref(), title, date.as_deref());
                if let Some(date) = postmark {
                    tools.date_in_postmark(&mut canvas, date);
                }
            }
            Self::Publication { title, author } => {
                tools.publication(&mut canvas, title, author.as_deref());
            }
            Self::Envelope => shapes::envelope(&mut canvas),
        }
        // Writing into memory has no way to fail.
        canvas.png().unwrap_or_default()
    }
}

fn settable(text: &str) -> Option<String> {
    TOOLS.as_ref()?.lettering.settable(text)
}

/// What all cards share.
static TOOLS: LazyLock<Option<Tools>> = LazyLock::new(Tools::new);

struct Tools {
    lettering: Lettering,
}

/// What all cards are drawn on. Most builds draw none.
static GROUNDS: LazyLock<Grounds> = LazyLock::new(Grounds::new);

struct Grounds {
    /// Paper with a striped edge.
    edge: Canvas,
    /// The same with a postmark.
    postmarked: Canvas,
}

impl Grounds {
    fn new() -> Self {
        let mut edge = Canvas::new();
        shapes::air_mail_edge(&mut edge);
        let mut postmarked = edge.clone();
        shapes::postmark(&mut postmarked, POSTMARK, POSTMARK_RADIUS);
        Self { edge, postmarked }
    }
}

impl Tools {
    /// `None` only if the typeface that the program brings along cannot be read.
    fn new() -> Option<Self> {
        let lettering = Lettering::new().ok()?;
        Some(Self { lettering })
    }

    fn issue(
        &self,
        canvas: &mut Canvas,
        publication: Option<&str>,
        title: &str,
        date: Option<&str>,
    ) {
        if let Some(publication) = publication {
            self.small(canvas, publication, 142.0, MARK);
        }
        self.title(canvas, title);
        if let Some(date) = date {
            self.small(canvas, date, 566.0, SOFT);
        }
    }

    fn publication(&self, canvas: &mut Canvas, title: &str, author: Option<&str>) {
        self.title(canvas, title);
        if let Some(author) = author {
            self.small(canvas, author, 566.0, SOFT);
        }
        // Without a date, its initial.
        if let Some(initial) = title.chars().find(|first| first.is_alphanumeric()) {
            let initial = initial.to_uppercase().to_string();
            self.in_postmark(canvas, &initial, 64, 24.0);
        }
    }

    /// Month above, day in the middle, year below.
    fn date_in_postmark(&self, canvas: &mut Canvas, [month, day, year]: &[String; 3]) {
        self.in_postmark(canvas, &month.to_uppercase(), 22, -24.0);
        self.in_postmark(canvas, day, 50, 18.0);
        self.in_postmark(canvas, year, 22, 42.0);
    }

    /// A line in the middle of the postmark, its foot so far below that, if it has room there.
    fn in_postmark(&self, canvas: &mut Canvas, text: &str, size: u16, below: f32) {
        let (x, y) = POSTMARK;
        let width = self.lettering.width(text, size);
        if width < POSTMARK_RADIUS * 1.5 {
            let place = (x - width / 2.0, y + below);
            self.lettering.draw(canvas, text, size, place, MARK);
        }
    }

    /// The large text, its middle a little below that of the card.
    fn title(&self, canvas: &mut Canvas, title: &str) {
        let width = WIDTH as f32 - 2.0 * MARGIN;
        let Lines { size, lines } = self.lettering.fit(title, &TITLE_SIZES, width, 320.0);
        let height = line_height(size) * lines.len() as f32;
        let mut foot = 356.0 - height / 2.0 + line_height(size) * 0.74;
        for line in &lines {
            let place = (MARGIN, foot);
            self.lettering.draw(canvas, line, size, place, INK);
            foot += line_height(size);
        }
    }

    /// One line beside the postmark or below the title.
    fn small(&self, canvas: &mut Canvas, text: &str, foot: f32, colour: canvas::Colour) {
        let fitted = self.lettering.fit(text, &[40, 34, 28], 720.0, 40.0);
        if let [line, ..] = fitted.lines.as_slice() {
            let place = (MARGIN, foot);
            self.lettering
                .draw(canvas, line, fitted.size, place, colour);
        }
    }
}
