//! Instructions: when they apply, and what they make the relay do.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::support::certificate::Certificate;
use crate::support::gate::Gate;

/// How a relay encrypts.
#[derive(Debug)]
pub(super) enum Encryption {
    None,
    Implicit(Certificate),
    StartTls(Certificate),
}

/// A moment of the conversation at which the relay is about to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The connection is open (and encrypted, with implicit TLS).
    Banner,
    /// EHLO or HELO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// AUTH with all its lines.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The first bytes behind the 354 have come. Usually nothing is answered here; a reply given
    /// here takes the place of the one to the dot.
    Body,
    /// The whole message has come, with its dot.
    Dot,
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
}

/// What an instruction makes the relay do.
#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Another reply than the usual one.
    Reply(String),
    /// These bytes, whatever they are, and on with the conversation.
    Say(Vec<u8>),
    /// Close, without a reply.
    Close,
    /// The usual reply, then close.
    ReplyAndClose,
    /// Half of the usual reply, then close.
    HalfReplyAndClose,
    /// Half of the usual reply, then wait for the test, then the rest.
    HalfReplyAndHold(Gate),
    /// Do what the command asks, lose the reply, close.
    ObeyAndClose,
    /// Nothing, until the relay ends.
    Stall,
    /// Wait for the test, then go on.
    Hold(Gate),
}

impl Action {
    fn gate(&self) -> Option<&Gate> {
        match self {
            Self::Hold(gate) | Self::HalfReplyAndHold(gate) => Some(gate),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Instruction {
    stage: Stage,
    recipient: Option<String>,
    connection: Option<usize>,
    nth: Option<usize>,
    uses_left: Option<usize>,
    action: Action,
}

/// One connection at one stage.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    pub(super) stage: Stage,
    /// The how manieth at this stage, from 1.
    pub(super) number: usize,
    pub(super) connection: usize,
    /// Whom it is about.
    pub(super) recipients: &'a [String],
}

impl Instruction {
    fn fits(&self, arrival: &Arrival<'_>) -> bool {
        self.stage == arrival.stage
            && self.uses_left != Some(0)
            && self.nth.is_none_or(|nth| nth == arrival.number)
            && self
                .connection
                .is_none_or(|number| number == arrival.connection)
            && self
                .recipient
                .as_ref()
                .is_none_or(|address| arrival.recipients.contains(address))
            && !self.action.gate().is_some_and(Gate::is_open)
    }
}

/// All instructions of a relay, and how often each stage was reached.
#[derive(Debug, Default)]
pub(super) struct Script {
    instructions: Vec<Instruction>,
    arrivals: HashMap<Stage, usize>,
}

impl Script {
    /// Counts an arrival at a stage.
    pub(super) fn arrive(&mut self, stage: Stage) -> usize {
        let arrivals = self.arrivals.entry(stage).or_default();
        *arrivals += 1;
        *arrivals
    }

    /// The first instruction that fits and is not used up, not counting the first `skipped`;
    /// with its place, so that who waited at a gate can ask for those behind it.
    pub(super) fn take(
        &mut self,
        arrival: &Arrival<'_>,
        skipped: usize,
    ) -> Option<(usize, Action)> {
        let (place, instruction) = self
            .instructions
            .iter_mut()
            .enumerate()
            .skip(skipped)
            .find(|(_, instruction)| instruction.fits(arrival))?;
        if let Some(uses) = &mut instruction.uses_left {
            *uses -= 1;
        }
        Some((place, instruction.action.clone()))
    }

    pub(super) fn clear(&mut self) {
        self.open_gates();
        self.instructions.clear();
    }

    pub(super) fn open_gates(&self) {
        let gates = self.instructions.iter().filter_map(|it| it.action.gate());
        gates.for_each(Gate::release);
    }
}

/// An instruction that is being given: first when, then what.
#[derive(Debug)]
#[must_use = "an instruction without an action does nothing"]
pub struct Moment<'a> {
    script: &'a Mutex<Script>,
    stage: Stage,
    recipient: Option<String>,
    connection: Option<usize>,
    nth: Option<usize>,
    uses_left: Option<usize>,
}

impl<'a> Moment<'a> {
    pub(super) fn new(script: &'a Mutex<Script>, stage: Stage) -> Self {
        Self {
            script,
            stage,
            recipient: None,
            connection: None,
            nth: None,
            uses_left: None,
        }
    }

    /// Only for this recipient: at RCPT the one that is named, later one of those accepted.
    pub fn of(mut self, address: &str) -> Self {
        self.recipient = Some(address.to_owned());
        self
    }

    /// Only on this connection; the first has number 1.
    pub fn on_connection(mut self, number: usize) -> Self {
        self.connection = Some(number);
        self
    }

    /// Only the `nth` time that any connection comes to this stage, counted from 1.
    pub fn nth(mut self, nth: usize) -> Self {
        self.nth = Some(nth);
        self
    }

    /// At most so many times.
    pub fn times(mut self, times: usize) -> Self {
        self.uses_left = Some(times);
        self
    }

    /// The first time only.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Gives this reply. Without CRLF at its end; after 421 the relay closes.
    pub fn reply(self, reply: &str) {
        self.act(Action::Reply(reply.to_owned()));
    }

    /// Writes these bytes as they are.
    pub fn say(self, bytes: impl AsRef<[u8]>) {
        self.act(Action::Say(bytes.as_ref().to_vec()));
    }

    /// Closes without a reply.
    pub fn close(self) {
        self.act(Action::Close);
    }

    /// Gives the usual reply and closes.
    pub fn reply_and_close(self) {
        self.act(Action::ReplyAndClose);
    }

    /// Gives half of the usual reply and closes. At the dot the message is accepted.
    pub fn half_reply_and_close(self) {
        self.act(Action::HalfReplyAndClose);
    }

    /// Obeys, and closes without the reply. At the dot the message is accepted.
    pub fn obey_and_close(self) {
        self.act(Action::ObeyAndClose);
    }

    /// Says nothing more, and keeps the connection open until the relay is dropped.
    pub fn stall(self) {
        self.act(Action::Stall);
    }

    /// Waits until the test opens the gate, then goes on with the next instruction that fits, or
    /// as usual.
    pub fn hold(self) -> Gate {
        let gate = Gate::new();
        self.act(Action::Hold(gate.clone()));
        gate
    }

    /// Gives half of the usual reply, and the rest when the test opens the gate. At the dot the
    /// message is accepted.
    pub fn half_reply_and_hold(self) -> Gate {
        let gate = Gate::new();
        self.act(Action::HalfReplyAndHold(gate.clone()));
        gate
    }

    fn act(self, action: Action) {
        self.script.lock().unwrap().instructions.push(Instruction {
            stage: self.stage,
            recipient: self.recipient,
            connection: self.connection,
            nth: self.nth,
            uses_left: self.uses_left,
            action,
        });
    }
}
