//! A plan before it is recorded: who would get an issue now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::trial::rehearse_frozen;
use super::{Publication, Stop, freeze};
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::ledger::Ledger;
use crate::plan::{Decision, Exclusion, PlanRules, Recipient, decide};
use crate::subscriber::Roster;
use crate::token::{KeySet, Keys};

/// How many of a plan's recipients a rehearsal takes, and one more without a name.
const SAMPLE: usize = 3;

/// Everyone who may get an issue, and the rules that decide.
#[derive(Debug)]
pub struct Candidates {
    /// The roster.
    pub roster: Roster,
    rules: PlanRules,
}

impl Candidates {
    /// The roster and the suppressions as they are now.
    pub fn open(
        publication: &Publication,
        ledger: &mut Ledger,
        keys: &Keys,
        issue: &Issue,
    ) -> Result<Self, Stop> {
        let audience = issue.audience.iter().map(|tag| tag.to_lowercase());
        let rules = PlanRules {
            suppressions: ledger.suppression_reasons()?,
            audience: audience.collect(),
            preferences: ledger.preferences()?,
            offered: publication.config.sign_up.tags.clone(),
            now: publication.clock.now(),
            got_parent: who_got_parent(ledger, issue)?,
            fields: publication.layouts.subscriber_fields(),
        };
        Ok(Self {
            roster: publication.audience(keys, ledger)?,
            rules,
        })
    }

    /// Decides about each person, in the order of the roster.
    pub fn each<E: From<Diagnostic>>(
        &mut self,
        keys: &Keys,
        mut visit: impl FnMut(Decision) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { roster, rules } = self;
        roster.each(keys, |row| visit(decide(row, rules)))
    }
}

fn who_got_parent(ledger: &mut Ledger, issue: &Issue) -> Result<Option<KeySet>, Stop> {
    let Some(parent) = &issue.parent else {
        return Ok(None);
    };
    match ledger.who_got(parent)? {
        Some(got) => Ok(Some(got)),
        None => Err(Diagnostic::error(format!(
            "`{}` corrects an issue that was never mailed",
            issue.source.name
        ))
        .cause(format!("its `parent` is `{parent}`, and the ledger has no plan of that"))
        .hint("set `parent` to the `id` of the issue that it corrects, or take it out to mail everybody")
        .into()),
    }
}

/// A plan that is not recorded.
#[derive(Debug)]
pub struct DryPlan {
    /// Whom it was made from.
    pub candidates: Candidates,
    /// Who gets the issue.
    pub readers: KeySet,
    /// How many do not, by reason.
    pub excluded: BTreeMap<Exclusion, usize>,
    /// A few of those who get it, to make messages for before anything is promised.
    pub sample: Vec<Recipient>,
}

/// Plans an issue against the roster and the suppressions as they are now; writes nothing.
pub fn dry_plan(
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    issue: &Issue,
) -> Result<DryPlan, Stop> {
    let mut candidates = Candidates::open(publication, ledger, keys, issue)?;
    let mut readers = Vec::with_capacity(candidates.roster.people());
    let mut excluded = BTreeMap::new();
    let mut sample: Vec<Recipient> = Vec::new();
    let mut nameless = false;
    candidates.each(keys, |decision| {
        match decision {
            Decision::Gets(recipient) => {
                readers.push(recipient.key);
                let has_no_name = recipient.fields.name().is_empty();
                if sample.len() < SAMPLE || (has_no_name && !nameless) {
                    nameless |= has_no_name;
                    sample.push(recipient);
                }
            }
            Decision::DoesNot(one) => *excluded.entry(one.reason).or_insert(0) += 1,
        }
        Ok::<(), Stop>(())
    })?;
    Ok(DryPlan {
        candidates,
        readers: KeySet::gather(readers).set,
        excluded,
        sample,
    })
}

/// What changed since the last issue that was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Slug of that issue.
    pub with: String,
    /// How many get this one and were not planned for that.
    pub joined: usize,
    /// How many were planned for that one and do not get this, by reason.
    pub gone: BTreeMap<String, usize>,
}

/// Compares a plan with the newest one in the ledger.
pub fn compare(ledger: &mut Ledger, dry: &DryPlan) -> Result<Option<Comparison>, Stop> {
    let Some(last) = ledger.newest_plan()? else {
        return Ok(None);
    };
    let mut gone = BTreeMap::new();
    let mut stayed = 0;
    ledger.each_planned(last.row, |key| {
        if dry.readers.contains(&key) {
            stayed += 1;
        } else {
            *gone.entry(dry.why_gone(&key)).or_insert(0) += 1;
        }
    })?;
    Ok(Some(Comparison {
        with: last.slug,
        joined: dry.readers.len() - stayed,
        gone,
    }))
}

impl DryPlan {
    fn is_paused(&self, key: &crate::token::AddressKey) -> bool {
        let rules = &self.candidates.rules;
        let preference = rules.preferences.get(key);
        preference.is_some_and(|preference| preference.is_paused(rules.now))
    }

    fn why_gone(&self, key: &crate::token::AddressKey) -> String {
        let rules = &self.candidates.rules;
        match rules.suppressions.get(key) {
            Some(reason) => reason.as_str(),
            None if !self.candidates.roster.present().contains(key) => "left the roster",
            None if self.is_paused(key) => "paused",
            None if rules.got_parent.is_some() => "not sent the issue that this one corrects",
            None => "outside the audience",
        }
        .to_owned()
    }
}

/// Freezes an issue as it is now and makes its messages for a few of its readers, signed: whether
/// that can be done is told before anything is published or asked.
pub fn rehearse_for(
    publication: &Publication,
    issue: &Issue,
    readers: &[Recipient],
    keys: &Arc<Keys>,
) -> Result<(), Diagnostic> {
    let frozen = freeze::freeze(publication, issue, publication.clock.now())?;
    rehearse_frozen(publication, frozen, keys.clone(), readers.to_vec())
}

/// Largest part of the roster that may vanish without being asked for, in percent.
const LARGEST_LOSS: usize = 20;

/// A small roster may lose this many less one: a person counts them at a glance.
const FEWEST_LOST: usize = 3;

/// Refuses a roster that lost more than a fifth of the people whom the ledger knows on it: more
/// likely a broken file than a wish.
pub(super) fn refuse_a_shrunken_roster(ledger: &mut Ledger, present: &KeySet) -> Result<(), Stop> {
    let (missing, known) = ledger.missing_from(present)?;
    if missing < FEWEST_LOST || missing * 100 <= known * LARGEST_LOSS {
        return Ok(());
    }
    Err(Diagnostic::error(format!(
        "{missing} of {known} subscribers have vanished from `subscribers.csv`"
    ))
    .cause(format!(
        "more than {LARGEST_LOSS} % at once is more likely a damaged file than a wish"
    ))
    .hint("look at the file; if it is right, say so with `--accept-removals`")
    .into())
}
