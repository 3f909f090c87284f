//! How a reader leaves, and where failures are reported: the fields of the list, the sender of the
//! envelope.

use std::collections::BTreeSet;

use super::{LATER, SEND, SLUG, letter_to, message_to, newsroom, with_key};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

const SERVE: &str = "[serve]\nurl = \"https://letters.example.org/reader\"";
const BOUNCES: &str = "[bounces]\ndomain = \"Bounces.B\u{fc}cher.example\"";
const BOUNCES_DOMAIN: &str = "@bounces.xn--bcher-kva.example";
const ONE_CLICK: &str = "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";

fn raw(letter: &Letter) -> String {
    String::from_utf8(letter.raw.clone()).unwrap()
}

/// The two addresses of `List-Unsubscribe`, without their brackets.
#[track_caller]
fn ways_out(letter: &Letter) -> (String, String) {
    let value = letter.header("List-Unsubscribe");
    let (first, second) = value.split_once(", ").expect(value);
    let bare = |way: &str| way.trim_matches(['<', '>']).to_owned();
    (bare(first), bare(second))
}

/// The reader behind a token, asked of the program itself.
#[track_caller]
fn assert_suppresses(room: &Newsroom, request: &str, address: &str) {
    room.run(["subscribers", "suppress", request]).exits(0);
    let listed = room.run(["subscribers", "list", "--suppressed", "--json"]);
    let listed = listed.exits(0).json();
    assert_eq!(listed["suppressions"][0]["address"], address);
}

#[test]
fn with_a_public_server_one_click_is_enough() {
    let relay = ScriptedRelay::start();
    let room = with_key(newsroom(&relay), 7).table(SERVE).readers(2);
    room.run(SEND).exits(0);
    let letter = letter_to(&relay, "reader1@example.org");
    letter.assert_strict();
    let (link, mail) = ways_out(&letter);
    let token = link
        .strip_prefix("https://letters.example.org/reader/u/v1.")
        .expect(&link);
    assert_eq!(
        mail,
        format!("mailto:letters@example.org?subject=unsubscribe%20v1.{token}")
    );
    assert!(raw(&letter).contains(ONE_CLICK), "{}", raw(&letter));
    // The reader sees the same link, and only that.
    assert!(letter.text().contains(&link) && letter.html().contains(&link));
    assert!(!letter.html().contains("mailto:"), "{}", letter.html());
    let other = ways_out(&letter_to(&relay, "reader2@example.org"));
    assert_ne!(other.0, link);
    assert_suppresses(&room, &link, "reader1@example.org");
}

#[test]
fn a_domain_for_bounces_gets_reports_and_requests_that_name_the_reader() {
    let relay = ScriptedRelay::start();
    let room = with_key(newsroom(&relay), 7).table(BOUNCES).readers(3);
    relay
        .at(Stage::Dot)
        .of("reader2@example.org")
        .once()
        .obey_and_close();
    room.run(SEND).exits(3);
    let room = room.now(LATER);
    room.run(["ledger", "resolve", SLUG, "--resend"]).exits(0);
    room.run(SEND).exits(0);
    let mut senders = BTreeSet::new();
    for message in relay.accepted() {
        let local = message.mail_from.strip_suffix(BOUNCES_DOMAIN);
        let token = local.and_then(|local| local.strip_prefix("b+"));
        let token = token.expect(&message.mail_from);
        assert!(
            token.len() == 31
                && token
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
            "{token}"
        );
        senders.insert((message.rcpt_to[0].clone(), message.mail_from.clone()));
        let letter = Letter::read(&message.data);
        letter.assert_strict();
        assert_eq!(letter.from, "The Test Letter <letters@example.org>");
        assert_eq!(letter.headers("List-Unsubscribe-Post"), [""; 0]);
    }
    // Four messages, of which two are attempts of one delivery.
    assert_eq!(
        (relay.accepted().len(), senders.len()),
        (4, 3),
        "{senders:?}"
    );
    let letter = letter_to(&relay, "reader1@example.org");
    let way = letter.header("List-Unsubscribe").trim_matches(['<', '>']);
    let request = way.strip_prefix("mailto:").unwrap();
    let request = request.strip_suffix("?subject=unsubscribe").expect(request);
    let local = request.strip_suffix(BOUNCES_DOMAIN).expect(request);
    assert!(
        local.starts_with("unsubscribe+") && local.len() <= 64,
        "{local}"
    );
    // Mail programs and relays may change the case of what they carry.
    let shouted = request
        .to_uppercase()
        .replace("UNSUBSCRIBE+", "unsubscribe+");
    assert_suppresses(&room, &shouted, "reader1@example.org");
}

#[test]
fn without_a_domain_for_bounces_the_author_is_the_sender() {
    let relay = ScriptedRelay::start();
    newsroom(&relay).readers(1).run(SEND).exits(0);
    let message = message_to(&relay, "reader1@example.org");
    assert_eq!(message.mail_from, "letters@example.org");
}

#[test]
fn a_test_message_has_tokens_that_name_nobody() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).table(SERVE).table(BOUNCES).readers(1);
    room.run(["send", SLUG, "--test", "reader1@example.org"])
        .exits(0);
    let message = message_to(&relay, "reader1@example.org");
    assert_eq!(message.mail_from, format!("b+test{BOUNCES_DOMAIN}"));
    let letter = Letter::read(&message.data);
    letter.assert_strict();
    assert!(raw(&letter).contains(ONE_CLICK));
    let (link, mail) = ways_out(&letter);
    let mail = mail.trim_start_matches("mailto:").to_owned();
    for request in [link, mail.split('?').next().unwrap().to_owned()] {
        room.run(["subscribers", "suppress", &request])
            .fails(1)
            .stderr_contains("not one of this publication's");
    }
}

#[test]
fn complaints_are_counted_by_publication_and_issue_and_not_by_reader() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .essay("2026-12-01-second", "Second", "Again.\n")
        .readers(2);
    room.run(["send", "--yes"]).exits(0);
    let ids: BTreeSet<String> = relay
        .accepted()
        .iter()
        .map(|message| Letter::read(&message.data).header("Feedback-ID").to_owned())
        .collect();
    assert_eq!(ids.len(), 2, "one for each issue: {ids:?}");
    let parts: Vec<Vec<&str>> = ids.iter().map(|id| id.split(':').collect()).collect();
    for part in &parts {
        assert_eq!(part[1..3], ["newsletter", "postrider"]);
        assert!((5..=15).contains(&part[3].len()), "{part:?}");
    }
    assert_eq!(parts[0].len(), 4);
    assert_eq!(parts[0][3], parts[1][3], "the sender is the same for ever");
    let letter = Letter::read(&relay.accepted()[0].data);
    assert_eq!(letter.header("List-Owner"), "<mailto:letters@example.org>");
    assert_eq!(letter.header("Precedence"), "bulk");
}

#[test]
fn an_author_with_signs_in_the_address_can_be_written_to() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    let room = room.config("reply_to = \"o'neil/a&b=c%d?e{f}@example.org\"");
    room.run(SEND).exits(0);
    let letter = letter_to(&relay, "reader1@example.org");
    letter.assert_strict();
    let encoded =
        "mailto:o%27neil%2Fa%26b%3Dc%25d%3Fe%7Bf%7D@example.org?subject=unsubscribe%20v1.";
    let way = letter.header("List-Unsubscribe").trim_matches(['<', '>']);
    assert!(way.starts_with(encoded), "{way}");
    assert!(letter.html().contains(way) && letter.text().contains(way));
}

#[test]
fn addresses_that_are_none_are_refused_where_they_stand() {
    let relay = ScriptedRelay::start();
    for (table, reason) in [
        (
            "[serve]\nurl = \"http://letters.example.org/\"",
            "[serve] url",
        ),
        (
            "[serve]\nurl = \"https://letters.example.org/?a=b\"",
            "[serve] url",
        ),
        (
            "[serve]\nurl = \"https://ada@letters.example.org/\"",
            "[serve] url",
        ),
        ("[serve]\nurl = \"letters.example.org\"", "[serve] url"),
        ("[bounces]\ndomain = \"localhost\"", "[bounces] domain"),
        ("[bounces]\ndomain = \"a@example.org\"", "[bounces] domain"),
        (
            "[bounces]\ndomain = \"example.org>\\r\\nRCPT TO:<b\"",
            "[bounces] domain",
        ),
    ] {
        let room = newsroom(&relay).table(table).readers(1);
        room.run(SEND)
            .fails(1)
            .stderr_contains(reason)
            .stderr_contains("postrider.toml:")
            .stderr_contains("hint: ");
    }
    assert_eq!(relay.connections(), 0);
    // On this machine nobody listens on the way.
    let room = newsroom(&relay).table("[serve]\nurl = \"http://localhost:8080\"");
    room.readers(1).run(SEND).exits(0);
    let letter = letter_to(&relay, "reader1@example.org");
    assert!(
        ways_out(&letter)
            .0
            .starts_with("http://localhost:8080/u/v1.")
    );
}
