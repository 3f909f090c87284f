//! Carries the mails that answer readers to a relay: the first one that works, by the same choice as
//! for an issue ([`Relays`]). Somebody whose mail never comes is lost, so a relay that is down, resting
//! or misconfigured must not keep it while another one works.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::address::EmailAddress;
use crate::delivery::{Class, Transaction};
use crate::ledger::Ledger;
use crate::mailer::{ConnectError, Envelope, WireMessage};
use crate::pace::{RestRules, Signal};
use crate::publish::deliver::Held;
use crate::publish::relays::{Next, Relays, present};
use crate::publish::signals::{of_refusal, told_by};
use crate::publish::{Halt, Publication, Stop};

/// How long a relay is not asked that gave no connection. What an issue's run knows of rests stands in
/// the ledger; this is about the moment.
const WHILE_DOWN: Duration = Duration::from_mins(1);
/// The same for one that wants another login, or that cannot be trusted: a person must mend it, and
/// asking again and again locks accounts.
const WHILE_REFUSED: Duration = Duration::from_mins(15);

/// What becomes of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A relay took it, or may have taken it.
    HandedOver,
    /// It is of no use any more, or its address is none.
    GivenUp,
    /// It waits, for this reason.
    Again(String),
}

/// Relays that are not asked for a while, by their addresses; kept from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Shunned(Vec<(String, Instant)>);

impl Shunned {
    fn add(&mut self, relay: String, span: Duration) {
        self.0.push((relay, present() + span));
    }

    fn forget_the_past(&mut self) {
        let now = present();
        self.0.retain(|(_, until)| *until > now);
    }

    fn contains(&self, relay: &str) -> bool {
        self.0.iter().any(|(shunned, _)| shunned == relay)
    }
}

/// The relays of one look, and the connection that is open.
pub(super) struct Courier<'a> {
    from: &'a EmailAddress,
    relays: Arc<Relays>,
    shunned: &'a mut Shunned,
    held: Option<Held>,
    /// What was wrong last.
    told: Option<String>,
}

impl<'a> Courier<'a> {
    pub(super) fn new(
        publication: &'a Publication,
        ledger: &mut Ledger,
        shunned: &'a mut Shunned,
    ) -> Result<Self, Stop> {
        let timers = &publication.config.timers;
        let relays = Relays::prepare(publication, ledger, timers, &RestRules::default())?;
        shunned.forget_the_past();
        for index in 0..publication.config.relays.len() {
            if shunned.contains(&relays.config(index).shown()) {
                relays.give_up(index);
            }
        }
        Ok(Self {
            from: &publication.config.from.address,
            relays: Arc::new(relays),
            shunned,
            held: None,
            told: None,
        })
    }

    /// Hands one mail over. Whoever fails in it is passed over for the rest of the look, so this ends.
    pub(super) async fn hand_over(&mut self, to: &EmailAddress, message: Vec<u8>) -> End {
        let wire = WireMessage::new(message);
        loop {
            // It goes back before the next turn is asked for.
            let index = {
                let ticket = match self.relays.next(None, present()) {
                    Next::Go(ticket) => ticket,
                    Next::Wait(_) | Next::Standstill(_) => return End::Again(self.in_the_way()),
                };
                self.relays.wait_for_turn(&ticket, &Halt::default()).await;
                ticket.relay
            };
            if let Err(error) = self.make_ready(index).await {
                self.note_unreachable(index, &error);
                continue;
            }
            if let Some(end) = self.deliver(index, to, &wire).await {
                return end;
            }
        }
    }

    /// Ends the open connection, and writes down which relays rest, for the next run of an issue.
    pub(super) async fn close(mut self, ledger: &mut Ledger) -> Result<(), Stop> {
        if let Some(held) = self.held.take() {
            held.session.quit().await;
        }
        if let Some(mut relays) = Arc::into_inner(self.relays) {
            relays.write_down_rests(ledger)?;
        }
        Ok(())
    }

    async fn make_ready(&mut self, index: usize) -> Result<(), ConnectError> {
        let fits = |held: &Held| held.relay == index && held.session.is_usable();
        if self.held.as_ref().is_some_and(fits) {
            return Ok(());
        }
        if let Some(held) = self.held.take() {
            held.session.quit().await;
        }
        let session = self.relays.relay(index).open().await?;
        self.held = Some(Held {
            relay: index,
            session,
        });
        Ok(())
    }

    fn note_unreachable(&mut self, index: usize, error: &ConnectError) {
        let told = error.to_string();
        match error {
            ConnectError::WrongPassword(_) => self.shun(index, told, WHILE_REFUSED),
            ConnectError::Refused(step, reply) => match of_refusal(*step, reply) {
                Signal::Unreachable(_) => self.shun(index, told, WHILE_DOWN),
                signal => self.rest(index, signal, told),
            },
            error if error.is_final() => self.shun(index, told, WHILE_REFUSED),
            _ => self.shun(index, told, WHILE_DOWN),
        }
    }

    /// One transaction; `None` where another relay, or a new connection, is to be tried.
    async fn deliver(
        &mut self,
        index: usize,
        to: &EmailAddress,
        wire: &WireMessage,
    ) -> Option<End> {
        let held = self.held.as_mut()?;
        let envelope = Envelope {
            from: self.from.clone(),
            to: to.clone(),
            id: None,
        };
        // Nothing is claimed for it in the ledger: whoever waits in vain asks again.
        let granted = async { Ok::<bool, Infallible>(true) };
        let transaction = match held.session.deliver(&envelope, wire, granted).await {
            Ok(transaction) => transaction,
            Err(never) => match never {},
        };
        let is_first = held.session.messages() <= 1;
        if !held.session.is_usable() {
            self.held = None;
        }
        self.judge(index, &transaction, is_first)
    }

    fn judge(&mut self, index: usize, transaction: &Transaction, is_first: bool) -> Option<End> {
        let told = told_by(transaction);
        let Some(class) = Class::of(transaction) else {
            return Some(match transaction {
                Transaction::Withheld => End::GivenUp,
                _ => End::HandedOver,
            });
        };
        match class {
            // Whether it was lost after its end nobody knows; a second one would confuse more than none.
            Class::Doubt => return Some(End::HandedOver),
            Class::Address | Class::Mailbox => return Some(End::GivenUp),
            Class::Temporary | Class::Greylisted => return Some(End::Again(told)),
            // A connection that had served before may end at any time (RFC 5321 §3.8): the next one tells.
            Class::RelayDown | Class::Protocol if !is_first => self.told = Some(told),
            Class::RelayDown | Class::Protocol => self.shun(index, told, WHILE_DOWN),
            Class::OurFault | Class::AuthPermanent => self.shun(index, told, WHILE_REFUSED),
            Class::Rate(limit) => self.rest(index, Signal::TooFast(limit, told.clone()), told),
            Class::Quota => self.rest(index, Signal::UsedUp(told.clone()), told),
            Class::AuthTemporary => self.rest(index, Signal::NoLogin(told.clone()), told),
        }
        None
    }

    fn shun(&mut self, index: usize, told: String, span: Duration) {
        self.shunned.add(self.relays.config(index).shown(), span);
        self.relays.give_up(index);
        self.told = Some(told);
    }

    /// A rest that a run of an issue keeps to as well. In this look the relay is not asked again, whatever
    /// its rest comes to.
    fn rest(&mut self, index: usize, signal: Signal, told: String) {
        self.relays.take(index, signal, present());
        self.shun(index, told, WHILE_DOWN);
    }

    fn in_the_way(&self) -> String {
        let resting = self.relays.all_resting(present());
        let told = self.told.clone();
        told.or_else(|| resting.first().map(ToString::to_string))
            .unwrap_or_else(|| "no relay can be asked just now".to_owned())
    }
}
