//! A request to join, and its confirmation.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::super::store::Session;
use super::super::{Ledger, LedgerError};
use super::answers::{self, NewAnswer};
use super::preferences::prefer;
use super::{find, read};
use crate::address::EmailAddress;
use crate::readers::{
    Act, Answer, Consent, Limits, Nonce, Preference, SignUp, SignUpState, Standing, Turn,
};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// A request to join that was read and understood.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Whose mail it would be.
    pub address: EmailAddress,
    /// Who they say they are, cleaned.
    pub name: String,
    /// What they chose, of what is offered.
    pub tags: Vec<String>,
    /// When, and from which client.
    pub act: Act,
    /// The client's network, by which requests are counted.
    pub network: String,
    /// Binds the link to this request.
    pub nonce: Nonce,
    /// Whether it came from a page of ours, in a person's time.
    pub bears_a_stamp: bool,
}

/// What a confirmation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// On the roster from now on.
    Now(Box<SignUp>),
    /// It was before, by the same request.
    Before,
    /// The request was overtaken: by a newer one, by leaving, or by having been forgotten.
    Overtaken,
}

impl Ledger {
    /// Writes down a request to join, and the mail that answers it; nothing where a limit is reached.
    pub fn ask_to_join(&mut self, asked: &Asked, limits: &Limits) -> Result<Turn, LedgerError> {
        self.store.write(|session| ask(session, asked, limits))
    }

    /// Confirms the request that a link is bound to. Opt-in lifts what a reader or a failure did;
    /// complaints and the author's decisions stay.
    pub fn confirm_sign_up(
        &mut self,
        key: &AddressKey,
        nonce: &Nonce,
        consent: &Consent,
        network: &str,
    ) -> Result<Confirmed, LedgerError> {
        self.store
            .write(|session| confirm(session, key, nonce, consent, network))
    }

    /// The nonce of the latest request, for the mail with its link.
    pub fn nonce_of(&mut self, key: &AddressKey) -> Result<Option<Nonce>, LedgerError> {
        let sql = "SELECT nonce FROM signup WHERE addr_key = $1 AND state = 'asked'";
        let bytes = self.store.read(|session| {
            session.first(sql, [key.as_bytes()], |row| Ok(row.get::<_, Vec<u8>>(0)?))
        })?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
    }

    /// Forgets requests that nobody confirmed: what was asked before `before` and never answered.
    /// Who was a reader once has left, with the old consent kept.
    pub fn forget_unanswered(
        &mut self,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize, LedgerError> {
        let before = before.timestamp_millis();
        self.store.write(|session| {
            let sql =
                "UPDATE signup SET state = 'left', nonce = NULL, left_at = COALESCE(left_at, $2)
                        WHERE state = 'asked' AND asked_at < $1 AND confirmed_at IS NOT NULL";
            let left = session.execute(sql, [before, now.timestamp_millis()])?;
            let sql = "DELETE FROM signup WHERE state = 'asked' AND asked_at < $1";
            Ok(left + session.execute(sql, [before])?)
        })
    }
}

pub(in crate::ledger) fn ask(
    session: &Session<'_>,
    asked: &Asked,
    limits: &Limits,
) -> Result<Turn, LedgerError> {
    let recent = answers::recent(session, &asked.key, &asked.network, asked.act.at)?;
    let turn = limits.judge(&recent, asked.bears_a_stamp);
    if turn != Turn::Answered {
        answers::count_held_back(session)?;
        return Ok(turn);
    }
    let answer = standing(session, &asked.key)?.answer_to_join();
    if answer == Answer::Confirm {
        write_request(session, asked)?;
    }
    answers::add(session, &NewAnswer::to(asked, answer))?;
    Ok(turn)
}

/// What is known of an address.
pub(super) fn standing(session: &Session<'_>, key: &AddressKey) -> Result<Standing, LedgerError> {
    let sql = "SELECT reason FROM suppression WHERE addr_key = $1";
    let reason = session.first(sql, [key.as_bytes()], |row| Ok(row.get::<_, String>(0)?))?;
    let sql = "SELECT 1 FROM subscriber WHERE addr_key = $1 AND on_roster = 1";
    let on_roster = session.first(sql, [key.as_bytes()], |_| Ok(()))?.is_some();
    Ok(Standing {
        sign_up: find(session, key)?.map(|sign_up| sign_up.state),
        on_roster,
        suppression: reason.map(|reason| Reason::from_stored(&reason)),
    })
}

fn write_request(session: &Session<'_>, asked: &Asked) -> Result<(), LedgerError> {
    let parameters = params![
        asked.key.as_bytes(),
        asked.address.as_str(),
        asked.name,
        asked.tags.join(" "),
        &asked.nonce[..],
        asked.act.at.timestamp_millis(),
        asked.act.from,
    ];
    let again = "UPDATE signup SET address = $2, name = $3, tags = $4, state = 'asked', nonce = $5,
                        asked_at = $6, asked_from = $7 WHERE addr_key = $1";
    if session.execute(again, parameters)? == 0 {
        let first =
            "INSERT INTO signup (addr_key, address, name, tags, state, nonce, asked_at, asked_from)
                     VALUES ($1, $2, $3, $4, 'asked', $5, $6, $7)";
        session.execute(first, parameters)?;
    }
    Ok(())
}

pub(in crate::ledger) fn confirm(
    session: &Session<'_>,
    key: &AddressKey,
    nonce: &Nonce,
    consent: &Consent,
    network: &str,
) -> Result<Confirmed, LedgerError> {
    let Some(sign_up) = by_nonce(session, key, nonce)? else {
        return Ok(Confirmed::Overtaken);
    };
    match sign_up.state {
        SignUpState::Asked => {}
        SignUpState::Confirmed => return Ok(Confirmed::Before),
        SignUpState::Left => return Ok(Confirmed::Overtaken),
    }
    // Also by a clock that was set back a confirmation comes after its request.
    let at = consent.act.at.max(sign_up.asked.at);
    let sql = "UPDATE signup SET state = 'confirmed', confirmed_at = $2, confirmed_from = $3,
                      consent = $4, consent_form = $5, left_at = NULL WHERE addr_key = $1";
    let parameters = params![
        key.as_bytes(),
        at.timestamp_millis(),
        consent.act.from,
        consent.text,
        consent.form,
    ];
    session.execute(sql, parameters)?;
    // A later suppression would have ended the request, so whatever is here is older than it.
    let sql =
        "DELETE FROM suppression WHERE addr_key = $1 AND reason IN ('unsubscribed', 'bounced')";
    if session.execute(sql, [key.as_bytes()])? == 1 {
        // Failures until now do not count any more: the mail with the link arrived.
        super::super::suppressions::forgive(session, key)?;
    }
    // What was chosen with the form is what is preferred from now on, also for who has a row.
    let chosen = Preference {
        tags: (!sign_up.tags.is_empty()).then(|| sign_up.tags.clone()),
        paused_until: None,
    };
    prefer(session, key, &chosen, at)?;
    let sql = "SELECT 1 FROM suppression WHERE addr_key = $1";
    if session.first(sql, [key.as_bytes()], |_| Ok(()))?.is_none() {
        answers::add(
            session,
            &NewAnswer::welcome(&sign_up, network, at, &consent.act.from),
        )?;
    }
    Ok(Confirmed::Now(Box::new(sign_up)))
}

/// The sign-up whose latest request a nonce belongs to.
fn by_nonce(
    session: &Session<'_>,
    key: &AddressKey,
    nonce: &Nonce,
) -> Result<Option<SignUp>, LedgerError> {
    let sql = format!("{} WHERE addr_key = $1 AND nonce = $2", super::SELECT);
    session.first(&sql, params![key.as_bytes(), &nonce[..]], read)
}
