//! Logging in to the mailbox that mail comes back to: over TLS alone, to a server that can prove who it is,
//! with a password or a token, each tried once.

use super::returned::{about, suppressed};
use super::{SEND, make_private, message_to, newsroom, rows_of};
use crate::support::certificate::Certificate;
use crate::support::imap::{Encryption, ImapServer, PASSWORD, TOKEN};
use crate::support::newsroom::Newsroom;
use crate::support::program::Output;
use crate::support::relay::ScriptedRelay;
use crate::support::rounds::Press;

const TAKE: [&str; 3] = ["bounces", "take", "--json"];

/// A reader has the issue; reports go to the server's mailbox, with these settings for it.
fn sent(server: &ImapServer, relay: &ScriptedRelay, more: &str) -> Newsroom {
    let room = newsroom(relay)
        .readers(1)
        .table(&format!(
            "[bounces]\ndomain = \"bounces.example.org\"\n{}{more}",
            server.settings()
        ))
        .file("imap.password", format!("{PASSWORD}\n"));
    make_private(&room, "imap.password", 0o600);
    room.run(SEND).exits(0);
    server.bring(about(
        &message_to(relay, "reader1@example.org"),
        "unsubscribe",
    ));
    room
}

/// Trusts an authority and knows the password.
fn trusting(authority: &ImapServer) -> String {
    let authority = authority.authority_file().display();
    format!("imap_password_file = \"imap.password\"\nimap_ca_file = \"{authority}\"\n")
}

#[track_caller]
fn assert_nobody_came_in(server: &ImapServer, room: &Newsroom, output: Output, told: &str) {
    output
        .fails(1)
        .stderr_contains(told)
        .stderr_lacks(PASSWORD)
        .stderr_lacks(TOKEN);
    let commands = server.commands();
    let proved = |one: &&String| one.starts_with("AUTHENTICATE") || one.starts_with("LOGIN");
    assert_eq!(commands.iter().find(proved), None);
    assert_eq!(rows_of(room, "report"), 0);
}

#[test]
fn a_mailbox_is_read_through_tls_and_starttls_when_the_certificate_is_good() {
    let certificate = Certificate::valid();
    for encryption in [
        Encryption::Implicit(certificate.clone()),
        Encryption::StartTls(certificate),
    ] {
        let (server, relay) = (ImapServer::start_with(encryption), ScriptedRelay::start());
        let room = sent(&server, &relay, &trusting(&server));
        assert_eq!(room.run(TAKE).exits(0).json()["taken"], 1);
        assert_eq!(suppressed(&room)["reader1@example.org"], "unsubscribed");
    }
}

#[test]
fn a_server_that_cannot_prove_who_it_is_never_sees_the_password() {
    let stranger = ImapServer::start_with(Encryption::Implicit(Certificate::valid()));
    let kinds = [Encryption::Implicit, Encryption::StartTls];
    for kind in kinds {
        for (certificate, authority, told) in [
            (Certificate::for_another_host(), None, "not valid for name"),
            (Certificate::expired(), None, "expired"),
            (
                Certificate::valid(),
                Some(&stranger),
                "invalid peer certificate",
            ),
        ] {
            let (server, relay) = (
                ImapServer::start_with(kind(certificate)),
                ScriptedRelay::start(),
            );
            let room = sent(&server, &relay, &trusting(authority.unwrap_or(&server)));
            let output = room.run(TAKE).stderr_contains("cannot prove who it is");
            assert_nobody_came_in(&server, &room, output, told);
        }
    }
}

#[test]
fn a_conversation_that_cannot_be_protected_ends_before_the_password() {
    let stranger = ImapServer::start_with(Encryption::Implicit(Certificate::valid()));
    for (answer, told) in [
        ("\x01 BAD what?\r\n", "does not offer STARTTLS"),
        (
            "\x01 OK\r\n* CAPABILITY AUTH=PLAIN\r\n",
            "before the protection began",
        ),
        (
            "\x01 OK\r\nnobody shakes hands like this\r\n",
            "before the protection began",
        ),
    ] {
        let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
        server.answer("STARTTLS", answer);
        let room = sent(&server, &relay, &trusting(&stranger));
        let output = room.run(TAKE);
        assert_nobody_came_in(&server, &room, output, told);
    }
}

/// A token that a program prints.
struct Token(tempfile::NamedTempFile);

impl Token {
    fn of(text: &str) -> Self {
        let token = Self(tempfile::NamedTempFile::new().unwrap());
        token.becomes(text);
        token
    }

    fn becomes(&self, text: &str) {
        std::fs::write(self.0.path(), text).unwrap();
    }

    fn settings(&self) -> String {
        let file = self.0.path().display();
        format!("imap_token_command = [\"cat\", \"{file}\"]\n")
    }
}

/// A server that takes these tokens alone.
fn taking(mechanisms: &str) -> ImapServer {
    let server = ImapServer::start();
    let offered = format!("IMAP4rev1 LOGINDISABLED AUTH={mechanisms}");
    server.answer(
        "CAPABILITY",
        format!("* CAPABILITY {offered}\r\n\x01 OK\r\n"),
    );
    server
}

#[test]
fn a_token_of_the_authors_command_opens_a_mailbox_that_takes_no_password() {
    for offered in ["OAUTHBEARER", "XOAUTH2", "XOAUTH2 AUTH=OAUTHBEARER"] {
        let (server, relay) = (taking(offered), ScriptedRelay::start());
        let token = Token::of(TOKEN);
        let room = sent(&server, &relay, &token.settings());
        let output = room.run(["-vv", "bounces", "take"]).exits(0);
        assert!(!output.stderr.contains(TOKEN), "{output}");
        assert_eq!(suppressed(&room)["reader1@example.org"], "unsubscribed");
        let newest = offered.rsplit('=').next().unwrap();
        assert_eq!(server.count(&format!("AUTHENTICATE {newest}")), 1);
    }
}

#[test]
fn a_token_that_is_refused_is_told_and_another_one_is_asked_for_an_hour_later() {
    for (offered, answer) in [("OAUTHBEARER", "(and) AQ=="), ("XOAUTH2", "(and) ")] {
        let (server, relay) = (taking(offered), ScriptedRelay::start());
        let token = Token::of("of-yesterday");
        let room = sent(&server, &relay, &token.settings());
        room.run(TAKE)
            .fails(1)
            .stderr_contains("the login was refused")
            .stderr_contains("`imap_token_command`")
            .stderr_lacks("of-yesterday");
        assert!(server.commands().iter().any(|one| one == answer));
        let press = Press::start(&room, "2026-12-01T10:00:00Z");
        press.wait_for("the login was refused");
        press.pass(chrono::TimeDelta::minutes(50));
        press.look_around();
        assert_eq!(server.count("AUTHENTICATE"), 2);
        token.becomes(TOKEN);
        press.pass(chrono::TimeDelta::minutes(20));
        press.wait_for("mail that came back: 1 unsubscribed");
        assert_eq!(suppressed(&room)["reader1@example.org"], "unsubscribed");
    }
}

#[test]
fn a_token_is_kept_between_two_looks_until_it_is_refused() {
    let (server, relay) = (taking("OAUTHBEARER"), ScriptedRelay::start());
    let token = Token::of(TOKEN);
    let runs = tempfile::NamedTempFile::new().unwrap();
    let (runs, file) = (runs.path(), token.0.path().display());
    let command = format!("echo run >> '{}'; cat '{file}'", runs.display());
    let settings = format!("imap_token_command = [\"sh\", \"-c\", \"{command}\"]\n");
    let room = sent(&server, &relay, &settings);
    let times_run = || std::fs::read_to_string(runs).unwrap().lines().count();
    let press = Press::start(&room, "2026-12-01T10:00:00Z");
    press.wait_for("mail that came back: 1 unsubscribed");
    for look in 2..5 {
        press.pass(chrono::TimeDelta::minutes(6));
        server.wait_for("LOGOUT", look);
    }
    assert_eq!((server.count("AUTHENTICATE"), times_run()), (4, 1));
    // The provider takes it back before its time: another one is asked for at once.
    server.takes_token("of-today");
    token.becomes("of-today");
    press.pass(chrono::TimeDelta::minutes(6));
    server.wait_for("LOGOUT", 5);
    assert_eq!((server.count("AUTHENTICATE"), times_run()), (6, 2));
    assert_eq!(press.state().last_error, None);
    // Nor is a new one taken: that is told, and not tried again and again.
    server.takes_token("of-somebody-else");
    press.pass(chrono::TimeDelta::minutes(6));
    press.wait_for("the login was refused");
    press.pass(chrono::TimeDelta::minutes(6));
    press.look_around();
    assert_eq!((server.count("AUTHENTICATE"), times_run()), (7, 3));
}

#[test]
fn a_command_without_a_token_and_a_server_without_a_login_are_told() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let token = Token::of(TOKEN);
    let room = sent(&server, &relay, &token.settings());
    let output = room.run(TAKE).stderr_contains("set a password instead");
    assert_nobody_came_in(&server, &room, output, "the server takes no token");
    let (server, relay) = (taking("XOAUTH2"), ScriptedRelay::start());
    let room = sent(&server, &relay, &token.settings());
    for (given, told) in [
        ("", "printed no token"),
        ("a b", "something that is no token"),
    ] {
        token.becomes(given);
        let output = room.run(TAKE);
        assert_nobody_came_in(&server, &room, output, told);
    }
    std::fs::remove_file(token.0.path()).unwrap();
    let output = room.run(TAKE);
    assert_nobody_came_in(&server, &room, output, "`cat` ended with");
    token.becomes(TOKEN);
}

#[test]
fn a_server_that_lets_nobody_in_for_now_is_asked_again() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "imap_password_file = \"imap.password\"\n");
    server.answer(
        "AUTHENTICATE",
        "\x01 NO [UNAVAILABLE] the login was refused, says the directory\r\n",
    );
    let press = Press::start(&room, "2026-12-01T10:00:00Z");
    press.wait_for("[UNAVAILABLE]");
    server.behave();
    press.pass(chrono::TimeDelta::minutes(6));
    press.wait_for("mail that came back: 1 unsubscribed");
}
