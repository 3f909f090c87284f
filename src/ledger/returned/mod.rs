//! Mail that came back: each mail once, with what it came to, and what follows from it.
//!
//! A report is a fact: it stays, whatever becomes of the reader. A suppression is a consequence, and
//! names the report's words. Complaints and requests to leave are written with what follows from
//! them in one transaction. Failures are first written down, then judged on a view of the ledger
//! that holds nobody up, then followed by what was decided: `judged` tells which are not yet, so
//! that a death in between leaves nothing out. No transaction is long enough to stop a sender.

mod finding;
mod judging;
mod looking;
mod replay;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::identity::{get, set};
use super::store::Session;
use super::suppressions::{NewSuppression, write_suppression};
use super::{DoubtedDomain, Ledger, LedgerError};
use crate::bounce::rules::Rules;
use crate::bounce::{Content, FailureReport, Kind, OwnCodes, Reading, Verdict, mildest};
use crate::suppression::Reason;
use crate::token::Keys;
use finding::{About, find, locate};

pub use looking::{ReturnedFilter, ReturnedGroup, ReturnedRow};
pub use replay::Replayed;

/// A mail that was read, before it is written down.
#[derive(Debug, Clone)]
pub struct Returned {
    /// SHA-256 of its bytes: the same mail counts once.
    pub sha256: [u8; 32],
    /// Where it lies once it is taken, for the author.
    pub place: String,
    /// What it says.
    pub reading: Reading,
}

/// What was taken, and what followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Mails that were taken before.
    pub known: u64,
    /// How many came to what.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// Who is not mailed any more, and why.
    pub suppressed: Vec<(String, Reason)>,
    /// Whose suppression was taken back: the whole domain is doubted now, or the rules are others.
    pub mailed_again: Vec<String>,
    /// Domains of which nobody was suppressed, by the slug of the issue.
    pub doubted: Vec<(String, DoubtedDomain)>,
    /// Mails that a person should look at.
    pub for_a_person: Vec<(String, Verdict)>,
}

impl Taken {
    /// How many mails were new.
    pub fn fresh(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// Adds what came after it.
    pub fn add(&mut self, other: Self) {
        self.known += other.known;
        for (verdict, mails) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += mails;
        }
        self.suppressed.extend(other.suppressed);
        self.suppressed
            .retain(|(address, _)| !other.mailed_again.contains(address));
        self.mailed_again.extend(other.mailed_again);
        self.doubted.retain(|(slug, old)| {
            !other
                .doubted
                .iter()
                .any(|(other, new)| other == slug && new.domain == old.domain)
        });
        self.doubted.extend(other.doubted);
        self.for_a_person.extend(other.for_a_person);
    }
}

impl Ledger {
    /// Writes down mails that came back, and what follows from them. What another process wrote
    /// down and did not come to judge is judged, too.
    pub fn take_returned(
        &mut self,
        keys: &Keys,
        mut mails: Vec<Returned>,
        rules: &Rules,
        now: DateTime<Utc>,
    ) -> Result<Taken, LedgerError> {
        self.store
            .read(|session| locate(session, keys, &mut mails))?;
        let mut taken = self.store.write(|session| {
            let mut taken = Taken::default();
            for mail in &mails {
                if is_known(session, mail)? {
                    taken.known += 1;
                } else {
                    let noted = Noted::of(session, mail, &rules.codes)?;
                    noted.insert(session, now)?;
                    noted.follow(session, &mut taken, now)?;
                }
            }
            Ok::<_, LedgerError>(taken)
        })?;
        let decide = |session: &Session<'_>| judging::decide_on_new(session, rules);
        self.judge(decide, now, &mut taken)?;
        Ok(taken)
    }
}

/// How far a mailbox was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxPosition {
    /// While the mailbox gives the same, its mails have the same numbers.
    pub validity: u32,
    /// The number of the last mail that was taken.
    pub last: u32,
}

impl Ledger {
    /// How far the mailbox of this name was taken.
    pub fn mailbox_position(&mut self, name: &str) -> Result<Option<MailboxPosition>, LedgerError> {
        let text = self
            .store
            .read(|session| get(session, &position_key(name)))?;
        Ok(text.and_then(|text| {
            let (validity, last) = text.split_once(' ')?;
            Some(MailboxPosition {
                validity: validity.parse().ok()?,
                last: last.parse().ok()?,
            })
        }))
    }

    /// Remembers how far it was taken.
    pub fn set_mailbox_position(
        &mut self,
        name: &str,
        position: MailboxPosition,
    ) -> Result<(), LedgerError> {
        let text = format!("{} {}", position.validity, position.last);
        self.store
            .write(|session| set(session, &position_key(name), &text))
    }

    /// What the mail with this hash came to, if it was taken.
    pub fn verdict_of(&mut self, sha256: &[u8; 32]) -> Result<Option<Verdict>, LedgerError> {
        let sql = "SELECT verdict FROM report WHERE mail_sha256 = $1";
        let word = self.store.read(|session| {
            session.first(sql, [&sha256[..]], |row| Ok(row.get::<_, String>(0)?))
        })?;
        Ok(word.and_then(|word| Verdict::from_stored(&word)))
    }
}

fn position_key(name: &str) -> String {
    format!("mailbox {name}")
}

fn is_known(session: &Session<'_>, mail: &Returned) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM report WHERE mail_sha256 = $1";
    Ok(session
        .first(sql, [&mail.sha256[..]], |_| Ok(()))?
        .is_some())
}

/// A mail with what it came to.
struct Noted<'a> {
    mail: &'a Returned,
    about: Option<About>,
    verdict: Verdict,
}

impl<'a> Noted<'a> {
    fn of(
        session: &Session<'_>,
        mail: &'a Returned,
        codes: &OwnCodes,
    ) -> Result<Self, LedgerError> {
        let about = find(session, &mail.reading)?;
        let was_sent = about.as_ref().and_then(|about| about.was_sent);
        Ok(Self {
            mail,
            verdict: Verdict::of(&mail.reading, was_sent, codes),
            about,
        })
    }

    fn report(&self) -> Option<&FailureReport> {
        match &self.mail.reading.content {
            Content::Failure(reports) => mildest(reports),
            _ => None,
        }
    }

    fn insert(&self, session: &Session<'_>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let sql = "INSERT INTO report (mail_sha256, taken_at, place, kind, verdict) VALUES ($1, $2, $3, $4, $5)";
        let parameters = params![
            &self.mail.sha256[..],
            now.timestamp_millis(),
            self.mail.place,
            Kind::of(&self.mail.reading.content).as_str(),
            self.verdict.as_str(),
        ];
        session.execute(sql, parameters)?;
        self.update(session)
    }

    /// Writes what the mail says, over what was read of it before.
    fn update(&self, session: &Session<'_>) -> Result<(), LedgerError> {
        let sql = "UPDATE report SET place = $2, kind = $3, verdict = $4, delivery_id = $5, addr_key = $6,
                          action = $7, status = $8, domain = $9, words = $10 WHERE mail_sha256 = $1";
        let report = self.report();
        let about = self.about.as_ref();
        let delivery = about.and_then(|about| about.delivery);
        // Where a delivery is known, it names the reader.
        let key = about.filter(|about| about.delivery.is_none());
        let domain = about
            .and_then(About::domain)
            .or_else(|| report.and_then(FailureReport::domain));
        let parameters = params![
            &self.mail.sha256[..],
            self.mail.place,
            Kind::of(&self.mail.reading.content).as_str(),
            self.verdict.as_str(),
            delivery.map(|delivery| delivery.row),
            key.map(|about| about.key.as_bytes()),
            report.map(|report| report.action.as_str()),
            report
                .and_then(|report| report.status)
                .map(|status| status.to_string()),
            domain,
            report
                .map(|report| report.words.as_str())
                .filter(|words| !words.is_empty()),
        ];
        session.execute(sql, parameters).map(|_| ())
    }

    /// What follows at once: who complains or leaves gets no more letters.
    fn follow(
        &self,
        session: &Session<'_>,
        taken: &mut Taken,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        *taken.verdicts.entry(self.verdict).or_default() += 1;
        if self.verdict.wants_a_person() {
            taken
                .for_a_person
                .push((self.mail.place.clone(), self.verdict));
        }
        let (reason, source, evidence) = match self.verdict {
            Verdict::Complained => (Reason::Complained, "report", "reported as spam"),
            Verdict::Unsubscribed => (Reason::Unsubscribed, "mail", "asked by mail"),
            _ => return Ok(()),
        };
        let Some(about) = &self.about else {
            return Ok(());
        };
        let suppression = NewSuppression {
            key: &about.key,
            address: about.address.as_deref(),
            reason,
            source,
            issue: about.delivery.map(|delivery| delivery.issue),
            evidence: Some(evidence),
            at: now,
        };
        if write_suppression(session, &suppression)? {
            taken.suppressed.push((about.shown(), reason));
        }
        Ok(())
    }
}
