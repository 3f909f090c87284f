//! The ledger: the durable record of plans, deliveries, attempts and suppressions, and the only
//! place that knows SQL.
//!
//! What it promises: one row per (issue, subscriber); an intent is on disk before the first byte
//! of the final dot; illegal transitions are refused by the database itself. The statements keep to
//! the subset that SQLite and PostgreSQL share; what differs is in `schema` and `store`.

mod asked;
mod backup;
mod ballast;
mod bounces;
mod check;
mod control;
mod erasure;
mod export;
mod identity;
mod lock;
mod moves;
mod open_work;
mod overview;
mod planning;
mod polls;
mod queue;
mod readers;
mod relays;
mod report;
mod returned;
mod rounds;
mod schema;
mod standing;
mod store;
mod suppressions;
mod transitions;
mod troubles;
mod writer;

use std::path::Path;

use thiserror::Error;

use crate::fs;

pub use asked::PlannedFor;
pub use bounces::{Bounces, DoubtedDomain};
pub use check::{Finding, Hashed};
pub use control::{Doubts, Verdict};
pub use erasure::{Erased, Erasure};
pub use export::ExportRow;
pub use identity::Identity;
pub use lock::{LockError, LockView, SenderLock, Witness};
pub use moves::EarlierAddress;
pub use open_work::OpenWork;
pub use overview::{PlanLine, RejectedGroup};
pub use planning::{Frozen, IssueState, NewestPlan, PlanWriter, Recorded};
pub use polls::FeedPolls;
pub use readers::{
    AnswerRow, Asked, Chosen, Clerk, Confirmed, LeaveOutcome, ReaderOutcome, ReaderRequest,
};
pub use relays::{KnownRelay, StoredRest};
pub use report::{Counts, HistoryRow, IssueRow, OpenRow, Reason};
pub use returned::{
    MailboxPosition, Replayed, Returned, ReturnedFilter, ReturnedGroup, ReturnedRow, Taken,
};
pub use rounds::RoundsNote;
pub use standing::Standing;
pub use suppressions::Lifted;
pub use transitions::{Claim, IntentAnswer, Settlement};
pub use troubles::{Teller, Troubles};
pub use writer::{Writer, WriterHandle};

use ballast::Ballast;
use store::Store;

/// Name of the ledger's file.
pub const FILE_NAME: &str = "ledger.db";

/// What can go wrong with the ledger.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The database said no: disk full, corrupt file, a transition that is not allowed.
    #[error("the ledger cannot be read or written")]
    Database(#[from] rusqlite::Error),
    /// Written by a later version of Postrider.
    #[error("the ledger is of format {found}, and this Postrider knows formats up to {known}")]
    Newer {
        /// Format of the file.
        found: i64,
        /// Newest format that is known.
        known: i64,
    },
    /// SQLite would not give the durability that the protocol rests on.
    #[error("the ledger's folder cannot hold a durable ledger: {0}")]
    NotDurable(String),
    /// A value that this version does not know.
    #[error("the ledger holds an unknown value: {0}")]
    Unknown(String),
    /// Another process changed a row that was to change; nothing was written.
    #[error("another process has changed the ledger meanwhile")]
    Overtaken,
    /// An earlier commit failed; nothing more is written by this process.
    #[error("the ledger stopped after an earlier failure")]
    Poisoned,
}

impl LedgerError {
    /// Whether the file is damaged, or no ledger at all.
    pub fn is_damage(&self) -> bool {
        matches!(
            self.code(),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
        )
    }

    /// Whether the disk failed: what was written may be lost, and asking again proves nothing.
    pub fn is_disk_failure(&self) -> bool {
        self.code() == Some(rusqlite::ErrorCode::SystemIoFailure)
    }

    fn code(&self) -> Option<rusqlite::ErrorCode> {
        match self {
            Self::Database(error) => error.sqlite_error_code(),
            _ => None,
        }
    }

    /// Whether another process held the ledger for longer than one waits.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.code(),
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
        )
    }

    /// The same error once more, for another who waits.
    fn busy() -> Self {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        Self::Database(rusqlite::Error::SqliteFailure(busy, None))
    }

    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        let no_room_for_the_index = matches!(self, Self::Database(rusqlite::Error::SqliteFailure(failure, _))
            if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
        no_room_for_the_index || self.code() == Some(rusqlite::ErrorCode::DiskFull)
    }
}

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    store: Store,
    ballast: Ballast,
}

/// What the ledger keeps in reserve on the disk during a run, in bytes.
pub const LEAST_ROOM_TO_WRITE: usize = ballast::SIZE;

impl Ledger {
    /// Opens the ledger, making it on first use; an older format is brought up to date.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        // It holds addresses. SQLite gives the log beside it the same mode, and tells what is wrong
        // where it cannot be made.
        let _ = fs::create_private(path);
        let mut store = Store::open(path)?;
        schema::migrate(&mut store)?;
        let ballast = Ballast::of(path);
        Ok(Self { store, ballast })
    }

    /// Takes room on the disk that is given back when a commit finds none: what the relay has
    /// answered by then can still be written down.
    pub fn lay_ballast(&self) -> std::io::Result<()> {
        self.ballast.lay()
    }

    /// Opens the ledger if there is one.
    pub fn open_if_present(path: &Path) -> Result<Option<Self>, LedgerError> {
        if path.exists() {
            Self::open(path).map(Some)
        } else {
            Ok(None)
        }
    }
}
