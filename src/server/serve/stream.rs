//! Large files, piece by piece from the disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::fs::FileMark;

/// Read at once, and held in memory for each reader.
const PIECE: u64 = 64 * 1024;

/// Which bytes of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) first: u64,
    pub(super) length: u64,
}

/// Opens a file to be sent; `None` if it is not the one that was known. Once it is open, a build may
/// replace it: these bytes stay.
pub(super) async fn open(path: &Path, stamp: FileMark, cut: Cut) -> Option<Body> {
    let path: PathBuf = path.to_owned();
    let file = blocking(move || {
        let mut file = File::open(path)?;
        if FileMark::of(&file.metadata()?) != stamp {
            return Err(io::ErrorKind::NotFound.into());
        }
        file.seek(SeekFrom::Start(cut.first))?;
        Ok(file)
    })
    .await
    .ok()?;
    let pieces = stream::try_unfold((file, cut.length), async |(file, left)| {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let (file, piece) = blocking(move || next_piece(file, left)).await?;
        let left = left - piece.len() as u64;
        Ok(Some((piece, (file, left))))
    });
    Some(Body::from_stream(pieces))
}

fn next_piece(mut file: File, left: u64) -> io::Result<(File, Bytes)> {
    let length = usize::try_from(left.min(PIECE)).unwrap_or(0);
    let mut piece = vec![0; length];
    file.read_exact(&mut piece)?;
    Ok((file, Bytes::from(piece)))
}

/// Reads where it may take its time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
