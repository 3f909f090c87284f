//! What changes while an issue is being sent: suppressions, the roster, the essay, the layouts.

use super::{
    LATER, SEND, SLUG, assert_counts, assert_ledger_is_true, letter_to, newsroom, rows_of, served,
    states, status, wait_until,
};
use crate::support::mail::Letter;
use crate::support::newsroom::{Newsroom, id_of};
use crate::support::relay::{ScriptedRelay, Stage};

fn one_connection(relay: &ScriptedRelay) -> Newsroom {
    newsroom(relay).smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
}

#[test]
fn a_suppression_acts_until_the_final_dot() {
    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(3);
    let gate = relay.at(Stage::Data).of("reader2@example.org").hold();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    room.run(["subscribers", "suppress", "reader2@example.org"])
        .exits(0);
    gate.release();
    running.wait().exits(0);
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("skipped", 1)]);
    assert_eq!(served(&relay).len(), 2);
    assert_ledger_is_true(&room, &relay);
    let history = room.run(["history", "reader2@example.org"]).exits(0);
    history
        .stdout_contains("skipped")
        .stdout_contains("suppressed");
}

#[test]
fn a_suppression_between_two_tries_stops_the_second() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    room.run(["subscribers", "suppress", "READER2@example.org"])
        .exits(0);
    let room = room.now(LATER);
    room.run(SEND).exits(0);
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("skipped", 1)]);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn deleting_a_row_stops_mail_to_it_in_the_middle_of_a_run() {
    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(10);
    let gate = relay.at(Stage::Data).hold();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    let roster = room.read("subscribers.csv");
    room.write(
        "subscribers.csv",
        roster.replace("reader9@example.org,Reader 9\n", ""),
    );
    wait_until("the deleted row is noticed", || {
        rows_of(&room, "subscriber WHERE on_roster = 0") == 1
    });
    gate.release();
    running.wait().exits(0);
    assert_eq!(states(&room)["reader9@example.org"], "skipped");
    assert_counts(&room, &[("planned", 10), ("sent", 9), ("skipped", 1)]);
    assert_ledger_is_true(&room, &relay);
    // It suppresses nobody: whoever comes back is on the roster again.
    room.write("subscribers.csv", &roster);
    let listed = room.run(["subscribers", "list", "--suppressed", "--json"]);
    assert_eq!(
        listed.exits(0).json()["suppressions"],
        serde_json::json!([])
    );
}

#[test]
fn a_roster_of_which_more_than_a_fifth_vanished_is_refused() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Rcpt).times(10).reply("450 4.2.0 later");
    let room = newsroom(&relay).readers(10);
    room.run(SEND).exits(3);
    let seven = room.readers(7).now(LATER);
    let refused = seven.run(SEND).fails(1);
    refused
        .stderr_contains("3 of 10 subscribers have vanished")
        .stderr_contains("--accept-removals");
    assert_eq!(relay.accepted(), []);
    assert_counts(
        &seven,
        &[("planned", 10), ("deferred", 10), ("remaining", 10)],
    );
    seven
        .run(["send", SLUG, "--yes", "--accept-removals"])
        .exits(0);
    assert_counts(&seven, &[("planned", 10), ("sent", 7), ("skipped", 3)]);
    assert_ledger_is_true(&seven, &relay);
}

#[test]
fn a_fifth_may_leave_without_being_asked_for() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Rcpt).times(10).reply("450 4.2.0 later");
    let room = newsroom(&relay).readers(10);
    room.run(SEND).exits(3);
    let room = room.readers(8).now(LATER);
    room.run(SEND).exits(0);
    assert_counts(&room, &[("planned", 10), ("sent", 8), ("skipped", 2)]);
}

#[test]
fn edits_in_the_middle_change_nothing_for_the_rest() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(3);

    let issue = format!("issues/2026-12-01-{SLUG}.md");
    let edited = room
        .read(&issue)
        .replace("Why write?", "Why edit?")
        .replace("Reason 1:", "Correction 1:");
    let ledger_id = room.read("postrider.toml");
    let ledger_id = ledger_id
        .lines()
        .find(|line| line.starts_with("id = "))
        .unwrap();
    let room = room
        .file(&issue, edited)
        .config("title = \"Another Letter\"\nfrom = \"other@example.org\"")
        .table(&format!("[ledger]\n{ledger_id}"))
        .file(
            "templates/email.html",
            "<p>Edited</p>\n{{ essay }}\n<p>{{ unsubscribe_url }}</p>\n",
        )
        .now(LATER);
    room.run(["send", "--yes"]).exits(0);

    let first = letter_to(&relay, "reader1@example.org");
    let second = letter_to(&relay, "reader2@example.org");
    assert_eq!(second.subject, "Why write?");
    for header in ["From", "Subject", "Date", "List-Id", "Archived-At"] {
        assert_eq!(first.header(header), second.header(header));
    }
    let neutral = |letter: &Letter, part: &str| {
        let token = letter.header("List-Unsubscribe");
        let token = token.rsplit("%20").next().unwrap().trim_end_matches('>');
        part.replace(token, "[token]")
            .replace("Reader 1", "[name]")
            .replace("Reader 2", "[name]")
            .replace("reader1@", "[local]@")
            .replace("reader2@", "[local]@")
    };
    assert_eq!(
        neutral(&first, first.html()),
        neutral(&second, second.html())
    );
    assert_eq!(
        neutral(&first, first.text()),
        neutral(&second, second.text())
    );
    // The web shows the correction.
    let page = room.read(&format!("public/issues/{SLUG}/index.html"));
    assert!(page.contains("Correction 1:") && page.contains("Why edit?"));
}

#[test]
fn an_edit_in_the_middle_of_a_send_is_told_with_what_was_edited() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(3);
    let issue = format!("issues/2026-12-01-{SLUG}.md");
    let (text, settings) = (room.read(&issue), room.read("postrider.toml"));
    let edited = |what: &str| {
        let told =
            format!("`why-write` was edited since its plan ({what}); the rest get the frozen text");
        room.run(["status", SLUG])
            .exits(0)
            .stdout_contains(&told)
            .stdout_contains(&format!("`parent = \"{}\"`", id_of("2026-12-01-why-write")));
        let json = status(&room);
        let parts: Vec<&str> = what.split(", ").collect();
        assert_eq!(json["edited"], serde_json::json!(parts), "{json:#}");
        told
    };
    let unedited = || {
        room.run(["status", SLUG]).exits(0).stdout_lacks("edited");
        assert_eq!(status(&room)["edited"], serde_json::json!([]));
    };
    unedited();
    // What is not mailed may be edited.
    room.write("templates/page.html", "<p>{{ issue.title }}</p>\n");
    unedited();
    room.write(&issue, text.replace("Reason 1:", "Correction 1:"));
    edited("text");
    room.write(&issue, text.replace("Reason 1:", "*Reason* 1:"));
    edited("text");
    let front = "Why edit?\"\nsubject = \"Again\"\ntags = [\"poetry\"]\nsummary = \"In short\"";
    room.write(&issue, text.replace("Why write?\"", front));
    edited("title, subject, summary, other front matter");
    room.write(&issue, &text);
    let other = settings
        .replace("from = \"letters@", "from = \"other@")
        .replace("The Test Letter", "Another Letter");
    room.write("postrider.toml", other);
    edited("sender, settings");
    room.write("postrider.toml", &settings);
    unedited();
    room.write("templates/essay.css", "p { color: red }\n");
    edited("templates");
    let room = &room;
    let told = edited("templates");
    room.run(["--now", LATER, "send", "--yes"])
        .exits(0)
        .stderr_contains(&told);
    // Nobody is left who would get it.
    unedited();
}

#[test]
fn a_renamed_issue_is_not_sent_again() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(0);
    let text = room.read(&format!("issues/2026-12-01-{SLUG}.md"));
    std::fs::remove_file(room.path(&format!("issues/2026-12-01-{SLUG}.md"))).unwrap();
    room.write("issues/2026-12-01-why-rename.md", text);
    room.run(["send", "--yes"]).exits(0);
    room.run(["send", "why-rename", "--yes"])
        .exits(0)
        .stdout_contains("nothing was sent now");
    assert_eq!(relay.accepted().len(), 2);
}

#[test]
fn a_roster_that_vanishes_in_the_middle_of_a_run_stops_it() {
    let relay = ScriptedRelay::start();
    let room = one_connection(&relay).readers(60);
    let gate = relay.at(Stage::Data).hold();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    let roster = room.read("subscribers.csv");
    let first: String = roster
        .lines()
        .take(60)
        .fold(String::new(), |text, row| text + row + "\n");
    room.write("subscribers.csv", first);
    wait_until("the first change is noticed", || {
        rows_of(&room, "subscriber WHERE on_roster = 0") == 1
    });
    room.write(
        "subscribers.csv",
        "email,name\nreader1@example.org,Reader 1\n",
    );
    // Nothing outside shows that the second change was seen: six looks are time enough.
    std::thread::sleep(std::time::Duration::from_secs(3));
    gate.release();
    running.wait().fails(1).stderr_contains("have vanished");
    assert!(relay.accepted().len() <= 2, "{}", relay.accepted().len());
    assert_ledger_is_true(&room, &relay);
}
