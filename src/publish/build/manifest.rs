//! The list of what was written, so that the next build can take away what is no longer there,
//! and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use super::press::unwritable;
use crate::diagnostic::Diagnostic;
use crate::fs;

/// Its name in the folder that is served.
pub(super) const NAME: &str = ".postrider-manifest";

/// The paths that earlier builds wrote.
pub(super) fn read(out: &Path) -> Result<BTreeSet<String>, Diagnostic> {
    let source = fs::read_text_if_present(&out.join(NAME), NAME)?;
    let text = source
        .map(|source| source.text.to_string())
        .unwrap_or_default();
    // A path that leads out of the folder was not written by us.
    let inside = |path: &&str| {
        !path.is_empty() && !path.starts_with('/') && !path.split('/').any(|part| part == "..")
    };
    Ok(text.lines().filter(inside).map(str::to_owned).collect())
}

/// Writes the list.
pub(super) fn write(out: &Path, paths: &BTreeSet<&str>) -> Result<(), Diagnostic> {
    let text: String = paths.iter().flat_map(|path| [path, "\n"]).collect();
    fs::write_if_changed(&out.join(NAME), text.as_bytes())
        .map_err(|error| unwritable(NAME, &error))?;
    Ok(())
}

/// Removes one file and the folders that it leaves empty. Tells whether it was there.
pub(super) fn remove(out: &Path, path: &str) -> Result<bool, Diagnostic> {
    let full = out.join(path);
    match std::fs::remove_file(&full) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            return Err(Diagnostic::error(format!("cannot remove `{path}`")).cause(error));
        }
    }
    let mut folder = full.parent();
    while let Some(parent) = folder.filter(|parent| *parent != out && parent.starts_with(out)) {
        if std::fs::remove_dir(parent).is_err() {
            break;
        }
        folder = parent.parent();
    }
    Ok(true)
}
