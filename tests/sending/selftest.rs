//! `selftest`: passes on a sender that keeps its promises, fails on one that does not, and leaves
//! the author's folder as it was.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use postrider::selftest::{self, Cancel, Report, Settings, Watch};

use super::{NOW, newsroom};
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// Every path in a publication's folder with the bytes behind it.
fn everything_in(room: &Newsroom) -> Vec<(String, Vec<u8>)> {
    let files = room.files(".").into_iter();
    files
        .map(|file| (file.clone(), room.read_bytes(&file)))
        .collect()
}

#[test]
fn it_passes_and_touches_nothing_of_the_authors() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3).now(NOW);
    let before = everything_in(&room);
    // A variable that reached the sender under test would break it.
    let room = room.env("POSTRIDER_BASE_URL", "not a URL");
    let output = room.run(["selftest", "--kills", "2", "--json"]).exits(0);
    let answer = output.json();
    assert_eq!(answer["passed"], true, "{answer:#}");
    let rows = answer["scenarios"].as_array().unwrap();
    assert!(rows.len() > 15, "{answer:#}");
    let sum = |name: &str| {
        rows.iter()
            .map(|row| row[name].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("lost"), sum("twice")), (0, 0));
    assert!(sum("messages") > 500 && sum("runs") > 40, "{answer:#}");
    assert!(answer["disk"]["sync_median_us"].is_u64());
    output.stderr_contains("a sync takes").stderr_contains("1/");
    assert_eq!(everything_in(&room), before);
    assert_eq!(relay.connections(), 0);
}

#[test]
fn a_killed_test_is_cleaned_up_by_the_next_one_and_an_interrupted_one_by_itself() {
    let room = Newsroom::empty();
    let running = room.spawn(["selftest"]);
    running.wait_for_stderr("2/");
    running.kill();
    assert!(
        !room.files(".").is_empty(),
        "a killed one leaves its folder"
    );
    for signal in ["INT", "TERM"] {
        let running = room.spawn(["selftest"]);
        running.wait_for_stderr("2/");
        running.signal(signal);
        let output = running.wait().fails(1).stderr_contains("interrupted");
        let is_first = signal == "INT";
        assert_eq!(output.stderr.contains("removed what a killed"), is_first);
        assert_eq!(room.files("."), Vec::<String>::new());
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let room = Newsroom::empty();
    room.run(["selftest", "missing"])
        .fails(1)
        .stderr_contains("missing");
}

// -- senders that break their promises --

struct Silent;

impl Watch for Silent {
    fn note(&mut self, _: &str) {}
    fn begin(&mut self, _: usize, _: usize, _: &str) {}
}

/// Tests a script in the program's place. `$POSTRIDER` in it is the program.
fn test_of(folder: &Path, script: &str) -> Report {
    let program = folder.join("sender");
    let script = script.replace("$POSTRIDER", env!("CARGO_BIN_EXE_postrider"));
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = Settings {
        base: folder.to_owned(),
        program,
        kills: 0,
        seed: 1,
        keep: false,
    };
    selftest::run(&settings, &Cancel::default(), &mut Silent).unwrap()
}

#[test]
fn a_sender_that_sends_nothing_loses_everybody_and_the_evidence_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let report = test_of(folder.path(), "exit 0");
    assert!(!report.passed());
    for row in &report.rows {
        assert_eq!((row.lost, row.sent), (row.messages, 0), "{row:#?}");
        assert!(!row.passed(), "{row:#?}");
    }
    let kept = report.kept.unwrap();
    assert!(kept.join("01/relay/accepted.jsonl").exists());
    assert!(kept.join("01/publication/subscribers.csv").exists());
}

#[test]
fn a_sender_that_forgets_what_it_sent_is_found_to_send_twice() {
    let folder = tempfile::tempdir().unwrap();
    let forget = "rm -f \"$2\"/ledger.db* \"$2\"/sender.lock \"$2\"/postrider.key
        sed -i '/ledger/,$d' \"$2\"/postrider.toml
        exec $POSTRIDER \"$@\"";
    let report = test_of(folder.path(), forget);
    let quiet = &report.rows[0];
    assert_eq!(quiet.scenario, "nothing goes wrong");
    assert_eq!(quiet.twice, quiet.messages, "{quiet:#?}");
    assert!(!report.passed());
}
