//! `selftest`: the crash and fault tests, on the author's own machine, folder and disk.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::output::Output;
use super::signals::on_each_signal;
use super::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::selftest::{self, Cancel, Report, Row, Settings, Watch};

/// Arguments of `selftest`.
#[derive(Debug, clap::Args)]
pub(super) struct Selftest {
    /// Test the disk of this folder [default: the publication's folder]
    dir: Option<PathBuf>,
    /// Kill the sender so many times
    #[arg(long, value_name = "N", default_value_t = 20)]
    kills: usize,
    /// Repeat the random choices of an earlier test
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Leave the work folder, and say where it is
    #[arg(long)]
    keep: bool,
}

impl Selftest {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let program = std::env::current_exe()
            .map_err(|error| Diagnostic::error("cannot find this program's file").cause(error))?;
        let base = match &self.dir {
            Some(folder) => app.folder.join(folder),
            None => app.folder.clone(),
        };
        let settings = Settings {
            base,
            program,
            kills: self.kills,
            seed: self.seed.map_or_else(random_seed, Ok)?,
            keep: self.keep,
        };
        let cancel = Cancel::default();
        let ends = cancel.clone();
        // What is under way ends, and the test cleans up.
        on_each_signal(move |_| ends.cancel())?;
        let report = selftest::run(&settings, &cancel, &mut Terminal(&app.output))?;
        show(&app.output, &report);
        Ok(if report.passed() {
            Exit::Done
        } else {
            Exit::Failed
        })
    }
}

fn random_seed() -> Result<u64, Diagnostic> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|_| Diagnostic::error("the system gives no random bytes"))?;
    // Short enough to be typed again.
    Ok(u64::from(u32::from_be_bytes(bytes)))
}

struct Terminal<'a>(&'a Output);

impl Watch for Terminal<'_> {
    fn note(&mut self, text: &str) {
        self.0.note(text);
    }

    fn begin(&mut self, number: usize, total: usize, scenario: &str) {
        self.0.note(&format!("{number}/{total} {scenario}"));
    }
}

fn show(output: &Output, report: &Report) {
    let doubts = report.disk.doubts();
    if output.is_json() {
        output.json(&as_json(report, &doubts));
    } else {
        output.table(
            &[
                "scenario",
                "#runs",
                "#messages",
                "#sent",
                "#unconfirmed",
                "#lost",
                "#twice",
                "verdict",
            ],
            report.rows.iter().map(cells),
        );
        output.line(&last_line(report));
    }
    let doubts = doubts.into_iter().map(Diagnostic::warning);
    output.warnings(&doubts.collect::<Vec<_>>());
    output.problems(&problems(report));
    if let Some(kept) = &report.kept {
        output.note(&format!("everything is in {}", kept.display()));
    }
}

fn cells(row: &Row) -> Vec<String> {
    let verdict = if row.passed() { "ok" } else { "FAILED" };
    vec![
        row.scenario.to_owned(),
        row.runs.to_string(),
        row.messages.to_string(),
        row.sent.to_string(),
        row.unconfirmed.to_string(),
        row.lost.to_string(),
        row.twice.to_string(),
        verdict.to_owned(),
    ]
}

fn last_line(report: &Report) -> String {
    let sum = |count: fn(&Row) -> usize| report.rows.iter().map(count).sum::<usize>();
    let (lost, twice) = (sum(|row| row.lost), sum(|row| row.twice));
    let failed = report.rows.iter().filter(|row| !row.passed()).count();
    let (runs, messages) = (sum(|row| row.runs), sum(|row| row.messages));
    let what = format!("{messages} deliveries in {runs} runs: {lost} lost, {twice} twice");
    if failed == 0 {
        format!(
            "PASSED: {what}, {} in doubt and named",
            sum(|row| row.unconfirmed)
        )
    } else {
        let total = report.rows.len();
        format!("FAILED: {failed} of {total} scenarios; {what}")
    }
}

/// One for each scenario that failed, with what is wrong and where to look.
fn problems(report: &Report) -> Vec<Diagnostic> {
    /// The rest is more of the same, and in the evidence.
    const MOST: usize = 8;
    let evidence = |place: usize| {
        let folder = report.kept.as_ref()?.join(format!("{:02}", place + 1));
        Some(folder.display().to_string())
    };
    let failed = report.rows.iter().enumerate();
    failed
        .filter(|(_, row)| !row.passed())
        .map(|(place, row)| {
            let mut problem = Diagnostic::error(format!("failed: {}", row.scenario));
            for finding in row.findings.iter().take(MOST) {
                problem = problem.cause(finding);
            }
            if row.findings.len() > MOST {
                problem = problem.cause(format!("and {} more", row.findings.len() - MOST));
            }
            match evidence(place) {
                Some(folder) => problem.hint(format!(
                    "the ledger, the relay's log and every run are in {folder}; `--seed {}` repeats the random choices",
                    report.seed
                )),
                None => problem,
            }
        })
        .collect()
}

fn as_json(report: &Report, doubts: &[String]) -> Value {
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let rows = report.rows.iter().map(|row| {
        json!({ "scenario": row.scenario, "runs": row.runs, "messages": row.messages, "sent": row.sent,
            "unconfirmed": row.unconfirmed, "lost": row.lost, "twice": row.twice,
            "passed": row.passed(), "findings": row.findings })
    });
    json!({
        "passed": report.passed(),
        "scenarios": rows.collect::<Vec<_>>(),
        "disk": { "sync_median_us": micros(report.disk.median), "sync_slowest_us": micros(report.disk.slowest),
            "file_system": report.disk.file_system.to_string(), "doubts": doubts },
        "seed": report.seed,
        "kept": report.kept,
    })
}
