//! The relays of a run, in the order of their use: which one gets the next message, and when.
//!
//! A relay further back is used while all before it rest; one whose rest is over is tried by a
//! single message, and the others go on where they are until that is accepted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::deliver::Held;
use super::halt::Halt;
use super::problems::relay_problem;
use super::rests::{Resting, by_the_wall, count_earlier, revive, stored};
use super::send::Ask;
use super::signals::of_refusal;
use super::{Publication, Stop};
use crate::clock::Clock;
use crate::config::SmtpConfig;
use crate::ledger::{Ledger, LedgerError, StoredRest};
use crate::mailer::{ConnectError, Relay, Timers};
use crate::pace::{Cause, Change, Limits, Pace, Rest, RestRules, Signal, Turn};
use crate::token::sha256;

/// All relays of a run.
pub(super) struct Relays {
    members: Vec<Member>,
    rules: RestRules,
    clock: Clock,
    /// Another message may be begun.
    room: Notify,
}

/// One of them.
struct Member {
    relay: Relay,
    config: SmtpConfig,
    /// Row number in the ledger.
    row: Option<i64>,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    /// Nothing more is tried there in this run.
    is_out: bool,
}

/// What comes next for a worker.
pub(super) enum Next {
    /// A message to this relay.
    Go(Ticket),
    /// Nothing before this instant, or before another message ends.
    Wait(Option<Instant>),
    /// Nothing in this run: no relay is to be had soon enough.
    Standstill(Vec<Resting>),
}

/// The right to one message; given back when it goes out of scope.
pub(super) struct Ticket {
    relays: Arc<Relays>,
    /// Which relay.
    pub(super) relay: usize,
    /// Not before this instant.
    pub(super) at: Instant,
    /// Its holder goes on, and nobody else is to be woken.
    is_renewed: bool,
}

/// What the first look for a relay gave.
pub(super) enum Opened {
    /// A session.
    Session(Box<Held>),
    /// No relay may be asked now.
    Resting(Vec<Resting>),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionEnd {
    /// It had all its messages, and we closed it.
    Whole,
    /// The relay closed it with a reply (421).
    Told,
    /// The relay closed it without a word.
    Silent,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.relays.state(self.relay).pace.end();
        if !self.is_renewed {
            self.relays.room.notify_one();
        }
    }
}

impl Relays {
    /// Prepares all relays of a publication, with what the ledger knows of them.
    pub(super) fn prepare(
        publication: &Publication,
        ledger: &mut Ledger,
        timers: &Timers,
        rules: &RestRules,
    ) -> Result<Self, Stop> {
        let clock = publication.clock;
        let mut members = Vec::new();
        for config in &publication.config.relays {
            let relay = Relay::new(config.clone(), timers.clone())
                .map_err(|error| relay_problem(&error, config))?;
            let mut pace = Pace::new(&limits_of(config), rules.clone());
            let known = ledger.known_relay(&config.shown(), &account_of(config))?;
            if let Some(known) = &known {
                if let Some(stored) = &known.rest {
                    match revive(stored, rules, clock) {
                        Some(rest) => pace.resume(rest, present()),
                        // Long over, or of a clock that was ahead.
                        None => ledger.set_rest(known.row, None)?,
                    }
                }
                if config.daily.is_some() {
                    count_earlier(&mut pace, ledger, known.row, clock)?;
                }
            }
            members.push(Member {
                relay,
                config: config.clone(),
                row: known.map(|known| known.row),
                state: Mutex::new(State {
                    pace,
                    is_out: false,
                }),
            });
        }
        Ok(Self {
            members,
            rules: rules.clone(),
            clock,
            room: Notify::new(),
        })
    }

    /// Gives each relay its row in the ledger.
    pub(super) fn remember(&mut self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        for member in &mut self.members {
            let name = member.config.shown();
            let row = ledger.remember_relay(&name, &account_of(&member.config))?;
            member.row = Some(row);
        }
        Ok(())
    }

    /// Most messages that can be under way at a time.
    pub(super) fn most_connections(&self) -> usize {
        let most = self.members.iter().map(|member| member.config.connections);
        most.max().unwrap_or(1)
    }

    pub(super) fn relay(&self, index: usize) -> &Relay {
        &self.members[index].relay
    }

    pub(super) fn config(&self, index: usize) -> &SmtpConfig {
        &self.members[index].config
    }

    pub(super) fn row(&self, index: usize) -> Option<i64> {
        self.members[index].row
    }

    /// How many messages a connection to this relay takes at present.
    pub(super) fn messages_per_connection(&self, index: usize) -> usize {
        self.state(index).pace.messages_per_connection()
    }

    /// A connection ended behind so many messages: because it had all of them, or because the relay
    /// closed it.
    pub(super) fn connection_ended(&self, index: usize, messages: usize, end: ConnectionEnd) {
        let pace = &mut self.state(index).pace;
        match end {
            ConnectionEnd::Whole => pace.used_whole_share(),
            ConnectionEnd::Told => pace.closed_after(messages, true),
            ConnectionEnd::Silent => pace.closed_after(messages, false),
        }
    }

    /// What comes next at this instant for who had `last`. Whoever has an open session goes on before
    /// those who wait and would have to open one.
    pub(super) fn next(self: &Arc<Self>, last: Option<Ticket>, now: Instant) -> Next {
        let last = last.map(|mut ticket| {
            ticket.is_renewed = true;
            ticket.relay
        });
        let next = self.look(now);
        let goes_on = matches!(&next, Next::Go(ticket) if Some(ticket.relay) == last);
        if last.is_some() && !goes_on {
            self.room.notify_one();
        }
        next
    }

    fn look(self: &Arc<Self>, now: Instant) -> Next {
        let mut resting = Vec::new();
        let mut soonest: Option<Instant> = None;
        let mut is_one_probed = false;
        for index in 0..self.members.len() {
            let mut state = self.state(index);
            if state.is_out {
                continue;
            }
            let is_probed = state.pace.is_probed(now);
            match state.pace.turn(now) {
                Turn::At(at) => {
                    drop(state);
                    return Next::Go(Ticket {
                        relays: self.clone(),
                        relay: index,
                        at,
                        is_renewed: false,
                    });
                }
                // Until one message has shown that it works again, the others go elsewhere.
                Turn::WhenOneEnds if is_probed => is_one_probed = true,
                Turn::WhenOneEnds => return Next::Wait(None),
                Turn::Resting(rest) => {
                    if !self.rules.is_too_long(&rest, now) {
                        soonest = Some(soonest.map_or(rest.until, |other| other.min(rest.until)));
                    }
                    resting.push(self.resting(index, &rest, now));
                }
            }
        }
        match soonest {
            None if !is_one_probed => Next::Standstill(resting),
            until => Next::Wait(until),
        }
    }

    /// Ends when there may be room for another message.
    pub(super) fn woken(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Waits for an instant, for room, or for the wish to stop.
    pub(super) async fn wait(&self, until: Option<Instant>, woken: Notified<'_>, halt: &Halt) {
        let timer = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = timer => {}
            () = woken => {}
            () = halt.stopping() => {}
        }
    }

    /// Waits until a ticket's instant has come.
    pub(super) async fn wait_for_turn(&self, ticket: &Ticket, halt: &Halt) {
        tokio::select! {
            () = tokio::time::sleep_until(ticket.at.into()) => {}
            () = halt.stopping() => {}
        }
    }

    /// A session with the first relay that gives one, before anything is under way. Why one is not to
    /// be used is told by an error if there is no other, and else by a note.
    pub(super) async fn open_first(&self, ask: &mut dyn Ask) -> Result<Opened, Stop> {
        let mut problem = None;
        for index in 0..self.members.len() {
            let config = self.config(index);
            let is_resting = self.state(index).pace.resting(present()).is_some();
            if is_resting || self.state(index).is_out {
                continue;
            }
            ask.note(&format!("connecting to {}", config.shown()));
            let error = match self.relay(index).open().await {
                Ok(session) => {
                    let relay = index;
                    return Ok(Opened::Session(Box::new(Held { relay, session })));
                }
                Err(error) => error,
            };
            let now = present();
            match &error {
                // The next relay has another password, and this one must be looked at.
                ConnectError::WrongPassword(_) => return Err(relay_problem(&error, config).into()),
                ConnectError::Refused(step, reply) => match of_refusal(*step, reply) {
                    Signal::Unreachable(_) if reply.code >= 500 => self.state(index).is_out = true,
                    Signal::Unreachable(told) => self.state(index).pace.is_down(told, now),
                    signal => {
                        let change = self.take(index, signal, now);
                        if self.has_tried_enough(change.as_ref()) {
                            return Err(relay_problem(&error, config).into());
                        }
                        continue;
                    }
                },
                _ if error.is_final() => self.state(index).is_out = true,
                _ => self.state(index).pace.is_down(error.to_string(), now),
            }
            if index + 1 < self.members.len() {
                ask.note(&format!(
                    "{}: {error}; the next relay takes its place",
                    config.shown()
                ));
            }
            problem.get_or_insert(relay_problem(&error, config));
        }
        match problem {
            Some(problem) => Err(problem.into()),
            None => Ok(Opened::Resting(self.all_resting(present()))),
        }
    }

    /// Writes down which relays rest, for the next run.
    pub(super) fn write_down_rests(&mut self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        let now = present();
        for index in 0..self.members.len() {
            let Some(rest) = self.state(index).pace.resting(now) else {
                continue;
            };
            let Some(stored) = self.stored(&rest, now) else {
                continue;
            };
            let config = self.config(index);
            let row = ledger.remember_relay(&config.shown(), &account_of(config))?;
            ledger.set_rest(row, Some(&stored))?;
        }
        Ok(())
    }

    /// Waits for an instant of the wall clock, looking at it often: a sleeping laptop stops timers,
    /// and a clock may be set.
    pub(super) async fn wait_for(&self, until: Option<DateTime<Utc>>, halt: &Halt) {
        const LOOK: Duration = Duration::from_secs(5);
        while let Some(left) = until.and_then(|until| (until - self.clock.now()).to_std().ok()) {
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK)) => {}
                () = halt.stopping() => return,
            }
        }
    }

    /// Whether a relay that had a ticket to give may still be asked.
    pub(super) fn may_be_asked(&self, index: usize, now: Instant) -> bool {
        let state = self.state(index);
        !state.is_out && !state.pace.is_resting(now)
    }

    /// Whether other messages than the asker's are under way at a relay.
    pub(super) fn works_for_others(&self, index: usize) -> bool {
        self.state(index).pace.under_way() > 1
    }

    /// Lets one of those who wait look again.
    pub(super) fn wake_next(&self) {
        self.room.notify_one();
    }

    /// Takes what a relay made of a message. Gives what is to be told, and what the next run must know.
    pub(super) fn take(&self, index: usize, signal: Signal, now: Instant) -> Option<Change> {
        let mut state = self.state(index);
        let before = state.pace.width();
        let change = state.pace.take(signal, now);
        let grew = state.pace.width() > before;
        drop(state);
        if change.is_some() {
            self.room.notify_waiters();
        }
        if change.is_some() || grew {
            // Also for who is just about to wait.
            self.room.notify_one();
        }
        change
    }

    /// Nothing more is tried at a relay in this run. Returns whether another one is left.
    pub(super) fn give_up(&self, index: usize) -> bool {
        self.state(index).is_out = true;
        self.room.notify_waiters();
        (0..self.members.len()).any(|other| !self.state(other).is_out)
    }

    /// The relays that rest at this instant.
    pub(super) fn all_resting(&self, now: Instant) -> Vec<Resting> {
        let rest_of = |index| self.state(index).pace.resting(now);
        (0..self.members.len())
            .filter_map(|index| Some(self.resting(index, &rest_of(index)?, now)))
            .collect()
    }

    /// A rest as the next run must know it; `None` for one that is about the moment alone.
    pub(super) fn stored(&self, rest: &Rest, now: Instant) -> Option<StoredRest> {
        stored(rest, self.clock, now)
    }

    /// A rest, to be told.
    pub(super) fn resting(&self, index: usize, rest: &Rest, now: Instant) -> Resting {
        Resting {
            relay: self.config(index).shown(),
            cause: rest.cause,
            until: by_the_wall(rest.until, self.clock, now),
            told: rest.told.clone(),
        }
    }

    /// Whether a login that cannot be checked was tried as often as it may be.
    pub(super) fn has_tried_enough(&self, change: Option<&Change>) -> bool {
        matches!(change, Some(Change::Rests(rest))
            if rest.cause == Cause::Login && rest.times >= self.rules.logins)
    }

    /// Whether a run waits for the end of these rests.
    pub(super) fn waits_for(&self, resting: &[Resting]) -> bool {
        let patience = TimeDelta::from_std(self.rules.patience).unwrap_or(TimeDelta::MAX);
        let now = self.clock.now();
        resting.iter().any(|one| one.until - now <= patience)
    }

    /// Whether a message that this relay did not take can be given to another one now.
    pub(super) fn has_another(&self, index: usize, now: Instant) -> bool {
        let mut others = (0..self.members.len()).filter(|other| *other != index);
        others.any(|other| self.may_be_asked(other, now))
    }

    fn state(&self, index: usize) -> MutexGuard<'_, State> {
        // What a panic left half-done here are numbers that the next message corrects.
        let state = self.members[index].state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The monotonic instant of the run's timers.
pub(super) fn present() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn limits_of(config: &SmtpConfig) -> Limits {
    Limits {
        connections: config.connections,
        first_connections: config.first_connections,
        rate: config.rate,
        daily: config.daily,
        messages_per_connection: config.messages_per_connection,
    }
}

/// A name for the user that does not tell it: quotas belong to an account, and its name may be half
/// of a secret.
fn account_of(config: &SmtpConfig) -> String {
    let hash = |name: &str| HEXLOWER.encode(&sha256(name.as_bytes())[..8]);
    config.username().map(hash).unwrap_or_default()
}
