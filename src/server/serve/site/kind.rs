//! What a file is: by its name, and where the name does not tell, by its first bytes.

use memchr::memmem;

use crate::server::answer::{HTML, media_type_of};

/// What a file is for those who fetch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server::serve) enum Kind {
    /// A page.
    Page,
    /// A feed, or an archive of one.
    Feed(Form),
    /// A picture that can hold a script.
    Vector,
    /// Other text.
    Text,
    /// Everything else: it is small already, and may be asked for in parts.
    Other,
}

/// The three forms of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server::serve) enum Form {
    Rss,
    Atom,
    Json,
}

/// How much of a file tells what it is.
const OPENING: usize = 1024;

/// Where the archives of the feeds are, relative to `public/`.
const FEED_ARCHIVES: &str = "feeds/";

impl Kind {
    /// Looks at a file.
    pub(super) fn of(path: &str, bytes: &[u8]) -> Self {
        let opening = bytes.get(..OPENING).unwrap_or(bytes);
        let holds = |text: &str| memmem::find(opening, text.as_bytes()).is_some();
        match ending_of(path) {
            "html" => Self::Page,
            "xml" | "rss" if holds("<rss") => Self::Feed(Form::Rss),
            "xml" | "atom" if holds("<feed") => Self::Feed(Form::Atom),
            "json" if holds("https://jsonfeed.org/version/") => Self::Feed(Form::Json),
            "svg" => Self::Vector,
            "css" | "js" | "txt" | "csv" | "xml" | "json" | "webmanifest" => Self::Text,
            _ => Self::Other,
        }
    }

    /// Standards: RFC 4287 §7, RFC 8259 and JSON Feed 1.1; RSS has no registered type, and readers
    /// know this one.
    pub(super) fn media_type(self, path: &str) -> &'static str {
        match self {
            Self::Page => HTML,
            Self::Feed(Form::Rss) => "application/rss+xml; charset=utf-8",
            Self::Feed(Form::Atom) => "application/atom+xml; charset=utf-8",
            Self::Feed(Form::Json) => "application/feed+json",
            Self::Text | Self::Vector | Self::Other => media_type_of(path),
        }
    }

    /// Whether it shrinks.
    pub(super) fn is_text(self) -> bool {
        self != Self::Other
    }
}

/// Whether a file is an archive of a feed: no subscription document (RFC 5005 §4).
pub(super) fn is_feed_archive(path: &str) -> bool {
    path.starts_with(FEED_ARCHIVES)
}

/// Whether other bytes would have another name: `card-706648e84f83.png`.
pub(super) fn is_named_by_its_bytes(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let is_hash = |hash: &str| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        hash.len() == 12 && hash.bytes().all(is_digit)
    };
    path.starts_with("assets/") && stem.rsplit_once('-').is_some_and(|(_, hash)| is_hash(hash))
}

fn ending_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_known_by_what_it_says_wherever_it_is() {
        let rss = b"<?xml version=\"1.0\"?>\n<rss version=\"2.0\">";
        assert_eq!(Kind::of("feed.xml", rss), Kind::Feed(Form::Rss));
        assert_eq!(Kind::of("tags/craft/feed.xml", rss), Kind::Feed(Form::Rss));
        let atom = b"<feed xmlns=\"http://www.w3.org/2005/Atom\">";
        assert_eq!(
            Kind::of("feeds/archive-1.atom", atom),
            Kind::Feed(Form::Atom)
        );
        let json = b"{\"version\": \"https://jsonfeed.org/version/1.1\"}";
        assert_eq!(Kind::of("feed.json", json), Kind::Feed(Form::Json));
        assert_eq!(Kind::of("feed.json", b"{}"), Kind::Text);
        assert_eq!(Kind::of("sitemap.xml", b"<urlset>"), Kind::Text);
        assert_eq!(Kind::of("picture.png", rss), Kind::Other);
    }

    #[test]
    fn only_what_build_named_by_its_bytes_never_changes() {
        assert!(is_named_by_its_bytes("assets/card-706648e84f83.png"));
        assert!(is_named_by_its_bytes(
            "assets/3dyy/seal-of-wax-3bf61a8d5a2a.png"
        ));
        for path in [
            "assets/style.css",
            "assets/card-706648e84f8.png",
            "assets/card-706648E84F83.png",
            "issues/card-706648e84f83.png",
            "assets/706648e84f83.png",
        ] {
            assert!(!is_named_by_its_bytes(path), "{path}");
        }
    }
}
