//! The real `serve` as a process: what is due goes out while pages are served, once, whatever
//! becomes of the process. What the clocks do to it is in `tests/sending/rounds.rs`.

use crate::support::browser::Browser;
use crate::support::newsroom::Newsroom;
use crate::support::oracle::examine;
use crate::support::program::Running;
use crate::support::relay::{ScriptedRelay, Stage};

const DUE: &str = "2026-12-01T09:00:00Z";

fn newsroom(relay: &ScriptedRelay, readers: usize) -> Newsroom {
    Newsroom::new()
        .relay(relay)
        .essay("2026-12-01-of-paper", "Of paper", "It is made of rags.\n")
        .readers(readers)
        .now(DUE)
}

fn serve(room: &Newsroom) -> (Running, Browser) {
    let running = room.spawn(["serve", "--listen", "127.0.0.1:0"]);
    let browser = Browser::at(&running.wait_for_stdout("http://"));
    (running, browser)
}

/// Everybody has one copy, or is in doubt.
#[track_caller]
fn assert_each_got_it_once(room: &Newsroom, relay: &ScriptedRelay, readers: usize) {
    let account = examine(room, relay).holds();
    let sent = account.states.get("sent").copied().unwrap_or(0);
    let doubt = account.in_doubt.len();
    assert_eq!(sent + doubt, readers, "{account:?}");
    assert!(account.copies.values().all(|copies| *copies == 1));
}

#[test]
fn an_issue_goes_out_at_its_time_while_pages_are_served() {
    let relay = ScriptedRelay::start();
    // Three seconds before, so that the first look finds nothing.
    let room = newsroom(&relay, 3).now("2026-12-01T08:59:57Z");
    let (running, browser) = serve(&room);
    running.wait_for_stderr("built: 0 issues");
    assert_eq!(relay.connections(), 0);
    let gate = relay.at(Stage::Mail).hold();
    gate.wait_for(1);
    assert!(
        room.has("public/issues/of-paper/index.html"),
        "first the page, then the mail"
    );
    assert!(
        browser.get("/healthz").contains("ok"),
        "it answers meanwhile"
    );
    gate.release();
    running.wait_for_stderr("`of-paper`: 3 sent");
    running.signal("TERM");
    running.wait().exits(0);
    assert_each_got_it_once(&room, &relay, 3);
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_a_send_goes_on_after_its_restart() {
    let relay = ScriptedRelay::start();
    let mut room = newsroom(&relay, 60);
    for (number, address) in ["reader10@example.org", "reader30@example.org"]
        .iter()
        .enumerate()
    {
        let gate = relay.at(Stage::Rcpt).of(address).once().hold();
        let (running, _) = serve(&room);
        gate.wait_for(1);
        running.kill();
        gate.release();
        room = room.now(&format!("2026-12-01T09:0{}:00Z", number + 1));
    }
    let (running, _) = serve(&room);
    running.wait_for_stderr("the last run was cut off");
    running.wait_for_stderr("`of-paper`:");
    running.signal("TERM");
    running.wait().exits(0);
    assert_each_got_it_once(&room, &relay, 60);
}

#[test]
fn a_server_that_is_stopped_finishes_the_messages_that_it_has_begun() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay, 60);
    let gate = relay.hold_at_dot();
    let (running, _) = serve(&room);
    gate.wait_for(1);
    running.signal("TERM");
    running.wait_for_stderr("finishing what is in flight");
    gate.release();
    running.wait().exits(0);
    let account = examine(&room, &relay).holds();
    assert!(account.in_doubt.is_empty(), "{account:?}");
    relay.behave();
    let (running, _) = serve(&room);
    running.wait_for_stderr("`of-paper`: 60 sent");
    running.signal("TERM");
    running.wait().exits(0);
    assert_each_got_it_once(&room, &relay, 60);
}

#[test]
fn two_servers_of_one_folder_send_each_message_once() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay, 40);
    let servers = [serve(&room), serve(&room)];
    relay.wait_for(40);
    for (running, _) in servers {
        running.signal("TERM");
        running.wait().exits(0);
    }
    assert_each_got_it_once(&room, &relay, 40);
}
