//! Every ink is readable on its paper, by day and by night.

use crate::render::layout::BUILT_IN;
use crate::render::themes::{THEMES, Theme};

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

/// The colour behind the last of these pieces in a stylesheet: the one that wins.
fn colour_behind<'a>(css: &'a str, piece: &str) -> &'a str {
    let at = css.rfind(piece).unwrap_or_else(|| panic!("no {piece:?}"));
    let rest = &css[at..];
    let hash = rest.find('#').unwrap();
    &rest[hash..hash + 7]
}

/// A file of a theme.
fn of_theme(theme: &Theme, name: &str) -> &'static str {
    let file = theme.files.iter().find(|(file, _)| *file == name);
    file.unwrap_or_else(|| panic!("{} has no {name}", theme.name))
        .1
}

#[test]
fn code_in_colour_is_readable_in_the_mail_of_each_theme() {
    for theme in THEMES {
        let (css, html) = (of_theme(theme, "essay.css"), of_theme(theme, "email.html"));
        let (_, night) = html.split_once("prefers-color-scheme: dark").unwrap();
        let (night, outlook) = night.split_once("[data-ogsb]").unwrap();
        let (_, block) = css.rsplit_once("\npre {").unwrap();
        let day_paper = colour_behind(block.lines().next().unwrap(), "background-color:");
        let night_paper = colour_behind(night, ".essay pre, .alert { background-color:");
        assert_eq!(
            night_paper,
            colour_behind(outlook, ".essay pre, [data-ogsb] .alert")
        );
        for kind in CODE {
            let class = format!(".hl-{kind} ");
            assert_readable(colour_behind(css, &class), day_paper);
            assert_readable(colour_behind(night, &class), night_paper);
        }
        assert_readable(colour_behind(night, ".essay pre { color:"), night_paper);
        assert_readable(
            colour_behind(night, ".essay a, .hl-keyword { color:"),
            night_paper,
        );
    }
}

#[test]
fn code_in_colour_is_readable_on_the_pages_of_each_theme() {
    for theme in THEMES {
        let css = of_theme(theme, "web.css");
        // Each theme's sheet has its day before its night; those of `memo` stand behind the default's.
        let (mut day, mut night) = (String::new(), String::new());
        for sheet in css.split("\n:root {").skip(1) {
            let (light, dark) = sheet.split_once("prefers-color-scheme: dark").unwrap();
            day += light;
            night += dark.split_once("\n}\n").unwrap().0;
        }
        for kind in CODE {
            assert!(css.contains(&format!(".hl-{kind} {{ color: var(--code-{kind})")));
            for palette in [&day, &night] {
                let ink = colour_behind(palette, &format!("--code-{kind}:"));
                assert_readable(ink, colour_behind(palette, "--paper-shade:"));
            }
        }
        for palette in [&day, &night] {
            for ink in ["--ink:", "--ink-soft:", "--mark:"] {
                for paper in ["--paper:", "--paper-shade:"] {
                    assert_readable(colour_behind(palette, ink), colour_behind(palette, paper));
                }
            }
        }
    }
}

/// The frame of a phone's browser has the colour of the page in it.
#[test]
fn the_browser_is_told_the_paper_of_the_theme() {
    for theme in THEMES {
        let (css, head) = (of_theme(theme, "web.css"), of_theme(theme, "head.html"));
        let (_, own) = css.rsplit_once("\n:root {").unwrap();
        let (day, night) = own.split_once("prefers-color-scheme: dark").unwrap();
        let (night, _) = night.split_once("\n}\n").unwrap();
        for (palette, scheme) in [(day, "light"), (night, "dark")] {
            let paper = colour_behind(palette, "--paper:");
            let told = format!("content=\"{paper}\" media=\"(prefers-color-scheme: {scheme})\"");
            assert!(head.contains(&told), "{}: no {told}", theme.name);
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
