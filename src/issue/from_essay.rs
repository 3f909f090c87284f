//! [`Essay`] + file name -> [`Issue`].

use chrono::{DateTime, Utc};
use jiff::civil;

use super::dating::{Dated, DatingRules};
use super::heading::{blanked, first_heading};
use super::{Issue, IssueId, Slug};
use crate::diagnostic::Diagnostic;
use crate::essay::{Essay, Located, Mailing, WrittenInstant, YEARS, check_line};

/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 250;

/// An issue, and what its author should know about it.
#[derive(Debug, Clone)]
pub struct IssueAndWarnings {
    /// The issue.
    pub issue: Issue,
    /// Problems that the work survives.
    pub warnings: Vec<Diagnostic>,
}

impl Issue {
    /// Gives an essay its date and identity.
    ///
    /// `file_stem` is the file's name without `.md`, or the folder's name: `2026-12-01-why-write`.
    /// The date comes from there at the publication's `send_time`, unless the front matter has
    /// `send_at`. The slug comes from the front matter, else from the stem, else from the title;
    /// the title from the front matter, else from the first `# heading`, which then leaves the
    /// body.
    ///
    /// On error the list holds every problem.
    pub fn from_essay(
        essay: &Essay,
        file_stem: &str,
        rules: &DatingRules,
    ) -> Result<IssueAndWarnings, Vec<Diagnostic>> {
        let mut builder = Builder {
            essay,
            rules,
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        let (stem_date, stem_name) = builder.split_stem(file_stem);
        let id = builder.id();
        let titled = builder.title();
        let published = builder.published(file_stem, stem_date);
        let updated = builder.updated();
        match (id, titled, published) {
            (Some(id), Some(titled), Some((published, date))) if builder.errors.is_empty() => {
                let slug = builder.slug(stem_name, &titled.title);
                Ok(IssueAndWarnings {
                    issue: assemble(essay, id, slug, titled, (published, date), updated),
                    warnings: builder.warnings,
                })
            }
            _ => Err([builder.errors, builder.warnings].concat()),
        }
    }
}

/// A title and subject, and the body without the heading they came from.
struct Titled {
    title: String,
    subject: String,
    markdown: String,
}

fn assemble(
    essay: &Essay,
    id: IssueId,
    slug: Slug,
    titled: Titled,
    (published, date): (DateTime<Utc>, civil::Date),
    updated: Option<DateTime<Utc>>,
) -> Issue {
    let front = &essay.front;
    let values = |located: &[Located<String>]| located.iter().map(|l| l.value.clone()).collect();
    Issue {
        id,
        slug,
        title: titled.title,
        subject: titled.subject,
        summary: value(front.summary.as_ref()),
        published,
        date,
        updated,
        tags: values(&front.tags),
        audience: values(&front.audience),
        draft: value(front.draft.as_ref()).unwrap_or(false),
        mail: value(front.mail.as_ref()) != Some(Mailing::Nothing),
        mail_excerpt: front
            .mail
            .as_ref()
            .filter(|mail| mail.value == Mailing::Excerpt)
            .map(|mail| mail.range.clone()),
        aliases: front
            .aliases
            .iter()
            .map(|alias| alias.value.clone())
            .collect(),
        feed_id: value(front.feed_id.as_ref()),
        parent: value(front.parent.as_ref()),
        cover: value(front.cover.as_ref()),
        images: value(front.images.as_ref()).unwrap_or_default(),
        language: value(front.language.as_ref()),
        author: value(front.author.as_ref()),
        markdown: titled.markdown,
        source: essay.source.clone(),
        markdown_start: essay.markdown_start,
    }
}

fn value<T: Clone>(located: Option<&Located<T>>) -> Option<T> {
    located.map(|located| located.value.clone())
}

struct Builder<'a> {
    essay: &'a Essay,
    rules: &'a DatingRules,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn id(&mut self) -> Option<IssueId> {
        let id = value(self.essay.front.id.as_ref());
        if id.is_none() {
            let name = &self.essay.source.name;
            self.errors.push(
                Diagnostic::error(format!("`{name}` has no `id`"))
                    .hint("run `postrider check --fix`, which writes one"),
            );
        }
        id
    }

    /// The title, the subject, and the body without the heading that became the title.
    fn title(&mut self) -> Option<Titled> {
        let essay = self.essay;
        let (title, place, markdown) = if let Some(title) = &essay.front.title {
            (
                title.value.clone(),
                title.range.clone(),
                essay.markdown.clone(),
            )
        } else if let Some((heading, range)) = first_heading(&essay.markdown) {
            let start = essay.markdown_start;
            let place = start + range.start..start + range.end;
            let line = heading.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Err(bad) = check_line(&line, 500) {
                let problem = Diagnostic::error(format!("the title {bad}"));
                self.errors
                    .push(problem.at(&essay.source, place).hint(bad.hint()));
                return None;
            }
            (line, place, blanked(&essay.markdown, range))
        } else {
            let problem = Diagnostic::error(format!("`{}` has no title", essay.source.name));
            self.errors.push(problem.hint(
                "write `title = \"...\"` into the front matter, or begin the essay with \
                 `# The title`",
            ));
            return None;
        };
        let subject = value(essay.front.subject.as_ref()).unwrap_or_else(|| title.clone());
        let length = subject.chars().count();
        if length > LONGEST_SUBJECT {
            self.errors.push(
                Diagnostic::error(format!(
                    "the title is the subject of the mail and has {length} characters, the limit \
                     is {LONGEST_SUBJECT}"
                ))
                .at(&essay.source, place)
                .hint("write a short `subject` into the front matter"),
            );
            return None;
        }
        Some(Titled {
            title,
            subject,
            markdown,
        })
    }

    fn slug(&mut self, stem_name: &str, title: &str) -> Slug {
        if let Some(slug) = &self.essay.front.slug {
            return slug.value.clone();
        }
        if stem_name.is_empty() {
            return Slug::from_title(title);
        }
        Slug::parse(stem_name).unwrap_or_else(|| {
            let slug = Slug::from_title(stem_name);
            self.warnings.push(
                Diagnostic::warning(format!(
                    "`{stem_name}` cannot stand in an address; `{}` gets the slug `{slug}`",
                    self.essay.source.name
                ))
                .hint(format!("rename the file or write `slug = \"{slug}\"`")),
            );
            slug
        })
    }

    /// The date at the beginning of a file's name, and the rest without the dash between them.
    fn split_stem<'s>(&mut self, stem: &'s str) -> (Option<civil::Date>, &'s str) {
        let Some(written) = leading_date(stem) else {
            return (None, stem);
        };
        let rest = stem[written.len()..].trim_start_matches('-');
        match written.parse::<civil::Date>() {
            Ok(date) if YEARS.contains(&date.year()) => (Some(date), rest),
            _ => {
                let name = &self.essay.source.name;
                let problem = Diagnostic::error(format!(
                    "the name of `{name}` begins with `{written}`, which is not a day from 2000 to 2100"
                ));
                self.errors
                    .push(problem.hint("rename the file, for example `2026-12-01-why-write.md`"));
                (None, rest)
            }
        }
    }

    fn published(
        &mut self,
        stem: &str,
        stem_date: Option<civil::Date>,
    ) -> Option<(DateTime<Utc>, civil::Date)> {
        let send_at = self.essay.front.send_at.as_ref();
        let dated = match (send_at, stem_date) {
            (Some(send_at), _) => self.dated(send_at),
            (None, Some(date)) => {
                let dated = self.rules.at_send_time(date);
                if let Some((from, to)) = dated.and_then(|dated| dated.shifted()) {
                    let name = &self.essay.source.name;
                    self.warnings
                        .push(shift_warning(&format!("the date of `{name}`"), from, to));
                }
                dated
            }
            (None, None) => {
                // A date that is no day has been reported already.
                if leading_date(stem).is_none() {
                    let name = &self.essay.source.name;
                    let problem = Diagnostic::error(format!("`{name}` has no date"));
                    self.errors.push(problem.hint(
                        "begin the file's name with the date, for example \
                         `2026-12-01-why-write.md`, or write `send_at` into the front matter",
                    ));
                }
                return None;
            }
        };
        let found = dated.and_then(|dated| Some((dated.instant, self.rules.day(dated.instant)?)));
        if found.is_none() {
            let name = &self.essay.source.name;
            self.errors.push(Diagnostic::error(format!(
                "the date of `{name}` does not exist in the publication's time zone"
            )));
        }
        found
    }

    fn updated(&mut self) -> Option<DateTime<Utc>> {
        let updated = self.essay.front.updated.as_ref()?;
        self.dated(updated).map(|dated| dated.instant)
    }

    fn dated(&mut self, written: &'a Located<WrittenInstant>) -> Option<Dated> {
        let dated = self.rules.instant(written.value);
        if let Some((from, to)) = dated.and_then(|dated| dated.shifted()) {
            self.warnings.push(
                shift_warning("this time", from, to).at(&self.essay.source, written.range.clone()),
            );
        }
        dated
    }
}

fn shift_warning(what: &str, from: civil::DateTime, to: civil::DateTime) -> Diagnostic {
    Diagnostic::warning(format!(
        "{what} falls into a clock change: {} does not exist that day, {} counts",
        from.strftime("%H:%M"),
        to.strftime("%H:%M"),
    ))
}

/// The first ten characters if they have the shape of a date.
pub(crate) fn leading_date(stem: &str) -> Option<&str> {
    let written = stem.get(..10)?;
    let shape = written.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let ends = stem[10..].is_empty() || stem[10..].starts_with('-');
    (shape && ends).then_some(written)
}
