//! One look after the other: what has changed, what is due, what is open, and what follows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::Scope;
use std::time::Duration;

use chrono::TimeDelta;

use super::folder::{Folder, Found, Opened};
use super::note::Notes;
use super::patience::{Patience, Work};
use super::sender::Sender;
use super::{Rhythm, Rounds};
use crate::clock;
use crate::diagnostic::Diagnostic;
use crate::issue::{Issue, IssueId};
use crate::ledger::{Ledger, Teller};
use crate::publish::ground::{objection, remember_the_time};
use crate::publish::telling::{Trouble, tell_troubles};
use crate::publish::{Halt, Held, Publication, Stop, build};
use crate::schedule::{Entry, Look, Tick, Watch, Why, tick};

/// What is known from one look to the next.
pub(super) struct Shift<'scope, 'env> {
    rounds: &'env Rounds,
    folder: Folder,
    notes: Notes<'env>,
    know: Known<'scope, 'env>,
}

/// All of it but the folder, whose contents are borrowed during a look.
struct Known<'scope, 'env> {
    rounds: &'env Rounds,
    sender: Sender<'scope, 'env>,
    /// Begins with the first look at a ledger that can be read, or at none.
    watch: Option<Watch>,
    /// What the last build showed; `None` before the first one.
    shown: Option<BTreeSet<IssueId>>,
    building: Patience,
    /// Why the last build failed, until one has succeeded.
    not_built: Vec<Trouble>,
    remembered_at: Option<Duration>,
    /// How long what could not be done is left alone.
    rest: Option<Duration>,
    /// The causes of all that is in the way, as they were told last.
    told: BTreeSet<String>,
}

/// What a look leads to.
struct Agenda {
    /// Slugs of issues that are due and have no plan.
    due: Vec<String>,
    /// What there is to do for issues that have one.
    open: Work,
    /// What is in the way of what.
    troubles: Vec<Trouble>,
    next: Option<(String, chrono::DateTime<chrono::Utc>)>,
    /// Whether the clock is believed.
    knows_the_time: bool,
}

impl<'scope, 'env> Shift<'scope, 'env> {
    pub(super) fn new(rounds: &'env Rounds, scope: &'scope Scope<'scope, 'env>) -> Self {
        let Rhythm {
            patience,
            longest_patience,
            ..
        } = rounds.rhythm;
        Self {
            rounds,
            folder: Folder::default(),
            notes: Notes::new(rounds),
            know: Known {
                rounds,
                sender: Sender::new(rounds, scope),
                watch: None,
                shown: None,
                building: Patience::new(patience, longest_patience),
                not_built: Vec::new(),
                remembered_at: None,
                rest: None,
                told: BTreeSet::new(),
            },
        }
    }

    /// Looks once, and does what there is to do.
    pub(super) fn look(&mut self, halt: &Halt) {
        let look = self.rounds.clock.look();
        self.know.sender.notice_the_end(look.running);
        match self.folder.look(self.rounds) {
            Found::Good { opened, changed } => {
                if changed {
                    self.know.building.forget();
                    self.know.sender.forget();
                }
                self.know.work(opened, &look, halt);
            }
            Found::Broken {
                problems,
                last,
                is_news,
            } => {
                if is_news {
                    let last = last.map(|opened| &opened.publication);
                    self.know.tell_what_is_broken(problems, last);
                }
            }
        }
        let rest = self.know.rest.take();
        let rest = rest.and_then(|rest| TimeDelta::from_std(rest).ok());
        self.rounds.state.change(|state| {
            state.looked_at = Some(look.wall);
            state.looks += 1;
            state.is_occupied = false;
            state.again_at = rest.map(|rest| look.wall + rest);
        });
        self.notes.keep(&look);
    }
}

impl Known<'_, '_> {
    fn work(&mut self, opened: &Arc<Opened>, look: &Look, halt: &Halt) {
        match self.work_or_stop(opened, look, halt) {
            Ok(()) | Err(Stop::Busy(_) | Stop::Declined) => {}
            Err(Stop::Failed(problems)) => {
                let troubles = problems.iter().map(Trouble::of).collect();
                self.tell_what_is_in_the_way(&opened.publication, troubles);
            }
        }
    }

    fn work_or_stop(&mut self, opened: &Arc<Opened>, look: &Look, halt: &Halt) -> Result<(), Stop> {
        let publication = &opened.publication;
        let mut ledger = Ledger::open_if_present(&publication.ledger_path())?;
        let mut agenda = self.agenda(opened, look, ledger.as_mut())?;
        if agenda.knows_the_time {
            self.remember(publication, look, ledger.as_mut())?;
        }
        // Nobody waits for pages with the ledger in hand.
        drop(ledger);
        if agenda.knows_the_time {
            self.build(opened, look, halt);
            agenda.troubles.extend(self.not_built.iter().cloned());
        }
        let next = agenda.next.take();
        self.rounds.state.change(|state| state.next_due = next);
        self.tell_what_is_in_the_way(publication, std::mem::take(&mut agenda.troubles));
        if agenda.knows_the_time && !halt.is_stopping() {
            let mut work = agenda.due;
            work.extend(agenda.open);
            self.rest = self.sender.rest(&work, look.running);
            self.sender.begin(opened, work, look.running, halt);
        }
        if !self.not_built.is_empty() {
            self.rest = self.rest.max(self.building.rest(look.running));
        }
        Ok(())
    }

    fn agenda(
        &mut self,
        opened: &Opened,
        look: &Look,
        mut ledger: Option<&mut Ledger>,
    ) -> Result<Agenda, Stop> {
        let publication = &opened.publication;
        let (planned, open) = match &mut ledger {
            // A run that is under way knows best what there is to do.
            Some(ledger) if self.sender.is_at_work() => (ledger.planned_issues()?, Vec::new()),
            Some(ledger) => (ledger.planned_issues()?, ledger.open_work(look.wall)?),
            None => (Vec::new(), Vec::new()),
        };
        let planned: BTreeSet<&IssueId> = planned.iter().collect();
        let entries: Vec<Entry<'_>> = opened
            .issues
            .iter()
            .map(|issue| Entry {
                issue,
                planned: planned.contains(&issue.id),
            })
            .collect();
        let watch = match &mut self.watch {
            Some(watch) => watch,
            None => self.watch.insert(begin_watch(publication, ledger)?),
        };
        let tick = tick(watch, look, &entries, publication.config.max_lateness);
        Ok(Agenda {
            due: tick.fires.iter().map(|one| one.slug.to_string()).collect(),
            open: open.iter().map(|work| format!("{work:?}")).collect(),
            troubles: held(publication, &tick, look),
            next: tick.next.map(|one| (one.slug.to_string(), one.published)),
            knows_the_time: tick.doubt.is_none(),
        })
    }

    /// Tells the ledger now and then that the clock was believed: who starts after a crash, or asks
    /// whether anything runs here, wants to know.
    fn remember(
        &mut self,
        publication: &Publication,
        look: &Look,
        ledger: Option<&mut Ledger>,
    ) -> Result<(), Stop> {
        let every = self.rounds.rhythm.remember;
        let is_time = self
            .remembered_at
            .is_none_or(|at| look.running.saturating_sub(at) >= every);
        if let Some(ledger) = ledger
            && is_time
        {
            remember_the_time(publication, ledger)?;
            self.remembered_at = Some(look.running);
        }
        Ok(())
    }

    /// Builds once at the start, and whenever an issue's time has come. What its author edits
    /// otherwise waits for the next of these times, or for `build`.
    fn build(&mut self, opened: &Opened, look: &Look, halt: &Halt) {
        let publication = &opened.publication;
        let is_public = |issue: &&Issue| !issue.draft && issue.published <= look.wall;
        let public: Vec<&Issue> = opened.issues.iter().filter(is_public).collect();
        let lateness = publication.config.max_lateness;
        let lateness = TimeDelta::from_std(lateness).unwrap_or(TimeDelta::MAX);
        let is_new = |shown: &BTreeSet<IssueId>, issue: &Issue| {
            // An older one is an essay that came into the folder late, like an edit.
            !shown.contains(&issue.id) && look.wall - issue.published <= lateness
        };
        let work: Work = match &self.shown {
            None => vec!["all".to_owned()],
            Some(shown) => public
                .iter()
                .filter(|issue| is_new(shown, issue))
                .map(|issue| issue.slug.to_string())
                .collect(),
        };
        let now_public = public.iter().map(|issue| issue.id.clone()).collect();
        if work.is_empty() {
            // What was put off, or is ahead again of a clock that was set back, comes again.
            self.shown = Some(now_public);
            self.not_built.clear();
            return;
        }
        if !self.building.allows(&work, look.running) {
            return;
        }
        self.rounds.state.change(|state| state.is_occupied = true);
        let out = publication.folder.join("public");
        match build(publication, &opened.issues, look.wall, &out) {
            Ok(report) => {
                self.shown = Some(now_public);
                self.building.forget();
                self.rounds
                    .state
                    .change(|state| state.built_at = Some(look.wall));
                if report.written + report.removed > 0 {
                    self.rounds.tell(&format!(
                        "built: {} issues, {} files written, {} removed",
                        report.public, report.written, report.removed
                    ));
                }
                self.not_built.clear();
                self.rounds.announce(publication, &report, halt);
            }
            Err(stop) => {
                self.building.tried(work, look.running);
                self.not_built = problems_of(&stop).iter().map(Trouble::of).collect();
            }
        }
    }

    /// Tells what is in the way, each once as long as it lasts.
    fn tell_what_is_in_the_way(&mut self, publication: &Publication, troubles: Vec<Trouble>) {
        let held = troubles.iter().map(|one| one.line.clone()).collect();
        self.rounds.state.change(|state| state.held = held);
        let causes: BTreeSet<String> = troubles.iter().map(|one| one.cause.clone()).collect();
        if causes == self.told {
            return;
        }
        for trouble in &troubles {
            if self.told.insert(trouble.cause.clone()) {
                self.rounds.tell_wrong(&trouble.line);
            }
        }
        self.told = causes;
        let rounds = self.rounds;
        rounds.state.change(|state| state.is_occupied = true);
        tell_troubles(publication, Teller::Rounds, troubles, true, &mut |told| {
            rounds.warn(told);
        });
    }

    /// Tells what cannot be read, with the settings of before if there are any.
    fn tell_what_is_broken(&mut self, problems: &[Diagnostic], last: Option<&Publication>) {
        let troubles = problems.iter().map(Trouble::of).collect();
        match last {
            Some(publication) => self.tell_what_is_in_the_way(publication, troubles),
            None => self.rounds.warn_of_all(problems),
        }
        for problem in problems {
            self.rounds.tell_wrong(problem.render(false).trim_end());
        }
        self.rounds
            .tell_wrong("nothing is published or sent until this is mended");
    }
}

/// What holds issues that are due.
fn held(publication: &Publication, tick: &Tick<'_>, look: &Look) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for (issue, why) in &tick.held {
        match why {
            Why::Late => {
                let held = Held {
                    slug: issue.slug.to_string(),
                    due: issue.published,
                };
                troubles.extend(Trouble::of_held(publication, &held, look.wall));
            }
            Why::Clock(doubt) => troubles.push(Trouble::in_full(&objection(look.wall, doubt))),
        }
    }
    troubles
}

/// Begins to watch the clock, with what the ledger knows of it. A clock that was set to another
/// time is not compared with the machine's.
fn begin_watch(publication: &Publication, ledger: Option<&mut Ledger>) -> Result<Watch, Stop> {
    if publication.clock.is_set_by_hand() {
        return Ok(Watch::new(None, None));
    }
    let seen = match ledger {
        Some(ledger) => ledger.last_seen()?,
        None => None,
    };
    Ok(Watch::new(Some(clock::built()), seen))
}

fn problems_of(stop: &Stop) -> Vec<Diagnostic> {
    match stop {
        Stop::Failed(problems) => problems.clone(),
        Stop::Busy(problem) => vec![(**problem).clone()],
        Stop::Declined => Vec::new(),
    }
}
