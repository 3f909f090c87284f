//! `send` inside the test, for what the program's own clock would make last minutes: the rests of
//! relays, scaled through the library's own struct. Everything else is as in the program.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::config::Environment;
use postrider::pace::RestRules;
use postrider::publish::{
    Ask, Halt, Progress, Publication, Question, SendOptions, SendReport, Stop, send,
};

use super::newsroom::Newsroom;

/// Agrees to everything and keeps what is said.
#[derive(Debug, Default)]
pub struct Witness {
    progress: Vec<Arc<Progress>>,
    /// Notes, and what the run said of its relays.
    pub said: Vec<String>,
}

impl Ask for Witness {
    fn confirm(&mut self, _: &Question) -> Result<(), Stop> {
        Ok(())
    }

    fn begin(&mut self, _: &str, _: u64, progress: &Arc<Progress>) {
        self.progress.push(progress.clone());
    }

    fn end(&mut self) {
        for progress in self.progress.drain(..) {
            self.said.extend(progress.heard());
        }
    }

    fn note(&mut self, text: &str) {
        self.said.push(text.to_owned());
    }
}

/// The rests of relays, a thousand times shorter: a minute is 60 milliseconds.
pub fn short_rests() -> RestRules {
    let rules = RestRules::default();
    let short = |rest: Duration| rest / 1000;
    RestRules {
        down_quick: short(rules.down_quick),
        down: short(rules.down),
        throttled: short(rules.throttled),
        longest: short(rules.longest),
        rate: short(rules.rate),
        quota: short(rules.quota),
        login: short(rules.login),
        recovery: short(rules.recovery),
        look_again: short(rules.look_again),
        patience: short(rules.patience),
        ..rules
    }
}

/// Sends an issue of a publication at an instant.
pub fn send_within(
    room: &Newsroom,
    issue: &str,
    at: &str,
    rests: RestRules,
    wait: bool,
) -> (Result<SendReport, Stop>, Witness) {
    let at: DateTime<Utc> = at.parse().unwrap();
    let environment = Environment::default();
    let publication =
        Publication::open(room.folder(), &environment, Clock::starting_at(at)).unwrap();
    let options = SendOptions {
        issue: Some(issue.to_owned()),
        wait,
        rests,
        ..SendOptions::default()
    };
    let mut witness = Witness::default();
    let report = send(&publication, &options, &mut witness, &Halt::default());
    (report, witness)
}
