//! Colours that the author wrote into HTML, seen by a reader in the dark.
//!
//! A mail program in dark mode turns the page dark and the ink light. A colour that was chosen
//! for white paper stays as it is written, so it must be read on both.

use super::contrast::Colour;
use super::html::is_for_the_web;
use super::reading::TagRead;
use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const DARK: Rule = Rule::warning(
    "dark-mode-colour",
    "a colour that cannot be read when the mail is shown dark",
);

pub(super) const RULES: &[Rule] = &[DARK];

/// Least contrast of large text (WCAG 2.2 §1.4.3).
const LEAST: f64 = 3.0;

/// Paper and ink of the built-in mail, by day and in the dark (`templates/email.html`).
const LIGHT_PAPER: Colour = Colour([0xFF, 0xFF, 0xFF]);
const LIGHT_INK: Colour = Colour([0x21, 0x1E, 0x1A]);
const DARK_PAPER: Colour = Colour([0x1B, 0x1A, 0x18]);
const DARK_INK: Colour = Colour([0xE9, 0xE4, 0xDB]);

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    if !galley.issue.mail {
        return;
    }
    for tag in galley.reading.tags.iter().filter(|tag| !tag.closes) {
        if is_for_the_web(galley, tag) {
            continue;
        }
        let problem = match (ink(tag), paper(tag)) {
            (Some(ink), Some(paper)) => fails(ink, paper).then(|| {
                DARK.found("the colour is hard to read on its background")
                    .hint("a contrast of 4.5 is read by everybody")
            }),
            (Some(ink), None) => on_both(|paper, _| fails(ink, paper)).map(|when| {
                DARK.found(format!("the colour is hard to read {when}"))
                    .hint(
                        "give it a `background-color` as well, or a colour between light and dark",
                    )
            }),
            (None, Some(paper)) => on_both(|_, ink| fails(ink, paper)).map(|when| {
                DARK.found(format!(
                    "the words are hard to read on this background {when}"
                ))
                .hint("give them a `color` as well")
            }),
            (None, None) => None,
        };
        found.extend(problem.map(|problem| galley.in_essay(problem, &tag.range)));
    }
}

fn fails(ink: Colour, paper: Colour) -> bool {
    ink.contrast(paper) < LEAST
}

fn on_both(fails: impl Fn(Colour, Colour) -> bool) -> Option<&'static str> {
    if fails(DARK_PAPER, DARK_INK) {
        Some("when the mail is shown dark")
    } else if fails(LIGHT_PAPER, LIGHT_INK) {
        Some("on white")
    } else {
        None
    }
}

fn ink(tag: &TagRead) -> Option<Colour> {
    style(tag, "color").or_else(|| match tag.name.as_str() {
        "font" => Colour::parse(tag.attribute("color")?),
        _ => None,
    })
}

fn paper(tag: &TagRead) -> Option<Colour> {
    style(tag, "background-color")
        .or_else(|| style(tag, "background"))
        .or_else(|| Colour::parse(tag.attribute("bgcolor")?))
}

/// The last one counts, as in CSS.
fn style(tag: &TagRead, wanted: &str) -> Option<Colour> {
    let style = tag.attribute("style")?;
    let mut values = style.split(';').filter_map(|declaration| {
        let (name, value) = declaration.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case(wanted)
            .then(|| Colour::parse(value))?
    });
    values.next_back()
}
