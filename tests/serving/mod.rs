//! The live server, asked over real sockets.

mod by_the_clock;
mod changes;
mod conditions;
mod files;
mod flood;
mod hostile;
mod inside;
mod joining;
mod leaving;
mod limits;
mod numbers;
mod preferences;
mod reader;
mod start;

use crate::support::browser::{Answer, Browser};
use crate::support::newsroom::Newsroom;
use crate::support::program::Running;

/// A publication with an essay about paper, built, and two days later.
fn newsroom() -> Newsroom {
    Newsroom::new()
        .essay_with(
            "2026-12-01-of-paper",
            "Of paper",
            "tags = [\"rags\"]",
            "It is made of rags.\n",
        )
        .now("2026-12-02T12:00:00Z")
}

/// The server of a publication, built before.
#[track_caller]
fn serve(room: &Newsroom) -> (Running, Browser) {
    room.run(["build"]).exits(0);
    let running = room.spawn(["serve", "--listen", "127.0.0.1:0"]);
    let browser = Browser::at(&running.wait_for_stdout("http://"));
    (running, browser)
}

/// Asks with fields of one's own.
#[track_caller]
fn ask(browser: &Browser, method: &str, path: &str, fields: &str) -> Answer {
    browser.ask_raw(&format!(
        "{method} {path} HTTP/1.1\r\nHost: letters.example.org\r\nConnection: close\r\n{fields}\r\n"
    ))
}
