//! The author's own HTML as mail and feeds may carry it. On the archive page it stays as written;
//! it is the author's own page.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::links::{Links, absolute_or_fragment};
use super::pictures::Pictures;
use super::raw_html::{HIDDEN, Token, VOID, tokens};

/// What a `style` of the author's may set in mail. No `position`, no `url()` (standards I3).
const STYLE_PROPERTIES: &[&str] = &[
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "direction",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

/// Elements may nest so deep; what is deeper loses its tags. HTML parsers take quadratic time and
/// unbounded stacks otherwise.
const MAX_NESTING: usize = 200;

/// Elements whose end tag may be left out (HTML §13.1.2.4): they close one another.
const SELF_CLOSING: &[&str] = &[
    "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "colgroup",
];

/// The fragment with what a mail may not have removed. `class` and harmless styles stay.
pub(super) fn clean_for_mail(html: &str, links: &Links) -> String {
    let mut builder = builder(links);
    builder
        .add_generic_attributes(["id", "class", "dir", "style"])
        // Our own, at boxes that scroll.
        .add_tag_attributes("div", ["tabindex"])
        .filter_style_properties(STYLE_PROPERTIES.iter().copied().collect());
    builder.clean(&limit_nesting(html)).to_string()
}

/// The fragment with what a feed may not have removed: no class, no style, and of ids only our
/// own, which are unique among the entries.
pub(super) fn clean_for_feed(html: &str, links: &Links, id_prefix: &str) -> String {
    let mut builder = builder(links);
    let id_prefix = id_prefix.to_owned();
    let page = links.clone();
    builder
        .add_generic_attributes(["id", "dir"])
        .attribute_filter(move |_, name, value| match name {
            "id" => value.starts_with(&id_prefix).then_some(value.into()),
            "href" => match value.strip_prefix('#') {
                Some(id) => Some(Cow::Owned(page.on_page(id))),
                None => Some(value.into()),
            },
            _ => Some(value.into()),
        });
    builder.clean(&limit_nesting(html)).to_string()
}

/// Whether the mail keeps an element; without it the words that it holds stay, unless
/// [`HIDDEN`] names it.
pub(crate) fn mail_keeps_element(name: &str) -> bool {
    static KEPT: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let nowhere = Links::new("", &Pictures::default());
        builder(&nowhere).clone_tags()
    });
    KEPT.contains(name)
}

/// Whether the mail keeps a property of a `style`.
pub(crate) fn mail_keeps_property(name: &str) -> bool {
    STYLE_PROPERTIES.contains(&name)
}

/// What both have in common.
fn builder(links: &Links) -> Builder<'static> {
    let mut builder = Builder::default();
    let hidden: HashSet<&'static str> = HIDDEN.iter().copied().collect();
    let links = links.clone();
    let resolve = move |address: &str| -> Option<Cow<'static, str>> {
        absolute_or_fragment(&links, address).map(|address| Cow::Owned(address.into_owned()))
    };
    builder
        .clean_content_tags(hidden)
        .add_tags(["big", "font", "tfoot"])
        .add_tag_attributes(
            "table",
            ["width", "border", "cellpadding", "cellspacing", "role"],
        )
        .add_tag_attributes("td", ["width", "valign"])
        .add_tag_attributes("th", ["width", "valign"])
        .add_tag_attributes("p", ["align"])
        .add_tag_attributes("div", ["align"])
        .add_tag_attributes("font", ["color", "face", "size"])
        .add_tag_attributes("details", ["open"])
        .url_schemes(
            [
                "http", "https", "mailto", "tel", "sms", "geo", "ftp", "xmpp", "news", "magnet",
            ]
            .into_iter()
            .collect(),
        )
        .url_relative(UrlRelative::Custom(Box::new(resolver(resolve))))
        .link_rel(None);
    builder
}

/// Gives a closure the lifetimes that `ammonia` asks for.
fn resolver<F>(resolve: F) -> impl for<'a> Fn(&'a str) -> Option<Cow<'a, str>>
where
    F: Fn(&str) -> Option<Cow<'static, str>>,
{
    move |address| resolve(address)
}

/// Leaves out tags that nest deeper than [`MAX_NESTING`].
fn limit_nesting(html: &str) -> Cow<'_, str> {
    let mut depth = 0_usize;
    let mut skipped = 0_usize;
    let mut deepest = 0_usize;
    let mut out = String::new();
    let tokens = tokens(html);
    for token in &tokens {
        match token {
            Token::Text(text) => out.push_str(text),
            Token::Tag(tag) => {
                let nests = !VOID.contains(&tag.name.as_str())
                    && !SELF_CLOSING.contains(&tag.name.as_str());
                match (nests, tag.closes) {
                    (true, true) if skipped > 0 => {
                        skipped -= 1;
                        continue;
                    }
                    (true, true) => depth = depth.saturating_sub(1),
                    (true, false) if depth >= MAX_NESTING => {
                        skipped += 1;
                        deepest = depth + skipped;
                        continue;
                    }
                    (true, false) => depth += 1,
                    (false, _) => {}
                }
                out.push_str(tag.source);
            }
        }
    }
    if deepest == 0 {
        Cow::Borrowed(html)
    } else {
        Cow::Owned(out)
    }
}
