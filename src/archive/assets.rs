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
    let hash = HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
    format!("{path}?v={}", &hash[..12])
}
