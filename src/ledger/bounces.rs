//! Addresses that do not exist, by the relay's refusal or by a report that came back: when that
//! becomes a suppression.
//!
//! [`crate::bounce::rules`] tells how often an address must fail. When many addresses of one domain
//! fail in one issue, that is taken for a fault of the domain, and a person decides.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::planning::instant;
use super::report::LAST_WORDS;
use super::store::{Session, read_key};
use super::suppressions::{NewSuppression, write_suppression};
use super::{Ledger, LedgerError};
use crate::bounce::rules::{Fate, Past, Rules, failed_often_enough};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// More refused addresses of one domain than this, and more than one in twenty of the domain's
/// deliveries, are not believed.
const MOST_REFUSED: u64 = 5;
const ONE_IN: u64 = 20;

/// A domain of which too many addresses were refused in one issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtedDomain {
    /// The domain.
    pub domain: String,
    /// How many of its addresses were refused and are not suppressed.
    pub refused: u64,
    /// To how many of its addresses the issue goes.
    pub deliveries: u64,
}

/// What the refusals of an issue led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounces {
    /// Addresses that are suppressed now.
    pub suppressed: Vec<String>,
    /// Domains that a person should look at: nobody there was suppressed.
    pub doubted: Vec<DoubtedDomain>,
}

/// A refused delivery.
struct Refused {
    delivery: i64,
    subscriber: i64,
    address: String,
    key: AddressKey,
    words: Option<String>,
}

impl Ledger {
    /// Suppresses the addresses of an issue that the relay refused since `since`, if that was often
    /// enough.
    pub fn suppress_bounced(
        &mut self,
        issue: i64,
        since: DateTime<Utc>,
        rules: &Rules,
        now: DateTime<Utc>,
    ) -> Result<Bounces, LedgerError> {
        let refused = self
            .store
            .read(|session| refused(session, issue, since.timestamp_millis()))?;
        if refused.is_empty() {
            return Ok(Bounces::default());
        }
        self.store.write(|session| {
            let mut judge = Judge::default();
            let mut bounces = Bounces::default();
            for one in refused {
                if judge.is_enough(session, rules, one.subscriber, one.delivery)? {
                    suppress(session, issue, &one, "relay", now)?;
                    bounces.suppressed.push(one.address);
                }
            }
            bounces.doubted = judge.doubted(session, issue)?;
            Ok(bounces)
        })
    }

    /// The domains of an issue of which a person should decide.
    pub fn doubted_domains(&mut self, issue: i64) -> Result<Vec<DoubtedDomain>, LedgerError> {
        self.store
            .read(|session| Judge::default().doubted(session, issue))
    }

    /// Suppresses every address of an issue that was refused or reported as one that does not exist,
    /// in one domain or in all, because a person said so. Returns them.
    pub fn suppress_refused(
        &mut self,
        issue: i64,
        domain: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, LedgerError> {
        self.store.write(|session| {
            let mut suppressed = Vec::new();
            for one in dead(session, issue)? {
                if domain.is_none_or(|domain| domain_of(&one.address) == domain.to_lowercase()) {
                    suppress(session, issue, &one, "command", now)?;
                    suppressed.push(one.address);
                }
            }
            Ok(suppressed)
        })
    }
}

/// Deliveries of an issue whose address the relay refused, to people who are not suppressed.
fn refused(session: &Session<'_>, issue: i64, since: i64) -> Result<Vec<Refused>, LedgerError> {
    let sql = format!(
        "SELECT delivery.id, subscriber_id, delivery.address, addr_key, {LAST_WORDS}
           FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
          WHERE issue_id = $1 AND state = 'rejected' AND reason = 'address' AND settled_at >= $2 AND {NOT_SUPPRESSED}
          ORDER BY delivery.id"
    );
    session.rows(&sql, params![issue, since], read_refused)
}

/// The same, and those of which a report says so.
fn dead(session: &Session<'_>, issue: i64) -> Result<Vec<Refused>, LedgerError> {
    let sql = format!(
        "SELECT delivery.id, subscriber_id, delivery.address, subscriber.addr_key, report.words
           FROM report JOIN delivery ON delivery.id = report.delivery_id
           JOIN subscriber ON subscriber.id = delivery.subscriber_id
          WHERE issue_id = $1 AND verdict = 'hard' AND forgiven = 0 AND {NOT_SUPPRESSED}
          ORDER BY delivery.id"
    );
    let mut dead = refused(session, issue, 0)?;
    dead.extend(session.rows(&sql, [issue], read_refused)?);
    dead.sort_by_key(|one| one.delivery);
    dead.dedup_by_key(|one| one.delivery);
    Ok(dead)
}

const NOT_SUPPRESSED: &str =
    "NOT EXISTS (SELECT 1 FROM suppression WHERE suppression.addr_key = subscriber.addr_key)";

fn read_refused(row: &rusqlite::Row<'_>) -> Result<Refused, LedgerError> {
    Ok(Refused {
        delivery: row.get(0)?,
        subscriber: row.get(1)?,
        address: row.get(2)?,
        key: read_key(row, 3)?,
        words: row.get(4)?,
    })
}

fn suppress(
    session: &Session<'_>,
    issue: i64,
    refused: &Refused,
    source: &str,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let suppression = NewSuppression {
        key: &refused.key,
        address: Some(&refused.address),
        reason: Reason::Bounced,
        source,
        issue: Some(issue),
        evidence: refused.words.as_deref(),
        at: now,
    };
    write_suppression(session, &suppression).map(|_| ())
}

fn domain_of(address: &str) -> String {
    let domain = address.rsplit('@').next().unwrap_or(address);
    domain.to_lowercase()
}

/// Refused addresses and all deliveries of a domain.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    refused: u64,
    deliveries: u64,
}

impl Share {
    fn is_doubted(self) -> bool {
        self.refused > MOST_REFUSED && self.refused * ONE_IN > self.deliveries
    }
}

/// What is counted of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    /// Addresses that do not exist.
    Dead,
    /// Those, and mailboxes that are full or out of reach.
    Failing,
}

/// Remembers the shares of each issue that it was asked about.
#[derive(Default)]
pub(super) struct Judge {
    issues: HashMap<(i64, Counted), BTreeMap<String, Share>>,
}

impl Judge {
    /// Whether so many addresses of this one's domain do not exist in an issue that none is believed.
    pub(super) fn doubts_the_dead_of(
        &mut self,
        session: &Session<'_>,
        issue: i64,
        address: &str,
    ) -> Result<bool, LedgerError> {
        self.doubts(session, issue, address, Counted::Dead)
    }

    fn doubts(
        &mut self,
        session: &Session<'_>,
        issue: i64,
        address: &str,
        counted: Counted,
    ) -> Result<bool, LedgerError> {
        let shares = self.shares(session, issue, counted)?;
        let share = shares.get(&domain_of(address));
        Ok(share.is_some_and(|share| share.is_doubted()))
    }

    /// Whether a subscriber's address failed often enough with this delivery, and believably.
    pub(super) fn is_enough(
        &mut self,
        session: &Session<'_>,
        rules: &Rules,
        subscriber: i64,
        delivery: i64,
    ) -> Result<bool, LedgerError> {
        let mut believed = Vec::new();
        let mut past = Vec::new();
        for (one, address) in past_of(session, subscriber)? {
            let counted = match one.fate {
                Fate::Hard => Counted::Dead,
                _ => Counted::Failing,
            };
            let failed = matches!(one.fate, Fate::Hard | Fate::Soft);
            if failed && !self.doubts(session, one.issue, &address, counted)? {
                believed.push(one.delivery);
            }
            past.push(one);
        }
        Ok(believed.contains(&delivery)
            && failed_often_enough(rules, &past, delivery, |one| {
                believed.contains(&one.delivery)
            }))
    }

    /// The domains of an issue that are doubted, with those of their dead addresses that are not
    /// suppressed yet.
    pub(super) fn doubted(
        &mut self,
        session: &Session<'_>,
        issue: i64,
    ) -> Result<Vec<DoubtedDomain>, LedgerError> {
        let mut open: BTreeMap<String, u64> = BTreeMap::new();
        for one in dead(session, issue)? {
            *open.entry(domain_of(&one.address)).or_default() += 1;
        }
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let shares = self.shares(session, issue, Counted::Dead)?;
        let doubted = open.into_iter().filter_map(|(domain, refused)| {
            let share = shares.get(&domain).filter(|share| share.is_doubted())?;
            Some(DoubtedDomain {
                domain,
                refused,
                deliveries: share.deliveries,
            })
        });
        Ok(doubted.collect())
    }

    fn shares(
        &mut self,
        session: &Session<'_>,
        issue: i64,
        counted: Counted,
    ) -> Result<&BTreeMap<String, Share>, LedgerError> {
        Ok(match self.issues.entry((issue, counted)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(count_shares(session, issue, counted)?),
        })
    }
}

/// What became of every delivery to a subscriber that was sent or refused, with its address.
fn past_of(session: &Session<'_>, subscriber: i64) -> Result<Vec<(Past, String)>, LedgerError> {
    let sql = "SELECT delivery.id, issue_id, delivery.address, coalesce(settled_at, intent_at), delivery.state, delivery.reason,
                (SELECT min(CASE verdict WHEN 'hard' THEN 1 WHEN 'soft' THEN 2 ELSE 3 END) FROM report
                  WHERE report.delivery_id = delivery.id AND verdict IN ('hard', 'soft', 'policy') AND forgiven = 0)
           FROM issue CROSS JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = $1
          WHERE delivery.state IN ('sent', 'rejected', 'inflight', 'unconfirmed', 'abandoned')
            AND coalesce(settled_at, intent_at) IS NOT NULL ORDER BY 4, 1";
    session.rows(sql, [subscriber], |row| {
        let (state, reason): (String, Option<String>) = (row.get(4)?, row.get(5)?);
        let fate = match (row.get::<_, Option<i64>>(6)?, state.as_str()) {
            (Some(1), _) => Fate::Hard,
            (Some(2), _) => Fate::Soft,
            (None, "rejected") if reason.as_deref() == Some("address") => Fate::Hard,
            (None, "sent") => Fate::Arrived,
            _ => Fate::Silent,
        };
        let past = Past {
            delivery: row.get(0)?,
            issue: row.get(1)?,
            at: instant(row.get(3)?)?,
            fate,
        };
        Ok((past, row.get(2)?))
    })
}

/// Counts by domain; the deliveries only of those domains for which the number matters.
fn count_shares(
    session: &Session<'_>,
    issue: i64,
    counted: Counted,
) -> Result<BTreeMap<String, Share>, LedgerError> {
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    let sql = "SELECT address FROM delivery WHERE issue_id = $1 AND state = 'rejected' AND reason = 'address'
                UNION ALL
               SELECT address FROM (SELECT DISTINCT delivery_id FROM report
                    WHERE (verdict = 'hard' OR (verdict = 'soft' AND $2)) AND forgiven = 0) AS failed
                CROSS JOIN delivery ON delivery.id = failed.delivery_id WHERE issue_id = $1";
    session.each(sql, params![issue, counted == Counted::Failing], |row| {
        let address: String = row.get(0)?;
        shares.entry(domain_of(&address)).or_default().refused += 1;
        Ok(())
    })?;
    shares.retain(|_, share| share.refused > MOST_REFUSED);
    if shares.is_empty() {
        return Ok(shares);
    }
    let sql = "SELECT address FROM delivery WHERE issue_id = $1";
    session.each(sql, [issue], |row| {
        let address: String = row.get(0)?;
        if let Some(share) = shares.get_mut(&domain_of(&address)) {
            share.deliveries += 1;
        }
        Ok(())
    })?;
    Ok(shares)
}
