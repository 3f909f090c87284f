//! Why something could not be done, told with what to do.

use super::deliver::RunError;
use super::publication::Publication;
use super::relays::Relays;
use super::rests::Resting;
use crate::config::{Security, SmtpConfig, is_loopback};
use crate::diagnostic::Diagnostic;
use crate::freemail;
use crate::ledger::LedgerError;
use crate::mailer::ConnectError;
use crate::pace::Cause;

/// Above it a program needs no rights to listen (RFC 6335 §6: System Ports).
const LAST_PORT_OF_SERVICES: u16 = 1023;

pub(super) fn relay_config(publication: &Publication) -> Result<&SmtpConfig, Diagnostic> {
    publication.config.relays.first().ok_or_else(|| {
        Diagnostic::error("there is no relay to send through")
            .hint("set `url` under `[smtp]` in `postrider.toml`, or the variable POSTRIDER_SMTP_URL; `postrider catch` is one to try with")
    })
}

/// Tells that receivers would refuse the sender: a mailbox at a provider whose relay this is not.
/// As a warning; a real send makes an error of it.
pub fn foreign_sender(publication: &Publication) -> Option<Diagnostic> {
    let domain = publication.config.from.address.domain();
    let provider = freemail::provider_of(domain)?;
    let mut relays = publication.config.relays.iter();
    let smtp = relays.find(|smtp| !provider.owns_relay(&smtp.host, is_loopback(&smtp.host)))?;
    let name = provider.name;
    let problem = Diagnostic::warning(format!(
        "`from` is at {name}, and `{}` is not a relay of theirs",
        smtp.host
    ));
    Some(
        problem
            .cause(format!(
                "{name} tells all receivers to refuse mail from `@{domain}` that comes from anywhere else (DMARC)"
            ))
            .hint("send from a domain of your own, and name the mailbox in `reply_to`; `send --test` tries it all the same"),
    )
}

/// Tells why there is no usable connection, and what to do.
pub(super) fn relay_problem(error: &ConnectError, smtp: &SmtpConfig) -> Diagnostic {
    let problem = Diagnostic::error(format!("cannot send through {}", smtp.shown())).cause(error);
    match error {
        // What a newcomer meets who has not begun the relay of the first settings.
        ConnectError::Broken(..) if smtp.security == Security::Plain && is_loopback(&smtp.host) && smtp.port > LAST_PORT_OF_SERVICES => problem.hint(format!(
            "if you only want to try it: `postrider catch --port {}` in another terminal is a relay that keeps everything; else check host and port of `[smtp] url`",
            smtp.port
        )),
        ConnectError::Broken(..) => problem.hint("check host and port of `[smtp] url`, and that the relay runs"),
        ConnectError::Refused(..) => problem.hint("ask the relay's operator, with the reply above"),
        ConnectError::NoStartTls => problem.hint(
            "use `smtps://` where the relay has TLS from the start; `smtp+plain://` sends everything unprotected",
        ),
        ConnectError::Tls(told) if told.contains("corrupt message") => {
            problem.hint("this port does not begin with TLS: try `smtp://`, which asks for it")
        }
        ConnectError::Tls(_) => problem.hint("check the host name; for a certificate of your own set `[smtp] ca_file`"),
        ConnectError::Injected => problem.hint("do not send over this network until you know who does that"),
        ConnectError::NoMechanism { known: "XOAUTH2", .. } => problem.hint("set a password instead of `token_command`, or ask the relay's operator how to log in"),
        ConnectError::NoMechanism { .. } => problem.hint("the relay may offer a login only over TLS: use `smtps://` or `smtp://`"),
        ConnectError::WrongPassword(_) => {
            problem.hint("correct the user name, the password or what gives the token; it was tried once, because relays lock accounts")
        }
        ConnectError::Token(_) => problem.hint("run the `token_command` of `[smtp]` by hand: it must print a token and nothing else"),
    }
}

/// Tells why a run stopped, and what to do.
pub(super) fn run_problem(error: RunError, relays: &Relays, slug: &str) -> Diagnostic {
    let shown = |relay: usize| relays.config(relay).shown();
    match error {
        RunError::Relay(relay, error) => relay_problem(&error, relays.config(relay)),
        RunError::OurFault(relay, step, reply) if reply.code == 530 => Diagnostic::error(format!(
            "stopped: {} wants a login",
            shown(relay)
        ))
        .cause(format!("to {step} it said: {reply}"))
        .hint(
            "set `username` and `password_file` under `[smtp]`; `postrider send` goes on from here",
        ),
        RunError::OurFault(relay, step, reply) => Diagnostic::error(format!(
            "paused: {} refuses our messages, not single readers",
            shown(relay)
        ))
        .cause(format!("to {step} it said: {reply}"))
        .hint(format!(
            "ask the relay's operator; then `postrider continue {slug}` and `postrider send` go on from here"
        )),
        RunError::Doubt(relay, told) => Diagnostic::error(format!(
            "stopped: {} does not say what becomes of our messages",
            shown(relay)
        ))
        .cause(told)
        .hint("look at the relay; `postrider status` lists what is in doubt, `postrider send` goes on with the rest"),
        RunError::Compose(told) => Diagnostic::error("paused: the messages cannot be made")
            .cause(told)
            .hint(format!(
                "`postrider status {slug}` names the readers; `postrider continue {slug}` goes on, `postrider cancel {slug}` gives up"
            )),
        RunError::Worker(told) => Diagnostic::error("a part of the sender failed")
            .cause(told)
            .hint("this is a fault of Postrider; `postrider send` goes on from here"),
        RunError::Ledger(error) => ledger_problem(&error),
    }
}

/// Tells that no relay can be used, if that is why they rest: it is nothing that time alone mends.
pub(super) fn down_problem(resting: &[Resting]) -> Option<Diagnostic> {
    let first = resting.first()?;
    if resting.iter().any(|resting| resting.cause != Cause::Down) {
        return None;
    }
    let problem = Diagnostic::error(format!("stopped: {} cannot be used", first.relay));
    let causes = resting
        .iter()
        .map(|resting| format!("{}: {}", resting.relay, resting.told));
    let problem = causes.fold(problem, Diagnostic::cause);
    Some(problem.hint(
        "look at the relay; `postrider send` goes on from here, and `--wait` tries again by itself",
    ))
}

/// Tells what is wrong with the ledger, and what to do.
pub(super) fn ledger_problem(error: &LedgerError) -> Diagnostic {
    let problem = Diagnostic::error(error.to_string());
    match error {
        LedgerError::Database(cause) if error.is_busy() => problem
            .cause(cause)
            .hint("another process has written to the ledger for longer than is usual; run the same command again"),
        LedgerError::Database(cause) if error.is_disk_full() => problem
            .cause(cause)
            .hint("the disk is full: make room and run the same command again; nothing that was recorded is lost"),
        LedgerError::Database(cause) if error.is_damage() => problem
            .cause(cause)
            .hint("the file is damaged: keep a copy of the folder, look with `postrider ledger check`, restore the last `postrider ledger backup`, and say so with `postrider ledger adopt`"),
        LedgerError::Database(cause) if error.is_disk_failure() => problem
            .cause(cause)
            .hint("the disk failed, and nothing more was written or sent; look at the system's log and the disk, then run `postrider ledger check` before anything is sent again"),
        LedgerError::Database(cause) => problem.cause(cause).hint("check the disk and the rights of `ledger.db`; if the file is damaged, restore it from a backup"),
        LedgerError::Newer { .. } => problem.hint("use the newest Postrider; an older one must not write to this ledger"),
        LedgerError::NotDurable(_) => problem.hint("put the publication on a local disk"),
        LedgerError::Overtaken => problem.hint("run the same command again; nothing was changed by this one"),
        LedgerError::Unknown(_) | LedgerError::Poisoned => problem,
    }
}
