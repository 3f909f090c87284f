//! `import`: essays from elsewhere become dated issues.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::new::today;
use super::output::count;
use super::{App, CommandResult, Exit};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::fs;
use crate::import::{
    Confidence, ImportPlan, Interval, Proposal, Schedule, TakenNames, from_markdown_file,
    plan_import, propose, split_at_titles,
};
use crate::publish::{Publication, Stop};

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// Plain text with one or many essays, or Markdown files (.md) with one each
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A file with the title of each essay on a line of its own, in their order
    #[arg(long, value_name = "FILE")]
    titles: Option<PathBuf>,
    /// The title of an essay; repeat it for each, in their order
    #[arg(long = "title", value_name = "TITLE", conflicts_with = "titles")]
    title: Vec<String>,
    /// Date of the first issue, such as 2026-12-01 [default: today]
    #[arg(long, value_name = "DATE")]
    first: Option<jiff::civil::Date>,
    /// Time between two issues: 1d, 2w, 1month
    #[arg(long, value_name = "INTERVAL", default_value = "1w")]
    every: String,
    /// Show the issues and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let titles = self.titles()?;
        let mut schedule = Schedule {
            first: match self.first {
                Some(date) => date,
                None => today(app, &publication)?,
            },
            every: Interval::parse(&self.every)?,
        };
        let mut names = taken_names(&publication)?;
        let mut plan = ImportPlan {
            issues: Vec::new(),
            warnings: Vec::new(),
        };
        for file in &self.files {
            let source = read(file)?;
            let made = if is_markdown(file) {
                plan_markdown(&publication, &source, file, schedule.first, &mut names)?
            } else if titles.is_empty() {
                propose_titles(app, file, &source)?;
                return Ok(Exit::Done);
            } else {
                plan_plain(&source, &titles, schedule, &mut names)?
            };
            // The next file goes on where this one ended.
            let next = schedule.dates(made.issues.len() + 1)?;
            schedule.first = next.last().copied().unwrap_or(schedule.first);
            plan.issues.extend(made.issues);
            plan.warnings.extend(made.warnings);
        }
        app.output.warnings(&plan.warnings);
        if !self.dry_run {
            write_all(&publication, &plan)?;
        }
        self.show(app, &plan);
        Ok(Exit::Done)
    }

    fn titles(&self) -> Result<Vec<String>, Stop> {
        let Some(file) = &self.titles else {
            return Ok(self.title.clone());
        };
        let source = read(file)?;
        let lines = source
            .text
            .trim_start_matches('\u{FEFF}')
            .lines()
            .map(str::trim);
        let titles: Vec<String> = lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        if titles.is_empty() {
            let problem = Diagnostic::error(format!("`{}` holds no title", file.display()));
            return Err(problem
                .hint("write the title of each essay on a line of its own")
                .into());
        }
        Ok(titles)
    }

    fn show(&self, app: &App, plan: &ImportPlan) {
        if app.output.is_json() {
            let issues = plan.issues.iter().map(|issue| {
                json!({ "file": format!("issues/{}", issue.file_name), "title": issue.title, "slug": issue.slug.as_str(),
                    "date": issue.date.to_string(), "issue": issue.id.as_str(), "text": issue.text })
            });
            app.output
                .json(&json!({ "written": !self.dry_run, "issues": issues.collect::<Vec<_>>() }));
            return;
        }
        if self.dry_run {
            for issue in &plan.issues {
                app.output.line(&format!(
                    "==> issues/{} <==\n{}",
                    issue.file_name, issue.text
                ));
            }
        }
        let rows = plan.issues.iter().map(|issue| {
            vec![
                issue.date.to_string(),
                format!("issues/{}", issue.file_name),
                issue.title.clone(),
            ]
        });
        app.output.table(&["date", "<file", "<title"], rows);
        let number = count(plan.issues.len() as u64, "issue");
        if self.dry_run {
            app.output
                .note(&format!("{number} would be written; nothing was"));
        } else {
            app.output.note(&format!("{number} written; look at one with an editor, then `postrider check` and `postrider build`"));
        }
    }
}

fn is_markdown(file: &Path) -> bool {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    matches!(extension.to_ascii_lowercase().as_str(), "md" | "markdown")
}

/// Files to import are named from where the author stands, not from the publication's folder.
fn read(file: &Path) -> Result<SourceText, Diagnostic> {
    fs::read_text(file, &file.display().to_string())
}

fn taken_names(publication: &Publication) -> Result<TakenNames, Stop> {
    let issues = publication.issues()?.issues;
    let slugs = issues
        .iter()
        .flat_map(|issue| issue.aliases.iter().chain([&issue.slug]))
        .cloned();
    let entries = std::fs::read_dir(publication.folder.join("issues"));
    let files: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    Ok(TakenNames::new(slugs, files.iter().map(String::as_str)))
}

fn plan_plain(
    source: &SourceText,
    titles: &[String],
    schedule: Schedule,
    names: &mut TakenNames,
) -> Result<ImportPlan, Stop> {
    let essays = split_at_titles(source, titles).map_err(Stop::Failed)?;
    let mut ids = Ids::fetch(essays.len())?;
    plan_import(&essays, schedule, names, &mut || ids.next()).map_err(Stop::Failed)
}

fn plan_markdown(
    publication: &Publication,
    source: &SourceText,
    file: &Path,
    date: jiff::civil::Date,
    names: &mut TakenNames,
) -> Result<ImportPlan, Stop> {
    let stem = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut ids = Ids::fetch(1)?;
    from_markdown_file(
        source,
        &stem,
        Some(date),
        &publication.dating_rules(),
        names,
        &mut || ids.next(),
    )
    .map_err(Stop::Failed)
}

/// Randomness fetched before it is needed, because the core can neither fetch it nor fail at it.
struct Ids(Vec<[u8; 16]>);

impl Ids {
    fn fetch(number: usize) -> Result<Self, Diagnostic> {
        let mut ids = vec![[0_u8; 16]; number.max(1)];
        for id in &mut ids {
            crate::publish::fill_random(id)?;
        }
        Ok(Self(ids))
    }

    fn next(&mut self) -> [u8; 16] {
        self.0.pop().unwrap_or_default()
    }
}

/// All files or none: what was written before a failure is taken back.
fn write_all(publication: &Publication, plan: &ImportPlan) -> Result<(), Stop> {
    let mut written: Vec<PathBuf> = Vec::new();
    for issue in &plan.issues {
        let path = publication.folder.join("issues").join(&issue.file_name);
        if let Err(error) = fs::write_new(&path, issue.text.as_bytes()) {
            for path in &written {
                let _ = std::fs::remove_file(path);
            }
            let problem = Diagnostic::error(format!("cannot write `issues/{}`", issue.file_name))
                .cause(error);
            return Err(problem.hint("nothing was imported").into());
        }
        written.push(path);
    }
    Ok(())
}

/// Nobody has said where the essays begin: shows where they may, writes nothing, says how to go on.
fn propose_titles(app: &App, file: &Path, source: &SourceText) -> Result<(), Stop> {
    let proposals = propose(source);
    if proposals.is_empty() {
        let problem = Diagnostic::error(format!(
            "no line of `{}` looks like a title",
            file.display()
        ));
        return Err(problem
            .hint("give the title of a single essay with `--title TITLE`, those of many with `--titles FILE`")
            .into());
    }
    let word = |proposal: &Proposal| match proposal.confidence {
        Confidence::Certain => "certain",
        Confidence::Possible => "possible",
    };
    if app.output.is_json() {
        let rows = proposals.iter().map(|proposal| {
            json!({ "line": proposal.line, "title": proposal.title, "confidence": word(proposal), "reason": proposal.reason })
        });
        app.output
            .json(&json!({ "written": false, "proposals": rows.collect::<Vec<_>>() }));
    } else {
        let rows = proposals.iter().map(|proposal| {
            vec![
                proposal.line.to_string(),
                word(proposal).to_owned(),
                proposal.title.clone(),
                proposal.reason.clone(),
            ]
        });
        app.output
            .table(&["#line", "sure?", "<title", "~because"], rows);
    }
    let file = file.display();
    app.output.note(&format!(
        "nothing was written. Put the true titles into a file, one on each line, and run\n\n    \
         postrider import {file} --titles titles.txt --first 2026-12-01 --every 1w\n\n\
         A single essay needs just `--title TITLE`."
    ));
    Ok(())
}
