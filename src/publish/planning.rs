//! A plan before it is recorded: who would get an issue now.

use std::collections::HashSet;
use std::sync::Arc;

use super::guard::glimpse;
use super::{Publication, Stop, freeze};
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::ledger::Ledger;
use crate::message::Composer;
use crate::plan::{Plan, PlanRules, plan};
use crate::subscriber::{Roster, Status};
use crate::token::{AddressKey, Keys};

/// A plan with what it was made from.
#[derive(Debug)]
pub struct DryPlan {
    /// Who gets the issue and who does not.
    pub plan: Plan,
    /// Everyone on the roster whose row is active, in the audience or not.
    pub present: HashSet<AddressKey>,
    /// What is wrong with single rows of the roster.
    pub warnings: Vec<Diagnostic>,
    /// How many rows gave a warning.
    pub bad_rows: usize,
}

/// Plans an issue against the roster and the suppressions as they are now; writes nothing.
pub fn dry_plan(
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    issue: &Issue,
) -> Result<DryPlan, Stop> {
    let roster = publication.roster()?;
    let suppressions = ledger.suppression_reasons()?;
    let fields = publication.layouts.subscriber_fields();
    let rules = PlanRules {
        keys,
        suppressions: &suppressions,
        audience: &issue.audience,
        fields: fields.as_ref(),
    };
    Ok(DryPlan {
        plan: plan(&roster, &rules),
        present: present(&roster, keys),
        warnings: roster.warnings().to_vec(),
        bad_rows: roster.bad_rows(),
    })
}

/// Makes the messages of an issue for a few of its readers, and tells what is wrong with them.
pub fn rehearse(publication: &Publication, issue: &Issue) -> Result<Option<Diagnostic>, Stop> {
    let mut glimpse = glimpse(publication)?;
    let recipients = match dry_plan(publication, &mut glimpse.ledger, &glimpse.keys, issue) {
        Ok(dry) => dry.plan.recipients,
        // What is wrong with the roster is told by whoever reads the roster.
        Err(Stop::Failed(_)) => return Ok(None),
        Err(other) => return Err(other),
    };
    let frozen = freeze::freeze(publication, issue, publication.clock.now());
    let signer = match publication.signer(&frozen) {
        Ok(signer) => signer,
        Err(problem) => return Ok(Some(problem)),
    };
    Ok(Composer::new(frozen, Arc::new(glimpse.keys), signer)
        .and_then(|composer| composer.rehearse(&recipients))
        .err())
}

/// Everyone whose row is active.
pub(super) fn present(roster: &Roster, keys: &Keys) -> HashSet<AddressKey> {
    let active = roster
        .rows()
        .iter()
        .filter(|row| row.status == Status::Active);
    active.map(|row| keys.address_key(&row.address)).collect()
}

/// Largest part of the roster that may vanish without being asked for, in percent.
const LARGEST_LOSS: usize = 20;

/// A small roster may lose this many less one: a person counts them at a glance.
const FEWEST_LOST: usize = 3;

/// Refuses a roster that lost more than a fifth of the people whom the ledger knows on it: more
/// likely a broken file than a wish.
pub(super) fn refuse_a_shrunken_roster(
    ledger: &mut Ledger,
    present: &HashSet<AddressKey>,
) -> Result<(), Stop> {
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
