//! Pictures: whether they are there, are described, are light enough, and are shown.

use std::collections::BTreeSet;

use super::reading::PictureRead;
use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

/// What whoever looks for the files says of one.
pub const MISSING_PICTURE: Rule = Rule::error(
    "missing-picture",
    "the file of a picture is not there, too large, or outside of the issue's folder",
);
const ALT: Rule = Rule::warning("missing-alt", "a picture without a description");
const NAME: Rule = Rule::warning(
    "file-name-alt",
    "the description of a picture is the name of its file",
);
const HEAVY: Rule = Rule::warning(
    "heavy-picture",
    "a picture of more than 1 MB, or all of them of more than 3 MB",
);
const WIDE: Rule = Rule::note(
    "wide-picture",
    "a picture wider than 1,200 pixels, which is twice the width of a mail",
);
const FORMAT: Rule = Rule::warning(
    "picture-format",
    "a picture in a format that mail programs do not show",
);
const DROPPED: Rule = Rule::warning(
    "dropped-picture",
    "a picture whose address mail programs refuse, such as `data:`",
);
const ONLY: Rule = Rule::warning(
    "only-pictures",
    "a picture with hardly any words: filters take it for spam",
);

pub(super) const RULES: &[Rule] = &[
    MISSING_PICTURE,
    ALT,
    NAME,
    HEAVY,
    WIDE,
    FORMAT,
    DROPPED,
    ONLY,
];

const MEGABYTE: u64 = 1_000_000;
/// Twice the 600 pixels of the mail's column, in pixels.
const WIDEST: u32 = 1_200;
const HEAVY_ONE: u64 = MEGABYTE;
const HEAVY_ALL: u64 = 3 * MEGABYTE;

/// SpamAssassin's HTML_IMAGE_ONLY_32 gave 2.2 points to a letter of 154 words with one picture.
const FEW_WORDS: usize = 160;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let pictures = &galley.reading.pictures;
    for picture in pictures {
        let problems = [
            description(picture),
            format(galley, picture),
            dropped(galley, picture),
            weight(galley, picture),
            width(galley, picture),
        ];
        let told = problems.into_iter().flatten();
        found.extend(told.map(|problem| galley.in_essay(problem, &picture.range)));
    }
    let Some(first) = pictures.first() else {
        return;
    };
    let addresses: BTreeSet<&str> = pictures.iter().map(|picture| &*picture.address).collect();
    let sizes = addresses
        .iter()
        .filter_map(|address| Some(galley.files.get(*address)?.bytes));
    let all: u64 = sizes.sum();
    if all > HEAVY_ALL && addresses.len() > 1 {
        let problem = HEAVY.found(format!(
            "the pictures of this issue have {}",
            megabytes(all)
        ));
        found.push(
            galley
                .in_essay(problem, &first.range)
                .hint("a reader on the road waits for each; scale them to 1,200 pixels"),
        );
    }
    if galley.is_to_be_mailed && galley.reading.word_count() < FEW_WORDS {
        let words = galley.reading.word_count();
        let problem = ONLY.found(format!("{words} words beside a picture"));
        found.push(
            galley.in_essay(problem, &first.range).hint(
                "filters take a picture with few words for spam; write more, or leave it out",
            ),
        );
    }
}

fn description(picture: &PictureRead) -> Option<Diagnostic> {
    let hint = "describe it as you would on the telephone";
    match &picture.alt {
        // Somebody who writes `alt=""` means that the picture is decoration.
        Some(alt) if alt.trim().is_empty() && picture.is_html => None,
        Some(alt) if alt.trim().is_empty() => {
            Some(ALT.found("the picture has no description").hint(format!(
                "{hint}: `![words](...)`; a mere ornament is `<img alt=\"\" ...>`"
            )))
        }
        None => Some(
            ALT.found("the picture has no `alt`")
                .hint(format!("{hint}; for a mere ornament write `alt=\"\"`")),
        ),
        Some(alt) if is_file_name(alt, &picture.address) => Some(
            NAME.found(format!("`{}` describes nothing", alt.trim()))
                .hint(hint),
        ),
        Some(_) => None,
    }
}

/// `IMG_1234`, `photo.jpg`, `screenshot`, or the name that stands in the address.
fn is_file_name(alt: &str, address: &str) -> bool {
    let alt = alt.trim().to_lowercase();
    if alt.contains(char::is_whitespace) {
        return false;
    }
    let ends = [
        ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".heic",
    ];
    let camera = ["img_", "img-", "dsc", "dscn", "pxl_", "screenshot"];
    let digits = alt.chars().any(|character| character.is_ascii_digit());
    let said_nothing = [
        "image",
        "picture",
        "photo",
        "img",
        "screenshot",
        "untitled",
        "bild",
    ];
    let file = address
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let stem = file
        .rsplit_once('.')
        .map_or(file.as_str(), |(stem, _)| stem);
    ends.iter().any(|end| alt.ends_with(end))
        || (digits && camera.iter().any(|start| alt.starts_with(start)))
        || said_nothing.contains(&alt.as_str())
        || (alt == stem && alt.contains(['-', '_']))
}

fn format(galley: &Galley<'_>, picture: &PictureRead) -> Option<Diagnostic> {
    if !galley.is_to_be_mailed {
        return None;
    }
    let path = picture.address.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    let shown = match ending.as_str() {
        "svg" | "svgz" => "most mail programs show no SVG",
        "avif" => "most mail programs show no AVIF",
        "webp" => "Outlook for Windows shows no WebP",
        "heic" | "heif" | "tif" | "tiff" | "bmp" | "psd" => "browsers and mail programs differ",
        _ => return None,
    };
    let problem = FORMAT.found(format!("the picture is a `.{ending}`"));
    Some(problem.hint(format!("{shown}: use PNG, JPEG or GIF")))
}

fn dropped(galley: &Galley<'_>, picture: &PictureRead) -> Option<Diagnostic> {
    if galley.resolver().image(&picture.address).is_some() {
        return None;
    }
    let address = picture.address.trim();
    let problem = match address.split_once(':') {
        _ if address.is_empty() => DROPPED.found("the picture has no address"),
        Some((scheme, _)) if scheme.len() < 12 => {
            DROPPED.found(format!("a picture from `{scheme}:` is not loaded"))
        }
        _ => DROPPED.found("the picture's address cannot be read"),
    };
    Some(problem.hint(
        "put the file beside the issue's `index.md` and write its name; mail programs drop `data:`",
    ))
}

fn weight(galley: &Galley<'_>, picture: &PictureRead) -> Option<Diagnostic> {
    let bytes = galley.files.get(&picture.address)?.bytes;
    (bytes > HEAVY_ONE).then(|| {
        HEAVY
            .found(format!("the picture has {}", megabytes(bytes)))
            .hint("scale it to 1,200 pixels, twice the width of the column")
    })
}

fn width(galley: &Galley<'_>, picture: &PictureRead) -> Option<Diagnostic> {
    let (width, height) = galley.files.get(&picture.address)?.pixels?;
    (galley.is_to_be_mailed && width > WIDEST).then(|| {
        WIDE.found(format!("the picture has {width} by {height} pixels"))
            .hint("a mail shows 600, fine screens twice as many: scale it to 1,200")
    })
}

fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + MEGABYTE / 20) / (MEGABYTE / 10);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
