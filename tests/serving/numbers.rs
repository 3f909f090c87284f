//! What the server tells of itself.

use super::{ask, newsroom, serve};
use crate::support::DEADLINE;

#[test]
fn the_server_is_well_while_pages_and_ledger_are_there() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let answer = ask(&browser, "GET", "/healthz", "");
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    assert_eq!(answer.field("cache-control"), "no-store");
}

#[test]
fn a_ledger_that_cannot_be_read_is_told_in_a_word() {
    let room = newsroom().file(
        "ledger.db",
        "no ledger at all, and long enough to be looked at",
    );
    room.run(["build"]).succeeds();
    let running = room.spawn(["serve", "--listen", "127.0.0.1:0"]);
    let url = running.wait_for_stdout("http://");
    let browser = crate::support::browser::Browser::at(&url);
    let answer = ask(&browser, "GET", "/healthz", "");
    assert_eq!((answer.status, answer.text().as_str()), (503, "ledger\n"));
    // Readers are served all the same.
    assert!(browser.get("/issues/of-paper/").contains("made of rags"));
}

#[test]
fn the_numbers_are_for_this_machine_alone() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let tag = ask(&browser, "GET", "/feed.xml", "")
        .field("etag")
        .to_owned();
    ask(
        &browser,
        "GET",
        "/feed.xml",
        &format!("If-None-Match: {tag}\r\n"),
    );
    ask(&browser, "GET", "/nothing", "");
    let numbers = ask(&browser, "GET", "/metrics", "");
    assert_eq!(
        numbers.field("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = numbers.text();
    for line in [
        "postrider_http_answers_total{asked=\"feed\",status=\"2xx\"} 1",
        "postrider_http_answers_total{asked=\"feed\",status=\"3xx\"} 1",
        "postrider_http_unchanged_total{asked=\"feed\"} 1",
        "postrider_http_answers_total{asked=\"nothing\",status=\"4xx\"} 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    // Those of before are closed, and the server may see that a moment later than we do.
    let began = std::time::Instant::now();
    while !browser
        .get("/metrics")
        .contains("\npostrider_http_connections 1\n")
    {
        assert!(began.elapsed() < DEADLINE, "a connection is never closed");
        std::thread::yield_now();
    }
    // Every number belongs to a family that was declared before it.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
    }
    for field in [
        "X-Forwarded-For: 203.0.113.9",
        "Forwarded: for=203.0.113.9",
        "Via: 1.1 proxy",
    ] {
        let answer = ask(&browser, "GET", "/metrics", &format!("{field}\r\n"));
        assert_eq!(answer.status, 404, "{field}");
    }
}

#[test]
fn who_polls_the_feeds_is_written_down_by_the_name_of_the_program() {
    let relay = crate::support::relay::ScriptedRelay::start();
    let room = newsroom().relay(&relay).readers(1);
    // The first send makes the ledger.
    room.run(["send", "of-paper", "--yes"]).exits(0);
    let (running, browser) = serve(&room);
    for agent in [
        "newsboat/2.32",
        "Feedly/1.0 (12 subscribers)",
        "newsboat/2.33",
    ] {
        ask(
            &browser,
            "GET",
            "/feed.xml",
            &format!("User-Agent: {agent}\r\n"),
        );
    }
    ask(&browser, "GET", "/", "User-Agent: newsboat/2.32\r\n");
    running.signal("TERM");
    running.wait().exits(0);
    let ledger = rusqlite::Connection::open(room.path("ledger.db")).unwrap();
    let mut statement = ledger
        .prepare("SELECT feed, reader, requests, subscribers FROM poll ORDER BY reader")
        .unwrap();
    let rows: Vec<(String, String, i64, Option<i64>)> = statement
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let row = |reader: &str, requests, subscribers| {
        (
            "feed.xml".to_owned(),
            reader.to_owned(),
            requests,
            subscribers,
        )
    };
    assert_eq!(rows, [row("Feedly", 1, Some(12)), row("newsboat", 2, None)]);
}

#[test]
fn the_log_has_a_line_for_each_request_without_token_and_address() {
    let room = newsroom();
    room.run(["build"]).succeeds();
    let running = room.spawn(["serve", "-v", "--listen", "127.0.0.1:0"]);
    let url = running.wait_for_stdout("http://");
    let browser = crate::support::browser::Browser::at(&url);
    ask(&browser, "GET", "/u/v1.secret?a=private", "");
    ask(&browser, "GET", "/feed.xml?a=private", "");
    running.wait_for_stderr("GET /feed.xml 200 for 127.0.0.x");
    running.signal("TERM");
    let output = running.wait();
    assert!(
        output.stderr.contains("GET /u/… 404 for 127.0.0.x"),
        "{output}"
    );
    for secret in ["secret", "private", "127.0.0.1 "] {
        assert!(!output.stderr.contains(secret), "{output}");
    }
}
