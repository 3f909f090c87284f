//! How somebody becomes a subscriber by themselves, and what keeps others from doing it for them.

use std::time::Instant;

use super::reader::{Place, all_hidden, hidden, key_of, keys, leaving, link_in, preferences};
use crate::support::DEADLINE;
use crate::support::relay::{ScriptedRelay, Stage};

const READER: &str = "ana@example.org";
const ISSUE: &str = "2026-12-25-of-paper";

fn place() -> Place {
    Place::open_with(|room| room.essay(ISSUE, "Of paper", "It is made of rags.\n"))
}

#[test]
fn a_reader_joins_by_confirming_and_is_in_the_next_plan_without_a_roster() {
    let place = place();
    let asked = place.join("192.0.2.7", READER);
    assert_eq!(asked.status, 200);
    assert!(asked.text().contains("Look into your mailbox"));
    let mails = place.mails_to(READER, 1);
    let path = link_in(&mails[0], "confirm/");
    // Nothing is done by looking: a scanner opens every link.
    for method in ["GET", "HEAD", "OPTIONS", "GET", "PURGE"] {
        place.ask(method, &path);
    }
    assert_eq!(
        place.count("SELECT count(*) FROM signup WHERE state = 'confirmed'"),
        0
    );
    assert!(place.ask("GET", &path).text().contains("<button"));
    let confirmed = place.press(&path);
    assert_eq!(confirmed.status, 200);
    assert!(confirmed.text().contains("Welcome to The Test Letter"));
    assert_eq!(place.press(&path).status, 200, "once more is the same");
    assert_eq!(place.planned(), [READER]);
    let consent = "SELECT count(*) FROM signup WHERE confirmed_from = '192.0.2.7'
                      AND consent LIKE '%The Test Letter%' AND consent_form = '1' AND confirmed_at > 0";
    assert_eq!(place.count(consent), 1);
}

#[test]
fn the_mail_that_asks_for_confirmation_says_who_asked_and_nothing_that_they_wrote() {
    let place = Place::open();
    place.post(
        "/subscribe",
        "email=ana%40example.org&name=Win+%241000+https%3A%2F%2Fspam.example",
    );
    let mails = place.mails_to(READER, 1);
    let letter = &mails[0];
    letter.assert_strict();
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.header("X-Auto-Response-Suppress"), "All");
    assert_eq!(letter.headers("List-Unsubscribe").len(), 0);
    let text = letter.text();
    assert!(text.contains("192.0.2.7"), "{text}");
    assert!(text.contains("2 December 2026, 12:00 UTC"), "{text}");
    assert!(text.contains("do nothing"), "{text}");
    let whole = String::from_utf8_lossy(&letter.raw);
    assert!(
        !whole.contains("spam") && !whole.contains("1000"),
        "{whole}"
    );
}

#[test]
fn everybody_gets_the_same_answer_whatever_is_known_of_the_address() {
    let place = place();
    place.subscribe("known@example.org");
    for (address, reason) in [
        ("bad@example.org", "complained"),
        ("out@example.org", "operator"),
    ] {
        let command = ["subscribers", "suppress", address, "--reason", reason];
        place.room.run(command).exits(0);
    }
    // A quarter of an hour later, so that no limit speaks for the one who is known.
    let place = place.restart_at("2026-12-02T12:20:00Z");
    place.join("203.0.113.1", "pending@example.org");
    let head = |status: u16, answer: String| format!("{status} {answer}");
    let mut answers = Vec::new();
    // The last one is held back: it asked a moment ago.
    let addresses = ["new", "known", "bad", "out", "pending"];
    for (number, name) in addresses.iter().enumerate() {
        let client = format!("198.51.{number}.7");
        let answer = place.join(&client, &format!("{name}@example.org"));
        answers.push(head(answer.status, answer.text()));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    // The mails: two for `known`, who joined and is told so, one for `pending` and `new`, none for others.
    place.join("198.51.9.7", "last@example.org");
    place.mails_to("last@example.org", 5);
    let mut told: Vec<String> = Vec::new();
    for mail in place.relay.accepted() {
        told.extend(mail.rcpt_to);
    }
    told.sort();
    let expected = [
        "known@example.org",
        "known@example.org",
        "last@example.org",
        "new@example.org",
        "pending@example.org",
    ];
    assert_eq!(told, expected);
}

#[test]
fn who_is_a_reader_already_is_told_so_by_mail_alone() {
    let place = place();
    place.subscribe(READER);
    // A quarter of an hour later.
    let place = place.restart_at("2026-12-02T12:20:00Z");
    place.join("192.0.2.9", READER);
    let mails = place.mails_to(READER, 2);
    assert_eq!(mails[1].subject, "You receive The Test Letter already");
    assert_eq!(link_in(&mails[1], "u/"), leaving(READER));
    assert_eq!(link_in(&mails[1], "preferences/"), preferences(READER));
    assert_eq!(place.planned(), [READER]);
}

#[test]
fn more_than_one_address_is_none() {
    let place = Place::open();
    for body in [
        "email=a%40example.org%2Cb%40example.org",
        "email=a%40example.org&email=b%40example.org",
        "email=a%40example.org%0d%0aBcc%3A+b%40example.org",
        "email=",
        "name=Ana",
    ] {
        let answer = place.post("/subscribe", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text().contains("Please check the address"), "{body}");
    }
    assert_eq!(place.count("SELECT count(*) FROM answer"), 0);
}

#[test]
fn a_victim_gets_one_mail_however_often_it_is_asked_for() {
    let place = Place::open();
    for number in 0..1_000 {
        let client = format!("198.{}.{}.7", number / 250, number % 250);
        let answer = place.join(&client, "Victim@example.org");
        assert!(answer.text().contains("Look into your mailbox"));
    }
    place.join("192.0.2.7", READER);
    place.mails_to(READER, 2);
    assert_eq!(place.mails_to("Victim@example.org", 2).len(), 1);
    // A restart forgets nothing.
    let place = place.restart_at("2026-12-02T12:10:00Z");
    place.join("203.0.113.7", "victim@example.org");
    place.join("203.0.113.8", "second@example.org");
    place.mails_to("second@example.org", 3);
    assert_eq!(place.relay.accepted().len(), 3);
}

#[test]
fn one_network_causes_five_mails_in_an_hour() {
    let place = Place::open();
    for number in 0..9 {
        place.join(
            &format!("192.0.2.{number}"),
            &format!("reader{number}@example.org"),
        );
    }
    place.join("192.0.3.1", "other@example.org");
    place.mails_to("other@example.org", 6);
    assert_eq!(place.relay.accepted().len(), 6);
}

#[test]
fn a_flood_asks_for_one_more_click_and_closes_later() {
    let place = Place::open();
    let ask = |number: usize| {
        let client = format!("198.{}.{}.7", number / 250, number % 250);
        place.join(&client, &format!("reader{number}@example.org"))
    };
    for number in 0..60 {
        assert!(ask(number).text().contains("Look into your mailbox"));
    }
    let proof = ask(60);
    assert_eq!(proof.status, 200);
    assert!(proof.text().contains("One more step"), "{}", proof.text());
    assert_eq!(hidden(&proof.text(), "email"), "reader60@example.org");
    let stamp = keys().form_stamp("2026-12-02T11:58:00Z".parse().unwrap());
    for number in 60..240 {
        let client = format!("198.{}.{}.9", number / 250 + 20, number % 250);
        let body = format!("email=reader{number}%40example.org&stamp={stamp}");
        let answer = place.post_from(&client, "/subscribe", &body);
        assert!(answer.text().contains("Look into your mailbox"), "{number}");
    }
    let closed = place.post_from(
        "203.0.113.7",
        "/subscribe",
        &format!("email=z%40example.org&stamp={stamp}"),
    );
    assert_eq!(closed.status, 503);
    assert_eq!(closed.field("Retry-After"), "3600");
}

/// Fills the hour with requests, until more is asked of everybody.
fn flood(place: &Place) {
    for number in 0..60 {
        place.join(
            &format!("198.51.{number}.7"),
            &format!("reader{number}@example.org"),
        );
    }
}

#[test]
fn who_presses_the_button_in_a_flood_at_once_gets_the_mail_and_for_nobody_else() {
    let place = Place::open();
    flood(&place);
    let proof = place.join("192.0.2.7", READER).text();
    assert!(proof.contains("One more step"), "{proof}");
    let click = all_hidden(&proof);
    // The stamp of one address is worth nothing for another one.
    let other = click.replace("ana%40example.org", "victim%40example.org");
    assert_ne!(click, other);
    let answer = place.post("/subscribe", &other).text();
    assert!(answer.contains("One more step"), "{answer}");
    let answer = place.post("/subscribe", &click).text();
    assert!(answer.contains("Look into your mailbox"), "{answer}");
    place.mails_to(READER, 61);
}

#[test]
fn the_author_hears_of_a_flood_once_and_of_its_end() {
    let place = Place::open_with(|room| room.table("[schedule]\nnotify = \"me@example.org\""));
    let flooded = "sign-ups caused 60 mails within an hour";
    assert!(!place.room.run(["status"]).exits(0).stdout.contains(flooded));
    flood(&place);
    place.hears(flooded);
    let mails = place.mails_to("me@example.org", 61);
    assert!(
        mails[0].text().contains("ends by itself"),
        "{}",
        mails[0].text()
    );
    place.room.run(["status"]).exits(0).stdout_contains(flooded);
    let place = place.restart_at("2026-12-02T13:00:01Z");
    let began = Instant::now();
    while place.room.run(["status"]).exits(0).stdout.contains(flooded) {
        assert!(began.elapsed() < DEADLINE, "it never ends");
    }
    let asked = place.join("192.0.2.7", READER).text();
    assert!(asked.contains("Look into your mailbox"), "{asked}");
}

#[test]
fn nobody_agrees_to_words_that_they_did_not_see() {
    let place = Place::open();
    place.join("192.0.2.7", READER);
    let path = link_in(&place.mails_to(READER, 1)[0], "confirm/");
    let seen = all_hidden(&place.ask("GET", &path).text());
    let settings = place.room.read("postrider.toml");
    let words = "[words]\nconfirm_text = \"A letter a day, and one at night.\"";
    place
        .room
        .write("postrider.toml", format!("{settings}\n{words}\n"));
    let began = Instant::now();
    while !place.ask("GET", &path).text().contains("one at night") {
        assert!(began.elapsed() < DEADLINE, "the page stays as it was");
    }
    let confirmed = "SELECT count(*) FROM signup WHERE consent LIKE '%one at night%'";
    for body in ["", "agreed=", &seen] {
        let answer = place.post(&path, body);
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("one at night"), "{}", answer.text());
        assert_eq!(
            place.count("SELECT count(*) FROM signup WHERE state = 'confirmed'"),
            0
        );
    }
    assert!(place.press(&path).text().contains("Welcome to"));
    assert_eq!(place.count(confirmed), 1);
}

#[test]
fn what_was_typed_stays_in_the_form_where_it_is_no_address() {
    let place = Place::open();
    let stamp = keys().form_stamp("2026-12-02T11:59:50Z".parse().unwrap());
    let wrong = place.post(
        "/subscribe",
        &format!("email=ana%40exmaple%22%3E&name=%3CAna%3E&stamp={stamp}"),
    );
    assert_eq!(wrong.status, 400);
    let page = wrong.text();
    assert!(page.contains("value=\"ana@exmaple&quot;&gt;\""), "{page}");
    assert!(page.contains("value=\"&lt;Ana&gt;\""), "{page}");
    assert!(page.contains("aria-invalid=\"true\""), "{page}");
    // A fresh one would take who corrects a letter in a second for a program.
    assert_eq!(hidden(&page, "stamp"), stamp);
    let unstamped = place
        .post("/subscribe", "email=ana&stamp=v1.AAAA.AAAA")
        .text();
    assert!(!unstamped.contains("name=\"stamp\""), "{unstamped}");
    let lost = place.post("/u", "email=ana%40exmaple");
    assert_eq!(lost.status, 400);
    assert!(
        lost.text().contains("value=\"ana@exmaple\""),
        "{}",
        lost.text()
    );
    // Bytes that are no UTF-8 stand for no sign: a guess would mail somebody else.
    assert_eq!(
        place
            .post("/subscribe", "email=b%FCro%40example.org")
            .status,
        400
    );
    assert_eq!(place.count("SELECT count(*) FROM answer"), 0);
}

#[test]
fn a_program_gets_the_same_answer_and_nobody_a_mail() {
    let place = Place::open();
    let usual = place.join("203.0.113.5", "usual@example.org").text();
    place.mails_to("usual@example.org", 1);
    let page = place.ask("GET", "/subscribe").text();
    let fresh = hidden(&page, "stamp");
    for body in [
        format!("email=a%40example.org&stamp={fresh}"),
        "email=b%40example.org&website=https%3A%2F%2Fspam.example".to_owned(),
    ] {
        let answer = place.post("/subscribe", &body);
        assert_eq!((answer.status, answer.text()), (200, usual.clone()));
    }
    // Three seconds later the same stamp is a person's.
    let stamp = keys().form_stamp("2026-12-02T11:59:50Z".parse().unwrap());
    place.post(
        "/subscribe",
        &format!("email=c%40example.org&stamp={stamp}"),
    );
    place.mails_to("c@example.org", 2);
    assert_eq!(place.relay.accepted().len(), 2);
}

#[test]
fn a_request_that_is_too_large_is_refused() {
    let place = Place::open();
    let long = format!("email=a%40example.org&name={}", "n".repeat(20_000));
    assert_eq!(place.post("/subscribe", &long).status, 413);
    let many = format!("email=a%40example.org{}", "&x=1".repeat(2_000));
    assert_eq!(place.post("/subscribe", &many).status, 413);
    // It need not come to be known as too large.
    let told = "POST /subscribe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10485760\r\n\r\n";
    assert_eq!(place.send_raw(told).status, 413);
    assert_eq!(place.count("SELECT count(*) FROM answer"), 0);
}

#[test]
fn another_site_may_ask_in_json_without_credentials() {
    let place = Place::open();
    let preflight = place.send(
        "OPTIONS",
        "/subscribe",
        "Origin: https://elsewhere.example\r\nAccess-Control-Request-Method: POST\r\n",
        "",
    );
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.field("Access-Control-Allow-Origin"), "*");
    assert_eq!(preflight.field("Access-Control-Allow-Methods"), "POST");
    assert_eq!(preflight.field("Access-Control-Allow-Credentials"), "");
    let json = "Content-Type: application/json; charset=utf-8\r\nX-Forwarded-For: 192.0.2.7\r\n";
    let answer = place.send(
        "POST",
        "/subscribe",
        json,
        "{\"email\":\"ana@example.org\"}",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("Access-Control-Allow-Origin"), "*");
    assert!(answer.text().contains("look-into-the-mailbox"));
    place.mails_to(READER, 1);
    for unreadable in ["{\"email\":[\"a\",\"b\"]}", "{}", "", "email=ana"] {
        let wrong = place.send("POST", "/subscribe", json, unreadable);
        assert_eq!(wrong.status, 400);
        assert!(wrong.text().contains("not-understood"), "{}", wrong.text());
    }
    let nobody = place.send("POST", "/subscribe", json, "{\"email\":\"ana\"}");
    assert!(nobody.text().contains("no-address"), "{}", nobody.text());
    let nothing = "{\"email\":\"eve@example.org\",\"name\":null,\"tags\":null}";
    let answer = place.send("POST", "/subscribe", json, nothing);
    assert_eq!(answer.status, 200);
    place.mails_to("eve@example.org", 2);
    let parts = place.send(
        "POST",
        "/subscribe",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "--x--\r\n",
    );
    assert_eq!(parts.status, 415);
}

#[test]
fn a_mail_that_was_not_handed_over_goes_out_after_a_restart() {
    let place = Place::open();
    let gate = place.relay.hold_at_dot();
    place.join("192.0.2.7", READER);
    gate.wait_for(1);
    let relay_was_asked = place.relay.connections();
    assert_eq!(relay_was_asked, 1);
    // Dead before the relay's answer, which is then lost.
    let place = place.kill_and_restart_at("2026-12-02T12:01:00Z");
    gate.release();
    let mails = place.mails_to(READER, 1);
    let path = link_in(mails.last().unwrap(), "confirm/");
    assert_eq!(place.post(&path, "").status, 200);
}

#[test]
fn a_server_that_is_stopped_waits_for_the_relays_word_and_sends_no_second_copy() {
    let place = Place::open();
    let gate = place.relay.hold_at_dot();
    place.join("192.0.2.7", READER);
    gate.wait_for(1);
    let place = place.restart_at_when("2026-12-02T12:10:00Z", |running| {
        running.wait_for_stderr("waiting for the relay's word");
        gate.release();
    });
    place.join("203.0.113.8", "second@example.org");
    place.mails_to("second@example.org", 2);
    assert_eq!(place.mails_to(READER, 2).len(), 1);
}

#[test]
fn a_relay_that_wants_no_mail_now_gets_it_later() {
    let place = Place::open();
    place
        .relay
        .replies_to_recipient(READER, &["451 4.3.0 later"]);
    place.join("192.0.2.7", READER);
    place.relay.wait_for_connections(1);
    let place = place.restart_at("2026-12-02T12:05:00Z");
    assert_eq!(place.mails_to(READER, 1).len(), 1);
}

#[test]
fn a_link_of_confirmation_is_dead_after_seven_days_and_behind_a_newer_one() {
    let place = Place::open();
    place.join("192.0.2.7", READER);
    let first = link_in(&place.mails_to(READER, 1)[0], "confirm/");
    let place = place.restart_at("2026-12-02T13:00:00Z");
    place.join("192.0.2.7", READER);
    let second = link_in(&place.mails_to(READER, 2)[1], "confirm/");
    assert_ne!(first, second);
    assert_eq!(place.press(&first).status, 404);
    let place = place.restart_at("2026-12-09T13:00:01Z");
    for method in ["GET", "POST"] {
        let answer = place.send(method, &second, "", "");
        assert_eq!(answer.status, 404, "{method}");
        assert!(answer.text().contains("This link is not valid"));
    }
    assert_eq!(
        place.count("SELECT count(*) FROM signup WHERE state = 'confirmed'"),
        0
    );
}

#[test]
fn who_left_comes_back_by_confirming_and_a_complaint_stays() {
    let place = place();
    place.subscribe(READER);
    assert_eq!(place.post(&leaving(READER), "").status, 200);
    assert_eq!(
        place.suppressions(),
        [(READER.to_owned(), "unsubscribed".to_owned())]
    );
    let place = place.restart_at("2026-12-02T13:00:00Z");
    let before = place.relay.accepted().len();
    place.join("192.0.2.7", READER);
    let mails = place.mails_to(READER, before + 1);
    let link = link_in(mails.last().unwrap(), "confirm/");
    assert_eq!(place.planned(), [""; 0], "asking alone is not enough");
    // Reported as spam while the link lies in the mailbox.
    place
        .room
        .run(["subscribers", "suppress", READER, "--reason", "complained"])
        .exits(0);
    assert_eq!(place.press(&link).status, 404);
    assert_eq!(
        place.suppressions(),
        [(READER.to_owned(), "complained".to_owned())]
    );
}

#[test]
fn the_welcome_names_the_latest_issue_and_how_to_leave() {
    let place = Place::open_with(|room| {
        room.table("[signup]\nwelcome = true")
            .essay("2026-12-01-of-ink", "Of ink", "It is made of soot.\n")
            .subscribers("email\n")
    });
    place.subscribe(READER);
    let mails = place.mails_to(READER, 2);
    let welcome = &mails[1];
    welcome.assert_strict();
    assert_eq!(welcome.subject, "Welcome to The Test Letter");
    assert!(
        welcome
            .text()
            .contains("Of ink\nhttps://letters.example.org/issues/of-ink/")
    );
    let link = format!("<http://localhost:8080{}>", leaving(READER));
    assert_eq!(welcome.header("List-Unsubscribe"), link);
    assert_eq!(
        welcome.header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    let deliveries = format!(
        "SELECT count(*) FROM delivery JOIN subscriber ON subscriber.id = subscriber_id WHERE addr_key = x'{}'",
        data_encoding::HEXLOWER.encode(key_of(READER).as_bytes())
    );
    assert_eq!(place.count(&deliveries), 0, "a link is no delivery");
}

#[test]
fn links_come_from_the_settings_and_lead_nowhere_else() {
    let place = Place::open();
    let request = "POST /subscribe?next=https://evil.example HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-For: 192.0.2.7\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 23\r\n\r\nemail=ana%40example.org";
    let answer = place.send_raw(request);
    assert_eq!(answer.field("Location"), "");
    assert!(!answer.text().contains("evil"), "{}", answer.text());
    let mails = place.mails_to(READER, 1);
    assert!(!mails[0].text().contains("evil"));
    link_in(&mails[0], "confirm/");
}

/// A place with two relays, the first of them at `first`.
fn with_a_second_relay(first: &str) -> Place {
    let second = ScriptedRelay::start();
    let room = super::reader::newsroom(&second).smtp(&format!(
        "url = \"{first}\"\n\n[[smtp.fallback]]\nurl = \"{}\"",
        second.url()
    ));
    Place::of(room, second)
}

#[test]
fn a_reader_gets_the_link_by_the_next_relay_while_the_first_one_is_down() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let first = format!("smtp://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let place = with_a_second_relay(&first);
    place.subscribe(READER);
}

#[test]
fn a_relay_that_wants_to_rest_is_left_in_peace_by_mails_to_readers() {
    let first = ScriptedRelay::start();
    first
        .at(Stage::Rcpt)
        .nth(1)
        .reply("450 4.7.28 unusual rate");
    let place = with_a_second_relay(&first.url());
    place.subscribe(READER);
    place.join("198.51.100.7", "ben@example.org");
    place.mails_to("ben@example.org", 2);
    assert_eq!((first.connections(), first.accepted().len()), (1, 0));
    // An issue leaves it in peace, too.
    let rest = "SELECT count(*) FROM relay WHERE rest_cause = 'rate'";
    assert_eq!(place.count(rest), 1);
}

#[test]
fn a_relay_that_blames_us_does_not_cost_a_reader_the_link() {
    let first = ScriptedRelay::start();
    first
        .at(Stage::Rcpt)
        .reply("550 5.7.1 your network is on a list");
    let place = with_a_second_relay(&first.url());
    place.subscribe(READER);
    assert_eq!(first.accepted().len(), 0);
}

#[test]
fn nobody_gets_around_a_limit_by_naming_another_client() {
    let place = Place::open();
    for number in 0..9 {
        // What the client wrote itself stands left of what the proxy adds.
        let told = format!("203.{number}.113.9, 192.0.2.7");
        place.join(&told, &format!("reader{number}@example.org"));
    }
    place.join("198.51.100.7", "other@example.org");
    place.mails_to("other@example.org", 6);
    assert_eq!(place.relay.accepted().len(), 6);
}

#[test]
fn what_cannot_be_written_down_now_is_answered_with_a_page_and_done_when_it_is_asked_again() {
    let place = Place::open();
    place.join("192.0.2.7", "eve@example.org");
    let ledger = rusqlite::Connection::open(place.room.path("ledger.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Each would wait as long alone: together they are answered before the server's patience ends.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = place.post(&leaving(READER), "List-Unsubscribe=One-Click");
                assert_eq!(answer.status, 503);
                assert_eq!(answer.field("Retry-After"), "3600");
                assert!(answer.text().contains("Please come back later"));
            });
        }
    });
    ledger.execute_batch("ROLLBACK").unwrap();
    let answer = place.post(&leaving(READER), "List-Unsubscribe=One-Click");
    assert_eq!(answer.status, 200);
    assert_eq!(place.suppressions().len(), 1);
}

#[test]
fn who_signed_up_may_get_a_row_and_the_author_is_told_that_it_counts() {
    let place = place();
    place.subscribe(READER);
    place
        .room
        .run(["subscribers", "add", READER, "--name", "Ana"])
        .exits(0)
        .stderr_contains("signed up on the web before");
    place
        .room
        .run(["subscribers", "erase", READER, "--yes"])
        .exits(0);
    place
        .room
        .run(["subscribers", "show", READER])
        .exits(0)
        .stdout_contains("signed up on the web: left, asked 2026-12-02")
        .stdout_lacks("from :")
        .stdout_lacks("from \n");
}
