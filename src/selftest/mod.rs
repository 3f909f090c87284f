//! `selftest`: shows on the author's own machine, folder and disk that nobody is mailed twice or
//! never.
//!
//! Each scenario makes a small publication in a work folder, runs this program itself as a child
//! against a relay that misbehaves on purpose, kills it, runs it again, and lets an oracle join
//! the relay's log with the ledger. The author's ledger, roster, relay and pages are never touched.
//!
//! ```text
//! Scenario -> Scene (program, publication, relay) -> Evidence -> Judgement -> Row
//! ```

mod desk;
mod disk;
mod oracle;
mod program;
mod publication;
mod random;
mod relay;
mod scenarios;
mod scene;
mod work_folder;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::disk::{Disk, FileSystem};
use self::program::Program;
use self::random::Random;
use self::scenarios::Scenario;
use self::scene::Scene;
use self::work_folder::{Leftovers, WorkFolder, clear_leftovers};
use crate::diagnostic::Diagnostic;
use crate::ledger::LedgerError;

/// How many connections every test publication has.
const CONNECTIONS: usize = 4;

/// What is tested, and how hard.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder whose disk is tested; the work folder is made in it.
    pub base: PathBuf,
    /// The program that is tested.
    pub program: PathBuf,
    /// How many times the sender is killed.
    pub kills: usize,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Whether the work folder stays when everything went well. It stays when something failed.
    pub keep: bool,
}

/// The author's wish to stop; shared with whoever listens for signals.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the test soon; everything is cleaned up.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), Stopped> {
        if self.0.load(Ordering::SeqCst) {
            return Err(Stopped::Cancelled);
        }
        Ok(())
    }
}

/// What one scenario showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// What was done.
    pub scenario: &'static str,
    /// How many times `send` was run.
    pub runs: usize,
    /// How many readers were to get the issue.
    pub messages: usize,
    /// How many are *sent*.
    pub sent: usize,
    /// How many are in doubt and held.
    pub unconfirmed: usize,
    /// How many would never have got it, and nobody would have known.
    pub lost: usize,
    /// How many got it twice, or would have.
    pub twice: usize,
    /// Everything that is wrong, in words; nothing when the scenario passed.
    pub findings: Vec<String>,
}

impl Row {
    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What the whole test showed.
#[derive(Debug, Clone)]
pub struct Report {
    /// The disk of the folder.
    pub disk: Disk,
    /// One for each scenario, in their order.
    pub rows: Vec<Row>,
    /// The seed of the random numbers.
    pub seed: u64,
    /// Where everything is, if it was kept.
    pub kept: Option<PathBuf>,
}

impl Report {
    /// Whether every scenario passed.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(Row::passed)
    }
}

/// Why a scenario could not come to its end.
#[derive(Debug)]
enum Stopped {
    /// The author has had enough.
    Cancelled,
    /// Something that must happen did not: a verdict on the sender, not on the machine.
    Stuck(String),
    /// The test itself cannot work.
    Failed(Diagnostic),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Failed(Diagnostic::error("the test cannot use its work folder").cause(error))
    }
}

impl From<Diagnostic> for Stopped {
    fn from(problem: Diagnostic) -> Self {
        Self::Failed(problem)
    }
}

/// A ledger that cannot be read is a verdict: the sender wrote it.
impl From<LedgerError> for Stopped {
    fn from(error: LedgerError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::Stuck(format!("{error}{}", cause.unwrap_or_default()))
    }
}

/// Whoever watches.
pub trait Watch {
    /// Something worth knowing.
    fn note(&mut self, text: &str);
    /// The scenario `number` of `total` begins.
    fn begin(&mut self, number: usize, total: usize, scenario: &str);
}

/// Plays all scenarios and says what they showed. Whatever happens, the work folder goes, unless
/// something failed or it is wanted.
pub fn run(
    settings: &Settings,
    cancel: &Cancel,
    watch: &mut dyn Watch,
) -> Result<Report, Diagnostic> {
    let cannot = |error: io::Error| {
        let folder = settings.base.display();
        Diagnostic::error(format!("cannot test in `{folder}`")).cause(error)
    };
    // Children get it as an argument, from another folder than ours.
    let base = settings.base.canonicalize().map_err(cannot)?;
    tell_leftovers(&clear_leftovers(&base).map_err(cannot)?, watch);
    let work = WorkFolder::make(&base).map_err(cannot)?;
    let disk = Disk::measure(work.path()).map_err(cannot)?;
    watch.note(&disk.to_string());
    let program = Program {
        path: settings.program.clone(),
        cancel: cancel.clone(),
    };
    let mut random = Random::new(settings.seed);
    let scenarios = scenarios::all(settings.kills);
    let mut rows = Vec::new();
    for (place, scenario) in scenarios.iter().enumerate() {
        watch.begin(place + 1, scenarios.len(), scenario.name);
        let folder = work.path().join(format!("{:02}", place + 1));
        match play(scenario, &folder, &program, random.fork()) {
            Ok(row) => rows.push(row),
            Err(Stopped::Cancelled) => {
                work.remove().map_err(cannot)?;
                return Err(Diagnostic::error("the test was interrupted")
                    .hint("nothing of it was left behind; run it again for a verdict"));
            }
            Err(Stopped::Stuck(reason)) => return Err(Diagnostic::error(reason)),
            Err(Stopped::Failed(problem)) => return Err(problem),
        }
    }
    let mut report = Report {
        disk,
        rows,
        seed: settings.seed,
        kept: None,
    };
    if settings.keep || !report.passed() {
        report.kept = Some(work.keep().map_err(cannot)?);
    } else {
        work.remove().map_err(cannot)?;
    }
    Ok(report)
}

fn tell_leftovers(leftovers: &Leftovers, watch: &mut dyn Watch) {
    for folder in &leftovers.removed {
        let folder = folder.display();
        watch.note(&format!("removed what a killed test had left: {folder}"));
    }
    for folder in &leftovers.in_use {
        let folder = folder.display();
        watch.note(&format!("another test is running in {folder}"));
    }
}

fn play(
    scenario: &Scenario,
    folder: &Path,
    program: &Program,
    random: Random,
) -> Result<Row, Stopped> {
    let mut scene = Scene::prepare(scenario.name, folder, program, scenario.readers, random)?;
    let row = match (scenario.play)(&mut scene) {
        Ok(()) => scene.conclude(),
        Err(Stopped::Stuck(reason)) => scene.give_up(reason),
        Err(stopped) => Err(stopped),
    };
    match row {
        // Not even the records can be compared.
        Err(Stopped::Stuck(reason)) => Ok(Row {
            scenario: scenario.name,
            messages: scenario.readers,
            findings: vec![reason],
            ..Row::default()
        }),
        row => row,
    }
}

#[cfg(test)]
mod tests;
