//! What a relay remembers, and how a test waits for more of it.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::journal::Journal;
use crate::support::DEADLINE;

/// A message for which the relay took responsibility: it decided to answer its dot with 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedMessage {
    /// The reverse path, without brackets.
    pub mail_from: String,
    /// What stood behind the reverse path, such as `SIZE=1234 BODY=8BITMIME`.
    pub mail_parameters: String,
    /// The forward paths, without brackets.
    pub rcpt_to: Vec<String>,
    /// The message, without the dots that were stuffed and without the end mark.
    pub data: Vec<u8>,
    /// On which connection it came; the first has number 1.
    pub connection: usize,
    /// Whether that connection was encrypted.
    pub tls: bool,
    /// Who had logged in on it.
    pub user: Option<String>,
}

/// Shared by all connections.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<Entries>,
    journal: Option<Mutex<Journal>>,
    grown: Condvar,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) accepted: Vec<AcceptedMessage>,
    pub(super) connections: usize,
    /// Connections that were ended on both sides.
    pub(super) ends: usize,
    inside: usize,
    auth_attempts: usize,
    commands: Vec<(usize, String)>,
    offences: Vec<String>,
}

impl Entries {
    fn moments(&self) -> usize {
        self.connections + self.commands.len() + self.accepted.len()
    }
}

impl Log {
    pub(super) fn with_journal(journal: Journal) -> Self {
        Self {
            journal: Some(Mutex::new(journal)),
            ..Self::default()
        }
    }

    pub(super) fn accepted(&self) -> Vec<AcceptedMessage> {
        self.lock().accepted.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.lock().connections
    }

    pub(super) fn auth_attempts(&self) -> usize {
        self.lock().auth_attempts
    }

    pub(super) fn commands(&self) -> Vec<(usize, String)> {
        self.lock().commands.clone()
    }

    pub(super) fn offences(&self) -> Vec<String> {
        self.lock().offences.clone()
    }

    pub(super) fn accept(&self, message: AcceptedMessage) {
        if let Some(journal) = &self.journal {
            journal.lock().unwrap().write(&message);
        }
        self.lock().accepted.push(message);
        self.grown.notify_all();
    }

    /// Returns the new connection's number.
    pub(super) fn count_connection(&self) -> usize {
        let mut entries = self.lock();
        entries.connections += 1;
        self.grown.notify_all();
        entries.connections
    }

    /// Lets a connection in unless so many are inside.
    pub(super) fn let_in(&self, most: usize) -> bool {
        let mut entries = self.lock();
        let has_room = entries.inside < most;
        entries.inside += usize::from(has_room);
        has_room
    }

    pub(super) fn let_out(&self) {
        self.lock().inside -= 1;
    }

    pub(super) fn count_end(&self) {
        self.lock().ends += 1;
        self.grown.notify_all();
    }

    pub(super) fn count_auth_attempt(&self) {
        self.lock().auth_attempts += 1;
    }

    pub(super) fn note_command(&self, connection: usize, command: &str) {
        self.lock().commands.push((connection, command.to_owned()));
        self.grown.notify_all();
    }

    pub(super) fn moments(&self) -> usize {
        self.lock().moments()
    }

    /// Asks `over` now and then: whoever was to make the moments may have ended.
    pub(super) fn wait_for_moments(&self, count: usize, mut over: impl FnMut() -> bool) {
        let start = Instant::now();
        let mut entries = self.lock();
        while entries.moments() < count && !over() {
            assert!(start.elapsed() < DEADLINE, "{} moments", entries.moments());
            let look = Duration::from_millis(20);
            entries = self.grown.wait_timeout(entries, look).unwrap().0;
        }
    }

    pub(super) fn note_offence(&self, connection: usize, offence: &str) {
        let offence = format!("connection {connection}: {offence}");
        self.lock().offences.push(offence);
    }

    #[track_caller]
    pub(super) fn wait_until(&self, what: &str, count: usize, measure: impl Fn(&Entries) -> usize) {
        let (entries, timeout) = self
            .grown
            .wait_timeout_while(self.lock(), DEADLINE, |entries| measure(entries) < count)
            .unwrap();
        let (seen, commands) = (measure(&entries), entries.commands.clone());
        drop(entries);
        assert!(
            !timeout.timed_out(),
            "{seen} {what}, not {count}, after {commands:#?}"
        );
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap()
    }
}
