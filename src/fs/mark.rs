//! By which a file is known to be the same without being read.

use std::fs::Metadata;
use std::time::SystemTime;

/// The mark of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMark {
    /// Its length in bytes.
    pub length: u64,
    /// When it was last changed, where the system tells.
    pub modified: Option<SystemTime>,
    /// Another file under the same name: editors and `build` replace files by rename.
    inode: u64,
}

impl FileMark {
    /// The mark of what was looked at.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            inode: inode(metadata),
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
