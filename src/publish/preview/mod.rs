//! The desk at which an issue is looked at while it is written: keeps what was read of the folder,
//! reads anew what was saved, and makes the proof of the one issue that is asked for.
//!
//! Nothing is written. The keys are made up, since no token of a preview names anybody.

mod faces;
mod filing;
mod readers;
mod stamps;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::checking::check_while_writing;
use super::publication::Publication;
use super::{Stop, fill_random, logo};
use crate::clock::Clock;
use crate::config::{self, Environment};
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::preview::{IssueLine, Proof, Reader};
use crate::token::{Keys, SECRET_LENGTH};
use faces::{Desired, SiteFiles};
use filing::Filing;
use readers::Readers;
pub(super) use stamps::Stamps;

pub use stamps::is_of_no_account;

/// Folders that must be watched with everything below them, beside the publication's own.
pub const WATCHED_FOLDERS: [&str; 3] = stamps::FOLDERS;

/// A publication that is being written.
#[derive(Debug)]
pub struct Desk {
    folder: PathBuf,
    environment: Environment,
    clock: Clock,
    keys: Arc<Keys>,
    stamps: Stamps,
    publication: Result<Publication, Vec<Diagnostic>>,
    filing: Filing,
    readers: Option<Readers>,
    made: HashMap<(String, Reader), Arc<Sheet>>,
    revision: u64,
}

/// The proof of an issue, with the files of the archive that its page needs.
#[derive(Debug)]
pub struct Sheet {
    /// What is shown.
    pub proof: Proof,
    /// How long it took to make.
    pub took: Duration,
    site: SiteFiles,
}

impl Sheet {
    /// A file of the archive by its path.
    pub fn site_file(&self, path: &str) -> Option<&[u8]> {
        self.site.get(path).map(Vec::as_slice)
    }
}

impl Desk {
    /// Opens the folder of a publication. What is wrong in it is no reason to fail: it is shown.
    pub fn open(folder: &Path, environment: Environment, clock: Clock) -> Result<Self, Stop> {
        if !folder.join(config::FILE_NAME).exists() {
            // The one thing that no edit of an essay mends.
            Publication::open(folder, &environment, clock)?;
        }
        let mut secret = [0_u8; SECRET_LENGTH];
        fill_random(&mut secret)?;
        let publication = Publication::open(folder, &environment, clock).map_err(problems_of);
        let mut desk = Self {
            folder: folder.to_path_buf(),
            keys: Arc::new(Keys::derive(&secret)),
            stamps: Stamps::of_folder(folder).and_file(folder, logo_of(&publication)),
            publication,
            environment,
            clock,
            filing: Filing::default(),
            readers: None,
            made: HashMap::new(),
            revision: 1,
        };
        desk.file_issues();
        Ok(desk)
    }

    /// Looks at the folder again. `touched` are files that somebody saw being written; a mark of the
    /// file system may be too coarse to tell. Returns whether anything is new.
    pub fn refresh(&mut self, touched: &[PathBuf]) -> bool {
        let now =
            Stamps::of_folder(&self.folder).and_file(&self.folder, logo_of(&self.publication));
        let mut changed: Vec<PathBuf> = now
            .changed_since(&self.stamps)
            .into_iter()
            .map(Path::to_path_buf)
            .collect();
        for path in touched {
            let Ok(below) = path.strip_prefix(&self.folder) else {
                continue;
            };
            if now.get(below).is_some() && !changed.iter().any(|known| known == below) {
                changed.push(below.to_path_buf());
            }
        }
        self.stamps = now;
        if changed.is_empty() {
            return false;
        }
        let is_below = |folder: &str| changed.iter().any(|path| path.starts_with(folder));
        let settings = is_below(config::FILE_NAME);
        // Settings name files anywhere at the top: a key, a logo.
        let at_the_top = changed.iter().any(|path| path.components().count() == 1);
        if at_the_top || is_below("templates") || is_below("themes") {
            self.publication =
                Publication::open(&self.folder, &self.environment, self.clock).map_err(problems_of);
        }
        if settings {
            self.filing = Filing::default();
        }
        if at_the_top {
            self.readers = None;
        }
        self.filing.forget(&changed);
        self.file_issues();
        self.made.clear();
        self.revision += 1;
        true
    }

    /// A folder beside those that are watched anyway in which a file lies that readers see.
    pub fn other_folder(&self) -> Option<PathBuf> {
        let logo = logo_of(&self.publication)?;
        let folder = logo
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())?;
        Some(self.folder.join(folder))
    }

    fn file_issues(&mut self) {
        if let Ok(publication) = &self.publication {
            self.filing.read(publication);
        }
    }

    /// The number of the state that is shown; each change has the next one.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The publication's title; empty if its settings cannot be read.
    pub fn title(&self) -> &str {
        match &self.publication {
            Ok(publication) => &publication.config.title,
            Err(_) => "",
        }
    }

    /// All issues, in the order in which an author looks for them.
    pub fn issues(&self) -> Vec<IssueLine> {
        self.filing.lines(self.clock.now())
    }

    /// What the two readers are called.
    pub fn reader_labels(&mut self) -> [String; 2] {
        self.readers().map(Readers::labels).unwrap_or_default()
    }

    fn readers(&mut self) -> Option<&Readers> {
        let publication = self.publication.as_ref().ok()?;
        let keys = &self.keys;
        Some(
            self.readers
                .get_or_insert_with(|| Readers::find(publication, keys)),
        )
    }

    /// The name of the file of the issue that a word of the command line names.
    pub fn find(&self, word: &str) -> Result<String, Diagnostic> {
        let Ok(publication) = &self.publication else {
            // Nothing can be found before the settings are mended; the page says so.
            return Ok(word.to_owned());
        };
        self.filing.find(publication, word)
    }

    /// What is shown unless somebody asks for another one: the newest draft, else the next issue,
    /// else the newest.
    pub fn usual(&self) -> Option<String> {
        self.filing.usual(self.clock.now())
    }

    /// The proof of an issue for a reader.
    pub fn sheet(&mut self, stem: Option<&str>, reader: Reader) -> Arc<Sheet> {
        let stem = match stem {
            Some(stem) => stem.to_owned(),
            None => self.usual().unwrap_or_default(),
        };
        let key = (stem, reader);
        if let Some(sheet) = self.made.get(&key) {
            return Arc::clone(sheet);
        }
        let sheet = Arc::new(self.make(&key.0, reader));
        self.made.insert(key, Arc::clone(&sheet));
        sheet
    }

    fn make(&mut self, stem: &str, reader: Reader) -> Sheet {
        let began = Instant::now();
        let broken = |problems: Vec<Diagnostic>| Sheet {
            proof: Proof::broken(problems),
            took: began.elapsed(),
            site: SiteFiles::new(),
        };
        let readers = self.readers().cloned();
        let publication = match &self.publication {
            Ok(publication) => publication,
            Err(problems) => return broken(problems.clone()),
        };
        if stem.is_empty() {
            return broken(Vec::new());
        }
        let issue = match self.filing.issue(stem) {
            Ok(issue) => issue,
            Err(problems) => return broken(problems),
        };
        let Some(person) = readers.as_ref().and_then(|readers| readers.get(reader)) else {
            return broken(Vec::new());
        };
        let neighbours = self.filing.neighbours(&issue, self.clock.now());
        let mut warnings = Vec::new();
        let about = publication.about().unwrap_or_else(|problems| {
            warnings.extend(problems);
            None
        });
        warnings.extend(logo::read(publication).err());
        let desired = Desired {
            publication,
            issue: &issue,
            about: about.as_ref(),
            neighbours: &neighbours,
            keys: &self.keys,
        };
        let (faces, site) = desired.faces(person, &mut warnings);
        let sample = match faces.mail {
            Ok(Some(_)) => vec![person.recipient(&self.keys)],
            // What is wrong with it was told.
            _ => Vec::new(),
        };
        let all = self.filing.readable().map(|issue| &**issue);
        warnings.extend(check_while_writing(
            publication,
            all,
            &issue,
            sample,
            &self.keys,
        ));
        warnings.extend(self.filing.warnings(stem));
        warnings.extend(readers.iter().flat_map(|readers| readers.problems.clone()));
        Sheet {
            proof: Proof {
                problems: Vec::new(),
                warnings,
                faces: Some(faces),
            },
            took: began.elapsed(),
            site,
        }
    }

    /// A file of the archive that is made only when a browser asks for it, such as a picture. It is
    /// given by its path in the archive and by the issue that is looked at.
    pub fn site_file(&self, stem: &str, path: &str) -> Option<Vec<u8>> {
        let publication = self.publication.as_ref().ok()?;
        let issue = self.filing.issue(stem).ok()?;
        let neighbours = self.filing.neighbours(&issue, self.clock.now());
        let about = publication.about().unwrap_or_default();
        let desired = Desired {
            publication,
            issue: &issue,
            about: about.as_ref(),
            neighbours: &neighbours,
            keys: &self.keys,
        };
        desired.site_file(path)
    }

    /// Where the archive will be; empty if the settings cannot be read.
    pub fn base_url(&self) -> &str {
        match &self.publication {
            Ok(publication) => &publication.config.base_url,
            Err(_) => "",
        }
    }
}

/// The file of the publication's logo, if there is one; it may lie anywhere in the folder.
fn logo_of<E>(publication: &Result<Publication, E>) -> Option<&Path> {
    match &publication.as_ref().ok()?.config.logo {
        Some(config::Logo::File(name)) => Some(Path::new(name)),
        _ => None,
    }
}

/// The problems of a command that stopped.
fn problems_of(stop: Stop) -> Vec<Diagnostic> {
    match stop {
        Stop::Failed(problems) => problems,
        Stop::Busy(problem) => vec![*problem],
        Stop::Declined => Vec::new(),
    }
}

/// Whether an issue is in the archive at an instant.
fn is_public(issue: &Issue, now: DateTime<Utc>) -> bool {
    !issue.draft && issue.published <= now
}
