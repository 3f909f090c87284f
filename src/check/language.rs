//! The language: whether what stands around the essay is said in it.

use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;
use crate::words::Words;

const UNSPOKEN: Rule = Rule::warning(
    "unspoken-language",
    "there are no built-in words for the language, and `[words]` lacks some",
);

pub(super) const RULES: &[Rule] = &[UNSPOKEN];

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let own = galley.issue.language.as_ref();
    let language = own.unwrap_or(&galley.around.language);
    if Words::are_built_in(language) {
        return;
    }
    let missing = Words::KEYS.len() - galley.around.own_words.keys(language).len();
    if missing == 0 {
        return;
    }
    let problem = UNSPOKEN.found(format!(
        "there are no built-in words for `{language}`: {missing} of {} stay English",
        Words::KEYS.len()
    ));
    let problem = match &galley.front.language {
        Some(place) => problem.at(&galley.issue.source, place.range.clone()),
        // That of the publication: the same for all issues, and told once.
        None => problem,
    };
    found.push(problem.hint(format!(
        "give them in `[words.{language}]` of `postrider.toml`; docs/configuration.md lists them"
    )));
}
