//! `build`: the archive and the feeds.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::output::count;
use super::{App, CommandResult, Exit};
use crate::publish::{self, BuildReport};

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
        // A folder of one's own is a look at the pages; readers have the other.
        let announcing = match self.out {
            None => publish::announce(&publication, &report),
            Some(_) => None,
        };
        app.output.warnings(&report.warnings);
        Self::show(app, &out, &report);
        if let Some(announcing) = announcing {
            app.output.warnings(&announcing.finish());
        }
        Ok(Exit::Done)
    }

    fn show(app: &App, out: &Path, report: &BuildReport) {
        if app.output.is_json() {
            app.output.json(&json!({
                "out": out, "public": report.public, "future": report.future, "drafts": report.drafts,
                "written": report.written, "unchanged": report.unchanged, "removed": report.removed,
            }));
            return;
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
    }
}
