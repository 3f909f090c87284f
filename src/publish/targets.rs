//! Which issues a run is about: those that were started, those that are due, or the one that was
//! named; and their plans.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Stop;
use super::checking::check_before_sending;
use super::freeze;
use super::planning::{Candidates, DryPlan, dry_plan, refuse_a_shrunken_roster, rehearse_for};
use super::publication::Publication;
use super::send::{Held, Question, SendOptions, SendReport};
use crate::diagnostic::{Diagnostic, Severity};
use crate::essay::{WrittenInstant, set_send_at};
use crate::fs;
use crate::issue::{Issue, Slug};
use crate::ledger::{IssueState, Ledger, Recorded};
use crate::message::{Composer, FrozenIssue};
use crate::plan::{Decision, Recipient};
use crate::schedule::Standing;
use crate::token::{KeySet, Keys};

/// An issue that this run may mail.
pub(super) enum Target {
    /// Planned earlier, from the frozen text.
    Started(Box<Recorded>),
    /// To be planned now.
    New(Box<Issue>, Agreed),
}

/// What the author is asked about, kept until the plan is made: far less than the plan itself.
pub(super) struct Agreed {
    readers: KeySet,
    sample: Vec<Recipient>,
    warnings: Vec<Diagnostic>,
}

impl From<DryPlan> for Agreed {
    fn from(dry: DryPlan) -> Self {
        Self {
            readers: dry.readers,
            sample: dry.sample,
            warnings: dry.candidates.roster.warnings().to_vec(),
        }
    }
}

impl Target {
    /// The plan of an issue that was started.
    pub(super) fn started(&self) -> Option<&Recorded> {
        match self {
            Self::Started(recorded) => Some(recorded),
            Self::New(..) => None,
        }
    }
}

/// The issues of this run: the named one, or what was started and what is due.
pub(super) fn select(
    publication: &Publication,
    options: &SendOptions,
    ledger: &mut Ledger,
    keys: &Keys,
    report: &mut SendReport,
) -> Result<Vec<Target>, Stop> {
    let issues = publication.issues()?.issues;
    let now = publication.clock.now();
    if let Some(word) = &options.issue {
        let issue = publication.find(&issues, word)?;
        if let Some(recorded) = ledger.recorded(&issue.id)? {
            return Ok(vec![Target::Started(Box::new(recorded))]);
        }
        refuse_unmailable(issue)?;
        let dry = plan_anew(publication, issue, ledger, keys, options)?;
        if dry.readers.is_empty() {
            let problem = Diagnostic::error(format!("nobody would get `{}`", issue.slug));
            return Err(problem
                .hint(format!("`postrider plan {}` tells why", issue.slug))
                .into());
        }
        return Ok(vec![Target::New(Box::new(issue.clone()), dry.into())]);
    }
    let mut targets = Vec::new();
    for recorded in ledger.all_recorded()? {
        if recorded.state == IssueState::Sending {
            targets.push(Target::Started(Box::new(recorded)));
        }
    }
    for issue in issues.iter().filter(|issue| issue.mail && !issue.draft) {
        if ledger.issue_state(&issue.id)?.is_some() {
            continue;
        }
        match Standing::of(issue, false, now, publication.config.max_lateness) {
            Standing::ToCome if report.next_due.is_none() => {
                report.next_due = Some((issue.slug.to_string(), issue.published));
            }
            Standing::Late => {
                report.held.push(Held {
                    slug: issue.slug.to_string(),
                    due: issue.published,
                });
            }
            Standing::ToCome | Standing::Draft | Standing::WebOnly | Standing::Planned => {}
            Standing::Due => {
                let dry = plan_anew(publication, issue, ledger, keys, options)?;
                if dry.readers.is_empty() {
                    // One issue without readers must not keep the others back.
                    report.nobody.push(issue.slug.to_string());
                } else {
                    targets.push(Target::New(Box::new(issue.clone()), dry.into()));
                }
            }
        }
    }
    Ok(targets)
}

fn refuse_unmailable(issue: &Issue) -> Result<(), Stop> {
    let name = &issue.source.name;
    if issue.draft {
        let problem = Diagnostic::error(format!("`{name}` is a draft"));
        return Err(problem
            .hint("take `draft = true` out of its front matter when it is ready")
            .into());
    }
    if !issue.mail {
        let problem = Diagnostic::error(format!("`{name}` is for the web only"));
        return Err(problem
            .hint("take `mail = false` out of its front matter to mail it")
            .into());
    }
    Ok(())
}

fn plan_anew(
    publication: &Publication,
    issue: &Issue,
    ledger: &mut Ledger,
    keys: &Keys,
    options: &SendOptions,
) -> Result<DryPlan, Stop> {
    let dry = dry_plan(publication, ledger, keys, issue)?;
    if !options.accept_removals {
        refuse_a_shrunken_roster(ledger, dry.candidates.roster.present())?;
    }
    Ok(dry)
}

pub(super) fn question(
    publication: &Publication,
    targets: &[Target],
    ledger: &mut Ledger,
) -> Result<Question, Stop> {
    let now = publication.clock.now();
    let mut question = Question {
        issues: Vec::new(),
        total: 0,
        future: None,
        plans_anew: false,
        warnings: Vec::new(),
        findings: Vec::new(),
    };
    for target in targets {
        let (title, count) = match target {
            Target::New(issue, agreed) => {
                question.plans_anew = true;
                if issue.published > now {
                    question.future = Some((issue.slug.to_string(), issue.published));
                }
                question.warnings.clone_from(&agreed.warnings);
                (issue.title.clone(), agreed.readers.len())
            }
            Target::Started(recorded) => (
                recorded.frozen.title.clone(),
                open_now(recorded, ledger, now)?,
            ),
        };
        if count > 0 {
            question.issues.push((title, count));
            question.total += count;
        }
    }
    Ok(question)
}

/// How many deliveries of a started issue a run would try now.
pub(super) fn open_now(
    recorded: &Recorded,
    ledger: &mut Ledger,
    now: DateTime<Utc>,
) -> Result<usize, Stop> {
    if recorded.state != IssueState::Sending {
        return Ok(0);
    }
    Ok(ledger.claimable(recorded.row, now)?)
}

/// Looks whether the messages of a run can be made and signed, of new issues and of started ones,
/// while nothing is asked, published or written yet.
pub(super) fn rehearse_all(
    publication: &Publication,
    options: &SendOptions,
    targets: &[Target],
    ledger: &mut Ledger,
    keys: &Arc<Keys>,
) -> Result<(), Stop> {
    let asked = !options.asked.again.is_empty() || !options.asked.to.is_empty();
    let mut problems = Vec::new();
    for target in targets {
        let made = match target {
            Target::New(issue, agreed) => rehearse_for(publication, issue, &agreed.sample, keys),
            Target::Started(recorded)
                if asked || open_now(recorded, ledger, publication.clock.now())? > 0 =>
            {
                composer_of(publication, recorded, keys).map(drop)
            }
            Target::Started(_) => Ok(()),
        };
        problems.extend(made.err());
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Stop::Failed(problems))
    }
}

/// Looks at the issues that are to be planned as `check` does. Errors stop the run.
pub(super) fn check_new(
    publication: &Publication,
    targets: &[Target],
    keys: &Arc<Keys>,
) -> Result<Vec<Diagnostic>, Stop> {
    let new = targets.iter().filter_map(|target| match target {
        Target::New(issue, agreed) => Some((&**issue, agreed.sample.as_slice())),
        Target::Started(_) => None,
    });
    let new: Vec<_> = new.collect();
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let all = publication.issues()?.issues;
    let found = check_before_sending(publication, &all, &new, keys)?;
    if found
        .iter()
        .any(|problem| problem.severity() == Severity::Error)
    {
        return Err(Stop::Failed(found));
    }
    Ok(found)
}

/// What makes the messages of a started issue.
pub(super) fn composer_of(
    publication: &Publication,
    recorded: &Recorded,
    keys: &Arc<Keys>,
) -> Result<Composer, Diagnostic> {
    let frozen = FrozenIssue::from_text(&recorded.frozen.text, &recorded.frozen.sha256)?;
    let signer = publication.signer(&frozen)?;
    Composer::new(frozen, keys.clone(), signer)
}

/// Moves the date of an issue that is sent ahead of its time: the archive and the feeds must show
/// it before the first mail links there.
pub(super) fn move_to_now(publication: &Publication, targets: &mut [Target]) -> Result<(), Stop> {
    let now = publication.clock.now();
    for target in targets {
        let Target::New(issue, _) = target else {
            continue;
        };
        if issue.published <= now {
            continue;
        }
        let text = set_send_at(&issue.source, WrittenInstant::Offset(now))?;
        let path = publication.folder.join(&*issue.source.name);
        fs::write_atomically(&path, text.as_bytes()).map_err(|error| {
            Diagnostic::error(format!("cannot write `{}`", issue.source.name)).cause(error)
        })?;
        let moved = publication
            .issues()?
            .issues
            .into_iter()
            .find(|other| other.id == issue.id);
        **issue = moved
            .ok_or_else(|| Diagnostic::error(format!("`{}` has vanished", issue.source.name)))?;
    }
    Ok(())
}

/// The slug of a new issue that must not be planned any more: since it was chosen its author has
/// put it off, made a draft of it, or taken its file away.
pub(super) fn put_off(publication: &Publication, target: &Target) -> Result<Option<Slug>, Stop> {
    let Target::New(issue, _) = target else {
        return Ok(None);
    };
    let wanted = publication.reread(issue)?.is_some_and(|now| {
        let ready = now.id == issue.id && !now.draft && now.mail;
        ready && now.published <= publication.clock.now()
    });
    Ok((!wanted).then(|| issue.slug.clone()))
}

/// The plan in the ledger: the one that is there, or a new one, frozen and recorded now. What was
/// in memory of it is gone afterwards: the ledger gives it back row by row.
pub(super) fn plan_if_new(
    publication: &Publication,
    target: Target,
    ledger: &mut Ledger,
    keys: &Arc<Keys>,
    options: &SendOptions,
) -> Result<Recorded, Stop> {
    let (issue, agreed) = match target {
        Target::New(issue, agreed) => (issue, agreed),
        Target::Started(recorded) => return Ok(*recorded),
    };
    // Time has passed since the author agreed: whoever left meanwhile is not mailed, and whoever
    // joined was not agreed to.
    let mut fresh = Candidates::open(publication, ledger, keys, &issue)?;
    if !options.accept_removals {
        refuse_a_shrunken_roster(ledger, fresh.roster.present())?;
    }
    let now = publication.clock.now();
    let frozen = freeze::freeze(publication, &issue, now)?;
    // Its date may have moved since it was rehearsed, and a file may have changed.
    let signer = publication.signer(&frozen)?;
    Composer::new(frozen.clone(), keys.clone(), signer)?.rehearse(&agreed.sample)?;
    ledger.update_roster(&fresh.roster.take_present())?;
    ledger.record_plan(&freeze::row(&issue, &frozen)?, now, |plan| {
        fresh.each(keys, |decision| match decision {
            Decision::Gets(recipient) if agreed.readers.contains(&recipient.key) => {
                Ok(plan.add(&recipient)?)
            }
            _ => Ok::<(), Stop>(()),
        })
    })?;
    let recorded = ledger.recorded(&issue.id)?;
    Ok(recorded.ok_or_else(|| Diagnostic::error("the plan was written and is not there"))?)
}
