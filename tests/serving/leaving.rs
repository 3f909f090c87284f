//! How a reader leaves: looking changes nothing, one press of a button does, for ever and at once.

use std::time::Instant;

use super::reader::{Place, key_of, keys, leaving, link_in, preferences};
use crate::support::DEADLINE;
use crate::support::relay::{ScriptedRelay, Stage};

const READER: &str = "ana@example.org";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// Everything that the ledger knows, as text.
fn written(place: &Place) -> i64 {
    place.count("SELECT (SELECT count(*) FROM suppression) * 1000 + (SELECT count(*) FROM signup WHERE state = 'left')")
}

#[test]
fn looking_a_thousand_times_by_any_method_changes_nothing() {
    let place = Place::open();
    let path = leaving(READER);
    for _ in 0..1_000 {
        let page = place.ask("GET", &path);
        assert_eq!(page.status, 200);
    }
    for method in ["HEAD", "OPTIONS", "PURGE", "PUT", "DELETE", "PROPFIND"] {
        place.ask(method, &path);
    }
    assert_eq!(written(&place), 0);
    assert!(
        place
            .ask("GET", &path)
            .text()
            .contains("Unsubscribe</button>")
    );
}

#[test]
fn one_click_of_a_mail_program_is_enough_in_both_of_its_forms() {
    for (fields, body) in [
        (
            "Content-Type: application/x-www-form-urlencoded\r\n",
            ONE_CLICK,
        ),
        (
            "Content-Type: multipart/form-data; boundary=x\r\n",
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
        ),
    ] {
        let place = Place::open();
        let answer = place.send("POST", &leaving(READER), fields, body);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.field("Location"), "");
        assert_eq!(answer.field("Set-Cookie"), "");
        assert!(answer.text().contains("You are unsubscribed"));
        assert_eq!(written(&place), 1000);
    }
}

#[test]
fn a_hundred_at_once_make_one_suppression() {
    let place = Place::open();
    place.subscribe(READER);
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let answer = place.post(&leaving(READER), ONE_CLICK);
                assert_eq!(answer.status, 200);
            });
        }
    });
    assert_eq!(written(&place), 1001);
}

#[test]
fn a_page_with_a_token_is_kept_by_nobody_and_leads_nowhere() {
    let place = Place::open();
    for path in [
        leaving(READER),
        preferences(READER),
        "/confirm/v1.x.y".to_owned(),
    ] {
        let page = place.ask("GET", &path);
        assert_eq!(page.field("Cache-Control"), "no-store", "{path}");
        assert_eq!(page.field("Referrer-Policy"), "no-referrer", "{path}");
        assert_eq!(page.field("X-Robots-Tag"), "noindex", "{path}");
        assert_eq!(page.field("Set-Cookie"), "", "{path}");
        let policy = page.field("Content-Security-Policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!page.text().contains("<script"), "{path}");
    }
}

#[test]
fn a_token_that_is_not_genuine_gets_the_page_that_sends_links() {
    let place = Place::open();
    let genuine = leaving(READER);
    let token = genuine.trim_start_matches("/u/");
    let other = if token.ends_with('A') { "B" } else { "A" };
    let flipped = format!("{}{other}", &token[..token.len() - 1]);
    let wrong = [
        format!("/u/{flipped}"),
        format!("/u/{}", &token[..token.len() - 3]),
        format!("/u/{}", "v1.".repeat(2_000)),
        format!("/u?t={token}&t={token}"),
        "/u/%C3%A9%E2%82%AC".to_owned(),
        format!("/u/{token}%00"),
        format!(
            "/u/{}",
            preferences(READER).trim_start_matches("/preferences/")
        ),
        format!("/preferences/{token}"),
        format!("/confirm/{token}"),
    ];
    let page = place.ask("GET", &wrong[0]).text();
    assert!(page.contains("This link is not valid"), "{page}");
    for path in &wrong {
        let looked = place.ask("GET", path);
        assert_eq!(
            (looked.status, looked.text()),
            (404, page.clone()),
            "{path}"
        );
        let pressed = place.post(path, ONE_CLICK);
        assert_eq!(
            (pressed.status, pressed.text()),
            (404, page.clone()),
            "{path}"
        );
    }
    // A mebibyte does not even fit into a request.
    let long = place.ask("GET", &format!("/u/{}", "a".repeat(1 << 20)));
    assert!(
        [400, 404, 414, 431, 0].contains(&long.status),
        "{}",
        long.status
    );
    assert_eq!(written(&place), 0);
}

#[test]
fn a_link_of_confirmation_unsubscribes_nobody_and_the_other_way_round() {
    let place = Place::open();
    place.join("192.0.2.7", READER);
    let confirm = link_in(&place.mails_to(READER, 1)[0], "confirm/");
    let token = confirm.trim_start_matches("/confirm/");
    assert_eq!(place.post(&format!("/u/{token}"), ONE_CLICK).status, 404);
    assert_eq!(place.post(&format!("/preferences/{token}"), "").status, 404);
    let leave = leaving(READER);
    let leave = leave.trim_start_matches("/u/");
    assert_eq!(place.post(&format!("/confirm/{leave}"), "").status, 404);
    assert_eq!(written(&place), 0);
}

#[test]
fn a_token_works_for_somebody_of_whom_nothing_is_known_any_more() {
    let place = Place::open();
    assert_eq!(place.post(&leaving("gone@example.org"), "").status, 200);
    let key = data_encoding::HEXLOWER.encode(key_of("gone@example.org").as_bytes());
    let sql = format!(
        "SELECT count(*) FROM suppression WHERE addr_key = x'{key}' AND reason = 'unsubscribed'"
    );
    assert_eq!(place.count(&sql), 1);
}

#[test]
fn the_token_of_a_test_message_is_dead_and_the_page_says_so() {
    let place = Place::open();
    let path = format!("/u/{}", keys().dead_unsubscribe_token());
    for answer in [place.ask("GET", &path), place.post(&path, ONE_CLICK)] {
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("comes from a test message"));
    }
    assert_eq!(written(&place), 0);
}

#[test]
fn who_lost_the_link_gets_it_by_mail_and_nobody_else_does() {
    let place = Place::open();
    place.subscribe(READER);
    let place = place.restart_at("2026-12-02T13:00:00Z");
    let before = place.relay.accepted().len();
    let unknown = place.post("/u", "email=nobody%40example.org");
    let known = place.post("/u", "email=ana%40example.org");
    assert_eq!((known.status, known.text()), (200, unknown.text()));
    let mails = place.mails_to(READER, before + 1);
    assert_eq!(link_in(mails.last().unwrap(), "u/"), leaving(READER));
    assert_eq!(place.relay.accepted().len(), before + 1);
}

#[test]
fn who_leaves_while_an_issue_is_sent_does_not_get_it() {
    let relay = ScriptedRelay::start();
    let room = super::reader::newsroom(&relay)
        .smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
        .essay("2026-12-02-of-paper", "Of paper", "It is made of rags.\n")
        .readers(20);
    let gate = relay.at(Stage::Mail).hold();
    let place = Place::of(room, relay);
    gate.wait_for(1);
    // The send is under way. The last one of them leaves.
    let answer = place.post(&leaving("reader20@example.org"), ONE_CLICK);
    assert_eq!(answer.status, 200);
    gate.release();
    place.relay.wait_for(19);
    let began = Instant::now();
    while place.count("SELECT count(*) FROM issue WHERE state = 'finished'") == 0 {
        assert!(began.elapsed() < DEADLINE, "it is never finished");
        std::thread::yield_now();
    }
    let got = |address: &str| {
        let accepted = place.relay.accepted();
        accepted.iter().any(|one| one.rcpt_to == [address])
    };
    assert!(got("reader19@example.org"));
    assert!(!got("reader20@example.org"));
    assert_eq!(
        place.count("SELECT count(*) FROM delivery WHERE state = 'skipped'"),
        1
    );
}
