//! `new`: a draft of an issue.

use serde_json::json;

use super::{App, CommandResult, Exit};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::essay::{NewFrontMatter, new_issue_text, parse_essay};
use crate::fs;
use crate::issue::{Issue, IssueId, Slug};
use crate::publish::{Publication, Stop, fill_random};

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// Title of the essay
    #[arg(required = true, num_args = 1..)]
    title: Vec<String>,
    /// Date of the issue, such as 2026-12-01 [default: today]
    #[arg(long, value_name = "DATE")]
    date: Option<jiff::civil::Date>,
}

impl New {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let title = self.title.join(" ").trim().to_owned();
        if title.is_empty() || title.chars().any(char::is_control) {
            return Err(
                Diagnostic::error("a title is one line of text, and not an empty one").into(),
            );
        }
        let date = match self.date {
            Some(date) => date,
            None => today(app, &publication)?,
        };
        let id = new_id()?;
        let mut front = NewFrontMatter::new(id.clone(), title.as_str());
        front.draft = true;
        let text = new_issue_text(&front, "Dear reader,\n\n");
        refuse_what_check_would(&publication, date, &text)?;
        let name = write_draft(&publication, date, &Slug::from_title(&title), &text)?;
        if app.output.is_json() {
            app.output
                .json(&json!({ "file": name, "issue": id.as_str() }));
        } else {
            app.output.line(&name);
            app.output.note(&format!(
                "it is a draft: when it is ready, take `draft = true` out, or give it its time with `postrider schedule {name} WHEN --ready`"
            ));
        }
        Ok(Exit::Done)
    }
}

/// Today in the publication's zone.
pub(super) fn today(app: &App, publication: &Publication) -> Result<jiff::civil::Date, Diagnostic> {
    jiff::Timestamp::from_millisecond(app.clock.now().timestamp_millis())
        .map(|now| now.to_zoned(publication.config.zone.clone()).date())
        .map_err(|error| Diagnostic::error("the clock shows no usable date").cause(error))
}

/// A fresh identity.
pub(super) fn new_id() -> Result<IssueId, Diagnostic> {
    let mut bytes = [0_u8; 16];
    fill_random(&mut bytes)?;
    Ok(IssueId::from_bytes(bytes))
}

/// A draft must not keep every other command from its work.
fn refuse_what_check_would(
    publication: &Publication,
    date: jiff::civil::Date,
    text: &str,
) -> Result<(), Stop> {
    let source = SourceText::new("the new issue", text);
    let parsed = parse_essay(&source).map_err(Stop::Failed)?;
    let stem = format!("{date}-draft");
    Issue::from_essay(&parsed.essay, &stem, &publication.dating_rules())
        .map(|_| ())
        .map_err(Stop::Failed)
}

fn write_draft(
    publication: &Publication,
    date: jiff::civil::Date,
    slug: &Slug,
    text: &str,
) -> Result<String, Stop> {
    let taken: Vec<Slug> = publication
        .issues()
        .map(|found| found.issues.into_iter().map(|issue| issue.slug).collect())
        .unwrap_or_default();
    let candidates =
        std::iter::once(slug.clone()).chain((2..1000).map(|number| slug.numbered(number)));
    for slug in candidates.filter(|slug| !taken.contains(slug)) {
        let name = format!("issues/{date}-{slug}.md");
        match fs::write_new(&publication.folder.join(&name), text.as_bytes()) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Diagnostic::error(format!("cannot write `{name}`"))
                    .cause(error)
                    .into());
            }
        }
    }
    Err(Diagnostic::error("there are a thousand issues of this title already").into())
}
