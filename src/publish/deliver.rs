//! One run over the open deliveries of an issue: workers with a session each, the ledger's writer
//! between body and dot, and the reasons to stop.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::breaker::{Breaker, Verdict};
use super::halt::Halt;
use crate::address::EmailAddress;
use crate::clock::Clock;
use crate::delivery::{Outcome, Reply, RetryRules, Step, Transaction};
use crate::diagnostic::Diagnostic;
use crate::ledger::{Claim, IntentAnswer, LedgerError, Settlement, WriterHandle};
use crate::mailer::{ConnectError, Envelope, Relay, Session, WireMessage};
use crate::message::{Addressee, Composer, Message, Purpose};

/// How often a relay that cannot be reached is tried again before the run gives up, and how long
/// the first wait is; it doubles.
const RECONNECTS: u32 = 5;
const FIRST_RECONNECT: Duration = Duration::from_secs(1);

/// What a run needs.
pub(super) struct Run {
    /// Makes the messages.
    pub(super) composer: Composer,
    /// Where they go.
    pub(super) relay: Relay,
    /// Connections at a time.
    pub(super) connections: usize,
    /// A session is closed after this many messages.
    pub(super) messages_per_connection: usize,
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

/// Counts of a run, for whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Accepted by the relay.
    pub sent: AtomicU64,
    /// To be tried again later.
    pub deferred: AtomicU64,
    /// Refused for good.
    pub rejected: AtomicU64,
    /// In doubt.
    pub unconfirmed: AtomicU64,
    /// Left out at the last moment.
    pub skipped: AtomicU64,
}

/// Why a run ended before its work was done.
#[derive(Debug, Error)]
pub(super) enum RunError {
    /// There is no usable connection.
    #[error(transparent)]
    Relay(#[from] ConnectError),
    /// The relay refuses for a reason that is ours.
    #[error("the relay refuses at {0}: {1}")]
    OurFault(Step, Reply),
    /// The relay ends one conversation after the other.
    #[error("the relay ends every conversation: {0}")]
    Lost(String),
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

struct Shared {
    run: Run,
    claims: Mutex<VecDeque<Claim>>,
    breaker: Mutex<Breaker>,
}

impl Run {
    /// Works until nothing is left to claim, or until there is a reason to stop. `first` is a
    /// session that is open already.
    pub(super) async fn work(self, first: Option<Session>) -> Result<(), RunError> {
        let connections = self.connections;
        let shared = Arc::new(Shared {
            run: self,
            claims: Mutex::default(),
            breaker: Mutex::new(Breaker::new(connections)),
        });
        let mut workers = JoinSet::new();
        let mut first = first;
        for _ in 0..connections {
            workers.spawn(worker(shared.clone(), first.take()));
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
        for claim in shared.claims.lock().await.drain(..) {
            shared.run.writer.release(claim.delivery)?;
        }
        shared.run.writer.flush().await?;
        result
    }
}

async fn worker(shared: Arc<Shared>, mut session: Option<Session>) -> Result<(), RunError> {
    while let Some(claim) = shared.next_claim().await? {
        if let Err(error) = shared.deliver(&claim, &mut session).await {
            // Nothing of this row reached the relay: `deliver` fails before the dot or not at all.
            let _ = shared.run.writer.release(claim.delivery);
            return Err(error);
        }
    }
    if let Some(session) = session {
        session.quit().await;
    }
    Ok(())
}

impl Shared {
    async fn next_claim(&self) -> Result<Option<Claim>, RunError> {
        if self.run.halt.is_stopping() {
            return Ok(None);
        }
        let mut claims = self.claims.lock().await;
        if claims.is_empty() {
            let limit = (2 * self.run.connections).max(16);
            claims.extend(
                self.run
                    .writer
                    .claim(self.run.issue, limit, self.run.clock.now())
                    .await?,
            );
        }
        Ok(claims.pop_front())
    }

    /// One delivery, from composing to the queued result. An error means that the row was not tried.
    async fn deliver(&self, claim: &Claim, session: &mut Option<Session>) -> Result<(), RunError> {
        let (envelope, message) = match self.compose(claim) {
            Ok(made) => made,
            // One reader whose message cannot be made must not keep the issue from the others.
            Err(problem) => {
                let told = format!("{}: {}", problem.message(), problem.causes().join(", "));
                let told = told.trim_end_matches([':', ' ']).to_owned();
                return self
                    .settle(claim, Transaction::LostBeforeDot(Step::Compose, told))
                    .await;
            }
        };
        let wire = WireMessage::new(&message.bytes);
        let mut transaction = self
            .attempt(claim, session, &envelope, &wire, &message.sha256)
            .await?;
        if deserves_another_session(&transaction, session.as_ref()) {
            retire(session).await;
            transaction = self
                .attempt(claim, session, &envelope, &wire, &message.sha256)
                .await?;
        }
        if session.as_ref().is_some_and(|session| !session.is_usable()) {
            *session = None;
        }
        self.settle(claim, transaction).await
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
        session: &mut Option<Session>,
        envelope: &Envelope,
        message: &WireMessage,
        sha256: &[u8; 32],
    ) -> Result<Transaction, RunError> {
        if let Some(open) = session {
            let full = open.messages() >= self.run.messages_per_connection;
            // It may have been closed while it waited, for the plan or for the ledger.
            if full || !open.is_alive().await {
                retire(session).await;
            }
        }
        let session = match session {
            Some(session) => session,
            None => session.insert(self.connect().await?),
        };
        let intent = async {
            let now = self.run.clock.now();
            let answer = self.run.writer.intend(claim.delivery, *sha256, now).await?;
            Ok::<bool, LedgerError>(answer == IntentAnswer::Granted)
        };
        Ok(session.deliver(envelope, message, intent).await?)
    }

    /// A new session; a relay that cannot be reached is tried a few times more.
    async fn connect(&self) -> Result<Session, RunError> {
        let mut wait = FIRST_RECONNECT;
        for _ in 0..RECONNECTS {
            match self.run.relay.open().await {
                Ok(session) => return Ok(session),
                Err(error) if error.is_final() || self.run.halt.is_stopping() => {
                    return Err(error.into());
                }
                Err(error) => tracing::warn!("{error}; the next try is in {} s", wait.as_secs()),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Ok(self.run.relay.open().await?)
    }

    async fn settle(&self, claim: &Claim, transaction: Transaction) -> Result<(), RunError> {
        let spread = spread_of(claim.delivery);
        let Some(outcome) = self
            .run
            .rules
            .judge(&transaction, claim.attempts + 1, spread)
        else {
            self.run.progress.skipped.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        self.run.progress.count(&outcome);
        let tripped = self.breaker.lock().await.record(Verdict::of(&outcome))
            || matches!(outcome, Outcome::Unchanged(_));
        let stop = tripped.then(|| reason_to_stop(&transaction));
        let settlement = Settlement {
            delivery: claim.delivery,
            transaction,
            outcome,
            at: self.run.clock.now(),
        };
        self.run.writer.settle(settlement)?;
        // The row is settled; releasing it again changes nothing.
        stop.map_or(Ok(()), Err)
    }
}

/// The last of the results that made the breaker stop the run.
fn reason_to_stop(transaction: &Transaction) -> RunError {
    match transaction {
        Transaction::Refused(step, reply) if reply.code == 421 => {
            RunError::Lost(format!("to {step} it said: {reply}"))
        }
        Transaction::Refused(step, reply) => RunError::OurFault(*step, reply.clone()),
        Transaction::LostBeforeDot(Step::Compose, told) => RunError::Compose(told.clone()),
        Transaction::LostBeforeDot(step, told) => RunError::Lost(format!("at {step}: {told}")),
        Transaction::LostAfterDot(told) => RunError::Lost(format!("after the end of data: {told}")),
        // Neither is a reason to stop.
        Transaction::Accepted(_) | Transaction::Withheld => RunError::Lost(String::new()),
    }
}

impl Progress {
    fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Sent => &self.sent,
            Outcome::Deferred { .. } => &self.deferred,
            Outcome::Rejected(_) => &self.rejected,
            Outcome::Unconfirmed => &self.unconfirmed,
            Outcome::OurFault | Outcome::Unchanged(_) => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many deliveries have an answer.
    pub fn done(&self) -> u64 {
        [
            &self.sent,
            &self.deferred,
            &self.rejected,
            &self.unconfirmed,
            &self.skipped,
        ]
        .into_iter()
        .map(|counter| counter.load(Ordering::Relaxed))
        .sum()
    }
}

/// A relay may close a session between two messages, or say 421 when it has had enough of them:
/// that is no failure of this message, of which nothing was accepted.
fn deserves_another_session(transaction: &Transaction, session: Option<&Session>) -> bool {
    let used = session.is_some_and(|session| session.messages() > 1 && !session.is_usable());
    let before_data = |step: &Step| matches!(step, Step::Mail | Step::Rcpt | Step::Data);
    used && match transaction {
        Transaction::LostBeforeDot(step, _) => before_data(step),
        Transaction::Refused(step, reply) => reply.code == 421 && before_data(step),
        _ => false,
    }
}

async fn retire(session: &mut Option<Session>) {
    if let Some(session) = session.take() {
        session.quit().await;
    }
}

/// A number that differs from row to row, so that what failed together does not return together.
fn spread_of(delivery: i64) -> u8 {
    // Fibonacci hashing: neighbours land far apart.
    let mixed = delivery.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed.to_be_bytes()[0]
}
