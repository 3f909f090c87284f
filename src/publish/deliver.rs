//! One run over the open deliveries of an issue: workers with a session each, the ledger's writer
//! between body and dot, and the reasons to stop.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::breaker::{Breaker, Verdict};
use super::claims::Claims;
use super::halt::Halt;
use super::progress::Progress;
use super::relays::{ConnectionEnd, Next, Relays, Ticket, present};
use super::rests::Resting;
use super::signals::{deserves_another_session, of_refusal, reason_to_stop, signal_of};
use crate::address::EmailAddress;
use crate::clock::Clock;
use crate::delivery::{Class, Outcome, Reply, RetryRules, Step, Transaction};
use crate::diagnostic::Diagnostic;
use crate::ledger::{Claim, IntentAnswer, LedgerError, Settlement, WriterHandle};
use crate::mailer::{ConnectError, Envelope, Session, WireMessage};
use crate::message::{Addressee, Composer, Message, Purpose};
use crate::pace::{Change, Signal};

/// What a run needs.
pub(super) struct Run {
    /// Makes the messages.
    pub(super) composer: Composer,
    /// Where they go, and how fast.
    pub(super) relays: Arc<Relays>,
    /// When to try again.
    pub(super) rules: RetryRules,
    /// The ledger's queue.
    pub(super) writer: WriterHandle,
    /// Row number of the issue.
    pub(super) issue: i64,
    /// What time it is.
    pub(super) clock: Clock,
    /// Counts for whoever watches.
    pub(super) progress: Arc<Progress>,
    /// Asked before each claim.
    pub(super) halt: Halt,
}

/// An open session, and the relay that it is with.
pub(super) struct Held {
    pub(super) relay: usize,
    pub(super) session: Session,
}

/// Why a run ended before its work was done.
#[derive(Debug, Error)]
pub(super) enum RunError {
    /// A relay is not to be used as it is configured.
    #[error("{1}")]
    Relay(usize, ConnectError),
    /// A relay refuses for a reason that is ours.
    #[error("the relay refuses at {1}: {2}")]
    OurFault(usize, Step, Reply),
    /// A relay leaves one delivery after the other in doubt.
    #[error("the relay does not say what becomes of messages: {1}")]
    Doubt(usize, String),
    /// Messages cannot be made.
    #[error("messages cannot be made: {0}")]
    Compose(String),
    /// A part of this program failed.
    #[error("a part of the sender failed: {0}")]
    Worker(String),
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl RunError {
    /// Whether it is about what we send: then the issue is paused until a person has looked.
    pub(super) fn is_ours(&self) -> bool {
        match self {
            // A login is about the configuration.
            Self::OurFault(_, _, reply) => reply.code != 530,
            Self::Compose(_) => true,
            _ => false,
        }
    }
}

struct Shared {
    run: Run,
    claims: Arc<Claims>,
    breaker: Mutex<Breaker>,
    standstill: Mutex<Option<Vec<Resting>>>,
}

impl Run {
    /// Works until nothing is left to claim, or until there is a reason to stop. `first` is a
    /// session that is open already. Returns the relays that rest, if that is why it ended.
    pub(super) async fn work(self, first: Option<Held>) -> Result<Vec<Resting>, RunError> {
        let workers_wanted = self.relays.most_connections();
        let claims = Claims::new(self.writer.clone(), self.issue, self.clock, workers_wanted);
        let claims = Arc::new(claims);
        let shared = Arc::new(Shared {
            run: self,
            claims: claims.clone(),
            breaker: Mutex::new(Breaker::new(workers_wanted)),
            standstill: Mutex::default(),
        });
        let mut workers = JoinSet::new();
        // Who has the session gets the first turn: another would open a connection of its own.
        let turn = match shared.run.relays.next(None, present()) {
            Next::Go(ticket) => Some(ticket),
            Next::Wait(_) | Next::Standstill(_) => None,
        };
        workers.spawn(worker(shared.clone(), first, turn));
        for _ in 1..workers_wanted {
            workers.spawn(worker(shared.clone(), None, None));
        }
        let mut result = Ok(());
        while let Some(ended) = workers.join_next().await {
            let ended = ended.unwrap_or_else(|error| Err(RunError::Worker(error.to_string())));
            if let Err(error) = ended {
                shared.run.halt.stop_claiming();
                // The root cause comes first; what follows is its echo.
                result = result.and(Err(error));
            }
        }
        claims.release_all().await?;
        shared.run.writer.flush().await?;
        result?;
        Ok(shared.standstill.lock().await.take().unwrap_or_default())
    }
}

async fn worker(
    shared: Arc<Shared>,
    mut held: Option<Held>,
    mut turn: Option<Ticket>,
) -> Result<(), RunError> {
    let mut last = None;
    while let Some(ticket) = shared.admit(&mut held, turn.take(), last.take()).await {
        let Some(claim) = shared.next_claim().await? else {
            break;
        };
        match shared.make_ready(ticket.relay, &mut held).await {
            Ok(true) => {}
            Ok(false) => {
                shared.claims.put_back(claim);
                continue;
            }
            Err(error) => {
                shared.claims.put_back(claim);
                return Err(error);
            }
        }
        match shared.deliver(&claim, &ticket, &mut held).await {
            Ok(None) => last = Some(ticket),
            // The row is settled, and may be another's by now.
            Ok(Some(stop)) => return Err(stop),
            Err(error) => {
                // Nothing of this row reached the relay: `deliver` fails before the dot or not at all.
                let _ = shared.run.writer.release(claim.delivery);
                return Err(error);
            }
        }
    }
    // Whoever waits looks for a reason to go, too.
    shared.run.relays.wake_next();
    retire(&mut held).await;
    Ok(())
}

impl Shared {
    /// The right to the next message after `last`, `turn` if there is one already; none when the run
    /// is over. A session for which there is no message now is closed: the relay may count it.
    async fn admit(
        &self,
        held: &mut Option<Held>,
        mut turn: Option<Ticket>,
        mut last: Option<Ticket>,
    ) -> Option<Ticket> {
        let (relays, halt) = (&self.run.relays, &self.run.halt);
        while !halt.is_stopping() {
            // Begun before the look: what happens behind it is not missed.
            let woken = relays.woken();
            let next = match turn.take() {
                Some(ticket) => Next::Go(ticket),
                None => relays.next(last.take(), present()),
            };
            let ticket = match next {
                Next::Go(ticket) => ticket,
                Next::Wait(until) => {
                    retire(held).await;
                    relays.wait(until, woken, halt).await;
                    continue;
                }
                Next::Standstill(resting) => {
                    self.standstill.lock().await.get_or_insert(resting);
                    return None;
                }
            };
            if ticket.at <= present() {
                return Some(ticket);
            }
            relays.wait_for_turn(&ticket, halt).await;
            // The relay may have had enough of the others meanwhile.
            if !halt.is_stopping() && relays.may_be_asked(ticket.relay, present()) {
                return Some(ticket);
            }
        }
        None
    }

    async fn next_claim(&self) -> Result<Option<Claim>, RunError> {
        if self.run.halt.is_stopping() {
            return Ok(None);
        }
        Ok(self.claims.next().await?)
    }

    /// Sees to it that the session at hand is one with this relay that takes another message.
    /// `false` if the relay gives none; then nothing of a delivery was tried.
    async fn make_ready(&self, relay: usize, held: &mut Option<Held>) -> Result<bool, RunError> {
        let relays = &self.run.relays;
        if let Some(open) = held {
            let messages = open.session.messages();
            let is_full = messages >= relays.messages_per_connection(open.relay);
            // It may have been closed while it waited, for the plan or for the ledger.
            let is_alive = open.session.is_alive().await;
            if !is_alive {
                relays.connection_ended(open.relay, messages, ConnectionEnd::Silent);
            } else if is_full {
                relays.connection_ended(open.relay, messages, ConnectionEnd::Whole);
            }
            if !is_alive || is_full || open.relay != relay {
                retire(held).await;
            }
        }
        if held.is_some() {
            return Ok(true);
        }
        let opened = tokio::select! {
            opened = relays.relay(relay).open() => opened,
            () = self.run.halt.stopping() => return Ok(false),
        };
        match opened {
            // That took its time: the relay may have had enough of the others meanwhile.
            Ok(session) if !relays.may_be_asked(relay, present()) => {
                session.quit().await;
                Ok(false)
            }
            Ok(session) => {
                *held = Some(Held { relay, session });
                Ok(true)
            }
            Err(error) => self.unreachable(relay, error).map(|()| false),
        }
    }

    /// What follows from a connection that could not be made.
    fn unreachable(&self, relay: usize, error: ConnectError) -> Result<(), RunError> {
        let signal = match &error {
            ConnectError::WrongPassword(_) => return Err(RunError::Relay(relay, error)),
            ConnectError::Refused(step, reply) => match of_refusal(*step, reply) {
                // To one connection too many some say it for good.
                Signal::Unreachable(_)
                    if reply.code >= 500 && !self.run.relays.works_for_others(relay) =>
                {
                    return self.give_up(relay, error);
                }
                signal => signal,
            },
            _ if error.is_final() => return self.give_up(relay, error),
            _ => Signal::Unreachable(error.to_string()),
        };
        tracing::debug!("{error}");
        let change = self.take(relay, signal)?;
        if self.run.relays.has_tried_enough(change.as_ref()) {
            return Err(RunError::Relay(relay, error));
        }
        Ok(())
    }

    /// Another relay may do; the last one is told as the reason to stop.
    fn give_up(&self, relay: usize, error: ConnectError) -> Result<(), RunError> {
        if !self.run.relays.give_up(relay) {
            return Err(RunError::Relay(relay, error));
        }
        let shown = self.run.relays.config(relay).shown();
        self.run.progress.say(format!("{shown}: {error}"));
        Ok(())
    }

    /// Hands a signal on; a rest that follows is told, and written down if the next run must know.
    fn take(&self, relay: usize, signal: Signal) -> Result<Option<Change>, LedgerError> {
        let relays = &self.run.relays;
        let now = present();
        let change = relays.take(relay, signal, now);
        let row = relays.row(relay);
        match &change {
            Some(Change::Rests(rest)) => {
                let told = relays.resting(relay, rest, now);
                self.run.progress.say(told.to_string());
                if let (Some(row), Some(stored)) = (row, relays.stored(rest, now)) {
                    self.run.writer.rest(row, Some(stored))?;
                }
            }
            Some(Change::Works) => {
                if let Some(row) = row {
                    self.run.writer.rest(row, None)?;
                }
            }
            None => {}
        }
        Ok(change)
    }

    /// One delivery, from composing to the queued result. An error means that the row was not tried; a
    /// reason to stop may also follow from the result.
    async fn deliver(
        &self,
        claim: &Claim,
        ticket: &Ticket,
        held: &mut Option<Held>,
    ) -> Result<Option<RunError>, RunError> {
        let (envelope, message) = match self.compose(claim) {
            Ok(made) => made,
            // One reader whose message cannot be made must not keep the issue from the others.
            Err(problem) => {
                let told = format!("{}: {}", problem.message(), problem.causes().join(", "));
                let told = told.trim_end_matches([':', ' ']).to_owned();
                let failed = Transaction::LostBeforeDot(Step::Compose, told);
                return self.settle(claim, ticket.relay, failed).await;
            }
        };
        let sha256 = &message.sha256;
        let wire = WireMessage::new(message.bytes);
        let mut transaction = self.attempt(claim, held, &envelope, &wire, sha256).await?;
        if let Some(end) = deserves_another_session(&transaction, held.as_ref()) {
            let messages = held.as_ref().map_or(0, |open| open.session.messages() - 1);
            self.run
                .relays
                .connection_ended(ticket.relay, messages, end);
            retire(held).await;
            let may_be_asked = self.run.relays.may_be_asked(ticket.relay, present());
            if may_be_asked && self.make_ready(ticket.relay, held).await? {
                transaction = self.attempt(claim, held, &envelope, &wire, sha256).await?;
            }
        }
        if held.as_ref().is_some_and(|open| !open.session.is_usable()) {
            *held = None;
        }
        self.settle(claim, ticket.relay, transaction).await
    }

    fn compose(&self, claim: &Claim) -> Result<(Envelope, Message), Diagnostic> {
        let unusable = |cause: String| {
            Diagnostic::error("the ledger holds a recipient that cannot be read").cause(cause)
        };
        let to =
            EmailAddress::parse(&claim.address).map_err(|error| unusable(error.to_string()))?;
        let fields = claim
            .fields
            .to_map()
            .map_err(|error| unusable(error.to_string()))?;
        let addressee = Addressee {
            address: &to,
            key: &claim.key,
            fields: &fields,
        };
        let message = self.run.composer.compose(addressee, Purpose::Delivery)?;
        message.check_repeats(claim.earlier_sha256.as_ref())?;
        let from = self.run.composer.envelope_from(Some(claim.delivery));
        let id = Some(self.run.composer.envelope_id(claim.delivery));
        Ok((Envelope { from, to, id }, message))
    }

    async fn attempt(
        &self,
        claim: &Claim,
        held: &mut Option<Held>,
        envelope: &Envelope,
        message: &WireMessage,
        sha256: &[u8; 32],
    ) -> Result<Transaction, RunError> {
        let Some(open) = held else {
            return Err(RunError::Worker("there is no session".to_owned()));
        };
        let intent = async {
            let now = self.run.clock.now();
            let answer = self.run.writer.intend(claim.delivery, *sha256, now).await?;
            Ok::<bool, LedgerError>(answer == IntentAnswer::Granted)
        };
        Ok(open.session.deliver(envelope, message, intent).await?)
    }

    async fn settle(
        &self,
        claim: &Claim,
        relay: usize,
        transaction: Transaction,
    ) -> Result<Option<RunError>, RunError> {
        let (rules, attempts) = (&self.run.rules, claim.attempts + 1);
        let judged = rules.judge(&transaction, attempts, spread_of(claim.delivery));
        let outcome = match judged {
            // Nothing was accepted, and another relay may take it right away.
            Some(Outcome::Deferred { counts: false, .. })
                if self.run.relays.has_another(relay, present()) =>
            {
                Outcome::Unchanged(Class::RelayDown)
            }
            Some(outcome) => outcome,
            None => {
                self.run.progress.skipped.fetch_add(1, Ordering::Relaxed);
                return Ok(None);
            }
        };
        self.run.progress.count(&outcome);
        let tripped = self.breaker.lock().await.record(Verdict::of(&outcome))
            || outcome == Outcome::Unchanged(Class::AuthPermanent);
        let stop = tripped.then(|| reason_to_stop(relay, &transaction));
        let signal = signal_of(&outcome, &transaction);
        let settlement = Settlement {
            delivery: claim.delivery,
            transaction,
            outcome,
            relay: self.run.relays.row(relay),
            at: self.run.clock.now(),
        };
        self.run.writer.settle(settlement)?;
        if let Some(signal) = signal {
            self.take(relay, signal)?;
        }
        Ok(stop)
    }
}

async fn retire(held: &mut Option<Held>) {
    if let Some(held) = held.take() {
        held.session.quit().await;
    }
}

/// A number that differs from row to row, so that what failed together does not return together.
fn spread_of(delivery: i64) -> u8 {
    // Fibonacci hashing: neighbours land far apart.
    let mixed = delivery.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed.to_be_bytes()[0]
}
