//! `subscribers.csv` while a command changes it. It is the author's file, and may be open in an editor
//! or a spreadsheet: what is saved there between our reading and our writing is never overwritten.
//!
//! Two commands exclude each other by a lock on the file itself. An editor knows nothing of that: so
//! just before the new file takes its place, the old one must be the one that was read.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::publish::{Publication, Stop};
use crate::subscriber::{Change, Edited, FILE_NAME, NewRow, Sheet, SheetRow};

/// Which file it is, and in which state: device, inode, size, time of the last change.
type Stamp = (u64, u64, u64, i64, i64);

/// The roster's file, locked.
pub(super) struct RosterFile {
    path: PathBuf,
    /// Nothing where there is none yet.
    file: Option<(File, Stamp)>,
}

impl RosterFile {
    /// Opens and locks it.
    pub(super) fn lock(publication: &Publication) -> Result<Self, Stop> {
        Self::lock_at(publication.folder.join(FILE_NAME))
    }

    fn lock_at(path: PathBuf) -> Result<Self, Stop> {
        // A link stays a link: what it leads to is replaced.
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        loop {
            let Some(file) = fs::open_if_present(&path, FILE_NAME)? else {
                return Ok(Self { path, file: None });
            };
            // On a file system without locks, what was changed meanwhile is seen all the same.
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                return Err(Stop::Busy(Box::new(in_use())));
            }
            let stamp = stamp(&file.metadata().map_err(unreadable)?);
            // Who waited for a lock may hold one on a file that was replaced meanwhile.
            if stamp_of(&path) == Some(stamp) {
                return Ok(Self {
                    path,
                    file: Some((file, stamp)),
                });
            }
        }
    }

    /// Whether there is a file.
    pub(super) fn exists(&self) -> bool {
        self.file.is_some()
    }

    /// The file as something to edit; a new one where there is none.
    pub(super) fn sheet(&self) -> Result<Sheet, Stop> {
        Ok(match &self.file {
            Some((file, _)) => Sheet::open(FILE_NAME, file.try_clone().map_err(unreadable)?)?,
            None => Sheet::begin(FILE_NAME)?,
        })
    }

    /// Writes the file anew, as a whole or not at all.
    pub(super) fn rewrite(
        &self,
        sheet: &mut Sheet,
        change: impl FnMut(&SheetRow<'_>) -> Result<Change, Stop>,
        added: impl IntoIterator<Item = NewRow>,
    ) -> Result<Edited, Stop> {
        let mut edited = Edited::default();
        let fill = |out: &mut dyn Write| {
            edited = sheet.write::<Failure>(
                out,
                {
                    let mut change = change;
                    move |row| change(row).map_err(Failure)
                },
                added,
            )?;
            Ok(())
        };
        fs::write_atomically_unless::<Failure>(&self.path, fill, || self.refuse_a_change())
            .map_err(|failure| failure.0)?;
        Ok(edited)
    }

    fn refuse_a_change(&self) -> Result<(), Failure> {
        let before = self.file.as_ref().map(|(_, stamp)| *stamp);
        if stamp_of(&self.path) == before {
            return Ok(());
        }
        let problem = Diagnostic::error(format!(
            "`{FILE_NAME}` was changed by another program meanwhile"
        ))
        .hint("nothing was written; save what is open elsewhere, and try again");
        Err(Failure(problem.into()))
    }
}

/// Programs that have the file open now, by the files that they leave beside it.
pub(super) fn open_elsewhere(publication: &Publication) -> Option<&'static str> {
    let beside = [
        (format!(".~lock.{FILE_NAME}#"), "LibreOffice"),
        (format!(".{FILE_NAME}.swp"), "Vim"),
        (format!(".#{FILE_NAME}"), "Emacs"),
    ];
    let is_there = |name: &str| std::fs::symlink_metadata(publication.folder.join(name)).is_ok();
    beside
        .into_iter()
        .find(|(name, _)| is_there(name))
        .map(|(_, program)| program)
}

/// A failure on the way into the new file.
struct Failure(Stop);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let problem = Diagnostic::error(format!("cannot write `{FILE_NAME}`")).cause(error);
        Self(problem.hint("the file is as it was").into())
    }
}

impl From<Diagnostic> for Failure {
    fn from(problem: Diagnostic) -> Self {
        Self(problem.into())
    }
}

fn unreadable(error: io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read `{FILE_NAME}`")).cause(error)
}

fn in_use() -> Diagnostic {
    Diagnostic::error(format!(
        "another command of Postrider is changing `{FILE_NAME}`"
    ))
    .hint("try again when it has ended")
}

fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    (
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    )
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().as_ref().map(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "email\na@example.org\n";

    /// Adds a row while something else happens to the file.
    fn rewrite(path: &Path, meanwhile: impl FnOnce()) -> Result<Edited, Stop> {
        let file = RosterFile::lock_at(path.to_owned())?;
        let mut sheet = file.sheet()?;
        let mut meanwhile = Some(meanwhile);
        let change = |_: &SheetRow<'_>| {
            if let Some(meanwhile) = meanwhile.take() {
                meanwhile();
            }
            Ok(Change::Keep)
        };
        file.rewrite(&mut sheet, change, [vec![(0, "b@example.org".to_owned())]])
    }

    #[test]
    fn what_another_program_saves_meanwhile_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write_atomically(&path, BEFORE.as_bytes()).unwrap();
        let theirs = "email\na@example.org\nc@example.org\n";
        // An editor replaces the file, or writes into it.
        let replace = || fs::write_atomically(&path, theirs.as_bytes()).unwrap();
        let into = || {
            use std::io::Write;
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .open(&path)
                .unwrap();
            file.write_all(b"c@example.org\n").unwrap();
        };
        assert!(rewrite(&path, replace).is_err());
        assert_eq!(
            fs::read_bytes(&path, FILE_NAME).unwrap().unwrap(),
            theirs.as_bytes()
        );
        fs::write_atomically(&path, BEFORE.as_bytes()).unwrap();
        assert!(rewrite(&path, into).is_err());
        assert_eq!(
            fs::read_bytes(&path, FILE_NAME).unwrap().unwrap(),
            theirs.as_bytes()
        );
        let made = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(made, 1, "nothing is left over");
        assert!(rewrite(&path, || {}).is_ok());
    }

    #[test]
    fn a_write_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write_atomically(&path, BEFORE.as_bytes()).unwrap();
        let file = RosterFile::lock_at(path.clone()).unwrap();
        let mut sheet = file.sheet().unwrap();
        let fail = |_: &SheetRow<'_>| Err(Diagnostic::error("the disk is full").into());
        assert!(file.rewrite(&mut sheet, fail, []).is_err());
        assert_eq!(
            fs::read_bytes(&path, FILE_NAME).unwrap().unwrap(),
            BEFORE.as_bytes()
        );
    }
}
