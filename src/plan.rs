//! The plan: who gets an issue and who does not, with the reason, computed before sending.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;

use crate::address::EmailAddress;
use crate::subscriber::{Roster, Status, Subscriber};
use crate::suppression::Reason;
use crate::token::{AddressKey, Keys};

/// Someone who gets the issue, with what the mail's layout uses of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Where it goes.
    pub address: EmailAddress,
    /// Fields that the layouts use (`name`, own columns), frozen with the plan.
    pub fields: Fields,
}

/// A recipient's fields by name, as JSON: the form in which the ledger keeps them, and a tenth of
/// the memory of a map, of which a plan would hold a hundred thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields(Box<str>);

impl Fields {
    /// Packs a map.
    pub fn new(fields: &BTreeMap<String, String>) -> Self {
        // Strings to strings always have a form in JSON.
        Self(
            serde_json::to_string(fields)
                .unwrap_or_else(|_| "{}".to_owned())
                .into_boxed_str(),
        )
    }

    /// Takes back what [`Self::as_json`] gave.
    pub fn from_json(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// The form for the ledger.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Unpacks the map.
    pub fn to_map(&self) -> Result<BTreeMap<String, String>, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

/// Why someone on the roster does not get the issue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The column `status` says something else than `active`.
    Status(String),
    /// The ledger keeps mail away.
    Suppressed(&'static str),
    /// The row has none of the tags in the issue's `audience`.
    OutsideAudience,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(word) => write!(f, "status is `{word}`"),
            Self::Suppressed(reason) => write!(f, "suppressed: {reason}"),
            Self::OutsideAudience => f.write_str("not in the issue's audience"),
        }
    }
}

/// Someone on the roster who does not get the issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Who.
    pub address: EmailAddress,
    /// Line of the roster's file.
    pub line: u64,
    /// Why.
    pub reason: Exclusion,
}

/// Who gets an issue and who does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Who gets it, in the order of the roster.
    pub recipients: Vec<Recipient>,
    /// Who does not.
    pub excluded: Vec<Excluded>,
}

impl Plan {
    /// How many are left out, by reason.
    pub fn excluded_by_reason(&self) -> BTreeMap<&Exclusion, usize> {
        let mut counts = BTreeMap::new();
        for excluded in &self.excluded {
            *counts.entry(&excluded.reason).or_insert(0) += 1;
        }
        counts
    }
}

/// What narrows a plan.
#[derive(Debug)]
pub struct PlanRules<'a> {
    /// Keys that hash addresses.
    pub keys: &'a Keys,
    /// Addresses that must not be mailed.
    pub suppressions: &'a HashMap<AddressKey, Reason>,
    /// The audience; empty means everyone.
    pub audience: &'a [String],
    /// Fields that the layouts use; `None` means all of them.
    pub fields: Option<&'a BTreeSet<String>>,
}

/// Computes the plan of one issue. Time is linear in the roster.
pub fn plan(roster: &Roster, rules: &PlanRules<'_>) -> Plan {
    let audience: BTreeSet<String> = rules
        .audience
        .iter()
        .map(|tag| tag.to_lowercase())
        .collect();
    let mut plan = Plan::default();
    for row in roster.rows() {
        let key = rules.keys.address_key(&row.address);
        match exclusion(roster, row, &key, rules, &audience) {
            Some(reason) => plan.excluded.push(Excluded {
                address: row.address.clone(),
                line: row.line,
                reason,
            }),
            None => plan.recipients.push(Recipient {
                key,
                address: row.address.clone(),
                fields: used_fields(roster, row, rules.fields),
            }),
        }
    }
    plan
}

fn exclusion(
    roster: &Roster,
    row: &Subscriber,
    key: &AddressKey,
    rules: &PlanRules<'_>,
    audience: &BTreeSet<String>,
) -> Option<Exclusion> {
    // Suppression beats everything, so it is also the first reason that is told.
    if let Some(reason) = rules.suppressions.get(key) {
        return Some(Exclusion::Suppressed(reason.as_str()));
    }
    if let Status::Other(word) = &row.status {
        return Some(Exclusion::Status(word.clone()));
    }
    let outside =
        !audience.is_empty() && !roster.tags(row).iter().any(|tag| audience.contains(tag));
    outside.then_some(Exclusion::OutsideAudience)
}

fn used_fields(roster: &Roster, row: &Subscriber, used: Option<&BTreeSet<String>>) -> Fields {
    let wanted = |name: &str| used.is_none_or(|used| used.contains(name));
    let own = roster.fields(row).filter(|(name, _)| wanted(name));
    let mut fields: BTreeMap<String, String> =
        own.map(|(name, value)| (name.to_owned(), value)).collect();
    // The name also stands in the header `To`, so it is always needed.
    fields.insert("name".to_owned(), roster.name(row));
    Fields::new(&fields)
}
