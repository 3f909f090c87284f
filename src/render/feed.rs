//! Document -> the feeds' HTML: no class, no style, no script, every link absolute (standards H7).

use super::RenderContext;
use super::document::Document;
use super::html::{Channel, write_html};
use super::links::Links;
use super::sanitize::clean_for_feed;

/// Writes the fragment.
pub(super) fn write_feed(
    document: &Document,
    links: &Links,
    context: &RenderContext<'_>,
) -> String {
    let html = write_html(document, Channel::Feed, links, context);
    if document.has_html {
        clean_for_feed(&html, links, context.id_prefix)
    } else {
        html
    }
}
