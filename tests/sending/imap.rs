//! Mail that came back, in a mailbox on a server: each is taken once, marked or moved only when it is
//! written down, and no server can do harm with what it answers.

use super::returned::{about, suppressed};
use super::{SEND, make_private, message_to, newsroom, rows_of};
use crate::support::imap::{ImapServer, PASSWORD};
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;
use crate::support::rounds::Press;

const TAKE: [&str; 3] = ["bounces", "take", "--json"];
const LETTER: &str = "From: ada@example.org\nSubject: Thank you\n\nI liked it.\n";

/// Three readers have the issue; reports go to a mailbox of the server.
fn sent(server: &ImapServer, relay: &ScriptedRelay, more: &str) -> Newsroom {
    let room = newsroom(relay)
        .readers(3)
        .table(&format!(
            "[bounces]\ndomain = \"bounces.example.org\"\n{}imap_password_file = \"imap.password\"\n{more}",
            server.settings()
        ))
        .file("imap.password", format!("{PASSWORD}\n"));
    make_private(&room, "imap.password", 0o600);
    room.run(SEND).exits(0);
    room
}

fn leaves(relay: &ScriptedRelay, reader: usize) -> String {
    let message = message_to(relay, &format!("reader{reader}@example.org"));
    about(&message, "unsubscribe")
}

#[test]
fn what_is_new_is_taken_once_and_marked_and_letters_are_left_as_they_are() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "");
    let first = server.bring(leaves(&relay, 1));
    let letter = server.bring(LETTER);
    let taken = room.run(TAKE).exits(0).json();
    assert_eq!(taken["taken"], 2);
    assert_eq!(taken["verdicts"]["unsubscribed"], 1);
    let place = taken["for_a_person"][0]["place"].as_str().unwrap();
    assert!(
        place.ends_with(&format!("/INBOX, mail {letter}")),
        "{place}"
    );
    assert_eq!(suppressed(&room)["reader1@example.org"], "unsubscribed");
    let seen: Vec<u32> = server
        .mails()
        .iter()
        .filter(|mail| mail.seen)
        .map(|mail| mail.uid)
        .collect();
    assert_eq!(seen, [first]);
    assert_eq!(room.run(TAKE).exits(0).json()["taken"], 0);
    assert_eq!(
        server.count("UID FETCH"),
        2,
        "what was taken is not fetched again"
    );
    server.bring(leaves(&relay, 2));
    assert_eq!(room.run(TAKE).exits(0).json()["taken"], 1);
    assert_eq!(server.count("UID FETCH"), 3);
}

#[test]
fn under_other_numbers_a_mail_is_known_again() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "");
    server.bring(leaves(&relay, 1));
    server.bring(LETTER);
    room.run(TAKE).exits(0);
    server.renumber();
    let again = room.run(TAKE).exits(0).json();
    assert_eq!((&again["taken"], &again["known"]), (&0.into(), &2.into()));
    assert_eq!(rows_of(&room, "report"), 2);
    assert!(!server.mails()[1].seen, "the letter is still the author's");
}

#[test]
fn mails_are_moved_where_the_author_wants_it() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "imap_move_to = \"Taken\"");
    server.bring(leaves(&relay, 1));
    server.bring(LETTER);
    room.run(TAKE).exits(0);
    let folders: Vec<String> = server.mails().into_iter().map(|mail| mail.folder).collect();
    assert_eq!(folders, ["Taken", "INBOX"]);
    assert_eq!(server.count("UID EXPUNGE") + server.count("EXPUNGE"), 0);
    server.answer(
        "CAPABILITY",
        "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n\x01 OK\r\n",
    );
    server.bring(leaves(&relay, 2));
    room.run(["bounces", "take"])
        .exits(1)
        .stdout_contains("1 unsubscribed")
        .stderr_contains("the server cannot move them");
}

#[test]
fn a_mail_is_marked_only_when_it_is_written_down() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "");
    server.bring(leaves(&relay, 1));
    server.answer("UID STORE", "* BYE\r\n");
    room.run(TAKE)
        .fails(1)
        .stderr_contains("the connection failed");
    assert_eq!(suppressed(&room)["reader1@example.org"], "unsubscribed");
    assert!(!server.mails()[0].seen);
    server.behave();
    assert_eq!(room.run(TAKE).exits(0).json()["known"], 1);
    assert!(server.mails()[0].seen);
    assert_eq!(rows_of(&room, "report"), 1);
}

#[test]
fn a_wrong_password_is_tried_once_until_it_is_another_one() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "");
    room.write("imap.password", "wrong");
    room.run(TAKE)
        .fails(1)
        .stderr_contains("the login was refused")
        .stderr_lacks("wrong\n");
    let press = Press::start(&room, "2026-12-01T10:00:00Z");
    press.wait_for("the login was refused");
    for _ in 0..3 {
        press.pass(chrono::TimeDelta::hours(1));
        press.look_around();
    }
    assert_eq!(server.count("AUTHENTICATE"), 2);
    assert_eq!(press.times_told("the login was refused"), 1);
    room.run(["status"])
        .exits(0)
        .stdout_contains("cannot read `imap://");
    server.bring(leaves(&relay, 1));
    room.write("imap.password", PASSWORD);
    press.wait_for("mail that came back: 1 unsubscribed");
}

#[test]
fn a_server_reads_the_mailbox_again_after_a_while_and_its_log_names_nobody() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "");
    let press = Press::start(&room, "2026-12-01T10:00:00Z");
    press.look_around();
    server.bring(leaves(&relay, 1));
    press.look_around();
    press.pass(chrono::TimeDelta::minutes(6));
    press.wait_for("not mailed any more: 1");
    assert_eq!(press.times_told("reader1"), 0);
    assert_eq!(suppressed(&room)["reader1@example.org"], "unsubscribed");
}

#[test]
fn no_answer_of_a_server_does_harm() {
    let (server, relay) = (ImapServer::start(), ScriptedRelay::start());
    let room = sent(&server, &relay, "");
    server.bring(leaves(&relay, 1));
    let nested = format!("* 1 FETCH (BODYSTRUCTURE {}\r\n", "(".repeat(500_000));
    let endless = "(".repeat(2 * 1024 * 1024);
    let cases: [(&str, &str, &str); 17] = [
        ("GREETING", "* PREAUTH welcome\r\n", "PREAUTH welcome"),
        (
            "GREETING",
            "220 mail.example.org ESMTP\r\n",
            "220 mail.example.org",
        ),
        (
            "CAPABILITY",
            "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n\x01 OK\r\n",
            "takes no password",
        ),
        ("AUTHENTICATE", "+ \r\n+ \r\n", "it asks for more"),
        (
            "AUTHENTICATE",
            "\x01 NO [AUTHENTICATIONFAILED] no\x1b[2J\r\n",
            "the login was refused",
        ),
        (
            "SELECT",
            "\x01 NO no such mailbox\r\n",
            "to SELECT the server said: NO no such mailbox",
        ),
        (
            "SELECT",
            "* OK [UIDVALIDITY x]\r\n\x01 OK\r\n",
            "no lasting numbers",
        ),
        ("SELECT", "P99 OK\r\n", "out of step"),
        (
            "UID SEARCH",
            "* SEARCH 4294967295 18446744073709551616 -1 x\r\n\x01 OK\r\n",
            "",
        ),
        ("UID SEARCH", "+ what?\r\n", "it asks for more"),
        (
            "UID FETCH",
            "* 1 FETCH (UID 3 BODY[]<0> {99999999}\r\n",
            "more than was asked for",
        ),
        (
            "UID FETCH",
            "* 1 FETCH (UID 3 BODY[]<0> {99999999999999999999}\r\n",
            "more than was asked for",
        ),
        (
            "UID FETCH",
            "* 1 FETCH (INTERNALDATE NIL UID 3 BODY[] NIL)\r\n\x01 OK\r\n",
            "",
        ),
        (
            "UID FETCH",
            "* 1 FETCH (UID 3 BODY[\r\n* 1 FETCH\r\n\x01 OK\r\n",
            "",
        ),
        ("UID FETCH", "* BYE too many\r\n", "too many"),
        ("UID FETCH", &nested, "the connection failed"),
        ("UID FETCH", &endless, "a line does not end"),
    ];
    for (command, answer, told) in cases {
        server.behave();
        server.answer(command, answer);
        if answer == nested {
            server.answer(command, format!("{nested}* BYE\r\n"));
        }
        let output = room.run(TAKE);
        if told.is_empty() {
            output.exits(0);
        } else {
            output.fails(1).stderr_contains(told).stderr_lacks("\x1b");
        }
        assert_eq!(rows_of(&room, "report"), 0, "{command}: {answer:.60}");
    }
    server.behave();
    server.renumber();
    assert_eq!(room.run(TAKE).exits(0).json()["taken"], 1);
}

#[test]
fn settings_that_cannot_be_are_pointed_at() {
    let room = Newsroom::new().env("POSTRIDER_IMAP_PASSWORD", "x");
    for (line, told) in [
        ("imap = \"https://a@example.org/\"", "not one for IMAP"),
        ("imap = \"imaps://example.org/\"", "names no user"),
        (
            "imap = \"imaps://a:secret@example.org/\"",
            "holds a password",
        ),
        (
            "imap = \"imaps://a@example.org/Entw%C3%BCrfe\"",
            "this name of a mailbox",
        ),
        (
            "imap = \"imaps://a@example.org/\"\nimap_move_to = \"a\\nb\"",
            "this name of a mailbox",
        ),
    ] {
        let room = Newsroom::new()
            .env("POSTRIDER_IMAP_PASSWORD", "x")
            .table(&format!("[bounces]\n{line}"));
        room.run(TAKE)
            .fails(1)
            .stderr_contains(told)
            .stderr_lacks("secret");
    }
    room.run(TAKE)
        .fails(1)
        .stderr_contains("nothing says where mail that came back lies");
    let room = Newsroom::new().table("[bounces]\nimap = \"imaps://a@example.org/\"");
    room.run(TAKE).fails(1).stderr_contains("no password");
}
