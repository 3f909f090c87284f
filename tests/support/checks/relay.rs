//! The scripted relay does what it is told, and sees what its client does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use data_encoding::BASE64;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::certificate::Certificate;
use crate::support::relay::{Farewell, ScriptedRelay, Stage};

/// A client that says what it is told and hears lines.
struct Client<S: Read + Write> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Client<S> {
    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Writes, and returns the last line of each of `count` replies.
    #[track_caller]
    fn ask(&mut self, text: &str, count: usize) -> Vec<String> {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        (0..count).map(|_| self.reply()).collect()
    }

    #[track_caller]
    fn reply(&mut self) -> String {
        loop {
            let line = self.line();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    /// Whether the server closed, without a word more.
    fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }
}

fn connect(relay: &ScriptedRelay) -> Client<TcpStream> {
    let stream = BufReader::new(TcpStream::connect(relay.address()).unwrap());
    Client { stream }
}

/// A client that has greeted.
fn greet(relay: &ScriptedRelay) -> Client<TcpStream> {
    let mut client = connect(relay);
    assert_eq!(client.reply(), "220 relay.example.org ESMTP");
    client.ask("EHLO client.example.org\r\n", 1);
    client
}

const ENVELOPE: &str = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";
const LETTER: &str = "Subject: x\r\n\r\n..dot\r\n.\r\n";

fn encrypt(
    stream: TcpStream,
    relay: &ScriptedRelay,
) -> std::io::Result<Client<StreamOwned<ClientConnection, TcpStream>>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(relay.authority_file()).unwrap();
    roots.add(authority).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(Client {
        stream: BufReader::new(stream),
    })
}

#[test]
fn a_relay_accepts_and_remembers_what_it_was_told() {
    let relay = ScriptedRelay::start();
    let mut client = greet(&relay);
    client.ask(ENVELOPE, 3);
    let reply = client.ask(LETTER, 1);
    assert_eq!(reply, ["250 2.0.0 queued as 1.1"]);
    let accepted = relay.wait_for(1).remove(0);
    assert_eq!(accepted.mail_from, "a@example.org");
    assert_eq!(accepted.rcpt_to, ["b@example.org"]);
    assert_eq!(accepted.data, b"Subject: x\r\n\r\n.dot\r\n");
    assert_eq!(
        (accepted.connection, accepted.tls, accepted.user),
        (1, false, None)
    );
    assert_eq!(relay.commands()[0], "EHLO client.example.org");
    assert_eq!(relay.commands_of(1).len(), 4);
    relay.assert_client_was_polite();
}

#[test]
fn a_recipient_gets_the_replies_that_were_ordered_for_it_and_no_other_does() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient("bad@example.org", "550 5.1.1 no such user");
    relay.replies_to_recipient(
        "slow@example.org",
        &["450 4.2.1 later", "451 4.3.0 later still"],
    );
    let mut client = greet(&relay);
    let rcpt = |address: &str| format!("RCPT TO:<{address}@example.org>\r\n");
    let script = [
        "MAIL FROM:<a@example.org>\r\n",
        &rcpt("bad"),
        &rcpt("slow"),
        &rcpt("slow"),
    ]
    .concat()
        + &[rcpt("slow"), rcpt("good"), rcpt("bad")].concat();
    let replies: Vec<String> = client
        .ask(&script, 7)
        .iter()
        .map(|reply| reply[..3].to_owned())
        .collect();
    assert_eq!(replies, ["250", "550", "450", "451", "250", "250", "550"]);
    client.ask("DATA\r\n", 1);
    client.ask(LETTER, 1);
    assert_eq!(
        relay.accepted()[0].rcpt_to,
        ["slow@example.org", "good@example.org"]
    );
}

#[test]
fn faults_come_at_their_stage_and_their_turn() {
    type Fault = fn(&ScriptedRelay);
    let cases: [(Fault, &[&str], usize); 9] = [
        (|relay| relay.at(Stage::Banner).close(), &[], 0),
        (
            |relay| relay.at(Stage::Ehlo).say("25\r\n"),
            &["220", "25", "250", "250", "354", "250"],
            1,
        ),
        (
            |relay| relay.at(Stage::Mail).reply("421 4.3.2 no"),
            &["220", "250", "421"],
            0,
        ),
        (
            |relay| relay.at(Stage::Data).reply_and_close(),
            &["220", "250", "250", "250", "354"],
            0,
        ),
        (
            |relay| relay.at(Stage::Body).reply("552 5.3.4 no"),
            &["220", "250", "250", "250", "354", "552"],
            0,
        ),
        (
            |relay| relay.at(Stage::Dot).close(),
            &["220", "250", "250", "250", "354"],
            0,
        ),
        (
            |relay| relay.at(Stage::Dot).obey_and_close(),
            &["220", "250", "250", "250", "354"],
            1,
        ),
        (
            |relay| relay.at(Stage::Dot).half_reply_and_close(),
            &["220", "250", "250", "250", "354", "250"],
            1,
        ),
        (
            |relay| {
                relay
                    .at(Stage::Dot)
                    .of("b@example.org")
                    .reply("450 4.2.1 no");
            },
            &["220", "250", "250", "250", "354", "450"],
            0,
        ),
    ];
    for (number, (fault, replies, accepted)) in cases.into_iter().enumerate() {
        let relay = ScriptedRelay::start();
        fault(&relay);
        let mut client = connect(&relay);
        let steps = [
            "",
            "EHLO a\r\n",
            "MAIL FROM:<a@example.org>\r\n",
            "RCPT TO:<b@example.org>\r\n",
            "DATA\r\n",
            LETTER,
        ];
        let mut heard = Vec::new();
        for step in steps {
            // The server may have closed by now.
            let _ = client.stream.get_mut().write_all(step.as_bytes());
            match client.reply() {
                reply if reply.is_empty() => break,
                reply => heard.push(reply[..reply.len().min(3)].to_owned()),
            }
        }
        assert_eq!(heard, replies, "case {number}");
        assert_eq!(relay.accepted().len(), accepted, "case {number}");
    }
}

#[test]
fn an_instruction_can_be_for_the_nth_time_or_for_one_connection() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Mail).nth(2).reply("451 4.3.0 second");
    relay
        .at(Stage::Mail)
        .on_connection(2)
        .once()
        .reply("451 4.3.0 other");
    let mail = "MAIL FROM:<a@example.org>\r\n";
    let again = format!("{mail}RSET\r\n{mail}RSET\r\n{mail}");
    let replies = greet(&relay).ask(&again, 5);
    assert_eq!(replies[2], "451 4.3.0 second");
    assert!(replies[0].starts_with("250") && replies[4].starts_with("250"));
    let replies = greet(&relay).ask(&again, 5);
    assert_eq!(replies[0], "451 4.3.0 other");
    assert!(replies[2].starts_with("250"));
    relay.behave();
}

#[test]
fn a_connection_held_at_the_dot_waits_for_the_test() {
    let relay = ScriptedRelay::start();
    let gate = relay.hold_at_dot();
    let mut clients = [greet(&relay), greet(&relay)];
    for client in &mut clients {
        client.ask(ENVELOPE, 3);
        client.ask(LETTER, 0);
    }
    gate.wait_for(2);
    assert_eq!(relay.accepted().len(), 0);
    gate.release_one();
    relay.wait_for(1);
    gate.release();
    relay.wait_for(2);
    for client in &mut clients {
        assert!(client.reply().starts_with("250"));
    }
}

#[test]
fn a_stalled_connection_ends_with_the_relay() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Dot).stall();
    let mut client = greet(&relay);
    client.ask(ENVELOPE, 3);
    client.ask(LETTER, 0);
    drop(relay);
    assert!(client.is_closed());
}

#[test]
fn a_connection_carries_its_share_of_messages() {
    for (farewell, last) in [
        (Farewell::With421, "421 4.7.0 enough for one connection"),
        (Farewell::Silent, ""),
    ] {
        let relay = ScriptedRelay::setup()
            .messages_per_connection(2, farewell)
            .start();
        let mut client = greet(&relay);
        for _ in 0..2 {
            client.ask(ENVELOPE, 3);
            client.ask(LETTER, 1);
        }
        let _ = client
            .stream
            .get_mut()
            .write_all(b"MAIL FROM:<a@example.org>\r\n");
        assert_eq!(client.reply(), last);
        assert!(client.is_closed());
        assert_eq!(relay.accepted().len(), 2);
    }
}

#[test]
fn a_log_in_is_checked_and_counted() {
    let relay = ScriptedRelay::setup().account("ada", "secret").start();
    let mut client = greet(&relay);
    let plain = |password: &str| BASE64.encode(format!("\0ada\0{password}").as_bytes());
    let replies = client.ask(&format!("AUTH PLAIN {}\r\n", plain("wrong")), 1);
    assert_eq!(replies, ["535 5.7.8 wrong user name or password"]);
    client.ask("AUTH LOGIN\r\n", 1);
    client.ask(&format!("{}\r\n", BASE64.encode(b"ada")), 1);
    let replies = client.ask(&format!("{}\r\n", BASE64.encode(b"secret")), 1);
    assert_eq!(replies, ["235 2.7.0 welcome"]);
    client.ask(ENVELOPE, 3);
    client.ask(LETTER, 1);
    assert_eq!(relay.auth_attempts(), 2);
    assert_eq!(relay.accepted()[0].user.as_deref(), Some("ada"));
    relay.assert_client_was_polite();
}

#[test]
fn starttls_leads_to_a_connection_of_which_the_log_says_that_it_is_encrypted() {
    let relay = ScriptedRelay::setup()
        .starttls(&Certificate::valid())
        .account("ada", "secret")
        .start();
    let mut client = greet(&relay);
    assert_eq!(
        client.ask("MAIL FROM:<a@example.org>\r\n", 1),
        ["530 5.7.0 STARTTLS comes first"]
    );
    assert_eq!(client.ask("STARTTLS\r\n", 1), ["220 2.0.0 go ahead"]);
    let mut client = encrypt(client.stream.into_inner(), &relay).unwrap();
    assert_eq!(
        client.ask("EHLO a\r\n", 1),
        ["250 AUTH PLAIN LOGIN XOAUTH2"]
    );
    client.ask(
        &format!("AUTH PLAIN {}\r\n", BASE64.encode(b"\0ada\0secret")),
        1,
    );
    client.ask(ENVELOPE, 3);
    client.ask(LETTER, 1);
    assert!(relay.wait_for(1)[0].tls);
}

#[test]
fn implicit_tls_comes_before_the_banner_and_bad_certificates_are_bad() {
    let cases = [
        (Certificate::valid(), None),
        (Certificate::for_another_host(), Some("NotValidForName")),
        (Certificate::expired(), Some("Expired")),
    ];
    for (certificate, problem) in cases {
        let relay = ScriptedRelay::setup().implicit_tls(&certificate).start();
        assert!(relay.url().starts_with("smtps://localhost:"));
        let stream = TcpStream::connect(relay.address()).unwrap();
        match (encrypt(stream, &relay), problem) {
            (Ok(mut client), None) => assert_eq!(client.reply(), "220 relay.example.org ESMTP"),
            (Err(error), Some(problem)) => {
                assert!(format!("{error:?}").contains(problem), "{error:?}");
            }
            (Ok(_), Some(problem)) => panic!("accepted although {problem}"),
            (Err(error), None) => panic!("{error:?}"),
        }
    }
}

#[test]
fn plain_text_can_be_injected_behind_starttls() {
    let relay = ScriptedRelay::setup()
        .starttls(&Certificate::valid())
        .inject_after_starttls("250 AUTH PLAIN")
        .start();
    let mut client = greet(&relay);
    assert_eq!(
        client.ask("STARTTLS\r\n", 2),
        ["220 2.0.0 go ahead", "250 AUTH PLAIN"]
    );
}

#[test]
fn a_client_that_breaks_the_rules_is_found_out() {
    let relay = ScriptedRelay::setup().without("PIPELINING").start();
    let mut client = greet(&relay);
    client.ask(ENVELOPE, 3);
    client.ask(&format!("a\nb\r\n{}\r\n.\r\nQUIT\r\n", "x".repeat(999)), 2);
    assert_eq!(
        relay.offences(),
        [
            "connection 1: wrote behind MAIL before its reply",
            "connection 1: wrote behind RCPT before its reply",
            "connection 1: sent a bare CR or LF in a message",
            "connection 1: sent a line of more than 998 characters",
            "connection 1: wrote behind the dot before its reply",
        ]
    );
}
