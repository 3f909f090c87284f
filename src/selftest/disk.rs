//! What the folder's disk says about itself: how long it takes to make something durable, and what
//! kind of file system it is.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often it is asked.
const SYNCS: usize = 40;
/// How much is made durable at a time, in bytes: a page of the ledger.
const PAGE: usize = 4096;
/// No disk is this fast: something on the way answers without asking it.
const IMPLAUSIBLE: Duration = Duration::from_micros(20);

/// The disk below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Half of the syncs took no longer than this.
    pub median: Duration,
    /// The slowest sync.
    pub slowest: Duration,
    /// The file system.
    pub file_system: FileSystem,
}

/// A kind of file system, as far as it matters to a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// On a disk of this machine, by its name.
    Local(&'static str),
    /// On another machine, or on a program's word: locks and syncs may not mean what they say.
    Remote(&'static str),
    /// In memory: gone after a power cut.
    Memory(&'static str),
    /// Not one that is known here.
    Unknown,
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local(name) | Self::Remote(name) | Self::Memory(name) => name,
            Self::Unknown => "unknown",
        })
    }
}

impl Disk {
    /// Asks the disk of a folder.
    pub(super) fn measure(folder: &Path) -> io::Result<Self> {
        let path = folder.join("sync");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(&path)?;
        let page = [0x55; PAGE];
        let mut times = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            file.write_all(&page)?;
            let start = Instant::now();
            file.sync_data()?;
            times.push(start.elapsed());
        }
        std::fs::remove_file(path)?;
        times.sort();
        Ok(Self {
            median: times[times.len() / 2],
            slowest: times.last().copied().unwrap_or_default(),
            file_system: file_system_of(folder)?,
        })
    }

    /// Why the guarantee may not hold here, in words.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.median < IMPLAUSIBLE {
            doubts.push(format!(
                "a sync takes {} here, which no disk can do: after a power cut the ledger may have lost what it was told is safe",
                shown(self.median)
            ));
        }
        match self.file_system {
            FileSystem::Remote(name) => doubts.push(format!(
                "the folder lies on {name}: SQLite's locks and syncs are not to be trusted there; keep the publication on a disk of this machine"
            )),
            FileSystem::Memory(name) => doubts.push(format!(
                "the folder lies on {name}, in memory: a power cut takes the ledger with it"
            )),
            FileSystem::Local(_) | FileSystem::Unknown => {}
        }
        doubts
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a sync takes {} (slowest {}), file system {}",
            shown(self.median),
            shown(self.slowest),
            self.file_system
        )
    }
}

/// A short time with three digits at most.
fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1000.0 {
        format!("{micros:.0} µs")
    } else if micros < 10_000.0 {
        format!("{:.1} ms", micros / 1000.0)
    } else {
        format!("{:.0} ms", micros / 1000.0)
    }
}

/// The numbers of statfs(2).
#[cfg(target_os = "linux")]
fn file_system_of(folder: &Path) -> io::Result<FileSystem> {
    let kind = rustix::fs::statfs(folder)?.f_type;
    // The type of the field differs between machines; all numbers have 32 bits.
    let kind = u32::try_from(i128::from(kind) & 0xFFFF_FFFF).unwrap_or_default();
    Ok(match kind {
        0xEF53 => FileSystem::Local("ext4"),
        0x5846_5342 => FileSystem::Local("XFS"),
        0x9123_683E => FileSystem::Local("Btrfs"),
        0x2FC1_2FC1 => FileSystem::Local("ZFS"),
        0xF2F5_2010 => FileSystem::Local("F2FS"),
        0x794C_7630 => FileSystem::Local("overlayfs"),
        0x0102_1994 => FileSystem::Memory("tmpfs"),
        0x8584_58F6 => FileSystem::Memory("ramfs"),
        0x6969 => FileSystem::Remote("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => FileSystem::Remote("SMB"),
        0x0102_1997 => FileSystem::Remote("9p"),
        0x6573_5546 => FileSystem::Remote("FUSE"),
        0x5346_414F => FileSystem::Remote("AFS"),
        0x00C3_6400 => FileSystem::Remote("Ceph"),
        _ => FileSystem::Unknown,
    })
}

#[cfg(not(target_os = "linux"))]
fn file_system_of(_: &Path) -> io::Result<FileSystem> {
    Ok(FileSystem::Unknown)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Disk, FileSystem, shown};

    fn disk(micros: u64, file_system: FileSystem) -> Disk {
        Disk {
            median: Duration::from_micros(micros),
            slowest: Duration::from_micros(4 * micros),
            file_system,
        }
    }

    #[test]
    fn a_disk_that_is_too_fast_a_network_and_memory_are_doubted() {
        let local = FileSystem::Local("ext4");
        assert_eq!(disk(20, local).doubts(), Vec::<String>::new());
        for doubtful in [
            disk(19, local),
            disk(1000, FileSystem::Remote("NFS")),
            disk(1000, FileSystem::Memory("tmpfs")),
        ] {
            assert_eq!(doubtful.doubts().len(), 1, "{doubtful}");
        }
    }

    #[test]
    fn a_folder_is_measured_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::measure(folder.path()).unwrap();
        assert!(disk.median <= disk.slowest && disk.slowest > Duration::ZERO);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn times_are_short() {
        assert_eq!(shown(Duration::from_micros(340)), "340 µs");
        assert_eq!(shown(Duration::from_micros(1_240)), "1.2 ms");
        assert_eq!(shown(Duration::from_micros(17_900)), "18 ms");
    }
}
