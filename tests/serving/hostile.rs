//! Requests that nobody sends who means well.

use super::{ask, newsroom, serve};

#[test]
fn no_path_leads_out_of_the_archive() {
    let room = newsroom().file("secret.txt", "the author's own");
    let (_running, browser) = serve(&room);
    for path in [
        "/../secret.txt",
        "/issues/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/issues/..%00/secret.txt",
        "/%00",
        "/feed.xml%00",
        "/%252e%252e/secret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/....//secret.txt",
        "//secret.txt",
        "/./feed.xml",
        "/.postrider-manifest",
        "/%2epostrider-names",
        "/postrider.key",
        "/%ff%fe",
        "/%",
        "*",
    ] {
        let status = ask(&browser, "GET", path, "").status;
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    for path in [
        "/archive/../../ledger.db",
        "/%2e%2e%2fpostrider.toml",
        "/..%5cpostrider.toml",
        "/issues/of-paper/%00",
    ] {
        assert_eq!(ask(&browser, "GET", path, "").status, 404, "{path}");
    }
}

#[test]
fn names_that_need_encoding_are_found_however_they_are_spelt() {
    let room = newsroom().file("public/für dich.txt", "a note");
    let (_running, browser) = serve(&room);
    for path in [
        "/f%C3%BCr%20dich.txt",
        "/f%c3%bcr%20dich.txt",
        "/%66%C3%BCr%20dich%2Etxt",
    ] {
        assert_eq!(browser.get(path), "a note");
    }
}

#[test]
fn the_name_in_the_request_is_never_believed() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let usual = browser.ask("GET", "/feed.xml", "letters.example.org");
    let forged = browser.ask_raw(
        "GET /feed.xml HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(usual.body, forged.body);
    assert_eq!(usual.field("link"), forged.field("link"));
    let whole = browser.ask_raw(
        "GET http://evil.example/feed.xml HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(whole.body, usual.body);
}

#[test]
fn what_breaks_the_grammar_is_refused_and_the_connection_closed() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let long = "x".repeat(100 * 1024);
    let many = "X-A: 1\r\n".repeat(500);
    for (name, request, expected) in [
        (
            "two lengths",
            "POST /u/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "two lengths the other way round",
            "POST /u/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "a body that is compressed on the way",
            "POST /u/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(),
            vec![501],
        ),
        (
            "lengths that differ",
            "POST /u/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!".to_owned(),
            vec![400],
        ),
        (
            "a length that is none",
            "POST /u/x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "a folded field",
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n  2\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "a space before the colon",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "a long field",
            format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {long}\r\n\r\n"),
            vec![400, 431],
        ),
        (
            "a long address",
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
            vec![400, 414, 431],
        ),
        (
            "many fields",
            format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
            vec![400, 431],
        ),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), vec![400]),
        (
            "two hosts",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
            vec![400],
        ),
        ("another protocol", "HELO example.org\r\n\r\n".to_owned(), vec![400]),
        ("TLS", "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n".to_owned(), vec![400]),
    ] {
        // It reads to the end of the stream: the server closes.
        let answer = browser.ask_raw(&request);
        assert!(expected.contains(&answer.status), "{name}: {}", answer.status);
    }
    assert!(browser.get("/").contains("Of paper"), "it goes on");
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    for path in ["/u/token", "/subscribe", "/feed.xml", "/nothing"] {
        let answer = ask(&browser, "POST", path, "Content-Length: 10485760\r\n");
        assert_eq!(answer.status, 413, "{path}");
    }
}

#[test]
fn long_lists_of_wishes_cost_nothing() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let wishes = format!("Accept-Encoding: {}\r\n", "gzip;q=0.1,".repeat(1000));
    assert_eq!(ask(&browser, "GET", "/", &wishes).status, 200);
    let tags = format!("If-None-Match: {}\r\n", "\"a\",".repeat(3000));
    assert_eq!(ask(&browser, "GET", "/", &tags).status, 200);
}

/// A body that does not tell its length is counted while it comes.
#[test]
fn a_body_in_pieces_is_refused_when_it_becomes_too_large() {
    let place = super::reader::Place::open();
    let piece = "400\r\n".to_owned() + &"a".repeat(0x400) + "\r\n";
    let answer = place.send_raw(&format!(
        "POST /subscribe HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        piece.repeat(17)
    ));
    assert_eq!(answer.status, 413);
}

#[test]
fn a_title_that_ends_what_holds_it_is_text_in_pages_and_feeds() {
    const TITLE: &str = "Of ]]> and </title><script>alert(1)</script>";
    let room = newsroom().essay("2026-12-01-of-ends", TITLE, "It is text.\n");
    let (_running, browser) = serve(&room);
    for path in ["/", "/issues/of-ends/"] {
        let page = browser.get(path);
        assert!(!page.contains("<script"), "{path}");
        assert_eq!(page.matches("</title>").count(), 1, "{path}");
    }
    for path in ["/feed.xml", "/atom.xml"] {
        let feed = browser.get(path);
        let mut reader = quick_xml::Reader::from_str(&feed);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Start(start) => {
                    assert_ne!(start.name().as_ref(), b"script", "{path}");
                }
                _ => {}
            }
        }
        assert!(!feed.contains("and ]]> and"), "{path}");
    }
}

/// The table of `docs/proof.md` names tests that are there.
#[test]
fn each_hostile_request_of_the_document_has_its_test() {
    let rows = crate::support::proof_table::tests_by_row("## Requests that mean harm");
    assert!(rows.len() >= 20, "{}", rows.len());
}
