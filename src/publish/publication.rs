//! A publication as it lies on the disk: configuration, templates, issues, roster, key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::side_by_side::side_by_side;
use super::trial::Deadline;
use super::{Stop, templates};
use crate::clock::Clock;
use crate::config::{self, Config, Environment};
use crate::diagnostic::{Diagnostic, SourceText, closest};
use crate::essay::{Essay, parse_essay};
use crate::fs;
use crate::issue::{DatingRules, Issue, IssueAndWarnings, find_clashing_tags, find_duplicates};
use crate::ledger::{self, Ledger};
use crate::render::essay_style::essay_style;
use crate::render::layout::{IssueView, Layouts, PublicationView};
use crate::subscriber::{self, Roster};
use crate::token::{Keys, SECRET_LENGTH};
use crate::words::Words;

/// Name of the file that holds the root secret.
pub const KEY_FILE: &str = "postrider.key";

/// A publication, opened.
#[derive(Debug)]
pub struct Publication {
    /// The folder.
    pub folder: PathBuf,
    /// Checked configuration.
    pub config: Config,
    /// Parsed templates.
    pub layouts: Layouts,
    /// The clock of this run.
    pub clock: Clock,
}

/// One issue file that could be read as an essay.
#[derive(Debug)]
pub struct IssueFile {
    /// Path on the disk.
    pub path: PathBuf,
    /// The part of the file's (or folder's) name that carries date and slug.
    pub stem: String,
    /// What was read.
    pub essay: Essay,
}

/// The issues of a publication, with what was odd about them.
#[derive(Debug, Default)]
pub struct Issues {
    /// Oldest first.
    pub issues: Vec<Issue>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

impl Publication {
    /// Opens the publication in `folder`.
    pub fn open(folder: &Path, environment: &Environment, clock: Clock) -> Result<Self, Stop> {
        Self::with_templates(folder, environment, clock, templates::own_sources)
    }

    /// The same with the built-in templates in the place of the author's, which may be broken: to
    /// list them, and to write others over them.
    pub fn open_without_templates(
        folder: &Path,
        environment: &Environment,
        clock: Clock,
    ) -> Result<Self, Stop> {
        Self::with_templates(folder, environment, clock, |_, _| Ok(BTreeMap::new()))
    }

    fn with_templates(
        folder: &Path,
        environment: &Environment,
        clock: Clock,
        own_sources: impl FnOnce(&Path, &str) -> Result<BTreeMap<String, SourceText>, Diagnostic>,
    ) -> Result<Self, Stop> {
        let path = folder.join(config::FILE_NAME);
        let source = fs::read_text_if_present(&path, config::FILE_NAME)?.ok_or_else(|| {
            Diagnostic::error(format!(
                "there is no `{}` in `{}`",
                config::FILE_NAME,
                folder.display()
            ))
            .hint("make a publication with `postrider init DIR`, or name its folder with `-C DIR`")
        })?;
        let config = config::parse(&source, environment, folder)?;
        let layouts =
            Layouts::new(&own_sources(folder, &config.theme)?)?.tried_by(Arc::new(Deadline));
        Ok(Self {
            folder: folder.to_path_buf(),
            config,
            layouts,
            clock,
        })
    }

    /// Path of the ledger.
    pub fn ledger_path(&self) -> PathBuf {
        self.folder.join(ledger::FILE_NAME)
    }

    /// Reads every file of `issues/`; all that is wrong is told at once.
    pub fn issue_files(&self) -> Result<(Vec<IssueFile>, Vec<Diagnostic>), Stop> {
        let mut files = Vec::new();
        let mut warnings = Vec::new();
        let mut errors = Vec::new();
        let paths = issue_paths(&self.folder.join("issues"))?;
        let read = side_by_side(paths.len(), |index| {
            let path = &paths[index].0;
            let source = fs::read_text(path, &shown_path(&self.folder, path));
            let source = source.map_err(|error| vec![error]);
            Ok(source.and_then(|source| parse_essay(&source)))
        })?;
        for ((path, stem), read) in paths.into_iter().zip(read) {
            match read {
                Ok(parsed) => {
                    warnings.extend(parsed.warnings);
                    files.push(IssueFile {
                        path,
                        stem,
                        essay: parsed.essay,
                    });
                }
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() {
            Ok((files, warnings))
        } else {
            Err(Stop::Failed(errors))
        }
    }

    /// All issues, oldest first, with ids and slugs that nobody else has.
    pub fn issues(&self) -> Result<Issues, Stop> {
        let (files, warnings) = self.issue_files()?;
        let rules = self.dating_rules();
        let mut found = Issues {
            warnings,
            ..Issues::default()
        };
        let mut errors = Vec::new();
        for file in &files {
            match Issue::from_essay(&file.essay, &file.stem, &rules) {
                Ok(made) => {
                    found.warnings.extend(made.warnings);
                    found.issues.push(made.issue);
                }
                Err(problems) => errors.extend(problems),
            }
        }
        errors.extend(find_duplicates(&found.issues));
        errors.extend(find_clashing_tags(&found.issues));
        if !errors.is_empty() {
            return Err(Stop::Failed(errors));
        }
        found.issues.sort_by(|one, other| {
            one.published
                .cmp(&other.published)
                .then_with(|| one.slug.cmp(&other.slug))
        });
        Ok(found)
    }

    /// An issue as its file says it now; `None` if the file is gone.
    pub fn reread(&self, issue: &Issue) -> Result<Option<Issue>, Stop> {
        let name = &*issue.source.name;
        let Some(source) = fs::read_text_if_present(&self.folder.join(name), name)? else {
            return Ok(None);
        };
        let stem = name.trim_start_matches("issues/");
        let stem = stem
            .strip_suffix("/index.md")
            .or_else(|| stem.strip_suffix(".md"))
            .unwrap_or(stem);
        let parsed = parse_essay(&source).map_err(Stop::Failed)?;
        let made = Issue::from_essay(&parsed.essay, stem, &self.dating_rules());
        Ok(Some(made.map_err(Stop::Failed)?.issue))
    }

    /// How dates of issues are read.
    pub fn dating_rules(&self) -> DatingRules {
        DatingRules {
            zone: self.config.zone.clone(),
            send_time: self.config.send_time,
        }
    }

    /// Reads the roster.
    pub fn roster(&self, keys: &Keys) -> Result<Roster, Stop> {
        Ok(read_roster(&self.folder.join(subscriber::FILE_NAME), keys)?)
    }

    /// The same, with the readers of the ledger if there is one.
    pub fn whole_roster(&self, keys: &Keys) -> Result<Roster, Stop> {
        match Ledger::open_if_present(&self.ledger_path())? {
            Some(mut ledger) => self.audience(keys, &mut ledger),
            None => self.roster(keys),
        }
    }

    /// Everyone who may be mailed: the rows of `subscribers.csv`, and the readers who signed up by
    /// themselves. With such readers there need be no file.
    pub fn audience(&self, keys: &Keys, ledger: &mut Ledger) -> Result<Roster, Stop> {
        read_audience(&self.folder.join(subscriber::FILE_NAME), keys, ledger)
    }

    /// The keys of the publication, if there is a key file.
    pub fn keys(&self) -> Result<Option<Keys>, Stop> {
        let path = self.folder.join(KEY_FILE);
        let Some(bytes) = fs::read_bytes(&path, KEY_FILE)? else {
            return Ok(None);
        };
        let secret: &[u8; SECRET_LENGTH] = bytes.as_slice().try_into().map_err(|_| {
            Diagnostic::error(format!("`{KEY_FILE}` does not hold {SECRET_LENGTH} bytes"))
                .hint("restore it from a backup: without it the ledger cannot tell who is who")
        })?;
        if fs::is_open_to_others(&path).unwrap_or(false) {
            let problem = Diagnostic::error(format!("others can read `{KEY_FILE}`"));
            return Err(problem
                .hint(format!("make it private with `chmod 600 {KEY_FILE}`"))
                .into());
        }
        Ok(Some(Keys::derive(secret)))
    }

    /// Makes a key file where there is none yet.
    pub fn make_key(&self) -> Result<Keys, Stop> {
        let mut secret = [0_u8; SECRET_LENGTH];
        super::fill_random(&mut secret)?;
        fs::write_new_secret(&self.folder.join(KEY_FILE), &secret).map_err(|error| {
            Diagnostic::error(format!("cannot write `{KEY_FILE}`")).cause(error)
        })?;
        Ok(Keys::derive(&secret))
    }

    /// What templates know of the publication.
    pub fn view(&self) -> PublicationView {
        let config = &self.config;
        PublicationView {
            title: config.title.clone(),
            author: config.author.clone(),
            description: config.description.clone(),
            base_url: config.base_url.clone(),
            language: config.language.clone(),
            postal_address: config.postal_address.clone(),
            reply_to: config
                .reply_to
                .as_ref()
                .unwrap_or(&config.from.address)
                .to_string(),
        }
    }

    /// What templates know of an issue. `opening` are the essay's first words.
    pub fn issue_view(&self, issue: &Issue, opening: &str) -> IssueView {
        let updated = issue.updated.and_then(|instant| {
            let instant = jiff::Timestamp::from_millisecond(instant.timestamp_millis()).ok()?;
            Some(
                instant
                    .to_zoned(self.config.zone.clone())
                    .date()
                    .to_string(),
            )
        });
        IssueView {
            title: issue.title.clone(),
            summary: issue.summary.clone().unwrap_or_default(),
            opening: opening.to_owned(),
            url: self.issue_url(issue),
            date: issue.date.to_string(),
            updated: updated.unwrap_or_default(),
            author: issue
                .author
                .clone()
                .unwrap_or_else(|| self.config.author.clone()),
            language: issue
                .language
                .clone()
                .unwrap_or_else(|| self.config.language.clone()),
            tags: issue.tags.clone(),
        }
    }

    /// The words around an issue, in its language.
    pub fn words(&self, issue: &Issue) -> Words {
        let language = issue.language.as_ref().unwrap_or(&self.config.language);
        Words::of(language, &self.config.words)
    }

    /// The style of an essay in the mail, as its language needs it.
    pub fn essay_css(&self, language: &str) -> Cow<'_, str> {
        essay_style(self.layouts.text("essay.css"), language)
    }

    /// Absolute address of an issue's page.
    pub fn issue_url(&self, issue: &Issue) -> String {
        format!("{}issues/{}/", self.config.base_url, issue.slug)
    }

    /// The issue whose file a path leads to, from where the author stands or from the publication.
    fn find_by_path<'a>(&self, issues: &'a [Issue], word: &str) -> Option<&'a Issue> {
        let paths = [PathBuf::from(word), self.folder.join(word)];
        let file = paths
            .iter()
            .find_map(|path| std::fs::canonicalize(path).ok())?;
        issues.iter().find(|issue| {
            let own = std::fs::canonicalize(self.folder.join(&*issue.source.name));
            own.is_ok_and(|own| {
                own == file || own.parent() == Some(&file) && own.ends_with("index.md")
            })
        })
    }

    /// Finds the one issue that a word names: a file, a slug, an id, or the beginning of one.
    pub fn find<'a>(&self, issues: &'a [Issue], word: &str) -> Result<&'a Issue, Diagnostic> {
        let file = word.trim_end_matches('/').trim_end_matches("/index.md");
        let named = |issue: &&Issue| {
            let source = issue.source.name.trim_end_matches("/index.md");
            issue.slug.as_str() == word
                || issue.id.as_str() == word
                || source == file
                || source == format!("issues/{file}")
        };
        if let Some(issue) = issues
            .iter()
            .find(named)
            .or_else(|| self.find_by_path(issues, word))
        {
            return Ok(issue);
        }
        let begins = |issue: &&Issue| {
            let stem = issue.source.name.trim_start_matches("issues/");
            !word.is_empty()
                && (issue.slug.as_str().starts_with(word)
                    || issue.id.as_str().starts_with(word)
                    || stem.starts_with(word))
        };
        let candidates: Vec<&Issue> = issues.iter().filter(begins).collect();
        match candidates.as_slice() {
            [issue] => Ok(issue),
            [] => {
                let problem = Diagnostic::error(format!("there is no issue `{word}`"));
                Err(
                    match closest(word, issues.iter().map(|issue| issue.slug.as_str())) {
                        Some(slug) => problem.hint(format!("did you mean `{slug}`?")),
                        None => problem.hint("`postrider status` lists them all"),
                    },
                )
            }
            several => {
                let slugs: Vec<&str> = several.iter().map(|issue| issue.slug.as_str()).collect();
                Err(
                    Diagnostic::error(format!("`{word}` could be {} issues", several.len()))
                        .cause(slugs.join(", "))
                        .hint("write more of the slug"),
                )
            }
        }
    }
}

/// Reads the issue of one file.
pub(super) fn read_issue(
    path: &Path,
    name: &str,
    stem: &str,
    rules: &DatingRules,
) -> Result<IssueAndWarnings, Vec<Diagnostic>> {
    let source = fs::read_text(path, name).map_err(|problem| vec![problem])?;
    let parsed = parse_essay(&source)?;
    let mut made = Issue::from_essay(&parsed.essay, stem, rules)?;
    made.warnings.splice(..0, parsed.warnings);
    Ok(made)
}

/// Reads a roster's file.
pub(super) fn read_roster(path: &Path, keys: &Keys) -> Result<Roster, Diagnostic> {
    let name = subscriber::FILE_NAME;
    let file = fs::open_if_present(path, name)?.ok_or_else(|| {
        Diagnostic::error(format!("there is no `{name}`"))
            .hint("make one with the line `email,name`, and one line for each subscriber")
    })?;
    Roster::open(name, file, keys)
}

/// Reads a roster's file, and who signed up from the ledger.
pub(super) fn read_audience(path: &Path, keys: &Keys, ledger: &mut Ledger) -> Result<Roster, Stop> {
    let sign_ups = ledger.confirmed_sign_ups()?;
    let mut roster = if path.exists() || !ledger.has_sign_ups()? {
        read_roster(path, keys)?
    } else {
        let header = std::io::Cursor::new("email,name\n");
        Roster::open(subscriber::FILE_NAME, header, keys)?
    };
    if !sign_ups.is_empty() {
        roster.join(sign_ups);
    }
    Ok(roster)
}

/// Issue files with their stems, in the order of their names.
pub(super) fn issue_paths(folder: &Path) -> Result<Vec<(PathBuf, String)>, Diagnostic> {
    let mut paths = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(paths),
        Err(error) => return Err(Diagnostic::error("cannot read `issues/`").cause(error)),
    };
    for entry in entries {
        let entry =
            entry.map_err(|error| Diagnostic::error("cannot read `issues/`").cause(error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            let index = entry.path().join("index.md");
            if !index.exists() {
                let problem = Diagnostic::error(format!("`issues/{name}/` has no `index.md`"));
                return Err(problem.hint(
                    "the essay of an issue that is a folder stands in its `index.md`; a folder whose name begins with a dot is left alone",
                ));
            }
            paths.push((index, name));
        } else if let Some(stem) = name.strip_suffix(".md") {
            paths.push((entry.path(), stem.to_owned()));
        }
    }
    paths.sort();
    Ok(paths)
}

/// A path as the author knows it: relative to the publication, with forward slashes.
pub(super) fn shown_path(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
