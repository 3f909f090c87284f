//! What a reply is about: the table of docs/ledger.md, by command, code and enhanced code.
//!
//! The enhanced code (RFC 3463) decides first, then the code, then its class; never the first digit
//! alone. Words are read in [`words_of`] only, for the few replies that say it nowhere else.

use super::{EnhancedCode, Reply, Step, Transaction};

/// What a transaction that the relay did not accept is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The relay is going away, busy or out of reach: 421. Costs no attempt.
    RelayDown,
    /// Try again later.
    Temporary,
    /// Try again soon: greylisting.
    Greylisted,
    /// We are too fast for the relay. Says nothing of the subscriber.
    Rate(RateLimit),
    /// What we may send in a day or an hour is used up. Says nothing of the subscriber.
    Quota,
    /// The relay cannot check our password now.
    AuthTemporary,
    /// The relay wants another login. Asking twice locks accounts.
    AuthPermanent,
    /// This address does not exist.
    Address,
    /// The mailbox is full or does not take this message.
    Mailbox,
    /// Not the subscriber's fault: policy, reputation, our message.
    OurFault,
    /// The conversation broke or made no sense before the final dot was written.
    Protocol,
    /// The same after it: the relay may have the message.
    Doubt,
}

/// How a relay that finds us too fast wants to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// Nothing for ten minutes, then one connection (4.7.28).
    Rest,
    /// Half as fast after a pause.
    Slow,
}

impl Class {
    /// What a transaction is about; `None` for one that was accepted or never ended.
    pub fn of(transaction: &Transaction) -> Option<Self> {
        match transaction {
            Transaction::Accepted(_) | Transaction::Withheld => None,
            Transaction::Refused(step, reply) => Some(classify(*step, reply)),
            Transaction::LostBeforeDot(Step::Compose, _) => Some(Self::OurFault),
            Transaction::LostBeforeDot(..) => Some(Self::Protocol),
            Transaction::LostAfterDot(_) => Some(Self::Doubt),
        }
    }
}

/// Classifies a refusal.
pub fn classify(step: Step, reply: &Reply) -> Class {
    let enhanced = reply.enhanced();
    match (reply.code, enhanced) {
        // Before everything else: 535 at AUTH and 530 at MAIL are about us alone.
        (530 | 534 | 535 | 538, _) => return Class::AuthPermanent,
        (421 | 450, Some(EnhancedCode(4, 7, 28))) => return Class::Rate(RateLimit::Rest),
        (421, _) => return Class::RelayDown,
        _ => {}
    }
    if step == Step::Auth {
        return if reply.code < 500 {
            Class::AuthTemporary
        } else {
            Class::AuthPermanent
        };
    }
    if let Some(class) = words_of(step, reply, enhanced) {
        return class;
    }
    if reply.code < 500 {
        temporary(step, reply.code, enhanced)
    } else {
        permanent(step, reply.code, enhanced)
    }
}

/// What only the words tell. SES says `454 Throttling failure: ...` for its rate and for its daily
/// quota; relays say `451` or `452 ... too many ...` with any enhanced code or none; and a quota
/// without an enhanced code can be the relay's or the reader's.
fn words_of(step: Step, reply: &Reply, enhanced: Option<EnhancedCode>) -> Option<Class> {
    let text = reply.text.to_ascii_lowercase();
    let says = |word: &str| text.contains(word);
    match reply.code {
        454 if says("daily") => Some(Class::Quota),
        454 if says("throttling") => Some(Class::Rate(RateLimit::Slow)),
        // 4.2.x is about the mailbox of one reader.
        451 | 452 if says("too many") && !matches!(enhanced, Some(EnhancedCode(4, 2, _))) => {
            Some(Class::Rate(RateLimit::Slow))
        }
        450..=452 | 550 | 552 | 554 if enhanced.is_none() && says("quota") => {
            // At MAIL nobody has been named yet whose mailbox could be full.
            let of_the_relay = step == Step::Mail
                || ["daily", "hourly", "sending", "sender", "relay", "outgoing"]
                    .into_iter()
                    .any(says);
            of_the_relay.then_some(Class::Quota)
        }
        _ => None,
    }
}

fn temporary(step: Step, code: u16, enhanced: Option<EnhancedCode>) -> Class {
    match (step, enhanced) {
        // Before MAIL it is about the relay.
        (Step::Connect | Step::Greeting | Step::Ehlo | Step::StartTls, _) => Class::RelayDown,
        (_, Some(EnhancedCode(4, 7, 1))) if code != 454 => Class::Greylisted,
        _ => Class::Temporary,
    }
}

fn permanent(step: Step, code: u16, enhanced: Option<EnhancedCode>) -> Class {
    match (step, code, enhanced) {
        (_, _, Some(EnhancedCode(5, 4, 5))) | (Step::Mail, 552, None) => Class::Quota,
        (
            Step::Rcpt | Step::Dot,
            _,
            Some(EnhancedCode(5, 1, 1..=3 | 6 | 10) | EnhancedCode(5, 2, 1)),
        )
        | (Step::Rcpt, 550 | 551 | 553, None) => Class::Address,
        // At MAIL these would be about the relay itself and every message of this size.
        (
            Step::Rcpt | Step::Body | Step::Dot,
            _,
            // 5.6.7 (RFC 6531 §4.3): nobody on the way carries an address in such letters.
            Some(EnhancedCode(5, 2, 2) | EnhancedCode(5, 3, 4) | EnhancedCode(5, 6, 7)),
        )
        | (Step::Rcpt, 552, None) => Class::Mailbox,
        _ => Class::OurFault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Class = Class::Rate(RateLimit::Slow);
    const REST: Class = Class::Rate(RateLimit::Rest);

    /// Every row of the table in docs/ledger.md, with replies that relays really give.
    const TABLE: &[(Step, &str, Class)] = &[
        (Step::Mail, "421 4.3.2 shutting down", Class::RelayDown),
        (Step::Dot, "421 too many connections", Class::RelayDown),
        (Step::Greeting, "451 4.3.0 no service", Class::RelayDown),
        (
            Step::StartTls,
            "454 4.7.0 TLS not available",
            Class::RelayDown,
        ),
        (Step::Rcpt, "450 4.2.1 busy", Class::Temporary),
        (Step::Rcpt, "452 4.2.2 over quota", Class::Temporary),
        (Step::Rcpt, "452 mailbox over quota", Class::Temporary),
        (Step::Dot, "451 4.3.0 later", Class::Temporary),
        (Step::Mail, "454 4.7.0 later", Class::Temporary),
        (
            Step::Rcpt,
            "454 4.7.1 relay access denied",
            Class::Temporary,
        ),
        (Step::Rcpt, "451 4.7.1 greylisted", Class::Greylisted),
        (Step::Rcpt, "450 4.7.1 come back", Class::Greylisted),
        (Step::Greeting, "421 4.7.28 unusual rate", REST),
        (Step::Rcpt, "450 4.7.28 unusual rate", REST),
        (Step::Dot, "421 4.7.28 unusual rate", REST),
        (
            Step::Dot,
            "454 Throttling failure: Maximum sending rate exceeded.",
            SLOW,
        ),
        (Step::Mail, "451 4.7.1 too many messages", SLOW),
        (Step::Rcpt, "452 4.5.3 Too many recipients", SLOW),
        (
            Step::Rcpt,
            "452 4.2.2 too many messages in the mailbox",
            Class::Temporary,
        ),
        (
            Step::Dot,
            "454 Throttling failure: Daily message quota exceeded.",
            Class::Quota,
        ),
        (
            Step::Rcpt,
            "550 5.4.5 Daily user sending limit exceeded",
            Class::Quota,
        ),
        (Step::Mail, "550 5.4.5 daily quota exceeded", Class::Quota),
        (Step::Mail, "552 quota exceeded", Class::Quota),
        (Step::Mail, "452 quota exceeded", Class::Quota),
        (
            Step::Rcpt,
            "552 hourly sending quota exceeded",
            Class::Quota,
        ),
        (
            Step::Auth,
            "454 4.7.0 cannot authenticate now",
            Class::AuthTemporary,
        ),
        (
            Step::Auth,
            "454 4.7.0 too many login attempts",
            Class::AuthTemporary,
        ),
        (Step::Auth, "535 5.7.8 wrong", Class::AuthPermanent),
        (
            Step::Auth,
            "534 5.7.9 stronger mechanism",
            Class::AuthPermanent,
        ),
        (Step::Auth, "500 what", Class::AuthPermanent),
        (Step::Mail, "530 5.7.0 log in first", Class::AuthPermanent),
        (Step::Rcpt, "550 5.1.1 no such user", Class::Address),
        (Step::Rcpt, "550 No such user here", Class::Address),
        (Step::Rcpt, "551 moved", Class::Address),
        (Step::Rcpt, "553 5.1.3 bad syntax", Class::Address),
        (Step::Rcpt, "556 5.1.10 null MX", Class::Address),
        (Step::Rcpt, "550 5.1.6 moved", Class::Address),
        (Step::Dot, "550 5.2.1 disabled", Class::Address),
        (Step::Rcpt, "552 5.2.2 mailbox full", Class::Mailbox),
        (Step::Rcpt, "552 mailbox quota exceeded", Class::Mailbox),
        (Step::Dot, "554 5.2.2 over quota", Class::Mailbox),
        (
            Step::Dot,
            "552 5.3.4 too large for this reader",
            Class::Mailbox,
        ),
        (Step::Mail, "552 5.3.4 larger than we take", Class::OurFault),
        (Step::Mail, "550 5.1.1 no such sender", Class::OurFault),
        (
            Step::Rcpt,
            "550 5.7.1 blocked using a block list",
            Class::OurFault,
        ),
        (Step::Dot, "554 transaction failed", Class::OurFault),
        (Step::Dot, "550 no thanks", Class::OurFault),
        (Step::Dot, "554 5.6.0 not a message", Class::OurFault),
        (Step::Data, "503 5.5.1 what", Class::OurFault),
    ];

    #[test]
    fn every_reply_of_the_table_has_its_class() {
        for (step, line, class) in TABLE {
            let (code, text) = line.split_once(' ').unwrap();
            let reply = Reply {
                code: code.parse().unwrap(),
                text: text.to_owned(),
            };
            assert_eq!(classify(*step, &reply), *class, "{step}: {line}");
        }
    }

    #[test]
    fn a_broken_conversation_is_a_failure_of_the_protocol_before_the_dot_and_doubt_after_it() {
        let broken = || "closed".to_owned();
        for (transaction, class) in [
            (
                Transaction::LostBeforeDot(Step::Rcpt, broken()),
                Some(Class::Protocol),
            ),
            (
                Transaction::LostBeforeDot(Step::Compose, broken()),
                Some(Class::OurFault),
            ),
            (Transaction::LostAfterDot(broken()), Some(Class::Doubt)),
            (Transaction::Withheld, None),
        ] {
            assert_eq!(Class::of(&transaction), class, "{transaction:?}");
        }
    }
}
