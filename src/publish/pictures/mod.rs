//! The files of an issue that is a folder: what its essay refers to, pictures above all, is
//! published under an address that changes only with the bytes. What it does not refer to stays
//! where it is.
//!
//! The address lies below the issue's identity and not below its slug, so that the pictures of mails
//! that were sent are found after a change of name. Pictures of `about.md` are published the same way.

mod folder;

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Publication;
use crate::archive::Draft;
use crate::check::MISSING_PICTURE;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::fingerprint::Fingerprint;
use crate::fs;
use crate::issue::{Images, Issue};
use crate::render::pictures::{Picture, Pictures};
use crate::render::{Reference, picture_size, references};
use crate::token::sha256;
use folder::{Folder, FoundFile};

/// Where the files of issues are published, each below the identity of its issue.
pub(super) const ASSETS: &str = "assets/";

/// Where those of `about.md` are published. No identity of an issue is as short.
const ABOUT: &str = "about";

/// Largest picture that a page may load, in bytes. A photograph of a telephone has a third of it.
const LARGEST_PICTURE: u64 = 10 * 1024 * 1024;

/// Largest file of any other kind.
const LARGEST_FILE: u64 = 100 * 1024 * 1024;

/// What may stand in an address as it is (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The files of an issue's folder to which it refers, or the pictures of `about.md`.
#[derive(Debug, Clone, Default)]
pub struct IssueAssets {
    /// Where readers find them.
    pub pictures: Pictures,
    /// The cover picture, where it is one of them.
    pub cover: Option<Picture>,
    /// The files themselves, each once, in the order of their first references.
    pub files: Vec<Asset>,
}

/// A file of an issue's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its name as the author knows it: `issues/2026-12-01-why-write/photo.jpg`.
    pub name: String,
    /// The reference that needs it.
    pub reference: Reference,
    /// Its length.
    pub bytes: u64,
    /// Its media type, if it is a picture.
    pub media_type: Option<&'static str>,
    /// Where readers find it.
    pub picture: Picture,
    /// Where it is published, relative to the folder that is served.
    pub path: String,
    source: PathBuf,
    hash: Fingerprint,
}

/// Finds the files to which an issue refers. Everything that is wrong is told at once.
pub fn assets_of(publication: &Publication, issue: &Issue) -> Result<IssueAssets, Vec<Diagnostic>> {
    let folder = Folder::of(publication, issue);
    let mut search = Search {
        publication,
        place: issue.id.as_str(),
        source: &issue.source,
        folder: &folder,
        attach: issue.images == Images::Attached,
        found: IssueAssets::default(),
        problems: Vec::new(),
    };
    if folder.may_be_meant(&issue.markdown) {
        search.add_all(&issue.markdown, issue.markdown_start);
    }
    let cover = issue.cover.as_ref().and_then(|cover| {
        let range = place_of(issue, cover);
        let is_here = !folder::is_elsewhere(cover);
        is_here.then(|| Reference {
            address: cover.clone(),
            range,
            is_shown: true,
        })
    });
    // The mail shows no cover.
    search.attach = false;
    search.found.cover = cover.and_then(|cover| search.add(cover));
    search.finish()
}

/// Finds the pictures of `about.md`, whose Markdown begins at a byte of its source.
pub(super) fn assets_of_about(
    publication: &Publication,
    source: &SourceText,
    markdown: &str,
    markdown_start: usize,
) -> Result<IssueAssets, Vec<Diagnostic>> {
    let mut search = Search {
        publication,
        place: ABOUT,
        source,
        folder: &Folder::of_publication(publication),
        // No mail shows them.
        attach: false,
        found: IssueAssets::default(),
        problems: Vec::new(),
    };
    search.add_all(markdown, markdown_start);
    search.finish()
}

/// Where the front matter names the cover.
fn place_of(issue: &Issue, cover: &str) -> std::ops::Range<usize> {
    let front = &issue.source.text[..issue.markdown_start];
    let key = front.find("cover").unwrap_or(0);
    let at = front[key..].find(cover).map_or(key, |at| key + at);
    at..at + cover.len().min(front.len() - at)
}

struct Search<'a> {
    publication: &'a Publication,
    /// The name of the folder in which the files are published.
    place: &'a str,
    source: &'a SourceText,
    folder: &'a Folder,
    /// Whether the mail brings along what it shows.
    attach: bool,
    found: IssueAssets,
    problems: Vec<Diagnostic>,
}

impl Search<'_> {
    /// Adds all to which a text refers.
    fn add_all(&mut self, markdown: &str, markdown_start: usize) {
        let mut pictures = Vec::new();
        for mut reference in references(markdown) {
            // From here on in the whole file.
            reference.range.start += markdown_start;
            reference.range.end += markdown_start;
            let address = reference.address.clone();
            if let Some(picture) = self.add(reference) {
                pictures.push((address, picture));
            }
        }
        self.found.pictures = pictures.into_iter().collect();
    }

    fn finish(self) -> Result<IssueAssets, Vec<Diagnostic>> {
        if self.problems.is_empty() {
            Ok(self.found)
        } else {
            let problems = self.problems.into_iter();
            Err(problems.map(|one| MISSING_PICTURE.mark(one)).collect())
        }
    }

    /// What a reference leads to, if that is a file of the folder.
    fn add(&mut self, reference: Reference) -> Option<Picture> {
        let (place, source) = (reference.range.clone(), self.source);
        let file = self.folder.find(&reference).and_then(|found| {
            let Some(found) = found else { return Ok(None) };
            self.file(&found, reference).map(Some)
        });
        match file {
            Ok(Some((mut file, suffix))) => {
                let picture = file.picture.clone();
                file.picture.url.truncate(picture.url.len() - suffix.len());
                let known = self
                    .found
                    .files
                    .iter_mut()
                    .find(|one| one.path == file.path);
                match known {
                    // It may be a link first, and then a picture of the mail.
                    Some(known) if known.picture.content_id.is_none() => {
                        known.picture.content_id = file.picture.content_id;
                    }
                    Some(_) => {}
                    None => self.found.files.push(file),
                }
                Some(picture)
            }
            Ok(None) => None,
            Err(problem) => {
                self.problems.push(problem.at(source, place));
                None
            }
        }
    }

    /// Reads a file; gives it with what stood behind its name in the address.
    fn file(&self, found: &FoundFile, reference: Reference) -> Result<(Asset, String), Diagnostic> {
        let FoundFile {
            below,
            source,
            suffix,
        } = found;
        let name = self.folder.name_of(below);
        let bytes = read(source, &name, below)?;
        let media_type = picture_size::media_type(&bytes);
        if self.folder.is_for_pictures_alone() && media_type.is_none() {
            return Err(Diagnostic::error(format!("`{below}` is not a picture"))
                .hint("`about.md` shows PNG, JPEG, GIF, WebP, AVIF and SVG"));
        }
        if picture_size::runs_code(&bytes) {
            return Err(Diagnostic::error(format!("the picture `{below}` runs code"))
                .cause("a reader who opens it by itself runs it, on your site")
                .hint("take scripts and event handlers out of it; a page shows it without them anyway"));
        }
        let hash = sha256(&bytes);
        let is_attached = self.attach && reference.is_shown && media_type.is_some();
        let path = format!("{ASSETS}{}/{}", self.place, with_hash(below, &hash));
        let address: Vec<String> = path
            .split('/')
            .map(|part| utf8_percent_encode(part, ESCAPED).to_string())
            .collect();
        let base_url = &self.publication.config.base_url;
        let picture = Picture {
            url: format!("{base_url}{}{suffix}", address.join("/")),
            size: picture_size::size(&bytes),
            content_id: is_attached.then(|| {
                let domain = &self.publication.config.list_id;
                format!("{}@{domain}", HEXLOWER.encode(&hash[..8]))
            }),
        };
        let file = Asset {
            name,
            reference,
            bytes: bytes.len() as u64,
            media_type,
            picture,
            path,
            source: source.clone(),
            hash: Fingerprint::of_bytes(&bytes),
        };
        Ok((file, suffix.clone()))
    }
}

/// Reads a file that is small enough to be published.
fn read(source: &std::path::Path, name: &str, below: &str) -> Result<Vec<u8>, Diagnostic> {
    let length = std::fs::metadata(source).map_or(0, |metadata| metadata.len());
    if length > LARGEST_FILE {
        return Err(too_large(below, length, LARGEST_FILE));
    }
    let bytes = fs::read_bytes(source, name)?
        .ok_or_else(|| Diagnostic::error(format!("there is no file `{name}`")))?;
    let length = bytes.len() as u64;
    if length > LARGEST_PICTURE && picture_size::media_type(&bytes).is_some() {
        return Err(too_large(below, length, LARGEST_PICTURE));
    }
    Ok(bytes)
}

fn too_large(below: &str, length: u64, limit: u64) -> Diagnostic {
    const MEGABYTE: u64 = 1024 * 1024;
    let (length, limit) = (length.div_ceil(MEGABYTE), limit / MEGABYTE);
    Diagnostic::error(format!("`{below}` has {length} MB; at most {limit} MB are published"))
        .hint("make it smaller: a picture 1,600 pixels wide fills every screen; or put it on the web yourself and write its whole address")
}

/// The name with the hash of the bytes before its extension: `small/door-3f2a91c04d5e.jpg`.
fn with_hash(below: &str, hash: &[u8; 32]) -> String {
    let hash = HEXLOWER.encode(&hash[..6]);
    let (folder, name) = match below.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), below),
    };
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => {
            format!("{folder}{stem}-{hash}.{extension}")
        }
        _ => format!("{folder}{name}-{hash}"),
    }
}

impl Asset {
    /// The file as the archive publishes it.
    pub(super) fn draft(&self) -> Draft<'_> {
        Draft::new(self.path.clone(), self.hash, || self.read())
    }

    /// Its bytes, the same as those of which the address was made.
    pub(super) fn read(&self) -> Result<Vec<u8>, Diagnostic> {
        let bytes = fs::read_bytes(&self.source, &self.name)?.unwrap_or_default();
        if Fingerprint::of_bytes(&bytes) == self.hash {
            return Ok(bytes);
        }
        Err(
            Diagnostic::error(format!("`{}` changed while it was read", self.name))
                .hint("build once more when it is saved"),
        )
    }
}
