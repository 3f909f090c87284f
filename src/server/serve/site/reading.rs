//! From `public/` into memory.
//!
//! A build holds a lock on the folder while it works, and we hold one while we read: half of a build
//! is never seen. What did not change since the last reading is taken over from there.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Bytes;
use axum::http::HeaderValue;
use memchr::memmem;

use super::kind::Kind;
use super::manner::{Manner, value};
use super::stored::{Content, Pieces, Stamps, Stored};
use super::{Place, Site};
use crate::fingerprint::Fingerprint;
use crate::fs::{self, FileMark};
use crate::publish::TWIN_ENDINGS;
use crate::server::serve::conditions::http_date;

/// Larger files stay on the disk.
const KEPT_IN_MEMORY: u64 = 1024 * 1024;

/// Deepest folder that is looked into.
const DEEPEST: usize = 16;

/// How much of the hash stands in an entity tag: 96 bits, more than two files of one path ever need.
const TAG_DIGITS: usize = 24;

/// The files of a folder with their marks, by their paths in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::server::serve) struct Listing(BTreeMap<String, FileMark>);

impl Listing {
    /// Looks at the folder and opens no file. What is not there is empty.
    pub(in crate::server::serve) fn of(folder: &Path) -> Self {
        let mut listing = Self::default();
        listing.collect(folder, "", DEEPEST);
        listing
    }

    fn collect(&mut self, folder: &Path, prefix: &str, depth: usize) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            // Our own records, and what others hide, are nobody's business.
            if name.starts_with('.') {
                continue;
            }
            // Links are followed: a folder may lie on another disk. One that leads back up has no end.
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if is_link && fs::is_inside(&path, folder) {
                continue;
            }
            let Ok(metadata) = std::fs::metadata(&path) else {
                continue;
            };
            if metadata.is_file() {
                self.0
                    .insert(format!("{prefix}{name}"), FileMark::of(&metadata));
            } else if metadata.is_dir() && depth > 0 {
                self.collect(&path, &format!("{prefix}{name}/"), depth - 1);
            }
        }
    }

    fn stamps(&self, path: &str) -> Stamps {
        let [gz, br] = TWIN_ENDINGS.map(|ending| self.0.get(&format!("{path}.{ending}")).copied());
        let own = self.0.get(path).copied();
        // A twin that is older than its file is not of these bytes.
        let fits = |twin: &FileMark| own.is_some_and(|own| twin.modified >= own.modified);
        [own, gz.filter(fits), br.filter(fits)]
    }

    /// Whether a file is the twin of another one.
    fn is_twin(&self, path: &str) -> bool {
        path.rsplit_once('.').is_some_and(|(name, ending)| {
            TWIN_ENDINGS.contains(&ending) && self.0.contains_key(name)
        })
    }
}

/// Reads a folder. A file that vanishes meanwhile is not there.
pub(super) fn read(folder: &Path, manner: &Manner, former: &Site) -> io::Result<Site> {
    let _turn = match File::open(folder) {
        Ok(turn) => {
            // Some network file systems lock no folder; there a build may be seen in pieces.
            let _ = turn.lock_shared();
            Some(turn)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let listing = Listing::of(folder);
    let mut places = HashMap::new();
    let mut not_found = None;
    for path in listing.0.keys().filter(|path| !listing.is_twin(path)) {
        let stamps = listing.stamps(path);
        let known = former.known(&manner.base, path, &stamps);
        let stored = match known {
            Some(stored) => stored,
            None => match store(folder, path, stamps, manner) {
                Ok(stored) => Arc::new(stored),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            },
        };
        if path == "404.html" {
            not_found = Some(stored.clone());
        }
        add(&mut places, &manner.base, path, stored);
    }
    Ok(Site {
        places,
        not_found,
        listing,
    })
}

/// Puts a file at its path, and a page of a folder at the folder's. Without its slash such a folder
/// leads there; one that has no page leads nowhere.
fn add(places: &mut HashMap<Box<str>, Place>, base: &str, path: &str, stored: Arc<Stored>) {
    let full = format!("{base}{path}");
    if let Some(folder) = full
        .strip_suffix("index.html")
        .filter(|folder| folder.ends_with('/'))
    {
        places.insert(folder.into(), Place::File(stored.clone()));
        let unslashed = folder.trim_end_matches('/');
        if !unslashed.is_empty() {
            places.entry(unslashed.into()).or_insert(Place::Folder);
        }
    }
    places.insert(full.into(), Place::File(stored));
}

/// Reads one file and its twins.
fn store(folder: &Path, path: &str, stamps: Stamps, manner: &Manner) -> io::Result<Stored> {
    let full = folder.join(path);
    let [own, gz, br] = stamps;
    let own = own.ok_or(io::ErrorKind::NotFound)?;
    let (hash, opening, content) = if own.length > KEPT_IN_MEMORY {
        let (hash, opening) = hash_of(&full)?;
        let content = Content::Disk {
            path: full.clone(),
            stamp: own,
        };
        (hash, opening, content)
    } else {
        let bytes = Bytes::from(std::fs::read(&full)?);
        let hash = Fingerprint::of_bytes(&bytes).to_hex();
        (hash, bytes.clone(), Content::Memory(bytes))
    };
    let hash = hash.get(..TAG_DIGITS).unwrap_or(&hash).to_owned();
    let kind = Kind::of(path, &opening);
    let modified = manner.modified(own.modified);
    let tag = value(&format!("\"{hash}\""));
    let date = value(&http_date(modified));
    let twin = |stamp: Option<FileMark>, ending: &str| -> io::Result<Option<Bytes>> {
        let is_kept = |stamp: &FileMark| stamp.length <= KEPT_IN_MEMORY && kind.is_text();
        let Some(_) = stamp.filter(is_kept) else {
            return Ok(None);
        };
        let path = folder.join(format!("{path}.{ending}"));
        std::fs::read(path).map(|bytes| Some(Bytes::from(bytes)))
    };
    let [gz_ending, br_ending] = TWIN_ENDINGS;
    Ok(Stored::new(Pieces {
        path: path.into(),
        kind,
        modified,
        dress: manner.dress(path, kind, &opening, &tag, &date),
        moved_to: (kind == Kind::Page)
            .then(|| manner.moved_to(&opening))
            .flatten(),
        hash,
        content,
        twins: [twin(gz, gz_ending)?, twin(br, br_ending)?],
        stamps,
    }))
}

/// The hash of a file that is too large for the memory, and its first bytes.
fn hash_of(path: &Path) -> io::Result<(String, Bytes)> {
    let mut file = File::open(path)?;
    let mut hash = Context::new(&SHA256);
    let mut piece = vec![0; 256 * 1024];
    let mut opening = Bytes::new();
    loop {
        let length = file.read(&mut piece)?;
        let read = piece.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Ok((
                data_encoding::HEXLOWER.encode(hash.finish().as_ref()),
                opening,
            ));
        }
        if opening.is_empty() {
            opening = Bytes::copy_from_slice(read);
        }
        hash.update(read);
    }
}

impl Manner {
    /// Where the page of an old address leads to, if it is one and leads to a page of ours. Such a
    /// page works on every web server; here the move is told as RFC 9110 §15.4.2 has it.
    fn moved_to(&self, page: &[u8]) -> Option<HeaderValue> {
        const REFRESH: &[u8] = b"<meta http-equiv=\"refresh\" content=\"0; url=";
        let at = memmem::find(page, REFRESH)? + REFRESH.len();
        let rest = page.get(at..)?;
        let address = rest.get(..memchr::memchr(b'"', rest)?)?;
        let path = std::str::from_utf8(address)
            .ok()?
            .strip_prefix(&self.base_url)?;
        HeaderValue::from_str(&format!("{}{path}", self.base)).ok()
    }
}
