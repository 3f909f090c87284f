//! The issues of a folder, each read once and again only after its file was saved.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::faces::Neighbours;
use super::is_public;
use crate::diagnostic::Diagnostic;
use crate::issue::{Issue, Slug, find_clashing_tags, find_duplicates};
use crate::preview::IssueLine;
use crate::publish::publication::{Publication, issue_paths, read_issue, shown_path};

/// What is known of the issues, by the names of their files or folders.
#[derive(Debug, Default)]
pub(super) struct Filing {
    issues: BTreeMap<String, Filed>,
    /// The whole folder cannot be read.
    problems: Vec<Diagnostic>,
}

/// One of them.
#[derive(Debug)]
struct Filed {
    /// Its path in the publication.
    path: PathBuf,
    read: Result<Arc<Issue>, Vec<Diagnostic>>,
    warnings: Vec<Diagnostic>,
}

impl Filing {
    /// Forgets what stands in these files (paths in the publication).
    pub(super) fn forget(&mut self, changed: &[PathBuf]) {
        self.issues
            .retain(|_, filed| !changed.contains(&filed.path));
    }

    /// Reads what is not known yet, and forgets what is gone.
    pub(super) fn read(&mut self, publication: &Publication) {
        let paths = match issue_paths(&publication.folder.join("issues")) {
            Ok(paths) => paths,
            Err(problem) => {
                self.problems = vec![problem];
                return;
            }
        };
        self.problems.clear();
        let mut known = std::mem::take(&mut self.issues);
        for (path, stem) in paths {
            let name = shown_path(&publication.folder, &path);
            let filed = known
                .remove(&stem)
                .filter(|filed| filed.path == Path::new(&name))
                .unwrap_or_else(|| Filed::read(publication, &path, &name, &stem));
            self.issues.insert(stem, filed);
        }
    }

    /// An issue, or what is wrong with it: of its own, or because another one has its name.
    pub(super) fn issue(&self, stem: &str) -> Result<Arc<Issue>, Vec<Diagnostic>> {
        if !self.problems.is_empty() {
            return Err(self.problems.clone());
        }
        let Some(filed) = self.issues.get(stem) else {
            return Err(vec![
                Diagnostic::error(format!("there is no issue `{stem}` any more"))
                    .hint("choose another one above"),
            ]);
        };
        let issue = filed.read.clone()?;
        let readable = self.readable().map(|other| &**other);
        let duplicates = find_duplicates(readable.filter(|other| may_be_rivals(other, &issue)));
        if duplicates.is_empty() {
            Ok(issue)
        } else {
            Err(duplicates)
        }
    }

    /// What should be looked at in an issue's file, and how many others cannot be read.
    pub(super) fn warnings(&self, stem: &str) -> Vec<Diagnostic> {
        let own = self.issues.get(stem);
        let mut warnings = own.map_or_else(Vec::new, |filed| filed.warnings.clone());
        warnings.extend(find_clashing_tags(self.readable().map(|issue| &**issue)));
        let broken: Vec<&str> = self
            .issues
            .iter()
            .filter(|(_, filed)| filed.read.is_err())
            .map(|(stem, _)| stem.as_str())
            .collect();
        if let Some(first) = broken.first() {
            let message = match broken.len() {
                1 => format!("`{first}` cannot be read"),
                count => format!("`{first}` and {} more cannot be read", count - 1),
            };
            warnings.push(
                Diagnostic::warning(message)
                    .hint("choose it above to see why; `build` and `send` refuse until then"),
            );
        }
        warnings
    }

    /// All issues that can be read.
    pub(super) fn readable(&self) -> impl Iterator<Item = &Arc<Issue>> + Clone {
        self.issues
            .values()
            .filter_map(|filed| filed.read.as_ref().ok())
    }

    /// Finds the issue that a word names, also one that cannot be read.
    pub(super) fn find(&self, publication: &Publication, word: &str) -> Result<String, Diagnostic> {
        let issues: Vec<Issue> = self.readable().map(|issue| Issue::clone(issue)).collect();
        match publication.find(&issues, word) {
            Ok(issue) => {
                let path = Path::new(&*issue.source.name);
                let filed = self.issues.iter().find(|(_, filed)| filed.path == path);
                Ok(filed.map_or_else(|| word.to_owned(), |(stem, _)| stem.clone()))
            }
            Err(problem) => {
                let name = word.trim_end_matches('/').trim_end_matches("/index.md");
                let name = Path::new(name).file_name().unwrap_or_default();
                let name = name.to_string_lossy();
                let name = name.strip_suffix(".md").unwrap_or(&name);
                // One that cannot be read has no slug but what its file's name says.
                let slug = format!("-{name}");
                let stems = self.issues.keys();
                let mut found = stems.filter(|stem| *stem == name || stem.ends_with(&slug));
                found.next().cloned().ok_or(problem)
            }
        }
    }

    /// The issue that an author most likely works on.
    pub(super) fn usual(&self, now: DateTime<Utc>) -> Option<String> {
        let of = |wanted: &Arc<Issue>| {
            let is_it = |filed: &Filed| {
                filed
                    .read
                    .as_ref()
                    .is_ok_and(|issue| Arc::ptr_eq(issue, wanted))
            };
            let found = self.issues.iter().find(|(_, filed)| is_it(filed));
            found.map(|(stem, _)| stem.clone())
        };
        let drafts = self.readable().filter(|issue| issue.draft);
        let draft = drafts.max_by_key(|issue| issue.published);
        let to_come = self
            .readable()
            .filter(|issue| !issue.draft && issue.published > now);
        let next = to_come.min_by_key(|issue| issue.published);
        let newest = self.readable().max_by_key(|issue| issue.published);
        draft
            .or(next)
            .or(newest)
            .and_then(of)
            // Nothing can be read: what is wrong with the first file is what must be known.
            .or_else(|| self.issues.keys().next_back().cloned())
    }

    /// The issues before and behind one in the archive, as they will be when it is public.
    pub(super) fn neighbours(&self, issue: &Issue, now: DateTime<Utc>) -> Neighbours {
        let place = |other: &Issue| (other.published, other.slug.clone());
        let others = self
            .readable()
            .filter(|other| other.id != issue.id && is_public(other, now.max(issue.published)));
        let mut neighbours = Neighbours::default();
        for other in others {
            let (side, is_nearer) = if place(other) > place(issue) {
                let newer = &mut neighbours.newer;
                let nearer = newer
                    .as_deref()
                    .is_none_or(|known| place(other) < place(known));
                (newer, nearer)
            } else {
                let older = &mut neighbours.older;
                let nearer = older
                    .as_deref()
                    .is_none_or(|known| place(other) > place(known));
                (older, nearer)
            };
            if is_nearer {
                *side = Some(Arc::clone(other));
            }
        }
        neighbours
    }

    /// All issues below their headings: what is in work first, then the newest.
    pub(super) fn lines(&self, now: DateTime<Utc>) -> Vec<IssueLine> {
        let mut lines: Vec<(usize, std::cmp::Reverse<DateTime<Utc>>, IssueLine)> = Vec::new();
        for (stem, filed) in &self.issues {
            let (rank, group, published, title) = match &filed.read {
                Err(_) => (0, "With errors", DateTime::<Utc>::MAX_UTC, stem.clone()),
                Ok(issue) => {
                    let (rank, group) = if issue.draft {
                        (1, "Drafts")
                    } else if is_public(issue, now) {
                        (3, "Public")
                    } else {
                        (2, "To come")
                    };
                    let title = format!("{} · {}", issue.date, issue.title);
                    (rank, group, issue.published, title)
                }
            };
            let line = IssueLine {
                stem: stem.clone(),
                title,
                group,
            };
            lines.push((rank, std::cmp::Reverse(published), line));
        }
        lines.sort_by_key(|(rank, published, _)| (*rank, *published));
        lines.into_iter().map(|(_, _, line)| line).collect()
    }
}

/// Whether two issues could claim the same name; an issue is its own rival.
fn may_be_rivals(one: &Issue, other: &Issue) -> bool {
    let claims = |issue: &Issue, slug: &Slug| issue.slug == *slug || issue.aliases.contains(slug);
    let same_feed_id = one.feed_id.is_some() && one.feed_id == other.feed_id;
    let mut names = one.aliases.iter().chain([&one.slug]);
    one.id == other.id || same_feed_id || names.any(|slug| claims(other, slug))
}

impl Filed {
    fn read(publication: &Publication, path: &Path, name: &str, stem: &str) -> Self {
        let (read, warnings) = match read_issue(path, name, stem, &publication.dating_rules()) {
            Ok(made) => (Ok(Arc::new(made.issue)), made.warnings),
            Err(problems) => (Err(problems), Vec::new()),
        };
        Self {
            path: PathBuf::from(name),
            read,
            warnings,
        }
    }
}
