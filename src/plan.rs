//! The plan: who gets an issue and who does not, with the reason, computed before sending.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::address::EmailAddress;
use crate::readers::Preference;
use crate::subscriber::{Row, Status};
use crate::suppression::Reason;
use crate::token::{AddressKey, KeySet};

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

/// A recipient's fields by name, in the form in which the ledger keeps them: the name, which every
/// message has in its header, and as JSON the others that the layouts use, of which most have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    name: Box<str>,
    others: Option<Box<str>>,
}

impl Fields {
    /// Packs a map.
    pub fn new(mut fields: BTreeMap<String, String>) -> Self {
        let name = fields.remove(Self::NAME).unwrap_or_default();
        // Strings to strings always have a form in JSON.
        let others = (!fields.is_empty())
            .then(|| serde_json::to_string(&fields).unwrap_or_else(|_| "{}".to_owned()));
        Self::from_stored(name, others)
    }

    /// Takes back what [`Self::name`] and [`Self::others`] gave.
    pub fn from_stored(name: String, others: Option<String>) -> Self {
        Self {
            name: name.into_boxed_str(),
            others: others.map(String::into_boxed_str),
        }
    }

    /// The recipient's name; empty if there is none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The other fields as JSON; `None` if there are none.
    pub fn others(&self) -> Option<&str> {
        self.others.as_deref()
    }

    /// Unpacks the map.
    pub fn to_map(&self) -> Result<BTreeMap<String, String>, serde_json::Error> {
        let mut fields = match &self.others {
            Some(others) => serde_json::from_str(others)?,
            None => BTreeMap::new(),
        };
        fields.insert(Self::NAME.to_owned(), self.name.to_string());
        Ok(fields)
    }

    const NAME: &str = "name";
}

/// Why someone on the roster does not get the issue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The column `status` says something else than `active`.
    Status(String),
    /// The ledger keeps mail away.
    Suppressed(&'static str),
    /// The reader wants no mail before that day.
    Paused(String),
    /// The row has none of the tags in the issue's `audience`.
    OutsideAudience,
    /// The issue corrects another one, which this person was not sent.
    DidNotGetParent,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(word) => write!(f, "status is `{word}`"),
            Self::Suppressed(reason) => write!(f, "suppressed: {reason}"),
            Self::Paused(day) => write!(f, "paused by the reader until {day}"),
            Self::OutsideAudience => f.write_str("not in the issue's audience"),
            Self::DidNotGetParent => f.write_str("was not sent the issue that this one corrects"),
        }
    }
}

/// Someone on the roster who does not get the issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Who.
    pub address: EmailAddress,
    /// Line of the roster's file; `None` for somebody who signed up.
    pub line: Option<u64>,
    /// Why.
    pub reason: Exclusion,
}

/// What a plan says of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Gets the issue.
    Gets(Recipient),
    /// Does not.
    DoesNot(Excluded),
}

/// What narrows a plan.
#[derive(Debug, Default)]
pub struct PlanRules {
    /// Addresses that must not be mailed.
    pub suppressions: HashMap<AddressKey, Reason>,
    /// The audience in lower case; empty means everyone.
    pub audience: BTreeSet<String>,
    /// What readers have set.
    pub preferences: HashMap<AddressKey, Preference>,
    /// The tags among which readers choose.
    pub offered: Vec<String>,
    /// When it is planned: who paused until later is left out.
    pub now: DateTime<Utc>,
    /// Who got the issue that this one corrects, if it corrects one.
    pub got_parent: Option<KeySet>,
    /// Fields that the layouts use; `None` means all of them.
    pub fields: Option<BTreeSet<String>>,
}

/// Decides about one row of the roster.
pub fn decide(row: &Row<'_>, rules: &PlanRules) -> Decision {
    match exclusion(row, rules) {
        Some(reason) => Decision::DoesNot(Excluded {
            address: row.address.clone(),
            line: row.line,
            reason,
        }),
        None => Decision::Gets(Recipient {
            key: row.key,
            address: row.address.clone(),
            fields: used_fields(row, rules.fields.as_ref()),
        }),
    }
}

/// Why a person does not get the issue; `None` for one who does.
pub fn exclusion(row: &Row<'_>, rules: &PlanRules) -> Option<Exclusion> {
    // Suppression beats everything, so it is also the first reason that is told.
    if let Some(reason) = rules.suppressions.get(&row.key) {
        return Some(Exclusion::Suppressed(reason.as_str()));
    }
    if let Status::Other(word) = &row.status {
        return Some(Exclusion::Status(word.clone()));
    }
    if let Some(got_parent) = &rules.got_parent
        && !got_parent.contains(&row.key)
    {
        return Some(Exclusion::DidNotGetParent);
    }
    let preference = rules.preferences.get(&row.key);
    if let Some(until) = preference.and_then(|one| one.paused_until)
        && rules.now < until
    {
        return Some(Exclusion::Paused(until.date_naive().to_string()));
    }
    let audience = &rules.audience;
    if audience.is_empty() {
        return None;
    }
    let tags = match preference {
        Some(preference) => preference.over(row.tags(), &rules.offered),
        None => row.tags(),
    };
    let outside = !tags.iter().any(|tag| audience.contains(tag));
    outside.then_some(Exclusion::OutsideAudience)
}

fn used_fields(row: &Row<'_>, used: Option<&BTreeSet<String>>) -> Fields {
    let wanted = |name: &str| used.is_none_or(|used| used.contains(name));
    let own = row.fields().filter(|(name, _)| wanted(name));
    let mut fields: BTreeMap<String, String> =
        own.map(|(name, value)| (name.to_owned(), value)).collect();
    // The name also stands in the header `To`, so it is always needed.
    fields.insert("name".to_owned(), row.name());
    Fields::new(fields)
}
