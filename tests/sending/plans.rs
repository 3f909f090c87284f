//! What a plan says: how it differs from the last one, and to whom a correction goes.

use super::{NOW, SEND, assert_counts, newsroom, served};
use crate::support::newsroom::{Newsroom, id_of};
use crate::support::relay::ScriptedRelay;

const ERRATUM: &str = "2026-12-02-erratum";

/// The parent was mailed to three readers; one of them has left since, one was suppressed, and
/// somebody new has come.
fn a_day_later(relay: &ScriptedRelay, front_matter: &str) -> Newsroom {
    let room = newsroom(relay).readers(3);
    room.run(SEND).exits(0);
    room.run(["subscribers", "suppress", "reader2@example.org"])
        .exits(0);
    room.subscribers("email,name\nreader1@example.org,Reader 1\nreader2@example.org,Reader 2\nada@example.org,Ada\n")
        .essay_with(ERRATUM, "A correction", front_matter, "It was seven, not six.\n")
        .now("2026-12-02T09:00:00Z")
}

#[test]
fn a_plan_tells_who_came_and_who_went_since_the_last_issue() {
    let relay = ScriptedRelay::start();
    let room = a_day_later(&relay, "");
    room.run(["plan"])
        .exits(0)
        .stdout_contains("2 subscribers would get it")
        .stdout_contains("1 would not: suppressed: unsubscribed")
        .stdout_contains("since why-write: +1 joined, -1 left the roster, -1 unsubscribed");
    let since = room.run(["plan", "--json"]).exits(0).json()["since"].clone();
    let wanted = serde_json::json!({ "issue": "why-write", "joined": 1,
        "gone": { "left the roster": 1, "unsubscribed": 1 } });
    assert_eq!(since, wanted);
}

#[test]
fn the_first_plan_has_nothing_to_be_compared_with() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(["plan"]).exits(0).stdout_lacks("since");
    // The next one goes to the same people.
    room.run(SEND).exits(0);
    room.essay(ERRATUM, "Next", "More.\n")
        .run(["plan"])
        .exits(0)
        .stdout_contains("since why-write: the same readers");
}

#[test]
fn a_correction_goes_to_those_who_were_sent_what_it_corrects() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader3@example.org", &["550 5.1.1 no such user"]);
    let parent = format!("parent = \"{}\"", id_of("2026-12-01-why-write"));
    let room = newsroom(&relay).readers(4);
    room.run(SEND).exits(3);
    let room = room
        .essay_with(ERRATUM, "A correction", &parent, "Seven.\n")
        .subscriber("ada@example.org", "Ada")
        .now("2026-12-02T09:00:00Z");
    room.run(["plan"])
        .exits(0)
        .stdout_contains("3 subscribers would get it")
        .stdout_contains("2 would not: was not sent the issue that this one corrects")
        .stdout_contains("since why-write: -1 not sent the issue that this one corrects");
    room.run(["send", "erratum", "--expect", "3"]).exits(0);
    assert!(!served(&relay).contains_key("ada@example.org"));
    assert_eq!(served(&relay)["reader1@example.org"], 2);
    assert_counts(&room, &[("planned", 4), ("sent", 3), ("rejected", 1)]);
}

#[test]
fn a_correction_of_what_was_never_mailed_is_refused() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .readers(1)
        .essay_with(
            ERRATUM,
            "A correction",
            &format!("parent = \"{}\"", id_of("2026-12-01-why-write")),
            "Seven.\n",
        )
        .now(NOW);
    room.run(["plan", "erratum"])
        .exits(1)
        .stderr_contains("`issues/2026-12-02-erratum.md` corrects an issue that was never mailed")
        .stderr_contains("hint: set `parent` to the `id` of the issue that it corrects");
    room.run(["send", "erratum", "--yes"]).exits(1);
    assert_eq!(relay.accepted(), []);
}

#[test]
fn whom_an_issue_was_planned_for_is_named_with_the_state_of_each_delivery() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    relay.replies_to_recipient("reader3@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    room.run(["plan", "why-write"])
        .exits(0)
        .stdout_lacks("reader1@example.org");
    let told = room.run(["plan", "why-write", "--all"]).exits(0);
    for (number, state) in [(1, "sent"), (2, "rejected"), (3, "deferred")] {
        let who = format!("reader{number}@example.org");
        let mut lines = told.stdout.lines();
        let line = lines.find(|line| line.contains(&who));
        assert!(line.is_some_and(|line| line.contains(state)), "{told}");
    }
    let json = room.run(["plan", "why-write", "--all", "--json"]);
    let json = json.exits(0).json();
    let wanted = serde_json::json!({ "address": "reader2@example.org", "state": "rejected", "reason": "address" });
    assert_eq!(json["deliveries"][1], wanted, "{json:#}");
    let json = room.run(["plan", "why-write", "--json"]).exits(0).json();
    assert_eq!(json.get("deliveries"), None);
}
