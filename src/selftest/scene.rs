//! What a scenario has at hand: a publication, a relay, the program, and the judge.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::desk::Desk;
use super::oracle::{Evidence, Judgement, judge};
use super::program::{Program, Running};
use super::publication::{SLUG, TestPublication, issue_id};
use super::random::Random;
use super::relay::FaultRelay;
use super::{CONNECTIONS, Row, Stopped};
use crate::delivery::State;
use crate::ledger::{Ledger, Standing};

/// How long the relay may take for what it does at once.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(2);
/// The command that is tested.
const SEND: [&str; 3] = ["send", SLUG, "--yes"];
/// From one retry to one that is surely ripe.
const LATER: TimeDelta = TimeDelta::hours(9);
/// The issue is due then, and the first run begins.
const START: DateTime<Utc> = match DateTime::from_timestamp(1_893_488_400, 0) {
    Some(start) => start,
    None => DateTime::UNIX_EPOCH,
};

/// One scenario on its way.
pub(super) struct Scene {
    name: &'static str,
    folder: PathBuf,
    program: Program,
    publication: TestPublication,
    relay: FaultRelay,
    pub(super) random: Random,
    now: DateTime<Utc>,
    /// How many times the program was started.
    started: usize,
    /// How many runs of `send` there were.
    runs: usize,
    /// How many deliveries may be in doubt by now.
    most_unconfirmed: usize,
    suppressed: BTreeSet<String>,
    findings: Vec<String>,
}

impl Scene {
    /// A publication with so many readers and a relay of its own, in `folder`.
    pub(super) fn prepare(
        name: &'static str,
        folder: &Path,
        program: &Program,
        readers: usize,
        random: Random,
    ) -> Result<Self, Stopped> {
        let runs = folder.join("runs");
        std::fs::create_dir_all(&runs)?;
        let relay = FaultRelay::start(&folder.join("relay"))?;
        let publication =
            TestPublication::write(&folder.join("publication"), relay.address(), readers)?;
        Ok(Self {
            name,
            folder: folder.to_owned(),
            program: program.clone(),
            publication,
            relay,
            random,
            now: START,
            started: 0,
            runs: 0,
            most_unconfirmed: 0,
            suppressed: BTreeSet::new(),
            findings: Vec::new(),
        })
    }

    pub(super) fn desk(&self) -> &Desk {
        self.relay.desk()
    }

    pub(super) fn publication(&self) -> &TestPublication {
        &self.publication
    }

    /// A folder of the scenario, beside its publication.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    // -- runs --

    /// Starts `send`.
    pub(super) fn start(&mut self) -> Result<Running, Stopped> {
        self.runs += 1;
        let folder = self.publication.folder.clone();
        self.start_in(&folder, &SEND)
    }

    fn start_in(&mut self, folder: &Path, arguments: &[&str]) -> Result<Running, Stopped> {
        self.program.cancel.check()?;
        self.started += 1;
        // No two runs begin at one instant, and no run before an earlier one.
        self.now += TimeDelta::seconds(1);
        let log = self.folder.join(format!("runs/{:03}", self.started));
        Ok(self.program.start(folder, self.now, arguments, &log)?)
    }

    /// Runs `send` to its end.
    pub(super) fn send(&mut self) -> Result<Option<i32>, Stopped> {
        self.start()?.wait()
    }

    /// Runs `send` in another folder.
    pub(super) fn send_in(&mut self, folder: &Path) -> Result<Option<i32>, Stopped> {
        self.runs += 1;
        self.start_in(folder, &SEND)?.wait()
    }

    /// Runs another command of the program.
    pub(super) fn command(&mut self, arguments: &[&str]) -> Result<Option<i32>, Stopped> {
        let folder = self.publication.folder.clone();
        self.start_in(&folder, arguments)?.wait()
    }

    /// Runs `send` until nobody waits any more, each time so much later that everything deferred
    /// is ripe.
    pub(super) fn send_until_settled(&mut self) -> Result<(), Stopped> {
        /// More than any scenario needs; four days after the plan everything expires.
        const MOST: usize = 6;
        for _ in 0..MOST {
            self.send()?;
            let waits = |row: &Standing| {
                matches!(
                    row.state,
                    State::Planned | State::Claimed | State::Deferred | State::Inflight
                )
            };
            if !self.ledger()?.iter().any(waits) {
                break;
            }
            self.now += LATER;
            // A run that was refused for our fault may have paused the issue.
            self.command(&["continue", SLUG])?;
        }
        Ok(())
    }

    // -- waiting --

    /// Waits until `happened`, or until the run ended before that: then the answer is `false`.
    pub(super) fn wait_for(
        &self,
        run: &mut Running,
        mut happened: impl FnMut(&Desk) -> bool,
    ) -> Result<bool, Stopped> {
        let start = Instant::now();
        loop {
            if happened(self.desk()) {
                return Ok(true);
            }
            if run.has_ended()? {
                return Ok(happened(self.desk()));
            }
            self.program.cancel.check()?;
            if start.elapsed() > PATIENCE {
                let stuck = "the sender never came to the moment that was waited for";
                return Err(Stopped::Stuck(stuck.to_owned()));
            }
            self.desk().wait(LOOK);
        }
    }

    /// Waits for a short time for something that need not happen.
    pub(super) fn wait_a_little(&self, most: Duration, happened: impl Fn(&Desk) -> bool) {
        let start = Instant::now();
        while start.elapsed() < most && !happened(self.desk()) {
            self.desk().wait(LOOK);
        }
    }

    /// Kills a run. Everything that its connections had in hand may be in doubt.
    pub(super) fn kill(&mut self, run: Running) -> Result<(), Stopped> {
        run.kill()?;
        self.allow_doubt(CONNECTIONS);
        self.desk().release();
        self.come_to_rest()
    }

    /// Waits until the relay has seen the end of every connection: then its log is complete.
    pub(super) fn come_to_rest(&self) -> Result<(), Stopped> {
        let start = Instant::now();
        while self.desk().open() > 0 {
            self.program.cancel.check()?;
            if start.elapsed() > PATIENCE {
                return Err(Stopped::Stuck("a connection did not end".to_owned()));
            }
            self.desk().wait(LOOK);
        }
        Ok(())
    }

    // -- judging --

    /// So many more deliveries may be unconfirmed.
    pub(super) fn allow_doubt(&mut self, deliveries: usize) {
        self.most_unconfirmed += deliveries;
    }

    /// From here on nobody may mail this person.
    pub(super) fn forbid(&mut self, who: &str) {
        self.suppressed.insert(who.to_owned());
    }

    /// A demand that no comparison of records can make.
    pub(super) fn demand(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.findings.push(otherwise.into());
        }
    }

    /// How many messages the relay took so far.
    pub(super) fn accepted_count(&self) -> Result<usize, Stopped> {
        Ok(self.relay.accepted()?.len())
    }

    /// Every delivery in the ledger.
    pub(super) fn ledger(&self) -> Result<Vec<Standing>, Stopped> {
        let Some(mut ledger) = Ledger::open_if_present(&self.publication.ledger_path())? else {
            return Ok(Vec::new());
        };
        match ledger.recorded(&issue_id())? {
            Some(recorded) => Ok(ledger.standings(recorded.row)?),
            None => Ok(Vec::new()),
        }
    }

    /// The states of some people; `None` for those whom the ledger does not know.
    pub(super) fn states_of<'a>(
        &self,
        people: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<Option<State>>, Stopped> {
        let ledger = self.ledger()?;
        let state_of = |who: &String| {
            let row = ledger.iter().find(|row| row.address == *who);
            row.map(|row| row.state)
        };
        Ok(people.into_iter().map(state_of).collect())
    }

    fn judgement(&self, is_over: bool) -> Result<Judgement, Stopped> {
        Ok(judge(&Evidence {
            planned: self.publication.readers.clone(),
            accepted: self.relay.accepted()?,
            ledger: self.ledger()?,
            suppressed: self.suppressed.clone(),
            most_unconfirmed: self.most_unconfirmed,
            is_over,
        }))
    }

    /// Compares both records in the middle, with no run under way.
    pub(super) fn check_so_far(&mut self) -> Result<(), Stopped> {
        let runs = self.runs;
        let judgement = self.judgement(false)?;
        let told = judgement.violations.iter();
        self.findings
            .extend(told.map(|found| format!("after run {runs}: {found}")));
        Ok(())
    }

    /// Compares both records at the end.
    pub(super) fn conclude(self) -> Result<Row, Stopped> {
        self.come_to_rest()?;
        self.row(true)
    }

    /// What is known when a scenario could not come to its end.
    pub(super) fn give_up(mut self, reason: String) -> Result<Row, Stopped> {
        self.findings.push(reason);
        self.row(false)
    }

    fn row(self, is_over: bool) -> Result<Row, Stopped> {
        let judgement = self.judgement(is_over)?;
        let mut findings = self.findings;
        findings.extend(judgement.violations.iter().map(ToString::to_string));
        Ok(Row {
            scenario: self.name,
            runs: self.runs,
            messages: self.publication.readers.len(),
            sent: judgement.sent,
            unconfirmed: judgement.unconfirmed,
            lost: judgement.lost,
            twice: judgement.twice,
            findings,
        })
    }
}
