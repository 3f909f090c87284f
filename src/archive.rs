//! To be written.

/// Path of the stylesheet with which a browser shows a feed.
pub const FEED_STYLESHEET: &str = "assets/feed.css";
