//! Gathers what the desk shows. Looking must cost little, for the page asks again and again: what is
//! settled is kept, and what costs more is looked at less often.

mod troubles;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, NaiveDate, Utc};

use super::publication::Publication;
use super::{Stop, calendar};
use crate::bounce::Verdict;
use crate::clock::Clock;
use crate::config::Environment;
use crate::delivery::State;
use crate::diagnostic::{Diagnostic, visible};
use crate::ledger::{Counts, IssueState, Ledger, LockView, PlanLine, RejectedGroup};
use crate::overview::{Coming, Failures, IssueProgress, Months, Notice, Overview, Poller, Readers};
use crate::schedule::distance;
use crate::subscriber;
use crate::token::KeySet;

/// How many issues with a plan are listed.
const ISSUES: usize = 24;

/// How many lines tell of failures.
const FAILURES: usize = 30;

/// A look is not repeated before this many times its own length has gone by.
const REST: u32 = 20;

/// The pace of an issue is taken over this long.
const PACE: Duration = Duration::from_mins(1);

/// Looks at a publication again and again.
#[derive(Debug)]
pub struct Outlook {
    folder: PathBuf,
    environment: Environment,
    clock: Clock,
    issues: BTreeMap<i64, Known>,
    roster: Option<RosterLook>,
}

/// What is known of the deliveries of one issue.
#[derive(Debug, Clone)]
struct Known {
    counts: Counts,
    rejected: Vec<RejectedGroup>,
    /// How many were sent at earlier looks, the oldest first.
    sent: Vec<(Instant, u64)>,
    /// Nothing changes any more.
    is_settled: bool,
    looked: Looked,
}

/// When something was looked at, and how long that took.
#[derive(Debug, Clone, Copy)]
struct Looked {
    at: Instant,
    took: Duration,
}

/// When the roster's file was changed and its size, and the mark of the sign-ups.
type Stamp = (Option<(SystemTime, u64)>, (u64, i64));

/// What the roster's file said.
#[derive(Debug, Clone)]
struct RosterLook {
    stamp: Stamp,
    active: KeySet,
    joined: Vec<(NaiveDate, u64)>,
    looked: Looked,
}

impl Looked {
    fn since(began: Instant) -> Self {
        Self {
            at: Instant::now(),
            took: began.elapsed(),
        }
    }

    fn may_be_repeated(self) -> bool {
        self.at.elapsed() >= self.took * REST
    }
}

impl Outlook {
    /// Looks at nothing yet.
    pub fn new(folder: PathBuf, environment: Environment, clock: Clock) -> Self {
        Self {
            folder,
            environment,
            clock,
            issues: BTreeMap::new(),
            roster: None,
        }
    }

    /// Everything as it is now. What cannot be read is told in the place of what it would have shown.
    pub fn look(&mut self) -> Overview {
        let mut overview = Overview::default();
        if let Err(stop) = self.look_into(&mut overview) {
            overview.notices.extend(notices_of(&stop));
        }
        // The gravest first; what is equally grave stays in its order.
        overview
            .notices
            .sort_by_key(|notice| notice.severity != "error");
        overview
    }

    fn look_into(&mut self, overview: &mut Overview) -> Result<(), Stop> {
        let now = self.clock.now();
        let publication = Publication::open(&self.folder, &self.environment, self.clock)?;
        overview.publication.clone_from(&publication.config.title);
        if let Some(clock) = publication.dating_rules().clock_time(now) {
            overview.today = clock.date().to_string().parse().unwrap_or_default();
        }
        overview.at = format!("{} ({})", local(&publication, now), zone(&publication));
        overview.sender = LockView::of(&self.folder)
            .ok()
            .flatten()
            .and_then(|view| view.holder);
        if let Err(stop) = add_calendar(&publication, now, overview) {
            overview.notices.extend(notices_of(&stop));
        }
        let mut ledger = Ledger::open_if_present(&publication.ledger_path())?;
        if let Some(ledger) = &mut ledger {
            troubles::add_rests(&publication, ledger, now, overview)?;
            troubles::add_rounds_and_troubles(&publication, ledger, now, overview)?;
            self.add_issues(&publication, ledger, overview)?;
            add_failures(ledger, &self.issues, overview)?;
            add_polls(ledger, now, overview)?;
        }
        match &mut ledger {
            Some(ledger) => self.add_readers(&publication, ledger, overview),
            None => Ok(()),
        }
    }

    fn add_issues(
        &mut self,
        publication: &Publication,
        ledger: &mut Ledger,
        overview: &mut Overview,
    ) -> Result<(), Stop> {
        let lines = ledger.plan_lines(ISSUES)?;
        overview.older_issues = ledger.plans()?.saturating_sub(lines.len() as u64);
        overview.readers.planned = lines
            .iter()
            .rev()
            .map(|line| (short_date(publication, line.planned_at), line.planned_total))
            .collect();
        for line in lines {
            let known = self.known(ledger, &line)?;
            let unconfirmed = known.counts.of(State::Unconfirmed);
            if unconfirmed > 0 {
                let slug = &line.slug;
                overview.notices.push(Notice {
                    severity: "warning",
                    text: format!(
                        "{slug}: {unconfirmed} in doubt, and nobody else can decide\nhint: `postrider ledger resolve {slug}` lists them and takes your word"
                    ),
                });
            }
            overview.issues.push(progress(publication, &line, known));
        }
        Ok(())
    }

    /// What is known of an issue, looked up anew if it may have changed.
    fn known(&mut self, ledger: &mut Ledger, line: &PlanLine) -> Result<&Known, Stop> {
        let before = self.issues.remove(&line.row);
        let known = match before {
            // A copy that a person asks for opens a settled issue again.
            Some(known) if known.is_settled && line.finished_at.is_some() => known,
            Some(known) if !known.is_settled && !known.looked.may_be_repeated() => known,
            before => {
                let began = Instant::now();
                let row = ledger.issue_row(line.row)?;
                let rejected = match row.counts.of(State::Rejected) {
                    0 => Vec::new(),
                    _ => ledger.rejected_groups(line.row)?,
                };
                let mut sent = before.map(|known| known.sent).unwrap_or_default();
                sent.retain(|(at, _)| began.duration_since(*at) <= PACE);
                sent.push((began, row.counts.of(State::Sent)));
                Known {
                    is_settled: row.finished_at.is_some(),
                    counts: row.counts,
                    rejected,
                    sent,
                    looked: Looked::since(began),
                }
            }
        };
        Ok(self.issues.entry(line.row).or_insert(known))
    }

    fn add_readers(
        &mut self,
        publication: &Publication,
        ledger: &mut Ledger,
        overview: &mut Overview,
    ) -> Result<(), Stop> {
        let mut months = Months::default();
        let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
        for (day, reason, people) in ledger.suppressions_by_day()? {
            months.left(day, people);
            *by_reason.entry(reason).or_default() += people;
        }
        for (day, people) in ledger.sign_ups_by_day()? {
            months.came(day, people);
        }
        let suppressed = ledger.suppression_reasons()?;
        let look = self.roster(publication, ledger)?;
        for (day, people) in look.iter().flat_map(|look| &look.joined) {
            months.came(*day, *people);
        }
        let now = look.map(|look| {
            let mailed = look
                .active
                .iter()
                .filter(|key| !suppressed.contains_key(key));
            mailed.count() as u64
        });
        overview.readers = Readers {
            now,
            planned: std::mem::take(&mut overview.readers.planned),
            months,
            suppressed: by_reason.into_iter().collect(),
        };
        Ok(())
    }

    /// The roster, read anew if its file has changed or readers have signed up or left.
    fn roster(
        &mut self,
        publication: &Publication,
        ledger: &mut Ledger,
    ) -> Result<Option<&RosterLook>, Stop> {
        let file = publication.folder.join(subscriber::FILE_NAME);
        let metadata = std::fs::metadata(&file).ok();
        let file = metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
        let stamp = (file, ledger.sign_up_mark()?);
        let is_known = self
            .roster
            .as_ref()
            .is_some_and(|look| look.stamp == stamp || !look.looked.may_be_repeated());
        if !is_known {
            let Some(keys) = publication.keys()? else {
                return Ok(None);
            };
            let began = Instant::now();
            let mut roster = publication.audience(&keys, ledger)?;
            let mut joined: BTreeMap<NaiveDate, u64> = BTreeMap::new();
            roster.each(&keys, |row| {
                let day = row
                    .fields()
                    .find(|(name, _)| name.eq_ignore_ascii_case("joined"));
                let day = day.and_then(|(_, text)| text.get(..10)?.parse().ok());
                if let Some(day) = day {
                    *joined.entry(day).or_default() += 1;
                }
                Ok::<(), Stop>(())
            })?;
            self.roster = Some(RosterLook {
                stamp,
                active: roster.take_present(),
                joined: joined.into_iter().collect(),
                looked: Looked::since(began),
            });
        }
        Ok(self.roster.as_ref())
    }
}

fn add_calendar(
    publication: &Publication,
    now: DateTime<Utc>,
    overview: &mut Overview,
) -> Result<(), Stop> {
    let (calendar, _) = calendar(publication)?;
    let line = |at: DateTime<Utc>| Coming {
        instant: at.timestamp(),
        local: weekday(publication, at),
        utc: at.format("%Y-%m-%d %H:%M").to_string(),
        away: if at <= now {
            "now".to_owned()
        } else {
            distance(at - now)
        },
        title: String::new(),
        slug: String::new(),
        readers: String::new(),
    };
    for (issue, readers) in &calendar.coming {
        let readers = match readers {
            _ if !issue.mail => "web only".to_owned(),
            Some(readers) => readers.to_string(),
            None => String::new(),
        };
        overview.coming.push(Coming {
            title: issue.title.clone(),
            slug: issue.slug.to_string(),
            readers,
            ..line(issue.published)
        });
    }
    let free = calendar.slots.iter().filter(|(_, taker)| taker.is_none());
    overview.coming.extend(free.map(|(at, _)| line(*at)));
    overview.coming.sort();
    for issue in &calendar.held {
        let (slug, due) = (&issue.slug, local(publication, issue.published));
        overview.notices.push(Notice {
            severity: "warning",
            text: format!(
                "{slug} was due {due} and is held: nothing sent it then\nhint: `postrider send {slug}` does it now, `postrider schedule {slug} WHEN` later"
            ),
        });
    }
    Ok(())
}

/// What relays rejected and what came back later, in one list.
/// Programs that are shown.
const POLLERS: usize = 20;

/// Who polled the feeds in the last week, each program once.
fn add_polls(ledger: &mut Ledger, now: DateTime<Utc>, overview: &mut Overview) -> Result<(), Stop> {
    let since = (now - chrono::TimeDelta::days(6)).date_naive();
    let mut readers: BTreeMap<String, Poller> = BTreeMap::new();
    for poll in ledger.polls_since(since)? {
        let known = readers
            .entry(poll.reader)
            .or_insert_with_key(|reader| Poller {
                reader: reader.clone(),
                polls: 0,
                subscribers: None,
            });
        known.polls += poll.requests;
        // A service tells for each feed how many want it.
        known.subscribers = match (known.subscribers, poll.subscribers) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
    }
    overview.polls = readers.into_values().collect();
    overview
        .polls
        .sort_by_key(|reader| std::cmp::Reverse(reader.polls));
    overview.polls.truncate(POLLERS);
    Ok(())
}

fn add_failures(
    ledger: &mut Ledger,
    issues: &BTreeMap<i64, Known>,
    overview: &mut Overview,
) -> Result<(), Stop> {
    let mut counts: BTreeMap<(String, &'static str, String), u64> = BTreeMap::new();
    for group in issues.values().flat_map(|known| &known.rejected) {
        let reason = match group.reason.as_str() {
            "mailbox" => "refused: the mailbox takes nothing",
            _ => "refused: no such address",
        };
        let key = (group.domain.clone(), reason, String::new());
        *counts.entry(key).or_default() += group.deliveries;
    }
    for group in ledger.returned_groups(FAILURES)? {
        let reason = match group.verdict {
            Verdict::Complained => "reported as spam",
            Verdict::Policy => "came back: our mail is not wanted there",
            Verdict::Soft => "came back: not now",
            _ => "came back: no such address",
        };
        let key = (group.domain, reason, group.status);
        *counts.entry(key).or_default() += group.mails;
    }
    let mut failures: Vec<Failures> = counts
        .into_iter()
        .map(|((domain, reason, status), count)| Failures {
            domain: visible(&domain),
            reason: reason.to_owned(),
            status: visible(&status),
            count,
        })
        .collect();
    failures.sort_by_key(|one| std::cmp::Reverse(one.count));
    failures.truncate(FAILURES);
    overview.failures = failures;
    Ok(())
}

fn progress(publication: &Publication, line: &PlanLine, known: &Known) -> IssueProgress {
    let counts = &known.counts;
    let is_held = counts.of(State::Unconfirmed) > 0 && counts.remaining() == 0;
    let state = match line.state {
        IssueState::Sending if is_held => "held",
        state => state.as_str(),
    };
    let a_minute = (line.state == IssueState::Sending)
        .then(|| pace(&known.sent))
        .flatten();
    let still = a_minute.filter(|pace| *pace > 0).map(|pace| {
        let minutes = counts.remaining().div_ceil(pace);
        let minutes = i64::try_from(minutes).unwrap_or(i64::MAX / 60_000_000);
        distance(chrono::TimeDelta::try_minutes(minutes).unwrap_or_default())
    });
    IssueProgress {
        slug: line.slug.clone(),
        title: line.title.clone(),
        state: state.to_owned(),
        planned_at: local(publication, line.planned_at),
        planned: line.planned_total,
        counts: State::ALL
            .into_iter()
            .map(|state| (state, counts.of(state)))
            .collect(),
        a_minute,
        still,
    }
}

/// Messages a minute between the first and the last look; `None` if that shows nothing.
fn pace(sent: &[(Instant, u64)]) -> Option<u64> {
    let ((began, first), (ended, last)) = (sent.first()?, sent.last()?);
    let millis = u64::try_from(ended.duration_since(*began).as_millis()).ok()?;
    let messages = last.checked_sub(*first).filter(|messages| *messages > 0)?;
    messages.saturating_mul(60_000).checked_div(millis)
}

fn notices_of(stop: &Stop) -> Vec<Notice> {
    let told = |problem: &Diagnostic| Notice {
        severity: problem.severity().as_str(),
        text: problem.render(false),
    };
    match stop {
        Stop::Failed(problems) => problems.iter().map(told).collect(),
        Stop::Busy(problem) => vec![told(problem)],
        Stop::Declined => Vec::new(),
    }
}

fn local(publication: &Publication, at: DateTime<Utc>) -> String {
    written(publication, at, "%Y-%m-%d %H:%M")
}

fn weekday(publication: &Publication, at: DateTime<Utc>) -> String {
    written(publication, at, "%a %Y-%m-%d %H:%M")
}

fn short_date(publication: &Publication, at: DateTime<Utc>) -> String {
    written(publication, at, "%m-%d")
}

fn written(publication: &Publication, at: DateTime<Utc>, format: &str) -> String {
    match publication.dating_rules().clock_time(at) {
        Some(clock) => clock.strftime(format).to_string(),
        None => at.to_rfc3339(),
    }
}

fn zone(publication: &Publication) -> &str {
    publication.config.zone.iana_name().unwrap_or("local time")
}
