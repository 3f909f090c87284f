//! Addresses that the relay refused as ones that do not exist: when that becomes a suppression.
//!
//! One refusal proves little: relays refuse readers who are there when their own directory is
//! away. So it takes two, a day apart, with nothing accepted between; and when many addresses
//! of one domain are refused in one issue, that is taken for a fault of the domain, and a person
//! decides.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::report::LAST_WORDS;
use super::store::{Session, read_key};
use super::suppressions::after_every_intent;
use super::{Ledger, LedgerError};
use crate::suppression::Reason;
use crate::token::AddressKey;

/// Two refusals closer than this count as one.
const APART: TimeDelta = TimeDelta::hours(24);

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
    at: i64,
    reply: Option<String>,
}

impl Ledger {
    /// Suppresses the addresses of an issue that were refused since `since`, if it was for the
    /// `after`-th time: the first, or the second.
    pub fn suppress_bounced(
        &mut self,
        issue: i64,
        since: DateTime<Utc>,
        after: usize,
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
                let repeated = after <= 1 || judge.refused_before(session, &one)?;
                if repeated && !judge.doubts(session, issue, &domain_of(&one.address))? {
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

    /// Suppresses every address of an issue that was refused as one that does not exist, in one
    /// domain or in all, because a person said so. Returns them.
    pub fn suppress_refused(
        &mut self,
        issue: i64,
        domain: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, LedgerError> {
        self.store.write(|session| {
            let mut suppressed = Vec::new();
            for one in refused(session, issue, 0)? {
                if domain.is_none_or(|domain| domain_of(&one.address) == domain.to_lowercase()) {
                    suppress(session, issue, &one, "command", now)?;
                    suppressed.push(one.address);
                }
            }
            Ok(suppressed)
        })
    }
}

/// Deliveries of an issue whose address was refused, to people who are not suppressed.
fn refused(session: &Session<'_>, issue: i64, since: i64) -> Result<Vec<Refused>, LedgerError> {
    let sql = format!(
        "SELECT delivery.id, subscriber_id, delivery.address, addr_key, settled_at, {LAST_WORDS}
           FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
          WHERE issue_id = $1 AND state = 'rejected' AND reason = 'address' AND settled_at >= $2
            AND NOT EXISTS (SELECT 1 FROM suppression WHERE suppression.addr_key = subscriber.addr_key)
          ORDER BY delivery.id"
    );
    session.rows(&sql, params![issue, since], |row| {
        Ok(Refused {
            delivery: row.get(0)?,
            subscriber: row.get(1)?,
            address: row.get(2)?,
            key: read_key(row, 3)?,
            at: row.get(4)?,
            reply: row.get(5)?,
        })
    })
}

fn suppress(
    session: &Session<'_>,
    issue: i64,
    refused: &Refused,
    source: &str,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let sql = "INSERT INTO suppression (addr_key, address, reason, source, at, issue_id, evidence)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (addr_key) DO NOTHING";
    let parameters = params![
        refused.key.as_bytes(),
        refused.address,
        Reason::Bounced.as_str(),
        source,
        after_every_intent(session, &refused.key, now)?,
        issue,
        refused.reply,
    ];
    session.execute(sql, parameters).map(|_| ())
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

/// Remembers the shares of each issue that it was asked about.
#[derive(Default)]
struct Judge {
    issues: HashMap<i64, BTreeMap<String, Share>>,
}

impl Judge {
    /// Whether so many addresses of a domain were refused in an issue that none is believed.
    fn doubts(
        &mut self,
        session: &Session<'_>,
        issue: i64,
        domain: &str,
    ) -> Result<bool, LedgerError> {
        let share = self.shares(session, issue)?.get(domain);
        Ok(share.is_some_and(|share| share.is_doubted()))
    }

    /// Whether the same subscriber was refused a day or more before, and believably, and nothing
    /// was sent in between.
    fn refused_before(
        &mut self,
        session: &Session<'_>,
        refused: &Refused,
    ) -> Result<bool, LedgerError> {
        let sql = "SELECT issue_id, address FROM delivery
              WHERE subscriber_id = $1 AND id <> $2 AND state = 'rejected' AND reason = 'address' AND settled_at <= $3
                AND NOT EXISTS (SELECT 1 FROM delivery AS later WHERE later.subscriber_id = $1
                    AND later.state = 'sent' AND later.settled_at BETWEEN delivery.settled_at AND $4)";
        let latest = refused.at.saturating_sub(APART.num_milliseconds());
        let parameters = params![refused.subscriber, refused.delivery, latest, refused.at];
        let earlier = session.rows(sql, parameters, |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        for (issue, address) in earlier {
            if !self.doubts(session, issue, &domain_of(&address))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The domains of an issue that are doubted, with those of their refused addresses that are
    /// not suppressed yet.
    fn doubted(
        &mut self,
        session: &Session<'_>,
        issue: i64,
    ) -> Result<Vec<DoubtedDomain>, LedgerError> {
        let mut open: BTreeMap<String, u64> = BTreeMap::new();
        for one in refused(session, issue, 0)? {
            *open.entry(domain_of(&one.address)).or_default() += 1;
        }
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let shares = self.shares(session, issue)?;
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
    ) -> Result<&BTreeMap<String, Share>, LedgerError> {
        Ok(match self.issues.entry(issue) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(count_shares(session, issue)?),
        })
    }
}

/// Counts by domain; the deliveries only of those domains for which the number matters.
fn count_shares(session: &Session<'_>, issue: i64) -> Result<BTreeMap<String, Share>, LedgerError> {
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    let sql = "SELECT address FROM delivery WHERE issue_id = $1 AND state = 'rejected' AND reason = 'address'";
    session.each(sql, [issue], |row| {
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
