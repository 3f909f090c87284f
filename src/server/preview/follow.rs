//! Follows what is saved in the folder of a publication.
//!
//! Folders are watched, not files: editors save by rename. An event is only a reason to look; what is
//! new is told by the files. As long as a page is open, the folder is looked at now and then without
//! any event, since some file systems tell of nothing.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Shared;
use crate::diagnostic::Diagnostic;
use crate::publish::{WATCHED_FOLDERS, is_of_no_account};

/// An editor writes, renames and sets times: it is done when nothing more came for this long.
const QUIET: Duration = Duration::from_millis(5);
/// Whoever writes without end is not waited for.
const LONGEST: Duration = Duration::from_millis(50);
/// How often the folder is looked at without an event.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The same where the system does not watch.
const LOOK_OFTEN: Duration = Duration::from_millis(100);

/// Begins to follow; gives what is wrong with it.
pub(super) fn follow(folder: &Path, shared: &Shared) -> Vec<Diagnostic> {
    let (sender, events) = channel();
    let made = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Whoever listens ends with the program.
        let _ = sender.send(event);
    });
    let mut watched = Watched {
        folder: folder.to_path_buf(),
        watcher: None,
        folders: Vec::new(),
    };
    let mut warnings = Vec::new();
    match made.and_then(|watcher| watched.begin(watcher)) {
        Ok(()) => {}
        Err(error) => warnings.push(
            Diagnostic::warning("the system does not tell what is saved in this folder")
                .cause(error)
                .hint("the preview looks for itself, ten times a second"),
        ),
    }
    watched.watch_folders(shared.desk().other_folder());
    let shared = shared.clone();
    std::thread::spawn(move || watched.follow(&events, &shared));
    warnings
}

/// The folders that are watched.
struct Watched {
    folder: PathBuf,
    watcher: Option<RecommendedWatcher>,
    folders: Vec<PathBuf>,
}

impl Watched {
    fn begin(&mut self, mut watcher: RecommendedWatcher) -> notify::Result<()> {
        watcher.watch(&self.folder, RecursiveMode::NonRecursive)?;
        self.watcher = Some(watcher);
        Ok(())
    }

    /// Watches the folders that are there now, also one that came later or anew.
    fn watch_folders(&mut self, other: Option<PathBuf>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let named = WATCHED_FOLDERS.iter().map(|name| self.folder.join(name));
        for path in named.chain(other) {
            let is_watched = self.folders.contains(&path);
            if !path.is_dir() {
                self.folders.retain(|known| *known != path);
            } else if !is_watched && watcher.watch(&path, RecursiveMode::Recursive).is_ok() {
                self.folders.push(path);
            }
        }
    }

    fn follow(mut self, events: &Receiver<notify::Result<Event>>, shared: &Shared) {
        loop {
            let patience = match self.watcher {
                Some(_) => LOOK_AGAIN,
                None => LOOK_OFTEN,
            };
            let mut touched = Vec::new();
            match events.recv_timeout(patience) {
                Ok(event) => {
                    let mut is_reason = matters(event, &mut touched);
                    let began = Instant::now();
                    while let Ok(event) = events.recv_timeout(QUIET) {
                        is_reason |= matters(event, &mut touched);
                        if began.elapsed() > LONGEST {
                            break;
                        }
                    }
                    if !is_reason {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) if shared.revision.receiver_count() == 0 => continue,
                Err(RecvTimeoutError::Timeout) => {}
                // There is no watcher: it takes as long, and nobody will send.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(patience),
            }
            // Before the folder is looked at: what is saved from here on is told.
            let mut desk = shared.desk();
            self.watch_folders(desk.other_folder());
            if desk.refresh(&touched) {
                shared.revision.send_replace(desk.revision());
            }
        }
    }
}

/// Whether an event is a reason to look; notes which files it is about.
fn matters(event: notify::Result<Event>, touched: &mut Vec<PathBuf>) -> bool {
    let Ok(event) = event else {
        return true;
    };
    // Our own reading is told, too, and would be a reason to read again.
    if let EventKind::Access(access) = event.kind
        && access != AccessKind::Close(AccessMode::Write)
    {
        return false;
    }
    let before = touched.len();
    let is_known = event.paths.is_empty();
    touched.extend(event.paths.into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default();
        !is_of_no_account(&name.to_string_lossy())
    }));
    is_known || touched.len() > before
}
