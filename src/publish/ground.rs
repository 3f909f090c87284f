//! What a run stands on: a file system that keeps what it was given, room on it, and a clock that
//! has not run backwards. Looked at before anything is sent.

use chrono::{DateTime, Utc};

use super::publication::Publication;
use super::{Stop, problems};
use crate::clock;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::ledger::{LEAST_ROOM_TO_WRITE, Ledger};
use crate::schedule::{Distrust, Watch, distance, set_far_back};

const MIB: u64 = 1024 * 1024;

/// What must be free, however small the run.
const LEAST_FREE: u64 = 64 * MIB;

/// What one message adds to the ledger and to its log, generously; three times that must be free.
const BYTES_PER_MESSAGE: u64 = 512;
const MARGIN: u64 = 3;

/// Refuses a file system of which nobody knows what a commit is worth there, unless `trusted`, and
/// one with too little room for a run of so many messages.
pub(super) fn check_folder(
    publication: &Publication,
    messages: usize,
    trusted: bool,
) -> Result<(), Stop> {
    let volume = fs::volume_of(&publication.folder).map_err(|error| {
        Diagnostic::error("cannot look at the file system of this folder").cause(error)
    })?;
    if let Some(kind) = volume.remote
        && !trusted
    {
        return Err(Diagnostic::error(format!("this folder is on {kind}"))
            .cause("such a file system may lose what was written, or let two senders in, and the ledger could not tell")
            .hint("move the publication to a local disk, or send all the same with `--unsafe-fs`")
            .into());
    }
    let wanted = MARGIN * BYTES_PER_MESSAGE * messages as u64;
    let wanted = wanted.max(LEAST_FREE);
    if volume.free < wanted {
        return Err(Diagnostic::error(format!(
            "{} MiB are free on this disk, and a run of {messages} messages wants {} MiB",
            volume.free / MIB,
            wanted.div_ceil(MIB)
        ))
        .cause("on a full disk nothing can be recorded, and so nothing sent")
        .hint("make room and run the same command again; nothing was sent")
        .into());
    }
    Ok(())
}

/// Puts the ballast in its place.
pub(super) fn lay_ballast(ledger: &Ledger) -> Result<(), Stop> {
    ledger.lay_ballast().map_err(|error| {
        Diagnostic::error(format!(
            "cannot keep {} MiB in reserve for the ledger",
            LEAST_ROOM_TO_WRITE as u64 / MIB
        ))
        .cause(error)
        .hint("check the rights of the folder and the room on the disk; nothing was sent")
        .into()
    })
}

/// Refuses a clock that is behind this program's own making, or a day behind what the ledger has
/// seen: `Date` headers, retries and what is due would all be wrong.
pub(super) fn check_clock(publication: &Publication, ledger: &mut Ledger) -> Result<(), Stop> {
    let clock = publication.clock;
    // Somebody who sets the clock may well want a time before the program's.
    let built = (!clock.is_set_by_hand()).then(clock::built);
    let now = clock.now();
    match set_far_back(now, built, ledger.last_seen()?) {
        Some(doubt) => Err(objection(now, &doubt).into()),
        None => Ok(()),
    }
}

/// What a timer waits for and a person need not: that a machine which has just started knows the
/// time. What is due by a clock that nobody has set may not be due at all.
pub(super) fn wait_for_the_time(publication: &Publication) -> Result<(), Stop> {
    let clock = publication.clock;
    if clock.is_set_by_hand() {
        return Ok(());
    }
    let look = clock.look();
    match Watch::new(None, None).look(&look) {
        Ok(()) => Ok(()),
        Err(doubt) => Err(objection(look.wall, &doubt).into()),
    }
}

/// Why `now` is not believed, and what to do.
pub(super) fn objection(now: DateTime<Utc>, doubt: &Distrust) -> Diagnostic {
    let hint = "set the clock of this machine; `--now` takes another instant for the present";
    let told = now.format("%Y-%m-%d %H:%M UTC");
    let wrong = Diagnostic::error(format!("the clock says {told}, which cannot be"));
    let doubtful = Diagnostic::error(format!("the clock says {told}, which may be wrong"));
    match doubt {
        Distrust::BehindTheProgram(built) => {
            let built = built.format("%Y-%m-%d");
            wrong
                .cause(format!("this program was built later, on {built}"))
                .hint(hint)
        }
        Distrust::BehindTheLastRun(seen) => {
            let seen = seen.format("%Y-%m-%d %H:%M UTC");
            wrong
                .cause(format!("the last run was later, at {seen}"))
                .hint(format!(
                    "{hint}; if it was wrong then and is right now, say so with `postrider ledger adopt`"
                ))
        }
        Distrust::JustStarted => doubtful
            .cause("the machine has just started and has not asked the network for the time")
            .hint("the next run of the timer looks again; `postrider send ISSUE` sends it all the same"),
        Distrust::Stepped(by) => {
            let way = if *by < chrono::TimeDelta::zero() { "back" } else { "forward" };
            doubtful
                .cause(format!("it was set {way} by {}", distance(*by)))
                .hint("what is due is held until the clock is steady; `postrider send ISSUE` sends it all the same")
        }
    }
}

/// Remembers the time for the next run. One that was set by hand proves nothing.
pub(super) fn remember_the_time(
    publication: &Publication,
    ledger: &mut Ledger,
) -> Result<(), Stop> {
    if publication.clock.is_set_by_hand() {
        return Ok(());
    }
    ledger
        .saw(publication.clock.now())
        .map_err(|error| problems::ledger_problem(&error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn no_clock_that_is_right_is_behind_the_program_or_a_day_behind_the_last_run() {
        let now = at("2026-12-01T09:00:00Z");
        let told = |built: Option<&str>, seen: Option<&str>| {
            set_far_back(now, built.map(at), seen.map(at))
                .map(|doubt| objection(now, &doubt).causes().join(" "))
                .unwrap_or_default()
        };
        assert_eq!(told(None, None), "");
        assert_eq!(
            told(Some("2026-12-01T00:00:00Z"), Some("2026-12-02T09:00:00Z")),
            ""
        );
        let built = told(Some("2026-12-02T00:00:00Z"), None);
        assert!(built.contains("built later, on 2026-12-02"), "{built}");
        let seen = told(None, Some("2026-12-02T09:01:00Z"));
        assert!(
            seen.contains("last run was later, at 2026-12-02 09:01"),
            "{seen}"
        );
    }

    #[test]
    fn the_program_knows_when_it_was_built() {
        let now = clock::Clock::system().now();
        assert!(at("2020-01-01T00:00:00Z") < clock::built() && clock::built() <= now);
    }
}
