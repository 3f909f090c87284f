//! Essays of a plain text -> files for `issues/`.

use jiff::civil::Date;

use super::lines::clean;
use super::markdown::from_plain_text;
use super::title_shape::{is_credit, words};
use super::{PlainEssay, Schedule, TakenNames};
use crate::diagnostic::Diagnostic;
use crate::essay::{NewFrontMatter, check_line, new_issue_text};
use crate::issue::{IssueId, Slug};

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedIssue {
    /// Name inside `issues/`: `2026-12-01-why-write.md`.
    pub file_name: String,
    /// The whole file.
    pub text: String,
    /// Title.
    pub title: String,
    /// Date in the publication's time zone.
    pub date: Date,
    /// Name in addresses; free in the publication and among the imported ones.
    pub slug: Slug,
    /// Identity.
    pub id: IssueId,
}

/// What an import would write, and what its author should know.
#[derive(Debug, Clone)]
pub struct ImportPlan {
    /// The files, in order.
    pub issues: Vec<ImportedIssue>,
    /// Problems that the work survives.
    pub warnings: Vec<Diagnostic>,
}

/// Longest title: it is the subject of the mail too.
const LONGEST_TITLE: usize = 250;

/// One file per essay: Markdown with the essay's words, dated by the schedule, named so that
/// nothing is overwritten and no slug is taken twice. `new_id` gives 16 random bytes per call.
pub fn plan_import(
    essays: &[PlainEssay],
    schedule: Schedule,
    names: &mut TakenNames,
    new_id: &mut dyn FnMut() -> [u8; 16],
) -> Result<ImportPlan, Vec<Diagnostic>> {
    let dates = schedule
        .dates(essays.len())
        .map_err(|problem| vec![problem])?;
    let mut issues = Vec::with_capacity(essays.len());
    let mut warnings = Vec::new();
    let mut errors = Vec::new();
    for (essay, date) in essays.iter().zip(dates) {
        let title = match check_line(&essay.title, LONGEST_TITLE) {
            Ok(title) => title.to_owned(),
            Err(bad) => {
                let line = essay.first_line;
                errors.push(
                    Diagnostic::error(format!("the title on line {line} {bad}")).hint(bad.hint()),
                );
                continue;
            }
        };
        let wanted = Slug::from_title(&title);
        let (slug, file_name) = names.take(date, &wanted);
        if slug != wanted {
            warnings.push(taken(&wanted, &slug));
        }
        warnings.extend(leftover(&essay.text, &file_name));
        let id = IssueId::from_bytes(new_id());
        let front = NewFrontMatter::new(id.clone(), title.as_str());
        issues.push(ImportedIssue {
            text: new_issue_text(&front, &from_plain_text(&essay.text)),
            file_name,
            title,
            date,
            slug,
            id,
        });
    }
    if errors.is_empty() {
        Ok(ImportPlan { issues, warnings })
    } else {
        Err(errors)
    }
}

pub(super) fn taken(wanted: &Slug, slug: &Slug) -> Diagnostic {
    Diagnostic::warning(format!(
        "the name `{wanted}` is taken, so this issue is called `{slug}`"
    ))
    .hint("an essay that was imported before would reach its readers twice; delete the copy then")
}

/// A last line such as `Image by`: the rest of a caption whose picture did not come along.
fn leftover(text: &str, file_name: &str) -> Option<Diagnostic> {
    let last = clean(text.trim_end().lines().next_back()?);
    (words(&last) <= 3 && is_credit(&last)).then(|| {
        Diagnostic::warning(format!(
            "`{file_name}` ends with `{last}`, which looks like the rest of a caption"
        ))
        .hint("delete the line from the issue unless it belongs there")
    })
}
