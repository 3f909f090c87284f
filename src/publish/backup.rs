//! `ledger backup`: the ledger and its key, copied while they may be in use.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::guard::open_ledger;
use super::publication::{KEY_FILE, Publication};
use super::{Stop, keys_for_planning};
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::ledger::{Ledger, LedgerError};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// How many deliveries the copy holds.
    pub deliveries: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Where the key is; `None` while the ledger has none.
    pub key: Option<PathBuf>,
    /// Whether files were replaced.
    pub replaced: bool,
}

enum Failure {
    Stop(Stop),
    File(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Stop(error.into())
    }
}

/// Copies the ledger to `file` and the key beside it. Both are whole and on the disk, or the
/// earlier files are still there. `replace` allows that there are earlier ones.
pub fn back_up(publication: &Publication, file: &Path, replace: bool) -> Result<BackedUp, Stop> {
    if !publication.ledger_path().exists() {
        return Err(Diagnostic::error("there is no ledger in this folder").into());
    }
    let key_file = beside(file);
    let replaced = refuse_to_overwrite(publication, [file, &key_file], replace)?;
    let (mut ledger, identity) = open_ledger(publication)?;
    // The key first: a ledger whose key is lost recognises nobody.
    let mut key = None;
    if identity.key_fingerprint.is_some() {
        keys_for_planning(publication, &mut ledger, &identity)?;
        let secret = fs::read_bytes(&publication.folder.join(KEY_FILE), KEY_FILE)?
            .ok_or_else(|| Diagnostic::error(format!("`{KEY_FILE}` has vanished")))?;
        fs::replace_secret_with(&key_file, |path| fs::write_new_secret(path, &secret))
            .map_err(|error| not_written(&key_file, &error))?;
        key = Some(key_file);
    }
    let mut deliveries = 0;
    let copied = fs::replace_secret_with(file, |path| {
        ledger.copy_to(path)?;
        let (whole, counted) = Ledger::look_at_copy(path)?;
        deliveries = counted;
        match whole.examples.first() {
            None => Ok(()),
            Some(told) => Err(Failure::Stop(
                Diagnostic::error("the copy of the ledger is damaged")
                    .cause(told)
                    .hint("`postrider ledger check` tells whether the ledger is damaged too")
                    .into(),
            )),
        }
    });
    match copied {
        Ok(()) => {}
        Err(Failure::Stop(stop)) => return Err(stop),
        Err(Failure::File(error)) => return Err(not_written(file, &error).into()),
    }
    Ok(BackedUp {
        deliveries,
        bytes: std::fs::metadata(file).map_or(0, |metadata| metadata.len()),
        key,
        replaced,
    })
}

fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".key");
    PathBuf::from(name)
}

/// Whether an earlier backup is there, if it may be replaced. The ledger and the key in use never may.
fn refuse_to_overwrite(
    publication: &Publication,
    files: [&Path; 2],
    replace: bool,
) -> Result<bool, Stop> {
    let own = [publication.ledger_path(), publication.folder.join(KEY_FILE)];
    let mut found = false;
    for file in files {
        if own.iter().any(|own| fs::is_same_file(own, file)) {
            return Err(Diagnostic::error(format!(
                "`{}` is the one that is in use",
                file.display()
            ))
            .hint("give the copy another name, best on another disk")
            .into());
        }
        if !file.exists() {
            continue;
        }
        if !replace {
            return Err(
                Diagnostic::error(format!("`{}` is there already", file.display()))
                    .hint("take another name, or replace it with `--replace`")
                    .into(),
            );
        }
        found = true;
    }
    Ok(found)
}

fn not_written(file: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot write `{}`", file.display())).cause(error)
}
