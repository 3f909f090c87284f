//! Files that pages and feeds share.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

/// Path of the pages' stylesheet.
pub const STYLESHEET: &str = "assets/style.css";

/// Path of the stylesheet with which a browser shows a feed.
pub const FEED_STYLESHEET: &str = "assets/feed.css";

/// An asset's path with its content's hash as a query, so that a browser may keep it for
/// ever and an older page, kept by somebody, still finds a stylesheet.
pub(super) fn versioned(path: &str, text: &str) -> String {
    format!("{path}?v={}", short_hash(text.as_bytes()))
}

/// Path of an asset that is another file as soon as its bytes are others: `assets/NAME-HASH.ENDING`.
pub fn hashed_path(name: &str, ending: &str, bytes: &[u8]) -> String {
    format!("assets/{name}-{}.{ending}", short_hash(bytes))
}

/// A text as a string of CSS (Syntax Level 3 §4.3.5).
pub(super) fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\a "),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// As much of SHA-256 as keeps the assets of one publication apart.
fn short_hash(bytes: &[u8]) -> String {
    let mut hash = HEXLOWER.encode(digest(&SHA256, bytes).as_ref());
    hash.truncate(12);
    hash
}
