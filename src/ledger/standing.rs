//! Where every delivery of an issue stands, for whoever compares the ledger with another record.

use data_encoding::HEXLOWER;

use super::{Ledger, LedgerError};
use crate::delivery::State;

/// One delivery, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it goes, as of the plan.
    pub address: String,
    /// Where it stands.
    pub state: State,
    /// SHA-256 of the message of the last intent, in hexadecimal.
    pub message_sha256: Option<String>,
}

impl Ledger {
    /// Every delivery of an issue, in the order of the plan.
    pub fn standings(&mut self, issue: i64) -> Result<Vec<Standing>, LedgerError> {
        let sql =
            "SELECT address, state, message_sha256 FROM delivery WHERE issue_id = $1 ORDER BY id";
        self.store.read(|session| {
            session.rows(sql, [issue], |row| {
                let word: String = row.get(1)?;
                Ok(Standing {
                    address: row.get(0)?,
                    state: State::from_stored(&word).ok_or(LedgerError::Unknown(word))?,
                    message_sha256: row
                        .get::<_, Option<Vec<u8>>>(2)?
                        .map(|hash| HEXLOWER.encode(&hash)),
                })
            })
        })
    }
}
