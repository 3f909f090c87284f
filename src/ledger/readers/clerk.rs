//! The one thread that writes what readers do, and its group commit: requests that wait share one
//! transaction, and are answered when it is on the disk. Each commit costs a sync; a thousand
//! readers who leave in one second must not cost a thousand.

use std::sync::mpsc::{Receiver, Sender, channel};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::super::moves::present_key;
use super::super::store::Session;
use super::super::{Ledger, LedgerError};
use super::answers::{ask_for_link, count_held_back};
use super::find;
use super::joining::{Asked, Confirmed, ask, confirm, standing};
use super::leaving::{LeaveOutcome, unsubscribe};
use super::preferences::{prefer, preferred};
use crate::readers::{Consent, Limits, Nonce, Preference, Turn};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// Most requests that share a commit.
const LARGEST_GROUP: usize = 256;

/// Something that a reader does.
#[derive(Debug)]
pub enum ReaderRequest {
    /// Asks to join.
    Join(Box<Asked>),
    /// Asks for lost links.
    Links(Box<Asked>),
    /// Asked in a way that nothing follows from.
    HoldBack,
    /// Confirms a request.
    Confirm {
        /// Whose.
        key: AddressKey,
        /// Which.
        nonce: Nonce,
        /// What was shown, and from where the button was pressed.
        consent: Box<Consent>,
        /// The client's network.
        network: String,
    },
    /// Leaves.
    Leave {
        /// Who.
        key: AddressKey,
        /// When.
        at: DateTime<Utc>,
    },
    /// Sets what is preferred.
    Prefer {
        /// Who.
        key: AddressKey,
        /// What.
        preference: Box<Preference>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Looks at what is preferred.
    Preferred(AddressKey),
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderOutcome {
    /// Of a request to join or for links.
    Turn(Turn),
    /// Of a confirmation.
    Confirmed(Confirmed),
    /// Of leaving.
    Left(LeaveOutcome),
    /// What is preferred now.
    Choice(Box<Chosen>),
}

/// What is known of a reader who looks at preferences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Who it is: the address of the token, or the one that they have now.
    pub key: AddressKey,
    /// What was set; nothing is set for who is not mailed any more.
    pub preference: Preference,
    /// What their sign-up says, if there is one.
    pub signed_up_for: Vec<String>,
    /// Why they are not mailed, if so.
    pub suppression: Option<Reason>,
}

type Answer = oneshot::Sender<Result<ReaderOutcome, LedgerError>>;
type Waiting = (ReaderRequest, Answer);

/// A way to the thread. It ends with the last of them.
#[derive(Debug, Clone)]
pub struct Clerk {
    queue: Sender<Waiting>,
}

impl Clerk {
    /// Starts the thread.
    pub fn start(ledger: Ledger, limits: Limits) -> Self {
        let (queue, requests) = channel();
        std::thread::spawn(move || run(ledger, &limits, &requests));
        Self { queue }
    }

    /// Waits until a request is on the disk.
    pub async fn ask(&self, request: ReaderRequest) -> Result<ReaderOutcome, LedgerError> {
        let (answer, outcome) = oneshot::channel();
        let put = self.queue.send((request, answer));
        put.map_err(|_| LedgerError::Poisoned)?;
        outcome.await.map_err(|_| LedgerError::Poisoned)?
    }
}

fn run(mut ledger: Ledger, limits: &Limits, requests: &Receiver<Waiting>) {
    while let Ok(first) = requests.recv() {
        let mut group = vec![first];
        group.extend(requests.try_iter().take(LARGEST_GROUP - 1));
        let together: Result<Vec<ReaderOutcome>, LedgerError> = ledger.store.write(|session| {
            let each = group.iter();
            each.map(|(request, _)| apply(session, limits, request))
                .collect()
        });
        match together {
            Ok(outcomes) => {
                for ((_, answer), outcome) in group.into_iter().zip(outcomes) {
                    // Who is gone does not wait any more; what was asked for is done all the same.
                    let _ = answer.send(Ok(outcome));
                }
            }
            // Somebody else writes for longer than we wait. Each would wait as long alone, and nobody would
            // be answered in time.
            Err(error) if error.is_busy() => {
                for (_, answer) in group {
                    let _ = answer.send(Err(LedgerError::busy()));
                }
            }
            // One that cannot be written must not keep the others from it.
            Err(_) => {
                for (request, answer) in group {
                    let alone = ledger
                        .store
                        .write(|session| apply(session, limits, &request));
                    let _ = answer.send(alone);
                }
            }
        }
    }
}

fn apply(
    session: &Session<'_>,
    limits: &Limits,
    request: &ReaderRequest,
) -> Result<ReaderOutcome, LedgerError> {
    Ok(match request {
        ReaderRequest::Join(asked) => ReaderOutcome::Turn(ask(session, asked, limits)?),
        ReaderRequest::Links(asked) => ReaderOutcome::Turn(ask_for_link(session, asked, limits)?),
        ReaderRequest::HoldBack => {
            count_held_back(session)?;
            ReaderOutcome::Turn(Turn::HeldBack)
        }
        ReaderRequest::Confirm {
            key,
            nonce,
            consent,
            network,
        } => ReaderOutcome::Confirmed(confirm(session, key, nonce, consent, network)?),
        ReaderRequest::Leave { key, at } => ReaderOutcome::Left(unsubscribe(session, key, *at)?),
        ReaderRequest::Prefer {
            key,
            preference,
            at,
        } => {
            let known = chosen(session, key)?;
            if known.suppression.is_some() {
                return Ok(ReaderOutcome::Choice(Box::new(known)));
            }
            prefer(session, &known.key, preference, *at)?;
            let preference = Preference::clone(preference);
            ReaderOutcome::Choice(Box::new(Chosen {
                preference,
                ..known
            }))
        }
        ReaderRequest::Preferred(key) => ReaderOutcome::Choice(Box::new(chosen(session, key)?)),
    })
}

fn chosen(session: &Session<'_>, key: &AddressKey) -> Result<Chosen, LedgerError> {
    let key = present_key(session, key)?;
    let sign_up = find(session, &key)?;
    Ok(Chosen {
        preference: preferred(session, &key)?,
        signed_up_for: sign_up.map_or_else(Vec::new, |sign_up| sign_up.tags),
        suppression: standing(session, &key)?.suppression,
        key,
    })
}
