//! What a person asks of a run beyond the plan: one more copy for who lost it, a first one for who
//! came late, and what becomes of what is in doubt.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::send::{Question, SendOptions};
use super::targets::Target;
use super::{Publication, Stop};
use crate::address::EmailAddress;
use crate::delivery::State;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::ledger::{Doubts, IssueState, Ledger, Recorded, Verdict};
use crate::message::{Composer, FrozenIssue};
use crate::plan::{Decision, Exclusion, PlanRules, Recipient, decide};
use crate::render::layout::Layouts;
use crate::token::{AddressKey, Keys};

/// A relay that was slow to answer may still be at work on a message for this long: the time for
/// the final dot, and five minutes of idleness (RFC 5321 §4.5.3.2.6 and .7).
pub const SETTLING_TIME: TimeDelta = TimeDelta::minutes(15);

/// What becomes of deliveries in doubt that nobody has settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnUnconfirmed {
    /// They wait for a person.
    #[default]
    Hold,
    /// They go out again: nobody misses an issue, somebody may get it twice.
    Resend,
    /// They count as sent: nobody gets an issue twice, somebody may miss it.
    Accept,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct AskedFor {
    /// One more copy for these.
    pub again: Vec<EmailAddress>,
    /// A first copy for these, who came after the plan.
    pub to: Vec<EmailAddress>,
    /// What becomes of what is in doubt.
    pub on_unconfirmed: OnUnconfirmed,
}

/// What was asked for and can be done; nothing of it is written yet.
#[derive(Debug, Default)]
pub(super) struct Extra {
    again: Vec<i64>,
    late: Vec<Recipient>,
    /// Issues with deliveries in doubt that go out again, and how many.
    doubtful: Vec<(i64, String, usize)>,
    before: Option<DateTime<Utc>>,
}

const BY_OPTION: &str = "decided by `--on-unconfirmed`";

impl Extra {
    /// Looks whether all of it can be done; if not, tells each reason, and nothing is done.
    pub(super) fn find(
        publication: &Publication,
        options: &SendOptions,
        targets: &[Target],
        ledger: &mut Ledger,
        keys: &Arc<Keys>,
    ) -> Result<Self, Stop> {
        let asked = &options.asked;
        let mut extra = Self::default();
        if asked.on_unconfirmed == OnUnconfirmed::Resend {
            extra.find_doubtful(publication.clock.now(), targets, ledger)?;
        }
        if asked.again.is_empty() && asked.to.is_empty() {
            return Ok(extra);
        }
        let recorded = planned(targets)?;
        let mut problems = Vec::new();
        for address in &asked.again {
            match once_more(recorded, ledger, keys, address)? {
                Ok(delivery) if extra.again.contains(&delivery) => {}
                Ok(delivery) => extra.again.push(delivery),
                Err(problem) => problems.push(problem),
            }
        }
        if !asked.to.is_empty() {
            let found = late(publication, recorded, ledger, keys, &asked.to)?;
            problems.extend(found.1);
            extra.late = found.0;
        }
        if problems.is_empty() {
            Ok(extra)
        } else {
            Err(Stop::Failed(problems))
        }
    }

    fn find_doubtful(
        &mut self,
        now: DateTime<Utc>,
        targets: &[Target],
        ledger: &mut Ledger,
    ) -> Result<(), Stop> {
        self.before = Some(now - SETTLING_TIME);
        for recorded in targets.iter().filter_map(Target::started) {
            if recorded.state == IssueState::Sending {
                let count = ledger.doubtful(recorded.row, &self.doubts())?;
                let title = recorded.frozen.title.clone();
                self.doubtful.push((recorded.row, title, count));
            }
        }
        self.doubtful.retain(|(_, _, count)| *count > 0);
        Ok(())
    }

    fn doubts(&self) -> Doubts<'static> {
        Doubts {
            before: self.before,
            only: None,
            told: BY_OPTION,
        }
    }

    /// Adds what is asked for to what the author is asked about.
    pub(super) fn add_to(&self, question: &mut Question) {
        let mut add = |title: String, count: usize| {
            if count > 0 {
                question.issues.push((title, count));
                question.total += count;
                question.plans_anew = true;
            }
        };
        add("once more, as asked".to_owned(), self.again.len());
        add("late, as asked".to_owned(), self.late.len());
        for (_, title, count) in &self.doubtful {
            add(format!("{title}, in doubt and sent again"), *count);
        }
    }

    /// Writes it into the ledger: from here on the run takes it for planned.
    pub(super) fn record(
        self,
        targets: &mut [Target],
        ledger: &mut Ledger,
        now: DateTime<Utc>,
    ) -> Result<(), Stop> {
        for (issue, ..) in &self.doubtful {
            ledger.resolve(*issue, Verdict::Resend, &self.doubts(), now)?;
        }
        if self.again.is_empty() && self.late.is_empty() {
            return Ok(());
        }
        let row = planned(targets)?.row;
        ledger.record_asked(row, &self.again, &self.late, now)?;
        for target in targets {
            if let Target::Started(recorded) = target
                && let Some(fresh) = ledger.recorded(&recorded.frozen.issue)?
            {
                **recorded = fresh;
            }
        }
        Ok(())
    }
}

/// Counts what is in doubt as sent, where that was asked for. Returns how many.
pub(super) fn accept_doubtful(
    options: &SendOptions,
    ledger: &mut Ledger,
    recorded: &Recorded,
    now: DateTime<Utc>,
) -> Result<u64, Stop> {
    if options.asked.on_unconfirmed != OnUnconfirmed::Accept {
        return Ok(0);
    }
    let doubts = Doubts {
        before: None,
        only: None,
        told: BY_OPTION,
    };
    Ok(ledger
        .resolve(recorded.row, Verdict::Sent, &doubts, now)?
        .len() as u64)
}

/// The one issue of the run, which has a plan and may be sent.
fn planned(targets: &[Target]) -> Result<&Recorded, Stop> {
    let recorded = match targets {
        [Target::Started(recorded)] => recorded,
        [Target::New(issue, _)] => {
            return Err(
                Diagnostic::error(format!("`{}` has no plan yet", issue.slug))
                    .hint("send it first; its plan has everyone on the roster who is to get it")
                    .into(),
            );
        }
        _ => return Err(Diagnostic::error("name the issue that is asked for").into()),
    };
    let slug = &recorded.frozen.slug;
    let refused = |hint: Option<String>| {
        let state = recorded.state.as_str();
        let problem = Diagnostic::error(format!("`{slug}` is {state}, and nothing of it is sent"));
        Err(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
        .into())
    };
    match recorded.state {
        IssueState::Sending | IssueState::Finished => Ok(recorded),
        IssueState::Paused => refused(Some(format!("`postrider continue {slug}` lets it go on"))),
        IssueState::Cancelled => refused(None),
    }
}

/// The settled delivery of who had the issue.
fn once_more(
    recorded: &Recorded,
    ledger: &mut Ledger,
    keys: &Keys,
    address: &EmailAddress,
) -> Result<Result<i64, Diagnostic>, Stop> {
    let slug = &recorded.frozen.slug;
    let key = keys.address_key(address);
    let Some(standing) = ledger.standing(recorded.row, &key)? else {
        return Ok(Err(Diagnostic::error(format!(
            "`{slug}` was never planned for {address}"
        ))
        .hint(format!(
            "for somebody who joined later: `postrider send {slug} --to {address}`"
        ))));
    };
    let state = standing.state;
    Ok(match state {
        State::Sent | State::Rejected | State::Expired | State::Abandoned | State::Skipped => {
            match forbidden(ledger, keys, address)? {
                Some(problem) => Err(problem),
                None if standing.eligible => Ok(standing.delivery),
                None => Err(not_on_the_roster(address)),
            }
        }
        State::Unconfirmed => Err(Diagnostic::error(format!(
            "the delivery of `{slug}` to {address} is in doubt"
        ))
        .hint(format!(
            "look into the relay's log, then say what became of it: `postrider ledger resolve {slug} {address}` with `--sent`, `--resend` or `--abandon`"
        ))),
        State::Planned | State::Claimed | State::Inflight | State::Deferred => {
            Err(Diagnostic::error(format!(
                "the delivery of `{slug}` to {address} is still open: {state}"
            ))
            .hint("`postrider send` goes on with it"))
        }
    })
}

fn forbidden(
    ledger: &mut Ledger,
    keys: &Keys,
    address: &EmailAddress,
) -> Result<Option<Diagnostic>, Stop> {
    let suppression = ledger.suppression(&keys.address_key(address))?;
    Ok(suppression.map(|suppression| {
        Diagnostic::error(format!(
            "{address} must not be mailed: {}",
            suppression.reason.as_str()
        ))
        .hint(format!(
            "if the person asked for it, `postrider subscribers allow {address} --reason \"...\"` lifts the suppression"
        ))
    }))
}

fn not_on_the_roster(address: &EmailAddress) -> Diagnostic {
    Diagnostic::error(format!("{address} is not on the roster")).hint(
        "only who has an active row in `subscribers.csv`, or has confirmed a sign-up, is mailed",
    )
}

/// Recipients for those who came after the plan, with the fields that its templates use.
fn late(
    publication: &Publication,
    recorded: &Recorded,
    ledger: &mut Ledger,
    keys: &Arc<Keys>,
    wanted: &[EmailAddress],
) -> Result<(Vec<Recipient>, Vec<Diagnostic>), Stop> {
    let frozen = FrozenIssue::from_text(&recorded.frozen.text, &recorded.frozen.sha256)?;
    let sources = frozen.templates.iter();
    let sources =
        sources.map(|(name, text)| (name.clone(), SourceText::new(name.as_str(), text.as_str())));
    let fields = Layouts::from_sources(sources.collect())?.subscriber_fields();
    // Naming somebody is stronger than a tag.
    let rules = PlanRules {
        fields,
        ..PlanRules::default()
    };
    let mut on_roster = decide_about(publication, ledger, keys, wanted, &rules)?;
    let (mut found, mut problems) = (Vec::<Recipient>::new(), Vec::new());
    for address in wanted {
        let key = keys.address_key(address);
        let slug = &recorded.frozen.slug;
        if let Some(problem) = forbidden(ledger, keys, address)? {
            problems.push(problem);
        } else if let Some(standing) = ledger.standing(recorded.row, &key)? {
            let problem = Diagnostic::error(format!(
                "`{slug}` was planned for {address} already: {}",
                standing.state
            ));
            problems.push(problem.hint(format!(
                "for somebody who lost it: `postrider send {slug} --again {address}`"
            )));
        } else if let Some(state) = ledger.had_before(recorded.row, &key)? {
            let problem = Diagnostic::error(format!(
                "`{slug}` went to an earlier address of {address}: {state}"
            ));
            problems.push(problem.hint("it is one person; nothing is sent to them twice"));
        } else if !found.iter().any(|one| one.key == key) {
            match on_roster.remove(&key) {
                Some(Ok(recipient)) => found.push(recipient),
                Some(Err(Exclusion::Status(word))) => {
                    let cause = format!("the row's status is `{word}`");
                    problems.push(not_on_the_roster(address).cause(cause));
                }
                Some(Err(_)) | None => problems.push(not_on_the_roster(address)),
            }
        }
    }
    let signer = publication.signer(&frozen)?;
    Composer::new(frozen, keys.clone(), signer)?.rehearse(&found)?;
    Ok((found, problems))
}

/// What the rules say of those addresses that are on the roster.
fn decide_about(
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Keys,
    wanted: &[EmailAddress],
    rules: &PlanRules,
) -> Result<HashMap<AddressKey, Result<Recipient, Exclusion>>, Stop> {
    let wanted: Vec<AddressKey> = wanted.iter().map(|one| keys.address_key(one)).collect();
    let mut found = HashMap::new();
    publication.audience(keys, ledger)?.each(keys, |row| {
        if wanted.contains(&row.key) {
            let decision = match decide(row, rules) {
                Decision::Gets(recipient) => Ok(recipient),
                Decision::DoesNot(excluded) => Err(excluded.reason),
            };
            found.insert(row.key, decision);
        }
        Ok::<(), Stop>(())
    })?;
    Ok(found)
}
