//! A Maildir: one file a message, written in `tmp/` and moved to `new/` when it is whole.
//!
//! Owns names and durability. Every function here blocks on the disk; the session calls them away
//! from its runtime's threads.
//!
//! The usual name begins with the time of day. Two clocks can agree and one clock can go back, so
//! ours is made of what cannot: a number that only grows, the process, and random bytes.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::HEXLOWER;

use super::directory_sync::DirectorySync;

/// A folder with `tmp/`, `new/` and `cur/`.
#[derive(Debug)]
pub(super) struct Maildir {
    folder: PathBuf,
    /// The process and eight random bytes: tells our files from those of any other writer.
    writer: String,
    next_number: AtomicU64,
    arrivals: DirectorySync,
}

impl Maildir {
    /// Opens the Maildir in `folder`, which is made if it is not there.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        for name in ["tmp", "new", "cur"] {
            create_private_folder(&folder.join(name))?;
        }
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random)
            .map_err(|_| io::Error::other("the system gives no random bytes"))?;
        let highest =
            highest_number(&folder.join("new"))?.max(highest_number(&folder.join("cur"))?);
        Ok(Self {
            folder: folder.to_owned(),
            writer: format!("P{}R{}", std::process::id(), HEXLOWER.encode(&random)),
            next_number: AtomicU64::new(highest.saturating_add(1)),
            arrivals: DirectorySync::open(&folder.join("new"))?,
        })
    }

    /// Begins a message: an empty file in `tmp/`.
    pub(super) fn begin(self: &Arc<Self>) -> io::Result<Draft> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        // Listed by name, messages stand in the order in which they began.
        let name = format!("{number:010}.{}.postrider", self.writer);
        let path = self.folder.join("tmp").join(&name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok(Draft {
            maildir: Arc::clone(self),
            name,
            file,
            kept: false,
        })
    }
}

/// A message on its way into the Maildir. Dropped before [`Draft::keep`] it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Draft {
    maildir: Arc<Maildir>,
    name: String,
    file: File,
    kept: bool,
}

impl Draft {
    /// Appends to the message.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Makes the message durable and visible, in this order: the file's bytes, its place in
    /// `new/`, and the folder that names it. Returns its path. After an error it is gone.
    pub(super) fn keep(mut self) -> io::Result<PathBuf> {
        self.file.sync_data()?;
        let path = self.maildir.folder.join("new").join(&self.name);
        fs::rename(self.unfinished(), &path)?;
        if let Err(error) = self.maildir.arrivals.sync() {
            // It was not promised, so it must not be found.
            let _ = fs::remove_file(&path);
            self.kept = true;
            return Err(error);
        }
        self.kept = true;
        Ok(path)
    }

    /// The name under which it will be kept.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn unfinished(&self) -> PathBuf {
        self.maildir.folder.join("tmp").join(&self.name)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // If this fails too, a file stays in `tmp/`, where no reader of Maildirs looks.
            let _ = fs::remove_file(self.unfinished());
        }
    }
}

/// Other people's letters are nobody else's business.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The highest number that begins a file name, so that a later run goes on from there.
fn highest_number(folder: &Path) -> io::Result<u64> {
    let mut highest = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        // Names of other programs begin with a time; ours are told by their end (in `cur/` a
        // reader adds `:2,` and flags to it).
        let ours = name
            .split(':')
            .next()
            .is_some_and(|name| name.ends_with(".postrider"));
        if let (true, Some(Ok(number))) = (ours, name.split('.').next().map(str::parse)) {
            highest = highest.max(number);
        }
    }
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use super::Maildir;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_message_is_seen_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Arc::new(Maildir::open(folder.path()).unwrap());
        let mut draft = maildir.begin().unwrap();
        draft.write(b"one\r\n").unwrap();
        assert_eq!(names(&folder.path().join("new")), Vec::<String>::new());
        draft.write(b"two\r\n").unwrap();
        let path = draft.keep().unwrap();
        assert_eq!(fs::read(path).unwrap(), b"one\r\ntwo\r\n");
        assert_eq!(names(&folder.path().join("tmp")), Vec::<String>::new());
    }

    #[test]
    fn a_dropped_draft_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Arc::new(Maildir::open(folder.path()).unwrap());
        drop(maildir.begin().unwrap());
        assert_eq!(names(&folder.path().join("tmp")), Vec::<String>::new());
    }

    #[test]
    fn a_message_that_cannot_be_moved_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Arc::new(Maildir::open(folder.path()).unwrap());
        let draft = maildir.begin().unwrap();
        fs::remove_dir(folder.path().join("new")).unwrap();
        draft.keep().unwrap_err();
        assert_eq!(names(&folder.path().join("tmp")), Vec::<String>::new());
    }

    #[test]
    fn a_later_run_goes_on_counting_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let maildir = Arc::new(Maildir::open(folder.path()).unwrap());
            maildir.begin().unwrap().keep().unwrap();
            let path = maildir.begin().unwrap().keep().unwrap();
            let read = format!("{}:2,S", path.file_name().unwrap().to_str().unwrap());
            fs::rename(path, folder.path().join("cur").join(read)).unwrap();
        }
        let numbers: Vec<String> = ["new", "cur"]
            .iter()
            .flat_map(|name| names(&folder.path().join(name)))
            .map(|name| name[..10].to_owned())
            .collect();
        assert_eq!(
            numbers,
            ["0000000001", "0000000003", "0000000002", "0000000004"]
        );
    }

    #[test]
    fn two_catchers_on_one_maildir_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let maildirs = [(); 2].map(|()| Arc::new(Maildir::open(folder.path()).unwrap()));
        for maildir in &maildirs {
            maildir.begin().unwrap().keep().unwrap();
        }
        assert_eq!(names(&folder.path().join("new")).len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn messages_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let maildir = Arc::new(Maildir::open(&folder.path().join("mail")).unwrap());
        let path = maildir.begin().unwrap().keep().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
}
