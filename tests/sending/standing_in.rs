//! Relays that stand in for one that cannot be used, and a run that ends because none is left.

use std::net::TcpListener;

use super::{LATER, NOW, SEND, SLUG, assert_ledger_is_true, ledger, newsroom, served, states};
use crate::support::certificate::Certificate;
use crate::support::in_process::{send_within, short_rests};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

/// An address where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("smtp://{}", listener.local_addr().unwrap())
}

fn with_fallback(first: &str, second: &ScriptedRelay) -> Newsroom {
    newsroom(second).smtp(&format!(
        "url = \"{first}\"\nconnections = 2\n\n[[smtp.fallback]]\nurl = \"{}\"\nconnections = 2",
        second.url()
    ))
}

#[test]
fn a_relay_that_cannot_be_reached_is_stood_in_for() {
    let second = ScriptedRelay::start();
    let room = with_fallback(&nobody(), &second).readers(7);
    room.run(SEND)
        .exits(0)
        .stderr_contains("the next relay takes its place");
    assert_eq!(second.accepted().len(), 7);
    assert_ledger_is_true(&room, &second);
}

#[test]
fn a_relay_that_dies_in_the_middle_is_stood_in_for_and_nobody_gets_it_twice() {
    let (first, second) = (ScriptedRelay::start(), ScriptedRelay::start());
    for number in 4..100 {
        first
            .at(Stage::Mail)
            .nth(number)
            .reply("421 4.3.2 going down");
    }
    let room = with_fallback(&first.url(), &second).readers(20);
    // In the same run: what the first one did not take is the second one's.
    room.run(SEND).exits(0);
    let (one, other) = (served(&first), served(&second));
    assert_eq!(one.len() + other.len(), 20);
    assert!(one.keys().all(|address| !other.contains_key(address)));
    let copies = one.values().chain(other.values());
    assert!(copies.into_iter().all(|copies| *copies == 1));
    assert!(states(&room).values().all(|state| state == "sent"));
    // The ledger knows which one took what.
    let sql = "SELECT count(*) FROM attempt JOIN relay ON relay.id = relay_id
                WHERE outcome = 'sent' AND name = ?1";
    let taken = |relay: &ScriptedRelay| {
        let counted: i64 = ledger(&room)
            .query_row(sql, [relay.url()], |row| row.get(0))
            .unwrap();
        usize::try_from(counted).unwrap()
    };
    assert_eq!((taken(&first), taken(&second)), (one.len(), other.len()));
}

#[test]
fn while_one_relay_rests_the_other_works_and_a_wrong_password_is_never_passed_over() {
    let (first, second) = (ScriptedRelay::start(), ScriptedRelay::start());
    first
        .at(Stage::Rcpt)
        .nth(3)
        .reply("450 4.7.28 unusual rate");
    let room = with_fallback(&first.url(), &second).readers(10);
    room.run(SEND).exits(0);
    assert!(first.accepted().len() >= 2 && !second.accepted().is_empty());
    assert_eq!(first.accepted().len() + second.accepted().len(), 10);

    let certificate = Certificate::valid();
    let locked = ScriptedRelay::setup()
        .starttls(&certificate)
        .account("ada", "secret")
        .start();
    locked.at(Stage::Auth).reply("535 5.7.8 wrong");
    let keys = format!(
        "url = \"{}\"\nca_file = \"{}\"\nusername = \"ada\"\n\n[[smtp.fallback]]\nurl = \"{}\"",
        locked.url(),
        locked.authority_file().display(),
        second.url()
    );
    let taken = second.accepted().len();
    let room = newsroom(&second)
        .smtp(&keys)
        .env("POSTRIDER_SMTP_PASSWORD", "secret")
        .readers(2);
    room.run(SEND).fails(1).stderr_contains("535 5.7.8");
    assert_eq!(second.accepted().len(), taken);
}

#[test]
fn a_relay_that_ends_every_conversation_stops_the_run() {
    type Fault = fn(&ScriptedRelay);
    let faults: [(Fault, &str); 3] = [
        (
            |relay| relay.at(Stage::Mail).reply("421 4.3.2 shutting down"),
            "421 4.3.2 shutting down",
        ),
        (|relay| relay.at(Stage::Rcpt).close(), "at RCPT"),
        // Each of these has to be looked at by a person.
        (
            |relay| relay.at(Stage::Dot).close(),
            "after the end of data",
        ),
    ];
    for (fault, reason) in faults {
        let relay = ScriptedRelay::start();
        fault(&relay);
        let room = newsroom(&relay).readers(100);
        let (report, _) = send_within(&room, SLUG, NOW, short_rests(), false);
        let report = report.unwrap();
        let told = format!("{:?}", report.errors);
        assert!(told.contains(reason), "{told}");
        let touched = report.issues[0].touched;
        assert!((5..=16).contains(&touched), "{touched} messages: {reason}");
        assert_ledger_is_true(&room, &relay);
        relay.behave();
        let room = room.now(LATER);
        room.run(SEND);
        let after = states(&room);
        let open = |state: &str| state != "sent" && state != "unconfirmed";
        assert!(!after.values().any(|state| open(state)), "{after:#?}");
        assert_ledger_is_true(&room, &relay);
    }
}
