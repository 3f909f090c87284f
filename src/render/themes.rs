//! Themes: folders of templates. Two are built in; an author may add more in `themes/NAME/`.
//!
//! A theme needs only the files in which it differs: the others are those of the first built-in
//! theme. A file in `templates/` takes the place of the chosen theme's.

use super::layout::BUILT_IN;

/// A theme that the program brings along.
#[derive(Debug)]
pub struct Theme {
    /// What the author writes in `theme`.
    pub name: &'static str,
    /// How it looks.
    pub about: &'static str,
    /// Its files: name and text.
    pub files: &'static [(&'static str, &'static str)],
}

/// Name of the theme without a choice, whose files stand in where another theme has none.
pub const DEFAULT_THEME: &str = "letter";

/// The built-in themes, the default first.
pub const THEMES: &[Theme] = &[
    Theme {
        name: DEFAULT_THEME,
        about: "serifs and warm greys, a postmark on the pages",
        files: BUILT_IN,
    },
    Theme {
        name: "memo",
        about: "sans-serif, black and white, with a memo's head",
        files: &[
            ("email.html", include_str!("../../themes/memo/email.html")),
            ("email.txt", include_str!("../../themes/memo/email.txt")),
            ("head.html", include_str!("../../themes/memo/head.html")),
            // Behind the default theme's: what is new there is laid out here, too.
            (
                "essay.css",
                concat!(
                    include_str!("../../templates/essay.css"),
                    include_str!("../../themes/memo/essay.css"),
                ),
            ),
            (
                "web.css",
                concat!(
                    include_str!("../../templates/web.css"),
                    include_str!("../../themes/memo/web.css"),
                ),
            ),
        ],
    },
];

/// The built-in theme of a name.
pub fn built_in_theme(name: &str) -> Option<&'static Theme> {
    THEMES.iter().find(|theme| theme.name == name)
}

/// What a file of a theme is for; `None` for a file of the author's own, which others include.
pub fn purpose(file: &str) -> Option<&'static str> {
    Some(match file {
        "404.html" => "the page for what is not there",
        "about.html" => "the page about the publication",
        "email.html" => "the mail",
        "email.txt" => "the mail's plain text",
        "essay.css" => "how the essay looks in the mail",
        "feed.css" => "how a browser shows a feed",
        "head.html" => "the browser's colours around a page, and the picture on its tab",
        "index.html" => "the front page",
        "issue-list.html" => "a list of issues, on the front page and on those of tags",
        "page.html" => "the page of an issue",
        "reader.html" => "the pages on which readers sign up, choose and leave, when `serve` runs",
        "redirect.html" => "leads from an old address to an issue",
        "social.html" => "what other sites show of a page",
        "tag.html" => "the page of a tag",
        "tags.html" => "the list of all tags",
        "web.css" => "how the pages look",
        "web.html" => "what all pages have in common",
        _ => return None,
    })
}
