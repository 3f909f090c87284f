//! Every fault at every stage of the conversation, and what must become of the delivery.
//!
//! The server is in memory and the clock is turned by the runtime as soon as everybody waits: the
//! timers are the real ones, ten minutes at the final dot, and take no time. What each cell did is
//! then written into a real ledger, and the oracle joins that with what the server accepted.

mod announced;
mod client;
mod line;
mod phases;
mod server;
mod tls;

use std::time::Duration;

use postrider::delivery::Transaction;
use postrider::mailer::{ConnectError, Timers};

use client::{Found, run_cell, settle_all};
use server::{Fault, Stage};

/// What a fault leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// No harm: the relay has it.
    Sent,
    /// Proven not accepted; tried again later.
    Deferred {
        /// Whether it counts among the attempts.
        counts: bool,
    },
    /// This address is refused for good.
    Rejected,
    /// Not this delivery's fault: it stays as it was.
    Planned,
    /// A person decides.
    Unconfirmed,
    /// There is no session; whether another try makes sense.
    NoSession(Again),
}

/// Whether a connection that failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    /// Without a change of the configuration it would be pointless, or lock the account.
    No,
    /// Both are defensible: the other side speaks no SMTP, or no TLS.
    Either,
}

/// How long the client waits at a stage.
fn timer(stage: Stage) -> Duration {
    let timers = Timers::default();
    match stage {
        Stage::Connect | Stage::Banner => timers.greeting,
        Stage::Data => timers.data,
        Stage::Body => timers.block,
        Stage::Dot => timers.dot,
        Stage::Quit => timers.quit,
        _ => timers.command,
    }
}

/// The rules (docs/ledger.md), for one cell.
fn expected(stage: Stage, fault: Fault) -> Expected {
    match stage {
        // The first delivery was settled by its own refusal, before RSET.
        Stage::Rset => Expected::Deferred { counts: true },
        // Everything is settled before QUIT.
        Stage::Quit => Expected::Sent,
        Stage::Mail | Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot => {
            of_a_transaction(stage, fault)
        }
        _ => of_a_session(stage, fault),
    }
}

fn of_a_session(stage: Stage, fault: Fault) -> Expected {
    let at_handshake = stage == Stage::Handshake;
    Expected::NoSession(match fault {
        // Who closes the door behind his words has not let anybody in.
        Fault::DelayWithinTimer | Fault::Drip if stage == Stage::Connect => Again::Yes,
        // A handshake has some thousand bytes, and five minutes.
        Fault::Drip if at_handshake => Again::Yes,
        Fault::DelayWithinTimer | Fault::Drip => return Expected::Sent,
        Fault::CloseBeforeReply
        | Fault::Reset
        | Fault::HalfReplyThenClose
        | Fault::HalfOpen
        | Fault::DelayBeyondTimer => Again::Yes,
        _ if at_handshake || stage == Stage::Auth => match fault {
            // One try: the next wrong one may lock the account.
            Fault::Reply(reply) if !at_handshake && reply.starts_with('5') => Again::No,
            _ => Again::Either,
        },
        Fault::Reply(reply) if reply.starts_with('5') => Again::No,
        Fault::WrongClass => Again::Either,
        _ => Again::Yes,
    })
}

fn of_a_transaction(stage: Stage, fault: Fault) -> Expected {
    let Fault::Reply(reply) = fault else {
        return match fault {
            // A body at one byte a second never ends.
            Fault::Drip if stage == Stage::Body => Expected::Deferred { counts: false },
            Fault::DelayWithinTimer | Fault::Drip => Expected::Sent,
            _ if stage == Stage::Dot => Expected::Unconfirmed,
            _ => Expected::Deferred { counts: false },
        };
    };
    let about_the_reader = matches!(stage, Stage::Rcpt | Stage::Dot);
    match reply.split(' ').next().unwrap_or_default() {
        // The relay goes away, or its rate or quota is used up.
        "421" | "454" => Expected::Deferred { counts: false },
        "450" | "451" | "452" => Expected::Deferred { counts: true },
        "550" if reply.contains("5.1.1") && about_the_reader => Expected::Rejected,
        // A full mailbox may be told as soon as the message begins to come.
        "552" if about_the_reader || stage == Stage::Body => Expected::Rejected,
        "550" if reply.contains("5.4.5") => Expected::Deferred { counts: false },
        // Policy, and everything that is said of no reader: the row waits for a person.
        _ => Expected::Planned,
    }
}

/// Whether a cell ended as it must, but for the state of the delivery: that is for the ledger.
fn check(stage: Stage, fault: Fault, found: &Found) -> Result<(), String> {
    let wanted = expected(stage, fault);
    let told = format!("{found:#?}");
    let stopped = found.refused.as_ref().is_some_and(ConnectError::is_final);
    match (wanted, &found.refused) {
        (Expected::NoSession(_), None) => return Err(format!("a session in spite of it: {told}")),
        (Expected::NoSession(Again::Yes), Some(_)) if stopped => {
            return Err(format!("gives up: {told}"));
        }
        (Expected::NoSession(Again::No), Some(_)) if !stopped => {
            return Err(format!("tries again: {told}"));
        }
        (Expected::NoSession(_), Some(_)) | (_, None) => {}
        (_, Some(_)) => return Err(format!("no session: {told}")),
    }
    // Before the dot there is no doubt, and no acceptance either.
    let behind_the_dot = matches!(stage, Stage::Dot | Stage::Quit);
    let doubt = matches!(found.first, Some(Transaction::LostAfterDot(_)));
    if doubt && !behind_the_dot {
        return Err(format!("doubt before the dot: {told}"));
    }
    let logins = found.auth_attempts;
    let refused_login = stage == Stage::Auth && stopped;
    if refused_login && logins != 1 {
        return Err(format!("{logins} logins: {told}"));
    }
    // Nothing that happens to one delivery keeps the next one from its reader.
    if !stopped && !matches!(found.second, Some(Transaction::Accepted(_))) {
        return Err(format!("the next one was not sent: {told}"));
    }
    Ok(())
}

/// What the ledger must say in the end. A connection that failed and was made anew has delivered.
fn final_state(wanted: Expected, found: &Found) -> (&'static str, i64) {
    match wanted {
        Expected::Sent => ("sent", 1),
        Expected::Deferred { counts } => ("deferred", i64::from(counts)),
        Expected::Rejected => ("rejected", 1),
        Expected::Unconfirmed => ("unconfirmed", 1),
        Expected::NoSession(_) if found.first.is_some() => ("sent", 1),
        Expected::Planned | Expected::NoSession(_) => ("planned", 0),
    }
}

/// All 308 cells; with `pipelining` the three commands of the envelope travel together.
fn run_matrix(pipelining: bool) {
    let mut failures = Vec::new();
    let mut cells = Vec::new();
    for stage in Stage::ALL {
        for fault in Fault::ALL {
            let name = format!("cell{}@example.org", cells.len() + 1);
            let found = run_cell(&name, stage, fault, timer(stage), pipelining);
            match found {
                Ok(found) => {
                    if let Err(failure) = check(stage, fault, &found) {
                        failures.push(format!("{stage:?} × {fault:?}: {failure}"));
                    }
                    cells.push((name, stage, fault, found));
                }
                Err(failure) => failures.push(format!("{stage:?} × {fault:?}: {failure}")),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(cells.len(), 308);
    let states = settle_all(
        cells
            .iter()
            .map(|(name, _, _, found)| (name.as_str(), found)),
    );
    for (name, stage, fault, found) in &cells {
        let (state, attempts) = final_state(expected(*stage, *fault), found);
        let told = &states[name];
        if (told.0.as_str(), told.1) != (state, attempts) {
            failures.push(format!(
                "{stage:?} × {fault:?}: {told:?}, not {state} {attempts}: {found:#?}"
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_fault_at_every_stage_ends_as_the_table_says() {
    run_matrix(true);
}

#[test]
fn every_fault_at_every_stage_ends_as_the_table_says_without_pipelining() {
    run_matrix(false);
}
