//! What is not sent again.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{ask, newsroom, serve};

/// In a minute, say: from every reader of a large letter.
const POLLS: usize = 10_000;

#[test]
fn a_client_that_has_the_file_is_told_so() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let feed = ask(&browser, "GET", "/feed.xml", "Accept-Encoding: gzip\r\n");
    let tag = feed.field("etag");
    let met = [
        tag.to_owned(),
        format!("W/{tag}"),
        format!("\"other\", {tag}"),
        format!("garbage, {tag}"),
        "*".to_owned(),
    ];
    for list in &met {
        for method in ["GET", "HEAD"] {
            let fields = format!("Accept-Encoding: gzip\r\nIf-None-Match: {list}\r\n");
            let answer = ask(&browser, method, "/feed.xml", &fields);
            assert_eq!(answer.status, 304, "{list}");
            assert_eq!(answer.body, b"");
            // RFC 9110 §15.4.5.
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(answer.field(name), feed.field(name), "{name}");
            }
            assert_eq!(answer.field("content-type"), "");
            assert_eq!(answer.field("content-length"), "");
            assert_ne!(answer.field("date"), "");
        }
    }
    for list in [tag.trim_matches('"'), "\"other\"", "", "\"", "W/"] {
        let fields = format!("Accept-Encoding: gzip\r\nIf-None-Match: {list}\r\n");
        assert_eq!(
            ask(&browser, "GET", "/feed.xml", &fields).status,
            200,
            "{list}"
        );
    }
    // The tag of one encoding is not that of another.
    let fields = format!("If-None-Match: {tag}\r\n");
    assert_eq!(ask(&browser, "GET", "/feed.xml", &fields).status, 200);
}

#[test]
fn a_part_is_asked_for_by_get_alone_and_of_the_file_that_is_meant() {
    let room = newsroom();
    room.run(["build"]).exits(0);
    std::fs::write(room.path("public/talk.mp3"), [7; 5000]).unwrap();
    let (_running, browser) = serve(&room);
    let range = "Range: bytes=0-9\r\n";
    let part = ask(&browser, "GET", "/talk.mp3", range);
    assert_eq!((part.status, part.body.len()), (206, 10));
    // RFC 9110 §14.2.
    let head = ask(&browser, "HEAD", "/talk.mp3", range);
    assert_eq!((head.status, head.field("content-length")), (200, "5000"));
    for (condition, status) in [
        (format!("If-Match: {}", part.field("etag")), 206),
        ("If-Match: *".to_owned(), 206),
        ("If-Match: \"other\"".to_owned(), 412),
        (format!("If-Match: W/{}", part.field("etag")), 412),
        (
            "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT".to_owned(),
            412,
        ),
    ] {
        let fields = format!("{range}{condition}\r\n");
        let answer = ask(&browser, "GET", "/talk.mp3", &fields);
        assert_eq!(answer.status, status, "{condition}");
    }
}

#[test]
fn a_date_counts_where_there_is_no_tag_and_if_it_can_have_been_ours() {
    let room = newsroom().now("2030-12-02T12:00:00Z");
    let (_running, browser) = serve(&room);
    let feed = ask(&browser, "GET", "/feed.xml", "");
    let date = feed.field("last-modified");
    let since = |date: &str, more: &str| {
        let fields = format!("If-Modified-Since: {date}\r\n{more}");
        ask(&browser, "GET", "/feed.xml", &fields).status
    };
    assert_eq!(since(date, ""), 304);
    assert_eq!(since("Thu, 01 Jan 2015 00:00:00 GMT", ""), 200);
    assert_eq!(since("Thu, 01 Jan 2099 00:00:00 GMT", ""), 200);
    assert_eq!(since("the day before yesterday", ""), 200);
    assert_eq!(since(date, "If-None-Match: \"other\"\r\n"), 200);
}

/// Ten thousand polls cost the ledger nothing: there is none.
#[test]
fn polls_of_the_feed_touch_no_ledger() {
    let room = newsroom();
    room.run(["build"]).succeeds();
    let had = room.has("ledger.db");
    let (_running, browser) = serve(&room);
    let tag = ask(&browser, "GET", "/feed.xml", "")
        .field("etag")
        .to_owned();
    let poll = format!("GET /feed.xml HTTP/1.1\r\nHost: a\r\nIf-None-Match: {tag}\r\n");
    let mut stream = TcpStream::connect(browser.address()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let polls = std::thread::spawn(move || {
        for _ in 1..POLLS {
            writer.write_all(format!("{poll}\r\n").as_bytes()).unwrap();
        }
        let last = format!("{poll}Connection: close\r\n\r\n");
        writer.write_all(last.as_bytes()).unwrap();
    });
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    polls.join().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 304").count(), POLLS);
    assert_eq!(answers.matches("HTTP/1.1 ").count(), POLLS);
    assert_eq!(room.has("ledger.db"), had);
}
