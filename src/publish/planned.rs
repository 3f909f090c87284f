//! An issue that has a plan, by its name.

use super::{Publication, Stop, open_ledger};
use crate::diagnostic::Diagnostic;
use crate::ledger::{Ledger, Recorded};

/// Finds the plan of the issue that a word names; when its file is gone, by what the ledger knows.
pub fn planned_issue(publication: &Publication, word: &str) -> Result<(Ledger, Recorded), Stop> {
    let (mut ledger, _) = open_ledger(publication)?;
    let known = ledger.all_recorded()?;
    let by_ledger = |recorded: &Recorded| {
        recorded.frozen.slug == word || recorded.frozen.issue.as_str() == word
    };
    if let Some(recorded) = known.iter().find(|recorded| by_ledger(recorded)) {
        return Ok((ledger, recorded.clone()));
    }
    let issues = publication.issues()?.issues;
    let issue = publication.find(&issues, word)?;
    match known
        .into_iter()
        .find(|recorded| recorded.frozen.issue == issue.id)
    {
        Some(recorded) => Ok((ledger, recorded)),
        None => Err(
            Diagnostic::error(format!("`{}` has no plan yet", issue.slug))
                .hint(format!("`postrider send {}` makes one", issue.slug))
                .into(),
        ),
    }
}
