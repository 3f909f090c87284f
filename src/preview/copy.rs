//! A copy of a mail or a page, changed so that a browser shows what another program would: light or
//! dark whatever the system says, with or without pictures, and with the pictures that are not
//! published yet taken from the folder.
//!
//! Only tags and stylesheets are changed. The text of an essay that tells of
//! `(prefers-color-scheme: dark)` stays as it is.

use std::fmt::Write;

use super::choice::{Images, Scheme};
use super::tag::{Piece, Tag, pieces};

/// How the copy differs from what is sent or built.
pub struct Changes<'a> {
    /// Which scheme the reader's system asks for.
    pub scheme: Scheme,
    /// Whether pictures are shown.
    pub images: Images,
    /// Where a picture is to be had meanwhile; `None` if it is where its address says.
    pub local: &'a dyn Fn(&str) -> Option<String>,
}

/// Makes the copy of a whole HTML document.
pub fn changed(html: &str, changes: &Changes<'_>) -> String {
    let mut out = String::with_capacity(html.len() + 1024);
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Style(css) => out.push_str(&css_in(css, changes.scheme)),
            Piece::Tag(written, tag) => match changed_tag(tag, changes) {
                Some(tag) => out.push_str(&tag.to_string()),
                None => out.push_str(written),
            },
        }
    }
    out
}

/// The addresses of the pictures that a document shows, in its order, each once.
pub fn pictures_in(html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in pieces(html) {
        if let Piece::Tag(_, tag) = piece
            && tag.name == "img"
            && let Some(address) = tag.value("src")
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// A stylesheet as it works where the system asks for `scheme`.
pub fn css_in(css: &str, scheme: Scheme) -> String {
    const FEATURE: &str = "prefers-color-scheme";
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    // A media feature stands between parentheses: `(prefers-color-scheme: dark)`.
    while let Some(at) = rest.find(FEATURE) {
        let opened = rest[..at].trim_end();
        let closed = rest[at..].find(')').map(|end| at + end);
        let (true, Some(closed)) = (opened.ends_with('('), closed) else {
            out.push_str(&rest[..at + FEATURE.len()]);
            rest = &rest[at + FEATURE.len()..];
            continue;
        };
        let asked = rest[at + FEATURE.len()..closed].trim_start_matches([':', ' ', '\t', '\n']);
        let holds = asked.trim().eq_ignore_ascii_case(scheme.name());
        out.push_str(opened);
        out.push_str(if holds { "min-width:0" } else { "max-width:0" });
        rest = &rest[closed..];
    }
    out.push_str(rest);
    // What the document leaves to the browser (the canvas, scroll bars) follows this property.
    only_scheme(&out, scheme)
}

/// `color-scheme: light dark` lets the browser choose; in the copy the choice was made.
fn only_scheme(css: &str, scheme: Scheme) -> String {
    const PROPERTY: &str = "color-scheme:";
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(PROPERTY) {
        let value_at = at + PROPERTY.len();
        let end = rest[value_at..]
            .find([';', '}'])
            .map_or(rest.len(), |end| value_at + end);
        let value = &rest[value_at..end];
        out.push_str(&rest[..value_at]);
        if value.contains("light") && value.contains("dark") {
            let _ = write!(out, " {}", scheme.name());
        } else {
            out.push_str(value);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The tag as the copy has it; `None` if nothing changes.
fn changed_tag<'a>(mut tag: Tag<'a>, changes: &Changes<'_>) -> Option<Tag<'a>> {
    if tag.is_end {
        return None;
    }
    let mut is_changed = false;
    if let Some(media) = tag.value("media") {
        tag.set("media", &css_in(&media, changes.scheme));
        is_changed = true;
    }
    match &*tag.name {
        "meta" => {
            let name = tag.value("name").unwrap_or_default();
            if matches!(name.as_str(), "color-scheme" | "supported-color-schemes") {
                tag.set("content", changes.scheme.name());
                is_changed = true;
            }
        }
        "img" | "source" if changes.images == Images::Off => {
            tag.remove("src");
            tag.remove("srcset");
            is_changed = true;
        }
        "img" | "source" => {
            if let Some(local) = tag
                .value("src")
                .and_then(|address| (changes.local)(&address))
            {
                tag.set("src", &local);
                is_changed = true;
            }
        }
        // A link that was followed inside the frame would show another page in the place of this.
        "a" if tag.value("href").is_some_and(|href| !href.starts_with('#')) => {
            tag.set("target", "_blank");
            tag.set("rel", "noreferrer");
            is_changed = true;
        }
        _ => {}
    }
    is_changed.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(html: &str, scheme: Scheme, images: Images) -> String {
        let local = |address: &str| {
            let path = address.strip_prefix("https://letters.example.org/")?;
            Some(format!("/web/light/{path}"))
        };
        changed(
            html,
            &Changes {
                scheme,
                images,
                local: &local,
            },
        )
    }

    #[test]
    fn the_question_for_the_scheme_is_answered_in_stylesheets() {
        let css = "<style>:root { color-scheme: light dark }\n@media screen and ( prefers-color-scheme : dark ) { a { color: red } }</style>";
        assert_eq!(
            copy(css, Scheme::Dark, Images::On),
            "<style>:root { color-scheme: dark}\n@media screen and (min-width:0) { a { color: red } }</style>"
        );
        assert!(copy(css, Scheme::Light, Images::On).contains("(max-width:0) {"));
        let light = "<style>@media (prefers-color-scheme:light){}</style>";
        assert!(copy(light, Scheme::Light, Images::On).contains("(min-width:0){"));
        assert!(copy(light, Scheme::Dark, Images::On).contains("(max-width:0){"));
    }

    #[test]
    fn the_question_is_answered_in_tags_and_never_in_the_text() {
        let html = "<meta name=\"color-scheme\" content=\"light dark\"><p>(prefers-color-scheme: dark)</p><source media=\"(prefers-color-scheme: dark)\" srcset=\"a\"><!-- (prefers-color-scheme: dark) -->";
        assert_eq!(
            copy(html, Scheme::Dark, Images::On),
            "<meta name=\"color-scheme\" content=\"dark\"><p>(prefers-color-scheme: dark)</p><source media=\"(min-width:0)\" srcset=\"a\"><!-- (prefers-color-scheme: dark) -->"
        );
    }

    #[test]
    fn pictures_come_from_the_folder_or_are_gone_and_leave_their_words() {
        let html = "<img src=\"https://letters.example.org/issues/a/b.png\" alt=\"A &amp; B\" width=20><img src='https://example.com/x.png'>";
        assert_eq!(
            copy(html, Scheme::Light, Images::On),
            "<img src=\"/web/light/issues/a/b.png\" alt=\"A &amp; B\" width=20><img src='https://example.com/x.png'>"
        );
        assert_eq!(
            copy(html, Scheme::Light, Images::Off),
            "<img alt=\"A &amp; B\" width=20><img>"
        );
        assert_eq!(pictures_in(html).len(), 2);
    }

    #[test]
    fn links_out_of_the_frame_open_a_window_and_footnotes_stay_in_it() {
        assert_eq!(
            copy(
                "<a href=\"#note-1\">1</a><a href=\"https://example.com/?a=1&amp;b\">x</a>",
                Scheme::Light,
                Images::On
            ),
            "<a href=\"#note-1\">1</a><a href=\"https://example.com/?a=1&amp;b\" target=\"_blank\" rel=\"noreferrer\">x</a>"
        );
    }
}
