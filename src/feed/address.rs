//! Where the documents of a feed lie.

use super::Part;

/// The three formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them, in the order in which they are named to readers.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }

    /// The media type as links name it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// Path of one document below the feed's folder: of archive `number`, or of the subscribers'.
    pub(super) fn path(self, number: Option<usize>) -> String {
        match (self, number) {
            (Self::Rss, None) => "feed.xml".to_owned(),
            (Self::Atom, None) => "atom.xml".to_owned(),
            (Self::Json, None) => "feed.json".to_owned(),
            (Self::Rss, Some(number)) => format!("feeds/archive-{number}.xml"),
            (Self::Atom, Some(number)) => format!("feeds/archive-{number}.atom"),
            (Self::Json, Some(number)) => format!("feeds/archive-{number}.json"),
        }
    }

    /// Path of the subscribers' document of the feed in `folder`.
    pub fn newest_path_in(self, folder: &str) -> String {
        format!("{folder}{}", self.path(None))
    }

    /// Path of a document of the feed in `folder`, relative to the folder that is served.
    pub fn path_in(self, folder: &str, part: &Part) -> String {
        format!("{folder}{}", self.path(part.number))
    }
}
