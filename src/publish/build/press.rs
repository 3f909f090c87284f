//! From drafts to files on the disk.
//!
//! A file whose bytes are there already is left alone. One that changed is written into a folder
//! beside the others, [`STAGING`], under the path that it will have; when all are there they are moved
//! to their places, and folders that are new as a whole: a first build moves a dozen names. An error
//! on the way leaves the archive as it was, and the order of writing lets a crash do no harm either:
//! the list of our files names a file before it appears, so that what a dead build left is still
//! ours.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::memory::{KnownFile, Memory, Seen};
use super::stamp::{Moment, Stamp};
use super::twins::{ENDINGS, twins};
use super::{BuildReport, manifest};
use crate::archive::Draft;
use crate::diagnostic::Diagnostic;
use crate::feed::Format;
use crate::fingerprint::Fingerprint;
use crate::fs;

/// Holds the files that wait for the others.
const STAGING: &str = ".postrider-staging";

/// A file there that is made to see what time it is on the disk.
const CLOCK: &str = ".clock";

/// Where files are made ready.
pub(super) struct Press<'a> {
    out: PathBuf,
    staging: PathBuf,
    memory: &'a Memory,
    /// What earlier builds wrote.
    earlier: BTreeSet<String>,
    /// When this build began to look at files.
    began: Moment,
    /// Held as long as the press is open: another build of this folder waits.
    _turn: File,
}

/// A file that is ready, with its twins.
pub(super) struct Printed {
    fingerprint: Fingerprint,
    file: Ready,
    twins: [Option<Ready>; 2],
}

/// One file on the disk.
struct Ready {
    path: String,
    seen: Seen,
    /// Whether it waits among the staged ones; otherwise it is in its place already.
    staged: bool,
}

impl Printed {
    /// What the next build may remember.
    pub(super) fn known(&self) -> (Fingerprint, KnownFile) {
        let twins = self.twins.each_ref();
        let known = KnownFile {
            file: self.file.seen,
            twins: twins.map(|twin| twin.as_ref().map(|twin| twin.seen)),
        };
        (self.fingerprint, known)
    }

    fn files(&self) -> impl Iterator<Item = &Ready> {
        std::iter::once(&self.file).chain(self.twins.iter().flatten())
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut Ready> {
        std::iter::once(&mut self.file).chain(self.twins.iter_mut().flatten())
    }
}

impl<'a> Press<'a> {
    /// Opens the press of a folder. Waits until no other build works on it.
    pub(super) fn open(out: &Path, memory: &'a Memory) -> Result<Self, Diagnostic> {
        let shown = out.display().to_string();
        let failed = |error: std::io::Error| unwritable(&shown, &error);
        std::fs::create_dir_all(out).map_err(failed)?;
        let turn = File::open(out).map_err(failed)?;
        // Some network file systems lock no folder. Two builds at once are then the author's care.
        let _ = turn.lock();
        let staging = out.join(STAGING);
        clear(&staging).map_err(failed)?;
        std::fs::create_dir(&staging).map_err(failed)?;
        Ok(Self {
            earlier: manifest::read(out)?,
            began: Moment::of(&std::fs::metadata(&staging).map_err(failed)?),
            out: out.to_path_buf(),
            staging,
            memory,
            _turn: turn,
        })
    }

    /// Makes a file and its twins, unless they are there already, and stages what changed.
    pub(super) fn print(&self, draft: Draft<'_>) -> Result<Printed, Diagnostic> {
        let fingerprint = draft.fingerprint;
        if let Some(there) = self.remembered(&draft) {
            return Ok(there);
        }
        let path = draft.path.clone();
        let bytes = draft.make()?;
        let [gzip, brotli] = twins(&path, &bytes);
        let twin = |ending: &str, bytes: Option<Vec<u8>>| {
            bytes
                .map(|bytes| self.ready(format!("{path}.{ending}"), &bytes))
                .transpose()
        };
        Ok(Printed {
            fingerprint,
            twins: [twin(ENDINGS[0], gzip)?, twin(ENDINGS[1], brotli)?],
            file: self.ready(path, &bytes)?,
        })
    }

    /// The file if it need not be made: it is known which bytes it has, and they are there.
    fn remembered(&self, draft: &Draft<'_>) -> Option<Printed> {
        let known = self.memory.files(draft.fingerprint)?;
        let path = &draft.path;
        let mut twins = [None, None];
        for ((place, ending), twin) in twins.iter_mut().zip(ENDINGS).zip(known.twins) {
            if let Some(seen) = twin {
                *place = Some(self.in_place(format!("{path}.{ending}"), seen)?);
            }
        }
        Some(Printed {
            fingerprint: draft.fingerprint,
            file: self.in_place(path.clone(), known.file)?,
            twins,
        })
    }

    fn in_place(&self, path: String, seen: Seen) -> Option<Ready> {
        let place = self.out.join(&path);
        // Before it is read: whatever changes it from here on gives it another stamp.
        let stamp = Stamp::of(&std::fs::metadata(&place).ok()?);
        let staged = false;
        if seen.stamp == Some(stamp) {
            return Some(Ready { path, seen, staged });
        }
        let bytes = fs::read_bytes(&place, &path).ok()??;
        if Fingerprint::of_bytes(&bytes) != seen.hash {
            return None;
        }
        let stamp = stamp.settled_at(self.began);
        let seen = Seen { stamp, ..seen };
        Some(Ready { path, seen, staged })
    }

    /// Stages a file if its bytes are not in its place.
    fn ready(&self, path: String, bytes: &[u8]) -> Result<Ready, Diagnostic> {
        let hash = Fingerprint::of_bytes(bytes);
        let present = fs::read_bytes(&self.out.join(&path), &path)?;
        if present.as_deref() == Some(bytes) {
            let seen = Seen { hash, stamp: None };
            let staged = false;
            return Ok(Ready { path, seen, staged });
        }
        if present.is_some() && !self.earlier.contains(&path) {
            return Err(self.in_the_way(&path));
        }
        let stamp = stage(&self.staging.join(&path), bytes);
        let stamp = Some(stamp.map_err(|error| unwritable(&path, &error))?);
        let seen = Seen { hash, stamp };
        let staged = true;
        Ok(Ready { path, seen, staged })
    }

    /// A file that is in the way and that no build wrote is somebody's work.
    fn in_the_way(&self, path: &str) -> Diagnostic {
        Diagnostic::error(format!(
            "`{}` is in the way, and it was not written by `build`",
            self.out.join(path).display()
        ))
        .hint("move it away, or build into another folder with `--out DIR`")
    }

    /// Moves what is staged to its place, and takes away what no longer belongs to the archive, save
    /// for files of earlier builds that `keeps` names. A file counts once, with its twins.
    pub(super) fn publish(
        self,
        printed: &mut [Printed],
        keeps: impl Fn(&str) -> bool,
    ) -> Result<BuildReport, Diagnostic> {
        let mut report = BuildReport::default();
        self.settle_stamps(printed)?;
        let files = || printed.iter().flat_map(Printed::files);
        let mut current: BTreeSet<&str> = files().map(|file| file.path.as_str()).collect();
        let earlier = self.earlier.iter().map(String::as_str);
        // One that somebody took away stays away.
        current.extend(earlier.filter(|path| keeps(path) && self.out.join(path).is_file()));
        let mut union = current.clone();
        union.extend(self.earlier.iter().map(String::as_str));
        manifest::write(&self.out, &union)?;
        self.move_into_place(Path::new(""))?;
        for one in &*printed {
            let changed = one.files().any(|file| file.staged);
            let is_new_feed = changed && is_feed(&one.file.path);
            report
                .changed_feeds
                .extend(is_new_feed.then(|| one.file.path.clone()));
            *(if changed {
                &mut report.written
            } else {
                &mut report.unchanged
            }) += 1;
        }
        for path in union.difference(&current) {
            let removed = manifest::remove(&self.out, path)?;
            report.removed += usize::from(removed && !is_twin(path, &self.earlier));
        }
        manifest::write(&self.out, &current)?;
        Ok(report)
    }

    /// From here on others see the staged files, and may change them: stamps are kept of those that
    /// would then have another one.
    fn settle_stamps(&self, printed: &mut [Printed]) -> Result<(), Diagnostic> {
        let clock = self.staging.join(CLOCK);
        let moment = File::create(&clock).and_then(|file| file.metadata());
        let moment = moment.and_then(|now| std::fs::remove_file(&clock).map(|()| now));
        let moment = Moment::of(&moment.map_err(|error| unwritable(STAGING, &error))?);
        let files = printed.iter_mut().flat_map(Printed::files_mut);
        for file in files.filter(|file| file.staged) {
            let stamp = file.seen.stamp;
            file.seen.stamp = stamp.and_then(|stamp| stamp.settled_at(moment));
        }
        Ok(())
    }

    /// Moves what waits in a folder to its place: folders that are not there yet as a whole.
    fn move_into_place(&self, folder: &Path) -> Result<(), Diagnostic> {
        let failed = |path: &Path| {
            let shown = path.display().to_string();
            move |error: std::io::Error| unwritable(&shown, &error)
        };
        let waiting = std::fs::read_dir(self.staging.join(folder)).map_err(failed(folder))?;
        for entry in waiting {
            let entry = entry.map_err(failed(folder))?;
            let path = folder.join(entry.file_name());
            let place = self.out.join(&path);
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && place.is_dir() {
                self.move_into_place(&path)?;
            } else {
                std::fs::rename(entry.path(), place).map_err(failed(&path))?;
            }
        }
        Ok(())
    }
}

/// Whether a path is that of a feed's newest document, the one that subscribers know.
fn is_feed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut names = Format::ALL.iter().map(|format| format.newest_path_in(""));
    names.any(|known| known == name)
}

/// Whether a file is the twin of another one.
fn is_twin(path: &str, files: &BTreeSet<String>) -> bool {
    let is_ending = |ending: &str| ENDINGS.contains(&ending);
    path.rsplit_once('.')
        .is_some_and(|(name, ending)| is_ending(ending) && files.contains(name))
}

impl Drop for Press<'_> {
    fn drop(&mut self) {
        // What stays behind the next build takes away. A folder that was made for nothing goes as well.
        let _ = clear(&self.staging);
        let _ = std::fs::remove_dir(&self.out);
    }
}

/// Removes what a build left that was killed.
fn clear(staging: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(staging) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file that any web server may read. No fsync: it can be built again.
fn stage(path: &Path, bytes: &[u8]) -> std::io::Result<Stamp> {
    let mut file = match File::create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::create(path)?
        }
        made => made?,
    };
    file.write_all(bytes)?;
    file.set_permissions(fs::usual_permissions())?;
    Ok(Stamp::of(&file.metadata()?))
}

/// A file that could not be written.
pub(super) fn unwritable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot write `{path}`")).cause(error)
}
