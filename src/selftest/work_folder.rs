//! The folder in which everything happens, on the disk that is tested. It goes when the test ends,
//! and what a killed test left behind is told from one that still runs by a lock.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::fs::open_for_lock;

/// What every work folder's name begins with.
const PREFIX: &str = "postrider-selftest-";

/// A file that is there, and locked, as long as a test runs in the folder.
const RUNNING: &str = "running";

/// A folder of one test.
#[derive(Debug)]
pub(super) struct WorkFolder {
    folder: TempDir,
    running: File,
}

/// What earlier tests have left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leftovers {
    /// Folders of killed tests; they were removed.
    pub(super) removed: Vec<PathBuf>,
    /// Folders in which another test runs at this moment.
    pub(super) in_use: Vec<PathBuf>,
}

impl WorkFolder {
    /// Makes a folder in `base`.
    pub(super) fn make(base: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base)?;
        let running = open_for_lock(&folder.path().join(RUNNING))?;
        running.try_lock().map_err(io::Error::from)?;
        Ok(Self { folder, running })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves the folder for good: no later test takes it for a leftover.
    pub(super) fn keep(self) -> io::Result<PathBuf> {
        let path = self.folder.keep();
        drop(self.running);
        fs::remove_file(path.join(RUNNING))?;
        Ok(path)
    }

    /// Removes the folder. Dropping it does the same, and says nothing if that fails.
    pub(super) fn remove(self) -> io::Result<()> {
        self.folder.close()
    }
}

/// Removes what killed tests left in `base`. A folder that was kept on purpose has no mark.
pub(super) fn clear_leftovers(base: &Path) -> io::Result<Leftovers> {
    let mut leftovers = Leftovers::default();
    for entry in fs::read_dir(base)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let mark = entry.path().join(RUNNING);
        // A link could lead anywhere.
        if !is_ours || !entry.file_type()?.is_dir() || !mark.is_file() {
            continue;
        }
        match open_for_lock(&mark)?.try_lock() {
            Ok(()) => {
                fs::remove_dir_all(entry.path())?;
                leftovers.removed.push(entry.path());
            }
            Err(TryLockError::WouldBlock) => leftovers.in_use.push(entry.path()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(leftovers)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::{Leftovers, PREFIX, RUNNING, WorkFolder, clear_leftovers};

    #[test]
    fn what_a_killed_test_left_is_removed_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let left = base.path().join(format!("{PREFIX}left"));
        let kept = base.path().join(format!("{PREFIX}kept"));
        let other = base.path().join("issues");
        for folder in [&left, &kept, &other] {
            fs::create_dir(folder).unwrap();
            File::create(folder.join("file")).unwrap();
        }
        File::create(left.join(RUNNING)).unwrap();
        File::create(other.join(RUNNING)).unwrap();
        let running = WorkFolder::make(base.path()).unwrap();
        assert_eq!(
            clear_leftovers(base.path()).unwrap(),
            Leftovers {
                removed: vec![left.clone()],
                in_use: vec![running.path().to_owned()],
            }
        );
        assert!(!left.exists() && kept.join("file").exists() && other.join("file").exists());
    }

    #[test]
    fn a_folder_that_is_kept_stays_and_is_no_leftover() {
        let base = tempfile::tempdir().unwrap();
        let kept = WorkFolder::make(base.path()).unwrap().keep().unwrap();
        assert_eq!(clear_leftovers(base.path()).unwrap(), Leftovers::default());
        assert!(kept.exists());
    }

    #[test]
    fn a_folder_goes_with_its_test() {
        let base = tempfile::tempdir().unwrap();
        drop(WorkFolder::make(base.path()).unwrap());
        WorkFolder::make(base.path()).unwrap().remove().unwrap();
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }
}
