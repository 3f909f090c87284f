//! What a server does by the clock: each issue is published and mailed at its time, once, whatever
//! happens to the clocks, the folder, the relay and the process.

use std::time::Duration;

use chrono::TimeDelta;
use postrider::publish::Doing;

use super::{SLUG, assert_counts, assert_ledger_is_true, ledger, newsroom, rows_of, served};
use crate::support::browser::Browser;
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};
use crate::support::rounds::Press;

/// Half an hour before the issue of [`newsroom`] is due.
const BEFORE: &str = "2026-12-01T08:30:00Z";
const FILE: &str = "issues/2026-12-01-why-write.md";
const PAGE: &str = "public/issues/why-write/index.html";

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

fn two_readers(relay: &ScriptedRelay) -> Newsroom {
    newsroom(relay).readers(2)
}

/// Two looks later, everybody has it once.
#[track_caller]
fn assert_all_sent_once(room: &Newsroom, relay: &ScriptedRelay, press: &Press) {
    press.look_around();
    assert!(served(relay).values().all(|copies| *copies == 1));
    assert_counts(room, &[("planned", 2), ("sent", 2)]);
    assert_ledger_is_true(room, relay);
}

#[test]
fn an_issue_is_published_and_mailed_at_its_time_and_once() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let press = Press::start(&room, BEFORE);
    press.wait_for("built: 0 issues");
    press.look_around();
    assert!(relay.accepted().is_empty() && !room.has(PAGE));
    let next = press.state().next_due.unwrap();
    assert_eq!(
        (next.0.as_str(), next.1.to_rfc3339()),
        (SLUG, "2026-12-01T09:00:00+00:00".to_owned())
    );
    press.pass(minutes(29));
    press.look_around();
    assert!(relay.accepted().is_empty() && !room.has(PAGE));
    let gate = relay.at(Stage::Mail).hold();
    press.pass(minutes(1));
    gate.wait_for(1);
    assert!(room.has(PAGE), "the page is there before the first mail");
    gate.release();
    press.wait_for("`why-write`: 2 sent");
    for _ in 0..3 {
        press.pass(hours(8));
        assert_all_sent_once(&room, &relay, &press);
    }
    assert_eq!(
        press.state().runs,
        1,
        "nothing is done where nothing is to do"
    );
    assert_eq!(press.state().next_due, None);
}

#[test]
fn an_issue_for_the_web_is_published_at_its_time_and_mailed_to_nobody() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new().relay(&relay).readers(2).essay_with(
        "2026-12-01-why-write",
        "Why?",
        "mail = false",
        "Because.\n",
    );
    let press = Press::start(&room, BEFORE);
    press.wait_for("built: 0 issues");
    press.pass(minutes(31));
    press.wait_for("built: 1 issues");
    press.look_around();
    assert!(room.has(PAGE) && relay.connections() == 0);
    assert!(!room.has("ledger.db"), "there was nothing to write down");
}

#[test]
fn what_is_edited_waits_for_a_build_or_for_the_time_of_an_issue() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay).essay_with("2026-11-01-old", "Old", "mail = false", "Old.\n");
    let press = Press::start(&room, BEFORE);
    press.wait_for("built: 1 issues");
    let old = "issues/2026-11-01-old.md";
    room.write(old, room.read(old).replace("Old.\n", "New.\n"));
    let room = room.essay_with("2026-11-02-older", "Older", "mail = false", "So.\n");
    press.look_around();
    let page = "public/issues/old/index.html";
    assert!(!room.read(page).contains("New."));
    press.pass(minutes(30));
    press.wait_for("`why-write`: 2 sent");
    assert!(room.read(page).contains("New.") && room.has("public/issues/older/index.html"));
}

#[test]
fn an_issue_that_is_scheduled_while_the_rounds_are_made_goes_out() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let press = Press::start(&room, "2026-11-28T10:00:00Z");
    press.wait_for("built:");
    let room = room.now("2026-11-28T10:00:00Z");
    room.run(["schedule", SLUG, "+2h"]).exits(0);
    press.look_around();
    press.pass(minutes(119));
    press.look_around();
    assert!(relay.accepted().is_empty());
    press.pass(minutes(1));
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn a_clock_that_is_set_back_and_runs_over_the_time_again_sends_nothing_twice() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    press.wait_for("`why-write`: 2 sent");
    for step in [-1, -1, 3, -24 * 300] {
        press.set_clock_by(hours(step));
        press.look_around();
        press.pass(hours(2));
        assert_all_sent_once(&room, &relay, &press);
    }
}

#[test]
fn a_clock_that_is_set_forward_publishes_and_mails_nothing_before_it_is_believed() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let press = Press::start(&room, BEFORE);
    press.wait_for("built: 0 issues");
    press.set_clock_by(hours(1));
    press.wait_for("it was set forward");
    press.look_around();
    assert!(relay.connections() == 0 && !room.has(PAGE));
    assert_eq!(press.times_told("it was set forward"), 1);
    assert_eq!(press.state().held.len(), 1);
    // Somebody sets it right; the time comes by itself.
    press.set_clock_by(hours(-1));
    press.look_around();
    assert_eq!(press.state().held, Vec::<String>::new());
    press.pass(minutes(30));
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn a_step_of_the_clock_is_believed_when_the_system_vouches_for_it_or_after_an_hour() {
    for vouched in [true, false] {
        let relay = ScriptedRelay::start();
        let room = two_readers(&relay);
        let press = Press::start(&room, BEFORE);
        press.wait_for("built: 0 issues");
        press.set_clock_by(hours(1));
        press.wait_for("it was set forward");
        if vouched {
            press.turn(|look| look.synchronised = Some(true));
        } else {
            press.pass(minutes(59));
            press.look_around();
            assert!(relay.accepted().is_empty());
            press.pass(minutes(1));
        }
        press.wait_for("`why-write`: 2 sent");
        assert_all_sent_once(&room, &relay, &press);
    }
}

#[test]
fn a_machine_that_has_just_started_waits_until_it_knows_the_time() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let look = postrider::schedule::Look {
        wall: "2026-12-01T09:00:00Z".parse().unwrap(),
        running: Duration::from_secs(20),
        synchronised: Some(false),
    };
    let press = Press::start_with(&room, look);
    press.wait_for("which may be wrong");
    press.look_around();
    assert!(relay.connections() == 0 && !room.has("public"));
    press.turn(|look| look.synchronised = Some(true));
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn a_machine_that_slept_over_the_time_sends_late_once_and_holds_what_is_too_late() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay).essay("2026-12-02-second", "Second", "More.\n");
    let press = Press::start(&room, BEFORE);
    press.wait_for("built: 0 issues");
    press.pass(hours(4));
    press.wait_for("`why-write`: 2 sent");
    // Through the night and the next day: seven hours behind the time of the second.
    press.pass(hours(28));
    press.wait_for("`second` was due 2026-12-02 09:00 and is held: nothing sent it then");
    press.look_around();
    assert_eq!(relay.accepted().len(), 2);
    assert_eq!(press.times_told("`second` was due"), 1);
    let room = room.now("2026-12-02T16:30:00Z");
    room.run(["status"])
        .exits(0)
        .stdout_contains("`second` was due");
    room.run(["send", "second", "--yes"]).exits(0);
    press.look_around();
    assert_eq!(press.state().held, Vec::<String>::new());
    room.run(["status"])
        .exits(0)
        .stdout_lacks("`second` was due");
    assert_eq!(relay.accepted().len(), 4);
}

#[test]
fn a_relay_that_is_down_is_tried_again_and_the_author_is_told_once() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    relay.at(Stage::Banner).reply("421 not now\r\n");
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    press.wait_for("421 not now");
    press.look_around();
    let tries = relay.connections();
    for _ in 0..5 {
        press.look_around();
    }
    assert_eq!(
        relay.connections(),
        tries,
        "it is left in peace for a minute"
    );
    relay.behave();
    press.pass(minutes(16));
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn what_was_deferred_goes_out_when_it_is_ripe_and_is_left_alone_until_then() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later", "250 ok"]);
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    press.wait_for("`why-write`: 1 sent, 1 deferred; next try 2026-12-01");
    let connections = relay.connections();
    for _ in 0..4 {
        press.pass(minutes(5));
        press.look_around();
    }
    assert_eq!(relay.connections(), connections, "not ripe, and not asked");
    press.pass(minutes(30));
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn a_folder_that_cannot_be_read_sends_nothing_is_told_once_and_goes_on_when_it_is_mended() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay).table("[schedule]\nnotify = \"me@example.org\"");
    let room = room.essay("2026-11-30-first", "First", "First.\n");
    let press = Press::start(&room, "2026-11-30T09:00:00Z");
    press.wait_for("`first`: 2 sent");
    let good = room.read(FILE);
    room.write(FILE, good.replacen("title =", "titel =", 1));
    press.wait_for("did you mean `title`?");
    press.pass(hours(24));
    for _ in 0..3 {
        press.look_around();
    }
    assert_eq!(press.times_told("did you mean `title`?"), 1);
    let told: Vec<_> = relay
        .accepted()
        .into_iter()
        .filter(|mail| mail.rcpt_to == ["me@example.org"])
        .collect();
    assert_eq!(told.len(), 1, "the author has it by mail");
    assert_eq!(relay.accepted().len(), 3, "and nobody has the issue");
    room.write(FILE, good);
    press.wait_for("`why-write`: 2 sent");
    press.look_around();
    assert_counts(&room, &[("planned", 2), ("sent", 2)]);
}

#[test]
fn who_is_named_in_what_is_told_cannot_be_read() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    relay.reply_to_recipient(
        "reader2@example.org",
        "550 5.1.1 <reader2@example.org> is nobody",
    );
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    press.wait_for("1 sent, 1 rejected");
    press.look_around();
    assert_eq!(press.times_told("reader"), 0, "{:?}", press.told());
}

#[test]
fn a_person_who_sends_is_waited_for() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let gate = relay.at(Stage::Mail).hold();
    let person = room.spawn(["send", SLUG, "--yes"]);
    gate.wait_for(1);
    let press = Press::start(&room, "2026-12-01T09:00:05Z");
    press.look_around();
    assert_eq!(press.state().runs, 0);
    assert_eq!(press.state().last_error, None, "it is no failure");
    gate.release();
    person.wait().exits(0);
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn what_a_dead_sender_left_is_put_in_order() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay).smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()));
    let gate = relay.hold_at_dot();
    let person = room.spawn(["send", SLUG, "--yes"]);
    gate.wait_for(1);
    let press = Press::start(&room, "2026-12-01T09:00:05Z");
    press.look_around();
    person.kill();
    gate.release();
    relay.behave();
    press.wait_for("the last run was cut off");
    press.wait_for("`why-write`: 1 sent, 1 unconfirmed");
    press.look_around();
    assert_ledger_is_true(&room, &relay);
    assert_eq!(press.state().runs, 1, "what is in doubt waits for a person");
}

#[test]
fn rounds_that_are_stopped_in_the_middle_finish_what_they_began_and_others_go_on() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(40);
    let gate = relay.at(Stage::Rcpt).of("reader9@example.org").hold();
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    gate.wait_for(1);
    let stopping = std::thread::spawn(move || press.stop());
    gate.release();
    stopping.join().unwrap();
    let sent = relay.accepted().len();
    let unclear =
        "SELECT count(*) FROM delivery WHERE state IN ('claimed', 'inflight', 'unconfirmed')";
    let unclear: i64 = ledger(&room)
        .query_row(unclear, [], |row| row.get(0))
        .unwrap();
    assert_eq!(unclear, 0);
    let press = Press::start(&room, "2026-12-01T09:01:00Z");
    if sent < 40 {
        press.wait_for("`why-write`: 40 sent");
    }
    press.look_around();
    assert_eq!(served(&relay).len(), 40);
    assert_eq!(relay.accepted().len(), 40);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_clone_of_the_folder_sends_nothing() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay).essay("2026-11-30-first", "First", "First.\n");
    let press = Press::start(&room, "2026-11-30T09:00:00Z");
    press.wait_for("`first`: 2 sent");
    press.stop();
    for with_ledger in [false, true] {
        let clone = Newsroom::new().relay(&relay);
        for file in room.files("") {
            if with_ledger || !file.starts_with("ledger.db") {
                clone.write(&file, room.read_bytes(&file));
            }
        }
        let key = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(clone.path("postrider.key"), key).unwrap();
        let press = Press::start(&clone, "2026-12-01T09:00:00Z");
        press.wait_for(if with_ledger {
            "moved"
        } else {
            "this is not the ledger"
        });
        press.look_around();
        assert_eq!(relay.accepted().len(), 2, "{with_ledger}");
        if with_ledger {
            assert_eq!(rows_of(&clone, "delivery"), 2);
        }
    }
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    press.wait_for("`why-write`: 2 sent");
    press.look_around();
    assert_eq!(relay.accepted().len(), 4);
}

/// Two readers, an issue at nine, and at ten a second one and one for the web.
fn two_at_once(relay: &ScriptedRelay) -> Newsroom {
    let at_ten = "send_at = \"2026-12-01T10:00:00\"";
    two_readers(relay)
        .essay_with("2026-12-01-second", "Second", at_ten, "More.\n")
        .essay_with(
            "2026-12-01-for-the-web",
            "Web",
            &format!("{at_ten}\nmail = false"),
            "Soon.\n",
        )
}

#[test]
fn an_issue_becomes_public_at_its_time_while_another_one_is_still_being_mailed() {
    let relay = ScriptedRelay::start();
    let room = two_at_once(&relay);
    let gate = relay.at(Stage::Mail).hold();
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    gate.wait_for(1);
    press.pass(hours(1));
    press.wait_for("built: 3 issues");
    assert!(
        room.has("public/issues/for-the-web/index.html")
            && room.has("public/issues/second/index.html")
    );
    let state = press.state();
    assert!(matches!(state.doing, Doing::Sending { .. }) && state.runs == 0);
    assert!(relay.accepted().is_empty());
    gate.release();
    press.wait_for("`second`: 2 sent");
    press.look_around();
    assert_eq!(relay.accepted().len(), 4);
    assert!(served(&relay).values().all(|copies| *copies == 2));
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn an_issue_that_waits_for_another_one_can_still_be_put_off() {
    let relay = ScriptedRelay::start();
    let room = two_at_once(&relay);
    let gate = relay.at(Stage::Mail).hold();
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    gate.wait_for(1);
    press.pass(hours(1));
    press.wait_for("built: 3 issues");
    let file = "issues/2026-12-01-second.md";
    room.write(file, room.read(file).replace("T10:00:00", "T13:00:00"));
    press.wait_for_looks();
    gate.release();
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
    assert_eq!(relay.accepted().len(), 2);
    press.pass(hours(3));
    press.wait_for("`second`: 2 sent");
    press.look_around();
    assert_eq!(relay.accepted().len(), 4);
}

#[test]
fn what_is_mended_while_a_run_fails_over_it_is_tried_at_once() {
    let relay = ScriptedRelay::start();
    let room = two_readers(&relay);
    let gate = relay.at(Stage::Banner).once().hold();
    relay.at(Stage::Banner).once().reply("421 not now\r\n");
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    gate.wait_for(1);
    let settings = room.read("postrider.toml");
    room.write("postrider.toml", format!("{settings}\n# mended\n"));
    // The look that sees it, and one that goes by it.
    press.wait_for_looks();
    gate.release();
    press.wait_for("421 not now");
    press.wait_for("`why-write`: 2 sent");
    assert_all_sent_once(&room, &relay, &press);
}

#[test]
fn who_asks_is_told_whether_a_server_runs_what_it_did_and_what_it_could_not_do() {
    let relay = ScriptedRelay::start();
    let mut room = two_readers(&relay).essay("2026-12-02-second", "Second", "More.\n");
    relay.at(Stage::Banner).reply("421 not now\r\n");
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    press.wait_for("421 not now");
    press.look_around();
    room = room.now("2026-12-01T09:00:30Z");
    room.run(["status"])
        .exits(0)
        .stdout_contains("`serve` runs: process ")
        .stdout_contains("; next due: second 2026-12-02 09:00 UTC")
        .stdout_contains("what went wrong last, 2026-12-01 09:00 UTC: ")
        .stdout_contains("421 not now; tried again 2026-12-01 09:01 UTC");
    relay.behave();
    press.pass(minutes(2));
    press.wait_for("`why-write`: 2 sent");
    press.look_around();
    let told = room.run(["status"]).exits(0);
    told.stdout_contains("its last run, 2026-12-01 09:02 UTC: `why-write`: 2 sent")
        .stdout_lacks("tried again");
    let desk = room.spawn(["desk"]);
    let browser = Browser::at(&desk.wait_for_stdout("http://"));
    assert!(browser.get("/").contains("`serve` runs: process "));
    // Nothing but time goes by, and that is written down, too.
    press.pass(hours(2));
    press.look_around();
    room = room.now("2026-12-01T11:02:00Z");
    let told = room.run(["status", "--json"]).exits(0).json();
    let told = &told["rounds"];
    assert_eq!(told["runs"], true, "{told}");
    assert_eq!(told["looked_at"], "2026-12-01T11:02:00Z");
    assert_eq!(told["next_due"]["slug"], "second");
    assert_eq!(told["again_at"], serde_json::Value::Null);
    // Somebody has killed it.
    room = room.now("2026-12-01T15:02:00Z");
    room.run(["status"])
        .exits(0)
        .stdout_contains("`serve` does not seem to run: process ")
        .stdout_contains("looked at the clock last 2026-12-01 11:02 UTC, 4 hours ago");
    press.stop();
    room.run(["status"]).exits(0).stdout_lacks("`serve`");
}

#[test]
fn of_two_servers_that_find_an_issue_due_one_sends_and_the_other_keeps_away() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(20);
    let gate = relay.at(Stage::Mail).hold();
    let first = Press::start(&room, "2026-12-01T09:00:00Z");
    gate.wait_for(1);
    let second = Press::start(&room, "2026-12-01T09:00:00Z");
    second.look_around();
    assert_eq!(second.state().runs, 0);
    assert_eq!(second.state().last_error, None, "it is no failure");
    assert_eq!(second.times_told("sending"), 0);
    gate.release();
    first.wait_for("`why-write`: 20 sent");
    for press in [&first, &second] {
        press.pass(hours(1));
        press.look_around();
    }
    assert_eq!(first.state().runs + second.state().runs, 1);
    assert_eq!(relay.accepted().len(), 20);
    assert_counts(&room, &[("planned", 20), ("sent", 20)]);
    assert_ledger_is_true(&room, &relay);
}
