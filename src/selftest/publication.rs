//! The small publication that a scenario sends: one issue, and readers who do not exist.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::CONNECTIONS;
use crate::config;
use crate::fs;
use crate::issue::IssueId;
use crate::ledger;
use crate::subscriber;

/// The slug of its issue.
pub(super) const SLUG: &str = "selftest";

/// Copied when a folder is cloned.
const LEDGER_FILES: [&str; 3] = ["ledger.db", "ledger.db-wal", "ledger.db-shm"];

/// A publication in a folder of the test.
#[derive(Debug)]
pub(super) struct TestPublication {
    pub(super) folder: PathBuf,
    pub(super) readers: BTreeSet<String>,
}

/// The identity of its issue.
pub(super) fn issue_id() -> IssueId {
    IssueId::from_bytes(*b"postrider test 1")
}

impl TestPublication {
    /// Writes a publication with so many readers, which sends to this relay.
    pub(super) fn write(folder: &Path, relay: SocketAddr, readers: usize) -> io::Result<Self> {
        let readers: BTreeSet<String> = (1..=readers).map(reader).collect();
        let mut roster = "email,name\n".to_owned();
        for (number, address) in readers.iter().enumerate() {
            let _ = writeln!(roster, "{address},Reader {number}");
        }
        let publication = Self {
            folder: folder.to_owned(),
            readers,
        };
        publication.put(config::FILE_NAME, &settings(relay))?;
        publication.put(subscriber::FILE_NAME, &roster)?;
        publication.put(&format!("issues/2030-01-01-{SLUG}.md"), &essay())?;
        Ok(publication)
    }

    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write_atomically(&self.folder.join(name), text.as_bytes())
    }

    /// Where its ledger is.
    pub(super) fn ledger_path(&self) -> PathBuf {
        self.folder.join(ledger::FILE_NAME)
    }

    /// Copies every file to another folder.
    pub(super) fn copy_to(&self, folder: &Path) -> io::Result<()> {
        copy_all(&self.folder, folder)
    }

    /// Copies the ledger's files out of the folder, as a backup would.
    pub(super) fn back_up_ledger(&self, to: &Path) -> io::Result<()> {
        std::fs::create_dir_all(to)?;
        for name in LEDGER_FILES {
            let from = self.folder.join(name);
            if from.exists() {
                std::fs::copy(from, to.join(name))?;
            }
        }
        Ok(())
    }

    /// Puts a backup into the ledger's place. The files stay the same, so that nothing but their
    /// content tells.
    pub(super) fn restore_ledger(&self, from: &Path) -> io::Result<()> {
        for name in LEDGER_FILES {
            let (from, to) = (from.join(name), self.folder.join(name));
            if from.exists() {
                std::fs::copy(from, to)?;
            } else if to.exists() {
                std::fs::remove_file(to)?;
            }
        }
        Ok(())
    }
}

/// The address of a reader.
pub(super) fn reader(number: usize) -> String {
    format!("reader{number:04}@example.org")
}

fn settings(relay: SocketAddr) -> String {
    format!(
        "title = \"Selftest\"\nauthor = \"Postrider\"\nbase_url = \"https://selftest.example.org/\"\n\
         feed_authority = \"selftest.example.org,2030\"\nfrom = \"selftest@example.org\"\n\n\
         [smtp]\nurl = \"smtp://{relay}\"\nconnections = {CONNECTIONS}\n"
    )
}

/// Longer than what a sender holds back for the end, and with lines that begin with a dot.
fn essay() -> String {
    let mut essay = format!(
        "+++\nid = \"{}\"\ntitle = \"Selftest\"\n+++\n\n",
        issue_id()
    );
    for number in 1..=40 {
        let _ = write!(
            essay,
            "Line {number} of a letter that nobody reads.\n\n.\n\n"
        );
    }
    essay
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
