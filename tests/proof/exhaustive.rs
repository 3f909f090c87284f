//! The protocol itself, without the program: every order of events of a small world, one after the
//! other. Two senders that may be killed, sleep, or recover each other's rows at any moment; a relay
//! that may accept after its sender died, and lose its replies; a reader who leaves; a person who
//! has a doubtful one sent again; a power cut.
//!
//! The sound protocol never breaks a promise. Each weakened one does: the model can see what it is
//! there to see.

use std::collections::HashSet;

const SENDERS: usize = 2;
/// A row is claimed at most so often. More shows nothing new, and the world must end.
const MOST_CLAIMS: u8 = 3;

/// How a protocol is weakened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weakness {
    None,
    /// The dot is written without an intent.
    NoIntent,
    /// Whoever asks gets the intent.
    Unfenced,
    /// A commit may be lost in a power cut.
    NotDurable,
    /// Recovery plans again what was in flight.
    Requeue,
    /// A lost reply is a temporary failure.
    LostIsDeferred,
    /// *Sent* is written before the message is sent.
    SentFirst,
    /// A suppression is looked for when a row is claimed, and not again.
    SuppressionAtClaim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Planned,
    Claimed,
    Inflight,
    Sent,
    Unconfirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Row {
    state: State,
    token: Option<usize>,
    resends: u8,
}

/// What a sender does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    Idle,
    /// Has a claim, and the body is with the relay.
    Claimed(usize),
    /// May write the dot.
    Granted(usize),
    /// Has written it and waits.
    Waiting(usize),
    /// Has read the reply: accepted or not.
    Answered(usize, bool),
}

/// What happened to a row outside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Truth {
    copies: u8,
    claims: u8,
    suppressed: bool,
    /// A dot was allowed although the reader had left.
    mailed_too_late: bool,
    /// Dots on their way to the relay, of senders that no longer wait.
    adrift: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World<const ROWS: usize> {
    ledger: [Row; ROWS],
    on_disk: [Row; ROWS],
    truth: [Truth; ROWS],
    senders: [Work; SENDERS],
}

impl<const ROWS: usize> World<ROWS> {
    fn start() -> Self {
        let row = Row {
            state: State::Planned,
            token: None,
            resends: 0,
        };
        Self {
            ledger: [row; ROWS],
            on_disk: [row; ROWS],
            truth: [Truth::default(); ROWS],
            senders: [Work::Idle; SENDERS],
        }
    }

    /// The promise that is broken here, if one is.
    fn broken_promise(&self) -> Option<&'static str> {
        let mut rows = self.ledger.iter().zip(&self.truth);
        rows.find_map(|(row, truth)| {
            if truth.copies > 1 + row.resends {
                Some("duplicate")
            } else if row.state == State::Planned && truth.copies > row.resends {
                Some("latent duplicate")
            } else if row.state == State::Sent && truth.copies == 0 {
                Some("false sent")
            } else if truth.mailed_too_late {
                Some("mailed after a suppression")
            } else {
                None
            }
        })
    }

    /// Every world that can be next.
    fn next(&self, weakness: Weakness) -> Vec<Self> {
        let mut worlds = Vec::new();
        for sender in 0..SENDERS {
            self.of_a_sender(sender, weakness, &mut worlds);
        }
        for row in 0..ROWS {
            self.of_the_others(row, weakness, &mut worlds);
        }
        // Recovery, whoever is still at work.
        worlds.push(self.with(|world| {
            for row in &mut world.ledger {
                match row.state {
                    State::Claimed => (row.state, row.token) = (State::Planned, None),
                    State::Inflight if weakness == Weakness::Requeue => row.state = State::Planned,
                    State::Inflight => row.state = State::Unconfirmed,
                    _ => {}
                }
            }
        }));
        if weakness == Weakness::NotDurable {
            worlds.push(self.with(|world| world.on_disk = world.ledger));
            worlds.push(self.with(|world| {
                for sender in 0..SENDERS {
                    world.kill(sender);
                }
                world.ledger = world.on_disk;
            }));
        }
        worlds
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut world = self.clone();
        change(&mut world);
        world
    }

    fn of_a_sender(&self, sender: usize, weakness: Weakness, worlds: &mut Vec<Self>) {
        if self.senders[sender] != Work::Idle {
            worlds.push(self.with(|world| world.kill(sender)));
        }
        match self.senders[sender] {
            Work::Idle => {
                let free = |row: &usize| self.may_claim(*row);
                worlds.extend((0..ROWS).filter(free).map(|row| {
                    self.with(|world| {
                        let state = State::Claimed;
                        (world.ledger[row].state, world.ledger[row].token) = (state, Some(sender));
                        world.truth[row].claims += 1;
                        world.senders[sender] = Work::Claimed(row);
                    })
                }));
            }
            Work::Claimed(row) => {
                worlds.push(self.with(|world| world.intend(sender, row, weakness)));
                // The relay refuses before the dot, or goes away.
                worlds.push(self.with(|world| world.settle(sender, row, State::Planned)));
            }
            Work::Granted(row) => worlds.push(self.with(|world| {
                world.senders[sender] = Work::Waiting(row);
            })),
            Work::Waiting(row) => {
                // The relay answers, or its answer is lost, with the message or without.
                for accepts in [true, false] {
                    worlds.push(self.with(|world| {
                        world.truth[row].copies += u8::from(accepts);
                        world.senders[sender] = Work::Answered(row, accepts);
                    }));
                }
                worlds.push(self.with(|world| {
                    world.truth[row].adrift += 1;
                    let lost = match weakness {
                        Weakness::LostIsDeferred => State::Planned,
                        _ => State::Unconfirmed,
                    };
                    world.settle(sender, row, lost);
                }));
            }
            Work::Answered(row, accepted) => {
                let state = if accepted {
                    State::Sent
                } else {
                    State::Planned
                };
                worlds.push(self.with(|world| world.settle(sender, row, state)));
            }
        }
    }

    fn of_the_others(&self, row: usize, weakness: Weakness, worlds: &mut Vec<Self>) {
        let Truth {
            adrift, suppressed, ..
        } = self.truth[row];
        if adrift > 0 {
            for accepts in [true, false] {
                worlds.push(self.with(|world| {
                    world.truth[row].adrift -= 1;
                    world.truth[row].copies += u8::from(accepts);
                }));
            }
        }
        if !suppressed {
            worlds.push(self.with(|world| world.truth[row].suppressed = true));
        }
        let doubtful = self.ledger[row].state == State::Unconfirmed;
        if doubtful && self.ledger[row].resends == 0 && weakness == Weakness::None {
            worlds.push(self.with(|world| {
                let row = &mut world.ledger[row];
                (row.state, row.token, row.resends) = (State::Planned, None, 1);
            }));
        }
    }

    fn may_claim(&self, row: usize) -> bool {
        let truth = self.truth[row];
        let open = self.ledger[row].state == State::Planned;
        open && !truth.suppressed && truth.claims < MOST_CLAIMS
    }

    fn intend(&mut self, sender: usize, row: usize, weakness: Weakness) {
        let suppressed = self.truth[row].suppressed;
        let known = &mut self.ledger[row];
        let fenced = known.token == Some(sender) || weakness == Weakness::Unfenced;
        let looks = weakness != Weakness::SuppressionAtClaim;
        let granted = match weakness {
            Weakness::NoIntent => true,
            _ => known.state == State::Claimed && fenced && !(suppressed && looks),
        };
        if !granted {
            if known.state == State::Claimed && known.token == Some(sender) {
                (known.state, known.token) = (State::Planned, None);
            }
            self.senders[sender] = Work::Idle;
            return;
        }
        match weakness {
            Weakness::NoIntent => {}
            Weakness::SentFirst => known.state = State::Sent,
            _ => known.state = State::Inflight,
        }
        self.truth[row].mailed_too_late |= suppressed && weakness != Weakness::NoIntent;
        self.senders[sender] = Work::Granted(row);
    }

    /// Writes a result, if the row is still this sender's.
    fn settle(&mut self, sender: usize, row: usize, state: State) {
        self.senders[sender] = Work::Idle;
        let known = &mut self.ledger[row];
        let held = matches!(known.state, State::Claimed | State::Inflight);
        if held && known.token == Some(sender) {
            known.state = state;
        }
    }

    /// A dot that was written is on its way.
    fn kill(&mut self, sender: usize) {
        if let Work::Waiting(row) = self.senders[sender] {
            self.truth[row].adrift += 1;
        }
        self.senders[sender] = Work::Idle;
    }
}

/// Visits every world; the number of them, or the promise that one of them breaks.
fn explore<const ROWS: usize>(weakness: Weakness) -> Result<usize, &'static str> {
    let mut seen = HashSet::from([World::<ROWS>::start()]);
    let mut open: Vec<World<ROWS>> = seen.iter().cloned().collect();
    while let Some(world) = open.pop() {
        for next in world.next(weakness) {
            if !seen.contains(&next) {
                if let Some(promise) = next.broken_promise() {
                    return Err(promise);
                }
                seen.insert(next.clone());
                open.push(next);
            }
        }
    }
    Ok(seen.len())
}

#[test]
fn no_order_of_events_breaks_a_promise_of_the_protocol() {
    let worlds = explore::<1>(Weakness::None);
    assert!(worlds.is_ok_and(|worlds| worlds > 1000), "{worlds:?}");
}

/// `cargo test --release --test main exhaustive -- --ignored`
#[test]
#[ignore = "two rows are some million worlds; docs/proof.md has the command"]
fn no_order_of_events_breaks_a_promise_with_two_rows() {
    let worlds = explore::<2>(Weakness::None);
    println!("{worlds:?} worlds");
    assert!(worlds.is_ok(), "{worlds:?}");
}

#[test]
fn every_weaker_protocol_breaks_a_promise() {
    let weak = [
        (Weakness::NoIntent, &["latent duplicate", "duplicate"][..]),
        (Weakness::Unfenced, &["latent duplicate", "duplicate"]),
        (
            Weakness::NotDurable,
            &["latent duplicate", "duplicate", "false sent"],
        ),
        (Weakness::Requeue, &["latent duplicate", "duplicate"]),
        (Weakness::LostIsDeferred, &["latent duplicate", "duplicate"]),
        (Weakness::SentFirst, &["false sent"]),
        (
            Weakness::SuppressionAtClaim,
            &["mailed after a suppression"],
        ),
    ];
    for (weakness, promises) in weak {
        let found = explore::<1>(weakness);
        let broken = found
            .err()
            .is_some_and(|promise| promises.contains(&promise));
        assert!(broken, "{weakness:?}: {found:?}");
    }
}
