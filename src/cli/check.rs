//! `check`: what would embarrass the author; `--fix` mends what needs no judgement.

use serde_json::{Value, json};

use super::new::new_id;
use super::output::count;
use super::{App, CommandResult, Exit};
use crate::check::rules;
use crate::diagnostic::{Diagnostic, Severity};
use crate::essay::set_id;
use crate::fs;
use crate::publish::{self, Publication, Stop};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Check {
    /// Issues to look at [default: all]
    issues: Vec<String>,
    /// Give an `id` to every issue that has none
    #[arg(long)]
    fix: bool,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Ask for the pages that are linked, too, on the network
    #[arg(long)]
    online: bool,
    /// List what is looked for, and look at nothing
    #[arg(long, conflicts_with_all = ["issues", "fix", "strict", "online"])]
    rules: bool,
}

impl Check {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        if self.rules {
            list_rules(app);
            return Ok(Exit::Done);
        }
        let publication = app.publication()?;
        let fixed = if self.fix {
            give_ids(&publication)?
        } else {
            Vec::new()
        };
        let mut problems = publish::check(&publication, &self.issues, self.online)?;
        if self.strict {
            problems = problems.into_iter().map(Diagnostic::into_error).collect();
        }
        let number = |severity: Severity| {
            let all = problems.iter();
            all.filter(|problem| problem.severity() == severity).count()
        };
        let errors = number(Severity::Error);
        if app.output.is_json() {
            app.output.json(&json!({ "fixed": fixed, "problems": problems.iter().map(to_json).collect::<Vec<_>>() }));
        } else {
            for name in &fixed {
                app.output.line(&format!("{name}: has an id now"));
            }
            app.output.problems(&problems);
            let mut told = vec![
                count(errors as u64, "error"),
                count(number(Severity::Warning) as u64, "warning"),
            ];
            let notes = number(Severity::Note);
            if notes > 0 {
                told.push(count(notes as u64, "note"));
            }
            app.output.line(&told.join(", "));
        }
        Ok(if errors == 0 {
            Exit::Done
        } else {
            Exit::Failed
        })
    }
}

fn list_rules(app: &App) {
    if app.output.is_json() {
        let all = rules().map(|rule| {
            json!({
                "rule": rule.name,
                "severity": rule.severity.as_str(),
                "about": rule.about,
                "can_be_silenced": rule.can_be_silenced,
            })
        });
        app.output.json(&Value::Array(all.collect()));
        return;
    }
    let rows = rules().map(|rule| {
        vec![
            rule.name.to_owned(),
            rule.severity.as_str().to_owned(),
            rule.about.to_owned(),
        ]
    });
    app.output
        .table(&["rule", "severity", "~what it finds"], rows);
}

/// A problem for programs.
pub(super) fn to_json(problem: &Diagnostic) -> Value {
    let place = problem.position();
    json!({
        "severity": problem.severity().as_str(),
        "rule": problem.rule_name(),
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
