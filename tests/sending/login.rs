//! Logging in, relays that are no relays, and secrets that must not be told.

use std::net::TcpListener;

use data_encoding::BASE64;

use super::{SEND, assert_refused, make_private, newsroom, rows_of, served};
use crate::support::certificate::Certificate;
use crate::support::newsroom::Newsroom;
use crate::support::program::Output;
use crate::support::relay::{ScriptedRelay, Stage};

const PASSWORD: &str = "corr3ct h&rse";

/// With TLS, for a password goes over nothing else.
fn with_account() -> ScriptedRelay {
    ScriptedRelay::setup()
        .implicit_tls(&Certificate::valid())
        .account("ada", PASSWORD)
        .start()
}

/// The relay's address and the authority of its certificate.
fn keys(relay: &ScriptedRelay) -> String {
    let authority = relay.authority_file().display();
    format!("url = \"{}\"\nca_file = \"{authority}\"\n", relay.url())
}

fn with_password_file(relay: &ScriptedRelay, password: &str) -> Newsroom {
    let room = newsroom(relay)
        .smtp(&format!(
            "{}username = \"ada\"\npassword_file = \"relay.password\"",
            keys(relay)
        ))
        .file("relay.password", format!("{password}\n"))
        .readers(8);
    make_private(&room, "relay.password", 0o600);
    room
}

#[test]
fn a_password_comes_from_a_private_file_or_from_the_environment() {
    let relay = with_account();
    with_password_file(&relay, PASSWORD).run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 8);

    let relay = with_account();
    let room = newsroom(&relay)
        .smtp(&keys(&relay))
        .env("POSTRIDER_SMTP_USERNAME", "ada")
        .env("POSTRIDER_SMTP_PASSWORD", PASSWORD)
        .readers(2);
    room.run(SEND).exits(0);
    assert!(
        relay
            .accepted()
            .iter()
            .all(|it| it.user.as_deref() == Some("ada"))
    );

    let relay = with_account();
    let url = relay
        .url()
        .replace("smtps://", "smtps://ada:corr3ct%20h%26rse@");
    let room = newsroom(&relay).env("POSTRIDER_SMTP_URL", &url).readers(2);
    let output = room.run(["-vv", "send", "--yes"]).exits(0);
    assert_eq!(served(&relay).len(), 2);
    assert!(!output.stderr.contains("corr3ct"), "{output}");
}

#[test]
fn a_relay_that_knows_login_alone_is_logged_in_to() {
    let relay = with_account();
    relay
        .at(Stage::Ehlo)
        .reply("250-relay.example.org\r\n250-PIPELINING\r\n250 AUTH CRAM-MD5 LOGIN");
    let room = with_password_file(&relay, PASSWORD);
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 8);
    assert!(
        relay
            .commands()
            .iter()
            .any(|command| command == "AUTH LOGIN")
    );
}

#[test]
fn a_relay_with_no_login_that_we_know_is_refused() {
    let relay = with_account();
    relay
        .at(Stage::Ehlo)
        .reply("250-relay.example.org\r\n250 AUTH CRAM-MD5");
    let room = with_password_file(&relay, PASSWORD);
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "CRAM-MD5");
    assert_eq!(relay.auth_attempts(), 0);
}

#[test]
fn a_wrong_password_is_tried_once_and_nothing_is_planned() {
    let relay = with_account();
    let room = with_password_file(&relay, "wr0ng");
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "535 5.7.8");
    assert_eq!(relay.auth_attempts(), 1);
    assert_eq!(rows_of(&room, "issue"), 0);
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let relay = with_account();
    let room = with_password_file(&relay, PASSWORD);
    for mode in [0o644, 0o640, 0o604] {
        make_private(&room, "relay.password", mode);
        room.run(SEND)
            .fails(1)
            .stderr_contains("others can read `relay.password`")
            .stderr_contains("chmod 600")
            .stderr_lacks("corr3ct");
    }
    assert_eq!(relay.connections(), 0);
}

#[test]
fn a_user_without_a_password_and_a_password_in_the_file_are_refused() {
    let relay = with_account();
    let room = newsroom(&relay).readers(1);
    let room = room.smtp(&format!("url = \"{}\"\nusername = \"ada\"", relay.url()));
    room.run(SEND).fails(1).stderr_contains("no password");
    let url = relay.url().replace("smtps://", "smtps://ada:s3cret@");
    let room = room.smtp(&format!("url = \"{url}\""));
    room.run(SEND)
        .fails(1)
        .stderr_contains("holds a password")
        .stderr_lacks("s3cret");
    let room = room.smtp(&format!("url = \"{}\"\npassword = \"s3cret\"", relay.url()));
    room.run(SEND).fails(1).stderr_contains("password_file");
}

#[test]
fn secrets_are_told_to_nobody() {
    for password in [PASSWORD, "wr0ng"] {
        let relay = with_account();
        let room = with_password_file(&relay, password);
        let said: Vec<Output> = ["send", "status", "plan"]
            .into_iter()
            .map(|command| match command {
                "send" => room.run(["-vv", "send", "--yes"]),
                other => room.run(["-vv", other]),
            })
            .collect();
        let mut told: Vec<(String, Vec<u8>)> = said
            .into_iter()
            .map(|output| {
                (
                    output.command,
                    format!("{}{}", output.stdout, output.stderr).into(),
                )
            })
            .collect();
        for file in room.files("") {
            if file != "relay.password" {
                told.push((file.clone(), room.read_bytes(&file)));
            }
        }
        let plain = BASE64.encode(format!("\0ada\0{password}").as_bytes());
        for secret in [
            password.to_owned(),
            plain,
            BASE64.encode(password.as_bytes()),
        ] {
            for (who, what) in &told {
                let found = what
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!found, "{who} tells {secret}");
            }
        }
        let key = room.read_bytes("postrider.key");
        for (who, what) in told.iter().filter(|(who, _)| who != "postrider.key") {
            let found = what.windows(key.len()).any(|window| window == key);
            assert!(!found, "{who} tells the key");
        }
    }
}

// -- relays that are no relays --

#[test]
fn a_relay_that_is_not_there_is_named_with_a_hint() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .smtp(&format!("url = \"smtp://{address}\""))
        .readers(1);
    let trial = format!("`postrider catch --port {}`", address.port());
    let output = room
        .run(SEND)
        .stderr_contains(&address.to_string())
        .stderr_contains(&trial);
    assert_refused(&room, &relay, output, "Connection refused");
}

#[test]
fn a_relay_that_refuses_or_speaks_something_else_is_told_of() {
    type Fault = fn(&ScriptedRelay);
    let faults: [(Fault, &str); 6] = [
        (
            |relay| relay.at(Stage::Banner).reply("554 5.7.1 not you"),
            "554 5.7.1 not you",
        ),
        (
            |relay| {
                relay
                    .at(Stage::Banner)
                    .say("HTTP/1.1 400 Bad Request\r\n\r\n");
            },
            "no reply",
        ),
        (
            |relay| relay.at(Stage::Banner).say(vec![b'x'; 100_000]),
            "does not end",
        ),
        (
            |relay| relay.at(Stage::Banner).say("220-x\r\n".repeat(10_000)),
            "does not end",
        ),
        (
            |relay| relay.at(Stage::Banner).close(),
            "closed the connection",
        ),
        (
            |relay| relay.at(Stage::Ehlo).reply("550 5.7.1 go away"),
            "550 5.7.1 go away",
        ),
    ];
    for (fault, reason) in faults {
        let relay = ScriptedRelay::start();
        fault(&relay);
        let room = newsroom(&relay).readers(1);
        let output = room.run(SEND);
        assert_refused(&room, &relay, output, reason);
    }
}

#[test]
fn without_a_relay_in_the_configuration_send_says_what_to_write() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new()
        .essay("2026-12-01-why-write", "Why write?", "Because.\n")
        .readers(1)
        .now(super::NOW);
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "there is no relay");
}

#[test]
fn a_server_without_ehlo_is_spoken_to_in_the_old_way() {
    let relay = ScriptedRelay::setup().capabilities(&[]).start();
    relay
        .at(Stage::Ehlo)
        .once()
        .reply("502 5.5.1 no such command");
    let room = newsroom(&relay)
        .smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
        .readers(2);
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 2);
    assert!(relay.commands()[1].starts_with("HELO "));
    relay.assert_client_was_polite();
}

#[test]
fn a_password_goes_over_nothing_but_tls_not_even_on_this_machine() {
    let relay = ScriptedRelay::setup().account("ada", PASSWORD).start();
    let room = newsroom(&relay)
        .env("POSTRIDER_SMTP_USERNAME", "ada")
        .env("POSTRIDER_SMTP_PASSWORD", PASSWORD)
        .readers(1);
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "offers no STARTTLS");
    assert_eq!(relay.auth_attempts(), 0);
    // Behind STARTTLS it does.
    let relay = ScriptedRelay::setup()
        .starttls(&Certificate::valid())
        .account("ada", PASSWORD)
        .start();
    let room = with_password_file(&relay, PASSWORD);
    room.run(SEND).exits(0);
    assert!(
        relay
            .accepted()
            .iter()
            .all(|it| it.tls && it.user.is_some())
    );
}
