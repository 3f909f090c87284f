//! What would embarrass an author: rules over an issue in all its forms, each with a name.
//!
//! Core: values in, findings out. A [`Galley`] is what a proofreader gets of one issue; each file
//! here holds a group of rules and applies them to it. What needs files, the roster, the ledger
//! or the network is gathered by the shell and comes in as values.
//!
//! Few false alarms matter more than many rules: a rule that cannot be sure keeps silent.

mod colours;
mod contrast;
mod dates;
mod footnotes;
mod galley;
mod hosts;
mod html;
mod language;
mod leftovers;
mod links;
mod mail;
mod neighbours;
mod online;
mod pictures;
mod prose;
mod publication;
mod reading;
mod rule;
mod silence;
mod structure;
mod subject;
mod summary;
mod vague;
mod words;

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;

pub use galley::{FileRead, Galley, Neighbour, Surroundings};
pub use mail::{BROKEN_TEMPLATE, NO_UNSUBSCRIBE};
pub use online::{Answer, judge_answer};
pub use pictures::MISSING_PICTURE;
pub use publication::{FOREIGN_SENDER, Facts, check_publication};
pub use reading::Reading;
pub use rule::Rule;
pub use silence::{NotSilenced, Silence, why_not_silenced};

/// Every rule, group by group.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        subject::RULES,
        summary::RULES,
        leftovers::RULES,
        links::RULES,
        vague::RULES,
        online::RULES,
        pictures::RULES,
        footnotes::RULES,
        structure::RULES,
        html::RULES,
        colours::RULES,
        language::RULES,
        mail::RULES,
        dates::RULES,
        neighbours::RULES,
        publication::RULES,
        silence::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Most findings of one rule in one issue: more help nobody, and each takes its time to be placed.
const MOST_FINDINGS: usize = 30;

/// Everything that the rules find in one issue, in the order of its file, without what the author
/// silenced there.
pub fn check_issue(galley: &Galley<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for group in [
        subject::check,
        summary::check,
        leftovers::check,
        links::check,
        vague::check,
        pictures::check,
        footnotes::check,
        structure::check,
        html::check,
        colours::check,
        language::check,
        mail::check,
        dates::check,
        neighbours::check,
    ] {
        group(galley, &mut found);
    }
    let (silence, mistakes) = Silence::of_issue(galley);
    found.retain(|problem| !silence.covers(problem));
    let mut found = cut_short(found);
    found.extend(mistakes);
    found.sort_by_cached_key(|problem| problem.position().map(|(_, line, column)| (line, column)));
    found
}

/// The first findings of each rule; the last of them says how many more there are.
fn cut_short(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut counts: HashMap<Option<&'static str>, usize> = HashMap::new();
    for problem in &found {
        *counts.entry(problem.rule_name()).or_default() += 1;
    }
    let mut told: HashMap<Option<&'static str>, usize> = HashMap::new();
    let first = found.into_iter().filter_map(|problem| {
        let rule = problem.rule_name();
        let number = told.entry(rule).or_default();
        *number += 1;
        let more = counts
            .get(&rule)
            .map_or(0, |all| all - MOST_FINDINGS.min(*all));
        match *number {
            MOST_FINDINGS if more > 0 => Some(problem.cause(format!("and {more} more like this"))),
            number => (number <= MOST_FINDINGS).then_some(problem),
        }
    });
    first.collect()
}
