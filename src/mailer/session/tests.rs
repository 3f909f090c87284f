use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use super::*;
use crate::address::EmailAddress;

/// A relay that answers an envelope and then is the test's own.
fn relay_that_takes_an_envelope(listener: TcpListener) -> mpsc::Receiver<TcpStream> {
    let (ready, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"DATA\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            heard.extend(byte);
        }
        stream
            .write_all(b"250 ok\r\n250 ok\r\n354 go on\r\n")
            .unwrap();
        ready.send(stream).unwrap();
    });
    waiting
}

#[tokio::test]
async fn what_is_said_while_the_intent_is_written_is_no_answer_to_the_dot() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let same = stream.try_clone().unwrap();
    let waiting = relay_that_takes_an_envelope(listener);
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let extensions = Extensions {
        pipelining: true,
        ..Extensions::default()
    };
    let wire = Wire::new(Box::new(stream));
    let mut session = Session::new(wire, extensions, Timers::default());
    let envelope = Envelope {
        from: EmailAddress::parse("letters@example.org").unwrap(),
        to: EmailAddress::parse("reader@example.org").unwrap(),
        id: None,
    };
    let message = WireMessage::new(b"Subject: A letter\r\n\r\nOne.\r\n".to_vec());
    let mut relay = None;
    // The reply is there before the runtime has a chance to hear of it.
    let intent = async {
        let mut stream = waiting.recv().unwrap();
        stream.write_all(b"250 2.0.0 queued\r\n").unwrap();
        while same.peek(&mut [0]).is_err() {
            std::thread::yield_now();
        }
        relay = Some(stream);
        Ok::<_, Infallible>(true)
    };
    let Ok(transaction) = session.deliver(&envelope, &message, intent).await;
    let told = "the relay said 250 before the message ended".to_owned();
    assert_eq!(
        transaction,
        Transaction::LostBeforeDot(Step::Body, told),
        "a reply from before the dot"
    );
    drop((session, same));
    let mut heard = Vec::new();
    relay.unwrap().read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"", "no byte of the message's end was written");
}
