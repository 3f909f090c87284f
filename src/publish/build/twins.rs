//! Precompressed twins: `index.html.gz` and `index.html.br` beside `index.html`, for web servers
//! that hand them out as they are. The same bytes give the same twins: no time stands in them.
//!
//! They are made of what is fetched again and again: the feeds of the publication and of its tags, the
//! front page, stylesheets. The rest has none ([`is_seldom_fetched`]).

use std::io::Write;
use std::path::Path;

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};

/// Endings of files that are text, and shrink.
const TEXT: [&str; 8] = [
    "html",
    "xml",
    "json",
    "css",
    "txt",
    "svg",
    "csv",
    "webmanifest",
];

/// Below this the headers of a reply outweigh what is saved.
const SMALLEST: usize = 256;

/// On the pages of the sample the next levels take a third as long again for less than a hundredth of
/// the bytes.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;

/// Logarithms of the smallest and the largest window. For windows of 64 KB and less the encoder takes
/// another way, which needs sixteen times as long for a page of some kilobytes.
const WINDOWS: (i32, i32) = (18, 22);

/// What a file's twins are called behind its own name.
pub const ENDINGS: [&str; 2] = ["gz", "br"];

/// The twins of a file, in the order of [`ENDINGS`]; `None` where there is none that is smaller.
pub(super) fn twins(path: &str, bytes: &[u8]) -> [Option<Vec<u8>>; 2] {
    let ending = Path::new(path)
        .extension()
        .and_then(|ending| ending.to_str());
    let is_text = ending.is_some_and(|ending| TEXT.contains(&ending));
    if bytes.len() < SMALLEST || !is_text || is_seldom_fetched(path) {
        return [None, None];
    }
    [gzip(bytes), brotli(bytes)].map(|twin| twin.filter(|twin| twin.len() < bytes.len()))
}

/// Whether a file is a page of an issue or of a tag, or an archive of a feed. They are nearly all of an
/// archive's text, so that their twins would be most of a build's work and two thirds of its files,
/// while few readers fetch each of them, and many once: a server compresses them as they are asked for.
fn is_seldom_fetched(path: &str) -> bool {
    let is_page = path.ends_with("/index.html");
    path.starts_with("issues/")
        || path.starts_with("feeds/")
        || path.starts_with("tags/") && is_page
}

/// Compresses text as the twins of `build` are; the same bytes give the same.
pub fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let out = Vec::with_capacity(bytes.len() / 3);
    let mut writer = GzBuilder::new()
        .mtime(0)
        .write(out, Compression::new(GZIP_LEVEL));
    writer.write_all(bytes).ok()?;
    writer.finish().ok()
}

fn brotli(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() / 3);
    let parameters = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        // No window larger than the text is of any use.
        lgwin: i32::try_from(bytes.len().ilog2() + 1)
            .unwrap_or(WINDOWS.1)
            .clamp(WINDOWS.0, WINDOWS.1),
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut bytes, &mut out, &parameters).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_twin_is_the_text_again_and_smaller() {
        for length in [SMALLEST, 5_000, 300_000] {
            let text: String = "abcdefg".chars().cycle().take(length).collect();
            let [gz, br] = twins("about/index.html", text.as_bytes()).map(Option::unwrap);
            assert!(gz.len() < length && br.len() < length);
            let mut read = String::new();
            flate2::read::GzDecoder::new(&gz[..])
                .read_to_string(&mut read)
                .unwrap();
            assert_eq!(read, text);
            read.clear();
            brotli::Decompressor::new(&br[..], 4096)
                .read_to_string(&mut read)
                .unwrap();
            assert_eq!(read, text);
            // RFC 1952 §2.3.1: no time, and no system.
            assert_eq!(gz[4..8], [0; 4]);
            assert_eq!(gz[9], 255);
        }
    }

    #[test]
    fn what_would_not_shrink_or_is_no_text_has_none() {
        let text = "a".repeat(1000);
        assert_eq!(twins("photo.jpg", text.as_bytes()), [None, None]);
        for path in [
            "feeds/archive-1.xml",
            "issues/a/index.html",
            "tags/a/index.html",
        ] {
            assert_eq!(twins(path, text.as_bytes()), [None, None]);
        }
        for path in ["feed.json", "tags/a/feed.xml"] {
            assert!(twins(path, text.as_bytes()).iter().all(Option::is_some));
        }
        assert_eq!(
            twins("a.html", &text.as_bytes()[..SMALLEST - 1]),
            [None, None]
        );
        let mut random = 1_u32;
        let noise: Vec<u8> = (0..1000)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 24) as u8
            })
            .collect();
        assert_eq!(twins("a.txt", &noise), [None, None]);
    }
}
