//! Every ink is readable on its paper, by day and by night.

use crate::render::layout::BUILT_IN;

/// The kinds of code that have a colour.
const CODE: &[&str] = &[
    "comment",
    "keyword",
    "string",
    "constant",
    "function",
    "type",
    "insertion",
    "deletion",
];

fn source(name: &str) -> &'static str {
    BUILT_IN.iter().find(|(file, _)| *file == name).unwrap().1
}

/// WCAG 2.2 §1.4.3: 4.5 to 1.
fn assert_readable(ink: &str, paper: &str) {
    let contrast = (luminance(paper) + 0.05) / (luminance(ink) + 0.05);
    let contrast = contrast.max(1.0 / contrast);
    assert!(contrast >= 4.5, "{ink} on {paper}: {contrast:.1}");
}

#[test]
fn every_ink_is_readable_on_its_paper() {
    let all = [source("email.html"), source("essay.css")].concat();
    for (paper, inks) in [
        ("#ffffff", &["#211e1a", "#6b645a", "#9a3412"][..]),
        ("#f4f1ea", &["#292524", "#9a3412"]),
        ("#1b1a18", &["#e9e4db", "#aaa296", "#f2a97f"]),
        ("#2a2825", &["#e9e4db"]),
    ] {
        assert!(all.contains(paper), "{paper} is not used any more");
        for ink in inks {
            assert!(all.contains(ink), "{ink} is not used any more");
            assert_readable(ink, paper);
        }
    }
}

/// The first colour behind a piece of a stylesheet.
fn colour_behind<'a>(css: &'a str, piece: &str) -> &'a str {
    let at = css.find(piece).unwrap_or_else(|| panic!("no {piece:?}"));
    let rest = &css[at..];
    let hash = rest.find('#').unwrap();
    &rest[hash..hash + 7]
}

#[test]
fn code_in_colour_is_readable_in_the_mail() {
    let (css, html) = (source("essay.css"), source("email.html"));
    let (_, night) = html.split_once("prefers-color-scheme: dark").unwrap();
    let (day_paper, night_paper) = ("#f4f1ea", "#2a2825");
    assert!(css.contains(day_paper) && night.contains(night_paper));
    for kind in CODE {
        let class = format!(".hl-{kind} ");
        assert_readable(colour_behind(css, &class), day_paper);
        assert_readable(colour_behind(night, &class), night_paper);
    }
}

#[test]
fn code_in_colour_is_readable_on_the_web() {
    let css = source("web.css");
    let (day, night) = css.split_once("prefers-color-scheme: dark").unwrap();
    for kind in CODE {
        assert!(css.contains(&format!(".hl-{kind} {{ color: var(--code-{kind})")));
        for palette in [day, night] {
            let ink = colour_behind(palette, &format!("--code-{kind}:"));
            assert_readable(ink, colour_behind(palette, "--paper-shade:"));
        }
    }
}

fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}
