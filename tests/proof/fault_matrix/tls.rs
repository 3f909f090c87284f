//! TLS that is not to be trusted, and TLS that ends without a word.

use postrider::delivery::Transaction;
use postrider::mailer::ConnectError;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::client::{
    OWN_ADDRESS, TRUSTED, deliver, protected_relay, relay_of, turn_clock, with_authority,
};
use super::line::line_of;
use crate::support::certificate::Certificate;

const BUFFER: usize = 64 * 1024;

/// Opens a session by STARTTLS with a server that does this after EHLO and STARTTLS were read.
fn open_to<F>(
    authority: &std::path::Path,
    offer: &'static str,
    behind: fn(DuplexStream) -> F,
) -> ConnectError
where
    F: Future<Output = ()> + Send + 'static,
{
    turn_clock(async {
        let (client, mut server, _reset) = line_of(BUFFER);
        tokio::spawn(async move {
            server.write_all(b"220 relay\r\n").await.unwrap();
            read_line(&mut server).await;
            server.write_all(offer.as_bytes()).await.unwrap();
            read_line(&mut server).await;
            behind(server).await;
        });
        let relay = protected_relay(authority);
        relay.open_over(client, OWN_ADDRESS).await.unwrap_err()
    })
}

async fn read_line(server: &mut DuplexStream) {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        match server.read_u8().await {
            Ok(byte) => line.push(byte),
            Err(_) => return,
        }
    }
}

const OFFERED: &str = "250-relay\r\n250 STARTTLS\r\n";

#[test]
fn a_certificate_that_is_expired_foreign_or_unknown_is_refused_by_starttls_and_from_the_start() {
    let authority = |certificate| with_authority(certificate);
    let known = &TRUSTED;
    let cases = [
        authority(Certificate::expired()),
        authority(Certificate::for_another_host()),
        // Good, but signed by an authority that nobody here knows.
        (Certificate::valid(), with_authority(known.0.clone()).1),
    ];
    for (certificate, file) in cases {
        for scheme in ["smtp", "smtps"] {
            let file = file.path().to_str().unwrap();
            let keys = format!("url = \"{scheme}://localhost:25\"\nca_file = \"{file}\"");
            let acceptor = TlsAcceptor::from(certificate.server.clone());
            let refused = turn_clock(async {
                let (client, mut server, _reset) = line_of(BUFFER);
                tokio::spawn(async move {
                    if scheme == "smtp" {
                        server.write_all(b"220 relay\r\n").await.unwrap();
                        read_line(&mut server).await;
                        server.write_all(OFFERED.as_bytes()).await.unwrap();
                        read_line(&mut server).await;
                        server.write_all(b"220 go ahead\r\n").await.unwrap();
                    }
                    assert!(acceptor.accept(server).await.is_err());
                });
                relay_of(&keys).open_over(client, OWN_ADDRESS).await
            });
            let refused = refused.unwrap_err();
            assert!(matches!(refused, ConnectError::Tls(_)), "{refused}");
            assert!(refused.is_final());
        }
    }
}

#[test]
fn a_server_that_knows_only_old_tls_is_refused() {
    let refused = open_to(TRUSTED.1.path(), OFFERED, |mut server| async move {
        server.write_all(b"220 go ahead\r\n").await.unwrap();
        server.read_u8().await.unwrap();
        // RFC 8446 §6: a fatal alert, `protocol_version`, in a record of TLS 1.0.
        let alert = [0x15, 3, 1, 0, 2, 2, 70];
        server.write_all(&alert).await.unwrap();
    });
    assert!(matches!(refused, ConnectError::Tls(_)), "{refused}");
    // An old server answers with a hello of its own version (0x0301).
    let refused = open_to(TRUSTED.1.path(), OFFERED, |mut server| async move {
        server.write_all(b"220 go ahead\r\n").await.unwrap();
        server.read_u8().await.unwrap();
        let mut hello = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0x2f, 0]);
        server.write_all(&hello).await.unwrap();
        let mut rest = Vec::new();
        let _ = server.read_to_end(&mut rest).await;
    });
    assert!(matches!(refused, ConnectError::Tls(_)), "{refused}");
}

#[test]
fn starttls_that_was_taken_out_of_the_offer_is_missed() {
    let stripped = "250-relay\r\n250 XXXXXXXX\r\n";
    let refused = open_to(TRUSTED.1.path(), stripped, |_server| async {});
    assert_eq!(refused, ConnectError::NoStartTls);
}

#[test]
fn plaintext_behind_the_answer_to_starttls_is_never_taken_for_a_protected_reply() {
    let refused = open_to(TRUSTED.1.path(), OFFERED, |mut server| async move {
        let injected = b"220 go ahead\r\n250-relay\r\n250 AUTH PLAIN\r\n";
        server.write_all(injected).await.unwrap();
        let acceptor = TlsAcceptor::from(TRUSTED.0.server.clone());
        let _ = acceptor.accept(server).await;
    });
    assert_eq!(refused, ConnectError::Injected);
}

#[test]
fn a_connection_that_ends_without_a_farewell_behind_the_250_has_still_delivered() {
    let transaction = turn_clock(async {
        let (client, server, _reset) = line_of(BUFFER);
        let acceptor = TlsAcceptor::from(TRUSTED.0.server.clone());
        tokio::spawn(async move {
            let mut server = acceptor.accept(server).await.unwrap();
            server.write_all(b"220 relay\r\n").await.unwrap();
            for reply in ["250-relay\r\n250 AUTH PLAIN\r\n", "235 ok\r\n"] {
                read_protected(&mut server, b"\r\n").await;
                server.write_all(reply.as_bytes()).await.unwrap();
            }
            for reply in ["250 ok\r\n", "250 ok\r\n", "354 go on\r\n"] {
                read_protected(&mut server, b"\r\n").await;
                server.write_all(reply.as_bytes()).await.unwrap();
            }
            read_protected(&mut server, b"\r\n.\r\n").await;
            server.write_all(b"250 taken\r\n").await.unwrap();
            server.flush().await.unwrap();
            // No close_notify (RFC 8446 §6.1): the connection below is dropped.
            drop(server.into_inner().0);
        });
        let file = TRUSTED.1.path().to_str().unwrap();
        let keys = format!("url = \"smtps://localhost:465\"\nca_file = \"{file}\"");
        let session = relay_of(&keys).open_over(client, OWN_ADDRESS).await;
        let mut session = session.unwrap();
        let (transaction, _) = deliver(&mut session, "reader@example.org").await;
        assert!(!session.is_alive().await);
        transaction
    });
    assert!(
        matches!(transaction, Transaction::Accepted(_)),
        "{transaction:?}"
    );
}

async fn read_protected(server: &mut TlsStream<DuplexStream>, end: &[u8]) {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(server.read_u8().await.unwrap());
    }
}
