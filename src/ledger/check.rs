//! Verifies what the ledger promises of itself. It reads only, and believes nothing that it can
//! count again.

use std::collections::BTreeSet;
use std::path::Path;

use super::ballast::Ballast;
use super::planning::instant;
use super::schema;
use super::store::{Session, Store, hash_text, read_key};
use super::{Ledger, LedgerError};
use crate::issue::IssueId;
use crate::plan::Fields;
use crate::token::{AddressKey, sha256_hex};

/// Most violations of one check that are kept in words.
const MOST_EXAMPLES: usize = 20;

/// One promise, and what breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub promise: &'static str,
    /// How often it is broken.
    pub violations: u64,
    /// The first of them in words.
    pub examples: Vec<String>,
}

impl Finding {
    /// A promise that nothing breaks so far.
    pub fn new(promise: &'static str) -> Self {
        Self {
            promise,
            violations: 0,
            examples: Vec::new(),
        }
    }

    /// Counts one violation.
    pub fn add(&mut self, told: impl Into<String>) {
        self.violations += 1;
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(told.into());
        }
    }
}

/// What SQLite itself finds wrong with its file: pages, indexes, constraints.
pub(super) fn look_at_pages(session: &Session<'_>, file: &mut Finding) -> Result<(), LedgerError> {
    session.each("PRAGMA integrity_check", [], |row| {
        let told: String = row.get(0)?;
        if told != "ok" {
            file.add(told);
        }
        Ok(())
    })
}

/// A delivery of which the message's hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// Where it went.
    pub address: String,
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// The recipient's fields, frozen with the plan.
    pub fields: Fields,
    /// SHA-256 of the message in hexadecimal.
    pub sha256: String,
}

/// Promises that one query can check: it names what breaks them.
const QUERIES: [(&str, &str); 14] = [
    (
        "as many deliveries as were planned",
        "SELECT slug || ': ' || planned_total || ' planned, and ' ||
                (SELECT count(*) FROM delivery WHERE delivery.issue_id = issue.id) || ' deliveries'
           FROM issue WHERE planned_total <> (SELECT count(*) FROM delivery WHERE delivery.issue_id = issue.id)",
    ),
    (
        "finished means that every delivery is settled",
        "SELECT slug || ' is finished, and the delivery to ' || address || ' is ' || delivery.state
           FROM delivery JOIN issue ON issue.id = delivery.issue_id
          WHERE (issue.state = 'finished' OR (issue.state = 'cancelled' AND finished_at IS NOT NULL))
            AND delivery.state IN ('planned', 'claimed', 'inflight', 'deferred', 'unconfirmed')
          UNION ALL
         SELECT slug || ' is ' || state || CASE WHEN finished_at IS NULL THEN ' at no time' ELSE ', and was finished' END
           FROM issue WHERE (finished_at IS NULL AND state = 'finished')
                OR (finished_at IS NOT NULL AND state NOT IN ('finished', 'cancelled'))",
    ),
    (
        "sent means an intent, a hash and an acceptance",
        "SELECT slug || ': ' || address || ' is sent without ' || CASE WHEN intent_at IS NULL THEN 'an intent'
                WHEN message_sha256 IS NULL THEN 'a hash' ELSE 'an acceptance of the relay or a decision of a person' END
           FROM delivery JOIN issue ON issue.id = delivery.issue_id
          WHERE delivery.state = 'sent' AND (intent_at IS NULL OR message_sha256 IS NULL
                OR NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id
                    AND ((outcome = 'sent' AND code BETWEEN 200 AND 299) OR outcome = 'resolved: sent')))",
    ),
    (
        "an acceptance of the relay means sent, or a copy asked for",
        "SELECT slug || ': ' || address || ' is ' || delivery.state || ', and the relay accepted ' || accepted
           FROM (SELECT delivery_id, count(*) AS accepted FROM attempt
                  WHERE outcome = 'sent' GROUP BY delivery_id) AS served
           JOIN delivery ON delivery.id = served.delivery_id
           JOIN issue ON issue.id = delivery.issue_id
          WHERE accepted > resends + CASE WHEN delivery.state = 'sent' THEN 1 ELSE 0 END",
    ),
    (
        "in doubt means an intent and a hash",
        "SELECT slug || ': ' || address || ' is ' || delivery.state || ' without an intent or a hash'
           FROM delivery JOIN issue ON issue.id = delivery.issue_id
          WHERE delivery.state IN ('unconfirmed', 'inflight') AND (intent_at IS NULL OR message_sha256 IS NULL)",
    ),
    (
        "attempts are numbered without gaps",
        "SELECT slug || ': ' || address || ' has ' || counted || ' attempts, numbered ' || first || ' to ' || last
           FROM (SELECT delivery_id, count(*) AS counted, min(number) AS first, max(number) AS last
                   FROM attempt GROUP BY delivery_id) AS tried
           JOIN delivery ON delivery.id = tried.delivery_id
           JOIN issue ON issue.id = delivery.issue_id
          WHERE first <> 1 OR last <> counted",
    ),
    (
        "settled_at where a delivery is settled, and nowhere else",
        "SELECT slug || ': ' || address || ' is ' || delivery.state ||
                CASE WHEN settled_at IS NULL THEN ', settled at no time' ELSE ', and was settled' END
           FROM delivery JOIN issue ON issue.id = delivery.issue_id
          WHERE (settled_at IS NOT NULL) <>
                (delivery.state IN ('sent', 'rejected', 'unconfirmed', 'expired', 'abandoned', 'skipped'))",
    ),
    (
        "next_at where a delivery is deferred, and nowhere else",
        "SELECT slug || ': ' || address || ' is ' || delivery.state ||
                CASE WHEN next_at IS NULL THEN ', with no next try' ELSE ', with a next try' END
           FROM delivery JOIN issue ON issue.id = delivery.issue_id
          WHERE (next_at IS NOT NULL) <> (delivery.state = 'deferred')",
    ),
    (
        "a reason where a delivery is skipped or rejected, and nowhere else",
        "SELECT slug || ': ' || address || ' is ' || delivery.state ||
                CASE WHEN reason IS NULL THEN ' for no reason' ELSE ', with the reason `' || reason || '`' END
           FROM delivery JOIN issue ON issue.id = delivery.issue_id
          WHERE (reason IS NOT NULL) <> (delivery.state IN ('rejected', 'skipped'))",
    ),
    (
        "every further copy was asked for by a person",
        "SELECT slug || ': ' || address || ' counts ' || resends || ' further copies, and ' || asked || ' were asked for'
           FROM (SELECT id, issue_id, address, resends, (SELECT count(*) FROM attempt
                    WHERE attempt.delivery_id = delivery.id AND outcome IN ('again', 'resolved: planned')) AS asked
                   FROM delivery) AS copies
           JOIN issue ON issue.id = copies.issue_id
          WHERE resends <> asked",
    ),
    (
        "subscribers have deliveries",
        "SELECT 'no issue was planned for subscriber ' || id FROM subscriber
          WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.subscriber_id = subscriber.id)",
    ),
    (
        "no intent was granted after the suppression of its address",
        "SELECT slug || ': ' || delivery.address || ' is ' || delivery.state || ', and was suppressed before its intent'
           FROM suppression JOIN subscriber ON subscriber.addr_key = suppression.addr_key
          CROSS JOIN issue
           JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
          WHERE delivery.state IN ('inflight', 'sent', 'unconfirmed') AND intent_at >= suppression.at",
    ),
    (
        "suppressions name their issue",
        "SELECT coalesce(address, 'an address') || ' is suppressed by the relay, for no issue' FROM suppression
          WHERE source = 'relay' AND issue_id IS NULL",
    ),
    (
        "suppressions by reports have a report",
        "SELECT coalesce(address, 'an address') || ' is suppressed by reports, and none is there' FROM suppression
          WHERE source = 'report'
            AND NOT EXISTS (SELECT 1 FROM report WHERE report.addr_key = suppression.addr_key)
            AND NOT EXISTS (SELECT 1 FROM subscriber CROSS JOIN issue
                JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                JOIN report ON report.delivery_id = delivery.id
               WHERE subscriber.addr_key = suppression.addr_key)",
    ),
];

impl Ledger {
    /// Opens the ledger at `path` to look at it; nothing can be written through it.
    pub fn open_to_look(path: &Path) -> Result<Self, LedgerError> {
        let mut store = Store::open_to_look(path)?;
        schema::refuse_another(&mut store)?;
        let ballast = Ballast::of(path);
        Ok(Self { store, ballast })
    }

    /// Whether the file and its structure are whole: pages, references, tables, triggers.
    pub fn check_structure(&mut self) -> Result<Vec<Finding>, LedgerError> {
        self.store.read(|session| {
            let mut findings = Vec::new();
            let mut file = Finding::new("the file is whole");
            look_at_pages(session, &mut file)?;
            findings.push(file);
            let mut references = Finding::new("what is referred to is there");
            session.each("PRAGMA foreign_key_check", [], |row| {
                let (table, other): (String, String) = (row.get(0)?, row.get(2)?);
                let number = row
                    .get::<_, Option<i64>>(1)?
                    .map(|number| format!(" {number}"))
                    .unwrap_or_default();
                references.add(format!("{table}{number} refers to a missing {other}"));
                Ok(())
            })?;
            findings.push(references);
            findings.push(unchanged(session)?);
            Ok(findings)
        })
    }

    /// Whether the rows keep what the ledger promises.
    pub fn check_rows(&mut self) -> Result<Vec<Finding>, LedgerError> {
        self.store.read(|session| {
            let mut findings = vec![frozen_issues(session)?];
            for (promise, sql) in QUERIES {
                let mut finding = Finding::new(promise);
                session.each(sql, [], |row| {
                    // A text of which a part is missing is no text.
                    let told: Option<String> = row.get(0)?;
                    finding.add(told.unwrap_or_else(|| "a row with missing values".to_owned()));
                    Ok(())
                })?;
                findings.push(finding);
            }
            Ok(findings)
        })
    }

    /// Whether each keyed hash of an address is the one that `key_of` gives; `None` where the
    /// address is none.
    pub fn check_keys(
        &mut self,
        key_of: impl Fn(&str) -> Option<AddressKey>,
    ) -> Result<Finding, LedgerError> {
        let sql = "SELECT addr_key, address FROM suppression WHERE address IS NOT NULL
                   UNION ALL SELECT addr_key, address
                     FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
                    WHERE delivery.address <> ''";
        self.store.read(|session| {
            let mut finding = Finding::new("addresses and their keyed hashes agree");
            session.each(sql, [], |row| {
                let address: String = row.get(1)?;
                if key_of(&address) != read_key(row, 0).ok() {
                    finding.add(format!("the hash of {address} is another one"));
                }
                Ok(())
            })?;
            Ok(finding)
        })
    }

    /// How many deliveries are in the hands of a sender.
    pub fn in_work(&mut self) -> Result<Vec<(String, String, u64)>, LedgerError> {
        let sql = "SELECT slug, delivery.state, count(*) FROM delivery JOIN issue ON issue.id = delivery.issue_id
                    WHERE delivery.state IN ('claimed', 'inflight') GROUP BY slug, delivery.state ORDER BY slug, delivery.state";
        self.store.read(|session| {
            session.rows(sql, [], |row| {
                let count = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                Ok((row.get(0)?, row.get(1)?, count))
            })
        })
    }

    /// How many deliveries of cancelled issues are still to go out.
    pub fn open_though_cancelled(&mut self) -> Result<Vec<(String, String, u64)>, LedgerError> {
        let sql = "SELECT slug, delivery.state, count(*) FROM issue JOIN delivery ON issue.id = delivery.issue_id
                    WHERE issue.state = 'cancelled' AND delivery.state IN ('planned', 'claimed', 'deferred')
                    GROUP BY slug, delivery.state ORDER BY slug, delivery.state";
        self.store.read(|session| {
            session.rows(sql, [], |row| {
                let count = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                Ok((row.get(0)?, row.get(1)?, count))
            })
        })
    }

    /// Every issue that has a plan, oldest first.
    pub fn planned_issues(&mut self) -> Result<Vec<IssueId>, LedgerError> {
        self.store.read(|session| {
            let sql = "SELECT identity FROM issue ORDER BY planned_at, id";
            session.rows(sql, [], |row| {
                let identity: String = row.get(0)?;
                IssueId::parse(&identity)
                    .ok_or_else(|| LedgerError::Unknown(format!("issue `{identity}`")))
            })
        })
    }

    /// Gives every delivery of an issue whose message was handed over, in the order of the plan.
    pub fn each_hashed(
        &mut self,
        issue: i64,
        mut take: impl FnMut(Hashed),
    ) -> Result<(), LedgerError> {
        let sql = "SELECT delivery.address, addr_key, message_sha256, name, fields
                     FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
                    WHERE issue_id = $1 AND state IN ('sent', 'inflight', 'unconfirmed', 'abandoned')
                      AND message_sha256 IS NOT NULL AND delivery.address <> '' ORDER BY delivery.id";
        self.store.read(|session| {
            session.each(sql, [issue], |row| {
                take(Hashed {
                    address: row.get(0)?,
                    key: read_key(row, 1)?,
                    sha256: hash_text(row, 2)?,
                    fields: Fields::from_stored(row.get(3)?, row.get(4)?),
                });
                Ok(())
            })
        })
    }
}

/// Compares tables, indexes and triggers with those of a new ledger.
fn unchanged(session: &Session<'_>) -> Result<Finding, LedgerError> {
    let sql = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";
    let read = |session: &Session<'_>| {
        let rows = session.rows(sql, [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        Ok::<BTreeSet<(String, String)>, LedgerError>(rows.into_iter().collect())
    };
    let found = read(session)?;
    let wanted = Store::in_memory()?.write(|session| {
        schema::make(session)?;
        read(session)
    })?;
    let mut finding = Finding::new("tables and triggers are unchanged");
    let has = |set: &BTreeSet<(String, String)>, name: &str| set.iter().any(|(one, _)| one == name);
    for (name, _) in wanted.difference(&found) {
        let how = if has(&found, name) {
            "changed"
        } else {
            "missing"
        };
        finding.add(format!("the {name} is {how}"));
    }
    for (name, _) in found.iter().filter(|(name, _)| !has(&wanted, name)) {
        finding.add(format!("the {name} is none of ours"));
    }
    Ok(finding)
}

fn frozen_issues(session: &Session<'_>) -> Result<Finding, LedgerError> {
    let mut finding = Finding::new("frozen issues are as they were planned");
    let sql = "SELECT slug, frozen, frozen_sha256, planned_at FROM issue";
    session.each(sql, [], |row| {
        let (slug, frozen, sha256): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if sha256_hex(frozen.as_bytes()) != sha256 {
            finding.add(format!("{slug}: the text has another hash"));
        }
        if instant(row.get(3)?).is_err() {
            finding.add(format!("{slug}: the time of the plan is none"));
        }
        Ok(())
    })?;
    Ok(finding)
}
