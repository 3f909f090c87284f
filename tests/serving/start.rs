//! How `serve` begins and ends, and what it refuses.

use crate::support::browser::Browser;
use crate::support::newsroom::Newsroom;

fn newsroom() -> Newsroom {
    Newsroom::new()
        .essay("2026-12-01-of-paper", "Of paper", "It is made of rags.\n")
        .now("2026-12-02T12:00:00Z")
}

#[test]
fn the_pages_are_served_until_the_server_is_told_to_stop() {
    let room = newsroom();
    room.run(["build"]).succeeds();
    let running = room.spawn(["serve", "--listen", "127.0.0.1:0"]);
    let browser = Browser::at(&running.wait_for_stdout("http://"));
    assert!(browser.get("/issues/of-paper/").contains("made of rags"));
    running.signal("TERM");
    running.wait().exits(0);
}

#[test]
fn a_port_that_is_in_use_is_told_with_who_to_ask() {
    let room = newsroom();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let output = room.run(["serve", "--listen", &address.to_string()]);
    output
        .fails(1)
        .stderr_contains(&format!("cannot listen on {address}"))
        .stderr_contains(&format!("'sport = :{}'", address.port()));
}

#[test]
fn a_folder_without_a_publication_is_told() {
    let output = Newsroom::empty().run(["serve", "--listen", "127.0.0.1:0"]);
    output
        .fails(1)
        .stderr_contains("there is no `postrider.toml`");
}
