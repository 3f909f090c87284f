//! The relay's side of one connection.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use data_encoding::BASE64;

use super::log::AcceptedMessage;
use super::script::{Action, Arrival, Encryption, Stage};
use super::stream::Stream;
use super::{Farewell, Shared};

/// The connection is at its end.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// Which reply the client was given, or would have been.
enum Answer {
    /// The usual one.
    Usual,
    /// Another one, or bytes that are none.
    Other,
}

pub(super) struct Conversation<'a> {
    number: usize,
    stream: Stream,
    shared: &'a Arc<Shared>,
    user: Option<String>,
    greeted: bool,
    transaction: Option<Transaction>,
    accepted: usize,
    random: u64,
}

#[derive(Debug, Clone)]
struct Transaction {
    from: String,
    parameters: String,
    recipients: Vec<String>,
}

impl<'a> Conversation<'a> {
    /// Talks to a client until one side closes.
    pub(super) fn hold(number: usize, socket: TcpStream, shared: &'a Arc<Shared>) {
        let Ok(stream) = Stream::new(socket) else {
            return;
        };
        let mut conversation = Self {
            number,
            stream,
            shared,
            user: None,
            greeted: false,
            transaction: None,
            accepted: 0,
            random: 0x2545_F491_4F6C_DD1D ^ number as u64,
        };
        // Every way out is an end of the connection; the test sees it from the other side.
        let most = shared.setup.connections_at_once;
        let is_let_in = shared.log.let_in(most.unwrap_or(usize::MAX));
        let _: Result<(), Over> = if is_let_in {
            conversation.run()
        } else {
            conversation.write("421 4.7.0 too many connections")
        };
        conversation.stream.close();
        if is_let_in {
            shared.log.let_out();
        }
        shared.log.count_end();
    }

    fn run(&mut self) -> Result<(), Over> {
        if let Encryption::Implicit(certificate) = &self.shared.setup.encryption {
            self.stream.encrypt(&certificate.server)?;
        }
        self.answer(Stage::Banner, "220 relay.example.org ESMTP")?;
        loop {
            let line = self.read_line()?;
            self.shared.log.note_command(self.number, &line);
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            self.expect_silence_behind(&verb);
            match verb.as_str() {
                "EHLO" | "HELO" => self.greet(&verb)?,
                "STARTTLS" => self.start_tls()?,
                "AUTH" => self.authenticate(argument)?,
                "MAIL" => self.begin(argument)?,
                "RCPT" => self.add_recipient(argument)?,
                "DATA" => self.receive()?,
                "RSET" => {
                    self.transaction = None;
                    self.answer(Stage::Rset, "250 2.0.0 ok")?;
                }
                "NOOP" => self.write("250 2.0.0 ok")?,
                "QUIT" => {
                    self.answer(Stage::Quit, "221 2.0.0 bye")?;
                    return Err(Over);
                }
                _ => self.refuse("500 5.5.2 no such command")?,
            }
        }
    }

    fn greet(&mut self, verb: &str) -> Result<(), Over> {
        self.greeted = true;
        self.transaction = None;
        let setup = &self.shared.setup;
        let mut lines = vec!["relay.example.org".to_owned()];
        if verb == "EHLO" {
            lines.extend(setup.capabilities.iter().cloned());
            if self.tls_is_due() {
                lines.push("STARTTLS".to_owned());
            } else if !setup.accounts.is_empty() {
                lines.push("AUTH PLAIN LOGIN XOAUTH2".to_owned());
            }
        }
        let last = lines.pop().unwrap_or_default();
        let mut reply = String::new();
        for line in lines {
            reply.push_str(&["250-", &line, "\r\n"].concat());
        }
        reply.push_str(&["250 ", &last].concat());
        self.answer(Stage::Ehlo, &reply)?;
        Ok(())
    }

    fn tls_is_due(&self) -> bool {
        let offered = matches!(self.shared.setup.encryption, Encryption::StartTls(_));
        offered && !self.stream.is_encrypted()
    }

    fn start_tls(&mut self) -> Result<(), Over> {
        let shared = Arc::clone(self.shared);
        let (Encryption::StartTls(certificate), true) =
            (&shared.setup.encryption, self.tls_is_due())
        else {
            return self.refuse("503 5.5.1 no TLS here");
        };
        let mut reply = b"220 2.0.0 go ahead".to_vec();
        if !shared.setup.injected.is_empty() {
            reply.extend_from_slice(b"\r\n");
            reply.extend_from_slice(shared.setup.injected.trim_ascii_end());
        }
        let reply = String::from_utf8_lossy(&reply).into_owned();
        if let Answer::Usual = self.answer(Stage::StartTls, &reply)? {
            self.stream.encrypt(&certificate.server)?;
            // RFC 3207 §4.2: both sides forget what was said before.
            self.greeted = false;
        }
        Ok(())
    }

    fn authenticate(&mut self, argument: &str) -> Result<(), Over> {
        self.shared.log.count_auth_attempt();
        if self.tls_is_due() {
            return self.refuse("538 5.7.11 encryption is required");
        }
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let credentials = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let response = self.response("334 ", initial)?;
                let mut parts = response.split('\0').skip(1).map(str::to_owned);
                (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                )
            }
            "LOGIN" => {
                let user = self.response("334 VXNlcm5hbWU6", initial)?;
                (user, self.response("334 UGFzc3dvcmQ6", "")?)
            }
            "XOAUTH2" => bearer(&self.response("334 ", initial)?),
            _ => return self.refuse("504 5.5.4 no such mechanism"),
        };
        let by_token = mechanism.eq_ignore_ascii_case("XOAUTH2");
        if self.shared.setup.accounts.contains(&credentials) {
            if let Answer::Usual = self.answer(Stage::Auth, "235 2.7.0 welcome")? {
                self.user = Some(credentials.0);
            }
        } else {
            if by_token {
                // What is wrong is told first, and an empty line asks for the refusal.
                let told = BASE64.encode(br#"{"status":"400","schemes":"Bearer"}"#);
                self.write(&format!("334 {told}"))?;
                let line = self.read_line()?;
                if !line.is_empty() {
                    self.offence("answered the challenge of a refused token");
                }
            }
            self.answer(Stage::Auth, "535 5.7.8 wrong user name or password")?;
        }
        Ok(())
    }

    /// The client's answer to a challenge, decoded; nonsense is an empty one.
    fn response(&mut self, challenge: &str, initial: &str) -> Result<String, Over> {
        let encoded = if initial.is_empty() {
            self.write(challenge)?;
            self.read_line()?
        } else {
            initial.to_owned()
        };
        let decoded = BASE64.decode(encoded.as_bytes()).unwrap_or_default();
        Ok(String::from_utf8_lossy(&decoded).into_owned())
    }

    fn begin(&mut self, argument: &str) -> Result<(), Over> {
        let share = self.shared.setup.messages_per_connection;
        if share.is_some_and(|(count, _)| self.accepted >= count) {
            self.write("421 4.7.0 enough for one connection")?;
            return Err(Over);
        }
        if !self.greeted {
            return self.refuse("503 5.5.1 greet first");
        }
        if self.tls_is_due() {
            return self.refuse("530 5.7.0 STARTTLS comes first");
        }
        if self.user.is_none() && !self.shared.setup.accounts.is_empty() {
            return self.refuse("530 5.7.0 AUTH comes first");
        }
        if self.transaction.is_some() {
            return self.refuse("503 5.5.1 nested MAIL");
        }
        let Some((from, parameters)) = path(argument, "FROM:<") else {
            return self.refuse("501 5.5.4 MAIL FROM:<address>");
        };
        if let Answer::Usual = self.answer(Stage::Mail, "250 2.1.0 ok")? {
            self.transaction = Some(Transaction {
                from,
                parameters,
                recipients: Vec::new(),
            });
        }
        Ok(())
    }

    fn add_recipient(&mut self, argument: &str) -> Result<(), Over> {
        let Some((to, _)) = path(argument, "TO:<") else {
            return self.refuse("501 5.5.4 RCPT TO:<address>");
        };
        if self.transaction.is_none() {
            return self.refuse_follower("503 5.5.1 MAIL comes first");
        }
        let named = [to];
        let answer = self.answer_about(&named, Stage::Rcpt, "250 2.1.5 ok")?;
        if let (Answer::Usual, Some(transaction)) = (answer, &mut self.transaction) {
            transaction.recipients.extend(named);
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<(), Over> {
        let Some(transaction) = self.transaction.clone() else {
            return self.refuse_follower("503 5.5.1 MAIL comes first");
        };
        if transaction.recipients.is_empty() {
            return self.refuse_follower("554 5.5.1 no valid recipients");
        }
        let recipients = &transaction.recipients;
        let Answer::Usual = self.answer_about(recipients, Stage::Data, "354 go on")? else {
            return Ok(());
        };
        self.transaction = None;
        self.stream.wait_for_bytes()?;
        let early = self.answer_about(recipients, Stage::Body, "")?;
        let data = self.read_message()?;
        if !self.stream.waiting().is_empty() {
            self.offence("wrote behind the dot before its reply");
        }
        if let Answer::Other = early {
            return Ok(());
        }
        let message = AcceptedMessage {
            mail_from: transaction.from,
            mail_parameters: transaction.parameters,
            rcpt_to: transaction.recipients,
            data,
            connection: self.number,
            tls: self.stream.is_encrypted(),
            user: self.user.clone(),
        };
        self.answer_dot(message)
    }

    fn answer_dot(&mut self, message: AcceptedMessage) -> Result<(), Over> {
        let reply = format!("250 2.0.0 queued as {}.{}", self.number, self.accepted + 1);
        let action = self.next_action(Stage::Dot, &message.rcpt_to);
        let accepts = match &action {
            None
            | Some(
                Action::ReplyAndClose
                | Action::HalfReplyAndClose
                | Action::HalfReplyAndHold(_)
                | Action::ObeyAndClose,
            ) => true,
            Some(Action::Reply(reply)) => reply.starts_with('2'),
            Some(Action::Say(_) | Action::Close | Action::Stall | Action::Hold(_)) => false,
        };
        if accepts {
            // Logged before the reply leaves: who has read the reply finds the message.
            self.shared.log.accept(message);
            self.accepted += 1;
        }
        self.take_time();
        self.perform(action, &reply)?;
        match self.shared.setup.messages_per_connection {
            Some((count, Farewell::Silent)) if self.accepted >= count => Err(Over),
            _ => Ok(()),
        }
    }

    /// Everything up to the lone dot, with the stuffed dots taken away.
    fn read_message(&mut self) -> Result<Vec<u8>, Over> {
        let mut data = Vec::new();
        loop {
            let line = self.stream.read_through(b"\r\n")?;
            if line == b".\r\n" {
                return Ok(data);
            }
            let text = &line[..line.len() - 2];
            if text.contains(&b'\n') || text.contains(&b'\r') {
                self.offence("sent a bare CR or LF in a message");
            }
            // RFC 5321 §4.5.3.1.6
            if text.len() > 998 + usize::from(text.first() == Some(&b'.')) {
                self.offence("sent a line of more than 998 characters");
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    // -- answers --

    /// Thinks for a while, if the relay is a slow one.
    fn take_time(&mut self) {
        let slowest = self.shared.setup.slowest_reply;
        if !slowest.is_zero() {
            // xorshift64: no two replies alike, and the same ones in every run.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let part = (self.random >> 48) as u32;
            std::thread::sleep(slowest * part / 0x1_0000);
        }
    }

    /// Does what the script says for this stage, or gives the usual reply.
    fn answer(&mut self, stage: Stage, usual: &str) -> Result<Answer, Over> {
        self.answer_about(&[], stage, usual)
    }

    fn answer_about(&mut self, whom: &[String], stage: Stage, usual: &str) -> Result<Answer, Over> {
        let action = self.next_action(stage, whom);
        self.take_time();
        self.perform(action, usual)
    }

    /// What the script says, after the gates it says to wait at.
    fn next_action(&self, stage: Stage, recipients: &[String]) -> Option<Action> {
        let arrival = Arrival {
            stage,
            number: self.shared.script.lock().unwrap().arrive(stage),
            connection: self.number,
            recipients,
        };
        let mut skipped = 0;
        loop {
            let taken = self.shared.script.lock().unwrap().take(&arrival, skipped);
            match taken? {
                (place, Action::Hold(gate)) => {
                    gate.pass();
                    skipped = place + 1;
                }
                (_, action) => return Some(action),
            }
        }
    }

    /// `usual` is empty where usually nothing is said.
    fn perform(&mut self, action: Option<Action>, usual: &str) -> Result<Answer, Over> {
        match action {
            None | Some(Action::Hold(_)) => {
                self.write(usual)?;
                Ok(Answer::Usual)
            }
            Some(Action::Reply(reply)) => {
                self.write(&reply)?;
                if reply.starts_with("421") {
                    Err(Over)
                } else if !usual.is_empty() && reply.get(..1) == usual.get(..1) {
                    Ok(Answer::Usual)
                } else {
                    Ok(Answer::Other)
                }
            }
            Some(Action::Say(bytes)) => {
                self.stream.write(&bytes)?;
                Ok(Answer::Other)
            }
            Some(Action::Close | Action::ObeyAndClose) => Err(Over),
            Some(Action::ReplyAndClose) => {
                self.write(usual)?;
                Err(Over)
            }
            Some(Action::HalfReplyAndClose) => {
                self.stream.write(&usual.as_bytes()[..usual.len() / 2])?;
                Err(Over)
            }
            Some(Action::HalfReplyAndHold(gate)) => {
                let (half, rest) = usual.split_at(usual.len() / 2);
                self.stream.write(half.as_bytes())?;
                gate.pass();
                self.write(rest)?;
                Ok(Answer::Usual)
            }
            Some(Action::Stall) => {
                self.shared.end.pass();
                Err(Over)
            }
        }
    }

    /// A refusal that only a client that broke the rules can earn.
    fn refuse(&mut self, reply: &str) -> Result<(), Over> {
        self.offence(&format!("was told {reply}"));
        self.write(reply)
    }

    /// A refusal that follows from an earlier one: a pipelining client had sent this already.
    fn refuse_follower(&mut self, reply: &str) -> Result<(), Over> {
        if self.offers("PIPELINING") {
            self.write(reply)
        } else {
            self.refuse(reply)
        }
    }

    fn write(&mut self, reply: &str) -> Result<(), Over> {
        if !reply.is_empty() {
            self.stream.write(format!("{reply}\r\n").as_bytes())?;
        }
        Ok(())
    }

    // -- what a client must not do --

    fn read_line(&mut self) -> Result<String, Over> {
        let line = self.stream.read_through(b"\r\n")?;
        Ok(String::from_utf8_lossy(&line[..line.len() - 2]).into_owned())
    }

    fn offers(&self, name: &str) -> bool {
        let capabilities = &self.shared.setup.capabilities;
        capabilities.iter().any(|capability| capability == name)
    }

    fn expect_silence_behind(&self, verb: &str) {
        // RFC 2920 §3.1: these may be followed by more before their reply, and no others.
        let may_be_followed = matches!(verb, "MAIL" | "RCPT" | "RSET") && self.offers("PIPELINING");
        if !may_be_followed && !self.stream.waiting().is_empty() {
            self.offence(&format!("wrote behind {verb} before its reply"));
        }
    }

    fn offence(&self, offence: &str) {
        self.shared.log.note_offence(self.number, offence);
    }
}

/// User and token of `user=U^Aauth=Bearer T^A^A`; nonsense is nobody.
fn bearer(response: &str) -> (String, String) {
    let parts: Vec<&str> = response.split('\x01').collect();
    let [user, token, "", ""] = parts[..] else {
        return (String::new(), String::new());
    };
    let after = |text: &str, start| text.strip_prefix(start).unwrap_or_default().to_owned();
    (after(user, "user="), after(token, "auth=Bearer "))
}

/// The path behind `keyword` and the parameters behind the path.
fn path(argument: &str, keyword: &str) -> Option<(String, String)> {
    let (start, rest) = argument.split_at_checked(keyword.len())?;
    let (path, parameters) = rest.split_once('>')?;
    start
        .eq_ignore_ascii_case(keyword)
        .then(|| (path.to_owned(), parameters.trim_start().to_owned()))
}
