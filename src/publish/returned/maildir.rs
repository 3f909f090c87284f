//! A Maildir that others write to: mails wait in `new/` and are moved to `cur/` when they are taken.

use std::fs;
use std::path::{Path, PathBuf};

use super::RawMail;
use super::source::one_mail;
use crate::diagnostic::Diagnostic;
use crate::publish::Stop;

/// Visits the mails of these folders in the order of their names, which begin with their time.
pub(super) fn each(
    maildir: &Path,
    folders: &[&str],
    visit: &mut dyn FnMut(RawMail) -> Result<(), Stop>,
) -> Result<Vec<Diagnostic>, Stop> {
    let mut problems = Vec::new();
    for folder in folders {
        for path in files_in(&maildir.join(folder))? {
            match one_mail(&path) {
                Ok(mail) => visit(RawMail {
                    new_file: Some(path),
                    ..mail
                })?,
                // The others are taken all the same.
                Err(problem) => problems.push(problem),
            }
        }
    }
    Ok(problems)
}

/// The plain files of a folder. Whoever writes here works in `tmp/`, so that each is whole.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let failed = |error: std::io::Error| {
        Diagnostic::error(format!("cannot read `{}`", folder.display())).cause(error)
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link or a FIFO is no mail.
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Where a mail of `new/` lies once it is taken: in `cur/`, as one that nobody has looked at.
pub(super) fn place_in_cur(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    if !name.to_string_lossy().contains(":2,") {
        name.push(":2,");
    }
    let maildir = file.parent().and_then(Path::parent).unwrap_or(file);
    maildir.join("cur").join(name)
}

/// Moves a mail from `new/` to `cur/`.
pub(super) fn move_to_cur(file: &Path) -> Result<(), Diagnostic> {
    let problem = |error: std::io::Error| {
        Diagnostic::error(format!("cannot move `{}` to `cur/`", file.display()))
            .cause(error)
            .hint("the mail is taken, and is known again the next time; check the rights of the Maildir")
    };
    match fs::rename(file, place_in_cur(file)) {
        // Another one has moved it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        moved => moved.map_err(problem),
    }
}
