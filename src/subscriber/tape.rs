//! A reader that keeps the last part of what went through it, so that a problem with a row can show
//! the row although the file is not in memory.

use std::io::{self, Read};

/// Longest row, in bytes; a quote that is never closed would swallow the whole file.
const LONGEST_ROW: usize = 1024 * 1024;
/// How much is kept before what is done with is dropped.
const KEPT: usize = 64 * 1024;

/// Reads from `inner`, and remembers.
#[derive(Debug)]
pub(super) struct Tape<R> {
    inner: R,
    kept: Vec<u8>,
    /// Offset of the first byte kept.
    from: u64,
}

impl<R: Read> Tape<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            kept: Vec::new(),
            from: 0,
        }
    }

    /// What was read from `start` to `end`, as far as it is kept.
    pub(super) fn slice(&self, start: u64, end: u64) -> &[u8] {
        let at = |offset: u64| {
            let inside = usize::try_from(offset.saturating_sub(self.from)).unwrap_or(usize::MAX);
            inside.min(self.kept.len())
        };
        &self.kept[at(start)..at(end).max(at(start))]
    }

    /// What lies before `offset` is not asked for again.
    pub(super) fn forget_before(&mut self, offset: u64) {
        let done = usize::try_from(offset.saturating_sub(self.from)).unwrap_or(usize::MAX);
        if done >= KEPT && done <= self.kept.len() {
            self.kept.drain(..done);
            self.from = offset;
        }
    }
}

impl<R: Read> Read for Tape<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.kept.len() > KEPT + LONGEST_ROW {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        self.kept.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}
