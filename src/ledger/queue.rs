//! The writer's queue, and which operations share a commit.
//!
//! First in, first out. A commit costs the same for one intent as for ten, and so does waking the
//! writer: it sleeps until there is a group that is worth a commit, and whoever adds to the queue
//! wakes it only then.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::writer::Operation;

/// Most operations that share one commit.
const LARGEST_GROUP: usize = 256;
/// After a wait in vain no more intents are hoped for during so many groups.
const CONTENT_FOR: u32 = 32;
/// Longest wait for further intents.
const LONGEST_FOR_INTENTS: Duration = Duration::from_micros(500);
/// Longest wait of results alone. A crash in it leaves a delivery in doubt that was sent.
const LONGEST_FOR_RESULTS: Duration = Duration::from_millis(2);

/// A queue with both its ends.
pub(super) fn queue() -> (Entry, Exit) {
    let shared = Arc::new(Shared {
        waiting: Mutex::new(Waiting {
            group: Group::default(),
            entries: 1,
            is_read: true,
            wake_at: WakeAt::Never,
        }),
        wake: Condvar::new(),
    });
    let exit = Exit {
        shared: shared.clone(),
        linger: Linger::default(),
    };
    (Entry { shared }, exit)
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Debug)]
struct Waiting {
    group: Group,
    /// How many can still add to it.
    entries: usize,
    is_read: bool,
    wake_at: WakeAt,
}

/// What the sleeping writer is woken by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WakeAt {
    /// It is awake.
    Never,
    Anything,
    /// So many intents, or something that cannot wait.
    Intents(usize),
}

/// Operations that share a commit.
#[derive(Debug, Default)]
struct Group {
    operations: Vec<Operation>,
    intents: usize,
    /// Whether somebody waits for something else than an intent.
    urgent: bool,
}

/// Where operations are added.
#[derive(Debug)]
pub(super) struct Entry {
    shared: Arc<Shared>,
}

/// Where the writer takes them.
#[derive(Debug)]
pub(super) struct Exit {
    shared: Arc<Shared>,
    linger: Linger,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in a lock of ours can panic half way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_awaited(&self) -> bool {
        let group = &self.group;
        let full = group.urgent || group.operations.len() >= LARGEST_GROUP;
        match self.wake_at {
            WakeAt::Never => false,
            WakeAt::Anything => true,
            WakeAt::Intents(intents) => full || group.intents >= intents,
        }
    }
}

impl Group {
    fn push(&mut self, operation: Operation) {
        match operation {
            Operation::Intend { .. } => self.intents += 1,
            Operation::Claim { .. } | Operation::Flush { .. } => self.urgent = true,
            Operation::Settle(_) | Operation::Release { .. } | Operation::Rest { .. } => {}
        }
        self.operations.push(operation);
    }
}

impl Entry {
    /// Adds an operation; gives it back if nobody reads any more.
    pub(super) fn put(&self, operation: Operation) -> Result<(), Operation> {
        let mut waiting = self.shared.lock();
        if !waiting.is_read {
            return Err(operation);
        }
        waiting.group.push(operation);
        if waiting.is_awaited() {
            waiting.wake_at = WakeAt::Never;
            drop(waiting);
            self.shared.wake.notify_one();
        }
        Ok(())
    }
}

impl Clone for Entry {
    fn clone(&self) -> Self {
        self.shared.lock().entries += 1;
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.lock().entries -= 1;
        self.shared.wake.notify_one();
    }
}

impl Exit {
    /// Takes what shares the next commit; `None` when nothing can come any more.
    pub(super) fn gather(&mut self) -> Option<Vec<Operation>> {
        let mut waiting = wait_for_any(&self.shared)?;
        let began = Instant::now();
        let mut in_vain = false;
        while waiting.group.operations.len() < LARGEST_GROUP {
            let (limit, intents) = match waiting.group.intents {
                _ if waiting.group.urgent => break,
                0 => (LONGEST_FOR_RESULTS, 1),
                intents if intents < self.linger.expected => {
                    (LONGEST_FOR_INTENTS, self.linger.expected)
                }
                _ => break,
            };
            let left = limit.saturating_sub(began.elapsed());
            if left.is_zero() || waiting.entries == 0 {
                in_vain = true;
                break;
            }
            waiting.wake_at = WakeAt::Intents(intents);
            let woken = self.shared.wake.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
            waiting.wake_at = WakeAt::Never;
        }
        let group = std::mem::take(&mut waiting.group);
        drop(waiting);
        if group.intents > 0 {
            self.linger.learn(group.intents, in_vain);
        }
        Some(group.operations)
    }

    /// Takes what there is; waits only where there is nothing. `None` when nothing can come any more.
    pub(super) fn take(&mut self) -> Option<Vec<Operation>> {
        let mut waiting = wait_for_any(&self.shared)?;
        Some(std::mem::take(&mut waiting.group).operations)
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        waiting.is_read = false;
        // Whoever waits for an answer hears that there is none.
        let unread = std::mem::take(&mut waiting.group);
        drop(waiting);
        drop(unread);
    }
}

/// Sleeps until something is there; `None` when nothing can come any more.
fn wait_for_any(shared: &Shared) -> Option<MutexGuard<'_, Waiting>> {
    let mut waiting = shared.lock();
    while waiting.group.operations.is_empty() {
        if waiting.entries == 0 {
            return None;
        }
        waiting.wake_at = WakeAt::Anything;
        let woken = shared.wake.wait(waiting);
        waiting = woken.unwrap_or_else(PoisonError::into_inner);
        waiting.wake_at = WakeAt::Never;
    }
    Some(waiting)
}

/// How long a group waits for more before it commits.
///
/// While several connections are at work their intents come close together, and a wait far shorter
/// than a round trip lets them share a commit. How many to wait for is learned from the groups
/// before; a lone connection hardly ever waits. Results that nobody waits for go with the next
/// intent, if there is one soon.
#[derive(Debug, Default)]
struct Linger {
    /// How many intents to wait for.
    expected: usize,
    /// So many groups more before one more is hoped for.
    content: u32,
}

impl Linger {
    fn learn(&mut self, intents: usize, in_vain: bool) {
        self.content = if in_vain {
            CONTENT_FOR
        } else {
            self.content.saturating_sub(1)
        };
        self.expected = intents + usize::from(self.content == 0);
    }
}
