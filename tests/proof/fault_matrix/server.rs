//! A server over a connection in memory, with one fault at one stage.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postrider::token::sha256_hex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::line::{Reset, Stream};
use crate::proof::bench::message_id;
use crate::support::certificate::Certificate;
use crate::support::relay::Acceptance;

/// The stages of a conversation, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Connect,
    Banner,
    Ehlo,
    StartTls,
    Handshake,
    SecondEhlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Body,
    Dot,
    Rset,
    Quit,
}

impl Stage {
    pub(super) const ALL: [Self; 14] = [
        Self::Connect,
        Self::Banner,
        Self::Ehlo,
        Self::StartTls,
        Self::Handshake,
        Self::SecondEhlo,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Body,
        Self::Dot,
        Self::Rset,
        Self::Quit,
    ];
}

/// What goes wrong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Reply(&'static str),
    /// A reply of a class that is not due.
    WrongClass,
    CloseBeforeReply,
    Reset,
    HalfReplyThenClose,
    /// Nothing more comes, and nothing ends.
    HalfOpen,
    DelayWithinTimer,
    DelayBeyondTimer,
    /// One byte a second.
    Drip,
    /// A line of 1 MiB.
    LongLine,
    /// 10,000 continuation lines.
    EndlessReply,
    Garbage,
    MismatchedCodes,
}

impl Fault {
    pub(super) const ALL: [Self; 22] = [
        Self::Reply("421 4.3.2 going down"),
        Self::Reply("450 4.2.1 mailbox busy"),
        Self::Reply("451 4.7.1 greylisted, come back later"),
        Self::Reply("452 4.3.1 out of storage"),
        Self::Reply("454 4.7.0 Throttling failure: Maximum sending rate exceeded."),
        Self::Reply("550 5.1.1 no such user"),
        Self::Reply("550 5.7.1 blocked by policy"),
        Self::Reply("552 5.2.2 mailbox full"),
        Self::Reply("554 transaction failed"),
        Self::Reply("550 5.4.5 daily sending quota exceeded"),
        Self::WrongClass,
        Self::CloseBeforeReply,
        Self::Reset,
        Self::HalfReplyThenClose,
        Self::HalfOpen,
        Self::DelayWithinTimer,
        Self::DelayBeyondTimer,
        Self::Drip,
        Self::LongLine,
        Self::EndlessReply,
        Self::Garbage,
        Self::MismatchedCodes,
    ];
}

/// What the server saw and did.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What it took responsibility for.
    pub(super) accepted: Vec<Acceptance>,
    pub(super) auth_attempts: usize,
    pub(super) commands: Vec<String>,
}

/// How the server behaves on one connection.
#[derive(Clone)]
pub(super) struct Behaviour {
    /// What goes wrong, the first time that the conversation comes there, and how long the client
    /// will wait there.
    pub(super) fault: Option<(Stage, Fault, Duration)>,
    /// Refuses the first recipient for a while, so that RSET follows.
    pub(super) refuses_first: bool,
    pub(super) extensions: Vec<String>,
    pub(super) certificate: Certificate,
    pub(super) seen: Arc<Mutex<Seen>>,
}

/// What became of a stage.
enum Flow {
    /// The usual reply was given.
    Usual,
    /// Another one.
    Other,
}

/// The connection ends.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}

struct Server {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    behaviour: Behaviour,
    reset: Reset,
    protected: bool,
}

/// Talks until one side closes.
pub(super) async fn serve(stream: DuplexStream, reset: Reset, behaviour: Behaviour) {
    let mut server = Server {
        stream: Box::new(stream),
        buffer: Vec::new(),
        behaviour,
        reset,
        protected: false,
    };
    let _: Result<(), Over> = server.converse().await;
}

impl Server {
    async fn converse(&mut self) -> Result<(), Over> {
        if self.is_faulty(Stage::Connect) {
            // Whoever stands at the door speaks, and closes it.
            self.reply(Stage::Connect, "220 relay.example.org").await?;
            return Err(Over);
        }
        self.reply(Stage::Banner, "220 relay.example.org ESMTP")
            .await?;
        let mut recipient: Option<String> = None;
        let mut greeted = false;
        loop {
            let line = self.line().await?;
            self.seen(|seen| seen.commands.push(line.clone()));
            let verb = line.split(' ').next().unwrap_or_default().to_owned();
            match verb.as_str() {
                "EHLO" | "HELO" => {
                    let stage = if self.protected {
                        Stage::SecondEhlo
                    } else {
                        Stage::Ehlo
                    };
                    let usual = self.announcement(&verb);
                    self.reply(stage, &usual).await?;
                }
                "STARTTLS" => self.start_tls().await?,
                "AUTH" => {
                    self.seen(|seen| seen.auth_attempts += 1);
                    self.reply(Stage::Auth, "235 2.7.0 welcome").await?;
                }
                "MAIL" => {
                    recipient = None;
                    let flow = self.reply(Stage::Mail, "250 2.1.0 ok").await?;
                    greeted = matches!(flow, Flow::Usual);
                }
                "RCPT" if greeted => recipient = self.take_recipient(&line).await?,
                "DATA" => match recipient.take() {
                    Some(recipient) => self.receive(recipient).await?,
                    None => self.say("554 5.5.1 no valid recipients").await?,
                },
                "RSET" => {
                    greeted = false;
                    self.reply(Stage::Rset, "250 2.0.0 ok").await?;
                }
                "QUIT" => {
                    self.reply(Stage::Quit, "221 2.0.0 bye").await?;
                    return Err(Over);
                }
                _ => self.say("503 5.5.1 not now").await?,
            }
        }
    }

    fn announcement(&self, verb: &str) -> String {
        if verb == "HELO" {
            return "250 relay.example.org".to_owned();
        }
        let mut lines = vec!["relay.example.org".to_owned()];
        lines.extend(self.behaviour.extensions.iter().cloned());
        lines.push(
            if self.protected {
                "AUTH PLAIN"
            } else {
                "STARTTLS"
            }
            .to_owned(),
        );
        let last = lines.pop().unwrap_or_default();
        let mut announcement = String::new();
        for line in lines {
            announcement.extend(["250-", &line, "\r\n"]);
        }
        announcement + "250 " + &last
    }

    async fn start_tls(&mut self) -> Result<(), Over> {
        let Flow::Usual = self.reply(Stage::StartTls, "220 2.0.0 go ahead").await? else {
            return Ok(());
        };
        if self.is_faulty(Stage::Handshake) {
            self.spoil_handshake().await?;
        }
        let acceptor = TlsAcceptor::from(self.behaviour.certificate.server.clone());
        let (nothing, _) = duplex(1);
        let plain = std::mem::replace(&mut self.stream, Box::new(nothing));
        self.stream = Box::new(acceptor.accept(plain).await?);
        self.buffer.clear();
        self.protected = true;
        Ok(())
    }

    /// In place of the server's part of the handshake, or before it.
    async fn spoil_handshake(&mut self) -> Result<(), Over> {
        if matches!(self.behaviour.fault, Some((_, Fault::Drip, _))) {
            let (inside, outside) = duplex(64 * 1024);
            let slow = std::mem::replace(&mut self.stream, Box::new(inside));
            tokio::spawn(drip_through(slow, outside));
            self.behaviour.fault = None;
            return Ok(());
        }
        let delays = [Fault::DelayWithinTimer, Fault::DelayBeyondTimer];
        if !matches!(self.behaviour.fault, Some((_, fault, _)) if delays.contains(&fault)) {
            // The client's hello: what comes before it is an injection, and told as one.
            self.fill().await?;
        }
        // The half of a record's header is as good as half a reply.
        match self.reply_with(Stage::Handshake, b"\x16\x03").await? {
            // Delays are over when the usual bytes would come; the handshake itself follows.
            Flow::Usual => Ok(()),
            Flow::Other => Err(Over),
        }
    }

    async fn take_recipient(&mut self, line: &str) -> Result<Option<String>, Over> {
        if std::mem::take(&mut self.behaviour.refuses_first) {
            self.say("450 4.2.0 later").await?;
            return Ok(None);
        }
        let flow = self.reply(Stage::Rcpt, "250 2.1.5 ok").await?;
        let path = line.split(['<', '>']).nth(1).unwrap_or_default();
        Ok(matches!(flow, Flow::Usual).then(|| path.to_owned()))
    }

    async fn receive(&mut self, recipient: String) -> Result<(), Over> {
        let Flow::Usual = self.reply(Stage::Data, "354 go on").await? else {
            return Ok(());
        };
        self.fill().await?;
        let mut answers = true;
        if self.is_faulty(Stage::Body) {
            answers = self.spoil_body().await?;
        }
        let message = self.message().await?;
        let refuses = matches!(self.behaviour.fault,
            Some((Stage::Dot, Fault::Reply(reply), _)) if !reply.starts_with('2'));
        if !refuses {
            let acceptance = Acceptance {
                message_id: message_id(&recipient),
                recipient,
                sha256: sha256_hex(&message),
            };
            self.seen(|seen| seen.accepted.push(acceptance));
        }
        if answers {
            self.reply(Stage::Dot, "250 2.0.0 queued").await?;
        }
        Ok(())
    }

    /// Whether the dot will still be answered.
    async fn spoil_body(&mut self) -> Result<bool, Over> {
        let Some((_, fault, timer)) = self.behaviour.fault.take() else {
            return Ok(true);
        };
        match fault {
            Fault::DelayWithinTimer => sleep(timer / 2).await,
            Fault::DelayBeyondTimer => sleep(timer * 3 / 2).await,
            Fault::Drip => loop {
                self.stream.read_u8().await?;
                sleep(Duration::from_secs(1)).await;
            },
            other => {
                self.behaviour.fault = Some((Stage::Body, other, timer));
                // Usually nothing is said here, so anything said is another reply.
                self.reply(Stage::Body, "250 2.0.0 queued").await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_faulty(&self, stage: Stage) -> bool {
        matches!(self.behaviour.fault, Some((at, _, _)) if at == stage)
    }

    async fn reply(&mut self, stage: Stage, usual: &str) -> Result<Flow, Over> {
        let usual = format!("{usual}\r\n");
        if self.is_faulty(stage) {
            return self.reply_with(stage, usual.as_bytes()).await;
        }
        self.write(usual.as_bytes()).await?;
        Ok(Flow::Usual)
    }

    /// The fault in place of these bytes; at the handshake they are no reply and are left out.
    async fn reply_with(&mut self, stage: Stage, usual: &[u8]) -> Result<Flow, Over> {
        let Some((_, fault, timer)) = self.behaviour.fault.take() else {
            return Ok(Flow::Usual);
        };
        let at_handshake = stage == Stage::Handshake;
        match fault {
            Fault::Reply(text) => {
                self.say(text).await?;
                if text.starts_with("421") {
                    return Err(Over);
                }
            }
            Fault::WrongClass => {
                let due = usual.starts_with(b"354");
                self.say(if due { "250 2.0.0 ok" } else { "354 go on" })
                    .await?;
            }
            Fault::CloseBeforeReply => return Err(Over),
            Fault::Reset => {
                self.reset.set();
                return Err(Over);
            }
            Fault::HalfReplyThenClose => {
                self.write(&usual[..usual.len() / 2]).await?;
                return Err(Over);
            }
            Fault::HalfOpen => std::future::pending().await,
            Fault::DelayWithinTimer | Fault::DelayBeyondTimer | Fault::Drip => {
                match fault {
                    Fault::DelayWithinTimer => sleep(timer / 2).await,
                    Fault::DelayBeyondTimer => sleep(timer * 3 / 2).await,
                    _ => {}
                }
                if at_handshake {
                    return Ok(Flow::Usual);
                }
                for byte in usual {
                    if fault == Fault::Drip {
                        sleep(Duration::from_secs(1)).await;
                    }
                    self.write(&[*byte]).await?;
                }
                return Ok(Flow::Usual);
            }
            Fault::LongLine => self.write(&vec![b'2'; 1024 * 1024]).await?,
            Fault::EndlessReply => {
                for _ in 0..10_000 {
                    self.say("250-more").await?;
                }
            }
            Fault::Garbage => self.write(b"\0\xff\xfe\x1b[2J\x07 ok?\r\n").await?,
            Fault::MismatchedCodes => self.write(b"250-yes\r\n550 no\r\n").await?,
        }
        Ok(Flow::Other)
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        self.write(format!("{text}\r\n").as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Over> {
        self.stream.write_all(bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// Everything up to the lone dot, with the stuffed dots taken away.
    async fn message(&mut self) -> Result<Vec<u8>, Over> {
        let mut message = Vec::new();
        loop {
            let line = self.line_bytes().await?;
            if line == b".\r\n" {
                return Ok(message);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    async fn line(&mut self) -> Result<String, Over> {
        let line = self.line_bytes().await?;
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    async fn line_bytes(&mut self) -> Result<Vec<u8>, Over> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                return Ok(self.buffer.drain(..end + 2).collect());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Over> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(Over);
        }
        Ok(())
    }

    fn seen(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.behaviour.seen.lock().unwrap());
    }
}

/// Carries bytes both ways, those to the client one a second.
async fn drip_through(slow: Box<dyn Stream>, fast: DuplexStream) {
    let (mut slow_in, mut slow_out) = tokio::io::split(slow);
    let (mut fast_in, mut fast_out) = tokio::io::split(fast);
    let there = async {
        tokio::io::copy(&mut slow_in, &mut fast_out)
            .await
            .map(|_| ())
    };
    let back = async {
        loop {
            let byte = fast_in.read_u8().await?;
            sleep(Duration::from_secs(1)).await;
            slow_out.write_u8(byte).await?;
        }
    };
    let _: (io::Result<()>, io::Result<()>) = tokio::join!(there, back);
}
