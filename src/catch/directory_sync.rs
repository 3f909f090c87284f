//! Makes renames into one folder durable, many of them with one call to the disk.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A folder whose entries several threads want on the disk.
///
/// Who comes while a round is under way waits for the next one: only a round that *begins* after
/// the rename is sure to cover it. All who wait share that round.
#[derive(Debug)]
pub(super) struct DirectorySync {
    folder: File,
    rounds: Mutex<Rounds>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Rounds {
    begun: u64,
    ended: u64,
    /// What the first failed round said. A later fsync may report success for entries that were
    /// lost, so a failure is never forgotten.
    failure: Option<io::ErrorKind>,
}

impl DirectorySync {
    /// Opens the folder.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: File::open(folder)?,
            rounds: Mutex::default(),
            ended: Condvar::new(),
        })
    }

    /// Returns when every entry that was there at the call is durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut rounds = self.lock();
        let mine = rounds.begun + 1;
        while rounds.ended < mine && rounds.failure.is_none() {
            if rounds.begun == rounds.ended {
                rounds = self.run_round(rounds);
            } else {
                rounds = self
                    .ended
                    .wait(rounds)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        rounds.failure.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn run_round<'a>(&'a self, mut rounds: MutexGuard<'a, Rounds>) -> MutexGuard<'a, Rounds> {
        rounds.begun += 1;
        drop(rounds);
        let result = self.folder.sync_all();
        let mut rounds = self.lock();
        rounds.ended += 1;
        if let Err(error) = result {
            rounds.failure.get_or_insert(error.kind());
        }
        self.ended.notify_all();
        rounds
    }

    fn lock(&self) -> MutexGuard<'_, Rounds> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::DirectorySync;

    #[test]
    fn many_threads_share_rounds_and_all_return() {
        let folder = tempfile::tempdir().unwrap();
        let directory = DirectorySync::open(folder.path()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        directory.sync().unwrap();
                    }
                });
            }
        });
        let rounds = directory.lock();
        assert_eq!(rounds.begun, rounds.ended);
        assert!(rounds.ended <= 16 * 20);
        assert!(rounds.ended >= 20);
    }
}
