//! The server as a client meets it: over a real socket, checked by the files it leaves.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{Accepted, CatchError, Catcher, Limits};

/// A server on a port of its own, with a Maildir that goes when it does.
struct Running {
    address: SocketAddr,
    maildir: tempfile::TempDir,
    accepted: Receiver<Accepted>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        let maildir = tempfile::tempdir().unwrap();
        let catcher = Catcher::bind("127.0.0.1:0".parse().unwrap(), maildir.path())
            .unwrap()
            .with_limits(limits);
        let address = catcher.local_address();
        let (accepted_in, accepted) = channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let on_accepted = move |message: &Accepted| {
                let _ = accepted_in.send(message.clone());
            };
            let run = catcher.run(on_accepted, async {
                let _ = stopped.await;
            });
            runtime.block_on(run).unwrap();
        });
        let (stop, thread) = (Some(stop), Some(thread));
        Self {
            address,
            maildir,
            accepted,
            stop,
            thread,
        }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        let mut client = Client { stream, reader };
        client.expect("220 localhost ESMTP Postrider keeps everything");
        client
    }

    /// A client that has greeted.
    fn greet(&self) -> Client {
        let mut client = self.connect();
        client.ask("HELO example.org", "250 localhost");
        client
    }

    fn stored(&self) -> Vec<Vec<u8>> {
        let mut paths: Vec<_> = files(&self.maildir.path().join("new"));
        paths.sort();
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
            assert_eq!(
                files(&self.maildir.path().join("tmp")),
                Vec::<std::path::PathBuf>::new()
            );
        }
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.strip_suffix("\r\n").unwrap_or(&line).to_owned()
    }

    #[track_caller]
    fn expect(&mut self, start: &str) {
        let line = self.line();
        assert!(line.starts_with(start), "{line:?} is not {start:?}");
    }

    #[track_caller]
    fn ask(&mut self, command: &str, start: &str) {
        self.send(format!("{command}\r\n"));
        self.expect(start);
    }

    /// Greets nobody, names sender and recipient and asks for DATA.
    #[track_caller]
    fn begin(&mut self) {
        self.ask("MAIL FROM:<a@example.org>", "250 2.1.0");
        self.ask("RCPT TO:<b@example.org>", "250 2.1.5");
        self.ask("DATA", "354 ");
    }

    /// Everything up to the close.
    fn rest(mut self) -> String {
        let mut text = String::new();
        self.reader.read_to_string(&mut text).unwrap();
        text
    }
}

#[test]
fn the_extensions_are_offered_by_name() {
    let server = Running::start();
    let mut client = server.connect();
    client.send("EHLO example.org\r\nQUIT\r\n");
    assert_eq!(
        client.rest(),
        "250-localhost\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
         250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 HELP\r\n221 2.0.0 goodbye\r\n"
    );
}

#[test]
fn a_pipelined_transaction_becomes_one_file_with_the_exact_bytes() {
    let server = Running::start();
    let mut client = server.greet();
    let message =
        b"From: a@example.org\r\nSubject: =?utf-8?Q?Caf=C3=A9?=\r\n\r\n\0\x80\nbare\rbytes \r\n";
    client.send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n");
    for start in ["250 2.1.0", "250 2.1.5", "250 2.1.5", "354 "] {
        client.expect(start);
    }
    client.send([message.as_slice(), b".\r\nQUIT\r\n"].concat());
    client.expect("250 2.0.0 kept as 0000000001.P");
    client.expect("221 2.0.0");
    assert_eq!(server.stored(), [message.to_vec()]);
    let accepted = server.accepted.recv().unwrap();
    assert_eq!(accepted.from, "a@example.org");
    assert_eq!(accepted.to, ["b@example.org", "c@example.org"]);
    assert_eq!(accepted.size, message.len());
    assert_eq!(accepted.subject.as_deref(), Some("Café"));
    assert_eq!(fs::read(accepted.path).unwrap(), message);
}

#[test]
fn a_whole_conversation_in_one_packet_is_answered() {
    let server = Running::start();
    let mut client = server.connect();
    let transaction = "MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx\r\n.\r\n";
    client.send(format!(
        "EHLO example.org\r\n{}QUIT\r\n",
        transaction.repeat(50)
    ));
    let replies = client.rest();
    assert_eq!(replies.matches("250 2.0.0 kept as").count(), 50);
    assert_eq!(server.stored(), vec![b"x\r\n".to_vec(); 50]);
}

#[test]
fn stuffed_dots_are_taken_away_however_the_bytes_are_cut() {
    let server = Running::start();
    let wire = b"..\r\n.a\r\nb.\r\n\r\n..c\r\n.\r\n";
    for cut in 1..wire.len() {
        let mut client = server.greet();
        client.begin();
        client.send(&wire[..cut]);
        client.send(&wire[cut..]);
        client.expect("250 2.0.0");
    }
    assert_eq!(
        server.stored(),
        vec![b".\r\na\r\nb.\r\n\r\n.c\r\n".to_vec(); wire.len() - 1]
    );
}

#[test]
fn a_message_cannot_be_smuggled_behind_a_false_end() {
    for end in [
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r\n.\r\r\n",
    ] {
        let server = Running::start();
        let mut client = server.greet();
        client.begin();
        let inner = "MAIL FROM:<evil@example.net>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nbad\r\n";
        client.send(format!("good{end}{inner}.\r\nQUIT\r\n"));
        assert_eq!(
            client.rest().matches("250 2.0.0 kept").count(),
            1,
            "{end:?}"
        );
        let kept = end.replace("\r\n.", "\r\n");
        assert_eq!(
            server.stored(),
            [format!("good{kept}{inner}").into_bytes()],
            "{end:?}"
        );
    }
}

#[test]
fn a_message_over_the_limit_is_refused_and_the_next_one_is_kept() {
    let limits = Limits {
        message_bytes: 1000,
        ..Limits::default()
    };
    let server = Running::with_limits(limits);
    let mut client = server.greet();
    client.ask("MAIL FROM:<a@example.org> SIZE=1001", "552 5.3.4");
    client.ask(
        "MAIL FROM:<a@example.org> SIZE=99999999999999999999",
        "552 5.3.4",
    );
    client.begin();
    client.send(format!("{}\r\n.\r\n", "x".repeat(999)));
    client.expect("552 5.3.4");
    client.begin();
    client.send(format!("{}\r\n.\r\n", "x".repeat(998)));
    client.expect("250 2.0.0");
    assert_eq!(
        server.stored().iter().map(Vec::len).collect::<Vec<_>>(),
        [1000]
    );
}

#[test]
fn a_message_larger_than_memory_blocks_is_kept_whole() {
    let server = Running::start();
    let mut client = server.greet();
    client.begin();
    let line = format!("{}\r\n", "0123456789".repeat(7));
    let message = format!("Subject: large\r\n\r\n{}", line.repeat(40_000));
    client.send(format!("{message}.\r\n"));
    client.expect("250 2.0.0");
    assert!(server.stored() == [message.into_bytes()]);
    assert_eq!(
        server.accepted.recv().unwrap().subject.as_deref(),
        Some("large")
    );
}

#[test]
fn commands_out_of_order_are_refused() {
    let server = Running::start();
    let mut client = server.connect();
    client.ask("MAIL FROM:<a@example.org>", "503 5.5.1");
    client.ask("EHLO example.org", "250-localhost");
    while !client.line().starts_with("250 ") {}
    client.ask("RCPT TO:<b@example.org>", "503 5.5.1");
    client.ask("DATA", "503 5.5.1");
    client.ask("MAIL FROM:<a@example.org>", "250 2.1.0");
    client.ask("DATA", "554 5.5.1");
    client.ask("MAIL FROM:<a@example.org>", "503 5.5.1");
    client.ask("RSET", "250 2.0.0");
    client.ask("RCPT TO:<b@example.org>", "503 5.5.1");
    client.ask("MAIL FROM:<a@example.org>", "250 2.1.0");
    client.ask("HELO example.org", "250 localhost");
    client.ask("RCPT TO:<b@example.org>", "503 5.5.1");
    client.ask("VRFY b", "252 2.1.5");
    client.ask("NOOP whatever", "250 2.0.0");
    client.ask("HELP", "214 2.0.0");
    client.ask("AUTH PLAIN AGEAYg==", "502 5.5.1");
    client.ask("QUIT", "221 2.0.0");
    assert_eq!(client.rest(), "");
}

#[test]
fn a_line_without_end_is_refused_and_the_next_one_obeyed() {
    let server = Running::start();
    let mut client = server.connect();
    client.send(format!("NOOP {}\r\n", "x".repeat(300_000)));
    client.expect("500 5.5.6");
    client.ask(&format!("NOOP {}", "x".repeat(4091)), "250 2.0.0");
    client.ask(&format!("NOOP {}", "x".repeat(4092)), "500 5.5.6");
    client.ask("NOOP\nNOOP", "500 5.5.2");
}

#[test]
fn the_recipient_after_the_last_is_put_off() {
    let server = Running::start();
    let mut client = server.greet();
    client.ask("MAIL FROM:<a@example.org>", "250 2.1.0");
    for number in 0..100 {
        client.ask(&format!("RCPT TO:<b{number}@example.org>"), "250 2.1.5");
    }
    client.ask("RCPT TO:<b100@example.org>", "452 4.5.3");
    client.ask("DATA", "354 ");
    client.send(".\r\n");
    client.expect("250 2.0.0");
    assert_eq!(server.accepted.recv().unwrap().to.len(), 100);
}

#[test]
fn a_browser_is_shown_the_door() {
    let server = Running::start();
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nHELO a\r\n");
    assert_eq!(client.rest(), "421 5.5.2 this is a mail server\r\n");
}

#[test]
fn a_message_cut_off_before_its_end_is_not_kept() {
    let mut server = Running::start();
    let mut client = server.greet();
    client.begin();
    client.send("x".repeat(600_000));
    client.send("\r\n.\r");
    drop(client);
    server.stop();
    assert_eq!(server.stored(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_message_that_cannot_be_stored_is_put_off() {
    let server = Running::start();
    let mut client = server.greet();
    let hidden = server.maildir.path().join("hidden");
    fs::rename(server.maildir.path().join("new"), &hidden).unwrap();
    client.begin();
    client.send("x\r\n.\r\n");
    client.expect("451 4.3.0");
    fs::rename(hidden, server.maildir.path().join("new")).unwrap();
    assert_eq!(server.stored(), Vec::<Vec<u8>>::new());
    client.begin();
    client.send("x\r\n.\r\n");
    client.expect("250 2.0.0");
}

#[test]
fn one_connection_too_many_is_told_so() {
    let server = Running::with_limits(Limits {
        connections: 1,
        ..Limits::default()
    });
    let first = server.greet();
    let mut second = TcpStream::connect(server.address).unwrap();
    let mut reply = String::new();
    second.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "421 4.3.2 too many connections\r\n");
    second.flush().unwrap();
    drop(first);
}

#[test]
fn a_silent_client_is_sent_away() {
    let limits = Limits {
        idle: Duration::from_millis(20),
        ..Limits::default()
    };
    let server = Running::with_limits(limits);
    assert_eq!(
        server.connect().rest(),
        "421 4.4.2 localhost has waited long enough\r\n"
    );
}

#[test]
fn when_the_server_ends_a_message_under_way_is_still_kept() {
    let mut server = Running::start();
    let waiting = server.greet();
    let mut sending = server.greet();
    sending.begin();
    sending.send("half, ");
    drop(server.stop.take());
    assert_eq!(waiting.rest(), "421 4.3.2 localhost is closing\r\n");
    sending.send("whole\r\n.\r\n");
    sending.expect("250 2.0.0");
    sending.expect("421 4.3.2");
    drop(sending);
    server.stop();
    assert_eq!(server.stored(), [b"half, whole\r\n".to_vec()]);
}

#[test]
fn only_this_machine_can_be_listened_to() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "192.0.2.1:25", "[::]:0", "[2001:db8::1]:25"] {
        let error = Catcher::bind(address.parse().unwrap(), folder.path()).unwrap_err();
        assert!(matches!(error, CatchError::NotLoopback(_)), "{address}");
        assert!(error.to_string().contains(address));
    }
    assert_eq!(files(folder.path()).len(), 0);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = Running::start();
    let error = Catcher::bind(server.address, server.maildir.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on `{}`", server.address)
    );
}
