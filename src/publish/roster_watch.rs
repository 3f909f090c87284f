//! The roster during a send: deleting a row stops mail to it, also in the middle of a run.
//!
//! An editor may be saving the file at the moment of a look. So a look only marks who is not on
//! the roster, which the next look can take back; deliveries are settled as skipped at the end of
//! a run, and only by a file that has come to rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::halt::Halt;
use super::planning::refuse_a_shrunken_roster;
use super::publication::read_audience;
use super::{Publication, Stop};
use crate::ledger::Ledger;
use crate::subscriber::FILE_NAME;
use crate::token::Keys;

/// How often the file is looked at, and how long it must stay the same to be at rest.
const INTERVAL: Duration = Duration::from_millis(500);

/// When the file was changed, and its size.
type Stamp = Option<(SystemTime, u64)>;

/// Watches `subscribers.csv` on behalf of a run.
pub(super) struct RosterWatch {
    file: PathBuf,
    ledger: PathBuf,
    keys: Arc<Keys>,
    halt: Halt,
    accept_removals: bool,
    applied: Option<Stamp>,
}

impl RosterWatch {
    /// A watch that has not looked yet.
    pub(super) fn new(
        publication: &Publication,
        keys: Arc<Keys>,
        halt: Halt,
        accept_removals: bool,
    ) -> Self {
        Self {
            file: publication.folder.join(FILE_NAME),
            ledger: publication.ledger_path(),
            keys,
            halt,
            accept_removals,
            applied: None,
        }
    }

    /// Brings the ledger up to the file as it is now.
    pub(super) fn catch_up(&mut self, ledger: &mut Ledger) -> Result<(), Stop> {
        // The stamp first: what changes while the file is read is seen by the next look.
        let stamp = stamp(&self.file);
        if self.applied != Some(stamp) {
            self.apply(ledger)?;
            self.applied = Some(stamp);
        }
        Ok(())
    }

    /// The same, once the file has stayed as it is for a while.
    pub(super) fn catch_up_at_rest(&mut self, ledger: &mut Ledger) -> Result<(), Stop> {
        loop {
            let before = stamp(&self.file);
            std::thread::sleep(INTERVAL);
            if stamp(&self.file) == before {
                return self.catch_up(ledger);
            }
        }
    }

    /// Runs until it is dropped, or until the file is one that a person must look at: then no
    /// further delivery is begun, and the reason is returned.
    pub(super) async fn watch(&mut self) -> Stop {
        let mut previous = stamp(&self.file);
        loop {
            tokio::time::sleep(INTERVAL).await;
            let stamp = stamp(&self.file);
            let at_rest = stamp == previous;
            previous = stamp;
            if !at_rest || self.applied == Some(stamp) {
                continue;
            }
            let applied = Ledger::open(&self.ledger)
                .map_err(Stop::from)
                .and_then(|mut ledger| self.catch_up(&mut ledger));
            if let Err(stop) = applied {
                self.halt.stop_claiming();
                return stop;
            }
        }
    }

    fn apply(&self, ledger: &mut Ledger) -> Result<(), Stop> {
        let roster = read_audience(&self.file, &self.keys, ledger)?;
        if !self.accept_removals {
            refuse_a_shrunken_roster(ledger, roster.present())?;
        }
        Ok(ledger.update_roster(roster.present())?)
    }
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
