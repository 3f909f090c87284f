//! DATA: from the message's first byte to the reply to its last.

use std::io;

use super::Accepted;
use super::incoming::{Incoming, Received};
use super::session::{Next, Session, Transaction};
use super::turn::Moment;
use super::unstuff::Unstuffer;
use super::wire::Ended;

impl Session {
    /// DATA, the message and the reply to its end.
    pub(super) async fn receive(&mut self) -> Result<Next, Ended> {
        let has_recipients = |open: &mut Transaction| !open.recipients.is_empty();
        let Some(transaction) = self.transaction.take_if(has_recipients) else {
            let reply = if self.transaction.is_some() {
                "554 5.5.1 nobody is there to receive it"
            } else {
                "503 5.5.1 MAIL comes first"
            };
            self.reply(reply);
            return Ok(Next::Command);
        };
        let turn = self.turn(Moment::Data, &transaction.recipients).await;
        let (mark, obeys) = (self.wire.mark(), turn.obeys);
        if obeys {
            self.reply("354 go on, and end with a dot on a line of its own");
        }
        match self.say(mark, turn) {
            Next::Command if obeys => {}
            next => return Ok(next),
        }
        while self.wire.waiting().is_empty() {
            self.wire.fill().await?;
        }
        let turn = self.turn(Moment::Body, &transaction.recipients).await;
        match self.say(self.wire.mark(), turn) {
            Next::Command => {}
            next => return Ok(next),
        }
        let incoming = self.read_message().await?;
        let turn = self.turn(Moment::Dot, &transaction.recipients).await;
        let mark = self.wire.mark();
        let recipients = transaction.recipients.clone();
        if turn.obeys {
            self.keep(incoming, transaction).await;
        }
        match self.say(mark, turn) {
            Next::Command => {}
            next => return Ok(next),
        }
        if self.shared.director.is_none() {
            return Ok(Next::Command);
        }
        self.wire.flush().await?;
        let turn = self.turn(Moment::Answered, &recipients).await;
        Ok(self.say(self.wire.mark(), turn))
    }

    /// Makes a message durable, tells whoever wants to know, and answers.
    async fn keep(&mut self, incoming: Incoming, transaction: Transaction) {
        match incoming.finish().await {
            Received::Kept {
                path,
                name,
                size,
                subject,
            } => {
                self.messages += 1;
                self.reply(&format!("250 2.0.0 kept as {name}"));
                let Transaction {
                    from,
                    recipients: to,
                    ..
                } = transaction;
                (self.shared.on_accepted)(&Accepted {
                    from,
                    to,
                    path,
                    size,
                    subject,
                });
            }
            Received::TooLarge => self.reply("552 5.3.4 the message is too large"),
            Received::NotStored(error) => {
                tracing::warn!(%error, "a message could not be stored");
                self.reply(refusal_of(&error));
            }
        }
    }

    /// Reads to the lone dot whatever happens: until then all bytes are message.
    async fn read_message(&mut self) -> Result<Incoming, Ended> {
        let mut unstuffer = Unstuffer::new();
        let mut incoming = Incoming::begin(&self.shared.maildir, self.shared.limits.message_bytes);
        loop {
            let progress = unstuffer.feed(self.wire.waiting(), incoming.block());
            self.wire.consume(progress.consumed);
            if progress.finished {
                return Ok(incoming);
            }
            incoming.make_room().await;
            self.wire.fill().await?;
        }
    }
}

/// RFC 3463 §3.4: a full disk is the system's state, and may pass.
fn refusal_of(error: &io::Error) -> &'static str {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "452 4.3.1 the disk is full",
        _ => "451 4.3.0 the message could not be stored",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::refusal_of;

    #[test]
    fn a_full_disk_is_said_to_be_one() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(refusal_of(&full), "452 4.3.1 the disk is full");
        let other = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(
            refusal_of(&other),
            "451 4.3.0 the message could not be stored"
        );
    }
}
