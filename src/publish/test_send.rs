//! `send --test ADDR`: one message outside the ledger, to see an issue as a reader will.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::freeze::freeze;
use super::guard::glimpse;
use super::problems::{foreign_sender, relay_config, relay_problem};
use super::trial::try_composer;
use super::{Publication, Stop, fill_random};
use crate::address::EmailAddress;
use crate::delivery::Transaction;
use crate::diagnostic::Diagnostic;
use crate::mailer::{Envelope, Relay, Timers, WireMessage};
use crate::message::{Addressee, Purpose};
use crate::token::Keys;

/// A test message that the relay accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSent {
    /// Subject.
    pub subject: String,
    /// Size in bytes.
    pub size: usize,
    /// The relay's reply.
    pub reply: String,
    /// Why a real send would be refused, or arrive nowhere.
    pub warnings: Vec<Diagnostic>,
}

/// Sends one message of an issue to `to`. The Message-ID is its own and the unsubscribe token
/// names nobody, so that the test can neither hide the real one nor unsubscribe anyone.
pub fn send_test(
    publication: &Publication,
    word: &str,
    to: &EmailAddress,
    timers: Timers,
) -> Result<TestSent, Stop> {
    let issues = publication.issues()?.issues;
    let issue = publication.find(&issues, word)?;
    // Outside the ledger: its tokens are dead, so that any key will do.
    let keys = Arc::new(glimpse(publication)?.keys);
    let frozen = freeze(publication, issue, publication.clock.now())?;
    let mut nonce = [0_u8; 8];
    fill_random(&mut nonce)?;
    let nonce = HEXLOWER.encode(&nonce);
    let fields = fields_of(publication, &keys, to)?;
    let (address, key) = (to.clone(), keys.address_key(to));
    let (message, sender) = try_composer(publication, frozen, keys, move |composer| {
        let addressee = Addressee {
            address: &address,
            key: &key,
            fields: &fields,
        };
        let message = composer.compose(addressee, Purpose::Test(&nonce))?;
        Ok((message, composer.envelope_from(None)))
    })?;
    let envelope = Envelope {
        from: sender,
        to: to.clone(),
        id: None,
    };
    let reply = hand_over(
        publication,
        &envelope,
        message.bytes.clone(),
        timers,
        "test message",
    )?;
    Ok(TestSent {
        subject: issue.subject.clone(),
        size: message.bytes.len(),
        reply,
        warnings: foreign_sender(publication).into_iter().collect(),
    })
}

/// The roster's fields if the address is on it, so that the test looks like the real one.
fn fields_of(
    publication: &Publication,
    keys: &Keys,
    to: &EmailAddress,
) -> Result<BTreeMap<String, String>, Stop> {
    let wanted = keys.address_key(to);
    let mut fields = BTreeMap::new();
    publication.whole_roster(keys)?.each(keys, |row| {
        let known = row.key == wanted;
        // An address that is not on the roster gets the first row's columns, empty.
        if known || fields.is_empty() {
            let value = |value: String| if known { value } else { String::new() };
            fields.extend(
                row.fields()
                    .map(|(name, text)| (name.to_owned(), value(text))),
            );
            fields.insert("name".to_owned(), value(row.name()));
        }
        Ok::<(), Stop>(())
    })?;
    Ok(fields)
}

/// Hands one message to the first relay; `what` names it in errors. Returns the relay's reply.
pub(super) fn hand_over(
    publication: &Publication,
    envelope: &Envelope,
    message: Vec<u8>,
    timers: Timers,
    what: &str,
) -> Result<String, Stop> {
    let smtp = relay_config(publication)?;
    let relay = Relay::new(smtp.clone(), timers).map_err(|error| relay_problem(&error, smtp))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error("cannot start the sender").cause(error))?;
    let transaction = runtime.block_on(async {
        let mut session = relay
            .open()
            .await
            .map_err(|error| relay_problem(&error, smtp))?;
        let wire = WireMessage::new(message);
        let delivered = session
            .deliver(envelope, &wire, async { Ok::<bool, Infallible>(true) })
            .await;
        session.quit().await;
        match delivered {
            Ok(transaction) => Ok::<Transaction, Diagnostic>(transaction),
            Err(never) => match never {},
        }
    })?;
    let problem = |cause: String| {
        Diagnostic::error(format!("the {what} to `{}` was not accepted", envelope.to)).cause(cause)
    };
    match transaction {
        Transaction::Accepted(reply) => Ok(reply.to_string()),
        Transaction::Refused(step, reply) => {
            Err(problem(format!("to {step} the relay said: {reply}")).into())
        }
        Transaction::LostBeforeDot(step, told) => Err(problem(format!("at {step}: {told}")).into()),
        Transaction::LostAfterDot(told) => {
            Err(problem(format!("it may have arrived all the same: {told}")).into())
        }
        Transaction::Withheld => Err(problem("it was withheld".to_owned()).into()),
    }
}
