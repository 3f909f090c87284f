//! Questions about the mail that came back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::bounce::Verdict;
use crate::ledger::planning::instant;
use crate::ledger::{Ledger, LedgerError};
use crate::token::AddressKey;

/// One mail, with what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedRow {
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
    /// What it is: `failure`, `complaint` ...
    pub kind: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Slug of the issue, where a delivery is known.
    pub slug: Option<String>,
    /// Where the message went, where that is known.
    pub address: Option<String>,
    /// `failed`, `delayed` ..., where it is a report on a delivery.
    pub action: Option<String>,
    /// Enhanced code.
    pub status: Option<String>,
    /// Domain of the recipient.
    pub domain: Option<String>,
    /// What was said.
    pub words: Option<String>,
    /// Where the mail lay afterwards.
    pub place: String,
    /// Whether it counts no more, because a person allowed the address afterwards.
    pub is_forgiven: bool,
}

/// Which mails are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReturnedFilter<'a> {
    /// Those about deliveries of this issue.
    pub issue: Option<i64>,
    /// Those about this reader.
    pub reader: Option<&'a AddressKey>,
    /// Those that came to this.
    pub verdict: Option<Verdict>,
}

/// Failures and complaints of one domain, of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedGroup {
    /// Domain of the recipients.
    pub domain: String,
    /// What they came to.
    pub verdict: Verdict,
    /// Enhanced code.
    pub status: String,
    /// How many mails.
    pub mails: u64,
}

impl Ledger {
    /// Mails that came back, the latest first.
    pub fn returned(
        &mut self,
        filter: ReturnedFilter<'_>,
        limit: usize,
    ) -> Result<Vec<ReturnedRow>, LedgerError> {
        let about = match filter.reader {
            Some(_) => {
                "(report.addr_key = $1 OR report.delivery_id IN (SELECT delivery.id FROM subscriber CROSS JOIN issue
                    JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                   WHERE subscriber.addr_key = $1))"
            }
            None => "$1 IS NULL",
        };
        let sql = format!(
            "SELECT taken_at, kind, verdict, issue.slug, nullif(delivery.address, ''), action, status, domain, words, place, forgiven
               FROM report LEFT JOIN delivery ON delivery.id = report.delivery_id
               LEFT JOIN issue ON issue.id = delivery.issue_id
              WHERE {about} AND ($2 IS NULL OR delivery.issue_id = $2) AND ($3 IS NULL OR verdict = $3)
              ORDER BY report.id DESC LIMIT $4"
        );
        let parameters = params![
            filter.reader.map(AddressKey::as_bytes),
            filter.issue,
            filter.verdict.map(Verdict::as_str),
            i64::try_from(limit).unwrap_or(i64::MAX),
        ];
        self.store.read(|session| {
            session.rows(&sql, parameters, |row| {
                Ok(ReturnedRow {
                    taken_at: instant(row.get(0)?)?,
                    kind: row.get(1)?,
                    verdict: verdict(row.get(2)?)?,
                    slug: row.get(3)?,
                    address: row.get(4)?,
                    action: row.get(5)?,
                    status: row.get(6)?,
                    domain: row.get(7)?,
                    words: row.get(8)?,
                    place: row.get(9)?,
                    is_forgiven: row.get(10)?,
                })
            })
        })
    }

    /// How many mails came to what; of one issue, on how many deliveries.
    pub fn returned_counts(
        &mut self,
        issue: Option<i64>,
    ) -> Result<BTreeMap<Verdict, u64>, LedgerError> {
        let all = "SELECT verdict, count(*) FROM report WHERE $1 IS NULL GROUP BY verdict";
        let of_one = "SELECT verdict, count(DISTINCT delivery_id) FROM report
             JOIN delivery ON delivery.id = report.delivery_id WHERE issue_id = $1 GROUP BY verdict";
        let sql = if issue.is_some() { of_one } else { all };
        self.store.read(|session| {
            let rows = session.rows(sql, [issue], |row| {
                let mails = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                Ok((verdict(row.get(0)?)?, mails))
            })?;
            Ok(rows.into_iter().collect())
        })
    }

    /// Failures and complaints by domain and reason, the most frequent first.
    pub fn returned_groups(&mut self, limit: usize) -> Result<Vec<ReturnedGroup>, LedgerError> {
        let sql = "SELECT coalesce(domain, ''), verdict, coalesce(status, ''), count(*) FROM report
                    WHERE verdict IN ('hard', 'soft', 'policy', 'complained')
                    GROUP BY domain, verdict, status ORDER BY count(*) DESC, domain, verdict, status LIMIT $1";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.store.read(|session| {
            session.rows(sql, [limit], |row| {
                Ok(ReturnedGroup {
                    domain: row.get(0)?,
                    verdict: verdict(row.get(1)?)?,
                    status: row.get(2)?,
                    mails: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
                })
            })
        })
    }
}

fn verdict(word: String) -> Result<Verdict, LedgerError> {
    Verdict::from_stored(&word).ok_or(LedgerError::Unknown(word))
}
