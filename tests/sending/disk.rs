//! A full disk: nothing is sent that is not recorded, and the run goes on when there is room.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{
    CONFIG_IS_WRITTEN_AGAIN, NOW, SEND, SLUG, assert_ledger_is_true, essay, served, states,
};
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// A small file system in memory. It goes when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=96m", "tmpfs"])
            .arg(folder)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder.to_owned())),
            _ => None,
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A publication for 200 readers on a disk of its own; `None` where that cannot be had.
#[expect(
    clippy::print_stderr,
    reason = "what a test could not see is told where its result is told"
)]
fn on_a_small_disk(relay: &ScriptedRelay) -> Option<(Newsroom, SmallDisk)> {
    let room = Newsroom::new();
    let Some(disk) = SmallDisk::mount(room.folder()) else {
        eprintln!("SKIPPED: this process may not mount a file system");
        return None;
    };
    let room = room
        .config(CONFIG_IS_WRITTEN_AGAIN)
        .relay(relay)
        .essay(&format!("2026-12-01-{SLUG}"), "Why write?", &essay())
        .readers(200)
        .now(NOW);
    Some((room, disk))
}

#[test]
fn a_full_disk_stops_the_run_before_anything_is_sent_unrecorded() {
    let relay = ScriptedRelay::start();
    let Some((room, disk)) = on_a_small_disk(&relay) else {
        return;
    };
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(4);
    fill(&room.path("filler"));
    gate.release();
    let stopped = running.wait().fails(1);
    stopped
        .stderr_contains("the disk is full")
        .stderr_contains("make room and run the same command again");
    let before = served(&relay).len();
    assert!(before < 200, "the disk was never full");
    // The ballast made room for what the relay had answered: nothing is in doubt.
    assert!(!room.has("ledger.ballast"));
    assert_ledger_is_true(&room, &relay);
    assert_eq!(count(&room, "sent"), before);
    assert_eq!(count(&room, "inflight") + count(&room, "unconfirmed"), 0);
    // And there is too little of it for another run.
    room.run(SEND).fails(1).stderr_contains("wants 64 MiB");

    std::fs::remove_file(room.path("filler")).unwrap();
    let next = room.run(SEND);
    assert_eq!(next.stderr.matches("error:").count(), 0, "{next}");
    assert_ledger_is_true(&room, &relay);
    assert_eq!(count(&room, "sent"), 200, "{:#?}", states(&room));
    assert_eq!(served(&relay).values().max(), Some(&1));
    assert!(room.has("ledger.ballast"), "made anew");
    room.run(["ledger", "check"]).exits(0);
    drop(disk);
}

#[test]
fn a_disk_with_a_little_room_left_loses_nobody_and_serves_nobody_twice() {
    for left in [4 * 1024, 64 * 1024, 256 * 1024] {
        let relay = ScriptedRelay::start();
        let Some((room, disk)) = on_a_small_disk(&relay) else {
            return;
        };
        let gate = relay.hold_at_dot();
        let running = room.spawn(SEND);
        gate.wait_for(4);
        let filler = room.path("filler");
        fill(&filler);
        let size = std::fs::metadata(&filler).unwrap().len();
        let file = File::options().write(true).open(&filler).unwrap();
        file.set_len(size - left).unwrap();
        // An open file keeps its room also when it is removed.
        drop(file);
        gate.release();
        let first = running.wait();
        assert_ledger_is_true(&room, &relay);

        std::fs::remove_file(&filler).unwrap();
        let next = room.run(SEND);
        assert_eq!(
            next.stderr.matches("error:").count(),
            0,
            "{left}: {first}{next}"
        );
        assert_ledger_is_true(&room, &relay);
        let doubt = count(&room, "unconfirmed");
        assert_eq!(count(&room, "sent") + doubt, 200, "{left}");
        assert!(doubt <= 4, "{left}: one a connection at most");
        drop(disk);
    }
}

fn count(room: &Newsroom, wanted: &str) -> usize {
    states(room)
        .values()
        .filter(|state| *state == wanted)
        .count()
}

fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    // Large blocks first, then single bytes: nothing is left.
    for size in [64 * 1024, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
