//! One sender at a time: an advisory lock on `sender.lock`, which also holds the ledger's epoch, so
//! that a ledger restored from a backup is seen to be older than its folder.
//!
//! Whoever changes the ledger writes that number, with or without the lock, and only while it has
//! the ledger to itself ([`super::Ledger::while_the_epoch_stands`]): the number never falls, and it
//! is never ahead of the ledger.
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
    is_signed: bool,
}

impl SenderLock {
    /// Takes the lock in `folder`, or tells at once who has it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let mut file = open_for_lock(&folder.join(FILE_NAME))?;
        let locked = file.try_lock();
        let text = text_of(&mut file);
        match locked {
            Ok(()) => Ok(Self {
                file,
                last_epoch: epoch_in(&text),
                is_signed: false,
            }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held {
                holder: holder_in(&text),
            }),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Epoch of the ledger when it was last changed, as of when the lock was taken; 0 if it never
    /// was.
    pub fn last_epoch(&self) -> i64 {
        self.last_epoch
    }

    /// Writes who holds the lock, and the epoch, durably.
    pub fn sign(&mut self, holder: &str, epoch: i64) -> io::Result<()> {
        self.is_signed = true;
        write_text(&mut self.file, holder, epoch)
    }

    /// Whether a run began under this lock.
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }
}

/// What `sender.lock` says of the ledger's epoch, for those who change the ledger without sending.
/// Neither reading nor writing it takes the lock: a sender is not disturbed.
#[derive(Debug)]
pub struct Witness {
    file: File,
    text: String,
}

impl Witness {
    /// Reads what is written in `folder`, making the file where there is none.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut file = open_for_lock(&folder.join(FILE_NAME))?;
        let text = text_of(&mut file);
        Ok(Self { file, text })
    }

    /// Epoch of the ledger when it was last changed; 0 if it never was.
    pub fn epoch(&self) -> i64 {
        epoch_in(&self.text)
    }

    /// Writes a higher epoch, durably. Who holds the lock stays as it is written.
    pub fn write(&mut self, epoch: i64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.text = text_of(&mut self.file);
        if self.epoch() >= epoch {
            return Ok(());
        }
        let holder = self.text.lines().next().unwrap_or_default();
        write_text(&mut self.file, holder, epoch)
    }
}

/// The holder writes short text; a file of another kind must not fill the memory.
fn text_of(file: &mut File) -> String {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).ok();
    text
}

/// At no moment is the file empty: whoever reads it meanwhile would take the ledger for a new one.
fn write_text(file: &mut File, holder: &str, epoch: i64) -> io::Result<()> {
    let text = format!("{holder}\nepoch {epoch}\n");
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

/// The lock as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockView {
    /// Who holds it, if somebody does.
    pub holder: Option<String>,
    /// Epoch of the ledger when it was last changed.
    pub last_epoch: i64,
}

impl LockView {
    /// Looks at the lock in `folder`; `None` where no sender ever was. Whoever holds it keeps it,
    /// and a sender that starts at this very moment is not disturbed for longer than the look.
    pub fn of(folder: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(folder.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let text = text_of(&mut file);
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
