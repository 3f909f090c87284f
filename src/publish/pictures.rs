//! The pictures of an issue that is a folder: every file beside its `index.md` goes to the place
//! where the page's relative links look for it.

use std::path::{Path, PathBuf};

use super::Publication;
use super::publication::shown_path;
use crate::archive::Draft;
use crate::diagnostic::Diagnostic;
use crate::fingerprint::Fingerprint;
use crate::fs;
use crate::issue::Issue;

/// Deepest folder below an issue's that is looked into: nobody nests pictures deeper, and a loop
/// of mounts ends.
const DEEPEST: usize = 8;

/// The files beside `index.md`, in the order of their names; none for an issue that is one file.
pub(super) fn beside(
    publication: &Publication,
    issue: &Issue,
) -> Result<Vec<Draft<'static>>, Diagnostic> {
    let Some(name) = issue.source.name.strip_suffix("/index.md") else {
        return Ok(Vec::new());
    };
    let folder = publication.folder.join(name);
    let mut paths = Vec::new();
    collect(&folder, DEEPEST, &mut paths).map_err(|error| {
        Diagnostic::error(format!("cannot read the pictures of `{name}`")).cause(error)
    })?;
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let below = shown_path(&folder, &path);
        if below == "index.html" {
            let problem = Diagnostic::error(format!("`{name}/index.html` has the page's own name"));
            return Err(problem.hint("give it another name"));
        }
        if let Some(bytes) = fs::read_bytes(&path, &shown_path(&publication.folder, &path))? {
            let path = format!("issues/{}/{below}", issue.slug);
            let fingerprint = Fingerprint::of_bytes(&bytes);
            files.push(Draft::new(path, fingerprint, || Ok(bytes)));
        }
    }
    Ok(files)
}

/// Plain files of a folder and of those below it. What is hidden stays private, Markdown is source,
/// and a link could lead to anything on the disk.
fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        let is_markdown = path.extension().is_some_and(|extension| extension == "md");
        if entry.file_name().to_string_lossy().starts_with('.') || is_markdown {
            continue;
        }
        if kind.is_file() {
            paths.push(path);
        } else if kind.is_dir() && depth > 0 {
            collect(&path, depth - 1, paths)?;
        }
    }
    Ok(())
}
