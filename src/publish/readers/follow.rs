//! Makes the pages for readers anew when templates, words or settings change. Whoever mends a word would
//! not think of a restart, and a restart in the middle of a send is no small thing.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Face, Readers};
use crate::address::masked;
use crate::clock::Clock;
use crate::config::Environment;
use crate::publish::preview::Stamps;
use crate::publish::{Publication, Tell, Told};

/// How often the marks of the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Where a face comes from.
pub(super) struct Source {
    pub(super) folder: PathBuf,
    pub(super) environment: Environment,
    pub(super) clock: Clock,
    pub(super) tell: Tell,
}

/// Begins to follow; `seen` is what the present face was made of. Ends with the readers.
pub(super) fn follow(readers: &Arc<Readers>, source: Source, mut seen: Stamps) {
    let readers = Arc::downgrade(readers);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LOOK);
            let stamps = Stamps::of_folder(&source.folder);
            if !stamps.differ_for_readers(&seen) {
                if Weak::strong_count(&readers) == 0 {
                    return;
                }
                continue;
            }
            seen = stamps;
            let Some(readers) = readers.upgrade() else {
                return;
            };
            renew(&readers, &source);
        }
    });
}

/// What cannot be read at all the rounds tell; what only these pages need is told here.
fn renew(readers: &Readers, source: &Source) {
    let opened = Publication::open(&source.folder, &source.environment, source.clock);
    let Ok(publication) = opened else {
        return;
    };
    match Face::make(&publication, &readers.url) {
        Ok(face) => readers.change(face),
        Err(problem) => {
            let told = problem.render(false);
            let told = format!(
                "the pages for readers stay as they were\n{}",
                told.trim_end()
            );
            let told = masked(&told);
            (source.tell)(Told::Wrong(&told));
        }
    }
}
