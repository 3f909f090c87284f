//! A message between the socket and the disk: gathered in blocks, so that a large one costs no
//! more memory than a small one, and dropped as soon as it cannot be kept.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::maildir::{Draft, Maildir};
use super::subject::subject_of;

/// How many bytes of a message are held in memory before they go to the disk. Nearly every letter
/// is smaller and costs one visit to the disk's threads.
const BLOCK: usize = 256 * 1024;

/// What became of a message at its end.
pub(super) enum Received {
    Kept {
        path: PathBuf,
        name: String,
        size: usize,
        subject: Option<String>,
    },
    TooLarge,
    NotStored(io::Error),
}

/// A message on its way from the socket to the disk.
pub(super) struct Incoming {
    maildir: Arc<Maildir>,
    most: usize,
    /// What was received and not yet written.
    block: Vec<u8>,
    /// Size of what was written before `block`, in bytes.
    written: usize,
    subject: Option<String>,
    state: State,
}

enum State {
    /// Everything so far is in the block.
    InMemory,
    OnDisk(Draft),
    TooLarge,
    Failed(io::Error),
}

impl Incoming {
    /// A message of at most `most` bytes, none of which has come.
    pub(super) fn begin(maildir: &Arc<Maildir>, most: usize) -> Self {
        Self {
            maildir: Arc::clone(maildir),
            most,
            block: Vec::new(),
            written: 0,
            subject: None,
            state: State::InMemory,
        }
    }

    /// Where the next bytes go.
    pub(super) fn block(&mut self) -> &mut Vec<u8> {
        &mut self.block
    }

    /// Writes the block away when it is large, or drops it when it is no longer wanted.
    pub(super) async fn make_room(&mut self) {
        if self.written + self.block.len() > self.most {
            self.state = State::TooLarge;
        }
        match &self.state {
            State::TooLarge | State::Failed(_) => self.block.clear(),
            _ if self.block.len() >= BLOCK => self.write_block().await,
            _ => {}
        }
    }

    async fn write_block(&mut self) {
        self.look_for_subject();
        let block = std::mem::take(&mut self.block);
        self.written += block.len();
        let draft = match std::mem::replace(&mut self.state, State::InMemory) {
            State::OnDisk(draft) => Some(draft),
            _ => None,
        };
        let maildir = Arc::clone(&self.maildir);
        let written = on_disk_thread(move || {
            let mut draft = draft.map_or_else(|| maildir.begin(), Ok)?;
            draft.write(&block)?;
            Ok(draft)
        });
        self.state = match written.await {
            Ok(draft) => State::OnDisk(draft),
            Err(error) => State::Failed(error),
        };
    }

    fn look_for_subject(&mut self) {
        if self.written == 0 {
            self.subject = subject_of(&self.block);
        }
    }

    /// Stores the message for good. Nothing is left behind if that fails.
    pub(super) async fn finish(mut self) -> Received {
        let size = self.written + self.block.len();
        if size > self.most {
            return Received::TooLarge;
        }
        self.look_for_subject();
        let draft = match self.state {
            State::TooLarge => return Received::TooLarge,
            State::Failed(error) => return Received::NotStored(error),
            State::InMemory => None,
            State::OnDisk(draft) => Some(draft),
        };
        let kept = on_disk_thread(move || {
            let mut draft = draft.map_or_else(|| self.maildir.begin(), Ok)?;
            draft.write(&self.block)?;
            let name = draft.name().to_owned();
            Ok((draft.keep()?, name))
        });
        match kept.await {
            Ok((path, name)) => Received::Kept {
                path,
                name,
                size,
                subject: self.subject,
            },
            Err(error) => Received::NotStored(error),
        }
    }
}

/// Runs what waits for the disk where it holds up no other connection.
async fn on_disk_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}
