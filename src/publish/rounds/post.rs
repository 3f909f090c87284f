//! The mailboxes that mail comes back to, read beside whatever is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::Rounds;
use crate::config::{ImapConfig, Secret};
use crate::imap::Tokens;
use crate::ledger::{Taken, Teller};
use crate::publish::telling::{Trouble, tell_troubles};
use crate::publish::{Halt, Publication, Source, Stop, TakeReport, take_returned};

/// What is known from one look to the next.
pub(super) struct Post<'a> {
    rounds: &'a Rounds,
    /// When the server of the mailbox was last asked, by a clock that nobody sets.
    asked_at: Option<Duration>,
    /// What was in the way then.
    at_the_server: Vec<Trouble>,
    /// What the server did not let in: asking again would lock the account.
    refused: Option<Refused>,
    /// What the command for tokens gave.
    tokens: Tokens,
    /// The causes of what is in the way, as they were told last.
    told: BTreeSet<String>,
}

/// What came of reading a mailbox.
struct Attempt {
    troubles: Vec<Trouble>,
    login_refused: bool,
}

/// What was refused, and when by a clock that nobody sets.
struct Refused {
    mailbox: ImapConfig,
    at: Duration,
}

/// After which time the command for tokens may give another one. A password stays the same until it
/// is changed.
const OTHER_TOKEN: Duration = Duration::from_hours(1);

impl Refused {
    /// Whether it would be the same again.
    fn still_holds(&self, config: &ImapConfig, running: Duration) -> bool {
        let same = match (&self.mailbox.secret, &config.secret) {
            (Secret::Password(old), Secret::Password(new)) => {
                old.expose_secret() == new.expose_secret()
            }
            (
                Secret::TokenCommand { program, arguments },
                Secret::TokenCommand {
                    program: new_program,
                    arguments: new_arguments,
                },
            ) => {
                (program, arguments) == (new_program, new_arguments)
                    && running.saturating_sub(self.at) < OTHER_TOKEN
            }
            _ => false,
        };
        same && self.mailbox == *config
    }
}

impl<'a> Post<'a> {
    pub(super) fn new(rounds: &'a Rounds) -> Self {
        Self {
            rounds,
            asked_at: None,
            at_the_server: Vec::new(),
            refused: None,
            tokens: Tokens::default(),
            told: BTreeSet::new(),
        }
    }

    /// Looks once. A folder that cannot be read is told of by the others.
    pub(super) fn look(&mut self, halt: &Halt) {
        let rounds = self.rounds;
        let opened = Publication::open(&rounds.folder, &rounds.environment, rounds.clock);
        let Ok(publication) = opened else {
            return;
        };
        let mailboxes = &publication.config.mailboxes;
        // Before the first letter nothing can come back.
        let has_sent = publication.ledger_path().exists();
        if !has_sent || (mailboxes.maildir.is_none() && mailboxes.imap.is_none()) {
            return;
        }
        let mut troubles = Vec::new();
        if let Some(maildir) = &mailboxes.maildir {
            let source = Source::of(maildir, None);
            match source {
                Ok(source) if has_new(maildir) => {
                    troubles.extend(self.take(&publication, source, halt).troubles);
                }
                Ok(_) => {}
                Err(problem) => troubles.push(Trouble::in_full(&problem)),
            }
        }
        match &mailboxes.imap {
            Some(config) => self.ask(&publication, config, halt),
            None => self.at_the_server.clear(),
        }
        troubles.extend(self.at_the_server.iter().cloned());
        self.tell(&publication, troubles);
    }

    /// Asks the server, if it is time.
    fn ask(&mut self, publication: &Publication, config: &ImapConfig, halt: &Halt) {
        let running = self.rounds.clock.look().running;
        if let Some(refused) = &self.refused {
            if refused.still_holds(config, running) {
                return;
            }
            self.refused = None;
            self.asked_at = None;
        }
        let every = self.rounds.rhythm.imap;
        let is_time = self
            .asked_at
            .is_none_or(|at| running.saturating_sub(at) >= every);
        if !is_time {
            return;
        }
        self.asked_at = Some(running);
        let source = Source::Imap(Box::new(config.clone()));
        let taken = self.take(publication, source, halt);
        // One try: many servers lock an account after a few wrong passwords.
        if taken.login_refused {
            self.refused = Some(Refused {
                mailbox: config.clone(),
                at: running,
            });
        }
        self.at_the_server = taken.troubles;
    }

    fn take(&self, publication: &Publication, source: Source, halt: &Halt) -> Attempt {
        let (problems, login_refused) =
            match take_returned(publication, &[source], &self.tokens, halt) {
                Ok(report) => {
                    self.tell_taken(&report);
                    (report.problems, report.login_refused)
                }
                // Somebody writes for long, or the server is being stopped: next time.
                Err(Stop::Busy(_) | Stop::Declined) => (Vec::new(), false),
                Err(Stop::Failed(problems)) => (problems, false),
            };
        Attempt {
            troubles: problems.iter().map(Trouble::in_full).collect(),
            login_refused,
        }
    }

    fn tell_taken(&self, report: &TakeReport) {
        let fresh = report.taken.fresh();
        if fresh == 0 {
            return;
        }
        self.rounds.state.change(|state| state.mails_taken += fresh);
        for line in lines(&report.taken) {
            self.rounds.tell(&line);
        }
    }

    /// Tells what is in the way, each once as long as it lasts.
    fn tell(&mut self, publication: &Publication, troubles: Vec<Trouble>) {
        let causes: BTreeSet<String> = troubles.iter().map(|one| one.cause.clone()).collect();
        if causes == self.told {
            return;
        }
        for trouble in &troubles {
            if !self.told.contains(&trouble.cause) {
                self.rounds.tell_wrong(&trouble.line);
            }
        }
        self.told = causes;
        let rounds = self.rounds;
        tell_troubles(
            publication,
            Teller::Mailboxes,
            troubles,
            true,
            &mut |told| {
                rounds.warn(told);
            },
        );
    }
}

/// Whether something waits in `new/`; whoever opens it will tell what is wrong with the folder.
fn has_new(maildir: &std::path::Path) -> bool {
    std::fs::read_dir(maildir.join("new")).map_or(true, |mut files| files.next().is_some())
}

fn lines(taken: &Taken) -> Vec<String> {
    let counts: Vec<String> = taken
        .verdicts
        .iter()
        .map(|(verdict, mails)| format!("{mails} {}", verdict.as_str()))
        .collect();
    let mut lines = vec![format!("mail that came back: {}", counts.join(", "))];
    if !taken.suppressed.is_empty() {
        lines.push(format!(
            "not mailed any more: {}; `postrider bounces list` tells why",
            taken.suppressed.len()
        ));
    }
    for (slug, doubted) in &taken.doubted {
        lines.push(format!(
            "many of {} do not exist, say reports of `{slug}`: `postrider status {slug}` shows what to decide",
            doubted.domain
        ));
    }
    if !taken.for_a_person.is_empty() {
        lines.push(format!(
            "for you to read: {}; `postrider bounces list` names them",
            taken.for_a_person.len()
        ));
    }
    lines
}
