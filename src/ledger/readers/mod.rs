//! Sign-ups, preferences, and the mails that answer them. `subscribers.csv` is the author's; what
//! readers do by themselves stands here alone.

mod answers;
mod clerk;
mod joining;
mod leaving;
mod moving;
mod preferences;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::planning::instant;
use super::store::{Session, read_key};
use super::{Ledger, LedgerError};
use crate::address::EmailAddress;
use crate::readers::{Act, Consent, SignUp, SignUpState};
use crate::token::AddressKey;

pub use answers::AnswerRow;
pub use clerk::{Chosen, Clerk, ReaderOutcome, ReaderRequest};
pub use joining::{Asked, Confirmed};
pub use leaving::LeaveOutcome;

const SELECT: &str =
    "SELECT addr_key, address, name, tags, state, asked_at, asked_from, confirmed_at,
    confirmed_from, consent, consent_form, left_at FROM signup";

impl Ledger {
    /// The sign-up of an address, if somebody ever asked for it.
    pub fn sign_up(&mut self, key: &AddressKey) -> Result<Option<SignUp>, LedgerError> {
        self.store.read(|session| find(session, key))
    }

    /// All sign-ups, in the order of their latest requests.
    pub fn sign_ups(&mut self) -> Result<Vec<SignUp>, LedgerError> {
        let sql = format!("{SELECT} ORDER BY asked_at, addr_key");
        self.store.read(|session| session.rows(&sql, [], read))
    }

    /// Whether anybody ever asked.
    pub fn has_sign_ups(&mut self) -> Result<bool, LedgerError> {
        let sql = "SELECT 1 FROM signup LIMIT 1";
        let found = self
            .store
            .read(|session| session.first(sql, [], |_| Ok(())))?;
        Ok(found.is_some())
    }

    /// Those that are on the roster, suppressed or not, in the order of their confirmations.
    pub fn confirmed_sign_ups(&mut self) -> Result<Vec<SignUp>, LedgerError> {
        let sql = format!("{SELECT} WHERE state = 'confirmed' ORDER BY confirmed_at, addr_key");
        self.store.read(|session| session.rows(&sql, [], read))
    }
}

fn find(session: &Session<'_>, key: &AddressKey) -> Result<Option<SignUp>, LedgerError> {
    let sql = format!("{SELECT} WHERE addr_key = $1");
    session.first(&sql, [key.as_bytes()], read)
}

fn read(row: &Row<'_>) -> Result<SignUp, LedgerError> {
    let state: String = row.get(4)?;
    let address: Option<String> = row.get(1)?;
    let consent_at: Option<i64> = row.get(7)?;
    let consent = consent_at.map(|at| {
        Ok::<_, LedgerError>(Consent {
            act: Act {
                at: instant(at)?,
                from: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
            },
            text: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
            form: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
        })
    });
    Ok(SignUp {
        key: read_key(row, 0)?,
        address: address.map(|text| parse_address(&text)).transpose()?,
        name: row.get(2)?,
        tags: words(&row.get::<_, String>(3)?),
        state: SignUpState::from_stored(&state)
            .ok_or_else(|| LedgerError::Unknown(format!("state `{state}` of a sign-up")))?,
        asked: Act {
            at: instant(row.get(5)?)?,
            from: row.get(6)?,
        },
        consent: consent.transpose()?,
        left_at: time(row, 11)?,
    })
}

fn parse_address(text: &str) -> Result<EmailAddress, LedgerError> {
    EmailAddress::parse(text)
        .map_err(|problem| LedgerError::Unknown(format!("an address that {problem}")))
}

fn time(row: &Row<'_>, column: usize) -> Result<Option<DateTime<Utc>>, LedgerError> {
    row.get::<_, Option<i64>>(column)?.map(instant).transpose()
}

/// Tags as they are stored: a space between two.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
