//! The one thread that writes while an issue is sent, and its group commit.
//!
//! Connections hand their operations to a queue; the thread takes what waits, runs it in one
//! transaction, and answers when the commit is on the disk. An intent is *awaited*; a result is
//! only *queued*: first in, first out makes the result of a connection durable no later than that
//! connection's next intent, so that a crash leaves at most one doubtful row per connection.
//! A commit that fails poisons the queue: no later dot can overtake a lost result.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::store::Session;
use super::transitions::{self, Claim, IntentAnswer, Settlement};
use super::{Ledger, LedgerError};

/// Most operations that share one commit.
const LARGEST_GROUP: usize = 256;

type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

enum Operation {
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
    Flush {
        answer: Answer<()>,
    },
}

/// Answers of one group, given out after its commit.
enum Pending {
    Claims(Answer<Vec<Claim>>, Vec<Claim>),
    Intent(Answer<IntentAnswer>, IntentAnswer),
    Flushed(Answer<()>),
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
    queue: mpsc::Sender<Operation>,
}

impl Writer {
    /// Starts the thread. `token` fences the claims of this run.
    pub fn start(ledger: Ledger, token: i64) -> Self {
        let (queue, operations) = mpsc::channel();
        let thread = std::thread::spawn(move || run(ledger, token, &operations));
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

    /// Waits until everything queued so far is on the disk.
    pub async fn flush(&self) -> Result<(), LedgerError> {
        self.ask(|answer| Operation::Flush { answer }).await
    }

    fn put(&self, operation: Operation) -> Result<(), LedgerError> {
        self.queue
            .send(operation)
            .map_err(|_| LedgerError::Poisoned)
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
fn run(
    mut ledger: Ledger,
    token: i64,
    operations: &mpsc::Receiver<Operation>,
) -> Result<Ledger, LedgerError> {
    let mut linger = Linger::default();
    while let Ok(first) = operations.recv() {
        let group = linger.gather(first, operations);
        let pending = ledger.store.write(|session| {
            group
                .into_iter()
                .filter_map(|operation| apply(session, token, operation).transpose())
                .collect::<Result<Vec<Pending>, LedgerError>>()
        })?;
        pending.into_iter().for_each(Pending::answer);
    }
    Ok(ledger)
}

/// How long a group waits for more before it commits.
///
/// A commit costs the same for one intent as for ten. While several connections are at work their
/// intents come close together, and a wait far shorter than a round trip lets them share one. How
/// many to wait for is learned from the groups before; a lone connection hardly ever waits. Results
/// that nobody waits for go with the next intent, if there is one soon.
#[derive(Debug, Default)]
struct Linger {
    /// How many intents to wait for.
    expected: usize,
    /// So many groups more before one more is hoped for.
    content: u32,
}

/// After a wait in vain no more are hoped for during so many groups.
const CONTENT_FOR: u32 = 32;
/// Longest wait for further intents.
const LONGEST_FOR_INTENTS: Duration = Duration::from_micros(500);
/// Longest wait of results alone. A crash in it leaves a delivery in doubt that was sent.
const LONGEST_FOR_RESULTS: Duration = Duration::from_millis(2);

/// Operations that share a commit.
#[derive(Default)]
struct Group {
    operations: Vec<Operation>,
    intents: usize,
    /// Whether somebody waits for something else than an intent.
    urgent: bool,
}

impl Group {
    fn push(&mut self, operation: Operation) {
        match operation {
            Operation::Intend { .. } => self.intents += 1,
            Operation::Claim { .. } | Operation::Flush { .. } => self.urgent = true,
            Operation::Settle(_) | Operation::Release { .. } => {}
        }
        self.operations.push(operation);
    }
}

impl Linger {
    fn gather(&mut self, first: Operation, queue: &mpsc::Receiver<Operation>) -> Vec<Operation> {
        let began = Instant::now();
        let mut group = Group::default();
        group.push(first);
        let mut in_vain = false;
        while group.operations.len() < LARGEST_GROUP {
            let limit = match group.intents {
                _ if group.urgent => Duration::ZERO,
                0 => LONGEST_FOR_RESULTS,
                intents if intents < self.expected => LONGEST_FOR_INTENTS,
                _ => Duration::ZERO,
            };
            let next = match queue.try_recv() {
                Err(mpsc::TryRecvError::Empty) if !limit.is_zero() => {
                    let left = limit.saturating_sub(began.elapsed());
                    queue
                        .recv_timeout(left)
                        .inspect_err(|_| in_vain = true)
                        .ok()
                }
                next => next.ok(),
            };
            let Some(next) = next else { break };
            group.push(next);
        }
        if group.intents > 0 {
            self.learn(group.intents, in_vain);
        }
        group.operations
    }

    fn learn(&mut self, intents: usize, in_vain: bool) {
        self.content = if in_vain {
            CONTENT_FOR
        } else {
            self.content.saturating_sub(1)
        };
        self.expected = intents + usize::from(self.content == 0);
    }
}

fn apply(
    session: &Session<'_>,
    token: i64,
    operation: Operation,
) -> Result<Option<Pending>, LedgerError> {
    Ok(match operation {
        Operation::Claim {
            issue,
            limit,
            now,
            answer,
        } => Some(Pending::Claims(
            answer,
            transitions::claim(session, issue, token, limit, now)?,
        )),
        Operation::Intend {
            delivery,
            message_sha256,
            now,
            answer,
        } => {
            let granted = transitions::intend(session, delivery, token, &message_sha256, now)?;
            Some(Pending::Intent(answer, granted))
        }
        Operation::Settle(settlement) => {
            transitions::settle(session, token, &settlement)?;
            None
        }
        Operation::Release { delivery } => {
            transitions::release(session, delivery, token)?;
            None
        }
        Operation::Flush { answer } => Some(Pending::Flushed(answer)),
    })
}

impl Pending {
    /// Tells the waiter. One that is gone (its task was stopped) leaves a row that recovery finds.
    fn answer(self) {
        match self {
            Self::Claims(answer, claims) => drop(answer.send(Ok(claims))),
            Self::Intent(answer, granted) => drop(answer.send(Ok(granted))),
            Self::Flushed(answer) => drop(answer.send(Ok(()))),
        }
    }
}
