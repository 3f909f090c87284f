//! The end of a message byte by byte: where the relay goes away, and how much of its reply came.

use postrider::delivery::{RetryRules, Transaction};
use postrider::mailer::{Relay, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::client::{OWN_ADDRESS, deliver_message, message_of, relay_of, turn_clock};
use super::line::line_of;

const ADDRESS: &str = "reader@example.org";
/// The client keeps so many bytes back, to leave with the dot.
const HELD_BACK: usize = 1024;
const REPLY: &[u8] = b"250 2.0.0 ok\r\n";

fn plain_relay() -> Relay {
    relay_of("url = \"smtp+plain://relay.example.org\"")
}

fn message() -> Vec<u8> {
    message_of(ADDRESS, 100)
}

/// The message as it goes over the wire, without the dot.
fn body() -> Vec<u8> {
    // The dots of this message stand at line starts, and only there.
    let text = String::from_utf8(message()).unwrap();
    text.replace("\r\n.", "\r\n..").into_bytes()
}

/// A server up to 354.
async fn prepare(server: &mut DuplexStream) {
    server.write_all(b"220 relay\r\n").await.unwrap();
    for (verb, reply) in [
        ("EHLO", "250 relay\r\n"),
        ("MAIL", "250 ok\r\n"),
        ("RCPT", "250 ok\r\n"),
        ("DATA", "354 go on\r\n"),
    ] {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(server.read_u8().await.unwrap());
        }
        assert!(line.starts_with(verb.as_bytes()));
        server.write_all(reply.as_bytes()).await.unwrap();
    }
}

/// Delivers one message while the server goes on as given.
fn deliver_to<S, F>(serve: S) -> (Transaction, bool, Session)
where
    S: FnOnce(DuplexStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    turn_clock(async {
        // One byte at a time: what the server does not read, the client has not written.
        let (client, server, _reset) = line_of(1);
        tokio::spawn(serve(server));
        let session = plain_relay().open_over(client, OWN_ADDRESS).await;
        let mut session = session.unwrap();
        let (transaction, intended) = deliver_message(&mut session, ADDRESS, &message()).await;
        (transaction, intended, session)
    })
}

#[test]
fn a_relay_that_goes_away_at_any_byte_of_the_end_leaves_doubt_and_before_it_none() {
    let length = body().len();
    let early = [0, 1, length / 2, length - HELD_BACK - 1];
    // The last byte that can go before the intent is at `length - HELD_BACK`.
    let late = (length - HELD_BACK + 1..length - 3).step_by(97);
    let end = length - 3..=length + 3;
    for cut in early.into_iter().chain(late).chain(end) {
        let (transaction, intended, session) = deliver_to(|mut server| async move {
            prepare(&mut server).await;
            let mut message = vec![0; cut];
            server.read_exact(&mut message).await.unwrap();
        });
        let doubt = matches!(transaction, Transaction::LostAfterDot(_));
        let no_doubt = matches!(transaction, Transaction::LostBeforeDot(..));
        let before_the_intent = cut < length - HELD_BACK;
        assert_eq!(
            no_doubt, before_the_intent,
            "{cut} of {length}: {transaction:?}"
        );
        assert_eq!(
            doubt, !before_the_intent,
            "{cut} of {length}: {transaction:?}"
        );
        assert_eq!(intended, doubt, "{cut} of {length}");
        assert!(!session.is_usable());
    }
}

#[test]
fn only_a_whole_reply_to_the_dot_settles_anything() {
    for length in 0..=REPLY.len() {
        let (transaction, _, _) = deliver_to(|mut server| async move {
            prepare(&mut server).await;
            let mut message = vec![0; body().len() + 3];
            server.read_exact(&mut message).await.unwrap();
            assert!(message.ends_with(b"\r\n.\r\n"));
            server.write_all(&REPLY[..length]).await.unwrap();
        });
        let outcome = RetryRules::default().judge(&transaction, 1, 0);
        let accepted = matches!(transaction, Transaction::Accepted(_));
        assert_eq!(accepted, length == REPLY.len(), "{length}: {outcome:?}");
        let doubt = matches!(transaction, Transaction::LostAfterDot(_));
        assert_eq!(doubt, !accepted, "{length}: {outcome:?}");
    }
}

#[test]
fn what_comes_behind_the_reply_to_the_dot_belongs_to_no_later_message() {
    let (transaction, _, alive) = turn_clock(async {
        let (client, mut server, _reset) = line_of(64 * 1024);
        let serve = async move {
            prepare(&mut server).await;
            let mut message = vec![0; body().len() + 3];
            server.read_exact(&mut message).await.unwrap();
            server.write_all(b"250 ok\r\n250 ok\r\n").await.unwrap();
            // The client's silence behind it is the proof.
            let mut rest = Vec::new();
            server.read_to_end(&mut rest).await.unwrap();
            rest
        };
        let rest = tokio::spawn(serve);
        let mut session = plain_relay().open_over(client, OWN_ADDRESS).await.unwrap();
        let (transaction, _) = deliver_message(&mut session, ADDRESS, &message()).await;
        let alive = session.is_alive().await;
        drop(session);
        (transaction, rest.await.unwrap(), alive)
    });
    assert!(matches!(transaction, Transaction::Accepted(_)));
    assert!(!alive, "the session is out of step");
}
