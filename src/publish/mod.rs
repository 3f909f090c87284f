//! The shell that joins core and edges: what each command does, from files to files, ledger and
//! relay. Asking and printing is left to `cli`.

mod about;
mod asked;
mod backup;
mod breaker;
mod build;
mod checking;
mod checkup;
mod claims;
mod deliver;
mod edited;
mod export;
mod freeze;
mod ground;
mod guard;
mod halt;
mod hubs;
mod job;
mod logo;
mod online;
mod overview;
mod pictures;
mod places;
mod planned;
mod planning;
mod preview;
mod problems;
mod progress;
mod publication;
mod readers;
mod relays;
mod rests;
mod returned;
mod roster;
mod roster_watch;
mod rounds;
mod scheduling;
mod send;
mod side_by_side;
mod signals;
mod signing;
mod targets;
mod telling;
mod templates;
mod test_send;
mod trial;
mod untold;
mod vitals;

use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::ledger::{LedgerError, LockError};

pub use crate::ledger::FeedPolls;

pub use about::About;
pub use asked::{AskedFor, OnUnconfirmed, SETTLING_TIME};
pub use backup::{BackedUp, back_up};
pub use build::{BuildReport, TWIN_ENDINGS, build, gzip, rehearse_build};
pub use checking::{check, check_before_sending};
pub use checkup::{Checkup, check_ledger};
pub use edited::{edited_parts, told_edits};
pub use export::{Exported, Form as ExportForm, export_to, export_to_file};
pub use guard::{Adopted, adopt, keys_for_planning, open_ledger, sign_change};
pub use halt::Halt;
pub use hubs::{Announcing, announce};
pub use overview::Outlook;
pub use pictures::{Asset, IssueAssets, assets_of};
pub use planned::planned_issue;
pub use planning::{Candidates, Comparison, DryPlan, compare, dry_plan, rehearse_for};
pub use preview::{Desk, Sheet, WATCHED_FOLDERS, is_of_no_account};
pub use problems::foreign_sender;
pub use progress::Progress;
pub use publication::{IssueFile, Issues, KEY_FILE, Publication};
pub use readers::{PageKind, Readers, Shown};
pub use rests::Resting;
pub use returned::{
    KEPT_FOLDER, Source, TakeReport, configured_sources, replay_returned, take_returned,
};
pub use roster::{
    Added, Dossier, Export, Forgotten, Found, Import, ImportDiff, ImportOptions, Imported,
    KnownRow, Moved, NewSubscriber, Office, Removal, RosterExported, Rows, Tidied, Untidy,
    add_subscriber, erase_subscriber, export_roster, export_roster_to_file, find_subscribers,
    find_untidy, look_at_import, look_up, move_subscriber, remove_subscribers, tidy,
};
pub use rounds::{
    Doing, Rhythm, Rounds, RoundsState, RoundsView, Tell, Told, ToldRounds, told_rounds,
};
pub use scheduling::{Calendar, Scheduled, Unscheduled, calendar, schedule, unschedule};
pub use send::{Ask, Held, IssueOutcome, Question, SendOptions, SendReport, preview_send, send};
pub use templates::{KnownTheme, TEMPLATES_FOLDER};
pub use test_send::{TestSent, send_test};
pub use vitals::{Vitals, record_polls, vitals};

/// Why a command did not do its work.
#[derive(Debug, Error)]
pub enum Stop {
    /// Something is wrong; told as one or more problems.
    #[error("{}", messages(.0))]
    Failed(Vec<Diagnostic>),
    /// Another sender holds the ledger.
    #[error("{0}")]
    Busy(Box<Diagnostic>),
    /// The person said no.
    #[error("nothing was sent")]
    Declined,
}

/// For a log: what is wrong, without the places and hints that a person at a terminal gets.
fn messages(problems: &[Diagnostic]) -> String {
    let messages: Vec<&str> = problems.iter().map(Diagnostic::message).collect();
    messages.join("; ")
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Failed(vec![diagnostic])
    }
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        if error.is_busy() {
            return Self::Busy(Box::new(problems::ledger_problem(&error)));
        }
        problems::ledger_problem(&error).into()
    }
}

impl From<LockError> for Stop {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { .. } => Self::Busy(Box::new(
                Diagnostic::error(error.to_string())
                    .hint("wait until it has finished; `postrider status` shows how far it is"),
            )),
            LockError::Io(ref cause) => Diagnostic::error(error.to_string()).cause(cause).into(),
        }
    }
}

/// Fills `bytes` with randomness of the operating system.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), Diagnostic> {
    getrandom::fill(bytes)
        .map_err(|_| Diagnostic::error("the operating system gives no random numbers"))
}
