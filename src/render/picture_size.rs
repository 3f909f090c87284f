//! What a picture's own bytes say about it: its kind, its size, and whether it runs code.

use imagesize::ImageType;

use super::raw_html::{Markup, Tag, decode_entities, read_markup};

/// The media type of a picture that browsers show (RFC 2046 §4.2); `None` of any other file.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => Some("image/png"),
        Ok(ImageType::Jpeg) => Some("image/jpeg"),
        Ok(ImageType::Gif) => Some("image/gif"),
        Ok(ImageType::Webp) => Some("image/webp"),
        Ok(ImageType::Heif(imagesize::Compression::Av1)) => Some("image/avif"),
        _ => svg(bytes).map(|_| "image/svg+xml"),
    }
}

/// Width and height in pixels as a browser shows the picture; `None` where it has no such size.
pub fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    if let Some(svg) = svg(bytes) {
        return svg_size(&svg);
    }
    media_type(bytes)?;
    let size = imagesize::blob_size(bytes).ok()?;
    let width = u32::try_from(size.width).ok()?;
    let height = u32::try_from(size.height).ok()?;
    // A phone that was held upright says so, and browsers turn its picture.
    let turned = matches!(jpeg_orientation(bytes), Some(5..=8));
    Some(if turned {
        (height, width)
    } else {
        (width, height)
    })
    .filter(|size| size.0 > 0 && size.1 > 0)
}

/// Whether an SVG picture runs code for a reader who opens it by itself: a script, an event
/// handler, a `javascript:` address, or HTML inside. In an `<img>` none of these does anything.
pub fn runs_code(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    if svg(bytes).is_none() {
        return false;
    }
    // An entity can hold anything.
    text.contains("<!ENTITY") || tags(text).any(|tag| does_something(&tag))
}

fn does_something(tag: &Tag<'_>) -> bool {
    // The name that `read_markup` gives ends at a prefix's colon.
    let name = tag
        .source
        .trim_start_matches(['<', '/'])
        .to_ascii_lowercase();
    let name = name.split([' ', '\t', '\n', '\r', '/', '>']).next();
    let name = name.and_then(|name| name.rsplit(':').next());
    let is_code = matches!(
        name,
        Some("script" | "foreignobject" | "iframe" | "handler")
    );
    is_code
        || tag.attributes().any(|attribute| {
            let name = attribute.name.to_ascii_lowercase();
            let value = decode_entities(attribute.value).to_ascii_lowercase();
            let letters: String = value.chars().filter(|c| !c.is_whitespace()).collect();
            name.starts_with("on") || letters.contains("javascript:")
        })
}

/// The `<svg` tag with its attributes, if the file is such a picture.
fn svg(bytes: &[u8]) -> Option<Tag<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if !text.starts_with('<') {
        return None;
    }
    let first = tags(text).next()?;
    let name = first.source.trim_start_matches('<').to_ascii_lowercase();
    let is_svg = first.name == "svg" || name.starts_with("svg:svg");
    is_svg.then_some(first)
}

/// The tags of an XML text, as far as its pictures need reading.
fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text[at..].find('<')?;
            match read_markup(&text[at..]) {
                Markup::Unclosed => return None,
                Markup::NoTag => at += 1,
                Markup::Skipped(length) => at += length,
                Markup::Tag(tag, length) => {
                    at += length;
                    return Some(tag);
                }
            }
        }
    })
}

/// SVG 2 §8.2: width and height, else those of the view box.
fn svg_size(tag: &Tag<'_>) -> Option<(u32, u32)> {
    let pixels = |name: &str| {
        let value = tag.attribute(name)?;
        let number = value.trim().trim_end_matches("px").trim();
        whole(number.parse().ok()?)
    };
    if let (Some(width), Some(height)) = (pixels("width"), pixels("height")) {
        return Some((width, height));
    }
    let view = tag.attribute("viewBox")?;
    let mut numbers = view
        .split([' ', ',', '\t', '\n'])
        .filter(|one| !one.is_empty());
    let width = whole(numbers.nth(2)?.parse().ok()?)?;
    let height = whole(numbers.next()?.parse().ok()?)?;
    Some((width, height))
}

/// A length of a size that a screen could have.
fn whole(length: f64) -> Option<u32> {
    let rounded = length.round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between the two limits"
    )]
    (1.0..=100_000.0)
        .contains(&rounded)
        .then_some(rounded as u32)
}

/// The orientation of a JPEG's Exif data (Exif 2.32 §4.6.4 tag 0x0112), 1 to 8.
fn jpeg_orientation(bytes: &[u8]) -> Option<u16> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length)?;
        match (marker, segment.strip_prefix(b"Exif\0\0")) {
            (0xE1, Some(tiff)) => return tiff_orientation(tiff),
            // The picture itself begins: nothing follows that would tell.
            (0xDA, _) => return None,
            _ => rest = rest.get(2 + length..)?,
        }
    }
}

fn tiff_orientation(tiff: &[u8]) -> Option<u16> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let high_and_low = (short(4)?, short(6)?);
    let (low, high) = if is_little {
        high_and_low
    } else {
        (high_and_low.1, high_and_low.0)
    };
    let directory = usize::from(high) << 16 | usize::from(low);
    let count = usize::from(short(directory)?);
    (0..count)
        .map(|entry| directory + 2 + entry * 12)
        .find(|entry| short(*entry) == Some(0x0112))
        .and_then(|entry| short(entry + 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    /// A JPEG of 40 by 30 with Exif data in one byte order.
    fn jpeg(orientation: u16, little: bool) -> Vec<u8> {
        let short = |number: u16| {
            if little {
                number.to_le_bytes()
            } else {
                number.to_be_bytes()
            }
        };
        let long = |number: u32| {
            if little {
                number.to_le_bytes()
            } else {
                number.to_be_bytes()
            }
        };
        let mut exif = b"Exif\0\0".to_vec();
        exif.extend(if little { b"II*\0" } else { b"MM\0*" });
        exif.extend(long(8));
        exif.extend(short(2));
        for (tag, value) in [(0x0100_u16, 40_u16), (0x0112, orientation)] {
            exif.extend(short(tag));
            exif.extend(short(3));
            exif.extend(long(1));
            exif.extend(short(value));
            exif.extend([0, 0]);
        }
        exif.extend(long(0));
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE1];
        bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        bytes.extend(exif);
        bytes.extend([0xFF, 0xC0, 0, 11, 8, 0, 30, 0, 40, 1, 1, 0x11, 0]);
        bytes.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9]);
        bytes
    }

    #[test]
    fn the_size_is_that_which_a_browser_shows() {
        assert_eq!(size(&png(640, 480)), Some((640, 480)));
        assert_eq!(size(b"GIF89a\x03\0\x02\0\0\0\0"), Some((3, 2)));
        for little in [true, false] {
            assert_eq!(size(&jpeg(1, little)), Some((40, 30)));
            assert_eq!(size(&jpeg(6, little)), Some((30, 40)));
        }
        assert_eq!(size(b"<svg width='20px' height=\"10\"/>"), Some((20, 10)));
        let view =
            b"\xEF\xBB\xBF<?xml version='1.0'?><!-- a --><svg width='100%' viewBox='0 0 12.4, 8'>";
        assert_eq!(size(view), Some((12, 8)));
    }

    #[test]
    fn what_is_no_picture_or_damaged_has_no_size() {
        let damaged = jpeg(6, true);
        for end in 0..damaged.len() - 20 {
            assert_eq!(size(&damaged[..end]), None);
        }
        for bytes in [
            &b"\x89PNG"[..],
            b"",
            b"%PDF-1.7",
            b"<svg width='-3' height='1e99'>",
            b"<html><svg width='3' height='3'></html>",
            b"words",
        ] {
            assert_eq!(size(bytes), None, "{bytes:?}");
        }
        assert_eq!(media_type(b"<p>"), None);
        assert_eq!(media_type(b"<svg/>"), Some("image/svg+xml"));
    }

    #[test]
    fn an_svg_that_runs_code_is_told_from_one_that_does_not() {
        for body in [
            "<script>a</script>",
            "<s:ScRiPt xlink:href='x'/>",
            "<g onload = 'a()'/>",
            "<a href='java\nscript:a()'><text>x</text></a>",
            "<a xlink:href='&#106;avascript:a()'/>",
            "<foreignObject><body/></foreignObject>",
        ] {
            assert!(
                runs_code(format!("<svg xmlns='s'>{body}</svg>").as_bytes()),
                "{body}"
            );
        }
        assert!(runs_code(b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>"));
        let harmless = "<svg><title>on = script: javascript</title><style>a{}</style><!-- <script> --><use href='#a'/></svg>";
        assert!(!runs_code(harmless.as_bytes()));
        assert!(!runs_code(b"<script>") && !runs_code(b"GIF89a"));
    }
}
