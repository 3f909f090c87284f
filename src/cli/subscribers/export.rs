//! `subscribers export`: the roster as a file for elsewhere.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::output::count;
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{Office, export_roster, export_roster_to_file};

/// Arguments of `subscribers export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Write this file, and FILE.sha256 beside it, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave cells as they are that a spreadsheet would run as formulas
    #[arg(long)]
    raw: bool,
}

impl Export {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let Some(path) = &self.out else {
            if app.output.is_json() {
                return Err(Diagnostic::error("the export is CSV, not JSON")
                    .hint("give it a file with `--out FILE`, or use `subscribers list --json`")
                    .into());
            }
            app.output
                .stream(|out| export_roster(&mut office, out, self.raw))?;
            return Ok(Exit::Done);
        };
        if crate::fs::is_same_file(path, &app.folder.join("subscribers.csv")) {
            return Err(Diagnostic::error("this would write over the roster itself")
                .hint("give the export another name")
                .into());
        }
        let exported = export_roster_to_file(&mut office, path, self.raw)?;
        let file = path.display().to_string();
        if app.output.is_json() {
            app.output.json(&json!({
                "file": file, "rows": exported.rows, "sign_ups": exported.sign_ups, "sha256": exported.sha256,
            }));
            return Ok(Exit::Done);
        }
        app.output.line(&format!(
            "{} in `{file}`; its SHA-256 is in `{file}.sha256`",
            count(exported.rows, "subscriber")
        ));
        Ok(Exit::Done)
    }
}
