//! Why something could not be done, told with what to do.

use super::deliver::RunError;
use super::publication::Publication;
use crate::config::{SmtpConfig, is_loopback};
use crate::diagnostic::Diagnostic;
use crate::freemail;
use crate::ledger::LedgerError;
use crate::mailer::ConnectError;

pub(super) fn relay_config(publication: &Publication) -> Result<&SmtpConfig, Diagnostic> {
    publication.config.smtp.as_ref().ok_or_else(|| {
        Diagnostic::error("there is no relay to send through")
            .hint("set `url` under `[smtp]` in `postrider.toml`, or the variable POSTRIDER_SMTP_URL; `postrider catch` is one to try with")
    })
}

/// Tells that receivers would refuse the sender: a mailbox at a provider whose relay this is not.
/// As a warning; a real send makes an error of it.
pub fn foreign_sender(publication: &Publication) -> Option<Diagnostic> {
    let smtp = publication.config.smtp.as_ref()?;
    let domain = publication.config.from.address.domain();
    let provider = freemail::provider_of(domain)?;
    if provider.owns_relay(&smtp.host, is_loopback(&smtp.host)) {
        return None;
    }
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

pub(super) fn run_problem(error: RunError, smtp: &SmtpConfig) -> Diagnostic {
    match error {
        RunError::Relay(error) => relay_problem(&error, smtp),
        RunError::OurFault(step, reply) if reply.code == 530 => Diagnostic::error(format!(
            "stopped: {} wants a login",
            smtp.shown()
        ))
        .cause(format!("to {step} it said: {reply}"))
        .hint(
            "set `username` and `password_file` under `[smtp]`; `postrider send` goes on from here",
        ),
        RunError::OurFault(step, reply) => Diagnostic::error(format!(
            "stopped: {} refuses our messages, not single readers",
            smtp.shown()
        ))
        .cause(format!("to {step} it said: {reply}"))
        .hint("ask the relay's operator; `postrider send` goes on from here"),
        RunError::Lost(told) => {
            Diagnostic::error(format!("stopped: {} ends every conversation", smtp.shown()))
                .cause(told)
                .hint("look at the relay; `postrider send` goes on from here")
        }
        RunError::Compose(told) => Diagnostic::error("stopped: the messages cannot be made")
            .cause(told)
            .hint("the templates are those of the plan; `postrider status` names the readers"),
        RunError::Worker(told) => Diagnostic::error("a part of the sender failed")
            .cause(told)
            .hint("this is a fault of Postrider; `postrider send` goes on from here"),
        RunError::Ledger(error) => ledger_problem(&error),
    }
}

/// Tells what is wrong with the ledger, and what to do.
pub(super) fn ledger_problem(error: &LedgerError) -> Diagnostic {
    let problem = Diagnostic::error(error.to_string());
    match error {
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
