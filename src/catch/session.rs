//! One connection: greeting, transactions, farewell (RFC 5321 §3).

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::command::{self, Command, Mail};
use super::maildir::Maildir;
use super::turn::{Arrival, Director, Moment, Says, Then, Turn};
use super::wire::{Ended, Line, Wire};
use super::{Accepted, Limits};

/// What all connections share.
pub(super) struct Shared {
    pub(super) maildir: Arc<Maildir>,
    pub(super) limits: Limits,
    pub(super) director: Option<Arc<dyn Director>>,
    pub(super) on_accepted: Box<dyn Fn(&Accepted) + Send + Sync>,
}

/// The state of one connection.
pub(super) struct Session {
    pub(super) wire: Wire,
    number: u64,
    pub(super) messages: usize,
    pub(super) shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
    greeted: bool,
    pub(super) transaction: Option<Transaction>,
}

/// A MAIL command that was accepted, and the recipients since.
pub(super) struct Transaction {
    pub(super) from: String,
    utf8: bool,
    pub(super) recipients: Vec<String>,
}

/// What ends the wait for a command.
enum Heard {
    Line(Line),
    Silence,
    Stop,
}

/// Whether the conversation goes on.
pub(super) enum Next {
    Command,
    Close,
    Reset,
    /// Nothing more is said until the client goes.
    Silence,
}

impl From<Then> for Next {
    fn from(then: Then) -> Self {
        match then {
            Then::GoOn => Self::Command,
            Then::Close => Self::Close,
            Then::Reset => Self::Reset,
            Then::Silence => Self::Silence,
        }
    }
}

impl Session {
    /// Talks over a fresh connection until one side has had enough. `number` counts the server's
    /// connections; `stopping` turns true when the server wants to end.
    pub(super) async fn hold(
        stream: TcpStream,
        number: u64,
        shared: Arc<Shared>,
        stopping: watch::Receiver<bool>,
    ) -> Result<(), Ended> {
        let session = Self {
            wire: Wire::new(stream, shared.limits.idle)?,
            number,
            messages: 0,
            shared: Arc::clone(&shared),
            stopping,
            greeted: false,
            transaction: None,
        };
        if let Some(director) = &shared.director {
            director.opened(number);
        }
        let ended = session.run().await;
        if let Some(director) = &shared.director {
            director.closed(number);
        }
        ended
    }

    async fn run(mut self) -> Result<(), Ended> {
        let turn = self.turn(Moment::Greeting, &[]).await;
        let mark = self.wire.mark();
        if turn.obeys {
            self.reply("220 localhost ESMTP Postrider keeps everything");
        }
        let mut next = self.say(mark, turn);
        loop {
            match next {
                Next::Command => {}
                Next::Close => return self.wire.close().await,
                Next::Reset => return self.wire.reset(),
                Next::Silence => return self.keep_silent().await,
            }
            next = match self.listen().await? {
                Heard::Line(line) => self.obey(line).await?,
                Heard::Stop => {
                    self.reply("421 4.3.2 localhost is closing");
                    Next::Close
                }
                Heard::Silence => {
                    // RFC 5321 §3.8: a server may close after a timeout, with a 421.
                    self.reply("421 4.4.2 localhost has waited long enough");
                    Next::Close
                }
            };
        }
    }

    /// What to do at a moment: the usual, where nobody directs.
    pub(super) async fn turn(&self, moment: Moment, recipients: &[String]) -> Turn {
        let Some(director) = &self.shared.director else {
            return Turn::USUAL;
        };
        let arrival = Arrival {
            moment,
            connection: self.number,
            messages: self.messages,
            recipients,
        };
        director.turn(arrival).await
    }

    /// Puts what the turn says in the place of what was said since `mark`.
    pub(super) fn say(&mut self, mark: usize, turn: Turn) -> Next {
        match turn.says {
            Says::Usual => {}
            Says::HalfOfIt => self.wire.cut(mark + (self.wire.mark() - mark) / 2),
            Says::Nothing => self.wire.cut(mark),
            Says::Bytes(bytes) => {
                self.wire.cut(mark);
                self.wire.reply_bytes(&bytes);
            }
        }
        turn.then.into()
    }

    /// Reads and says nothing until the client goes or the server ends.
    async fn keep_silent(mut self) -> Result<(), Ended> {
        let mut stopping = self.stopping.clone();
        loop {
            self.wire.consume(self.wire.waiting().len());
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return self.wire.reset(),
                filled = self.wire.fill() => filled?,
            }
        }
    }

    /// Waits for the next command. A message that is being received is finished first: the wish
    /// to stop is heard only here.
    async fn listen(&mut self) -> Result<Heard, Ended> {
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|stopping| *stopping) => Ok(Heard::Stop),
            line = self.wire.read_line() => match line {
                Ok(line) => Ok(Heard::Line(line)),
                Err(Ended::Idle) => Ok(Heard::Silence),
                Err(ended) => Err(ended),
            },
        }
    }

    async fn obey(&mut self, line: Line) -> Result<Next, Ended> {
        let Line::Whole(line) = line else {
            // RFC 5321 §4.5.3.1.9
            self.wire.reply("500 5.5.6 the line is too long\r\n");
            return Ok(Next::Command);
        };
        if command::is_other_protocol(&line) {
            self.wire.reply("421 5.5.2 this is a mail server\r\n");
            return Ok(Next::Close);
        }
        let command = match Command::parse(&line) {
            Ok(command) => command,
            Err(refusal) => {
                self.reply(refusal);
                return Ok(Next::Command);
            }
        };
        let Some(moment) = moment_of(&command) else {
            return self.follow(command).await;
        };
        let named = match &command {
            Command::Rcpt(recipient) => std::slice::from_ref(&recipient.0),
            _ => &[],
        };
        let turn = self.turn(moment, named).await;
        let mark = self.wire.mark();
        let next = if turn.obeys {
            self.follow(command).await?
        } else {
            Next::Command
        };
        Ok(match (next, self.say(mark, turn)) {
            (next, Next::Command) => next,
            (_, directed) => directed,
        })
    }

    /// Does what a command asks, and says so.
    async fn follow(&mut self, command: Command) -> Result<Next, Ended> {
        match command {
            Command::Ehlo => self.greet(true),
            Command::Helo => self.greet(false),
            Command::Mail(mail) => self.begin(mail),
            Command::Rcpt(recipient) => self.add_recipient(recipient.0),
            Command::Rset => {
                self.transaction = None;
                self.reply("250 2.0.0 forgotten");
            }
            Command::Noop => self.reply("250 2.0.0 at your service"),
            // RFC 5321 §3.5.3: willing to try, unable to say.
            Command::Vrfy => self.reply("252 2.1.5 everybody is welcome"),
            Command::Data => return self.receive().await,
            Command::Help => {
                self.reply("214 2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT");
            }
            Command::Quit => {
                self.reply("221 2.0.0 goodbye");
                return Ok(Next::Close);
            }
        }
        Ok(Next::Command)
    }

    pub(super) fn reply(&mut self, reply: &str) {
        self.wire.reply(reply);
        self.wire.reply("\r\n");
    }

    fn greet(&mut self, extended: bool) {
        self.greeted = true;
        // RFC 5321 §4.1.4: a second greeting is a RSET too.
        self.transaction = None;
        if extended {
            let size = self.shared.limits.message_bytes;
            self.wire.reply(&format!(
                "250-localhost\r\n250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                 250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 HELP\r\n"
            ));
        } else {
            self.reply("250 localhost");
        }
    }

    fn begin(&mut self, mail: Mail) {
        let limit = self.shared.limits.message_bytes as u64;
        if !self.greeted {
            self.reply("503 5.5.1 greet first, with EHLO");
        } else if self.transaction.is_some() {
            self.reply("503 5.5.1 a message is under way; RSET ends it");
        } else if mail.size.is_some_and(|size| size > limit) {
            // RFC 1870 §6.1
            self.reply("552 5.3.4 the message is too large");
        } else {
            self.transaction = Some(Transaction {
                from: mail.from,
                utf8: mail.utf8,
                recipients: Vec::new(),
            });
            self.reply("250 2.1.0 sender noted");
        }
    }

    fn add_recipient(&mut self, to: String) {
        let most = self.shared.limits.recipients;
        let reply = match &mut self.transaction {
            None => "503 5.5.1 MAIL comes first",
            Some(transaction) if !transaction.utf8 && !to.is_ascii() => {
                "553 5.6.7 the address needs SMTPUTF8"
            }
            // RFC 5321 §4.5.3.1.10
            Some(transaction) if transaction.recipients.len() >= most => {
                "452 4.5.3 too many recipients in one message"
            }
            Some(transaction) => {
                transaction.recipients.push(to);
                "250 2.1.5 recipient noted"
            }
        };
        self.reply(reply);
    }
}

/// The moment at which a command comes. DATA has several, and asks for itself.
fn moment_of(command: &Command) -> Option<Moment> {
    match command {
        Command::Ehlo | Command::Helo => Some(Moment::Ehlo),
        Command::Mail(_) => Some(Moment::Mail),
        Command::Rcpt(_) => Some(Moment::Rcpt),
        Command::Rset => Some(Moment::Rset),
        Command::Quit => Some(Moment::Quit),
        Command::Data | Command::Noop | Command::Vrfy | Command::Help => None,
    }
}
