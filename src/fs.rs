//! Files: read with errors that name the file, written so that a crash leaves the old file or
//! the new one and never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, SourceText, not_utf8};

/// Largest text file that is read, in bytes. A roster of a million rows has about 60 MiB.
pub const LARGEST_TEXT: u64 = 512 * 1024 * 1024;

/// Reads a UTF-8 file. `name` is how the author knows it. `None` if there is no such file.
pub fn read_text_if_present(path: &Path, name: &str) -> Result<Option<SourceText>, Diagnostic> {
    match read_bytes(path, name) {
        Ok(Some(bytes)) => utf8(bytes, name).map(|text| Some(SourceText::new(name, text))),
        Ok(None) => Ok(None),
        Err(diagnostic) => Err(diagnostic),
    }
}

/// Reads a UTF-8 file that must exist.
pub fn read_text(path: &Path, name: &str) -> Result<SourceText, Diagnostic> {
    read_text_if_present(path, name)?
        .ok_or_else(|| Diagnostic::error(format!("there is no file `{name}`")))
}

/// Reads a file; `None` if there is none. Refuses what is not a plain file (a FIFO would block
/// for ever) and what is larger than [`LARGEST_TEXT`].
pub fn read_bytes(path: &Path, name: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
    let Some(file) = open_if_present(path, name)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(LARGEST_TEXT)
        .read_to_end(&mut bytes)
        .map_err(|error| Diagnostic::error(format!("cannot read `{name}`")).cause(error))?;
    Ok(Some(bytes))
}

/// Opens a file to be read, with the same refusals as [`read_bytes`].
pub fn open_if_present(path: &Path, name: &str) -> Result<Option<File>, Diagnostic> {
    let failed = |error: io::Error| Diagnostic::error(format!("cannot read `{name}`")).cause(error);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !metadata.is_file() {
        return Err(Diagnostic::error(format!("`{name}` is not a file")));
    }
    if metadata.len() > LARGEST_TEXT {
        return Err(Diagnostic::error(format!(
            "`{name}` is larger than {} MiB",
            LARGEST_TEXT / (1024 * 1024)
        )));
    }
    File::open(path).map(Some).map_err(failed)
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, Diagnostic> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        not_utf8(name, &error.into_bytes(), valid, 1)
    })
}

/// Replaces or makes a file in one step: a temporary file in the same folder, fsync, rename,
/// fsync of the folder. Missing folders are made. The mode of an existing file is kept.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mode = fs::metadata(path)
        .ok()
        .map(|metadata| metadata.permissions());
    let file = temporary_beside(path, bytes)?;
    let permissions = mode.unwrap_or_else(usual_permissions);
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Like [`write_atomically`], but refuses to replace a file that exists (`AlreadyExists`).
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = temporary_beside(path, bytes)?;
    file.as_file().set_permissions(usual_permissions())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Like [`write_atomically`], for what is too large to be held in memory: `fill` writes it. A new
/// file is one that only its owner may read (mode 0600).
pub fn write_atomically_with<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let mode = fs::metadata(path)
        .ok()
        .map(|metadata| metadata.permissions());
    let mut out = io::BufWriter::new(temporary_beside(path, b"")?);
    fill(&mut out)?;
    let written = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(mode) = mode {
        written.as_file().set_permissions(mode)?;
    }
    written.as_file().sync_all()?;
    written.persist(path).map_err(|error| error.error)?;
    Ok(sync_folder(path)?)
}

/// Replaces or makes a file that only its owner may read (mode 0600), in one step. `write` writes
/// it under the name that it is given, where there is no file yet.
pub fn replace_secret_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder)?;
    let room = tempfile::Builder::new()
        .prefix(".postrider-")
        .tempdir_in(folder)?;
    let copy = room.path().join("copy");
    write(&copy)?;
    fs::set_permissions(&copy, private_permissions())?;
    File::open(&copy)?.sync_all()?;
    fs::rename(&copy, path)?;
    Ok(sync_folder(path)?)
}

/// Whether two names lead to one file that exists.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    place(one).is_some_and(|one| Some(one) == place(other))
}

/// Writes a new file that only its owner may read (mode 0600).
pub fn write_new_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A temporary file is made with mode 0600, which stays.
    let file = temporary_beside(path, bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Writes the file only if its bytes differ, so that its time changes only with its content.
/// Tells whether it was written. No fsync: what `build` writes can be built again.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    let file = temporary_beside(path, bytes)?;
    file.as_file().set_permissions(usual_permissions())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(true)
}

fn temporary_beside(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".postrider-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    Ok(file)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(unix)]
fn usual_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

#[cfg(unix)]
fn private_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o600)
}

/// Whether others than the owner may read a file that holds a secret.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Opens a file for a lock, making it where it is missing, without cutting what it holds.
pub fn open_for_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}
