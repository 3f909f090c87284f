//! Judging all reports anew, under the rules of today.
//!
//! What is there as a mail is read again; of the others the ledger knows codes and words. Then every
//! suppression that reports of failure made is compared with what would follow now. Nothing else is
//! touched: who left, who complained, and what a person decided stays as it is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::finding::locate;
use super::judging::decide_on_all;
use super::{Noted, Returned, Taken, is_known};
use crate::bounce::rules::Rules;
use crate::bounce::{OwnCodes, verdict_of_stored};
use crate::ledger::store::Session;
use crate::ledger::{Ledger, LedgerError};
use crate::token::Keys;

/// What judging anew has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Mails that were read again.
    pub reread: u64,
    /// Reports that come to something else now.
    pub changed: u64,
    /// Mails that were not known, who is suppressed now and who no more, and which domains are
    /// doubted.
    pub taken: Taken,
}

impl Ledger {
    /// Reads `mails` again, judges every report anew, and brings the suppressions that reports of
    /// failure made in line with that.
    pub fn replay_returned(
        &mut self,
        keys: &Keys,
        mut mails: Vec<Returned>,
        rules: &Rules,
        now: DateTime<Utc>,
    ) -> Result<Replayed, LedgerError> {
        self.store
            .read(|session| locate(session, keys, &mut mails))?;
        let mut replayed = self.store.write(|session| {
            let before = verdicts(session)?;
            let mut replayed = Replayed::default();
            judge_stored(session, &rules.codes)?;
            for mail in &mails {
                replayed.read_again(session, mail, &rules.codes, now)?;
            }
            let after = verdicts(session)?;
            let changed = before.iter().filter(|(id, old)| after.get(id) != Some(old));
            replayed.changed = changed.count() as u64;
            Ok::<_, LedgerError>(replayed)
        })?;
        let decide = |session: &Session<'_>| decide_on_all(session, rules);
        self.judge(decide, now, &mut replayed.taken)?;
        Ok(replayed)
    }
}

impl Replayed {
    fn read_again(
        &mut self,
        session: &Session<'_>,
        mail: &Returned,
        codes: &OwnCodes,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let noted = Noted::of(session, mail, codes)?;
        if !is_known(session, mail)? {
            noted.insert(session, now)?;
            return noted.follow(session, &mut self.taken, now);
        }
        noted.update(session)?;
        self.reread += 1;
        // Only a complaint or a request that was not understood before does anything.
        let mut again = Taken::default();
        noted.follow(session, &mut again, now)?;
        self.taken.suppressed.extend(again.suppressed);
        Ok(())
    }
}

fn verdicts(session: &Session<'_>) -> Result<BTreeMap<i64, String>, LedgerError> {
    let rows = session.rows("SELECT id, verdict FROM report", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// Judges the failures by what the ledger knows of them.
fn judge_stored(session: &Session<'_>, codes: &OwnCodes) -> Result<(), LedgerError> {
    let sql = "SELECT id, coalesce(status, ''), coalesce(words, '') FROM report
                WHERE verdict IN ('hard', 'soft', 'policy')";
    let rows = session.rows(sql, [], |row| {
        let (status, words): (String, String) = (row.get(1)?, row.get(2)?);
        Ok((
            row.get::<_, i64>(0)?,
            verdict_of_stored(&status, &words, codes),
        ))
    })?;
    for (id, verdict) in rows {
        let sql = "UPDATE report SET verdict = $2 WHERE id = $1 AND verdict <> $2";
        session.execute(sql, params![id, verdict.as_str()])?;
    }
    Ok(())
}
