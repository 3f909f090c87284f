//! Ballast: a file that is thrown away when the disk is full, so that results which the relay has
//! given already can still be written down.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::fs;

/// Its size: the results of a hundred open connections, many times over.
pub(super) const SIZE: usize = 4 * 1024 * 1024;

/// The file beside the ledger.
#[derive(Debug, Clone)]
pub(super) struct Ballast(PathBuf);

impl Ballast {
    /// That of the ledger at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self(path.with_extension("ballast"))
    }

    /// Makes the file where it is missing, or takes less room than it should.
    pub(super) fn lay(&self) -> io::Result<()> {
        let room = std::fs::metadata(&self.0).map_or(0, |file| file.blocks() * 512);
        if room >= SIZE as u64 {
            return Ok(());
        }
        let mut bytes = vec![0; SIZE];
        // A file system that packs its files would keep zeros in no room at all.
        aws_lc_rs::rand::fill(&mut bytes)
            .map_err(|_| io::Error::other("the operating system gives no random numbers"))?;
        fs::write_atomically(&self.0, &bytes)
    }

    /// Gives the room back.
    pub(super) fn release(&self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("the ballast cannot be released: {error}");
        }
    }
}
