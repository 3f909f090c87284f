//! Document -> the mail's HTML: the essay's fragment with its styles inlined, since Gmail drops
//! a `<style>` for some of its readers (standards I2).

use css_inline::CSSInliner;

use super::RenderContext;
use super::document::Document;
use super::html::{Channel, escape_attribute, escape_text, write_html};
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
    styled(with_attached(html, links), context.essay_css)
}

/// The way from an excerpt to the whole essay. Ends with a line feed.
pub(super) fn write_read_on(context: &RenderContext<'_>) -> String {
    let mut html = "<p class=\"read-on\"><a href=\"".to_owned();
    escape_attribute(context.issue_url, &mut html);
    html.push_str("\">");
    escape_text(&context.words.read_on, &mut html);
    html.push_str("</a></p>\n");
    styled(html, context.essay_css)
}

fn styled(html: String, css: &str) -> String {
    if html.len() > LONGEST_STYLED {
        return html;
    }
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .minify_css(true)
        .build();
    // Only a stylesheet that cannot be read makes this fail; the essay is then sent unstyled.
    inliner.inline_fragment(&html, css).unwrap_or(html)
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
