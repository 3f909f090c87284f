//! A Markdown file -> one file for `issues/`.

use chrono::{DateTime, Utc};
use jiff::civil::Date;

use super::TakenNames;
use super::foreign::{Adapted, adapt, unused_warning};
use super::plan::{ImportPlan, ImportedIssue, taken};
use crate::diagnostic::{Diagnostic, Severity, SourceText};
use crate::essay::{
    FrontMatter, Located, NewFrontMatter, WrittenInstant, interpret_entries, issue_text_with_notes,
    parse_essay, read_any_front_matter, set_id,
};
use crate::issue::{DatingRules, Images, Issue, IssueId, Slug, first_heading, leading_date};

/// One issue of one Markdown file, with or without front matter.
///
/// A file whose keys are ours stays as it is and only gets an `id`. Front matter of other
/// programs is written anew as TOML: their `date` dates the issue, their `guid` or `id` stays
/// the entry's id in feeds, and what has no place with us is kept as comments. The date comes
/// from the front matter, else from the file's name (`file_stem`, without `.md`), else it is
/// `fallback_date`.
pub fn from_markdown_file(
    source: &SourceText,
    file_stem: &str,
    fallback_date: Option<Date>,
    rules: &DatingRules,
    names: &mut TakenNames,
    new_id: &mut dyn FnMut() -> [u8; 16],
) -> Result<ImportPlan, Vec<Diagnostic>> {
    let draft = Draft::read(source)?;
    let title = draft.title(source)?;
    let stem = Stem::read(file_stem);
    let (date, send_at) = draft
        .date(rules)
        .or_else(|| stem.date.or(fallback_date).map(|date| (date, None)))
        .ok_or_else(|| vec![no_date(source)])?;
    let id = match &draft.front.id {
        Some(id) => id.value.clone(),
        None => IssueId::from_bytes(new_id()),
    };
    let text = if draft.adapted.is_foreign {
        draft.rewritten(source, &id, &title, send_at, rules)
    } else {
        set_id(source, &id).map_err(|problem| vec![problem])?
    };

    let wanted = draft.wanted_slug(source, &stem, &title, names)?;
    let (slug, file_name) = draft.take_names(date, &wanted, names);
    let mut warnings = draft.warnings;
    warnings.extend(unused_warning(source, &draft.adapted.unused));
    if slug != wanted {
        warnings.push(taken(&wanted, &slug));
    }
    check(&file_name, &text, rules)?;
    let issue = ImportedIssue {
        file_name,
        text,
        title: title.text,
        date,
        slug,
        id,
    };
    Ok(ImportPlan {
        issues: vec![issue],
        warnings,
    })
}

/// A file's name: its date if it begins with one, and the rest.
struct Stem<'a> {
    date: Option<Date>,
    name: &'a str,
}

impl<'a> Stem<'a> {
    fn read(stem: &'a str) -> Self {
        let written = leading_date(stem).unwrap_or_default();
        Self {
            date: written.parse().ok(),
            name: stem[written.len()..].trim_start_matches('-'),
        }
    }
}

/// A title, and the Markdown without the heading that it was taken from.
struct Title {
    text: String,
    markdown: String,
}

/// What a file says about itself.
struct Draft {
    adapted: Adapted,
    front: FrontMatter,
    markdown: String,
    warnings: Vec<Diagnostic>,
}

impl Draft {
    fn read(source: &SourceText) -> Result<Self, Vec<Diagnostic>> {
        let any = read_any_front_matter(source)?;
        let adapted = adapt(source, &any);
        let (front, problems) = interpret_entries(source, any.format, &adapted.entries);
        if problems.iter().any(is_error) {
            return Err(problems);
        }
        Ok(Self {
            adapted,
            front,
            markdown: source.text[any.markdown_start..].to_owned(),
            warnings: problems,
        })
    }

    fn title(&self, source: &SourceText) -> Result<Title, Vec<Diagnostic>> {
        if let Some(title) = &self.front.title {
            return Ok(Title {
                text: title.value.clone(),
                markdown: self.markdown.clone(),
            });
        }
        let Some((heading, range)) = first_heading(&self.markdown) else {
            return Err(vec![
                Diagnostic::error(format!("`{}` has no title", source.name)).hint(
                    "begin it with a line `# The title`, or write `title` into its front matter",
                ),
            ]);
        };
        let mut markdown = self.markdown.clone();
        markdown.replace_range(range, "");
        Ok(Title {
            text: heading.split_whitespace().collect::<Vec<_>>().join(" "),
            markdown,
        })
    }

    /// The day in the publication's time zone, and the instant if the file says the time of day.
    fn date(&self, rules: &DatingRules) -> Option<(Date, Option<DateTime<Utc>>)> {
        let written = match &self.front.send_at {
            Some(send_at) => send_at.value,
            None => self.adapted.date?,
        };
        // Programs write midnight where their author gave no time.
        let bare = match written {
            WrittenInstant::Date(date) => Some(date),
            WrittenInstant::Local(local) => {
                (local.time() == jiff::civil::Time::midnight()).then(|| local.date())
            }
            WrittenInstant::Offset(instant) => (instant.timestamp() % 86_400 == 0)
                .then(|| instant.format("%Y-%m-%d").to_string().parse().ok())
                .flatten(),
        };
        if let (Some(date), None) = (bare, &self.front.send_at) {
            return Some((date, None));
        }
        let instant = rules.read(written)?;
        Some((rules.day(instant)?, Some(instant)))
    }

    fn wanted_slug(
        &self,
        source: &SourceText,
        stem: &Stem<'_>,
        title: &Title,
        names: &TakenNames,
    ) -> Result<Slug, Vec<Diagnostic>> {
        match &self.front.slug {
            Some(slug) if names.has_slug(&slug.value) => Err(vec![slug_taken(source, slug)]),
            Some(slug) => Ok(slug.value.clone()),
            None if stem.name.is_empty() || stem.name == "index" => {
                Ok(Slug::from_title(&title.text))
            }
            None => Ok(Slug::parse(stem.name).unwrap_or_else(|| Slug::from_title(stem.name))),
        }
    }

    /// The slug and the file name, which with the aliases are taken from now on. A slug of the
    /// front matter stays, whatever number the file's name gets.
    fn take_names(&self, date: Date, wanted: &Slug, names: &mut TakenNames) -> (Slug, String) {
        let (free, file_name) = names.take(date, wanted);
        let slug = match &self.front.slug {
            Some(slug) => slug.value.clone(),
            None => free,
        };
        names.take_slug(slug.clone());
        for alias in &self.front.aliases {
            names.take_slug(alias.value.clone());
        }
        (slug, file_name)
    }

    /// The file with front matter of ours.
    fn rewritten(
        &self,
        source: &SourceText,
        id: &IssueId,
        title: &Title,
        send_at: Option<DateTime<Utc>>,
        rules: &DatingRules,
    ) -> String {
        let front = &self.front;
        let text = |located: &Option<Located<String>>| located.as_ref().map(|l| l.value.clone());
        let texts = |located: &[Located<String>]| located.iter().map(|l| l.value.clone()).collect();
        let new = NewFrontMatter {
            subject: text(&front.subject),
            summary: text(&front.summary),
            slug: front.slug.as_ref().map(|slug| slug.value.clone()),
            send_at,
            updated: (front.updated.as_ref()).and_then(|updated| rules.read(updated.value)),
            tags: texts(&front.tags),
            audience: texts(&front.audience),
            draft: front.draft.as_ref().is_some_and(|draft| draft.value),
            mail: front
                .mail
                .as_ref()
                .map(|mail| mail.value)
                .unwrap_or_default(),
            aliases: front
                .aliases
                .iter()
                .map(|alias| alias.value.clone())
                .collect(),
            feed_id: text(&front.feed_id),
            parent: front.parent.as_ref().map(|parent| parent.value.clone()),
            cover: text(&front.cover),
            images: (front.images.as_ref()).map_or(Images::Linked, |images| images.value),
            language: text(&front.language),
            author: text(&front.author),
            ..NewFrontMatter::new(id.clone(), title.text.as_str())
        };
        let notes = match self.adapted.notes.as_str() {
            "" => String::new(),
            notes => format!("# kept from `{}`:\n{notes}", source.name),
        };
        issue_text_with_notes(&new, &notes, &title.markdown)
    }
}

fn is_error(problem: &Diagnostic) -> bool {
    problem.severity() == Severity::Error
}

fn no_date(source: &SourceText) -> Diagnostic {
    Diagnostic::error(format!("`{}` has no date", source.name))
        .hint("give one with `--first 2026-12-01`, or write `send_at` into its front matter")
}

fn slug_taken(source: &SourceText, slug: &Located<Slug>) -> Diagnostic {
    Diagnostic::error(format!("the slug `{}` is taken", slug.value))
        .at(source, slug.range.clone())
        .hint("give the essay another `slug`, if it was not imported before")
}

/// Reads the new file as `build` will, so that nothing is written that is refused later.
fn check(file_name: &str, text: &str, rules: &DatingRules) -> Result<(), Vec<Diagnostic>> {
    let written = SourceText::new(file_name, text);
    let essay = parse_essay(&written)?.essay;
    Issue::from_essay(&essay, file_name.trim_end_matches(".md"), rules).map(|_| ())
}
