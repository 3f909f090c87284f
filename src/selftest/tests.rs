//! The relay of the test as a client meets it, fault by fault: a judge whose witness lies is none.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use super::desk::Desk;
use super::random::Random;
use super::relay::FaultRelay;
use crate::catch::{Moment, Says, Then, Turn};
use crate::token::sha256_hex;

const MESSAGE: &str = "Subject: one\r\nMessage-ID: <one@example.org>\r\n\r\n.a dot\r\n";

/// A relay, the folder of its log, and a client that has greeted.
struct Stage {
    folder: tempfile::TempDir,
    relay: FaultRelay,
}

struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let relay = FaultRelay::start(folder.path()).unwrap();
        Self { folder, relay }
    }

    fn desk(&self) -> &Desk {
        self.relay.desk()
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.relay.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        let mut client = Client { stream, reader };
        client.expect("220 ");
        client.ask("HELO example.org", "250 ");
        client
    }

    fn log(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read(self.folder.path().join("accepted.jsonl")).unwrap();
        let lines = text.split(|byte| *byte == b'\n');
        lines
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    fn kept(&self) -> usize {
        count(&self.folder.path().join("mail/new"))
    }
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

impl Client {
    fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    #[track_caller]
    fn expect(&mut self, start: &str) {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        assert!(line.starts_with(start), "{line:?} instead of {start:?}");
    }

    #[track_caller]
    fn ask(&mut self, command: &str, start: &str) {
        self.send(&format!("{command}\r\n"));
        self.expect(start);
    }

    /// Everything up to the message.
    #[track_caller]
    fn offer(&mut self, to: &str) {
        self.ask("MAIL FROM:<letters@example.org>", "250 ");
        self.ask(&format!("RCPT TO:<{to}>"), "250 ");
        self.ask("DATA", "354 ");
    }

    fn finish(&mut self) {
        // The first line begins with a dot, and is stuffed.
        self.send(&MESSAGE.replace("\r\n.a", "\r\n..a"));
        self.send(".\r\n");
    }

    /// All that comes until the end; `None` where the connection was reset.
    fn rest(&mut self) -> Option<Vec<u8>> {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => Some(rest),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn what_is_accepted_is_in_the_log_before_its_reply() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.offer("ada@example.org");
    client.finish();
    client.expect("250 ");
    let accepted = stage.relay.accepted().unwrap();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].recipient, "ada@example.org");
    assert_eq!(accepted[0].message_id, "one@example.org");
    assert_eq!(accepted[0].sha256, sha256_hex(MESSAGE.as_bytes()));
    let log = stage.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["recipient"], "ada@example.org");
    assert_eq!(log[0]["sha256"], accepted[0].sha256.as_str());
}

#[test]
fn a_refusal_at_any_step_is_said_once_and_the_conversation_goes_on() {
    for reply in [
        "421 4.3.2 later",
        "450 4.2.1 busy",
        "451 4.7.1 greylisted",
        "550 5.1.1 unknown",
        "554 5.7.1 blocked",
    ] {
        for moment in [Moment::Mail, Moment::Rcpt, Moment::Data, Moment::Dot] {
            let stage = Stage::set();
            let mut is_first = true;
            stage.desk().at(moment, Turn::refuse(reply), move |_| {
                std::mem::replace(&mut is_first, false)
            });
            let mut client = stage.client();
            let commands = [
                (Moment::Mail, "MAIL FROM:<letters@example.org>", "250 "),
                (Moment::Rcpt, "RCPT TO:<ada@example.org>", "250 "),
                (Moment::Data, "DATA", "354 "),
            ];
            for (step, command, usual) in commands {
                if step == moment {
                    client.ask(command, reply);
                    break;
                }
                client.ask(command, usual);
            }
            if moment == Moment::Dot {
                client.finish();
                client.expect(reply);
            }
            assert_eq!((stage.kept(), stage.log().len()), (0, 0), "{moment:?}");
            client.ask("RSET", "250 ");
            client.offer("ada@example.org");
            client.finish();
            client.expect("250 ");
            assert_eq!((stage.kept(), stage.log().len()), (1, 1), "{moment:?}");
        }
    }
}

#[test]
fn a_connection_is_closed_or_reset_before_in_and_behind_the_body() {
    for (then, told) in [(Then::Close, Some(Vec::new())), (Then::Reset, None)] {
        for moment in [Moment::Data, Moment::Body, Moment::Dot] {
            let stage = Stage::set();
            stage.desk().at(moment, Turn::ignore().then(then), |_| true);
            let mut client = stage.client();
            client.ask("MAIL FROM:<letters@example.org>", "250 ");
            client.ask("RCPT TO:<ada@example.org>", "250 ");
            client.send("DATA\r\n");
            if moment != Moment::Data {
                client.expect("354 ");
                client.send("Subject: one\r\n");
            }
            if moment == Moment::Dot {
                client.send("\r\none\r\n.\r\n");
            }
            assert_eq!(client.rest(), told, "{then:?} at {moment:?}");
            assert_eq!(stage.relay.accepted().unwrap(), [], "{moment:?}");
        }
    }
}

#[test]
fn a_message_can_be_taken_and_its_reply_lost_cut_or_made_nonsense() {
    let answers = [
        (Says::Nothing, &b""[..]),
        (Says::Bytes(b"2".to_vec()), b"2"),
        (Says::Bytes(b"\x00\xFF\r\n".to_vec()), b"\x00\xFF\r\n"),
    ];
    for (says, told) in answers {
        let stage = Stage::set();
        let turn = Turn::obey(says).then(Then::Close);
        stage.desk().at(Moment::Dot, turn, |_| true);
        let mut client = stage.client();
        client.offer("ada@example.org");
        client.finish();
        assert_eq!(client.rest().unwrap(), told);
        assert_eq!((stage.kept(), stage.log().len()), (1, 1));
    }
}

#[test]
fn half_a_reply_is_half_of_the_usual_one() {
    let stage = Stage::set();
    let half = Turn::obey(Says::HalfOfIt).then(Then::Close);
    stage.desk().at(Moment::Dot, half, |_| true);
    let mut client = stage.client();
    client.offer("ada@example.org");
    client.finish();
    let told = client.rest().unwrap();
    assert!(told.starts_with(b"250 2.0.0 kept"), "{told:?}");
    assert!(!told.contains(&b'\n'), "{told:?}");
    assert_eq!(stage.log().len(), 1);
}

#[test]
fn silence_lasts_until_the_relay_ends() {
    let stage = Stage::set();
    let silence = Turn::ignore().then(Then::Silence);
    stage.desk().at(Moment::Dot, silence, |_| true);
    let mut client = stage.client();
    client.offer("ada@example.org");
    client.finish();
    while stage.desk().arrivals_at(Moment::Dot) == 0 {
        stage.desk().wait(Duration::from_millis(1));
    }
    assert_eq!(stage.desk().open(), 1);
    assert_eq!(stage.log().len(), 0);
    drop(stage);
    assert!(client.rest().is_none_or(|told| told.is_empty()));
}

#[test]
fn who_is_held_is_counted_and_goes_on_when_released() {
    let stage = Stage::set();
    stage.desk().hold(Moment::Dot, 1, Turn::USUAL);
    let mut first = stage.client();
    first.offer("ada@example.org");
    first.finish();
    first.expect("250 ");
    let mut second = stage.client();
    second.offer("ben@example.org");
    second.finish();
    while stage.desk().held() == 0 {
        stage.desk().wait(Duration::from_millis(1));
    }
    assert_eq!(stage.log().len(), 1, "nothing is kept before the release");
    stage.desk().release();
    second.expect("250 ");
    assert_eq!((stage.desk().held(), stage.log().len()), (0, 2));
    second.offer("eve@example.org");
    second.finish();
    second.expect("250 ");
}

#[test]
fn the_desk_knows_how_much_a_connection_carried_and_who_was_named() {
    let stage = Stage::set();
    let enough = Turn::refuse("421 4.7.0 enough").then(Then::Close);
    stage
        .desk()
        .at(Moment::Mail, enough, |arrival| arrival.messages >= 2);
    let mut client = stage.client();
    for _ in 0..2 {
        client.offer("ada@example.org");
        client.finish();
        client.expect("250 ");
    }
    client.send("MAIL FROM:<letters@example.org>\r\n");
    assert_eq!(client.rest().unwrap(), b"421 4.7.0 enough\r\n");
    assert_eq!(stage.desk().offers()["ada@example.org"], 2);
}

#[test]
fn a_seed_gives_the_same_numbers_again_and_all_of_them() {
    let draw = |seed| {
        let mut random = Random::new(seed);
        (0..200).map(|_| random.below(5)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert!((0..5).all(|number| draw(0).contains(&number)));
}
