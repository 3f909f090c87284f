//! `check`: what would embarrass the author; `--fix` mends what needs no judgement.

use serde_json::{Value, json};

use super::new::new_id;
use super::output::count;
use super::{App, CommandResult, Exit};
use crate::diagnostic::{Diagnostic, Severity};
use crate::essay::set_id;
use crate::fs;
use crate::publish::{self, Publication, Stop};
use crate::token::{Keys, SECRET_LENGTH};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Issues to look at [default: all]
    issues: Vec<String>,
    /// Give an `id` to every issue that has none
    #[arg(long)]
    fix: bool,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let fixed = if self.fix {
            give_ids(&publication)?
        } else {
            Vec::new()
        };
        let mut problems = self.look(&publication)?;
        if self.strict {
            problems = problems.into_iter().map(Diagnostic::into_error).collect();
        }
        let errors = problems
            .iter()
            .filter(|problem| problem.severity() == Severity::Error)
            .count();
        if app.output.is_json() {
            app.output.json(&json!({ "fixed": fixed, "problems": problems.iter().map(to_json).collect::<Vec<_>>() }));
        } else {
            for name in &fixed {
                app.output.line(&format!("{name}: has an id now"));
            }
            app.output.problems(&problems);
            let warnings = (problems.len() - errors) as u64;
            app.output.line(&format!(
                "{}, {}",
                count(errors as u64, "error"),
                count(warnings, "warning")
            ));
        }
        Ok(if errors == 0 {
            Exit::Done
        } else {
            Exit::Failed
        })
    }

    /// Everything that is wrong, errors and warnings; only a folder that cannot be read stops it.
    fn look(&self, publication: &Publication) -> Result<Vec<Diagnostic>, Stop> {
        let mut problems = Vec::new();
        // Nothing is compared with the ledger here, so that any key will do.
        match publication.roster(&Keys::derive(&[0; SECRET_LENGTH])) {
            Ok(roster) => problems.extend(roster.warnings().iter().cloned()),
            Err(Stop::Failed(found)) => problems.extend(found),
            Err(other) => return Err(other),
        }
        problems.extend(publication.layouts.mail().err());
        problems.extend(publish::foreign_sender(publication));
        let found = match publication.issues() {
            Ok(found) => found,
            Err(Stop::Failed(errors)) => {
                problems.extend(errors);
                return Ok(problems);
            }
            Err(other) => return Err(other),
        };
        problems.extend(found.warnings.iter().cloned());
        let chosen = match self.issues.as_slice() {
            [] => found.issues.iter().collect(),
            words => words
                .iter()
                .map(|word| publication.find(&found.issues, word))
                .collect::<Result<Vec<_>, _>>()?,
        };
        problems.extend(publish::rehearse_build(publication, &found.issues));
        for issue in chosen {
            // A template's mistake is the same in every issue.
            let problem = publish::rehearse(publication, issue)?;
            problems.extend(problem.filter(|problem| !problems.contains(problem)));
        }
        Ok(problems)
    }
}

fn to_json(problem: &Diagnostic) -> Value {
    let place = problem.position();
    json!({
        "severity": if problem.severity() == Severity::Error { "error" } else { "warning" },
        "message": problem.message(),
        "file": place.map(|(file, _, _)| file),
        "line": place.map(|(_, line, _)| line),
        "column": place.map(|(_, _, column)| column),
        "hint": problem.hint_text(),
    })
}

/// Writes an identity into every issue file that has none; the rest of the file stays byte for
/// byte. Returns the names of the files.
fn give_ids(publication: &Publication) -> Result<Vec<String>, Stop> {
    let (files, _) = publication.issue_files()?;
    let mut fixed = Vec::new();
    for file in files.iter().filter(|file| file.essay.front.id.is_none()) {
        let name = &file.essay.source.name;
        let text = set_id(&file.essay.source, &new_id()?)?;
        fs::write_atomically(&file.path, text.as_bytes())
            .map_err(|error| Diagnostic::error(format!("cannot write `{name}`")).cause(error))?;
        fixed.push(name.to_string());
    }
    Ok(fixed)
}
