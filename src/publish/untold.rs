//! What hubs were not told yet, kept beside the publication until they are: a program that ends before
//! has its work done by the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::fs;

/// A file of lines, each a hub, a tab and a feed: neither address can hold white space.
const FILE_NAME: &str = ".postrider-untold";

/// A hub that was not told of a feed that has something new.
pub(super) type Untold = (String, String);

/// Threads of one server change the file one after the other. Two programs that do so at the same
/// moment may have a hub told twice, or leave it to ask by itself.
static TURN: Mutex<()> = Mutex::new(());

/// What is kept in a publication's folder.
#[derive(Debug, Clone)]
pub(super) struct Kept(PathBuf);

impl Kept {
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.join(FILE_NAME))
    }

    /// What was left by whoever ended too early.
    pub(super) fn read(&self) -> BTreeSet<Untold> {
        let bytes = fs::read_bytes(&self.0, FILE_NAME).ok().flatten();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        lines
            .map(|(hub, feed)| (hub.to_owned(), feed.to_owned()))
            .collect()
    }

    /// Adds what is to be told, before it is tried.
    pub(super) fn add(&self, news: impl IntoIterator<Item = Untold>) {
        self.change(|kept| kept.extend(news));
    }

    /// Takes out what was told, or was tried often enough.
    pub(super) fn remove(&self, told: &[Untold]) {
        self.change(|kept| kept.retain(|one| !told.contains(one)));
    }

    /// A folder that cannot be written to keeps nothing, and hubs ask by themselves then.
    fn change(&self, change: impl FnOnce(&mut BTreeSet<Untold>)) {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.read();
        let mut kept = before.clone();
        change(&mut kept);
        if kept.is_empty() {
            let _ = std::fs::remove_file(&self.0);
        } else if kept != before {
            let lines = kept.iter().map(|(hub, feed)| format!("{hub}\t{feed}\n"));
            let _ = fs::replace_private(&self.0, lines.collect::<String>().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_until_it_is_told_and_a_damaged_file_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::of(folder.path());
        let one = |feed: &str| ("https://hub.example.org/".to_owned(), feed.to_owned());
        kept.add([one("a"), one("b")]);
        kept.add([one("b"), one("c")]);
        kept.remove(&[one("b")]);
        assert_eq!(kept.read(), BTreeSet::from([one("a"), one("c")]));
        kept.remove(&[one("a"), one("c")]);
        assert!(!folder.path().join(FILE_NAME).exists());
        for damaged in [&b"\xff\xfe"[..], b"no tab\n\n", b""] {
            fs::replace_private(&folder.path().join(FILE_NAME), damaged).unwrap();
            assert_eq!(kept.read(), BTreeSet::new());
        }
    }
}
