//! `subscribers import`: other people's exports. First what it would do, then a question.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::asking::confirm;
use super::tell_of_open;
use crate::cli::output::count;
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{
    Export, ImportDiff, ImportOptions, Office, Publication, Stop, look_at_import,
};

/// Arguments of `subscribers import`.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(super) struct Import {
    /// The file: CSV of Mailchimp, Substack, Ghost, Buttondown, listmonk, a spreadsheet, or an export
    file: PathBuf,
    /// Show what it would do, and stop
    #[arg(long, conflicts_with_all = ["yes", "expect"])]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Do not ask if this many rows come, change or go; refuse another number
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Take out the rows of people who are not in the file; nobody is suppressed by it
    #[arg(long)]
    sync: bool,
    /// Without a terminal: agree that this many rows go, where it is more than a fifth
    #[arg(long, value_name = "N", requires = "sync")]
    expect_removed: Option<u64>,
    /// Values of the file replace those of the roster; else they fill what is empty, and add tags
    #[arg(long)]
    overwrite: bool,
    /// Take a column along that the roster does not have; may be given several times
    #[arg(long = "keep", value_name = "COLUMN")]
    keep: Vec<String>,
}

impl Import {
    pub(super) fn run(&self, app: &App, publication: &Publication) -> CommandResult {
        let options = ImportOptions {
            sync: self.sync,
            overwrite: self.overwrite,
            keep: self.keep.clone(),
        };
        let export = Export::read(&self.file)?;
        let mut office = Office::look(publication)?;
        // Whoever agrees to nothing finds the folder as it was, without a ledger if there was none.
        let again = office.is_borrowed().then(|| export.clone());
        let mut import = look_at_import(&mut office, export, &options)?;
        app.output.warnings(&import.problems);
        let diff = import.diff.clone();
        if !app.output.is_json() {
            self.tell(app, &diff);
        }
        if self.dry_run {
            return Ok(self.done(app, &diff, false));
        }
        if diff.touched() == 0 && diff.suppressions() == 0 {
            return Ok(self.done(app, &diff, false));
        }
        self.ask(&diff)?;
        if let Some(export) = again {
            drop(import);
            office = Office::open(publication)?;
            import = look_at_import(&mut office, export, &options)?;
        }
        let imported = import.apply(&mut office)?;
        tell_of_open(app, imported.open_elsewhere);
        Ok(self.done(app, &diff, true))
    }

    /// The file as it was read, and what it would do.
    fn tell(&self, app: &App, diff: &ImportDiff) {
        let file = self.file.display();
        app.output.line(&format!(
            "{file}: fields separated by {}, SHA-256 {}",
            diff.delimiter, diff.sha256
        ));
        if !diff.left_out.is_empty() {
            app.output.line(&format!(
                "left out: {} (`--keep COLUMN` takes one along)",
                diff.left_out.join(", ")
            ));
        }
        app.output.line(&summary(diff));
        for (address, reason) in &diff.kept_out_examples {
            app.output
                .line(&format!("  kept out: {address} ({})", reason.as_str()));
        }
    }

    fn ask(&self, diff: &ImportDiff) -> Result<(), Stop> {
        if let Some(expected) = self.expect
            && expected != diff.touched()
        {
            return Err(Diagnostic::error(format!(
                "{} would come, change or go, and {expected} were expected",
                count(diff.touched(), "row")
            ))
            .hint("nothing was written; `--dry-run` shows what it would do")
            .into());
        }
        if diff.loses_many() {
            let removed = diff.removed;
            return confirm(
                self.expect_removed == Some(removed),
                &format!(
                    "{removed} of {} would go, more than a fifth of the roster",
                    count(diff.rows, "row")
                ),
                &removed.to_string(),
                &format!("if that is right, say so with `--expect-removed {removed}`"),
            );
        }
        let touched = diff.touched();
        confirm(
            self.yes || self.expect.is_some(),
            &format!(
                "{} come, change or go; {} suppressed",
                count(touched, "row"),
                count(diff.suppressions(), "address")
            ),
            &touched.to_string(),
            &format!("agree with `--yes`, or with `--expect {touched}`"),
        )
    }

    fn done(&self, app: &App, diff: &ImportDiff, written: bool) -> Exit {
        if app.output.is_json() {
            let mut answer = value(diff);
            answer["file"] = self.file.display().to_string().into();
            answer["written"] = written.into();
            app.output.json(&answer);
        } else if written {
            app.output.line("done");
        } else {
            app.output.line("nothing was written");
        }
        Exit::Done
    }
}

/// `+120 new, 4 changed, 3 suppressed kept out, 2 duplicates, 1 invalid (line 87)`.
fn summary(diff: &ImportDiff) -> String {
    let mut parts = vec![format!("+{} new", diff.new)];
    if diff.not_active > 0 {
        parts.push(format!("{} of them not active", diff.not_active));
    }
    parts.push(format!("{} changed", diff.changed));
    if diff.removed > 0 {
        parts.push(format!("{} removed", diff.removed));
    }
    for (reason, number) in &diff.suppressed {
        parts.push(format!("{number} to be suppressed ({})", reason.as_str()));
    }
    parts.push(format!("{} suppressed kept out", diff.kept_out));
    parts.push(count(diff.duplicates, "duplicate"));
    let lines: Vec<String> = diff.invalid_lines.iter().map(u64::to_string).collect();
    parts.push(match lines.as_slice() {
        [] => "0 invalid".to_owned(),
        [line] => format!("1 invalid (line {line})"),
        lines => {
            let more = if diff.invalid > lines.len() as u64 {
                " ..."
            } else {
                ""
            };
            format!(
                "{} invalid (lines {}{more})",
                diff.invalid,
                lines.join(", ")
            )
        }
    });
    parts.join(", ")
}

fn value(diff: &ImportDiff) -> Value {
    let suppressed = diff.suppressed.iter();
    let suppressed: serde_json::Map<String, Value> = suppressed
        .map(|(reason, number)| (reason.as_str().to_owned(), (*number).into()))
        .collect();
    let kept_out = diff.kept_out_examples.iter();
    json!({
        "sha256": diff.sha256, "delimiter": diff.delimiter, "left_out": diff.left_out, "new": diff.new,
        "not_active": diff.not_active, "changed": diff.changed, "unchanged": diff.unchanged,
        "removed": diff.removed, "suppressed": suppressed, "kept_out": diff.kept_out,
        "kept_out_examples": kept_out.map(|(address, reason)| json!({ "address": address, "reason": reason.as_str() }))
            .collect::<Vec<_>>(),
        "duplicates": diff.duplicates, "invalid": diff.invalid, "invalid_lines": diff.invalid_lines,
        "rows": diff.rows, "touched": diff.touched(),
    })
}
