//! One file as it is held: its bytes in each encoding, and the fields that go with each.

use std::path::PathBuf;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::HeaderValue;

use super::kind::Kind;
use super::manner::{Dress, value};
use crate::fs::FileMark;
use crate::publish::gzip;
use crate::server::serve::encoding::Accepted;

/// Below this the fields of an answer outweigh what is saved.
const WORTH_SQUEEZING: usize = 256;

/// A file.
#[derive(Debug)]
pub(in crate::server::serve) struct Stored {
    /// Relative to `public/`.
    pub(in crate::server::serve) path: Box<str>,
    pub(in crate::server::serve) kind: Kind,
    /// Seconds since 1970.
    pub(in crate::server::serve) modified: u64,
    pub(in crate::server::serve) plain: Form,
    pub(super) stamps: Stamps,
    /// Made on first demand where `build` made none.
    gzip: OnceLock<Option<Form>>,
    brotli: Option<Form>,
    /// Where a moved page leads to, as a path on this server.
    pub(in crate::server::serve) moved_to: Option<HeaderValue>,
}

/// The marks of a file and its twins on the disk.
pub(super) type Stamps = [Option<FileMark>; 3];

/// A file in one encoding.
#[derive(Debug)]
pub(in crate::server::serve) struct Form {
    pub(in crate::server::serve) tag: HeaderValue,
    pub(in crate::server::serve) dress: Dress,
    pub(in crate::server::serve) content: Content,
}

/// The bytes.
#[derive(Debug)]
pub(in crate::server::serve) enum Content {
    Memory(Bytes),
    /// Too large to be kept.
    Disk {
        path: PathBuf,
        stamp: FileMark,
    },
}

/// What a request gets.
#[derive(Debug)]
pub(in crate::server::serve) enum Choice<'a> {
    Ready(&'a Form),
    /// It must be compressed first; then ask again.
    Squeeze,
}

/// The pieces of a file.
pub(super) struct Pieces {
    pub(super) path: Box<str>,
    pub(super) kind: Kind,
    pub(super) modified: u64,
    pub(super) hash: String,
    pub(super) dress: Dress,
    pub(super) content: Content,
    /// The twins that `build` made: gzip, brotli.
    pub(super) twins: [Option<Bytes>; 2],
    pub(super) stamps: Stamps,
    pub(super) moved_to: Option<HeaderValue>,
}

impl Stored {
    pub(super) fn new(pieces: Pieces) -> Self {
        let Pieces { hash, dress, .. } = pieces;
        let [gzip, brotli] = pieces.twins;
        let twin = |encoding: &'static str, bytes: Bytes| {
            let tag = tag_of(&hash, encoding);
            Form {
                dress: dress.encoded(encoding, &tag),
                tag,
                content: Content::Memory(bytes),
            }
        };
        let is_worth_it = match &pieces.content {
            Content::Memory(bytes) => bytes.len() >= WORTH_SQUEEZING && pieces.kind.is_text(),
            Content::Disk { .. } => false,
        };
        let on_demand = OnceLock::new();
        if gzip.is_some() || !is_worth_it {
            // The cell is new: nobody can have filled it.
            let _ = on_demand.set(gzip.map(|bytes| twin("gzip", bytes)));
        }
        Self {
            path: pieces.path,
            kind: pieces.kind,
            modified: pieces.modified,
            brotli: brotli.map(|bytes| twin("br", bytes)),
            gzip: on_demand,
            plain: Form {
                tag: value(&format!("\"{hash}\"")),
                dress,
                content: pieces.content,
            },
            stamps: pieces.stamps,
            moved_to: pieces.moved_to,
        }
    }

    /// The form that a client takes most gladly; the smaller one where it has no wish.
    pub(in crate::server::serve) fn choose(&self, accepted: Accepted) -> Choice<'_> {
        if accepted.brotli > 0
            && accepted.brotli >= accepted.gzip
            && let Some(form) = &self.brotli
        {
            return Choice::Ready(form);
        }
        if accepted.gzip > 0 {
            match self.gzip.get() {
                Some(Some(form)) => return Choice::Ready(form),
                Some(None) => {}
                None => return Choice::Squeeze,
            }
        }
        match &self.brotli {
            Some(form) if accepted.brotli > 0 => Choice::Ready(form),
            _ => Choice::Ready(&self.plain),
        }
    }

    /// Compresses the file, unless somebody did.
    pub(in crate::server::serve) fn squeeze(&self) {
        self.gzip.get_or_init(|| {
            let Content::Memory(plain) = &self.plain.content else {
                return None;
            };
            let bytes = gzip(plain).filter(|bytes| bytes.len() < plain.len())?;
            let hash = self.plain.tag.to_str().unwrap_or_default();
            let tag = tag_of(hash.trim_matches('"'), "gzip");
            Some(Form {
                dress: self.plain.dress.encoded("gzip", &tag),
                tag,
                content: Content::Memory(Bytes::from(bytes)),
            })
        });
    }
}

/// RFC 9110 §8.8.3.3: other bytes, another tag.
fn tag_of(hash: &str, encoding: &str) -> HeaderValue {
    value(&format!("\"{hash}-{encoding}\""))
}
