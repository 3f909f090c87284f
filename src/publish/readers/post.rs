//! The thread that hands over the mails that answer readers. They wait in the ledger: what was not
//! handed over when the server died goes out after the next start.
//!
//! An issue that is being sent is not disturbed: this is one connection of its own, a few mails an
//! hour. Nothing of it counts as a delivery.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;

use super::counter::Counter;
use super::courier::{Courier, End, Shunned};
use super::watch::Watch;
use super::{CONFIRM_WITHIN, letters};
use crate::address::masked;
use crate::clock::Clock;
use crate::config::Environment;
use crate::diagnostic::Diagnostic;
use crate::ledger::{AnswerRow, Ledger};
use crate::message::ReaderMail;
use crate::publish::problems::relay_config;
use crate::publish::{Publication, Stop, fill_random};
use crate::readers::Answer;
use crate::suppression::Reason;
use crate::token::Keys;

/// How often the ledger is looked at when nobody calls.
const LOOK: Duration = Duration::from_secs(5);

/// Most mails of one look.
const MOST: usize = 50;

/// The first wait after a try in vain; it doubles up to the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// After that an answer is of no use any more.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(1);

/// Hands over what waits.
pub(super) struct Post {
    folder: PathBuf,
    environment: Environment,
    clock: Clock,
    keys: Arc<Keys>,
    watch: Watch,
    told: Option<String>,
    shunned: Shunned,
    counter: Counter,
}

impl Post {
    pub(super) fn new(
        publication: &Publication,
        environment: Environment,
        keys: Arc<Keys>,
        watch: Watch,
        counter: Counter,
    ) -> Self {
        Self {
            folder: publication.folder.clone(),
            environment,
            clock: publication.clock,
            keys,
            watch,
            told: None,
            shunned: Shunned::default(),
            counter,
        }
    }

    /// Starts the thread; it ends when nobody is left who could call it.
    pub(super) fn start(mut self, woken: Receiver<()>) {
        std::thread::spawn(move || {
            loop {
                let looked = self.look();
                self.tell_once(looked.err());
                if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(LOOK) {
                    return;
                }
            }
        });
    }

    /// What is in the way is told when it begins, and not at each look.
    fn tell_once(&mut self, stop: Option<Stop>) {
        let told = stop.map(|stop| match stop {
            Stop::Failed(problems) => problems.first().map_or_else(String::new, |problem| {
                masked(&format!("a mail to a reader waits: {}", problem.message()))
            }),
            other => masked(&format!("a mail to a reader waits: {other}")),
        });
        if let Some(told) = &told
            && self.told.as_ref() != Some(told)
        {
            self.watch.tell(told);
        }
        self.told = told;
    }

    fn look(&mut self) -> Result<(), Stop> {
        let publication = Publication::open(&self.folder, &self.environment, self.clock)?;
        let Some(url) = &publication.config.serve.url else {
            return Ok(());
        };
        let now = self.clock.now();
        let mut ledger = Ledger::open(&publication.ledger_path())?;
        tidy(&mut ledger, now)?;
        let due = ledger.due_answers(now, MOST)?;
        let handed_over = match due.as_slice() {
            [] => Ok(()),
            due => self.hand_over_all(&publication, url, &mut ledger, due),
        };
        self.watch.look(&publication, &mut ledger)?;
        handed_over
    }

    fn hand_over_all(
        &mut self,
        publication: &Publication,
        url: &str,
        ledger: &mut Ledger,
        due: &[AnswerRow],
    ) -> Result<(), Stop> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the sender").cause(error))?;
        runtime.block_on(self.hand_over(publication, url, ledger, due))
    }

    async fn hand_over(
        &mut self,
        publication: &Publication,
        url: &str,
        ledger: &mut Ledger,
        due: &[AnswerRow],
    ) -> Result<(), Stop> {
        relay_config(publication)?;
        let counter = self.counter.clone();
        let mut shunned = std::mem::take(&mut self.shunned);
        let mut courier = Courier::new(publication, ledger, &mut shunned)?;
        let mut in_the_way = None;
        for row in due {
            let Some(_in_hand) = counter.take() else {
                break;
            };
            let end = match self.compose(publication, url, ledger, row)? {
                Some(message) => courier.hand_over(&row.address, message).await,
                None => End::GivenUp,
            };
            settle(ledger, row, &end, self.clock.now())?;
            self.watch.note(row.tries, &end);
            if let End::Again(why) = end {
                in_the_way = Some(why);
            }
        }
        courier.close(ledger).await?;
        self.shunned = shunned;
        match in_the_way {
            Some(why) => Err(Diagnostic::error(why).into()),
            None => Ok(()),
        }
    }

    /// The bytes; `None` where the mail is not to be sent any more.
    fn compose(
        &self,
        publication: &Publication,
        url: &str,
        ledger: &mut Ledger,
        row: &AnswerRow,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let now = self.clock.now();
        if now - row.asked.at > GIVEN_UP_AFTER || is_forbidden(ledger, row)? {
            return Ok(None);
        }
        let Some(letter) = letters::write(publication, url, &self.keys, ledger, row)? else {
            return Ok(None);
        };
        let config = &publication.config;
        let mut nonce = [0_u8; 16];
        fill_random(&mut nonce)?;
        let mail = ReaderMail {
            from: &config.from,
            reply_to: config.reply_to.as_ref(),
            to: &row.address,
            subject: &letter.subject,
            text: &letter.text,
            language: &config.language,
            at: now,
            nonce: &HEXLOWER.encode(&nonce),
            leave: letter.leave.as_deref(),
        };
        Ok(Some(publication.signed(mail.to_bytes(), now)?))
    }
}

/// Suppression beats everything, also an answer: but who left, or whose mail failed, may come back by
/// confirming, and may ask for the links.
fn is_forbidden(ledger: &mut Ledger, row: &AnswerRow) -> Result<bool, Stop> {
    let Some(suppression) = ledger.suppression(&row.key)? else {
        return Ok(false);
    };
    Ok(match suppression.reason {
        Reason::Complained | Reason::Operator => true,
        Reason::Unsubscribed | Reason::Bounced => {
            !matches!(row.answer, Answer::Confirm | Answer::Link)
        }
    })
}

/// Forgets what is over: requests that nobody confirmed, and answers that no limit counts any more.
fn tidy(ledger: &mut Ledger, now: DateTime<Utc>) -> Result<(), Stop> {
    if ledger.has_something_to_tidy(now, now - CONFIRM_WITHIN)? {
        ledger.forget_unanswered(now - CONFIRM_WITHIN, now)?;
        ledger.tidy_answers(now)?;
    }
    Ok(())
}

fn settle(ledger: &mut Ledger, row: &AnswerRow, end: &End, now: DateTime<Utc>) -> Result<(), Stop> {
    match end {
        End::HandedOver => ledger.settle_answer(row.id, true)?,
        End::GivenUp => ledger.settle_answer(row.id, false)?,
        End::Again(_) => {
            let doubled = FIRST_WAIT * 2_i32.pow(row.tries.min(6));
            ledger.defer_answer(row.id, now + doubled.min(LONGEST_WAIT))?;
        }
    }
    Ok(())
}
