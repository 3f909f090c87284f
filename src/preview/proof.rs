//! A proof: everything that a reader would get of one issue, and what is wrong with it.

use super::entry::Entry;
use super::received::Received;
use crate::diagnostic::{Diagnostic, Severity};

/// A face of an issue, or why there is none.
pub type Face<T> = Result<T, Vec<Diagnostic>>;

/// What is known of one issue.
#[derive(Debug, Default)]
pub struct Proof {
    /// What keeps the whole issue from being shown: settings, templates, its front matter.
    pub problems: Vec<Diagnostic>,
    /// What should be looked at, and keeps nothing from being shown.
    pub warnings: Vec<Diagnostic>,
    /// The issue in all its faces; `None` where `problems` say why.
    pub faces: Option<Faces>,
}

/// An issue as its readers get it.
#[derive(Debug)]
pub struct Faces {
    /// Its title.
    pub title: String,
    /// The message to one reader; `None` where the issue is for the web only.
    pub mail: Face<Option<Mail>>,
    /// Its page in the archive.
    pub page: Face<Page>,
    /// Its entry in the feeds.
    pub feed: Face<FeedFace>,
}

/// The message to one reader.
#[derive(Debug)]
pub struct Mail {
    /// As it would be sent.
    pub bytes: Vec<u8>,
    /// The same, taken apart.
    pub received: Received,
    /// The sender's name as an inbox shows it.
    pub from: String,
    /// The subject, decoded.
    pub subject: String,
    /// The pictures that its HTML shows.
    pub pictures: Vec<Picture>,
}

/// A picture that a mail shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its address.
    pub address: String,
    /// Its size, if it lies in the folder.
    pub bytes: Option<u64>,
}

/// The page.
#[derive(Debug)]
pub struct Page {
    /// Its path in the archive, such as `issues/why-write/index.html`.
    pub path: String,
    /// Bytes of the page.
    pub size: usize,
}

/// The entry, for itself and in feeds that hold nothing else.
#[derive(Debug)]
pub struct FeedFace {
    /// The entry.
    pub entry: Entry,
    /// What each feed is called, and its text; the JSON Feed is the last one.
    pub feeds: [(&'static str, String); 3],
}

impl FeedFace {
    /// Reads the entry out of the feeds.
    pub fn read(feeds: [(&'static str, String); 3]) -> Self {
        Self {
            entry: Entry::of_json_feed(&feeds[2].1),
            feeds,
        }
    }
}

impl Proof {
    /// A proof that shows nothing but why.
    pub fn broken(problems: Vec<Diagnostic>) -> Self {
        let (problems, warnings) = problems
            .into_iter()
            .partition(|problem| problem.severity() == Severity::Error);
        Self {
            problems,
            warnings,
            faces: None,
        }
    }

    /// Everything that is wrong, errors first, each once.
    pub fn all_problems(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.problems.iter().collect();
        if let Some(faces) = &self.faces {
            all.extend(faces.mail.as_ref().err().into_iter().flatten());
            all.extend(faces.page.as_ref().err().into_iter().flatten());
            all.extend(faces.feed.as_ref().err().into_iter().flatten());
        }
        all.extend(&self.warnings);
        let mut seen: Vec<&Diagnostic> = Vec::new();
        for problem in all {
            if !seen.contains(&problem) {
                seen.push(problem);
            }
        }
        seen.sort_by_key(|problem| std::cmp::Reverse(problem.severity()));
        seen
    }
}
