//! What a run stands on: room on the disk, a file system that keeps its word, a disk that works, a
//! clock that runs forward.

use std::process::Command;

use super::{
    NOW, SEND, SLUG, assert_counts, assert_ledger_is_true, ledger, newsroom, rows_of, served,
    states,
};
use crate::support::newsroom::Newsroom;
use crate::support::program::Running;
use crate::support::relay::ScriptedRelay;

/// A file system in memory of so many MiB in the place of a folder. It goes when this is dropped.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn at(room: &Newsroom, size: u32) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"])
            .arg(room.folder())
            .output();
        let done = mounted.is_ok_and(|output| output.status.success());
        if !done {
            skipped();
        }
        done.then(|| Self(room.folder().to_owned()))
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a test that did not run must not look like one that passed"
)]
fn skipped() {
    eprintln!("SKIPPED: this process may not mount a file system");
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_disk_with_too_little_room_is_refused_before_anything_is_sent() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new();
    let Some(mounted) = Mounted::at(&room, 60) else {
        return;
    };
    let room = room
        .relay(&relay)
        .essay(&format!("2026-12-01-{SLUG}"), "Why write?", "Because.\n")
        .readers(3)
        .now(NOW);
    room.run(SEND)
        .fails(1)
        .stderr_contains("MiB are free on this disk, and a run of 3 messages wants 64 MiB")
        .stderr_contains("make room");
    assert_eq!(relay.connections(), 0);
    assert_eq!(rows_of(&room, "delivery"), 0);
    drop(mounted);
}

#[test]
fn the_ballast_takes_real_room_and_is_made_once() {
    use std::os::unix::fs::MetadataExt;
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.run(["plan", SLUG]).exits(0);
    assert!(!room.has("ledger.ballast"), "a run makes it");
    room.run(SEND).exits(0);
    let file = std::fs::metadata(room.path("ledger.ballast")).unwrap();
    assert!(file.blocks() * 512 >= 4 * 1024 * 1024, "{}", file.blocks());
    let room = room.essay("2026-12-01-second", "Second", "More.\n");
    room.run(["send", "second", "--yes"]).exits(0);
    let same = std::fs::metadata(room.path("ledger.ballast")).unwrap();
    assert_eq!(same.ino(), file.ino());
    // One that was cut short holds nothing.
    room.write("ledger.ballast", "");
    let room = room.essay("2026-12-01-third", "Third", "More.\n");
    room.run(["send", "third", "--yes"]).exits(0);
    let whole = std::fs::metadata(room.path("ledger.ballast")).unwrap();
    assert_eq!(whole.len(), 4 * 1024 * 1024);
}

#[test]
fn a_new_publication_keeps_the_ballast_out_of_git() {
    let room = Newsroom::empty();
    room.run(["init"]).exits(0);
    assert!(
        room.read(".gitignore")
            .lines()
            .any(|line| line == "ledger.ballast")
    );
}

/// Runs the program with a limit on the size of a file, beyond which every write fails as on a
/// broken disk.
fn with_limit(room: &Newsroom, kilobytes: u32, arguments: &str) -> Running {
    let program = env!("CARGO_BIN_EXE_postrider");
    // The signal that comes with the limit is ignored, so that the write itself fails.
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec {program} {arguments}");
    let mut command = Command::new("bash");
    command
        .args(["-c", &script])
        .current_dir(room.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("POSTRIDER_NOW", NOW);
    Running::start(&mut command)
}

#[test]
fn a_disk_that_fails_stops_the_run_for_good_and_says_what_to_do() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1500);
    let stopped = with_limit(&room, 4200, "send why-write --yes")
        .wait()
        .fails(1);
    stopped
        .stderr_contains("disk I/O error")
        .stderr_contains("the disk failed, and nothing more was written or sent")
        .stderr_contains("postrider ledger check");
    let before = served(&relay).len();
    assert!(before < 1500, "the limit was never reached");
    assert!(room.has("ledger.ballast"), "room was not what it lacked");
    // On a disk that works again the next run goes on: four are in doubt at most.
    room.run(SEND);
    assert_ledger_is_true(&room, &relay);
    let states = states(&room);
    let count = |wanted: &str| states.values().filter(|state| *state == wanted).count();
    assert_eq!(count("sent") + count("unconfirmed"), 1500);
    assert!(count("unconfirmed") <= 4, "one a connection at most");
    room.run(["ledger", "check"]).exits(0);
}

#[test]
fn a_damaged_ledger_sends_nothing_and_says_what_to_do() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(300);
    room.run(SEND).exits(0);
    ledger(&room)
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let mut bytes = room.read_bytes("ledger.db");
    bytes[4096..].fill(0x5a);
    room.write("ledger.db", &bytes);
    let room = room.essay("2026-12-01-second", "Second", "More.\n");
    room.run(["send", "second", "--yes"])
        .fails(1)
        .stderr_contains("the file is damaged")
        .stderr_contains("postrider ledger backup");
    assert_eq!(relay.accepted().len(), 300);
    room.write("ledger.db", "this is no database\n".repeat(1000));
    room.run(["send", "second", "--yes"])
        .fails(1)
        .stderr_contains("the file is damaged");
    assert_eq!(relay.accepted().len(), 300);
}

// -- the clock --

/// A publication under the machine's own clock; its issue is due whatever that says.
fn by_the_machine(relay: &ScriptedRelay) -> Newsroom {
    Newsroom::new()
        .relay(relay)
        .essay("2001-01-01-old", "Old", "Long ago.\n")
        .essay("2001-01-02-older", "Older", "Longer ago.\n")
        .readers(2)
}

fn seen(room: &Newsroom) -> Option<i64> {
    let sql = "SELECT value FROM meta WHERE key = 'seen'";
    let value: Result<String, _> = ledger(room).query_row(sql, [], |row| row.get(0));
    value.ok().map(|text| text.parse().unwrap())
}

#[test]
fn a_clock_a_day_behind_the_last_run_sends_nothing_until_a_person_vouches_for_it() {
    let relay = ScriptedRelay::start();
    let room = by_the_machine(&relay);
    room.run(["send", "old", "--yes"]).exits(0);
    let now = seen(&room).expect("the time of the run is kept");
    let set = |milliseconds: i64| {
        ledger(&room)
            .execute(
                "UPDATE meta SET value = ?1 WHERE key = 'seen'",
                [milliseconds.to_string()],
            )
            .unwrap();
    };
    let hours = 60 * 60 * 1000;
    set(now + 25 * hours);
    for command in [&["send", "older", "--yes"][..], &["send", "--due"]] {
        room.run(command)
            .fails(1)
            .stderr_contains("the clock says")
            .stderr_contains("the last run was later")
            .stderr_contains("--now");
    }
    assert_eq!(relay.accepted().len(), 2);
    // A clock that is set right helps, and so does a person.
    set(now + 23 * hours);
    room.run(["send", "older", "--yes"]).exits(0);
    assert_eq!(relay.accepted().len(), 4);
    assert_eq!(
        seen(&room),
        Some(now + 23 * hours),
        "it never goes back by itself"
    );
    set(now + 25 * hours);
    room.run(["send", "old", "--yes"]).fails(1);
    room.run(["ledger", "adopt"]).exits(0);
    room.run(["send", "old", "--yes"]).exits(0);
    assert!(seen(&room).unwrap() < now + hours);
}

#[test]
fn an_hour_set_by_hand_is_no_time_that_was_seen() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    room.run(SEND).exits(0);
    assert_eq!(seen(&room), None);
    assert_counts(&room, &[("planned", 1), ("sent", 1)]);
    // A clock set by hand may be before the program, but not before the last run.
    let room = newsroom(&relay).readers(1).now("2001-01-01T00:00:00Z");
    room.run(SEND).exits(0);
    ledger(&room)
        .execute(
            "INSERT INTO meta (key, value) VALUES ('seen', '978480000000')",
            [],
        )
        .unwrap();
    room.run(SEND)
        .fails(1)
        .stderr_contains("the last run was later, at 2001-01-03");
}
