//! `send` and `plan` look at an issue as `check` does before it is planned.

use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

fn room(relay: &ScriptedRelay, body: &str) -> Newsroom {
    Newsroom::new()
        .now("2026-12-01T09:00:00Z")
        .relay(relay)
        .readers(2)
        .essay("2026-12-01-the-lamp", "The lamp", body)
}

const TWICE: &str = "He went to the the window.\n";

#[test]
fn a_warning_is_shown_and_the_run_that_was_agreed_to_goes_on() {
    for agreed in [["send", "--yes"].as_slice(), &["send", "--expect", "2"]] {
        let relay = ScriptedRelay::start();
        room(&relay, TWICE)
            .run(agreed)
            .exits(0)
            .stderr_contains("warning[double-word]")
            .stderr_contains("issues/2026-12-01-the-lamp.md:6:12");
        assert_eq!(relay.accepted().len(), 2);
    }
    let relay = ScriptedRelay::start();
    room(&relay, TWICE)
        .run(["send", "--yes", "--quiet"])
        .succeeds();
}

#[test]
fn a_timer_hears_of_errors_alone() {
    let relay = ScriptedRelay::start();
    room(&relay, TWICE)
        .run(["send", "--due"])
        .exits(0)
        .stderr_lacks("warning");
    assert_eq!(relay.accepted().len(), 2);
    let relay = ScriptedRelay::start();
    room(&relay, "![The lamp](lamp.png)\n")
        .run(["send", "--due"])
        .fails(1)
        .stderr_contains("lamp.png");
    assert_eq!(relay.connections(), 0);
}

#[test]
fn an_error_stops_a_run_before_anything_is_published_or_planned() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, "<!-- nothing yet -->\n");
    for command in [
        ["send", "--yes"].as_slice(),
        &["send", "the-lamp", "--yes"],
        &["send", "--dry-run"],
        &["plan"],
    ] {
        room.run(command)
            .fails(1)
            .stderr_contains("error[empty-essay]")
            .stderr_contains("hint: ");
    }
    assert_eq!(relay.connections(), 0);
    assert!(!room.has("public"));
    room.run(["status", "the-lamp"]).stdout_contains("the-lamp");
    room.write(
        "issues/2026-12-01-the-lamp.md",
        room.read("issues/2026-12-01-the-lamp.md") + "It is lit.\n",
    );
    room.run(["send", "--yes"]).exits(0);
    assert_eq!(relay.accepted().len(), 2);
}

#[test]
fn programs_are_told_in_every_case() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, TWICE);
    let dry = room.run(["send", "--dry-run", "--json"]);
    let due = room.run(["send", "--due", "--json"]).exits(0);
    for output in [dry, due] {
        let answer: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        let [finding] = answer["findings"].as_array().unwrap().as_slice() else {
            panic!("{output}");
        };
        assert_eq!(finding["rule"], "double-word");
        assert_eq!(finding["line"], 6);
    }
}

#[test]
fn a_plan_counts_the_warnings() {
    let relay = ScriptedRelay::start();
    room(&relay, TWICE)
        .run(["plan"])
        .exits(0)
        .stderr_contains("1 warning; `postrider check the-lamp` tells more");
    room(&relay, "He went to the window.\n")
        .run(["plan", "--all"])
        .succeeds();
}

#[test]
fn what_was_planned_is_not_looked_at_again() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, TWICE);
    room.run(["send", "--yes"]).exits(0);
    room.run(["send", "--yes"]).succeeds();
    room.run(["send", "the-lamp", "--yes"]).succeeds();
}
