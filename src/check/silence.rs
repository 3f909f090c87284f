//! Rules that the author does not want to hear of.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Galley, Rule, rules};
use crate::diagnostic::{Diagnostic, closest};

const UNKNOWN: Rule = Rule::error(
    "unknown-rule",
    "`silence` names a rule that there is not, or that cannot be silenced",
);

pub(super) const RULES: &[Rule] = &[UNKNOWN];

/// Rules that are silenced, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Silence(BTreeSet<&'static str>);

/// Why a rule cannot be silenced.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotSilenced {
    /// There is no such rule; perhaps this one was meant.
    #[error("there is no rule `{name}`")]
    Unknown {
        /// As written.
        name: String,
        /// The rule that is most like it.
        near: Option<&'static str>,
    },
    /// It is an error.
    #[error("`{0}` cannot be silenced")]
    IsError(&'static str),
}

impl NotSilenced {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown {
                near: Some(near), ..
            } => format!("did you mean `{near}`?"),
            Self::Unknown { near: None, .. } => {
                "`postrider check --rules` lists them all".to_owned()
            }
            Self::IsError(_) => {
                "the mail would be broken or do harm; take the name out of `silence`".to_owned()
            }
        }
    }
}

/// Whether a rule may be silenced, and why not.
pub fn why_not_silenced(name: &str) -> Option<NotSilenced> {
    match rules().find(|rule| rule.name == name) {
        Some(rule) if rule.can_be_silenced => None,
        Some(rule) => Some(NotSilenced::IsError(rule.name)),
        None => Some(NotSilenced::Unknown {
            name: name.to_owned(),
            near: closest(name, rules().map(|rule| rule.name)),
        }),
    }
}

impl Silence {
    /// Silences the rules of these names; those that there are not are left out.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = names.into_iter().filter_map(|name| {
            let rule = rules().find(|rule| rule.name == name)?;
            rule.can_be_silenced.then_some(rule.name)
        });
        Self(known.collect())
    }

    /// Whether a problem is one that the author does not want to hear of.
    pub fn covers(&self, problem: &Diagnostic) -> bool {
        problem
            .rule_name()
            .is_some_and(|name| self.0.contains(name))
    }

    /// What an issue's front matter silences, and what is wrong with that.
    pub(super) fn of_issue(galley: &Galley<'_>) -> (Self, Vec<Diagnostic>) {
        let names = &galley.front.silence;
        let mistakes = names.iter().filter_map(|name| {
            let why = why_not_silenced(&name.value)?;
            let problem = UNKNOWN.found(why.to_string()).hint(why.hint());
            Some(galley.in_front(problem, Some(name)))
        });
        let mistakes = mistakes.collect();
        (
            Self::new(names.iter().map(|name| name.value.as_str())),
            mistakes,
        )
    }
}
