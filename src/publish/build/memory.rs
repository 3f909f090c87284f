//! What a build remembers for the next one: which fingerprint gave which bytes, and what is known of
//! an essay without reading it again.
//!
//! A memory that is wrong costs time and never gives a wrong file:
//!
//! - It holds no page. It says that what has this fingerprint has bytes with these hashes; the file
//!   in `public/` is left alone only if it has them, which is hashed at each build, unless the system
//!   says that nobody changed the file since it was ([`stamp`](super::stamp)). Whatever became of
//!   `public/`, the bytes are those that were made from this fingerprint, or they are made again.
//! - A fingerprint covers everything that a file is made of, and the program that makes it. A memory
//!   of another publication or another version answers no question that is asked.
//! - One that was cut off or damaged does not have the hash on its first line, and is forgotten.
//! - It lies beside the essays, and only its owner may write it: whoever can change it can change the
//!   essays as well. Nothing that lies in `public/` is believed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::essays::KnownEssay;
use super::stamp::Stamp;
use crate::fingerprint::Fingerprint;
use crate::fs;

/// Its name in the publication's folder.
const FILE_NAME: &str = ".postrider-cache";

/// What is known of a file and of its twins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownFile {
    /// Of the file.
    pub(super) file: Seen,
    /// Of its twins, in their order.
    pub(super) twins: [Option<Seen>; 2],
}

/// What is known of one file on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Hash of its bytes.
    pub(super) hash: Fingerprint,
    /// What the system said of the file that had it.
    pub(super) stamp: Option<Stamp>,
}

/// What earlier builds found out.
#[derive(Debug, Default)]
pub(super) struct Memory {
    path: PathBuf,
    /// The text as it is on the disk.
    text: String,
    known: Known,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    /// By the fingerprint of a file.
    files: BTreeMap<Fingerprint, KnownFile>,
    /// By the fingerprint of an essay.
    essays: BTreeMap<Fingerprint, KnownEssay>,
}

impl Memory {
    /// Reads what the last build of a publication left, if it left anything that can be read.
    pub(super) fn open(folder: &Path) -> Self {
        let path = folder.join(FILE_NAME);
        let text = fs::read_bytes(&path, FILE_NAME).ok().flatten();
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.unwrap_or_default();
        Self {
            known: read(&text).unwrap_or_default(),
            path,
            text,
        }
    }

    /// The files that a fingerprint gave.
    pub(super) fn files(&self, fingerprint: Fingerprint) -> Option<&KnownFile> {
        self.known.files.get(&fingerprint)
    }

    /// What is known of an essay.
    pub(super) fn essay(&self, fingerprint: Fingerprint) -> Option<&KnownEssay> {
        self.known.essays.get(&fingerprint)
    }

    /// Keeps what this build found out, and nothing older. A folder that cannot be written to makes
    /// the next build slower, and no more.
    pub(super) fn keep(
        &self,
        files: impl Iterator<Item = (Fingerprint, KnownFile)>,
        essays: Vec<KnownEssay>,
    ) {
        let essays = essays.into_iter();
        let text = write(&Known {
            files: files.collect(),
            essays: essays.map(|essay| (essay.fingerprint, essay)).collect(),
        });
        if text != self.text {
            let _ = fs::replace_private(&self.path, text.as_bytes());
        }
    }
}

/// The first line is the hash of the rest.
fn write(known: &Known) -> String {
    let body = serde_json::to_string(known).unwrap_or_default();
    format!(
        "{}\n{body}",
        Fingerprint::of_bytes(body.as_bytes()).to_hex()
    )
}

fn read(text: &str) -> Option<Known> {
    let (hash, body) = text.split_once('\n')?;
    let whole = Fingerprint::from_hex(hash)? == Fingerprint::of_bytes(body.as_bytes());
    whole.then(|| serde_json::from_str(body).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_that_was_changed_or_cut_off_is_forgotten() {
        let print = Fingerprint::of_bytes(b"essay");
        let seen = Seen {
            hash: print,
            stamp: None,
        };
        let file = KnownFile {
            file: seen,
            twins: [Some(seen), None],
        };
        let known = Known {
            files: BTreeMap::from([(print, file)]),
            essays: BTreeMap::new(),
        };
        let text = write(&known);
        assert_eq!(read(&text).unwrap().files, known.files);
        for end in 0..text.len() {
            assert!(read(&text[..end]).is_none(), "cut at {end}");
        }
        for other in ["null", "fals", "0000"] {
            assert!(read(&text.replace("null", other)).is_none() || other == "null");
        }
    }
}
