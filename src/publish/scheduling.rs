//! `schedule` and `unschedule`: when an issue goes out, written into its file; and the calendar.

use chrono::{DateTime, TimeDelta, Utc};

use super::Stop;
use super::guard::glimpse;
use super::planning::dry_plan;
use super::publication::Publication;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::essay::{set_draft, set_send_at};
use crate::fs;
use crate::issue::{DatingRules, Issue, Slug};
use crate::ledger::{Ledger, LockError, SenderLock};
use crate::schedule::{Moment, Present, Standing, understand};
use crate::subscriber;

/// How many of the next slots the calendar shows.
const SLOTS_SHOWN: usize = 6;

/// What became due longer ago than this is an old essay rather than an issue that was missed.
const RECENTLY: TimeDelta = TimeDelta::days(30);

/// A roster up to this size, in bytes, is read to tell how many would get an issue: some hundred
/// thousand rows, in a fraction of a second.
const QUICKLY_READ: u64 = 8 * 1024 * 1024;

/// An issue that was given its time.
#[derive(Debug)]
pub struct Scheduled {
    /// The issue as it is now.
    pub issue: Issue,
    /// When it goes out.
    pub moment: Moment,
    /// When it would have gone out before; `None` if it was a draft.
    pub before: Option<DateTime<Utc>>,
    /// Whether the file was changed.
    pub changed: bool,
    /// What its author should think about.
    pub warnings: Vec<Diagnostic>,
}

/// Gives an issue its time: writes `send_at` into its file, and takes `draft = true` out if it is
/// `ready`. All else in the file stays as it is.
pub fn schedule(
    publication: &Publication,
    word: &str,
    when: &str,
    ready: bool,
) -> Result<Scheduled, Stop> {
    let issues = publication.issues()?.issues;
    let issue = publication.find(&issues, word)?;
    let rules = publication.dating_rules();
    let others: Vec<&Issue> = issues
        .iter()
        .filter(|other| other.id != issue.id && !other.draft)
        .collect();
    let others_at: Vec<_> = others.iter().map(|other| other.published).collect();
    let present = Present {
        now: publication.clock.now(),
        rules: &rules,
        slots: &publication.config.slots,
        others: &others_at,
    };
    let moment = understand(&SourceText::new("WHEN", when), &present)?;
    let _lock = keep_senders_away(publication, issue)?;
    refuse_planned(publication, issue)?;
    if issue.draft && !ready {
        let slug = &issue.slug;
        return Err(Diagnostic::error(format!("`{slug}` is a draft"))
            .hint(format!(
                "when it is ready, `postrider schedule {slug} {when} --ready` takes `draft = true` out and sets the time in one step"
            ))
            .into());
    }
    let mut text = set_send_at(&issue.source, moment.written(&rules))?;
    if issue.draft {
        text = set_draft(&SourceText::new(issue.source.name.clone(), text), false)?;
    }
    let warnings = second_thoughts(publication, &rules, issue, &others, &moment);
    let changed = write(publication, issue, &text)?;
    let now = reread(publication, issue)?;
    if now.published != moment.instant || now.draft {
        let problem = format!(
            "`{}` does not say the time that was written into it",
            issue.slug
        );
        return Err(Diagnostic::error(problem)
            .hint("another program may have changed the file; look at it and try again")
            .into());
    }
    Ok(Scheduled {
        issue: now,
        moment,
        before: (!issue.draft).then_some(issue.published),
        changed,
        warnings,
    })
}

/// An issue that was put off.
#[derive(Debug)]
pub struct Unscheduled {
    /// The issue as it is now: a draft.
    pub issue: Issue,
    /// When it would have gone out; `None` if it was a draft before.
    pub before: Option<DateTime<Utc>>,
    /// Whether its page may be public: the next build takes it away.
    pub was_public: bool,
}

/// Puts an issue off: marks it as a draft, so that it is neither mailed nor published by any date,
/// that of its file's name included. Its `send_at` stays and counts for nothing.
pub fn unschedule(publication: &Publication, word: &str) -> Result<Unscheduled, Stop> {
    let issues = publication.issues()?.issues;
    let issue = publication.find(&issues, word)?;
    let _lock = keep_senders_away(publication, issue)?;
    refuse_planned(publication, issue)?;
    let now = publication.clock.now();
    if issue.published + max_lateness(publication) < now && !issue.draft {
        let slug = &issue.slug;
        return Err(Diagnostic::error(format!("`{slug}` is not scheduled: its time is past"))
            .hint("it is mailed only if you name it; `draft = true` in its front matter takes it off the web, too")
            .into());
    }
    write(publication, issue, &set_draft(&issue.source, true)?)?;
    Ok(Unscheduled {
        issue: reread(publication, issue)?,
        before: (!issue.draft).then_some(issue.published),
        was_public: !issue.draft && issue.published <= now,
    })
}

/// What is to come, what is free and what was missed.
#[derive(Debug)]
pub struct Calendar {
    /// Issues that are due and those to come, the earliest first, with how many would get each where
    /// that is quickly known.
    pub coming: Vec<(Issue, Option<usize>)>,
    /// The next slots, each with the issue that takes it.
    pub slots: Vec<(DateTime<Utc>, Option<Slug>)>,
    /// Issues that are held, because nothing ran at their time.
    pub held: Vec<Issue>,
    /// How many older ones were never mailed.
    pub older: usize,
    /// When a sender last ran by the machine's clock.
    pub last_run: Option<DateTime<Utc>>,
}

/// Looks at every issue without a plan.
pub fn calendar(publication: &Publication) -> Result<(Calendar, Vec<Diagnostic>), Stop> {
    let found = publication.issues()?;
    let mut ledger = Ledger::open_if_present(&publication.ledger_path())?;
    let now = publication.clock.now();
    let slots = slots_ahead(publication, &found.issues);
    let mut calendar = Calendar {
        coming: Vec::new(),
        slots,
        held: Vec::new(),
        older: 0,
        last_run: match &mut ledger {
            Some(ledger) => ledger.last_seen()?,
            None => None,
        },
    };
    for issue in found.issues {
        let planned = match &mut ledger {
            Some(ledger) => ledger.issue_state(&issue.id)?.is_some(),
            None => false,
        };
        let to_come = issue.published > now;
        match Standing::of(&issue, planned, now, publication.config.max_lateness) {
            Standing::Due | Standing::ToCome => calendar.coming.push((issue, None)),
            // The web has a calendar, too.
            Standing::WebOnly if to_come => calendar.coming.push((issue, None)),
            Standing::Late if now - issue.published <= RECENTLY => calendar.held.push(issue),
            Standing::Late => calendar.older += 1,
            Standing::WebOnly | Standing::Draft | Standing::Planned => {}
        }
    }
    count_readers(publication, &mut calendar.coming);
    Ok((calendar, found.warnings))
}

/// The next slots, and who takes them.
fn slots_ahead(publication: &Publication, issues: &[Issue]) -> Vec<(DateTime<Utc>, Option<Slug>)> {
    let rules = publication.dating_rules();
    let slots = &publication.config.slots;
    let mut ahead = Vec::new();
    let mut after = publication.clock.now();
    while ahead.len() < SLOTS_SHOWN
        && let Some(slot) = slots.after(after, &rules)
    {
        after = slot.instant;
        let mut ready = issues.iter().filter(|issue| !issue.draft);
        let taker = ready.find(|issue| slots.taken_by(issue.published, &rules) == Some(after));
        ahead.push((after, taker.map(|issue| issue.slug.clone())));
    }
    ahead
}

/// How many would get each issue, where the roster is quickly read. What keeps it from being read
/// is told by `check` and `plan`; the calendar goes without.
fn count_readers(publication: &Publication, coming: &mut [(Issue, Option<usize>)]) {
    let roster = publication.folder.join(subscriber::FILE_NAME);
    let quick = fs::size_of(&roster).is_some_and(|size| {
        let mailed = coming.iter().filter(|(issue, _)| issue.mail).count() as u64;
        size.saturating_mul(mailed) <= QUICKLY_READ
    });
    let Some(mut glimpse) = quick.then(|| glimpse(publication).ok()).flatten() else {
        return;
    };
    for (issue, readers) in coming.iter_mut().filter(|(issue, _)| issue.mail) {
        let dry = dry_plan(publication, &mut glimpse.ledger, &glimpse.keys, issue);
        *readers = dry.ok().map(|dry| dry.readers.len());
    }
}

/// Keeps a run from planning the issue while its file is changed. A run that is under way may be
/// about to plan what is due, and no other issue.
fn keep_senders_away(publication: &Publication, issue: &Issue) -> Result<Option<SenderLock>, Stop> {
    if !publication.ledger_path().exists() {
        return Ok(None);
    }
    let now = publication.clock.now();
    let standing = Standing::of(issue, false, now, publication.config.max_lateness);
    match SenderLock::take(&publication.folder) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::Held { .. }) if standing != Standing::Due => Ok(None),
        Err(error @ LockError::Held { .. }) => {
            let slug = &issue.slug;
            let problem = Diagnostic::error(error.to_string())
                .cause(format!("`{slug}` is due, and may be planned at this moment"))
                .hint(format!(
                    "wait until it has finished; or write `draft = true` into `{}`, which keeps it back unless `postrider status {slug}` shows a plan",
                    issue.source.name
                ));
            Err(Stop::Busy(Box::new(problem)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What has a plan goes out by that plan: no date in its file changes it.
fn refuse_planned(publication: &Publication, issue: &Issue) -> Result<(), Stop> {
    let Some(mut ledger) = Ledger::open_if_present(&publication.ledger_path())? else {
        return Ok(());
    };
    let Some(state) = ledger.issue_state(&issue.id)? else {
        return Ok(());
    };
    let slug = &issue.slug;
    let problem = Diagnostic::error(format!(
        "`{slug}` has been planned and is {}: its time cannot be changed any more",
        state.as_str()
    ));
    Err(problem
        .hint(format!(
            "`postrider status {slug}` shows where it stands; `postrider pause {slug}` stops what is being sent"
        ))
        .into())
}

/// What is allowed and may still not be what was meant.
fn second_thoughts(
    publication: &Publication,
    rules: &DatingRules,
    issue: &Issue,
    others: &[&Issue],
    moment: &Moment,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let slots = &publication.config.slots;
    let slug = &issue.slug;
    let slot = slots.taken_by(moment.instant, rules);
    let same_slot = |at| slot.is_some() && slots.taken_by(at, rules) == slot;
    if let Some(other) = others
        .iter()
        .find(|other| other.published == moment.instant)
    {
        warnings.push(Diagnostic::warning(format!(
            "`{}` goes out at the same time",
            other.slug
        )));
    } else if let Some(other) = others.iter().find(|other| same_slot(other.published)) {
        warnings.push(Diagnostic::warning(format!(
            "`{}` has the slot of that day",
            other.slug
        )));
    }
    if !issue.mail {
        warnings.push(
            Diagnostic::warning(format!(
                "`{slug}` is for the web only: it is published then, and mailed to nobody"
            ))
            .hint("take `mail = false` out of its front matter to mail it"),
        );
    }
    if !issue.draft && issue.published <= publication.clock.now() {
        warnings.push(Diagnostic::warning(format!(
            "`{slug}` may be public already: the next build takes it off the web until then"
        )));
    }
    warnings
}

fn max_lateness(publication: &Publication) -> TimeDelta {
    TimeDelta::from_std(publication.config.max_lateness).unwrap_or(TimeDelta::MAX)
}

fn write(publication: &Publication, issue: &Issue, text: &str) -> Result<bool, Stop> {
    if *issue.source.text == *text {
        return Ok(false);
    }
    let name = &issue.source.name;
    let path = publication.folder.join(&**name);
    fs::write_atomically(&path, text.as_bytes())
        .map_err(|error| Diagnostic::error(format!("cannot write `{name}`")).cause(error))?;
    Ok(true)
}

fn reread(publication: &Publication, issue: &Issue) -> Result<Issue, Stop> {
    let vanished = || Diagnostic::error(format!("`{}` has vanished", issue.source.name));
    Ok(publication.reread(issue)?.ok_or_else(vanished)?)
}
