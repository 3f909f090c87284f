//! Death in the middle: what is in doubt afterwards, and what is not.

use super::{
    LATER, SEND, SLUG, assert_counts, assert_ledger_is_true, newsroom, served, states, status,
};
use crate::support::relay::{ScriptedRelay, Stage};

const CONNECTIONS: usize = 4;

#[test]
fn killed_at_the_dot_at_most_one_delivery_a_connection_is_in_doubt() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(CONNECTIONS);
    running.kill();
    gate.release();
    relay.wait_for(CONNECTIONS);

    let next = room.run(["send", "--yes"]).exits(3);
    next.stderr_contains("the last run was cut off")
        .stderr_contains("4 are unconfirmed and held");
    assert_counts(&room, &[("planned", 20), ("sent", 16), ("unconfirmed", 4)]);
    let served = served(&relay);
    assert_eq!(served.len(), 20);
    assert!(served.values().all(|times| *times == 1), "{served:#?}");
    assert_ledger_is_true(&room, &relay);
    let listed = status(&room)["rows"].as_array().unwrap().len();
    assert_eq!(listed, 4, "each doubtful delivery is named");
}

#[test]
fn killed_before_the_dot_nothing_is_in_doubt() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.at(Stage::Data).hold();
    let running = room.spawn(SEND);
    gate.wait_for(CONNECTIONS);
    running.kill();
    gate.release();
    room.run(["send", "--yes"]).exits(0);
    assert_counts(&room, &[("planned", 20), ("sent", 20)]);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn killed_before_the_first_message_nothing_is_lost() {
    for stage in [Stage::Banner, Stage::Ehlo, Stage::Mail] {
        let relay = ScriptedRelay::start();
        let room = newsroom(&relay).readers(5);
        let gate = relay.at(stage).hold();
        let running = room.spawn(SEND);
        gate.wait_for(1);
        running.kill();
        gate.release();
        room.run(["send", "--yes"]).exits(0);
        assert_counts(&room, &[("planned", 5), ("sent", 5)]);
        assert_ledger_is_true(&room, &relay);
    }
}

#[test]
fn killed_again_and_again_nobody_gets_it_twice_and_nobody_is_lost() {
    const KILLS: usize = 15;
    const READERS: usize = 160;
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(READERS);
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for round in 1..=KILLS {
        // xorshift64: the same every time, and different from round to round.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let gate = relay.hold_at_dot();
        let running = room.spawn(SEND);
        for _ in 0..random % 8 {
            gate.wait_for(1);
            gate.release_one();
        }
        if random & 0x100 == 0 {
            gate.wait_for(CONNECTIONS);
        }
        running.kill();
        gate.release();
        let doubtful = states(&room)
            .values()
            .filter(|state| *state == "unconfirmed" || *state == "inflight")
            .count();
        assert!(
            doubtful <= round * CONNECTIONS,
            "{doubtful} in round {round}"
        );
        assert_ledger_is_true(&room, &relay);
    }
    room.now(LATER).run(SEND).exits(3);
    assert_ledger_is_true_at_the_end(&relay, READERS);
}

fn assert_ledger_is_true_at_the_end(relay: &ScriptedRelay, readers: usize) {
    let served = served(relay);
    assert!(served.values().all(|times| *times == 1), "{served:#?}");
    assert!(served.len() <= readers);
}

#[test]
fn a_polite_signal_finishes_what_is_in_flight() {
    for signal in ["INT", "TERM"] {
        let relay = ScriptedRelay::start();
        let room = newsroom(&relay).readers(20);
        let gate = relay.hold_at_dot();
        let running = room.spawn(SEND);
        gate.wait_for(CONNECTIONS);
        running.signal(signal);
        running.wait_for_stderr("finishing what is in flight");
        gate.release();
        running.wait().exits(3);
        assert_counts(&room, &[("planned", 20), ("sent", 4), ("remaining", 16)]);
        room.run(SEND).exits(0);
        assert_ledger_is_true(&room, &relay);
        assert_eq!(served(&relay).len(), 20);
    }
}

/// The system tells the processes of a terminal that it goes, and the shell tells its jobs, too.
#[test]
fn a_terminal_that_is_closed_leaves_nothing_in_doubt_however_often_that_is_told() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    if ignored.is_none_or(|mask| {
        mask.trim()
            .ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f'])
    }) {
        eprintln!("SKIPPED: the tests themselves outlive their terminal");
        return;
    }
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(CONNECTIONS);
    running.signal("HUP");
    running.wait_for_stderr("finishing what is in flight");
    running.signal("HUP");
    gate.release();
    running.wait().exits(3);
    assert_counts(&room, &[("planned", 20), ("sent", 4), ("remaining", 16)]);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_run_that_is_to_outlive_its_terminal_does() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.hold_at_dot();
    let running = room.spawn_under("nohup", SEND);
    gate.wait_for(CONNECTIONS);
    running.signal("HUP");
    gate.release();
    running.wait().exits(0);
    assert_eq!(served(&relay).len(), 20);
}

#[test]
fn a_second_signal_stops_at_once_and_says_what_is_in_doubt() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.hold_at_dot();
    let running = room.spawn(SEND);
    gate.wait_for(CONNECTIONS);
    running.signal("INT");
    running.wait_for_stderr("finishing what is in flight");
    running.signal("INT");
    running.wait().fails(1).stderr_contains("unconfirmed");
    gate.release();
    assert_counts(
        &room,
        &[("planned", 20), ("unconfirmed", 4), ("remaining", 16)],
    );
    room.run(SEND).exits(3);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_second_sender_is_told_who_sends_and_sends_nothing() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(5);
    let gate = relay.hold_at_dot();
    let first = room.spawn(SEND);
    gate.wait_for(CONNECTIONS);
    let connections = relay.connections();
    for command in [&SEND[..], &["send", "--due"], &["ledger", "adopt"]] {
        room.run(command)
            .fails(75)
            .stderr_contains(&format!("process {} on ", first.id()));
    }
    // Looking is allowed.
    room.run(["status", SLUG])
        .exits(0)
        .stdout_contains("planned");
    assert_eq!(relay.connections(), connections);
    gate.release();
    first.wait().exits(0);
    assert_counts(&room, &[("planned", 5), ("sent", 5)]);
    assert_ledger_is_true(&room, &relay);
}
