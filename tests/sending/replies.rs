//! What a relay may answer, and what becomes of the delivery.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use super::{
    LATER, SEND, SLUG, assert_counts, assert_ledger_is_true, ledger, message_to, newsroom, served,
    states,
};
use crate::support::gate::Gate;
use crate::support::newsroom::Newsroom;
use crate::support::relay::{Farewell, ScriptedRelay, Stage};

const READER1: &str = "reader1@example.org";

#[test]
fn a_temporary_refusal_is_deferred_and_tried_again_when_it_is_ripe() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient(READER1, &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND)
        .exits(3)
        .stdout_contains("run `postrider send` then");
    assert_counts(
        &room,
        &[
            ("planned", 3),
            ("sent", 2),
            ("deferred", 1),
            ("remaining", 1),
        ],
    );
    // Not ripe: nothing is tried.
    let connections = relay.connections();
    room.run(["send", "--yes"]).exits(3);
    assert_eq!(relay.connections(), connections);

    let room = room.now(LATER);
    room.run(["send", "--yes"]).exits(0);
    assert_counts(&room, &[("planned", 3), ("sent", 3)]);
    assert_ledger_is_true(&room, &relay);
    relay.assert_client_was_polite();
}

#[test]
fn a_message_is_the_same_to_the_byte_on_every_attempt() {
    let relay = ScriptedRelay::start();
    // The relay takes it and loses its reply's meaning: 4xx at the dot is a refusal.
    relay.at(Stage::Dot).once().reply("451 4.3.0 try later");
    let room = newsroom(&relay).readers(1);
    room.run(SEND).exits(3);
    let first: String = hash_of(&room);
    room.now(LATER).run(SEND).exits(0);
    let relay_has = message_to(&relay, READER1).data;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &relay_has);
    assert_eq!(first, data_encoding::HEXLOWER.encode(digest.as_ref()));
}

fn hash_of(room: &Newsroom) -> String {
    let sql = "SELECT lower(hex(message_sha256)) FROM delivery";
    ledger(room).query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_dead_address_is_rejected_and_the_others_are_served_over_the_same_connection() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient(READER1, "550 5.1.1 no such user");
    let room = one_connection(&relay).readers(3);
    room.run(SEND).exits(3);
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("rejected", 1)]);
    assert_eq!(relay.connections(), 1);
    assert!(relay.commands().iter().any(|command| command == "RSET"));
    assert_ledger_is_true(&room, &relay);
    relay.assert_client_was_polite();
    // It is settled: nobody is asked about it again.
    room.run(SEND).exits(0);
    assert_eq!(relay.connections(), 1);
}

#[test]
fn a_relay_without_pipelining_is_asked_one_command_at_a_time() {
    let relay = ScriptedRelay::setup().without("PIPELINING").start();
    relay.reply_to_recipient(READER1, "550 5.1.1 no such user");
    let room = one_connection(&relay).readers(3);
    room.run(SEND).exits(3);
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("rejected", 1)]);
    relay.assert_client_was_polite();
}

#[test]
fn a_block_list_pauses_the_issue_and_nobody_is_lost_to_it() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Rcpt).reply("550 5.7.1 blocked by policy");
    let room = one_connection(&relay).readers(10);
    room.run(SEND)
        .fails(1)
        .stderr_contains("refuses our messages, not single readers")
        .stderr_contains("550 5.7.1 blocked by policy");
    assert_counts(&room, &[("planned", 10), ("remaining", 10)]);
    let asked = relay
        .commands()
        .iter()
        .filter(|it| it.starts_with("RCPT"))
        .count();
    assert_eq!(asked, 3, "the run stops after three refusals");

    // A timer must not run into it again: it is paused until a person has looked.
    relay.behave();
    room.run(["send", "--due"]).exits(0);
    room.run(SEND).exits(3).stdout_contains("is paused");
    assert_eq!(relay.accepted(), []);
    room.run(["continue", SLUG]).exits(0);
    room.run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 10);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn one_refusal_that_is_ours_is_told_and_does_not_end_in_a_loop() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient(READER1, "550 5.7.1 not from you");
    let room = one_connection(&relay).readers(2);
    room.run(SEND).exits(3);
    assert_counts(&room, &[("planned", 2), ("sent", 1), ("remaining", 1)]);
    let asked = relay
        .commands()
        .iter()
        .filter(|it| it.contains(READER1))
        .count();
    assert_eq!(asked, 1);
    let told = room.run(["status", SLUG]).exits(0);
    told.stdout_contains("550 5.7.1 not from you");
}

#[test]
fn a_relay_that_ends_connections_loses_nobody() {
    for farewell in [Farewell::With421, Farewell::Silent] {
        for share in [1, 3] {
            let relay = ScriptedRelay::setup()
                .messages_per_connection(share, farewell)
                .start();
            let room = newsroom(&relay).readers(10);
            room.run(SEND).exits(0);
            assert_eq!(served(&relay).len(), 10, "{farewell:?} {share}");
            assert_ledger_is_true(&room, &relay);
        }
    }
}

#[test]
fn a_connection_that_breaks_before_the_dot_leaves_no_doubt() {
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Body] {
        let relay = ScriptedRelay::start();
        relay.at(stage).nth(1).close();
        let room = one_connection(&relay).readers(3);
        room.run(SEND);
        let after = states(&room);
        if stage != Stage::Body {
            // The dot may have been on its way when the relay closed in the middle of the body.
            let doubtful = after.values().any(|state| state == "unconfirmed");
            assert!(!doubtful, "{stage:?} {after:?}");
        }
        assert_ledger_is_true(&room, &relay);
        let room = room.now(LATER);
        room.run(SEND);
        assert_ledger_is_true(&room, &relay);
        if stage != Stage::Body {
            assert_eq!(served(&relay).len(), 3, "{stage:?}");
        }
    }
}

#[test]
fn what_no_relay_may_say_to_the_dot_is_unconfirmed_held_and_not_sent_again() {
    type Fault = fn(&ScriptedRelay);
    let faults: [(&str, Fault); 9] = [
        ("accepted, no reply", |relay| {
            relay.at(Stage::Dot).once().obey_and_close();
        }),
        ("closed", |relay| relay.at(Stage::Dot).once().close()),
        ("half a reply", |relay| {
            relay.at(Stage::Dot).once().half_reply_and_close();
        }),
        ("garbage", |relay| relay.at(Stage::Dot).once().say("ok\r\n")),
        ("four digits", |relay| {
            relay.at(Stage::Dot).once().say("2500 ok\r\n");
        }),
        ("two digits", |relay| {
            relay.at(Stage::Dot).once().say("25\r\n");
        }),
        ("two codes", |relay| {
            relay.at(Stage::Dot).once().say("250-a\r\n550 b\r\n");
        }),
        ("354 again", |relay| {
            relay.at(Stage::Dot).once().say("354 go on\r\n");
        }),
        ("a control character", |relay| {
            relay.at(Stage::Dot).once().say("\x1b[2J\r\n");
        }),
    ];
    for (fault, set_up) in faults {
        let relay = ScriptedRelay::start();
        set_up(&relay);
        let room = one_connection(&relay).readers(3);
        let first = room.run(SEND).exits(3);
        assert!(!first.stderr.contains('\x1b'), "{fault}{first}");
        assert_counts(&room, &[("planned", 3), ("sent", 2), ("unconfirmed", 1)]);
        assert_ledger_is_true(&room, &relay);
        let accepted = relay.accepted().len();
        let room = room.now(LATER);
        room.run(SEND)
            .exits(3)
            .stdout_contains("1 delivery unconfirmed and held");
        assert_eq!(relay.accepted().len(), accepted, "{fault}: sent again");
        let status = room.run(["status", SLUG]).exits(0);
        status
            .stdout_contains(READER1)
            .stdout_contains("unconfirmed");
    }
}

#[test]
fn a_refusal_of_the_whole_message_is_no_doubt() {
    for (reply, state, code) in [
        ("452 4.3.1 no room", "deferred", 3),
        ("421 4.3.2 going down", "deferred", 3),
        ("552 5.2.2 mailbox full", "rejected", 3),
        ("554 5.6.0 we do not like it", "planned", 3),
    ] {
        let relay = ScriptedRelay::start();
        relay.at(Stage::Dot).once().reply(reply);
        let room = one_connection(&relay).readers(3);
        room.run(SEND).exits(code);
        assert_eq!(states(&room)[READER1], state, "{reply}");
        assert_eq!(relay.accepted().len(), 2, "{reply}");
        assert_ledger_is_true(&room, &relay);
    }
}

#[test]
fn a_reply_out_of_step_ends_the_conversation_before_anything_is_sent() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Mail)
        .once()
        .reply("250 2.1.0 ok\r\n250 2.1.0 ok once more");
    let room = one_connection(&relay).readers(1);
    room.run(SEND).exits(3);
    assert_eq!(relay.accepted(), []);
    assert_eq!(states(&room)[READER1], "deferred");
    room.now(LATER).run(SEND).exits(0);
    assert_eq!(served(&relay).len(), 1);
}

/// The relay says 250 when it has the body and not yet the dot, at the moment when the program
/// makes its intent durable. Taken for the answer to the dot, it would be a false *sent*.
#[test]
fn a_reply_that_comes_while_the_intent_is_written_is_not_the_answer_to_the_dot() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (body_is_here, answered) = (Gate::new(), Gate::new());
    let relay = {
        let (body_is_here, answered) = (body_is_here.clone(), answered.clone());
        std::thread::spawn(move || speak_too_early(&listener, &body_is_here, &answered))
    };
    let room = newsroom(&ScriptedRelay::start())
        .smtp(&format!("url = \"{url}\"\nconnections = 1"))
        .readers(1);
    let running = room.spawn(SEND);
    body_is_here.wait_for(1);
    // While the test holds the ledger, the intent waits.
    let mut ledger = ledger(&room);
    let lock = ledger
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    body_is_here.release();
    answered.wait_for(1);
    drop(lock);
    answered.release();
    running.wait().exits(3);
    assert!(!relay.join().unwrap(), "the dot was written all the same");
    assert_eq!(states(&room)[READER1], "deferred");
}

/// Returns when everything that was written has reached the other end's system: what is on its
/// way when the dot is written cannot be known by anybody.
fn until_acknowledged(stream: &TcpStream) {
    let port = format!(":{:04X} ", stream.local_addr().unwrap().port());
    let peer = format!(":{:04X} ", stream.peer_addr().unwrap().port());
    loop {
        // proc(5): the number, local address, remote address, state, and what waits to be sent.
        let Ok(table) = std::fs::read_to_string("/proc/net/tcp") else {
            return;
        };
        let own = |line: &&str| {
            let (own, other) = (line.find(&port), line.find(&peer));
            own.is_some() && own < other
        };
        let line = table.lines().find(own).expect("the connection is open");
        let queue = line.split_whitespace().nth(4).unwrap();
        if queue.starts_with("00000000:") {
            return;
        }
        std::thread::yield_now();
    }
}

/// Returns whether a dot came.
fn speak_too_early(listener: &TcpListener, body_is_here: &Gate, answered: &Gate) -> bool {
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    stream.write_all(b"220 relay.example.org\r\n").unwrap();
    let mut line = String::new();
    for reply in ["250 relay.example.org\r\n", "250 ok\r\n", "250 ok\r\n"] {
        line.clear();
        lines.read_line(&mut line).unwrap();
        stream.write_all(reply.as_bytes()).unwrap();
    }
    lines.read_line(&mut line).unwrap();
    // The test takes the ledger's lock before the program may write its body.
    body_is_here.pass();
    stream.write_all(b"354 go on\r\n").unwrap();
    lines.read_line(&mut line).unwrap();
    stream.write_all(b"250 2.0.0 queued\r\n").unwrap();
    until_acknowledged(&stream);
    answered.pass();
    let mut rest = Vec::new();
    let _ = lines.read_to_end(&mut rest);
    rest.ends_with(b"\r\n.\r\n")
}

#[test]
fn a_relay_that_takes_no_message_of_this_size_stops_the_run_and_nobody_is_rejected() {
    let relay = ScriptedRelay::setup()
        .capabilities(&["PIPELINING", "SIZE 500"])
        .start();
    let room = one_connection(&relay).readers(5);
    room.run(SEND)
        .fails(1)
        .stderr_contains("larger than the relay takes");
    assert_counts(&room, &[("planned", 5), ("remaining", 5)]);
    assert!(!relay.commands().iter().any(|it| it.starts_with("MAIL")));
}

#[test]
fn what_is_deferred_too_long_is_given_up_and_told() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient(READER1, "450 4.2.0 later");
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(3);
    let room = room.now("2026-12-04T09:00:00Z");
    room.run(SEND).exits(3);
    assert_counts(
        &room,
        &[
            ("planned", 2),
            ("sent", 1),
            ("deferred", 1),
            ("remaining", 1),
        ],
    );
    let room = room.now("2026-12-06T09:00:00Z");
    room.run(SEND).exits(3);
    assert_counts(&room, &[("planned", 2), ("sent", 1), ("expired", 1)]);
    room.run(SEND)
        .exits(0)
        .stdout_contains("nothing was sent now");
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn words_of_a_relay_cannot_move_the_cursor() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient(READER1, "550 5.1.1 \x1b[2J\x07 gone");
    let room = one_connection(&relay).readers(1);
    room.run(SEND).exits(3);
    for command in [&["status", SLUG][..], &["history", READER1]] {
        let told = room.run(command).exits(0);
        assert!(told.stdout.contains("gone"), "{told}");
        assert!(!told.stdout.contains(['\x1b', '\x07']), "{told}");
    }
}

fn one_connection(relay: &ScriptedRelay) -> Newsroom {
    newsroom(relay).smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
}
