//! Follows what becomes of `public/`, and swaps the site when it changed.
//!
//! The system tells of changes, and is not trusted with it: a watch can be lost, and some file
//! systems have none. So the folder is also looked at now and then, for at most a hundredth of the
//! time.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tracing::warn;

use super::live::Live;
use super::site::{Listing, Manner, Site};

/// Whoever copies files without a lock has a moment to finish.
const QUIET: Duration = Duration::from_millis(50);
/// Whoever copies without end is not waited for.
const LONGEST: Duration = Duration::from_secs(1);
/// How often the folder is looked at without a sign.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A look may take this part of the time.
const SHARE: u32 = 100;

/// Begins to follow. Ends with the last clone of `live`.
pub(super) fn follow(folder: PathBuf, manner: Manner, live: &Live) {
    // Many signs are as good as one.
    let (sign, signs) = sync_channel(1);
    let live = live.downgrade();
    std::thread::spawn(move || {
        let mut watcher = watch(sign);
        let mut is_watched = false;
        let mut patience = LOOK_AGAIN;
        loop {
            is_watched = renew(watcher.as_mut(), &folder, is_watched);
            let is_sign = wait(&signs, patience);
            let Some(live) = live.upgrade() else {
                return;
            };
            let began = Instant::now();
            let site = live.shelf().site();
            if is_sign || Listing::of(&folder) != *site.listing() {
                swap(&folder, &manner, &live, &site);
            }
            patience = LOOK_AGAIN.max(began.elapsed() * SHARE);
        }
    });
}

fn watch(sign: SyncSender<()>) -> Option<RecommendedWatcher> {
    let told = move |event: notify::Result<Event>| {
        // Our own reading is told, too.
        let is_reading = |event: &Event| matches!(event.kind, EventKind::Access(_));
        if !event.as_ref().is_ok_and(is_reading) {
            // A sign that is not yet seen is enough.
            let _ = sign.try_send(());
        }
    };
    notify::recommended_watcher(told).ok()
}

/// Watches the folder, also one that came later.
fn renew(watcher: Option<&mut RecommendedWatcher>, folder: &Path, is_watched: bool) -> bool {
    let is_there = folder.is_dir();
    match watcher {
        Some(watcher) if is_there && !is_watched => {
            watcher.watch(folder, RecursiveMode::Recursive).is_ok()
        }
        _ => is_there && is_watched,
    }
}

/// Waits for a sign, and then until there was none for a moment. Whether there was one.
fn wait(signs: &Receiver<()>, patience: Duration) -> bool {
    match signs.recv_timeout(patience) {
        Ok(()) => {
            let began = Instant::now();
            while signs.recv_timeout(QUIET).is_ok() && began.elapsed() < LONGEST {}
            true
        }
        Err(RecvTimeoutError::Timeout) => false,
        Err(RecvTimeoutError::Disconnected) => {
            // The system watches nothing here.
            std::thread::sleep(patience);
            false
        }
    }
}

fn swap(folder: &Path, manner: &Manner, live: &Live, former: &Site) {
    match Site::read(folder, manner, former) {
        // A folder that is empty for a moment, or is being moved, takes nothing from the readers.
        Ok(site) if site.is_empty() && !former.is_empty() => {}
        Ok(site) => live.shelf().put(site),
        Err(error) => warn!("cannot read `public/`, the former pages are still served: {error}"),
    }
}
