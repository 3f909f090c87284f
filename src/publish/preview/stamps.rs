//! What lies in a publication's folder, by the marks of the file system: which files there are, and
//! whether one is still the same. No file is opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fs::FileMark;

/// Deepest folder below the publication's that is looked into.
const DEEPEST: usize = 8;

/// Folders whose files are part of what readers see, with everything below them.
pub(super) const FOLDERS: [&str; 3] = ["issues", "templates", "themes"];

/// Files beside these folders that are, too.
const ROOT_FILES: [&str; 3] = ["postrider.toml", "subscribers.csv", "about.md"];

/// The marks of all files that matter, by their paths in the publication.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::publish) struct Stamps {
    files: BTreeMap<PathBuf, FileMark>,
}

impl Stamps {
    /// Looks at the folder. What cannot be read is not there; whoever opens it will tell why.
    pub(in crate::publish) fn of_folder(folder: &Path) -> Self {
        let mut stamps = Self::default();
        stamps.collect(folder, Path::new(""), 0);
        for name in FOLDERS {
            stamps.collect(folder, Path::new(name), DEEPEST);
        }
        stamps
    }

    /// Looks at one more file of the folder, wherever in it that lies.
    pub(super) fn and_file(mut self, folder: &Path, path: Option<&Path>) -> Self {
        if let Some(path) = path
            && let Ok(metadata) = std::fs::metadata(folder.join(path))
        {
            self.files.insert(path.to_owned(), FileMark::of(&metadata));
        }
        self
    }

    fn collect(&mut self, folder: &Path, below: &Path, depth: usize) {
        for entry in std::fs::read_dir(folder.join(below))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            if is_of_no_account(&name.to_string_lossy()) {
                continue;
            }
            let path = below.join(&name);
            // Links are followed, as whoever reads the file does.
            let Ok(metadata) = std::fs::metadata(entry.path()) else {
                continue;
            };
            if metadata.is_file() {
                self.files.insert(path, FileMark::of(&metadata));
            } else if metadata.is_dir() && depth > 0 {
                self.collect(folder, &path, depth - 1);
            }
        }
    }

    /// Whether a file differs from an earlier look that is part of what goes to readers. Others
    /// that lie in the publication's folder are their owner's.
    pub(in crate::publish) fn differ_for_readers(&self, earlier: &Self) -> bool {
        let is_ours = |path: &Path| {
            FOLDERS.iter().any(|folder| path.starts_with(folder))
                || ROOT_FILES.iter().any(|name| path == Path::new(name))
        };
        self.changed_since(earlier).into_iter().any(is_ours)
    }

    /// The mark of a file.
    pub(super) fn get(&self, path: &Path) -> Option<FileMark> {
        self.files.get(path).copied()
    }

    /// Paths of the files that differ from an earlier look, came or went.
    pub(super) fn changed_since<'a>(&'a self, earlier: &'a Self) -> Vec<&'a Path> {
        let ours = self.files.iter();
        let changed = ours.filter(|(path, stamp)| earlier.files.get(*path) != Some(stamp));
        let gone = earlier
            .files
            .keys()
            .filter(|path| !self.files.contains_key(*path));
        changed
            .map(|(path, _)| path.as_path())
            .chain(gone.map(PathBuf::as_path))
            .collect()
    }
}

/// Hidden files, the files that editors put beside the one that they write, and our own records: what
/// happens to them changes nothing that readers see.
pub fn is_of_no_account(name: &str) -> bool {
    name.starts_with('.')
        || name.starts_with('#')
        || name.ends_with('~')
        || [".swp", ".tmp"].iter().any(|ending| name.ends_with(ending))
        || name.starts_with("ledger.db")
        || matches!(name, "sender.lock" | "postrider.key" | "public")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_written_replaced_or_taken_away_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            crate::fs::write_atomically(&path, text.as_bytes()).unwrap();
        };
        write("postrider.toml", "a");
        write("issues/a.md", "a");
        write("issues/b/index.md", "b");
        write("public/index.html", "p");
        write("ledger.db-wal", "l");
        write("themes/mine/web.css", "t");
        write("pictures/logo.png", "l");
        write("pictures/other.png", "o");
        let logo = Path::new("pictures/logo.png");
        let look = || Stamps::of_folder(folder.path()).and_file(folder.path(), Some(logo));
        let before = look();
        assert_eq!(before.files.len(), 5);
        write("issues/a.md", "b");
        write("issues/b/c.png", "c");
        write("public/index.html", "q");
        write("themes/mine/web.css", "u");
        write("pictures/logo.png", "m");
        write("pictures/other.png", "p");
        write("issues/.a.md.swx", "z");
        std::fs::remove_file(folder.path().join("postrider.toml")).unwrap();
        let after = look();
        let changed = after.changed_since(&before);
        assert_eq!(
            changed,
            [
                "issues/a.md",
                "issues/b/c.png",
                "pictures/logo.png",
                "themes/mine/web.css",
                "postrider.toml"
            ]
            .map(Path::new)
        );
        assert!(after.changed_since(&after).is_empty());
    }
}
