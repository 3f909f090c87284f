//! The fault server: the mail catcher in a thread of its own, on a free port of this machine,
//! directed by a [`Desk`], with a log of every message that it took.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;

use super::desk::Desk;
use super::oracle::Acceptance;
use crate::catch::{Accepted, Catcher, Limits};
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::token::sha256_hex;

/// A relay that does what the desk says. It ends when it is dropped.
pub(super) struct FaultRelay {
    address: SocketAddr,
    desk: Arc<Desk>,
    log: Arc<AcceptanceLog>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FaultRelay {
    /// Listens on a free port. Messages and log go to `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self, Diagnostic> {
        let failed = |error: &dyn std::fmt::Display| {
            Diagnostic::error("cannot start the test's relay").cause(error)
        };
        let maildir = folder.join("mail");
        let desk = Arc::new(Desk::default());
        // Nothing here is worth waiting for at the end: whoever is held then is cut off.
        let limits = Limits {
            grace: Duration::ZERO,
            ..Limits::default()
        };
        let catcher = Catcher::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), &maildir)
            .map_err(|error| failed(&error))?
            .with_limits(limits)
            .directed_by(desk.clone());
        let address = catcher.local_address();
        let log = AcceptanceLog::create(&folder.join("accepted.jsonl"));
        let log = Arc::new(log.map_err(|error| failed(&error))?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let (stop, stopped) = oneshot::channel();
        let written = log.clone();
        let thread = std::thread::spawn(move || {
            let run = catcher.run(move |accepted| written.note(accepted), async {
                let _ = stopped.await;
            });
            if let Err(error) = runtime.block_on(run) {
                tracing::warn!("{error}");
            }
        });
        Ok(Self {
            address,
            desk,
            log,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From where it is directed.
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Every message that it took so far, or why the log cannot be relied on.
    pub(super) fn accepted(&self) -> Result<Vec<Acceptance>, Diagnostic> {
        let entries = self.log.entries();
        match &entries.failure {
            None => Ok(entries.accepted.clone()),
            Some(failure) => {
                Err(Diagnostic::error("the test's relay could not write its log").cause(failure))
            }
        }
    }
}

impl Drop for FaultRelay {
    fn drop(&mut self) {
        self.desk.clear();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A line for each message, on the disk before its reply leaves.
struct AcceptanceLog {
    entries: Mutex<Entries>,
}

struct Entries {
    file: File,
    accepted: Vec<Acceptance>,
    failure: Option<String>,
}

impl AcceptanceLog {
    fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)?;
        let entries = Entries {
            file,
            accepted: Vec::new(),
            failure: None,
        };
        Ok(Self {
            entries: Mutex::new(entries),
        })
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, message: &Accepted) {
        let bytes = fs::read_bytes(&message.path, "a message of the test");
        let mut entries = self.entries();
        let noted = match bytes {
            Ok(Some(bytes)) => entries
                .write(message, &bytes)
                .map_err(|error| error.to_string()),
            Ok(None) => Err("a message is gone from the mailbox".to_owned()),
            Err(problem) => Err(problem.message().to_owned()),
        };
        if let Err(failure) = noted {
            entries.failure.get_or_insert(failure);
        }
    }
}

impl Entries {
    fn write(&mut self, message: &Accepted, bytes: &[u8]) -> io::Result<()> {
        for recipient in &message.to {
            let acceptance = Acceptance {
                recipient: recipient.clone(),
                message_id: message_id_of(bytes),
                sha256: sha256_hex(bytes),
            };
            let line = json!({ "recipient": acceptance.recipient, "message_id": acceptance.message_id,
                "sha256": acceptance.sha256, "file": message.path.file_name().map(|name| name.to_string_lossy()) });
            writeln!(self.file, "{line}")?;
            self.accepted.push(acceptance);
        }
        self.file.sync_data()
    }
}

/// The identity in a message's header, without brackets.
fn message_id_of(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    // A long identity may stand on a line of its own (RFC 5322 §2.2.3).
    let unfolded = header.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("message-id")
                .then(|| value.trim())
        })
        .map(|id| id.trim_matches(['<', '>']).to_owned())
        .unwrap_or_default()
}
