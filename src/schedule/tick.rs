//! One tick of the scheduler: which issues go out now, which are held and why, and what comes next.

use std::time::Duration;

use super::standing::Standing;
use super::watch::{Distrust, Look, Watch};
use crate::issue::Issue;

/// An issue on the agenda.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The issue as its file says it now.
    pub issue: &'a Issue,
    /// Whether the ledger has a plan of it. An issue is planned once, whatever the clock does:
    /// that is why each goes out once.
    pub planned: bool,
}

/// Why an issue that is due does not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its time is past by more than `max_lateness`.
    Late,
    /// The clock is not believed.
    Clock(Distrust),
}

/// What a tick decides.
#[derive(Debug, Default)]
pub struct Tick<'a> {
    /// To be planned and sent now, in the order of the agenda.
    pub fires: Vec<&'a Issue>,
    /// Held until a person decides, or the clock is believed again.
    pub held: Vec<(&'a Issue, Why)>,
    /// The first of those whose time has not come.
    pub next: Option<&'a Issue>,
    /// Why the clock is not believed, if it is not: nothing may be published by it either.
    pub doubt: Option<Distrust>,
}

/// Looks at the clocks and the agenda, the oldest issue first. Whoever asks plans what fires before
/// the next tick; what could not be planned fires again.
pub fn tick<'a>(
    watch: &mut Watch,
    look: &Look,
    agenda: &[Entry<'a>],
    max_lateness: Duration,
) -> Tick<'a> {
    let clock = watch.look(look);
    let mut tick = Tick {
        doubt: clock.err(),
        ..Tick::default()
    };
    for Entry { issue, planned } in agenda {
        match (
            Standing::of(issue, *planned, look.wall, max_lateness),
            clock,
        ) {
            (Standing::Due, Ok(())) => tick.fires.push(issue),
            // A clock that is not believed does not know what is late, either.
            (Standing::Due | Standing::Late, Err(doubt)) => {
                tick.held.push((issue, Why::Clock(doubt)));
            }
            (Standing::Late, Ok(())) => tick.held.push((issue, Why::Late)),
            (Standing::ToCome, _) => tick.next = tick.next.or(Some(issue)),
            (Standing::Draft | Standing::WebOnly | Standing::Planned, _) => {}
        }
    }
    tick
}
