//! What the result of a delivery says of the relay that it was tried with.

use super::deliver::{Held, RunError};
use super::relays::ConnectionEnd;
use crate::delivery::{Class, Outcome, Reply, Step, Transaction, classify};
use crate::pace::Signal;

/// What a result says of the relay; nothing where none was asked.
pub(super) fn signal_of(outcome: &Outcome, transaction: &Transaction) -> Option<Signal> {
    let told = || told_by(transaction);
    Some(match outcome {
        Outcome::Sent => Signal::Accepted,
        Outcome::Unconfirmed => Signal::Doubtful(told()),
        Outcome::Deferred { counts: false, .. } | Outcome::Unchanged(Class::RelayDown) => {
            Signal::Lost(told())
        }
        Outcome::Unchanged(Class::Rate(limit)) => Signal::TooFast(*limit, told()),
        Outcome::Unchanged(Class::Quota) => Signal::UsedUp(told()),
        Outcome::Unchanged(Class::AuthTemporary) => Signal::NoLogin(told()),
        Outcome::OurFault if matches!(transaction, Transaction::LostBeforeDot(..)) => return None,
        Outcome::Rejected(_)
        | Outcome::OurFault
        | Outcome::Deferred { .. }
        | Outcome::Unchanged(_) => Signal::Answered,
    })
}

/// What a refusal before MAIL says of the relay.
pub(super) fn of_refusal(step: Step, reply: &Reply) -> Signal {
    let told = reply.to_string();
    match classify(step, reply) {
        Class::Rate(limit) => Signal::TooFast(limit, told),
        Class::Quota => Signal::UsedUp(told),
        Class::AuthTemporary => Signal::NoLogin(told),
        _ => Signal::Unreachable(format!("to {step} it said: {told}")),
    }
}

/// What a delivery failed for; empty where it did not.
pub(super) fn told_by(transaction: &Transaction) -> String {
    match transaction {
        Transaction::Refused(step, reply) => format!("to {step} the relay said: {reply}"),
        Transaction::LostBeforeDot(step, told) => format!("at {step}: {told}"),
        Transaction::LostAfterDot(told) => format!("after the end of data: {told}"),
        Transaction::Accepted(_) | Transaction::Withheld => String::new(),
    }
}

/// The last of the results that made the breaker stop the run.
pub(super) fn reason_to_stop(relay: usize, transaction: &Transaction) -> RunError {
    match transaction {
        Transaction::Refused(step, reply) => RunError::OurFault(relay, *step, reply.clone()),
        Transaction::LostBeforeDot(Step::Compose, told) => RunError::Compose(told.clone()),
        other => RunError::Doubt(relay, told_by(other)),
    }
}

/// A relay may close a session between two messages, or say 421 when it has had enough of them:
/// that is no failure of this message, of which nothing was accepted.
pub(super) fn deserves_another_session(
    transaction: &Transaction,
    held: Option<&Held>,
) -> Option<ConnectionEnd> {
    let session = &held?.session;
    if session.messages() <= 1 || session.is_usable() {
        return None;
    }
    let before_data = |step: &Step| matches!(step, Step::Mail | Step::Rcpt | Step::Data);
    match transaction {
        Transaction::LostBeforeDot(step, _) if before_data(step) => Some(ConnectionEnd::Silent),
        // 421 alone: with 4.7.28 another session would be an offence.
        Transaction::Refused(step, reply)
            if before_data(step) && classify(*step, reply) == Class::RelayDown =>
        {
            Some(ConnectionEnd::Told)
        }
        _ => None,
    }
}
