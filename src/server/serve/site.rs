//! `public/` in memory, swapped whole.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;

/// Holds the site that is served now.
#[derive(Debug, Default)]
pub(super) struct Shelf(RwLock<Arc<Site>>);

impl Shelf {
    /// The site of this moment.
    pub(super) fn site(&self) -> Arc<Site> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts another site in its place.
    pub(super) fn put(&self, site: Site) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(site);
    }
}

/// Every file below its path on the server.
#[derive(Debug, Default)]
pub(super) struct Site {
    files: HashMap<String, Bytes>,
}

impl Site {
    /// Reads a folder. `base` is the path of `base_url`, with a slash at its end.
    pub(super) fn read(folder: &Path, base: &str) -> Self {
        let mut site = Self::default();
        site.collect(folder, base);
        site
    }

    fn collect(&mut self, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.path().is_dir() {
                self.collect(&entry.path(), &format!("{path}/"));
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                if name == "index.html" {
                    self.files.insert(prefix.to_owned(), Bytes::from(bytes));
                } else {
                    self.files.insert(path, Bytes::from(bytes));
                }
            }
        }
    }

    /// The file at a path.
    pub(super) fn file(&self, path: &str) -> Option<Bytes> {
        self.files.get(path).cloned()
    }
}
