//! The author hears of a run by a timer that failed, or that holds an issue, and of what a server
//! cannot do: by mail to `[schedule] notify`, and in `status`.
//!
//! Each cause is told once a day at most, and that is written down before it is tried: a notice that
//! fails is not tried again and again. A relay that did not answer the run is not asked either.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;

use super::problems::relay_config;
use super::publication::Publication;
use super::send::{Ask, Held, SendReport};
use super::test_send::hand_over;
use super::{Stop, fill_random};
use crate::address::EmailAddress;
use crate::diagnostic::{Diagnostic, Severity};
use crate::ledger::{Ledger, Teller, Troubles};
use crate::mailer::Envelope;
use crate::message::Notice;

/// How long a cause that was told is not told again.
const QUIET: TimeDelta = TimeDelta::hours(24);

/// An issue that is held for longer is an old essay, which nobody misses.
const MISSED: TimeDelta = TimeDelta::days(7);

/// Most causes that are told in a day, whatever happens.
const MOST_A_DAY: usize = 20;

/// One thing that could not be done.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// Names the cause, the same in each run.
    pub(super) cause: String,
    /// In one line.
    pub(super) line: String,
    /// All that is known.
    text: String,
}

impl Trouble {
    /// Something that failed.
    pub(super) fn of(problem: &Diagnostic) -> Self {
        Self {
            cause: format!("failed: {}", without_numbers(problem.message())),
            line: problem.message().to_owned(),
            text: problem.render(false),
        }
    }

    /// Something that failed, with its cause in the same line.
    pub(super) fn in_full(problem: &Diagnostic) -> Self {
        let mut trouble = Self::of(problem);
        for cause in problem.causes() {
            trouble.line = format!("{}: {cause}", trouble.line);
        }
        trouble
    }

    /// An issue that is held because nothing sent it at its time; one that became due long ago is
    /// an old essay, and no trouble.
    pub(super) fn of_held(
        publication: &Publication,
        held: &Held,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        if now - held.due > MISSED {
            return None;
        }
        let slug = &held.slug;
        let clock = publication.dating_rules().clock_time(held.due);
        let due = clock.map(|clock| clock.strftime("%Y-%m-%d %H:%M").to_string());
        let line = format!(
            "`{slug}` was due {} and is held: nothing sent it then",
            due.unwrap_or_default()
        );
        Some(Self {
            cause: format!("held: {slug}"),
            text: format!(
                "{line}\n\nhint: `postrider send {slug}` sends it all the same, `postrider schedule {slug} WHEN` gives it another time"
            ),
            line,
        })
    }
}

/// Tells the author what a run could not do. `relay_answers` is whether there is a relay to tell it
/// by. What goes wrong with that is a note: the run has its own result.
pub(super) fn tell_author(
    publication: &Publication,
    ended: &Result<SendReport, Stop>,
    relay_answers: bool,
    ask: &mut dyn Ask,
) {
    let troubles = troubles_of(publication, ended, publication.clock.now());
    tell_troubles(
        publication,
        Teller::Run,
        troubles,
        relay_answers,
        &mut |told| {
            ask.note(told);
        },
    );
}

/// The same for any troubles; all that this teller has now.
pub(super) fn tell_troubles(
    publication: &Publication,
    teller: Teller,
    troubles: Vec<Trouble>,
    relay_answers: bool,
    note: &mut dyn FnMut(&str),
) {
    if let Err(Stop::Failed(problems)) = try_to_tell(publication, teller, troubles, relay_answers) {
        for problem in problems {
            note(&format!(
                "the author could not be told: {}",
                problem.message()
            ));
        }
    }
}

fn try_to_tell(
    publication: &Publication,
    teller: Teller,
    troubles: Vec<Trouble>,
    relay_answers: bool,
) -> Result<(), Stop> {
    let now = publication.clock.now();
    // Without a ledger nothing would be remembered, and the author told at each run.
    let Some(mut ledger) = Ledger::open_if_present(&publication.ledger_path())? else {
        return Ok(());
    };
    let kept = Troubles {
        at: now,
        told: troubles.iter().map(|one| one.line.clone()).collect(),
    };
    ledger.set_troubles(teller, (!troubles.is_empty()).then_some(&kept))?;
    let Some(author) = &publication.config.notify else {
        return Ok(());
    };
    if !relay_answers || a_relay_rests(&mut ledger, now)? {
        return Ok(());
    }
    let mut told = ledger.told()?;
    // A clock that was set back a little must not make it tell all again.
    told.retain(|_, at| (now - *at).abs() < QUIET);
    let new = not_told(troubles, &told);
    if new.is_empty() {
        return Ok(());
    }
    told.extend(new.iter().map(|one| (one.cause.clone(), now)));
    ledger.set_told(&told)?;
    drop(ledger);
    send_notice(publication, author, teller, &new, now)
}

fn not_told(troubles: Vec<Trouble>, told: &BTreeMap<String, DateTime<Utc>>) -> Vec<Trouble> {
    let room = MOST_A_DAY.saturating_sub(told.len());
    let mut new: Vec<Trouble> = Vec::new();
    for trouble in troubles {
        let known = told.contains_key(&trouble.cause);
        if !known && new.iter().all(|other| other.cause != trouble.cause) {
            new.push(trouble);
        }
    }
    new.truncate(room);
    new
}

fn a_relay_rests(ledger: &mut Ledger, now: DateTime<Utc>) -> Result<bool, Stop> {
    Ok(ledger.rests()?.iter().any(|(_, rest)| rest.until > now))
}

fn troubles_of(
    publication: &Publication,
    ended: &Result<SendReport, Stop>,
    now: DateTime<Utc>,
) -> Vec<Trouble> {
    let (problems, held) = match ended {
        Ok(report) => (report.errors.as_slice(), report.held.as_slice()),
        Err(Stop::Failed(problems)) => (problems.as_slice(), [].as_slice()),
        // A person is at work, or said no.
        Err(Stop::Busy(_) | Stop::Declined) => return Vec::new(),
    };
    let errors = problems
        .iter()
        .filter(|problem| problem.severity() == Severity::Error);
    let failed = errors.map(Trouble::of);
    let missed = held
        .iter()
        .filter_map(|held| Trouble::of_held(publication, held, now));
    failed.chain(missed).collect()
}

/// A cause that counts bytes or names the hour would be another one in each run.
fn without_numbers(message: &str) -> String {
    message.chars().filter(|sign| !sign.is_numeric()).collect()
}

fn send_notice(
    publication: &Publication,
    author: &EmailAddress,
    teller: Teller,
    troubles: &[Trouble],
    now: DateTime<Utc>,
) -> Result<(), Stop> {
    relay_config(publication)?;
    let config = &publication.config;
    let subject = match troubles {
        [one] => format!("{}: {}", config.title, one.line),
        more => format!("{}: {} things need you", config.title, more.len()),
    };
    let texts: Vec<&str> = troubles.iter().map(|one| one.text.as_str()).collect();
    let text = format!(
        "{}\n\n--\n{} in {} and could not do everything. You hear of each\ncause once a day at most; `postrider status` shows how it stands.\n",
        texts.join("\n\n\n"),
        match teller {
            Teller::Run => "Postrider sent by the clock",
            Teller::Rounds | Teller::Mailboxes | Teller::Readers => "`postrider serve` runs",
        },
        publication.folder.display()
    );
    let mut nonce = [0_u8; 16];
    fill_random(&mut nonce)?;
    let notice = Notice {
        from: &config.from,
        to: author,
        subject: &subject,
        text: &text,
        at: now,
        nonce: &HEXLOWER.encode(&nonce),
    };
    let bytes = publication.signed(notice.to_bytes(), now)?;
    let envelope = Envelope {
        from: config.from.address.clone(),
        to: author.clone(),
        id: None,
    };
    hand_over(
        publication,
        &envelope,
        bytes,
        config.timers.clone(),
        "notice",
    )?;
    Ok(())
}
