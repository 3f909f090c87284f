//! What `send` asks before it mails, and how it is interrupted while it does.

use std::io::{BufRead, Write};
use std::sync::Arc;

use super::super::output::{Output, count};
use super::super::progress::Watcher;
use super::super::signals::on_each_signal;
use super::super::times::local;
use crate::diagnostic::Diagnostic;
use crate::publish::{
    Announcing, Ask, BuildReport, Halt, Progress, Publication, Question, Stop, announce,
};

/// Whether the author agrees.
pub(super) enum Consent {
    Ask,
    Given,
    Expect(usize),
    /// No terminal to ask at.
    Missing,
}

/// The author, who is asked and told.
pub(super) struct Terminal<'a> {
    pub(super) output: &'a Output,
    pub(super) consent: Consent,
    /// Whether what `check` says of the issues is shown.
    pub(super) shows_findings: bool,
    pub(super) zone: jiff::tz::TimeZone,
    pub(super) watcher: Option<Watcher>,
    pub(super) halt: Halt,
    /// Hubs that are told of the pages while the mail goes out.
    pub(super) announcing: Option<Announcing>,
}

impl Ask for Terminal<'_> {
    fn confirm(&mut self, question: &Question) -> Result<(), Stop> {
        self.ask(question)?;
        // From here on an interrupt must not tear a message apart; before, it just ends the program.
        Ok(stop_on_signals(self.halt.clone())?)
    }

    fn built(&mut self, publication: &Publication, report: &BuildReport) {
        self.announcing = announce(publication, report);
    }

    fn begin(&mut self, title: &str, total: u64, progress: &Arc<Progress>) {
        self.watcher = Some(Watcher::start(title, total, progress.clone()));
    }

    fn end(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            watcher.stop();
        }
    }

    fn note(&mut self, text: &str) {
        self.output.note(text);
    }
}

impl Terminal<'_> {
    fn ask(&self, question: &Question) -> Result<(), Stop> {
        self.output.warnings(&question.warnings);
        if self.shows_findings {
            self.output.warnings(&question.findings);
        }
        for (title, number) in &question.issues {
            self.output
                .note(&format!("{title}: {}", count(*number as u64, "message")));
        }
        if let Some((slug, dated)) = &question.future {
            let dated = local(*dated, &self.zone);
            self.output.note(&format!(
                "`{slug}` is dated {dated}; sending it now sets its `send_at` to now"
            ));
        }
        match self.consent {
            Consent::Given => Ok(()),
            Consent::Expect(number) if number == question.total => Ok(()),
            Consent::Expect(number) => Err(Diagnostic::error(format!(
                "this run would have {}, and {number} were expected",
                count(question.total as u64, "message")
            ))
            .hint("`postrider plan --all` names each reader; nothing was sent")
            .into()),
            Consent::Missing => Err(Diagnostic::error("there is no terminal to ask at")
                .hint(format!(
                    "agree with `--yes`, or with `--expect {}`; timers use `--due`",
                    question.total
                ))
                .into()),
            Consent::Ask if !question.plans_anew => Ok(()),
            Consent::Ask => ask_for_the_count(question.total),
        }
    }
}

fn ask_for_the_count(total: usize) -> Result<(), Stop> {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "type {total} to send, anything else to stop: ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == total.to_string() {
        Ok(())
    } else {
        Err(Stop::Declined)
    }
}

/// Ctrl-C, SIGTERM or a closed terminal: first finish what is in flight, then stop at once.
pub(in crate::cli) fn stop_on_signals(halt: Halt) -> Result<(), Diagnostic> {
    on_each_signal(move |call| {
        if call > 1 {
            halt.abort();
            return;
        }
        halt.stop_claiming();
        let _ = writeln!(
            std::io::stderr(),
            "finishing what is in flight; once more stops at once"
        );
    })
}
