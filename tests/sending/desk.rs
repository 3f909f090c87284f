//! `desk`: a local page that shows how everything stands.

use super::{NOW, SEND, SLUG, newsroom};
use crate::support::browser::Browser;
use crate::support::newsroom::Newsroom;
use crate::support::program::Running;
use crate::support::relay::{ScriptedRelay, Stage};

/// The program that runs, and a browser for it.
#[track_caller]
fn desk(room: &Newsroom) -> (Running, Browser) {
    let running = room.spawn(["desk"]);
    let browser = Browser::at(&running.wait_for_stdout("http://"));
    (running, browser)
}

/// The row of an issue: state, readers, sent, open, in doubt, failed, left out.
#[track_caller]
fn row_of(page: &str, slug: &str) -> Vec<String> {
    let (_, row) = page
        .split_once(&format!("<span class=\"soft\">{slug}</span></th><td>"))
        .unwrap_or_else(|| panic!("no row of {slug}: {page}"));
    let (row, _) = row.split_once("</td></tr>").unwrap();
    row.split("</td>")
        .map(|cell| cell.rsplit('>').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn each_issue_is_shown_with_what_became_of_its_deliveries() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["550 5.1.1 no such user"]);
    relay.replies_to_recipient("reader3@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(5).now(NOW);
    room.run(["subscribers", "suppress", "reader5@example.org"]);
    room.run(SEND).exits(3);
    let (_running, browser) = desk(&room);
    let page = browser.get("/");
    assert_eq!(
        row_of(&page, SLUG),
        ["sending", "4", "2", "1", "0", "1", "0"]
    );
    // Why, by domain.
    assert!(
        page.contains("<td>example.org</td><td>refused: no such address</td>"),
        "{page}"
    );
    assert!(page.contains("<strong>4</strong> would get"), "{page}");
    assert!(page.contains("Never mailed: 1 unsubscribed."), "{page}");
}

#[test]
fn the_page_follows_a_run_and_says_what_needs_a_person() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2).now(NOW);
    let (_running, browser) = desk(&room);
    assert!(browser.get("/").contains("No issue has been mailed yet"));
    // The reply to the final dot of one is lost.
    relay.at(Stage::Dot).once().obey_and_close();
    room.run(SEND).exits(3);
    let content = browser.get("/content");
    assert_eq!(
        row_of(&content, SLUG),
        ["held", "2", "1", "0", "1", "0", "0"]
    );
    assert!(content.contains("1 in doubt"), "{content}");
    assert!(!content.contains("<html"), "only the part that changes");
}

#[test]
fn what_cannot_be_read_is_told_on_the_page_and_the_rest_is_shown() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2).now(NOW);
    room.run(SEND).exits(0);
    let (_running, browser) = desk(&room);
    let roster = room.read("subscribers.csv");
    room.write("subscribers.csv", "no such column\nx\n");
    let content = browser.get("/content");
    assert!(content.contains("class=\"notice error\""), "{content}");
    assert_eq!(row_of(&content, SLUG)[0], "finished");
    room.write("subscribers.csv", roster);
    assert!(!browser.get("/content").contains("class=\"notice error\""));
}

#[test]
fn it_answers_to_this_machine_alone_and_a_folder_without_a_publication_is_told() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    let (_running, browser) = desk(&room);
    let answer = browser.ask("GET", "/", "evil.example");
    assert_eq!(answer.status, 421);
    assert!(browser.address().ip().is_loopback());
    for policy in ["default-src 'none'", "frame-ancestors 'none'"] {
        let answer = browser.ask("GET", "/", &browser.address().to_string());
        assert!(answer.field("content-security-policy").contains(policy));
    }
    std::fs::remove_file(room.path("postrider.toml")).unwrap();
    room.run(["desk"])
        .exits(1)
        .stderr_contains("postrider.toml");
}
