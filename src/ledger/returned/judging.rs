//! From reports of failure to suppressions, by the rules of [`crate::bounce::rules`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::Taken;
use crate::bounce::rules::Rules;
use crate::ledger::bounces::Judge;
use crate::ledger::store::{Session, read_key};
use crate::ledger::suppressions::{NewSuppression, write_suppression};
use crate::ledger::{DoubtedDomain, Ledger, LedgerError};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// A delivery of which a failure was reported.
struct Failed {
    delivery: i64,
    issue: i64,
    subscriber: i64,
    key: AddressKey,
    address: String,
    words: Option<String>,
}

/// What should be done.
#[derive(Default)]
pub(super) struct Decided {
    suppress: Vec<Failed>,
    lift: Vec<(AddressKey, Option<String>)>,
    /// The issues of the deliveries that failed.
    issues: BTreeSet<i64>,
    /// The last report that was looked at.
    last: i64,
}

impl Ledger {
    /// Decides on a view of the ledger that holds nobody up, does what was decided, and adds it to
    /// what is told.
    pub(super) fn judge(
        &mut self,
        decide: impl FnOnce(&Session<'_>) -> Result<Decided, LedgerError>,
        now: DateTime<Utc>,
        taken: &mut Taken,
    ) -> Result<(), LedgerError> {
        let decided = self.store.read(decide)?;
        self.store
            .write(|session| carry_out(session, &decided, now, taken))?;
        taken.doubted = self
            .store
            .read(|session| doubted_in(session, &decided.issues))?;
        Ok(())
    }
}

/// Decides on the reports that nobody has judged yet: who failed often enough is suppressed, unless
/// so many of the domain failed in the issue that none is believed. Reports come one by one, so that
/// the first of such a domain were believed: those suppressions are taken back.
pub(super) fn decide_on_new(session: &Session<'_>, rules: &Rules) -> Result<Decided, LedgerError> {
    let failed = failed(session, "report.judged = 0")?;
    let issues: BTreeSet<i64> = failed.iter().map(|one| one.issue).collect();
    let mut judge = Judge::default();
    let mut decided = Decided {
        last: last_report(session)?,
        ..Decided::default()
    };
    for one in failed {
        if judge.is_enough(session, rules, one.subscriber, one.delivery)? {
            decided.suppress.push(one);
        }
    }
    for made in made_by_reports(session)? {
        if let (Some(issue), Some(address)) = (made.issue, &made.address)
            && issues.contains(&issue)
            && judge.doubts_the_dead_of(session, issue, address)?
        {
            decided.lift.push((made.key, made.address));
        }
    }
    decided.issues = issues;
    Ok(decided)
}

/// Decides on all reports anew: the suppressions that they made are to be those that they make now.
pub(super) fn decide_on_all(session: &Session<'_>, rules: &Rules) -> Result<Decided, LedgerError> {
    let failed = failed(session, "1 = 1")?;
    let issues: BTreeSet<i64> = failed.iter().map(|one| one.issue).collect();
    let mut judge = Judge::default();
    let mut wanted = BTreeMap::new();
    for one in failed {
        if judge.is_enough(session, rules, one.subscriber, one.delivery)? {
            wanted.entry(one.key).or_insert(one);
        }
    }
    let made = made_by_reports(session)?.into_iter();
    let lift = made
        .filter(|made| !wanted.contains_key(&made.key))
        .map(|made| (made.key, made.address));
    Ok(Decided {
        lift: lift.collect(),
        suppress: wanted.into_values().collect(),
        issues,
        last: last_report(session)?,
    })
}

/// Does what was decided; what a person has changed meanwhile stays as the person wants it.
fn carry_out(
    session: &Session<'_>,
    decided: &Decided,
    now: DateTime<Utc>,
    taken: &mut Taken,
) -> Result<(), LedgerError> {
    for one in &decided.suppress {
        if still_counts(session, one.delivery)?
            && write_suppression(session, &one.suppression(now))?
        {
            let told = (one.address.clone(), Reason::Bounced);
            taken.suppressed.push(told);
        }
    }
    for (key, address) in &decided.lift {
        if lift(session, key)? {
            taken.mailed_again.extend(address.clone());
        }
    }
    let sql = "UPDATE report SET judged = 1 WHERE judged = 0 AND id <= $1";
    session.execute(sql, [decided.last]).map(|_| ())
}

impl Failed {
    fn suppression(&self, now: DateTime<Utc>) -> NewSuppression<'_> {
        NewSuppression {
            key: &self.key,
            address: Some(&self.address),
            reason: Reason::Bounced,
            source: "report",
            issue: Some(self.issue),
            evidence: self.words.as_deref(),
            at: now,
        }
    }
}

/// Deliveries of which a failure counts, in the order in which they were sent.
fn failed(session: &Session<'_>, condition: &str) -> Result<Vec<Failed>, LedgerError> {
    let sql = format!(
        "SELECT delivery.id, issue_id, subscriber_id, subscriber.addr_key, delivery.address, report.words
           FROM report JOIN delivery ON delivery.id = report.delivery_id
           JOIN subscriber ON subscriber.id = delivery.subscriber_id
          WHERE (verdict = 'hard' OR verdict = 'soft') AND forgiven = 0 AND {condition}
          ORDER BY coalesce(settled_at, intent_at), delivery.id, report.id"
    );
    session.rows(&sql, [], |row| {
        Ok(Failed {
            delivery: row.get(0)?,
            issue: row.get(1)?,
            subscriber: row.get(2)?,
            key: read_key(row, 3)?,
            address: row.get(4)?,
            words: row.get(5)?,
        })
    })
}

fn last_report(session: &Session<'_>) -> Result<i64, LedgerError> {
    let last = session.first("SELECT max(id) FROM report", [], |row| {
        Ok(row.get::<_, Option<i64>>(0)?)
    })?;
    Ok(last.flatten().unwrap_or(0))
}

/// A suppression that reports of failure made.
struct Made {
    key: AddressKey,
    address: Option<String>,
    issue: Option<i64>,
}

fn made_by_reports(session: &Session<'_>) -> Result<Vec<Made>, LedgerError> {
    let sql = "SELECT addr_key, address, issue_id FROM suppression
                WHERE source = 'report' AND reason = 'bounced' ORDER BY address, addr_key";
    session.rows(sql, [], |row| {
        Ok(Made {
            key: read_key(row, 0)?,
            address: row.get(1)?,
            issue: row.get(2)?,
        })
    })
}

fn still_counts(session: &Session<'_>, delivery: i64) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM report WHERE delivery_id = $1 AND forgiven = 0 AND verdict IN ('hard', 'soft')";
    Ok(session.first(sql, params![delivery], |_| Ok(()))?.is_some())
}

/// Takes back a suppression that reports of failure made, and no other one.
fn lift(session: &Session<'_>, key: &AddressKey) -> Result<bool, LedgerError> {
    let sql =
        "DELETE FROM suppression WHERE addr_key = $1 AND source = 'report' AND reason = 'bounced'";
    Ok(session.execute(sql, [key.as_bytes()])? == 1)
}

/// The domains that are doubted in these issues, with the issue's slug.
fn doubted_in(
    session: &Session<'_>,
    issues: &BTreeSet<i64>,
) -> Result<Vec<(String, DoubtedDomain)>, LedgerError> {
    let mut judge = Judge::default();
    let mut found = Vec::new();
    for issue in issues {
        let sql = "SELECT slug FROM issue WHERE id = $1";
        let slug: Option<String> = session.first(sql, [issue], |row| Ok(row.get(0)?))?;
        let doubted = judge.doubted(session, *issue)?.into_iter();
        found.extend(doubted.map(|one| (slug.clone().unwrap_or_default(), one)));
    }
    Ok(found)
}
