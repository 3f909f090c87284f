//! The roster during a send: deleting a row stops mail to it, also in the middle of a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::halt::Halt;
use super::planning::{present, refuse_a_shrunken_roster};
use super::{Publication, Stop};
use crate::clock::Clock;
use crate::fs;
use crate::ledger::Ledger;
use crate::subscriber::{FILE_NAME, Roster};
use crate::token::Keys;

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Watches `subscribers.csv` on behalf of a run.
pub(super) struct RosterWatch {
    file: PathBuf,
    ledger: PathBuf,
    keys: Arc<Keys>,
    clock: Clock,
    halt: Halt,
    seen: Option<(SystemTime, u64)>,
}

impl RosterWatch {
    /// Starts from the file as it is now.
    pub(super) fn new(publication: &Publication, keys: Arc<Keys>, halt: Halt) -> Self {
        let file = publication.folder.join(FILE_NAME);
        Self {
            seen: stamp(&file),
            file,
            ledger: publication.ledger_path(),
            keys,
            clock: publication.clock,
            halt,
        }
    }

    /// Runs until it is dropped, or until the file is one that a person must look at: then no
    /// further delivery is begun, and the reason is returned.
    pub(super) async fn watch(mut self) -> Stop {
        let mut unread = false;
        loop {
            tokio::time::sleep(INTERVAL).await;
            let stamp = stamp(&self.file);
            if stamp == self.seen && !unread {
                continue;
            }
            // A file that is being saved just now may be half there: it is looked at once more.
            let settled = stamp == self.seen;
            self.seen = stamp;
            match self.apply() {
                Ok(()) => unread = false,
                Err(_) if !settled => unread = true,
                Err(stop) => {
                    self.halt.stop_claiming();
                    return stop;
                }
            }
        }
    }

    fn apply(&self) -> Result<(), Stop> {
        let source = fs::read_text(&self.file, FILE_NAME)?;
        let present = present(&Roster::parse(&source)?, &self.keys);
        let mut ledger = Ledger::open(&self.ledger)?;
        refuse_a_shrunken_roster(&mut ledger, &present)?;
        ledger.update_roster(&present, self.clock.now())?;
        Ok(())
    }
}

fn stamp(file: &std::path::Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
