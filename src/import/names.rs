//! Names that are taken, and free ones like them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::issue::Slug;

/// Slugs (aliases included) and file names of a publication. Grows with each issue that is
/// imported.
#[derive(Debug, Clone, Default)]
pub struct TakenNames {
    slugs: BTreeSet<Slug>,
    /// Without `.md` and in lower case, since some file systems know no difference.
    stems: BTreeSet<String>,
    last_number: BTreeMap<Slug, usize>,
}

impl TakenNames {
    /// The names of an existing publication: slugs with aliases, and what lies in `issues/`,
    /// files and folders.
    pub fn new<'a>(
        slugs: impl IntoIterator<Item = Slug>,
        file_names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            slugs: slugs.into_iter().collect(),
            stems: file_names.into_iter().map(stem).collect(),
            last_number: BTreeMap::new(),
        }
    }

    /// Whether an issue has this slug.
    pub fn has_slug(&self, slug: &Slug) -> bool {
        self.slugs.contains(slug)
    }

    /// Takes a slug that nobody else may have from now on.
    pub(super) fn take_slug(&mut self, slug: Slug) {
        self.slugs.insert(slug);
    }

    /// `wanted`, or the first free slug with a number behind it, such that the file name is free
    /// as well; both are taken from now on. Returns the slug and the file name.
    pub(super) fn take(&mut self, date: Date, wanted: &Slug) -> (Slug, String) {
        let mut number = self.last_number.get(wanted).copied().unwrap_or(1);
        let mut slug = if number == 1 {
            wanted.clone()
        } else {
            number += 1;
            wanted.numbered(number)
        };
        while self.slugs.contains(&slug) || self.stems.contains(&format!("{date}-{slug}")) {
            number += 1;
            slug = wanted.numbered(number);
        }
        self.last_number.insert(wanted.clone(), number);
        let file_name = format!("{date}-{slug}.md");
        self.stems.insert(stem(&file_name));
        self.slugs.insert(slug.clone());
        (slug, file_name)
    }
}

fn stem(file_name: &str) -> String {
    file_name
        .strip_suffix(".md")
        .unwrap_or(file_name)
        .to_lowercase()
}
