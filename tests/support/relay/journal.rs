//! The relay's own account of what it accepted, on the disk before the reply leaves.
//!
//! One line for each message and recipient: Message-ID, address, SHA-256 of the message. It is
//! written and synced before the client can know, so it never claims less than the client may.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use super::log::AcceptedMessage;

/// A message that the relay took responsibility for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// With its angle brackets.
    pub message_id: String,
    /// Whom it is for.
    pub recipient: String,
    /// Of the message's bytes, in hexadecimal.
    pub sha256: String,
}

impl Acceptance {
    /// What one message is, for each of its recipients.
    pub(super) fn of(message: &AcceptedMessage) -> Vec<Self> {
        let sha256 = HEXLOWER.encode(digest(&SHA256, &message.data).as_ref());
        let message_id = message_id(&message.data);
        let recipients = message.rcpt_to.iter();
        recipients
            .map(|recipient| Self {
                message_id: message_id.clone(),
                recipient: recipient.clone(),
                sha256: sha256.clone(),
            })
            .collect()
    }
}

/// The journal's file, open at its end.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    pub(super) fn create(folder: &Path) -> Self {
        let path = folder.join("acceptances");
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&path)
            .unwrap();
        File::open(folder).unwrap().sync_all().unwrap();
        Self { path, file }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns when the message is on the disk.
    pub(super) fn write(&mut self, message: &AcceptedMessage) {
        let mut lines = String::new();
        for acceptance in Acceptance::of(message) {
            let Acceptance {
                message_id,
                recipient,
                sha256,
            } = acceptance;
            let _ = writeln!(lines, "{message_id} {recipient} {sha256}");
        }
        self.file.write_all(lines.as_bytes()).unwrap();
        self.file.sync_data().unwrap();
    }
}

/// Reads a journal back.
pub fn read_journal(path: &Path) -> Vec<Acceptance> {
    let text = std::fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let mut word = || words.next().expect("a line of the journal is cut off");
        Acceptance {
            message_id: word(),
            recipient: word(),
            sha256: word(),
        }
    };
    text.lines().map(line).collect()
}

/// The field's body (RFC 5322 §3.6.4), unfolded (§2.2.3); `-` where there is none.
fn message_id(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, body)| {
            name.eq_ignore_ascii_case("message-id")
                .then_some(body.trim())
        })
        .unwrap_or("-")
        .to_owned()
}
