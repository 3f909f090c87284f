//! Words of links that say nothing when they are read alone, as screen readers do and as plain
//! text does (WCAG 2.2 §2.4.4).

use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const VAGUE: Rule = Rule::warning(
    "vague-link",
    "the words of a link are `click here`, `read more` and the like",
);

pub(super) const RULES: &[Rule] = &[VAGUE];

/// Not `this`, which essayists link with good reason.
const VAGUE_WORDS: &[&str] = &[
    "here",
    "click here",
    "click",
    "click this link",
    "this link",
    "link",
    "read more",
    "more info",
    "learn more",
    "hier",
    "hier klicken",
    "klicken sie hier",
    "klick hier",
    "mehr lesen",
    "weiterlesen",
    "ici",
    "cliquez ici",
    "lire la suite",
    "en savoir plus",
    "aquí",
    "haz clic aquí",
    "leer más",
    "aqui",
    "clique aqui",
    "leia mais",
    "qui",
    "clicca qui",
    "hier klikken",
    "lees meer",
];

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    for link in &galley.reading.links {
        let Some(words) = &link.words else { continue };
        let plain = words
            .trim_matches(|character: char| !character.is_alphanumeric())
            .to_lowercase();
        if VAGUE_WORDS.contains(&plain.as_str()) {
            let problem = VAGUE.found(format!("the link says `{words}` and not where it leads"));
            found.push(galley.in_essay(problem, &link.range).hint(
                "link the words that name the thing: screen readers list links without their \
                 sentences",
            ));
        }
    }
}
