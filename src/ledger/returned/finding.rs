//! Whom a mail is about: from verified tokens to a delivery and a reader.

use std::collections::{BTreeMap, HashMap};

use super::Returned;
use crate::address::EmailAddress;
use crate::bounce::{Content, Reading};
use crate::issue::IssueId;
use crate::ledger::LedgerError;
use crate::ledger::store::{Session, read_key};
use crate::token::{AddressKey, Keys};

/// The reader, and the delivery where one is known.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) key: AddressKey,
    pub(super) address: Option<String>,
    pub(super) delivery: Option<Delivery>,
    /// Whether the message ever left; nothing where no delivery is known.
    pub(super) was_sent: Option<bool>,
}

/// Row numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    pub(super) row: i64,
    pub(super) issue: i64,
}

impl About {
    pub(super) fn domain(&self) -> Option<String> {
        let (_, domain) = self.address.as_ref()?.rsplit_once('@')?;
        Some(domain.to_ascii_lowercase())
    }

    pub(super) fn shown(&self) -> String {
        self.address
            .clone()
            .unwrap_or_else(|| "a reader whose address is not kept".to_owned())
    }
}

/// Finds whom a mail is about, after [`locate`]; nothing where no token of it is ours.
pub(super) fn find(session: &Session<'_>, reading: &Reading) -> Result<Option<About>, LedgerError> {
    let names = &reading.names;
    if names.is_forged {
        return Ok(None);
    }
    // A request to leave names the reader, whatever else it carries.
    let delivery = names
        .delivery
        .filter(|_| reading.content != Content::Unsubscribe);
    match (delivery, names.reader) {
        (Some(delivery), _) => by_delivery(session, delivery),
        (None, Some(key)) => by_reader(session, key).map(Some),
        (None, None) => Ok(None),
    }
}

/// A message left when an intent was granted for it and nothing says that it was refused. A further
/// copy that a person asked for may be open again: an earlier attempt then tells.
const WAS_SENT: &str = "(delivery.state IN ('inflight', 'sent', 'unconfirmed', 'abandoned')
    OR EXISTS (SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id
        AND outcome IN ('sent', 'unconfirmed', 'resolved: sent', 'resolved: planned', 'resolved: abandoned')))";

fn by_delivery(session: &Session<'_>, delivery: i64) -> Result<Option<About>, LedgerError> {
    let sql = format!(
        "SELECT addr_key, nullif(delivery.address, ''), issue_id, {WAS_SENT}
           FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id WHERE delivery.id = $1"
    );
    session.first(&sql, [delivery], |row| {
        Ok(About {
            key: read_key(row, 0)?,
            address: row.get(1)?,
            delivery: Some(Delivery {
                row: delivery,
                issue: row.get(2)?,
            }),
            was_sent: Some(row.get(3)?),
        })
    })
}

fn by_reader(session: &Session<'_>, key: AddressKey) -> Result<About, LedgerError> {
    let sql = "SELECT nullif(delivery.address, '') FROM subscriber CROSS JOIN issue
                 JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                WHERE subscriber.addr_key = $1 ORDER BY delivery.id DESC LIMIT 1";
    let address = session.first(sql, [key.as_bytes()], |row| Ok(row.get(0)?))?;
    Ok(About {
        key,
        address,
        delivery: None,
        was_sent: None,
    })
}

/// Names the delivery of each mail that carries a Message-ID of ours and nothing better. That it is
/// the one is proven by the Message-ID alone, which nobody can make without the key.
pub(super) fn locate(
    session: &Session<'_>,
    keys: &Keys,
    mails: &mut [Returned],
) -> Result<(), LedgerError> {
    let mut wanted: BTreeMap<IssueId, HashMap<String, Vec<usize>>> = BTreeMap::new();
    for (index, mail) in mails.iter().enumerate() {
        let names = &mail.reading.names;
        if let (Some(message), None) = (&names.message, names.delivery) {
            let of_issue = wanted.entry(message.issue.clone()).or_default();
            of_issue
                .entry(message.local.clone())
                .or_default()
                .push(index);
        }
    }
    for (issue, mut locals) in wanted {
        by_the_addresses(session, keys, &issue, &mut locals, mails)?;
        // A redacted report, or an address that mail was passed on to.
        if !locals.is_empty() {
            by_all_deliveries(session, keys, &issue, &locals, mails)?;
        }
    }
    Ok(())
}

/// The report's own addresses say where to look first.
fn by_the_addresses(
    session: &Session<'_>,
    keys: &Keys,
    issue: &IssueId,
    locals: &mut HashMap<String, Vec<usize>>,
    mails: &mut [Returned],
) -> Result<(), LedgerError> {
    let sql = "SELECT delivery.id FROM subscriber CROSS JOIN issue
                 JOIN delivery ON delivery.issue_id = issue.id AND delivery.subscriber_id = subscriber.id
                WHERE issue.identity = $1 AND addr_key = $2";
    let mut found = Vec::new();
    for (local, indexes) in &*locals {
        let addresses = indexes.iter().filter_map(|index| mails.get(*index));
        let keyed = addresses
            .flat_map(|mail| addresses_of(&mail.reading.content))
            .map(|address| keys.address_key(&address))
            .find(|key| keys.message_id_local(issue, key) == *local);
        if let Some(key) = keyed {
            let parameters = rusqlite::params![issue.as_str(), key.as_bytes()];
            let row = session.first(sql, parameters, |row| Ok(row.get::<_, i64>(0)?))?;
            found.extend(row.map(|row| (local.clone(), row)));
        }
    }
    for (local, row) in found {
        for index in locals.remove(&local).unwrap_or_default() {
            mails[index].reading.names.delivery = Some(row);
        }
    }
    Ok(())
}

fn addresses_of(content: &Content) -> Vec<EmailAddress> {
    let reports = match content {
        Content::Failure(reports) => reports.as_slice(),
        _ => &[],
    };
    let named = reports.iter().flat_map(|report| &report.recipients);
    named
        .filter_map(|address| EmailAddress::parse(address).ok())
        .collect()
}

fn by_all_deliveries(
    session: &Session<'_>,
    keys: &Keys,
    issue: &IssueId,
    locals: &HashMap<String, Vec<usize>>,
    mails: &mut [Returned],
) -> Result<(), LedgerError> {
    let sql = "SELECT delivery.id, addr_key FROM delivery JOIN subscriber ON subscriber.id = delivery.subscriber_id
                WHERE issue_id = (SELECT id FROM issue WHERE identity = $1)";
    session.each(sql, [issue.as_str()], |row| {
        let local = keys.message_id_local(issue, &read_key(row, 1)?);
        for index in locals.get(&local).into_iter().flatten() {
            mails[*index].reading.names.delivery = Some(row.get(0)?);
        }
        Ok(())
    })
}
