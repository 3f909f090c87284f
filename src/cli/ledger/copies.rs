//! `ledger export` and `ledger backup`: the ledger outside of its folder.

use std::path::PathBuf;

use serde_json::json;

use super::super::output::count;
use super::super::{App, CommandResult, Exit};
use crate::publish::{ExportForm, back_up, export_to, export_to_file};

/// Arguments of `ledger export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// File, slug, id or the beginning of one [default: every issue]
    issue: Option<String>,
    /// Write to this file, in one step and durably, instead of to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave cells as they are, also those that a spreadsheet takes for formulas
    #[arg(long)]
    raw: bool,
}

/// Arguments of `ledger backup`.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The copy; the key goes beside it, as FILE.key
    file: PathBuf,
    /// Replace an earlier copy
    #[arg(long)]
    replace: bool,
}

impl Export {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let issue = self.issue.as_deref();
        let csv = if self.raw {
            ExportForm::RawCsv
        } else {
            ExportForm::Csv
        };
        let Some(file) = &self.out else {
            let form = if app.output.is_json() {
                ExportForm::Json
            } else {
                csv
            };
            let exported = app
                .output
                .stream(|out| export_to(&publication, issue, form, out))?;
            app.output.warnings(&exported.warnings);
            return Ok(Exit::Done);
        };
        let exported = export_to_file(&publication, issue, csv, file)?;
        app.output.warnings(&exported.warnings);
        if app.output.is_json() {
            app.output
                .json(&json!({ "file": file, "rows": exported.rows }));
        } else {
            app.output.line(&format!(
                "{} in {}",
                count(exported.rows, "delivery"),
                file.display()
            ));
        }
        Ok(Exit::Done)
    }
}

impl Backup {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let made = back_up(&app.publication()?, &self.file, self.replace)?;
        if app.output.is_json() {
            app.output.json(&json!({
                "file": self.file, "key": made.key, "bytes": made.bytes, "deliveries": made.deliveries, "replaced": made.replaced,
            }));
            return Ok(Exit::Done);
        }
        let verb = if made.replaced {
            "replaced by a copy"
        } else {
            "a copy"
        };
        app.output.line(&format!(
            "{}: {verb} with {} ({} bytes), read back and whole",
            self.file.display(),
            count(made.deliveries, "delivery"),
            made.bytes
        ));
        match &made.key {
            Some(key) => app.output.line(&format!(
                "{}: the key; keep both where nobody else can read them",
                key.display()
            )),
            None => app.output.note("there is no key yet"),
        }
        Ok(Exit::Done)
    }
}
