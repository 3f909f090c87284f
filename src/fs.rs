//! Files: read with errors that name the file, written so that a crash leaves the old file or
//! the new one and never half of one.

mod mark;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, SourceText, not_utf8};

pub use mark::FileMark;

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
    // Room for all of it, and for the byte that would show that it has grown: a build reads thousands
    // of files, and without this each in ten pieces.
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let size = usize::try_from(size.min(LARGEST_TEXT)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size + 1);
    file.take(LARGEST_TEXT)
        .read_to_end(&mut bytes)
        .map_err(|error| Diagnostic::error(format!("cannot read `{name}`")).cause(error))?;
    Ok(Some(bytes))
}

/// Whether a path, with every link in it followed, stays in a folder. What is not there leads
/// nowhere.
pub fn is_inside(folder: &Path, path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return true;
    };
    fs::canonicalize(folder).is_ok_and(|folder| path.starts_with(folder))
}

/// Size of a file in bytes; `None` if there is none.
pub fn size_of(path: &Path) -> Option<u64> {
    let metadata = fs::metadata(path).ok()?;
    metadata.is_file().then_some(metadata.len())
}

/// Opens a file to be read, with the same refusals as [`read_bytes`].
pub fn open_if_present(path: &Path, name: &str) -> Result<Option<File>, Diagnostic> {
    let Some(file) = open_to_stream(path, name)? else {
        return Ok(None);
    };
    if file
        .metadata()
        .is_ok_and(|metadata| metadata.len() > LARGEST_TEXT)
    {
        return Err(Diagnostic::error(format!(
            "`{name}` is larger than {} MiB",
            LARGEST_TEXT / (1024 * 1024)
        )));
    }
    Ok(Some(file))
}

/// Opens a plain file of any size, for who reads it piece by piece. `None` if there is none.
pub fn open_to_stream(path: &Path, name: &str) -> Result<Option<File>, Diagnostic> {
    let failed = |error: io::Error| Diagnostic::error(format!("cannot read `{name}`")).cause(error);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !metadata.is_file() {
        return Err(Diagnostic::error(format!("`{name}` is not a file")));
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
    write_atomically_unless(path, fill, || Ok(()))
}

/// The same; `refuse` is asked when the new file is on the disk, just before it takes the place of
/// the old one.
pub fn write_atomically_unless<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    refuse: impl FnOnce() -> Result<(), E>,
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
    refuse()?;
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

/// Replaces or makes a file that only its owner may read (mode 0600), in one step. No fsync: for
/// what can be found out again.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A temporary file is made with mode 0600, which stays.
    temporary_beside(path, bytes)?.persist(path)?;
    Ok(())
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

/// Those of a file that everybody may read.
#[cfg(unix)]
pub fn usual_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

#[cfg(unix)]
fn private_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o600)
}

/// Makes an empty file that nobody else can read, if there is none.
pub fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()),
    }
}

/// Makes a folder into which nobody else can look, if there is none.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Whether others than the owner may read a file that holds a secret.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// The file system of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Bytes that this user can still write.
    pub free: u64,
    /// What it is, if it is not on a disk of this machine: then an fsync or a lock may mean little.
    pub remote: Option<&'static str>,
}

/// Looks at the file system of a folder.
pub fn volume_of(folder: &Path) -> io::Result<Volume> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(Volume {
        free: space.f_bavail.saturating_mul(space.f_frsize),
        remote: remote_kind(folder)?,
    })
}

#[cfg(target_os = "linux")]
fn remote_kind(folder: &Path) -> io::Result<Option<&'static str>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the numbers have 32 bits, in a type that differs between machines"
    )]
    let number = rustix::fs::statfs(folder)?.f_type as u32;
    Ok(name_of_remote(number))
}

/// Other systems have no such numbers.
#[cfg(not(target_os = "linux"))]
fn remote_kind(_: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// The numbers of statfs(2).
#[cfg(target_os = "linux")]
fn name_of_remote(number: u32) -> Option<&'static str> {
    Some(match number {
        0x6969 => "NFS",
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => "SMB",
        0x0102_1997 => "9p",
        // virtiofs has the number of FUSE.
        0x6573_5546 => "FUSE or virtiofs",
        0x00C3_6400 => "Ceph",
        0x5346_414F => "AFS",
        0x786F_4256 => "a shared folder of VirtualBox",
        _ => return None,
    })
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_other_machines_are_known_by_their_numbers() {
        let remote = [
            0x6969,
            0x517B,
            0xFF53_4D42,
            0xFE53_4D42,
            0x0102_1997,
            0x6573_5546,
        ];
        for number in remote {
            assert!(name_of_remote(number).is_some(), "{number:#x}");
        }
        // ext4, XFS, Btrfs, tmpfs, ZFS, overlayfs, F2FS
        let local = [
            0xEF53,
            0x5846_5342,
            0x9123_683E,
            0x0102_1994,
            0x2FC1_2FC1,
            0x794C_7630,
            0xF2F5_2010,
        ];
        for number in local {
            assert_eq!(name_of_remote(number), None, "{number:#x}");
        }
    }
}
