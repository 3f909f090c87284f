//! One session with a relay: transactions, one recipient each, two round trips where the relay
//! offers PIPELINING (RFC 2920).
//!
//! Nothing is ever pipelined behind the final dot, and before each group of commands and before the
//! dot nothing may wait to be read, here or in the system: a reply out of step would make every
//! later one lie.

use super::Timers;
use super::message::{Envelope, Extensions, WireMessage, envelope_commands};
use super::reply::ReplyLines;
use super::wire::Wire;
use crate::delivery::{Reply, Step, Transaction};

/// How much of the body's end is held back to leave together with the dot, in bytes.
const HELD_BACK: usize = 1024;

/// An open session, ready for MAIL.
pub struct Session {
    wire: Wire,
    extensions: Extensions,
    timers: Timers,
    usable: bool,
    messages: usize,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Session({} messages, usable: {})",
            self.messages, self.usable
        )
    }
}

/// How a group of envelope commands ended.
enum EnvelopeResult {
    /// The relay waits for the message.
    Ready,
    /// The relay refused; the session is reset already.
    Refused(Step, Reply),
    /// The conversation broke.
    Broken(Step, String),
}

impl Session {
    pub(super) fn new(wire: Wire, extensions: Extensions, timers: Timers) -> Self {
        Self {
            wire,
            extensions,
            timers,
            usable: true,
            messages: 0,
        }
    }

    /// Whether another transaction can follow.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Whether the relay has neither closed the session nor said something unasked for since the
    /// last transaction, as far as is known; [`Self::deliver`] asks the system.
    pub async fn is_alive(&mut self) -> bool {
        self.usable && self.wire.seems_quiet().await
    }

    /// How many transactions were begun.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// Delivers one message. `may_send` is asked when everything but the end is with the relay:
    /// only after it has said yes is the first byte of the final dot written. Its error is given
    /// back as it is, and then nothing was sent.
    pub async fn deliver<E>(
        &mut self,
        envelope: &Envelope,
        message: &WireMessage,
        may_send: impl Future<Output = Result<bool, E>>,
    ) -> Result<Transaction, E> {
        self.messages += 1;
        if let Some(refused) = self.refuse_locally(envelope, message) {
            return Ok(refused);
        }
        match self.offer(envelope, message).await {
            EnvelopeResult::Ready => {}
            EnvelopeResult::Refused(step, reply) => return Ok(Transaction::Refused(step, reply)),
            EnvelopeResult::Broken(step, error) => {
                self.usable = false;
                return Ok(Transaction::LostBeforeDot(step, error));
            }
        }
        // From here to the reply the session is only good for this message.
        self.usable = false;
        let held_back = message.stuffed.len().saturating_sub(HELD_BACK);
        let (body, end) = message.stuffed.split_at(held_back);
        if let Err(error) = self.wire.write(body, self.timers.block).await {
            // A relay that refuses and hangs up in the middle has often said why.
            return Ok(match self.wire.read_reply(self.timers.quit).await {
                Ok(reply) if reply.code >= 400 => {
                    Transaction::Refused(Step::Body, reply.into_reply())
                }
                _ => Transaction::LostBeforeDot(Step::Body, error),
            });
        }
        // Spares an intent; the look that counts is the one behind it.
        if !self.wire.seems_quiet().await {
            return Ok(self.early_reply().await);
        }
        if !may_send.await? {
            // DATA cannot be cancelled; the connection must go, and the relay discards (RFC 5321 §4.1.1.4).
            return Ok(Transaction::Withheld);
        }
        // The intent took its time. What came meanwhile is an answer to something else than the
        // dot, and behind the dot it could not be told from one.
        if !self.wire.is_quiet().await {
            return Ok(self.early_reply().await);
        }
        Ok(self.finish(end).await)
    }

    /// What needs no relay to be known: an address or a size that it cannot take.
    fn refuse_locally(&self, envelope: &Envelope, message: &WireMessage) -> Option<Transaction> {
        let refuse = |step, text: &str| {
            Some(Transaction::Refused(
                step,
                Reply {
                    code: 550,
                    text: text.to_owned(),
                },
            ))
        };
        // RFC 6531 §3.5: never downgrade an address.
        let takes_any_local_part = self.extensions.smtputf8 && self.extensions.eight_bit;
        if envelope.from.needs_smtputf8() && !takes_any_local_part {
            return refuse(
                Step::Mail,
                "5.6.7 the relay takes no sender with such a local part (no SMTPUTF8)",
            );
        }
        if envelope.to.needs_smtputf8() && !takes_any_local_part {
            return refuse(
                Step::Rcpt,
                "5.6.7 the relay takes no address with such a local part (no SMTPUTF8)",
            );
        }
        if self
            .extensions
            .largest
            .is_some_and(|largest| message.size > largest)
        {
            return refuse(
                Step::Mail,
                "5.3.4 the message is larger than the relay takes (SIZE)",
            );
        }
        None
    }

    /// MAIL, RCPT and DATA, together or one by one.
    async fn offer(&mut self, envelope: &Envelope, message: &WireMessage) -> EnvelopeResult {
        let [mail, rcpt] = envelope_commands(envelope, message, &self.extensions);
        if !self.wire.is_quiet().await {
            let error = "the relay closed the connection or spoke out of turn".to_owned();
            return EnvelopeResult::Broken(Step::Mail, error);
        }
        let commands = [
            (Step::Mail, mail),
            (Step::Rcpt, rcpt),
            (Step::Data, "DATA\r\n".to_owned()),
        ];
        let result = if self.extensions.pipelining {
            self.offer_together(&commands).await
        } else {
            self.offer_one_by_one(&commands).await
        };
        result.unwrap_or_else(|(step, error)| EnvelopeResult::Broken(step, error))
    }

    async fn offer_together(
        &mut self,
        commands: &[(Step, String); 3],
    ) -> Result<EnvelopeResult, (Step, String)> {
        let group: String = commands
            .iter()
            .map(|(_, command)| command.as_str())
            .collect();
        self.wire
            .write(group.as_bytes(), self.timers.block)
            .await
            .map_err(|error| (Step::Mail, error))?;
        let mut refused = None;
        let mut rcpt_refused = false;
        for (step, _) in commands {
            let reply = match (self.read(*step).await, refused.take()) {
                (Ok(reply), earlier) => {
                    refused = earlier;
                    reply
                }
                // A refusal that was read stands, also when the relay hangs up behind it.
                (Err(_), Some((step, reply))) => {
                    self.usable = false;
                    return Ok(EnvelopeResult::Refused(step, reply));
                }
                (Err(error), None) => return Err(error),
            };
            let wanted = is_wanted(*step, &reply);
            match (step, wanted, &refused) {
                (Step::Data, true, None) => return Ok(EnvelopeResult::Ready),
                // RFC 2920 §3.1: 354 although no recipient is left; a lone dot ends that. With an
                // accepted recipient the dot would hand over an empty message, so the session goes.
                (Step::Data, true, Some(_)) if rcpt_refused => self.end_empty_data().await,
                (Step::Data, true, Some(_)) => self.usable = false,
                (_, true, _) | (Step::Data, false, Some(_)) => {}
                (_, false, _) => {
                    rcpt_refused |= *step == Step::Rcpt;
                    let reply = answer_to(*step, reply)?;
                    refused.get_or_insert((*step, reply));
                }
            }
        }
        self.reset_after(refused).await
    }

    async fn offer_one_by_one(
        &mut self,
        commands: &[(Step, String); 3],
    ) -> Result<EnvelopeResult, (Step, String)> {
        for (step, command) in commands {
            self.wire
                .write(command.as_bytes(), self.timers.block)
                .await
                .map_err(|error| (*step, error))?;
            let reply = self.read(*step).await?;
            let wanted = is_wanted(*step, &reply);
            if !wanted {
                let reply = answer_to(*step, reply)?;
                return self.reset_after(Some((*step, reply))).await;
            }
        }
        Ok(EnvelopeResult::Ready)
    }

    /// A lone dot; the session is of no more use if it is not refused.
    async fn end_empty_data(&mut self) {
        let ended = match self.wire.write(b".\r\n", self.timers.block).await {
            Ok(()) => self.wire.read_reply(self.timers.dot).await,
            Err(error) => Err(error),
        };
        self.usable = ended.is_ok_and(|reply| reply.code >= 400 && reply.code != 421);
    }

    /// RSET after a refusal, so that the next MAIL is not a nested one (503).
    async fn reset_after(
        &mut self,
        refused: Option<(Step, Reply)>,
    ) -> Result<EnvelopeResult, (Step, String)> {
        let Some((step, reply)) = refused else {
            return Err((
                Step::Data,
                "the relay's replies do not fit the commands".to_owned(),
            ));
        };
        if reply.code == 421 {
            self.usable = false;
        } else if self.usable {
            let written = self.wire.write(b"RSET\r\n", self.timers.block).await;
            let answered = match written {
                Ok(()) => self.wire.read_reply(self.timers.command).await,
                Err(error) => Err(error),
            };
            // A refusal that was read stands, whatever becomes of the session.
            self.usable = answered.is_ok_and(|reply| reply.code == 250);
        }
        Ok(EnvelopeResult::Refused(step, reply))
    }

    async fn read(&mut self, step: Step) -> Result<ReplyLines, (Step, String)> {
        let limit = if step == Step::Data {
            self.timers.data
        } else {
            self.timers.command
        };
        self.wire
            .read_reply(limit)
            .await
            .map_err(|error| (step, error))
    }

    /// Something came while the message was being written: a refusal, or the end.
    async fn early_reply(&mut self) -> Transaction {
        match self.wire.read_reply(self.timers.command).await {
            Ok(reply) if reply.code >= 400 => Transaction::Refused(Step::Body, reply.into_reply()),
            Ok(reply) => {
                let said = format!("the relay said {} before the message ended", reply.code);
                Transaction::LostBeforeDot(Step::Body, said)
            }
            Err(error) => Transaction::LostBeforeDot(Step::Body, error),
        }
    }

    /// The end of the message with its dot, and the relay's word on it. Any failure from here on
    /// leaves doubt.
    async fn finish(&mut self, end: &[u8]) -> Transaction {
        let mut last = Vec::with_capacity(end.len() + 3);
        last.extend_from_slice(end);
        last.extend_from_slice(b".\r\n");
        if let Err(error) = self.wire.write(&last, self.timers.block).await {
            return Transaction::LostAfterDot(error);
        }
        let reply = match self.wire.read_reply(self.timers.dot).await {
            Ok(reply) => reply,
            Err(error) => return Transaction::LostAfterDot(error),
        };
        self.usable = reply.code != 421;
        match reply.code {
            200..300 => Transaction::Accepted(reply.into_reply()),
            400.. => Transaction::Refused(Step::Dot, reply.into_reply()),
            code => {
                self.usable = false;
                Transaction::LostAfterDot(format!(
                    "the relay answered {code} to the end of the message"
                ))
            }
        }
    }

    /// QUIT; failures do not matter any more.
    pub async fn quit(mut self) {
        if self.usable && self.wire.write(b"QUIT\r\n", self.timers.quit).await.is_ok() {
            let _ = self.wire.read_reply(self.timers.quit).await;
        }
        self.wire.close(self.timers.quit).await;
    }
}

/// Whether a reply is the one that lets the next step follow.
fn is_wanted(step: Step, reply: &ReplyLines) -> bool {
    match step {
        Step::Data => reply.code == 354,
        _ => (200..300).contains(&reply.code),
    }
}

/// A refusal must be 4xx or 5xx; another class means that the conversation is out of step.
fn answer_to(step: Step, reply: ReplyLines) -> Result<Reply, (Step, String)> {
    if reply.code >= 400 {
        Ok(reply.into_reply())
    } else {
        Err((step, format!("the relay answered {} to {step}", reply.code)))
    }
}

#[cfg(test)]
mod tests;
