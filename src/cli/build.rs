//! `build`: the archive and the feeds.

use std::path::PathBuf;

use serde_json::json;

use super::output::count;
use super::{App, CommandResult, Exit};
use crate::publish;

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
pub(super) struct Build {
    /// Where the files go [default: public/ in the publication's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Build {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let found = publication.issues()?;
        app.output.warnings(&found.warnings);
        let out = self
            .out
            .clone()
            .unwrap_or_else(|| publication.folder.join("public"));
        let report = publish::build(&publication, &found.issues, app.clock.now(), &out)?;
        app.output.warnings(&report.warnings);
        if app.output.is_json() {
            app.output.json(&json!({
                "out": out, "public": report.public, "future": report.future, "drafts": report.drafts,
                "written": report.written, "unchanged": report.unchanged, "removed": report.removed,
            }));
            return Ok(Exit::Done);
        }
        app.output.line(&format!(
            "{} in {}: {} written, {} unchanged, {} removed",
            count(report.public as u64, "issue"),
            out.display(),
            count(report.written as u64, "file"),
            report.unchanged,
            report.removed,
        ));
        if report.future + report.drafts > 0 {
            let waiting = format!(
                "not public yet: {} with a later date, {}",
                report.future,
                count(report.drafts as u64, "draft")
            );
            app.output.note(&waiting);
        }
        Ok(Exit::Done)
    }
}
