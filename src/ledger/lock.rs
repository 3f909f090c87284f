//! One sender at a time: an advisory lock on `sender.lock`, which also holds the number of the
//! last run, so that a ledger restored from a backup is seen to be older than its folder.
//!
//! Never the database file itself: closing any descriptor of a file drops its POSIX locks.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use thiserror::Error;

use crate::fs::open_for_lock;

/// Name of the lock's file.
pub(super) const FILE_NAME: &str = "sender.lock";

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process sends.
    #[error("another sender holds the ledger: {holder}")]
    Held {
        /// Process and host, as the holder wrote them.
        holder: String,
    },
    /// The file cannot be used.
    #[error("cannot use `{FILE_NAME}`")]
    Io(#[from] io::Error),
}

/// The lock; released when it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct SenderLock {
    file: File,
    last_epoch: i64,
}

impl SenderLock {
    /// Takes the lock in `folder`, or tells at once who has it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let mut file = open_for_lock(&folder.join(FILE_NAME))?;
        let locked = file.try_lock();
        let mut text = String::new();
        // The holder writes short text; a file of another kind must not fill the memory.
        Read::by_ref(&mut file)
            .take(4096)
            .read_to_string(&mut text)
            .ok();
        match locked {
            Ok(()) => Ok(Self {
                file,
                last_epoch: epoch_in(&text),
            }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held {
                holder: holder_in(&text),
            }),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Number of the last run that had the lock; 0 if there was none.
    pub fn last_epoch(&self) -> i64 {
        self.last_epoch
    }

    /// Writes who holds the lock and in which run, durably.
    pub fn sign(&mut self, holder: &str, epoch: i64) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        write!(self.file, "{holder}\nepoch {epoch}\n")?;
        self.file.sync_all()
    }
}

/// The lock as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockView {
    /// Who holds it, if somebody does.
    pub holder: Option<String>,
    /// Number of the last run that had it.
    pub last_epoch: i64,
}

impl LockView {
    /// Looks at the lock in `folder`; `None` where no sender ever was. Whoever holds it keeps it,
    /// and a sender that starts at this very moment is not disturbed for longer than the look.
    pub fn of(folder: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(folder.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let mut text = String::new();
        (&file).take(4096).read_to_string(&mut text).ok();
        Ok(Some(Self {
            holder: held.then(|| holder_in(&text)),
            last_epoch: epoch_in(&text),
        }))
    }
}

fn holder_in(text: &str) -> String {
    let holder = text.lines().next().unwrap_or_default();
    if holder.is_empty() {
        "a process that has just started".to_owned()
    } else {
        holder.to_owned()
    }
}

fn epoch_in(text: &str) -> i64 {
    text.lines()
        .find_map(|line| line.strip_prefix("epoch ")?.parse().ok())
        .unwrap_or(0)
}
