//! The protected conversation: TLS from the start, STARTTLS, and what must not be trusted.

use super::{SEND, assert_refused, newsroom, served};
use crate::support::certificate::Certificate;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// A publication that trusts the authority of the relay, and no other.
fn trusting(relay: &ScriptedRelay) -> Newsroom {
    trusting_file(relay, relay.authority_file().to_str().unwrap())
}

fn trusting_file(relay: &ScriptedRelay, authority: &str) -> Newsroom {
    newsroom(relay)
        .smtp(&format!(
            "url = \"{}\"\nca_file = \"{authority}\"",
            relay.url()
        ))
        .readers(2)
}

#[test]
fn mail_goes_through_tls_and_starttls_when_the_certificate_is_good() {
    let certificate = Certificate::valid();
    for relay in [
        ScriptedRelay::setup().implicit_tls(&certificate).start(),
        ScriptedRelay::setup().starttls(&certificate).start(),
    ] {
        let room = trusting(&relay);
        room.run(SEND).exits(0);
        assert_eq!(served(&relay).len(), 2);
        assert!(relay.accepted().iter().all(|message| message.tls));
        relay.assert_client_was_polite();
    }
}

#[test]
fn a_certificate_that_is_not_good_stops_everything_before_the_plan() {
    let stranger = ScriptedRelay::setup()
        .implicit_tls(&Certificate::valid())
        .start();
    let strangers_authority = stranger.authority_file().to_str().unwrap();
    let cases: [(Certificate, Option<&str>, &str); 3] = [
        (Certificate::for_another_host(), None, "not valid for name"),
        (Certificate::expired(), None, "expired"),
        (
            Certificate::valid(),
            Some(strangers_authority),
            "invalid peer certificate",
        ),
    ];
    for (certificate, authority, reason) in cases {
        for relay in [
            ScriptedRelay::setup().implicit_tls(&certificate).start(),
            ScriptedRelay::setup().starttls(&certificate).start(),
        ] {
            let own = relay.authority_file().to_str().unwrap();
            let room = trusting_file(&relay, authority.unwrap_or(own));
            let output = room.run(SEND);
            assert_refused(&room, &relay, output, reason);
            assert!(
                !relay
                    .commands()
                    .iter()
                    .any(|command| command.starts_with("MAIL"))
            );
        }
    }
}

#[test]
fn a_relay_without_starttls_gets_nothing_where_tls_is_wanted() {
    let certified = ScriptedRelay::setup()
        .implicit_tls(&Certificate::valid())
        .start();
    let relay = ScriptedRelay::start();
    let room = trusting_file(&relay, certified.authority_file().to_str().unwrap());
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "offers no STARTTLS");
    // The author may insist, and only by writing so.
    let plain = relay.url().replace("smtp://", "smtp+plain://");
    let room = room.smtp(&format!("url = \"{plain}\""));
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 2);
}

#[test]
fn a_refused_starttls_is_no_reason_to_go_on_in_the_clear() {
    use crate::support::relay::Stage;
    let relay = ScriptedRelay::setup()
        .starttls(&Certificate::valid())
        .start();
    relay
        .at(Stage::StartTls)
        .reply("454 4.7.0 TLS not available");
    let room = trusting(&relay);
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "454 4.7.0 TLS not available");
}

#[test]
fn plaintext_behind_the_answer_to_starttls_ends_the_connection() {
    let relay = ScriptedRelay::setup()
        .starttls(&Certificate::valid())
        .inject_after_starttls("250 AUTH PLAIN")
        .start();
    let room = trusting(&relay);
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "plaintext after STARTTLS");
}

#[test]
fn an_authority_file_that_is_not_one_is_named() {
    let relay = ScriptedRelay::start();
    for text in ["", "not a certificate\n"] {
        let room = newsroom(&relay)
            .file("own.pem", text)
            .smtp(&format!(
                "url = \"{}\"\nca_file = \"own.pem\"",
                relay.url().replace("smtp:", "smtps:")
            ))
            .readers(1);
        let output = room.run(SEND);
        assert_refused(&room, &relay, output, "certificate");
        assert_eq!(relay.connections(), 0);
    }
}
