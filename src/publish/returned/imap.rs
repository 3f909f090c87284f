//! A mailbox on a server. What is newer than the last mail that was taken is fetched and written down;
//! then it is marked as seen, or moved. Mails that a person should read are left as they are.

use std::collections::BTreeMap;

use tokio::runtime::Runtime;

use super::{Batch, RawMail};
use crate::config::{ImapConfig, Secret};
use crate::diagnostic::Diagnostic;
use crate::imap::{ImapError, ImapTimers, Mailbox, Tokens};
use crate::ledger::MailboxPosition;
use crate::publish::{Halt, Stop};
use crate::token::{Keys, sha256};

/// Mails that are written down before the server is told.
const AT_ONCE: usize = 50;

/// Takes what is new.
pub(super) fn take(
    config: &ImapConfig,
    batch: &mut Batch<'_>,
    keys: &Keys,
    tokens: &Tokens,
    halt: &Halt,
) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error("cannot start reading the mailbox").cause(error))?;
    let asking = Asking {
        config,
        runtime,
        halt,
    };
    let opened = asking.asked(Mailbox::open(config, &ImapTimers::default(), tokens))?;
    let mut mailbox = match opened {
        Ok(mailbox) => mailbox,
        Err(error) => {
            batch.report.login_refused |= matches!(error, ImapError::Login(_));
            batch.report.problems.push(asking.problem(&error));
            return Ok(());
        }
    };
    let name = config.shown();
    let validity = mailbox.validity();
    let known = batch.ledger.mailbox_position(&name)?;
    // Under another validity the numbers mean other mails; each is known again by its hash.
    let last = known
        .filter(|known| known.validity == validity)
        .map_or(0, |known| known.last);
    let new = asking.answered(mailbox.newer_than(last))?;
    for some in new.chunks(AT_ONCE) {
        let mut hashes = BTreeMap::new();
        for uid in some {
            let fetched = asking.answered(mailbox.fetch(*uid, RawMail::LONGEST))?;
            let Some(bytes) = fetched.filter(|bytes| !bytes.is_empty()) else {
                continue;
            };
            hashes.insert(*uid, sha256(&bytes));
            let mail = RawMail {
                bytes,
                place: format!("{name}, mail {uid}"),
                new_file: None,
            };
            batch.add(keys, &mail)?;
        }
        batch.write(keys)?;
        // A number without a mail may be wrong, and must not hide those that come after it.
        let last = hashes.keys().next_back().copied();
        for (uid, hash) in hashes {
            let verdict = batch.ledger.verdict_of(&hash)?;
            if verdict.is_some_and(|verdict| !verdict.wants_a_person()) {
                asking.put_away(&mut mailbox, uid, batch)?;
            }
        }
        if let Some(last) = last {
            let position = MailboxPosition { validity, last };
            batch.ledger.set_mailbox_position(&name, position)?;
        }
    }
    asking.runtime.block_on(mailbox.leave());
    Ok(())
}

/// One conversation, which ends when the server is stopped.
struct Asking<'a> {
    config: &'a ImapConfig,
    runtime: Runtime,
    halt: &'a Halt,
}

impl Asking<'_> {
    /// The answer, unless the server is stopped first.
    fn asked<T>(&self, question: impl Future<Output = T>) -> Result<T, Stop> {
        self.runtime.block_on(async {
            tokio::select! {
                answer = question => Ok(answer),
                () = self.halt.stopping() => Err(Stop::Declined),
            }
        })
    }

    fn answered<T>(&self, question: impl Future<Output = Result<T, ImapError>>) -> Result<T, Stop> {
        self.asked(question)?
            .map_err(|error| self.problem(&error).into())
    }

    /// The mail is in the ledger: what goes wrong now is no reason to take it again.
    fn put_away(&self, mailbox: &mut Mailbox, uid: u32, batch: &mut Batch<'_>) -> Result<(), Stop> {
        self.answered(mailbox.mark_seen(uid))?;
        let Some(folder) = &self.config.move_to else {
            return Ok(());
        };
        if mailbox.can_move() {
            return self.answered(mailbox.move_to(uid, folder));
        }
        if batch.report.problems.is_empty() {
            batch.report.problems.push(
                Diagnostic::warning("mails that were taken stay in the mailbox")
                    .cause("the server cannot move them (RFC 6851)")
                    .hint("leave `imap_move_to` out: they are marked as seen"),
            );
        }
        Ok(())
    }

    fn problem(&self, error: &ImapError) -> Diagnostic {
        let problem =
            Diagnostic::error(format!("cannot read `{}`", self.config.shown())).cause(error);
        match error {
            ImapError::Login(_) => problem.hint(match self.config.secret {
                Secret::Password(_) => {
                    "correct the user's name or the password; it was tried once, because servers lock accounts"
                }
                Secret::TokenCommand { .. } => {
                    "run the `imap_token_command` of `[bounces]` by hand: its token must be one for this user and for reading mail"
                }
            }),
            ImapError::NoLogin("token") => {
                problem.hint("set a password instead of `imap_token_command`")
            }
            ImapError::NoLogin(_) => problem.hint(
                "use `imaps://`; where a provider takes no passwords, `imap_token_command` gives it a token",
            ),
            ImapError::Token(_) => problem.hint(
                "run the `imap_token_command` of `[bounces]` by hand: it must print a token and nothing else",
            ),
            ImapError::Tls(_) => problem.hint(
                "check the host's name; for a certificate of your own set `imap_ca_file` under `[bounces]`",
            ),
            ImapError::Unprotected(_) => {
                problem.hint("use `imaps://`, which is protected from the start")
            }
            ImapError::Broken(_) => problem.hint("check host and port, and that the server runs"),
            ImapError::Refused { .. } | ImapError::Garbled(_) => {
                problem.hint("what was taken until then is in the ledger; the rest comes next time")
            }
        }
    }
}
