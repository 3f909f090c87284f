//! What other people's servers say of the links, when somebody asks them (`check --online`).

use super::Rule;
use crate::diagnostic::Diagnostic;

const GONE: Rule = Rule::warning("gone-link", "online: a page that is not there any more");
const UNREACHABLE: Rule =
    Rule::warning("unreachable-link", "online: a server that does not answer");
const MOVED: Rule = Rule::note("moved-link", "online: a page that has moved for good");
const UNJUDGED: Rule = Rule::note(
    "unjudged-link",
    "online: a server that lets no program look, or a private address",
);

pub(super) const RULES: &[Rule] = &[GONE, UNREACHABLE, MOVED, UNJUDGED];

/// What became of a visit to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The last status, and where a permanent redirect led.
    Status {
        /// HTTP status.
        code: u16,
        /// The new address, if every redirect on the way was a permanent one.
        moved_to: Option<String>,
    },
    /// No answer, and why.
    Failed(String),
    /// Not asked, and why.
    NotAsked(String),
}

/// What an answer means for the author; `None` where all is well.
pub fn judge_answer(address: &str, answer: &Answer) -> Option<Diagnostic> {
    let problem = match answer {
        Answer::Status {
            code: 200..=399,
            moved_to: None,
        } => return None,
        Answer::Status {
            code: 200..=399,
            moved_to: Some(new),
        } => MOVED
            .found(format!("`{address}` has moved"))
            .hint(format!("it is `{new}` now")),
        // They say so to programs, and something else to readers: a wall, a limit, a robot's page.
        Answer::Status {
            code: code @ (401 | 402 | 403 | 405 | 406 | 407 | 418 | 429 | 451 | 503 | 999),
            ..
        } => UNJUDGED
            .found(format!("`{address}` answers {code} to a program"))
            .hint("look at it in a browser"),
        Answer::Status { code, .. } => GONE
            .found(format!("`{address}` answers {code}"))
            .hint("look for the page's new address, or link a copy at web.archive.org"),
        Answer::Failed(why) => UNREACHABLE
            .found(format!("`{address}` cannot be reached"))
            .cause(why)
            .hint("look at it in a browser, and try once more"),
        Answer::NotAsked(why) => UNJUDGED
            .found(format!("`{address}` was not asked for"))
            .cause(why),
    };
    Some(problem)
}
