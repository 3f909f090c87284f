//! What the rounds write into the ledger of themselves: `status` and the desk are other processes, and
//! want to know whether a server runs, what it did last, and what it could not do.

use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::Rounds;
use super::state::{Doing, RoundsState};
use crate::diagnostic::visible;
use crate::ledger::{FILE_NAME, Ledger, LedgerError, RoundsNote};
use crate::publish::places::holder;
use crate::schedule::{Look, distance};

/// A note is written anew after this time, also if nothing else has changed.
const EVERY: Duration = Duration::from_mins(1);

/// Whose note is older than this runs no more, or looks at nothing any more.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(10);

/// The note that was written last.
pub(super) struct Notes<'a> {
    rounds: &'a Rounds,
    written: Option<(RoundsNote, Duration)>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(rounds: &'a Rounds) -> Self {
        Self {
            rounds,
            written: None,
        }
    }

    /// Writes down how it stands, where that is news. It waits for no error: what is wrong with the
    /// ledger the looks tell, and a note that is old shows it by its time.
    pub(super) fn keep(&mut self, look: &Look) {
        let note = note_of(&self.rounds.state.now(), look.wall);
        let is_known = self.written.as_ref().is_some_and(|(written, at)| {
            let same = RoundsNote {
                looked_at: note.looked_at,
                ..written.clone()
            } == note;
            same && look.running.saturating_sub(*at) < EVERY
        });
        if !is_known && matches!(write(self.rounds, Some(&note)), Ok(true)) {
            self.written = Some((note, look.running));
        }
    }
}

/// Takes the note away: the rounds have ended as they should.
pub(super) fn take_away(rounds: &Rounds) {
    // Who reads it sees by its time that it is old.
    let _ = write(rounds, None);
}

/// Whether there was a ledger to write it into.
fn write(rounds: &Rounds, note: Option<&RoundsNote>) -> Result<bool, LedgerError> {
    let Some(mut ledger) = Ledger::open_if_present(&rounds.folder.join(FILE_NAME))? else {
        return Ok(false);
    };
    ledger.set_rounds(note)?;
    Ok(true)
}

fn note_of(state: &RoundsState, now: DateTime<Utc>) -> RoundsNote {
    RoundsNote {
        who: holder(),
        looked_at: now,
        sending: match &state.doing {
            Doing::Sending { title, .. } => Some(title.clone()),
            Doing::Nothing | Doing::Preparing => None,
        },
        next_due: state.next_due.clone(),
        last_run: state.last_run.clone(),
        last_error: state.last_error.clone(),
        // Two clocks that are read one after the other differ a little each time.
        again_at: state
            .again_at
            .and_then(|at| at.duration_round(TimeDelta::minutes(1)).ok()),
    }
}

/// The rounds as another process sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRounds {
    /// Whether somebody makes them.
    pub are_made: bool,
    /// Who does, what comes next, and what was done last; each in a line.
    pub lines: Vec<String>,
    /// What went wrong last, and when it is tried again.
    pub wrong: Option<String>,
}

/// Tells how the rounds stand; `written` writes an instant on the publication's clocks.
pub fn told_rounds(
    note: &RoundsNote,
    now: DateTime<Utc>,
    written: impl Fn(DateTime<Utc>) -> String,
) -> ToldRounds {
    let silent = now - note.looked_at;
    let are_made = silent.abs() <= LONGEST_SILENCE;
    let who = visible(&note.who);
    let mut first = if are_made {
        format!("`serve` runs: {who}")
    } else {
        format!(
            "`serve` does not seem to run: {who} looked at the clock last {}, {} ago",
            written(note.looked_at),
            distance(silent)
        )
    };
    if let Some(title) = note.sending.as_ref().filter(|_| are_made) {
        first = format!("{first}; it mails \"{}\"", visible(title));
    }
    if let Some((slug, at)) = &note.next_due {
        first = format!("{first}; next due: {} {}", visible(slug), written(*at));
    }
    let mut lines = vec![first];
    if let Some((at, told)) = note.last_run.as_ref().filter(|(_, told)| !told.is_empty()) {
        let told = visible(&told.join("; "));
        lines.push(format!("its last run, {}: {told}", written(*at)));
    }
    let wrong = note.last_error.as_ref().map(|(at, told)| {
        let again = note.again_at.filter(|_| are_made);
        let again = again.map(|at| format!("; tried again {}", written(at)));
        format!(
            "what went wrong last, {}: {}{}",
            written(*at),
            visible(told),
            again.unwrap_or_default()
        )
    });
    ToldRounds {
        are_made,
        lines,
        wrong,
    }
}
