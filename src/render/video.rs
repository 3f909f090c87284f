//! Films: which addresses lead to one, and what the link to it says.

use url::Url;

use crate::words::Words;

/// Stands before the link. U+FE0E keeps phones from drawing an emoji.
pub(super) const SIGN: &str = "\u{25B6}\u{FE0E}";

/// Ends of the names of files that are films.
const EXTENSIONS: &[&str] = &["mp4", "m4v", "webm", "mov", "ogv"];

/// Whether an address leads to a film: to a file, or to the page of one at a host that shows films.
pub(super) fn is_video(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let path = url.path();
    let is_file = path
        .rsplit_once('.')
        .is_some_and(|(_, end)| EXTENSIONS.contains(&end.to_ascii_lowercase().as_str()));
    is_file || is_page_of_one(&url, path)
}

fn is_page_of_one(url: &Url, path: &str) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = ["www.", "m.", "player."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        .unwrap_or(host);
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    let second = parts.next();
    match host {
        "youtu.be" => !first.is_empty(),
        "youtube.com" | "youtube-nocookie.com" => match first {
            "watch" => url.query_pairs().any(|(key, _)| key == "v"),
            "shorts" | "live" | "embed" | "v" => second.is_some(),
            _ => false,
        },
        "vimeo.com" => {
            let number = if first == "video" {
                second
            } else {
                Some(first)
            };
            number.is_some_and(|number| is_made_of(number, 5, |c| c.is_ascii_digit()))
        }
        "dailymotion.com" => first == "video" && second.is_some(),
        "media.ccc.de" => first == "v" && second.is_some(),
        // PeerTube runs on many hosts; its addresses tell.
        _ => match (first, second, parts.next()) {
            ("w", Some(id), None) => {
                id.len() == 22 && is_made_of(id, 22, |c| c.is_ascii_alphanumeric())
            }
            ("videos", Some("watch"), Some(id)) => {
                id.len() == 36 && is_made_of(id, 36, |c| c.is_ascii_hexdigit() || c == '-')
            }
            _ => false,
        },
    }
}

fn is_made_of(text: &str, least: usize, fits: impl Fn(char) -> bool) -> bool {
    text.len() >= least && text.chars().all(fits)
}

/// `Watch the video: Title`, or without a title.
pub(super) fn label(name: &str, words: &Words) -> String {
    let name = name.trim();
    if name.is_empty() {
        return words.watch.to_string();
    }
    labelled(&words.watch, name, words)
}

/// A word, a colon, and what it is about.
pub(super) fn labelled(word: &str, what: &str, words: &Words) -> String {
    let colon = &words.colon;
    // The wide colon of Chinese and Japanese holds its space.
    let space = if colon.ends_with('：') { "" } else { " " };
    format!("{word}{colon}{space}{what}")
}

#[cfg(test)]
mod tests {
    use super::is_video;

    #[test]
    fn films_are_told_from_pictures_and_pages() {
        for address in [
            "https://youtu.be/abc",
            "https://www.youtube.com/watch?v=abc&t=3",
            "https://m.youtube.com/shorts/abc",
            "https://www.youtube-nocookie.com/embed/abc",
            "https://vimeo.com/12345678",
            "https://player.vimeo.com/video/12345678",
            "https://films.example.org/w/p5J7mSwT3cPvHVqN4d8wYz",
            "https://films.example.org/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d",
            "https://example.org/fold.MP4?download=1",
            "https://letters.example.org/issues/a/fold.webm",
        ] {
            assert!(is_video(address), "{address}");
        }
        for address in [
            "https://youtu.be/",
            "https://www.youtube.com/",
            "https://www.youtube.com/@someone",
            "https://vimeo.com/about",
            "https://example.org/w/short",
            "https://example.org/mp4",
            "https://example.org/a.png",
            "not an address",
        ] {
            assert!(!is_video(address), "{address}");
        }
    }
}
