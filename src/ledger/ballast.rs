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

/// What no file system can pack: zeros would take no room at all on some. Marsaglia's xorshift, for
/// nothing here is a secret.
fn incompressible(mut state: u64) -> Vec<u8> {
    let mut bytes = vec![0; SIZE];
    for chunk in bytes.chunks_exact_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        chunk.copy_from_slice(&state.to_le_bytes());
    }
    bytes
}

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
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        fs::write_atomically(&self.0, &incompressible(u64::from_le_bytes(seed) | 1))
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
