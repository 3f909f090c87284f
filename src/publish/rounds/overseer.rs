//! Answers a sender that nobody sits in front of: scheduling was consent.

use std::sync::Arc;

use super::Rounds;
use super::state::Doing;
use crate::delivery::State;
use crate::publish::{
    Ask, BuildReport, Halt, IssueOutcome, Progress, Publication, Question, SendReport, Stop,
};

/// Watches a run for the rounds.
pub(super) struct Overseer<'a> {
    rounds: &'a Rounds,
    halt: &'a Halt,
    progress: Option<Arc<Progress>>,
}

impl<'a> Overseer<'a> {
    pub(super) fn new(rounds: &'a Rounds, halt: &'a Halt) -> Self {
        Self {
            rounds,
            halt,
            progress: None,
        }
    }
}

impl Ask for Overseer<'_> {
    fn confirm(&mut self, question: &Question) -> Result<(), Stop> {
        // Each of them shows a row of somebody; the log is not the place for that.
        if !question.warnings.is_empty() {
            self.rounds.tell(&format!(
                "`subscribers.csv` has {} remarks; `postrider check` tells them",
                question.warnings.len()
            ));
        }
        Ok(())
    }

    fn built(&mut self, publication: &Publication, report: &BuildReport) {
        self.rounds.announce(publication, report, self.halt);
    }

    fn begin(&mut self, title: &str, total: u64, progress: &Arc<Progress>) {
        self.rounds
            .tell(&format!("sending \"{title}\": {total} to go"));
        self.rounds.state.change(|state| {
            state.doing = Doing::Sending {
                title: title.to_owned(),
                total,
                progress: progress.clone(),
            };
        });
        self.progress = Some(progress.clone());
    }

    fn end(&mut self) {
        self.rounds
            .state
            .change(|state| state.doing = Doing::Preparing);
        for said in self
            .progress
            .take()
            .iter()
            .flat_map(|progress| progress.heard())
        {
            self.rounds.tell(&said);
        }
    }

    fn note(&mut self, text: &str) {
        self.rounds.tell(text);
    }
}

/// What a run came to, a line for each issue that it had to do with.
pub(super) fn lines(report: &SendReport) -> Vec<String> {
    let mut lines: Vec<String> = report
        .issues
        .iter()
        .filter(|issue| issue.touched > 0)
        .map(line)
        .collect();
    for resting in &report.resting {
        lines.push(resting.to_string());
    }
    for slug in &report.nobody {
        lines.push(format!(
            "nobody would get `{slug}`; `postrider plan {slug}` tells why"
        ));
    }
    lines
}

fn line(issue: &IssueOutcome) -> String {
    let shown = [
        State::Sent,
        State::Deferred,
        State::Rejected,
        State::Unconfirmed,
        State::Skipped,
        State::Expired,
        State::Planned,
    ];
    let counts: Vec<String> = shown
        .into_iter()
        .map(|state| (issue.counts.of(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {}", state.as_str()))
        .collect();
    let mut line = format!("`{}`: {}", issue.slug, counts.join(", "));
    if let Some(at) = issue.counts.next_at {
        line = format!("{line}; next try {}", at.format("%Y-%m-%d %H:%M UTC"));
    }
    if issue.refused > 0 {
        line = format!("{line}; {} wait for a person", issue.refused);
    }
    line
}
