//! The one thread that writes while an issue is sent, and its group commit.
//!
//! Connections hand their operations to a queue; the thread takes what waits, runs it in one
//! transaction, and answers when the commit is on the disk. An intent is *awaited*; a result is
//! only *queued*: first in, first out makes the result of a connection durable no later than that
//! connection's next intent, so that a crash leaves at most one doubtful row per connection.
//! A commit that fails poisons the queue: no later dot can overtake a lost result. On a full disk
//! the results that are still to come are stored all the same, in the room that the ballast held.

use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::queue::{Entry, Exit, queue};
use super::relays::{self, StoredRest};
use super::store::Session;
use super::transitions::{self, Claim, IntentAnswer, Settlement};
use super::{Ledger, LedgerError};

type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

#[derive(Debug)]
pub(super) enum Operation {
    Claim {
        issue: i64,
        limit: usize,
        now: DateTime<Utc>,
        answer: Answer<Vec<Claim>>,
    },
    Intend {
        delivery: i64,
        message_sha256: [u8; 32],
        now: DateTime<Utc>,
        answer: Answer<IntentAnswer>,
    },
    Settle(Box<Settlement>),
    Release {
        delivery: i64,
    },
    Rest {
        relay: i64,
        rest: Option<Box<StoredRest>>,
    },
    Flush {
        answer: Answer<()>,
    },
}

/// What an operation came to, told after the commit of its group.
enum Done {
    Claimed(Vec<Claim>),
    Intended(IntentAnswer),
    Written,
}

/// The running thread; [`Writer::stop`] gives the ledger back.
#[derive(Debug)]
pub struct Writer {
    handle: WriterHandle,
    thread: JoinHandle<Result<Ledger, LedgerError>>,
}

/// A way into the writer's queue; cheap to clone.
#[derive(Debug, Clone)]
pub struct WriterHandle {
    queue: Entry,
}

impl Writer {
    /// Starts the thread. `token` fences the claims of this run.
    pub fn start(ledger: Ledger, token: i64) -> Self {
        let (queue, operations) = queue();
        let thread = std::thread::spawn(move || run(ledger, token, operations));
        Self {
            handle: WriterHandle { queue },
            thread,
        }
    }

    /// A way into the queue.
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Waits until everything queued is on the disk, and gives the ledger back, or the failure
    /// that stopped it. All handles must have been dropped.
    pub fn stop(self) -> Result<Ledger, LedgerError> {
        drop(self.handle);
        self.thread.join().unwrap_or(Err(LedgerError::Poisoned))
    }
}

impl WriterHandle {
    /// Claims up to `limit` rows of an issue.
    pub async fn claim(
        &self,
        issue: i64,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claim>, LedgerError> {
        self.ask(|answer| Operation::Claim {
            issue,
            limit,
            now,
            answer,
        })
        .await
    }

    /// Waits until the intent is on the disk, or refused.
    pub async fn intend(
        &self,
        delivery: i64,
        message_sha256: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<IntentAnswer, LedgerError> {
        self.ask(|answer| Operation::Intend {
            delivery,
            message_sha256,
            now,
            answer,
        })
        .await
    }

    /// Queues a result.
    pub fn settle(&self, settlement: Settlement) -> Result<(), LedgerError> {
        self.put(Operation::Settle(Box::new(settlement)))
    }

    /// Queues the return of a row that was claimed and not tried.
    pub fn release(&self, delivery: i64) -> Result<(), LedgerError> {
        self.put(Operation::Release { delivery })
    }

    /// Queues what the next run must know of a relay: that it rests, or that it works again.
    pub fn rest(&self, relay: i64, rest: Option<StoredRest>) -> Result<(), LedgerError> {
        let rest = rest.map(Box::new);
        self.put(Operation::Rest { relay, rest })
    }

    /// Waits until everything queued so far is on the disk.
    pub async fn flush(&self) -> Result<(), LedgerError> {
        self.ask(|answer| Operation::Flush { answer }).await
    }

    fn put(&self, operation: Operation) -> Result<(), LedgerError> {
        self.queue.put(operation).map_err(|_| LedgerError::Poisoned)
    }

    async fn ask<T>(
        &self,
        operation: impl FnOnce(Answer<T>) -> Operation,
    ) -> Result<T, LedgerError> {
        let (answer, reply) = oneshot::channel();
        self.put(operation(answer))?;
        reply.await.map_err(|_| LedgerError::Poisoned)?
    }
}

/// Runs groups until every handle is gone, or until a commit fails: then the queue closes, whoever
/// waits is told that nothing happened, and the failure is given to [`Writer::stop`].
fn run(mut ledger: Ledger, token: i64, mut operations: Exit) -> Result<Ledger, LedgerError> {
    while let Some(group) = operations.gather() {
        match write(&mut ledger, token, &group) {
            Ok(done) => {
                for (operation, done) in group.into_iter().zip(done) {
                    operation.tell(done);
                }
            }
            Err(error) => {
                if error.is_disk_full() {
                    ledger.ballast.release();
                    keep_results(&mut ledger, token, group, &mut operations);
                }
                return Err(error);
            }
        }
    }
    Ok(ledger)
}

/// The disk is full, and the ballast has made a little room. Claims and intents stay refused, so
/// that no further dot is written; results of dots that were written are stored until the last
/// connection is gone.
fn keep_results(ledger: &mut Ledger, token: i64, mut group: Vec<Operation>, operations: &mut Exit) {
    loop {
        group.retain(|operation| {
            matches!(operation, Operation::Settle(_) | Operation::Release { .. })
        });
        if !group.is_empty() && write(ledger, token, &group).is_err() {
            // The rows stay in flight, and the next run calls them unconfirmed.
            return;
        }
        match operations.take() {
            Some(next) => group = next,
            None => return,
        }
    }
}

/// Runs a group in one transaction.
fn write(ledger: &mut Ledger, token: i64, group: &[Operation]) -> Result<Vec<Done>, LedgerError> {
    ledger.store.write(|session| {
        group
            .iter()
            .map(|operation| apply(session, token, operation))
            .collect()
    })
}

fn apply(session: &Session<'_>, token: i64, operation: &Operation) -> Result<Done, LedgerError> {
    Ok(match operation {
        Operation::Claim {
            issue, limit, now, ..
        } => Done::Claimed(transitions::claim(session, *issue, token, *limit, *now)?),
        Operation::Intend {
            delivery,
            message_sha256,
            now,
            ..
        } => Done::Intended(transitions::intend(
            session,
            *delivery,
            token,
            message_sha256,
            *now,
        )?),
        Operation::Settle(settlement) => {
            transitions::settle(session, token, settlement)?;
            Done::Written
        }
        Operation::Release { delivery } => {
            transitions::release(session, *delivery, token)?;
            Done::Written
        }
        Operation::Rest { relay, rest } => {
            relays::set_rest(session, *relay, rest.as_deref())?;
            Done::Written
        }
        Operation::Flush { .. } => Done::Written,
    })
}

impl Operation {
    /// Tells the waiter. One that is gone (its task was stopped) leaves a row that recovery finds.
    fn tell(self, done: Done) {
        match (self, done) {
            (Self::Claim { answer, .. }, Done::Claimed(claims)) => drop(answer.send(Ok(claims))),
            (Self::Intend { answer, .. }, Done::Intended(granted)) => {
                drop(answer.send(Ok(granted)));
            }
            (Self::Flush { answer }, _) => drop(answer.send(Ok(()))),
            _ => {}
        }
    }
}
