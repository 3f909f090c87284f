//! Mail that comes back after an issue was sent: reports of failure, complaints, requests to leave,
//! and what is none of these.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::{SEND, SLUG, message_to, newsroom, rows_of, served, with_key};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::program::Output;
use crate::support::relay::{AcceptedMessage, ScriptedRelay, Stage};

pub(super) const DOMAIN: &str = "[bounces]\ndomain = \"bounces.example.org\"";
pub(super) const AT_ONCE: &str = "[bounces]\ndomain = \"bounces.example.org\"\nsuppress_after = 1";
pub(super) const INBOX: &str = "inbox";

/// Every fixture, what it comes to, and why its reader gets no more letters where one failure is
/// enough.
const FIXTURES: [(&str, &str, Option<&str>); 37] = [
    ("postfix-unknown-user", "hard", Some("bounced")),
    // Postfix wrote these about readers of `.ci/peers.d/25-returned`.
    ("postfix-real-unknown-user", "hard", Some("bounced")),
    ("postfix-real-full-mailbox", "soft", None),
    ("postfix-real-policy", "policy", None),
    ("mailbox-full", "soft", None),
    ("policy", "policy", None),
    ("spam-words-with-an-address-code", "policy", None),
    ("delayed", "delayed", None),
    ("relayed", "delivered", None),
    ("several-recipients-one-arrived", "delivered", None),
    ("for-somebody-else", "hard", Some("bounced")),
    ("envelope-id-alone", "hard", Some("bounced")),
    ("message-id-alone", "hard", Some("bounced")),
    ("nothing-that-names-it", "unmatched", None),
    ("exchange", "hard", Some("bounced")),
    ("old-exchange", "hard", Some("bounced")),
    ("qmail", "hard", Some("bounced")),
    ("qmail-without-verp", "hard", Some("bounced")),
    ("exim", "hard", Some("bounced")),
    ("exim-delayed", "delayed", None),
    ("gmail", "hard", Some("bounced")),
    ("amazon", "hard", Some("bounced")),
    ("arf-abuse", "complained", Some("complained")),
    ("arf-not-spam", "no-complaint", None),
    ("arf-with-the-link-alone", "complained", Some("complained")),
    (
        "arf-with-the-sender-alone",
        "complained",
        Some("complained"),
    ),
    ("arf-that-names-nobody", "unmatched", None),
    ("unsubscribe", "unsubscribed", Some("unsubscribed")),
    (
        "unsubscribe-by-subject",
        "unsubscribed",
        Some("unsubscribed"),
    ),
    ("unsubscribe-without-token", "letter", None),
    ("letter", "letter", None),
    ("vacation", "ignored", None),
    ("vacation-by-its-subject", "ignored", None),
    ("vacation-of-exchange", "ignored", None),
    ("challenge", "ignored", None),
    ("receipt", "ignored", None),
    ("not-understood", "unknown", None),
];

/// A fixture about a message that the relay took.
pub(super) fn about(message: &AcceptedMessage, fixture: &str) -> String {
    let path = format!(
        "{}/tests/fixtures/bounces/{fixture}.eml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let letter = Letter::read(&message.data);
    let token = message.mail_from.split(['+', '@']).nth(1).unwrap_or("none");
    let leave = letter.header("List-Unsubscribe");
    let between = |begin, end| {
        leave
            .split(begin)
            .nth(1)
            .and_then(|rest| rest.split(end).next())
    };
    let link = between("/u/", ">").unwrap_or_default();
    let mail = between("mailto:", "?").unwrap_or_default();
    text.replace("{VERP}", &message.mail_from)
        .replace("{ENVID}", token)
        .replace(
            "{MESSAGE_ID}",
            letter.header("Message-ID").trim_matches(['<', '>']),
        )
        .replace("{ADDRESS}", &message.rcpt_to[0])
        .replace("{LEAVE}", link)
        .replace("{LEAVE_MAIL}", mail)
}

/// Puts a mail into the Maildir as an MTA does.
pub(super) fn deliver(room: &Newsroom, name: &str, mail: &str) {
    for folder in ["tmp", "new", "cur"] {
        std::fs::create_dir_all(room.path(INBOX).join(folder)).unwrap();
    }
    room.write(&format!("{INBOX}/new/{name}"), mail);
}

#[track_caller]
pub(super) fn take(room: &Newsroom) -> Value {
    room.run(["bounces", "take", INBOX, "--json"])
        .exits(0)
        .json()
}

pub(super) fn pipe(room: &Newsroom, mail: &str) -> Output {
    room.run_with_input(["bounces", "take", "-"], mail.as_bytes())
}

/// The reason of each suppression by address.
pub(super) fn suppressed(room: &Newsroom) -> BTreeMap<String, String> {
    let listed = room.run(["subscribers", "list", "--suppressed", "--json"]);
    let listed = listed.exits(0).json();
    let all = listed["suppressions"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|one| (word(&one["address"]), word(&one["reason"])))
        .collect()
}

/// Three issues, a day apart, for these readers; the first is sent.
pub(super) fn after_the_first(relay: &ScriptedRelay, readers: usize, table: &str) -> Newsroom {
    let room = newsroom(relay)
        .essay("2026-12-03-second", "Second", "More.\n")
        .essay("2026-12-05-third", "Third", "And more.\n")
        .readers(readers)
        .table(table);
    room.run(SEND).exits(0);
    room
}

fn second(room: Newsroom) -> Newsroom {
    let room = room.now("2026-12-03T09:00:00Z");
    room.run(["send", "second", "--yes"]).exits(0);
    room
}

fn third(room: Newsroom) -> Newsroom {
    let room = room.now("2026-12-05T09:00:00Z");
    room.run(["send", "third", "--yes"]).exits(0);
    room
}

/// The message of the how manieth issue to an address.
fn message_of(relay: &ScriptedRelay, address: &str, nth: usize) -> AcceptedMessage {
    let accepted = relay.accepted().into_iter();
    let mut to = accepted.filter(|message| message.rcpt_to == [address]);
    to.nth(nth).unwrap()
}

#[test]
fn every_kind_of_mail_leads_to_what_it_should_and_to_nothing_else() {
    let relay = ScriptedRelay::setup().with("DSN").start();
    let mut rows = String::from("email,name\n");
    for number in 0..FIXTURES.len() {
        // Each in a domain of its own: many of one would be doubted.
        writeln!(rows, "reader@r{number}.example.com,Reader").unwrap();
    }
    let room = with_key(newsroom(&relay), 7)
        .essay("2026-12-03-second", "Second", "More.\n")
        .table("[serve]\nurl = \"https://letters.example.org/\"")
        .table(AT_ONCE)
        .subscribers(&rows);
    room.run(SEND).exits(0);
    let (mut verdicts, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    for (number, (fixture, verdict, reason)) in FIXTURES.into_iter().enumerate() {
        let address = format!("reader@r{number}.example.com");
        let mail = about(&message_to(&relay, &address), fixture);
        deliver(&room, fixture, &mail);
        verdicts.insert(format!("{INBOX}/cur/{fixture}:2,"), verdict.to_owned());
        reasons.extend(reason.map(|reason| (address, reason.to_owned())));
    }
    let taken = take(&room);
    assert_eq!(
        (&taken["taken"], &taken["known"]),
        (&json!(FIXTURES.len()), &json!(0))
    );
    assert_eq!(
        taken["for_a_person"].as_array().unwrap().len(),
        5,
        "{taken:#}"
    );
    let listed = room.run(["bounces", "list", "--json"]).exits(0).json();
    let listed = listed["mails"].as_array().unwrap().iter();
    let found: BTreeMap<String, String> = listed
        .map(|mail| {
            let word = |name: &str| mail[name].as_str().unwrap().to_owned();
            (word("place"), word("verdict"))
        })
        .collect();
    assert_eq!(found, verdicts);
    assert_eq!(suppressed(&room), reasons);
    assert!(room.files(&format!("{INBOX}/new")).is_empty());
    let moved = room.files(&format!("{INBOX}/cur"));
    assert!(moved.len() == FIXTURES.len() && moved.iter().all(|name| name.ends_with(":2,")));
    // Only the others get the next issue.
    let room = room.now("2026-12-03T09:00:00Z");
    room.run(["send", "second", "--yes"]).exits(0);
    let served_twice = served(&relay)
        .into_values()
        .filter(|times| *times == 2)
        .count();
    assert_eq!(served_twice, FIXTURES.len() - reasons.len());
    let status = room.run(["status", SLUG, "--json"]).exits(0).json();
    assert_eq!(
        (&status["sent"], &status["returned"]["hard"]),
        (&json!(FIXTURES.len()), &json!(12))
    );
    assert_eq!(
        status["returned"]["complained"],
        json!(2),
        "the one by its link names no issue"
    );
    room.run(["status", SLUG])
        .stdout_contains("came back: 12 hard");
    room.run(["bounces"]).stdout_contains("r0.example.com");
    room.run(["ledger", "check"]).exits(0);
}

#[test]
fn a_dead_mailbox_is_suppressed_at_its_second_report_and_history_tells_why() {
    let relay = ScriptedRelay::start();
    let reader = "reader1@example.org";
    let room = second(after_the_first(&relay, 2, DOMAIN));
    // A report of the later issue comes first.
    for issue in [1, 0] {
        assert_eq!(suppressed(&room), BTreeMap::new());
        let mail = about(&message_of(&relay, reader, issue), "postfix-unknown-user");
        pipe(&room, &mail).exits(0);
    }
    // Which of the two comes first does not matter, but the earlier one alone proves nothing.
    assert_eq!(suppressed(&room), BTreeMap::new());
    let room = third(room);
    let mail = about(&message_of(&relay, reader, 2), "postfix-unknown-user");
    pipe(&room, &mail)
        .exits(0)
        .stdout_contains("1 mail taken: 1 hard")
        .stdout_contains("reader1@example.org is not mailed any more (bounced)");
    room.run(["history", reader])
        .stdout_contains("hard 5.1.1")
        .stdout_contains("the report said: 550 5.1.1")
        .stdout_contains("User unknown in virtual mailbox table");
    let history = room.run(["history", reader, "--json"]).json();
    assert_eq!(history["reports"].as_array().unwrap().len(), 3);
    assert_eq!(history["suppressed"]["source"], "report");
    assert_eq!(history["issues"][0]["state"], "sent", "it stays sent");
    // A person knows better, and is not contradicted by what was known then.
    room.run(["subscribers", "allow", reader, "--reason", "wrote to me"])
        .exits(0);
    room.run(["bounces", "replay"]).exits(0);
    assert_eq!(suppressed(&room), BTreeMap::new());
    room.run(["ledger", "check"]).exits(0);
}

#[test]
fn a_full_mailbox_is_suppressed_after_so_many_issues_in_a_row() {
    let relay = ScriptedRelay::start();
    let table = format!("{DOMAIN}\nsoft_after = 2\nsoft_within = \"10d\"");
    let room = second(after_the_first(&relay, 3, &table));
    let full = |reader: &str, issue| about(&message_of(&relay, reader, issue), "mailbox-full");
    pipe(&room, &full("reader1@example.org", 0)).exits(0);
    pipe(&room, &full("reader2@example.org", 0)).exits(0);
    // Twice about the same issue is once.
    let again = full("reader1@example.org", 0).replace("has no room", "has still no room");
    pipe(&room, &again).exits(0);
    assert_eq!(suppressed(&room), BTreeMap::new());
    pipe(&room, &full("reader1@example.org", 1)).exits(0);
    let room = third(room);
    pipe(&room, &full("reader2@example.org", 2)).exits(0);
    let wanted = [("reader1@example.org".to_owned(), "bounced".to_owned())];
    assert_eq!(
        suppressed(&room),
        wanted.into(),
        "the second issue reached reader2"
    );
}

#[test]
fn a_forged_report_does_nothing_and_is_counted() {
    let relay = ScriptedRelay::start();
    let room = with_key(newsroom(&relay), 7).table(AT_ONCE).readers(2);
    room.run(SEND).exits(0);
    let message = message_to(&relay, "reader1@example.org");
    let foreign = postrider::token::Keys::derive(&[8; 32]);
    let guessed = foreign.bounce_token(1);
    for fixture in ["postfix-unknown-user", "gmail", "qmail"] {
        let forged = AcceptedMessage {
            mail_from: format!("b+{guessed}@bounces.example.org"),
            ..message.clone()
        };
        pipe(&room, &about(&forged, fixture))
            .exits(0)
            .stdout_contains("1 forged");
    }
    let address = postrider::address::EmailAddress::parse("reader1@example.org").unwrap();
    let leave = foreign.unsubscribe_mail_token(&foreign.address_key(&address));
    let request = format!("To: unsubscribe+{leave}@bounces.example.org\nSubject: unsubscribe\n\n");
    pipe(&room, &request).exits(0).stdout_contains("1 forged");
    assert_eq!(suppressed(&room), BTreeMap::new());
    let summary = room.run(["bounces", "--json"]).exits(0).json();
    assert_eq!(summary["verdicts"], json!({ "forged": 4 }));
}

#[test]
fn a_report_on_what_was_never_sent_is_evidence_and_no_more() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient("reader1@example.org", "451 4.3.0 later");
    let room = newsroom(&relay).table(AT_ONCE).readers(1);
    room.run(SEND).exits(3);
    let commands = relay.commands();
    let sender = commands
        .iter()
        .find_map(|line| line.strip_prefix("MAIL FROM:<"))
        .unwrap();
    let sender = sender.split('>').next().unwrap().to_owned();
    let message = AcceptedMessage {
        mail_from: sender,
        mail_parameters: String::new(),
        rcpt_to: vec!["reader1@example.org".to_owned()],
        data: b"Message-ID: <none@example.org>\r\nList-Unsubscribe: <none>\r\n\r\n".to_vec(),
        connection: 1,
        tls: false,
        user: None,
    };
    for fixture in ["postfix-unknown-user", "arf-with-the-sender-alone"] {
        pipe(&room, &about(&message, fixture))
            .exits(0)
            .stdout_contains("1 never-sent");
    }
    assert_eq!(suppressed(&room), BTreeMap::new());
}

#[test]
fn a_complaint_in_the_middle_of_a_run_stops_the_mail() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 5, DOMAIN)
        .smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
        .now("2026-12-03T09:00:00Z");
    let gate = relay.at(Stage::Dot).of("reader1@example.org").hold();
    let running = room.spawn(["send", "second", "--yes"]);
    gate.wait_for(1);
    for (reader, fixture) in [(4, "arf-abuse"), (5, "unsubscribe")] {
        let message = message_of(&relay, &format!("reader{reader}@example.org"), 0);
        deliver(&room, fixture, &about(&message, fixture));
    }
    let taken = take(&room);
    assert_eq!(taken["suppressed"].as_array().unwrap().len(), 2);
    gate.release();
    running.wait().exits(0);
    let served = served(&relay);
    let times = |number: usize| served[&format!("reader{number}@example.org")];
    assert_eq!((1..=5).map(times).collect::<Vec<_>>(), [2, 2, 2, 1, 1]);
    room.run(["ledger", "check"]).exits(0);
    // A complaint is for good.
    room.run([
        "subscribers",
        "allow",
        "reader4@example.org",
        "--reason",
        "wrote to me",
    ])
    .fails(1);
    room.run([
        "subscribers",
        "allow",
        "reader5@example.org",
        "--reason",
        "wrote to me",
    ])
    .exits(0);
}

#[test]
fn when_a_whole_domain_fails_what_was_believed_of_it_is_taken_back() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 12, AT_ONCE);
    let report = |number| {
        let message = message_to(&relay, &format!("reader{number}@example.org"));
        about(&message, "postfix-unknown-user")
    };
    for number in 1..=5 {
        pipe(&room, &report(number)).exits(0);
    }
    assert_eq!(suppressed(&room).len(), 5);
    pipe(&room, &report(6))
        .exits(0)
        .stdout_contains("reader1@example.org is mailed again")
        .stdout_contains("example.org refused 6 of 12 addresses");
    assert_eq!(suppressed(&room), BTreeMap::new());
    room.run(["bounces", "replay"]).exits(0);
    assert_eq!(suppressed(&room), BTreeMap::new());
    room.run(["status", SLUG])
        .stdout_contains("--rejected-in why-write --domain example.org");
    room.run(["subscribers", "suppress", "--rejected-in", SLUG])
        .exits(0);
    assert_eq!(suppressed(&room).len(), 6);
    room.run(["bounces", "replay"]).exits(0);
    assert_eq!(suppressed(&room).len(), 6, "a person's decision stays");
}

#[test]
fn a_replay_follows_the_rules_of_today_and_touches_nothing_else() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 5, AT_ONCE);
    let mail = |number, fixture| {
        about(
            &message_to(&relay, &format!("reader{number}@example.org")),
            fixture,
        )
    };
    pipe(&room, &mail(1, "postfix-unknown-user")).exits(0);
    // Its mail is gone by the time of the replay.
    deliver(&room, "amazon", &mail(2, "amazon"));
    take(&room);
    std::fs::remove_dir_all(room.path(INBOX)).unwrap();
    pipe(&room, &mail(3, "arf-abuse")).exits(0);
    pipe(&room, &mail(4, "unsubscribe")).exits(0);
    room.run([
        "subscribers",
        "suppress",
        "reader5@example.org",
        "--reason",
        "operator",
    ])
    .exits(0);
    // Who failed and then leaves has left.
    pipe(&room, &mail(2, "unsubscribe")).exits(0);
    let before = suppressed(&room);
    assert_eq!(before.len(), 5);
    assert_eq!(before["reader2@example.org"], "unsubscribed");
    let own = format!("{AT_ONCE}\npolicy = [\"5.1.x\"]");
    let room = room.table_instead(&own);
    room.run(["bounces", "replay"])
        .exits(0)
        .stdout_contains("2 reports come to something else now")
        .stdout_contains("reader1@example.org is mailed again");
    let mut wanted = before.clone();
    wanted.remove("reader1@example.org");
    assert_eq!(suppressed(&room), wanted);
    let room = room.table_instead(AT_ONCE);
    for _ in 0..2 {
        room.run(["bounces", "replay"]).exits(0);
        assert_eq!(suppressed(&room), before);
    }
    assert_eq!(rows_of(&room, "report"), 5);
    room.run(["ledger", "check"]).exits(0);
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let relay = ScriptedRelay::start();
    for (wrong, told) in [
        ("soft_after = 101", "`soft_after` must be between 0 and 100"),
        (
            "soft_within = \"1h\"",
            "`soft_within` must be between 1d and 366d",
        ),
        ("hard = [\"5.1\"]", "this is no status code of a failure"),
        (
            "policy = [\"2.1.1\"]",
            "this is no status code of a failure",
        ),
    ] {
        let room = newsroom(&relay).table(&format!("[bounces]\n{wrong}"));
        room.run(["check"]).fails(1).stderr_contains(told);
    }
}
