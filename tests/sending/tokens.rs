//! Logging in by a token (XOAUTH2) that a command of the author's gives.

use super::{SEND, assert_refused, make_private, newsroom, rows_of, served};
use crate::support::certificate::Certificate;
use crate::support::newsroom::Newsroom;
use crate::support::relay::{Farewell, ScriptedRelay, Stage};

const TOKEN: &str = "ya29.A0-the_t0ken~of.Ada";

/// A relay that knows the token, and ends each connection after one message.
fn with_token() -> ScriptedRelay {
    ScriptedRelay::setup()
        .implicit_tls(&Certificate::valid())
        .account("ada@example.org", TOKEN)
        .messages_per_connection(1, Farewell::Silent)
        .start()
}

/// The token comes from a script in the publication's folder, which counts its calls.
fn with_script(relay: &ScriptedRelay, script: &str) -> Newsroom {
    let room = newsroom(relay)
        .smtp(&format!(
            "url = \"{}\"\nca_file = \"{}\"\nusername = \"ada@example.org\"\nconnections = 1\ntoken_command = [\"./oauth/token\", \"a b\", \"$(id)\"]",
            relay.url(),
            relay.authority_file().display()
        ))
        .file(
            "oauth/token",
            format!("#!/bin/sh\nprintf '%s|' \"$@\" >>\"$0.calls\"\necho >>\"$0.calls\"\n{script}\n"),
        )
        .readers(3);
    make_private(&room, "oauth/token", 0o700);
    room
}

fn calls(room: &Newsroom) -> Vec<String> {
    if !room.has("oauth/token.calls") {
        return Vec::new();
    }
    let calls = room.read("oauth/token.calls");
    calls.lines().map(str::to_owned).collect()
}

#[test]
fn one_token_serves_all_connections_and_no_shell_reads_the_command() {
    let relay = with_token();
    let room = with_script(&relay, &format!("echo {TOKEN}"));
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 3);
    assert!(relay.connections() >= 3);
    assert_eq!(calls(&room), ["a b|$(id)|"]);
    let by_ada = |user: &Option<String>| user.as_deref() == Some("ada@example.org");
    assert!(relay.accepted().iter().all(|message| by_ada(&message.user)));
    assert!(
        relay
            .commands()
            .iter()
            .filter(|command| command.starts_with("AUTH"))
            .all(|command| command.starts_with("AUTH XOAUTH2 "))
    );
    relay.assert_client_was_polite();
}

#[test]
fn a_token_that_expired_between_two_connections_is_replaced_once() {
    let relay = with_token();
    relay
        .at(Stage::Auth)
        .nth(2)
        .reply("535 5.7.8 the token has expired");
    let room = with_script(&relay, &format!("echo {TOKEN}"));
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 3);
    assert_eq!(calls(&room).len(), 2);
    assert_eq!(relay.auth_attempts(), relay.connections() + 1);
}

#[test]
fn a_fresh_token_that_is_refused_is_tried_once_and_nothing_is_planned() {
    let relay = with_token();
    let room = with_script(&relay, "echo another-token");
    let output = room.run(SEND);
    let output = output.stderr_lacks("another-token");
    assert_refused(&room, &relay, output, "535 5.7.8");
    assert_eq!((relay.auth_attempts(), calls(&room).len()), (1, 1));
    assert_eq!(rows_of(&room, "issue"), 0);
    // It read the challenge with the reason, and answered with an empty line.
    assert!(relay.commands().iter().all(|command| command != "*"));
    relay.assert_client_was_polite();
}

#[test]
fn a_command_that_gives_no_token_is_told_of_and_its_token_is_not() {
    let relay = with_token();
    for (script, reason) in [
        (
            "echo the login has expired >&2; exit 3",
            "the login has expired",
        ),
        ("exit 3", "exit status: 3"),
        ("true", "printed no token"),
        ("echo", "printed no token"),
        ("echo Bearer s3cret", "no token"),
        ("printf 's3cret\\nEHLO x\\n'", "no token"),
        ("printf 's3cret\\033[2J'", "no token"),
        ("head -c 100000 /dev/zero | tr '\\0' s", "no token"),
        (
            "echo s3cret; echo not good: s3cret >&2; exit 1",
            "exit status: 1",
        ),
    ] {
        let room = with_script(&relay, script);
        let output = room.run(SEND).stderr_lacks("s3cret").stderr_lacks("ssss");
        assert_refused(&room, &relay, output, reason);
    }
    let room = with_script(&relay, "true");
    std::fs::remove_file(room.path("oauth/token")).unwrap();
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "cannot be run");
    assert_eq!(relay.auth_attempts(), 0);
}

#[test]
fn a_relay_without_tokens_is_not_given_one() {
    let relay = with_token();
    relay
        .at(Stage::Ehlo)
        .reply("250-relay.example.org\r\n250 AUTH PLAIN LOGIN");
    let room = with_script(&relay, &format!("echo {TOKEN}"));
    let output = room.run(SEND);
    assert_refused(
        &room,
        &relay,
        output,
        "no login by XOAUTH2, only by PLAIN LOGIN",
    );
    assert_eq!((relay.auth_attempts(), calls(&room).len()), (0, 0));
}

#[test]
fn a_token_goes_over_nothing_but_tls() {
    let relay = ScriptedRelay::setup()
        .account("ada@example.org", TOKEN)
        .start();
    let room = newsroom(&relay).readers(1).smtp(&format!(
        "url = \"{}\"\nusername = \"ada@example.org\"\ntoken_command = [\"echo\", \"{TOKEN}\"]",
        relay.url()
    ));
    let output = room.run(SEND);
    assert_refused(&room, &relay, output, "offers no STARTTLS");
    assert_eq!(relay.auth_attempts(), 0);
    let room = room.smtp(
        "url = \"smtp+plain://relay.example.org\"\nusername = \"ada\"\ntoken_command = [\"echo\"]",
    );
    room.run(SEND).fails(1).stderr_contains("unprotected");
}

#[test]
fn a_command_that_is_none_is_refused_where_it_stands() {
    let relay = ScriptedRelay::start();
    for (keys, reason) in [
        ("token_command = []", "names no program"),
        ("token_command = [\"\"]", "names no program"),
        ("token_command = [\"a\\u0000b\"]", "names no program"),
        ("token_command = \"echo s\"", "invalid type"),
        (
            "token_command = [\"echo\"]\npassword_file = \"relay.password\"",
            "`password_file` as well",
        ),
    ] {
        let url = relay.url().replace("smtp:", "smtps:");
        let room = newsroom(&relay).readers(1);
        let room = room.smtp(&format!("url = \"{url}\"\nusername = \"ada\"\n{keys}"));
        room.run(SEND)
            .fails(1)
            .stderr_contains(reason)
            .stderr_contains("postrider.toml:");
    }
}
