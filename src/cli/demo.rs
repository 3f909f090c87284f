//! `demo`: the whole job on embedded parts. The sample publication is copied, built and mailed over
//! real SMTP to a catcher on this machine, and then the ledger is compared with the mailbox.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::output::count;
use super::sample;
use super::{App, CommandResult, Exit};
use crate::catch::Catcher;
use crate::clock::Clock;
use crate::config::Environment;
use crate::delivery::State;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::ledger::Ledger;
use crate::publish::{
    self, Ask, Halt, IssueOutcome, Progress, Publication, Question, SendOptions, SendReport, Stop,
};
use crate::token::sha256_hex;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Leave everything in this folder [default: a new folder among the system's temporary ones]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let folder = self.folder(app)?;
        for (path, bytes) in sample::FILES {
            fs::write_new(&folder.join(path), bytes).map_err(|error| {
                Diagnostic::error(format!("cannot write `{path}`")).cause(error)
            })?;
        }
        let maildir = folder.join("mail");
        let catcher = RunningCatcher::start(&maildir)?;
        let relay = format!("smtp://{}", catcher.address);
        // Whatever the environment says about a real relay, the demo must not use it.
        let environment = Environment::from_pairs([("POSTRIDER_SMTP_URL".to_owned(), relay)]);
        let clock = after_the_sample(app.clock, &folder, &environment)?;
        let publication = Publication::open(&folder, &environment, clock)?;
        let reports = mail_everything(&publication)?;
        catcher.stop();
        let verdict = compare(&publication, &maildir)?;
        let agree =
            verdict.differences.is_empty() && reports.iter().all(|report| report.errors.is_empty());
        Self::show(app, &folder, &reports, &verdict);
        for report in &reports {
            app.output.problems(&report.errors);
        }
        Ok(if agree { Exit::Done } else { Exit::Failed })
    }

    fn folder(&self, app: &App) -> Result<PathBuf, Stop> {
        let failed =
            |error: std::io::Error| Diagnostic::error("cannot make the demo's folder").cause(error);
        let Some(folder) = &self.keep else {
            return Ok(tempfile::Builder::new()
                .prefix("postrider-demo-")
                .tempdir()
                .map_err(failed)?
                .keep());
        };
        let folder = app.folder.join(folder);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        if std::fs::read_dir(&folder).map_err(failed)?.next().is_some() {
            let problem = Diagnostic::error(format!("`{}` is not empty", folder.display()));
            return Err(problem.hint("name a folder that does not exist yet").into());
        }
        Ok(folder)
    }

    fn show(app: &App, folder: &Path, reports: &[SendReport], verdict: &Verdict) {
        let issues: Vec<&IssueOutcome> = reports.iter().flat_map(|report| &report.issues).collect();
        let sent: u64 = issues
            .iter()
            .map(|issue| issue.counts.of(State::Sent))
            .sum();
        if app.output.is_json() {
            app.output.json(&json!({ "folder": folder, "issues": issues.len(), "sent": sent, "in_mailbox": verdict.in_mailbox,
                "differences": verdict.differences }));
            return;
        }
        let rows = issues.iter().map(|issue| {
            let number = |state| issue.counts.of(state).to_string();
            let state = if issue.finished_at.is_some() {
                "finished"
            } else {
                "open"
            };
            vec![
                issue.slug.clone(),
                issue.planned.to_string(),
                number(State::Sent),
                number(State::Rejected),
                number(State::Unconfirmed),
                state.to_owned(),
            ]
        });
        app.output.table(
            &[
                "<issue",
                "#planned",
                "#sent",
                "#rejected",
                "#unconfirmed",
                "state",
            ],
            rows,
        );
        if verdict.differences.is_empty() {
            let messages = count(verdict.in_mailbox as u64, "message");
            app.output.line(&format!("The ledger and the mailbox agree: {messages}, each sent once, byte for byte as recorded."));
        } else {
            for difference in &verdict.differences {
                app.output.line(difference);
            }
        }
        Self::show_next_steps(app, folder);
    }

    fn show_next_steps(app: &App, folder: &Path) {
        let shown = folder.display();
        app.output.line(&format!("\nEverything is in {shown}:"));
        app.output
            .line("  mail/new/            the messages as readers get them");
        app.output
            .line("  public/index.html    the archive; feed.xml, atom.xml and feed.json beside it");
        app.output.line("  ledger.db            who got what\n");
        app.output.line("Try next:");
        for command in [
            "status",
            "status a-letter-is-not-a-post",
            "history zoe@example.org",
            "subscribers list",
            "new \"My first letter\"",
            "plan --all",
        ] {
            app.output
                .line(&format!("  postrider -C {shown} {command}"));
        }
    }
}

/// A catcher on a thread of its own.
struct RunningCatcher {
    address: SocketAddr,
    stop: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl RunningCatcher {
    fn start(maildir: &Path) -> Result<Self, Stop> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the catcher").cause(error))?;
        let catcher = Catcher::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), maildir)
            .map_err(|error| Diagnostic::error(error.to_string()))?;
        let address = catcher.local_address();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let until = async {
                let _ = stopped.await;
            };
            if let Err(error) = runtime.block_on(catcher.run(|_| {}, until)) {
                tracing::warn!("{error}");
            }
        });
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

/// The present, or a moment after the last sample issue where the machine's clock is before it.
fn after_the_sample(clock: Clock, folder: &Path, environment: &Environment) -> Result<Clock, Stop> {
    let issues = Publication::open(folder, environment, clock)?
        .issues()?
        .issues;
    let last = issues
        .iter()
        .map(|issue| issue.published)
        .max()
        .unwrap_or_default();
    Ok(if clock.now() > last {
        clock
    } else {
        Clock::starting_at(last + chrono::TimeDelta::minutes(1))
    })
}

/// Sends each sample issue by its name, as an author would who has read the plan.
fn mail_everything(publication: &Publication) -> Result<Vec<SendReport>, Stop> {
    let issues = publication.issues()?.issues;
    let mut reports = Vec::new();
    for issue in issues.iter().filter(|issue| issue.mail && !issue.draft) {
        let options = SendOptions {
            issue: Some(issue.slug.to_string()),
            // It is kept for nobody.
            unsafe_fs: true,
            ..SendOptions::default()
        };
        reports.push(publish::send(
            publication,
            &options,
            &mut Agree,
            &Halt::default(),
        )?);
    }
    Ok(reports)
}

/// Says yes: nothing leaves this machine.
struct Agree;

impl Ask for Agree {
    fn confirm(&mut self, _: &Question) -> Result<(), Stop> {
        Ok(())
    }
    fn begin(&mut self, _: &str, _: u64, _: &Arc<Progress>) {}
    fn end(&mut self) {}
    fn note(&mut self, _: &str) {}
}

/// What the comparison of ledger and mailbox found.
struct Verdict {
    in_mailbox: usize,
    differences: Vec<String>,
}

/// Joins the ledger with the mailbox by the hash of each message: every delivery that is *sent*
/// has exactly one file, and every file one delivery.
fn compare(publication: &Publication, maildir: &Path) -> Result<Verdict, Stop> {
    let mut in_mailbox: BTreeMap<String, usize> = BTreeMap::new();
    let unreadable =
        |error: std::io::Error| Diagnostic::error("cannot read the demo's mailbox").cause(error);
    for entry in std::fs::read_dir(maildir.join("new")).map_err(unreadable)? {
        let bytes = std::fs::read(entry.map_err(unreadable)?.path()).map_err(unreadable)?;
        *in_mailbox.entry(sha256_hex(&bytes)).or_default() += 1;
    }
    let total = in_mailbox.values().sum();
    let mut differences = Vec::new();
    let mut ledger = Ledger::open(&publication.ledger_path())?;
    for recorded in ledger.all_recorded()? {
        for row in ledger.rows_in(recorded.row, State::Sent, usize::MAX)? {
            let found = row
                .message_sha256
                .and_then(|hash| in_mailbox.remove(&hash))
                .unwrap_or(0);
            if found != 1 {
                differences.push(format!(
                    "{} to {}: sent once, {found} in the mailbox",
                    recorded.frozen.slug, row.address
                ));
            }
        }
    }
    differences.extend(
        in_mailbox
            .keys()
            .map(|hash| format!("a message that the ledger does not know: {hash}")),
    );
    Ok(Verdict {
        in_mailbox: total,
        differences,
    })
}
