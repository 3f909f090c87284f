//! Document -> the mail's HTML: the essay's fragment with its styles inlined, since Gmail drops
//! a `<style>` for some of its readers (standards I2).

use css_inline::CSSInliner;

use super::RenderContext;
use super::document::Document;
use super::html::{Channel, write_html};
use super::links::Links;
use super::raw_addresses::with_addresses;
use super::sanitize::clean_for_mail;

/// A fragment beyond this goes out unstyled. Gmail clips at 102,400 bytes (standards I1): one
/// twenty times as long is an accident or an attack, and inlining would make it longer still.
const LONGEST_STYLED: usize = 2_000_000;

/// Writes the fragment. Ends with a line feed.
pub(super) fn write_email(
    document: &Document,
    links: &Links,
    context: &RenderContext<'_>,
) -> String {
    let mut html = write_html(document, Channel::Email, links, context);
    if document.has_html {
        html = clean_for_mail(&html, links);
    }
    html = with_attached(html, links);
    if html.len() > LONGEST_STYLED {
        return html;
    }
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .minify_css(true)
        .build();
    // Only a stylesheet that cannot be read makes this fail; the essay is then sent unstyled.
    inliner
        .inline_fragment(&html, context.essay_css)
        .unwrap_or(html)
}

/// The pictures that the mail brings along are shown from there (RFC 2392).
fn with_attached(html: String, links: &Links) -> String {
    let pictures = links.pictures();
    if pictures.iter().all(|(_, one)| one.content_id.is_none()) {
        return html;
    }
    with_addresses(&html, |found| {
        let picture = pictures.at(&found.address).filter(|_| found.is_shown)?;
        Some(format!("cid:{}", picture.content_id.as_ref()?))
    })
}
