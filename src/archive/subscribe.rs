//! How somebody becomes a subscriber.

use crate::render::layout::PublicationView;
use crate::words::{Words, fill};

/// Where the form of a page sends an address, if there is a server that takes it.
pub(super) fn subscribe_form(serve_url: Option<&str>) -> String {
    serve_url.map_or_else(String::new, |url| format!("{url}subscribe"))
}

/// Where somebody asks to be a subscriber; empty where nobody receives letters.
pub(super) fn subscribe_url(publication: &PublicationView, words: &Words) -> String {
    if publication.reply_to.is_empty() {
        return String::new();
    }
    let subject = fill(&words.subscribe_subject, |name| {
        (name == "title").then_some(publication.title.as_str())
    });
    format!(
        "mailto:{}?subject={}",
        percent_encode(&publication.reply_to),
        percent_encode(&subject)
    )
}

/// RFC 6068 §2: in a `mailto:` address all but unreserved characters, and the at sign, are encoded.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    out
}
