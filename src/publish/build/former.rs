//! The names under which earlier builds published each issue. A changed slug leaves a page at the
//! old address that leads to the new one, also where the author wrote no `aliases`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::path::Path;

use super::press::unwritable;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::issue::{Issue, IssueId, Slug};

/// The list's name in the folder that is served: a line for each name, with the issue's id before
/// it.
const NAME: &str = ".postrider-names";

/// Every name that an issue was published under, by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::publish) struct FormerNames(BTreeMap<IssueId, BTreeSet<Slug>>);

impl FormerNames {
    /// What earlier builds of a folder wrote down.
    pub(super) fn read(out: &Path) -> Result<Self, Diagnostic> {
        let source = fs::read_text_if_present(&out.join(NAME), NAME)?;
        let mut names: BTreeMap<IssueId, BTreeSet<Slug>> = BTreeMap::new();
        for line in source.iter().flat_map(|source| source.text.lines()) {
            // What is no such line was not written by us.
            if let Some((id, slug)) = line.split_once(' ')
                && let (Some(id), Some(slug)) = (IssueId::parse(id), Slug::parse(slug))
            {
                names.entry(id).or_default().insert(slug);
            }
        }
        Ok(Self(names))
    }

    /// The aliases of an issue, with the names that it had before after them.
    pub(super) fn with_aliases(&self, issue: &Issue, all: &[&Issue]) -> Vec<Slug> {
        let mut aliases = issue.aliases.clone();
        aliases.extend(self.of(issue, all).cloned());
        aliases
    }

    /// The names that an issue had before and that no issue has now: what an author writes down
    /// counts for more than what a build remembers.
    fn of<'a>(&'a self, issue: &Issue, all: &[&Issue]) -> impl Iterator<Item = &'a Slug> {
        let names = self.0.get(&issue.id);
        // Most issues never had another name.
        let other = names.filter(|names| names.iter().any(|name| *name != issue.slug));
        let claimed: HashSet<Slug> = match other {
            None => HashSet::new(),
            Some(_) => (all.iter())
                .flat_map(|issue| issue.aliases.iter().chain([&issue.slug]))
                .cloned()
                .collect(),
        };
        other
            .into_iter()
            .flatten()
            .filter(move |name| !claimed.contains(*name))
    }

    /// What an author should do about each name that is remembered here alone.
    pub(super) fn warnings(&self, issues: &[&Issue]) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        for issue in issues {
            for name in self.of(issue, issues) {
                let moved = format!(
                    "`issues/{name}/` leads to `issues/{}/`, because an earlier build published the issue there",
                    issue.slug
                );
                warnings.push(Diagnostic::warning(moved).hint(format!(
                    "write `aliases = [\"{name}\"]` into {}: a build into an empty folder will not know it",
                    issue.source.name
                )));
            }
        }
        warnings
    }

    /// Writes the list with the present names. An issue that is gone keeps its names: it may come
    /// back.
    pub(super) fn write_with(mut self, issues: &[&Issue], out: &Path) -> Result<(), Diagnostic> {
        for issue in issues {
            let names = self.0.entry(issue.id.clone()).or_default();
            names.insert(issue.slug.clone());
        }
        let mut text = String::new();
        for (id, names) in &self.0 {
            for name in names {
                // A string takes everything that is written to it.
                let _ = writeln!(text, "{id} {name}");
            }
        }
        fs::write_if_changed(&out.join(NAME), text.as_bytes())
            .map_err(|error| unwritable(NAME, &error))?;
        Ok(())
    }
}
