//! The publication's folder, opened again when something in it has changed.

use std::sync::Arc;

use super::Rounds;
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::publish::preview::Stamps;
use crate::publish::{Publication, Stop};

/// What was read of the folder, and from which files.
#[derive(Default)]
pub(super) struct Folder {
    stamps: Stamps,
    opened: Option<Arc<Opened>>,
    broken: Option<Broken>,
}

/// A publication, as its files were at some time.
pub(super) struct Opened {
    pub(super) publication: Publication,
    /// Oldest first.
    pub(super) issues: Vec<Issue>,
}

struct Broken {
    problems: Vec<Diagnostic>,
    /// Whether it was the same at the look after: somebody who is in the middle of a sentence is
    /// not told of its end.
    is_at_rest: bool,
}

/// What a look at the folder found.
pub(super) enum Found<'a> {
    /// All can be read. `changed` is whether it was read anew.
    Good {
        opened: &'a Arc<Opened>,
        changed: bool,
    },
    /// Not all can be read. `last` is what it was before, which nothing is sent from; `is_news` is
    /// whether this is the time to tell.
    Broken {
        problems: &'a [Diagnostic],
        last: Option<&'a Arc<Opened>>,
        is_news: bool,
    },
}

impl Folder {
    /// Looks at the marks of the files, and reads them if any has changed.
    pub(super) fn look(&mut self, rounds: &Rounds) -> Found<'_> {
        let stamps = Stamps::of_folder(&rounds.folder);
        let never_read = self.opened.is_none() && self.broken.is_none();
        let changed = never_read || stamps.differ_for_readers(&self.stamps);
        let mut is_news = false;
        if changed {
            self.stamps = stamps;
            match open(rounds) {
                Ok(opened) => (self.opened, self.broken) = (Some(Arc::new(opened)), None),
                Err(problems) => {
                    self.broken = Some(Broken {
                        problems,
                        is_at_rest: false,
                    });
                }
            }
        } else if let Some(broken) = &mut self.broken {
            is_news = !std::mem::replace(&mut broken.is_at_rest, true);
        }
        match (&self.broken, &self.opened) {
            (None, Some(opened)) => Found::Good { opened, changed },
            (broken, last) => Found::Broken {
                problems: broken.as_ref().map_or(&[], |broken| &broken.problems),
                last: last.as_ref(),
                is_news,
            },
        }
    }
}

fn open(rounds: &Rounds) -> Result<Opened, Vec<Diagnostic>> {
    let publication = Publication::open(&rounds.folder, &rounds.environment, rounds.clock);
    let opened = publication.and_then(|publication| {
        let issues = publication.issues()?.issues;
        Ok(Opened {
            publication,
            issues,
        })
    });
    opened.map_err(|stop| match stop {
        Stop::Failed(problems) => problems,
        Stop::Busy(problem) => vec![*problem],
        Stop::Declined => Vec::new(),
    })
}
