//! What a proofreader gets of one issue: the file as written, its Markdown read, the mail as a
//! reader gets it, and what is around it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{DateTime, Utc};

use super::reading::Reading;
use crate::diagnostic::Diagnostic;
use crate::essay::{FrontMatter, Located};
use crate::issue::{Issue, Slug};
use crate::message::MailParts;
use crate::render::Links;
use crate::render::pictures::Pictures;
use crate::words::OwnWords;

/// One issue in every form that a rule looks at.
#[derive(Debug)]
pub struct Galley<'a> {
    /// The issue.
    pub issue: &'a Issue,
    /// Its front matter, with places.
    pub front: &'a FrontMatter,
    /// Its Markdown, read.
    pub reading: &'a Reading<'a>,
    /// Whether it is still to be mailed. Rules about the mail alone look at no other issue: what
    /// was sent cannot be mended.
    pub is_to_be_mailed: bool,
    /// Whether that happens now, so that its date says nothing any more.
    pub goes_out_now: bool,
    /// The parts of one reader's mail; `None` where it cannot or need not be made.
    pub mail: Option<&'a MailParts>,
    /// Files beside the issue that its links and pictures name, by addresses as written.
    pub files: &'a BTreeMap<String, FileRead>,
    /// What is the same for all issues.
    pub around: &'a Surroundings,
}

/// A file beside an issue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileRead {
    /// Its size.
    pub bytes: u64,
    /// Width and height in pixels, of a picture that says so.
    pub pixels: Option<(u32, u32)>,
}

/// Another issue, or this one, as its neighbours see it.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// Name in addresses.
    pub slug: Slug,
    /// Path of its file.
    pub file: String,
    /// Title.
    pub title: String,
    /// Subject of its mail.
    pub subject: String,
    /// When it is public.
    pub published: DateTime<Utc>,
    /// Whether it stays hidden.
    pub draft: bool,
    /// Whether it goes or went by mail.
    pub mail: bool,
}

/// What is the same for all issues of a publication.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Absolute address of the front page, with a slash at its end.
    pub base_url: String,
    /// BCP 47 tag.
    pub language: String,
    /// What the author says otherwise, by language.
    pub own_words: OwnWords,
    /// Every issue, oldest first.
    pub issues: Vec<Neighbour>,
    /// Paths of pages below `base_url`, without a slash at the end: `issues/why-write`.
    pub pages: BTreeSet<String>,
    /// Tags of subscribers in lower case; `None` where nobody looked.
    pub subscriber_tags: Option<BTreeSet<String>>,
    /// The present.
    pub now: DateTime<Utc>,
    /// The publication's time zone.
    pub zone: jiff::tz::TimeZone,
    /// An issue later than this is held.
    pub max_lateness: std::time::Duration,
}

impl Galley<'_> {
    /// Points a problem at bytes of the essay's Markdown.
    pub(super) fn in_essay(&self, problem: Diagnostic, range: &Range<usize>) -> Diagnostic {
        let start = self.issue.markdown_start;
        problem.at(
            &self.issue.source,
            start + range.start..start + range.end.max(range.start),
        )
    }

    /// Points a problem at a value of the front matter, or at the title where there is none.
    pub(super) fn in_front<T>(
        &self,
        problem: Diagnostic,
        value: Option<&Located<T>>,
    ) -> Diagnostic {
        match value {
            Some(value) => problem.at(&self.issue.source, value.range.clone()),
            None => problem.at(&self.issue.source, self.title_range()),
        }
    }

    /// Where the title is written.
    fn title_range(&self) -> Range<usize> {
        if let Some(title) = &self.front.title {
            return title.range.clone();
        }
        let start = self.issue.markdown_start;
        let body = self.issue.source.text.get(start..).unwrap_or_default();
        match crate::issue::first_heading(body) {
            Some((_, range)) => {
                let line = body[range.clone()].trim_end().len();
                start + range.start..start + range.start + line
            }
            None => 0..0,
        }
    }

    /// The subject's place: its own, or that of the title that it is made of.
    pub(super) fn in_subject(&self, problem: Diagnostic) -> Diagnostic {
        self.in_front(problem, self.front.subject.as_ref())
    }

    /// The language's first part, in lower case: `en`.
    pub(super) fn language(&self) -> String {
        let tag = self
            .issue
            .language
            .as_ref()
            .unwrap_or(&self.around.language);
        tag.split('-').next().unwrap_or_default().to_lowercase()
    }

    /// Absolute address of the issue's page.
    pub(super) fn page(&self) -> String {
        format!("{}issues/{}/", self.around.base_url, self.issue.slug)
    }

    /// What its links are resolved against.
    pub(super) fn resolver(&self) -> Links {
        Links::new(&self.page(), &Pictures::default())
    }

    /// What stands around it, without the issue itself.
    pub(super) fn neighbours(&self) -> impl Iterator<Item = &Neighbour> {
        let own = &self.issue.slug;
        self.around
            .issues
            .iter()
            .filter(move |other| other.slug != *own)
    }
}
