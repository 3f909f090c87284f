//! One sequence of actions, on the ledger and on the model.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use postrider::delivery::{Class, Outcome, Reply, Step, Transaction};
use postrider::ledger::{
    Claim, Doubts, IntentAnswer, IssueState, Ledger, Settlement, Verdict, Writer,
};
use postrider::suppression::{Reason, Suppression};
use postrider::token::{KeySet, sha256};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::super::bench::{Bench, message_id};
use super::model::Model;
use crate::support::relay::Acceptance;

const READERS: usize = 4;

/// What can happen. Numbers pick one of what there is.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Claim(usize),
    Intend(Who, usize),
    Settle(Who, usize, Answer),
    Release(Who, usize),
    /// The sender is cut off, and a new one recovers. The old one is not dead: it goes on with
    /// what it holds, as one would that slept.
    Restart,
    Pause,
    Continue,
    Cancel,
    Suppress(usize),
    Allow(usize),
    Leave(usize),
    Join(usize),
    Resolve(usize, Word),
    /// A person asks for one copy more.
    Again(usize),
    Expire,
    SkipExcluded,
    Finish,
    Wait(i64),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Current,
    Old,
}

/// What a relay says. `Lost` may have been accepted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Accepted,
    Later,
    NoSuchUser,
    NotFromYou,
    Lost { accepted: bool },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Sent,
    Resend,
    Abandon,
}

impl Action {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let who = || prop_oneof![3 => Just(Who::Current), 1 => Just(Who::Old)];
        let answer = prop_oneof![
            3 => Just(Answer::Accepted),
            2 => Just(Answer::Later),
            1 => Just(Answer::NoSuchUser),
            1 => Just(Answer::NotFromYou),
            2 => any::<bool>().prop_map(|accepted| Answer::Lost { accepted }),
        ];
        let word = prop_oneof![Just(Word::Sent), Just(Word::Resend), Just(Word::Abandon)];
        let reader = || 0..READERS;
        prop_oneof![
            6 => (1..=READERS).prop_map(Self::Claim),
            8 => (who(), reader()).prop_map(|(who, pick)| Self::Intend(who, pick)),
            8 => (who(), reader(), answer).prop_map(|(who, pick, answer)| Self::Settle(who, pick, answer)),
            1 => (who(), reader()).prop_map(|(who, pick)| Self::Release(who, pick)),
            2 => Just(Self::Restart),
            1 => Just(Self::Pause),
            2 => Just(Self::Continue),
            1 => Just(Self::Cancel),
            4 => reader().prop_map(Self::Suppress),
            2 => reader().prop_map(Self::Allow),
            2 => reader().prop_map(Self::Leave),
            2 => reader().prop_map(Self::Join),
            3 => (reader(), word).prop_map(|(reader, word)| Self::Resolve(reader, word)),
            2 => reader().prop_map(Self::Again),
            1 => Just(Self::Expire),
            1 => Just(Self::SkipExcluded),
            2 => Just(Self::Finish),
            3 => (1_i64..600).prop_map(Self::Wait),
        ]
    }
}

/// A sender: the ledger's writer, and what it believes to hold.
struct Sender {
    token: i64,
    writer: Writer,
    /// Claimed, not tried.
    claimed: Vec<Claim>,
    /// The dot is written.
    at_dot: Vec<Claim>,
}

impl Sender {
    fn start(ledger: Ledger, token: i64) -> Self {
        Self {
            token,
            writer: Writer::start(ledger, token),
            claimed: Vec::new(),
            at_dot: Vec::new(),
        }
    }
}

pub(super) struct Run {
    bench: Bench,
    runtime: Runtime,
    /// Where people sit.
    desk: Ledger,
    issue: i64,
    addresses: Vec<String>,
    current: Sender,
    old: Option<Sender>,
    model: Model,
    start: DateTime<Utc>,
    minutes: i64,
    accepted: Vec<Acceptance>,
}

impl Run {
    pub(super) fn new(start: DateTime<Utc>) -> Self {
        let bench = Bench::in_memory();
        let mut desk = bench.open();
        let addresses: Vec<String> = (1..=READERS)
            .map(|number| format!("reader{number}@example.org"))
            .collect();
        let issue = bench.plan(&mut desk, &addresses);
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            desk,
            issue,
            model: Model::new(&addresses),
            addresses,
            current: Sender::start(bench.open(), 1),
            old: None,
            start,
            minutes: 0,
            accepted: Vec::new(),
            bench,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.start + TimeDelta::minutes(self.minutes)
    }

    pub(super) fn act(&mut self, action: &Action) {
        let now = self.now();
        match action {
            Action::Claim(limit) => self.claim(*limit),
            Action::Intend(who, pick) => self.intend(*who, *pick),
            Action::Settle(who, pick, answer) => self.settle(*who, *pick, *answer),
            Action::Release(who, pick) => self.release(*who, *pick),
            Action::Restart => self.restart(),
            Action::Pause => self.set(IssueState::Paused, "sending", "paused"),
            Action::Continue => self.set(IssueState::Sending, "paused", "sending"),
            Action::Cancel => {
                self.desk.cancel(self.issue, now).unwrap();
                self.model.cancel();
            }
            Action::Suppress(reader) => self.suppress(*reader),
            Action::Allow(reader) => {
                let address = &self.addresses[*reader];
                let key = self.bench.key(address);
                self.desk.allow(&key, "wrote to me", now).unwrap();
                self.model.row(address).suppressed = false;
            }
            Action::Leave(reader) => self.enrol(*reader, false),
            Action::Join(reader) => self.enrol(*reader, true),
            Action::Resolve(reader, word) => self.resolve(*reader, *word),
            Action::Again(reader) => {
                let address = &self.addresses[*reader];
                let delivery = [self.bench.delivery(address)];
                let done = self.desk.record_asked(self.issue, &delivery, &[], now);
                assert_eq!(done.is_ok(), self.model.again(address), "{done:?}");
            }
            Action::Expire => {
                // Nobody was asked for by name: the age of the plan counts.
                let asked_since = now + TimeDelta::days(365);
                self.desk.expire(self.issue, asked_since, now).unwrap();
                self.model.expire();
            }
            Action::SkipExcluded => {
                self.desk.skip_excluded(self.issue, now).unwrap();
                self.model.skip_excluded();
            }
            Action::Finish => {
                let finished = self.desk.finish(self.issue, now).unwrap();
                assert_eq!(finished, self.model.finish());
            }
            Action::Wait(minutes) => self.minutes += minutes,
        }
    }

    fn sender(&mut self, who: Who) -> Option<&mut Sender> {
        match who {
            Who::Current => Some(&mut self.current),
            Who::Old => self.old.as_mut(),
        }
    }

    /// The sender and one of what it has claimed (or is at the dot with), taken out.
    fn take(&mut self, who: Who, pick: usize, at_dot: bool) -> Option<(i64, Claim)> {
        let sender = self.sender(who)?;
        let held = if at_dot {
            &mut sender.at_dot
        } else {
            &mut sender.claimed
        };
        let place = (!held.is_empty()).then(|| pick % held.len())?;
        let claim = held.remove(place);
        Some((sender.token, claim))
    }

    fn claim(&mut self, limit: usize) {
        let (token, now) = (self.current.token, self.now());
        let handle = self.current.writer.handle();
        let claims = self.runtime.block_on(handle.claim(self.issue, limit, now));
        let claims = claims.unwrap();
        let wanted = self.model.claimable(self.minutes).min(limit);
        assert_eq!(claims.len(), wanted, "{:#?}", self.model);
        for claim in &claims {
            let address = &claim.address;
            assert!(self.model.may_claim(address, self.minutes));
            self.model.claim(address, token);
        }
        self.current.claimed.extend(claims);
    }

    fn intend(&mut self, who: Who, pick: usize) {
        let Some((token, claim)) = self.take(who, pick, false) else {
            return;
        };
        let now = self.now();
        let hash = sha256(claim.address.as_bytes());
        let handle = self.sender(who).unwrap().writer.handle();
        let answer = self
            .runtime
            .block_on(handle.intend(claim.delivery, hash, now));
        let granted = answer.unwrap() == IntentAnswer::Granted;
        assert_eq!(granted, self.model.intend(&claim.address, token));
        if granted {
            self.sender(who).unwrap().at_dot.push(claim);
        }
    }

    fn settle(&mut self, who: Who, pick: usize, answer: Answer) {
        // Before the dot a relay cannot accept, and what it does not say is no doubt.
        let no_dot = matches!(
            answer,
            Answer::Later | Answer::NoSuchUser | Answer::NotFromYou
        );
        let at_dot = self.take(who, pick, true);
        // A row at its dot is told of the dot, and no other of anything behind RCPT.
        let step = if at_dot.is_some() {
            Step::Dot
        } else {
            Step::Rcpt
        };
        let held = at_dot.or_else(|| no_dot.then(|| self.take(who, pick, false)).flatten());
        let Some((token, claim)) = held else { return };
        let reply = |code, text: &str| Reply {
            code,
            text: text.to_owned(),
        };
        let refused = |code, text| Transaction::Refused(step, reply(code, text));
        let wait = Duration::from_mins(30);
        let (transaction, outcome, state) = match answer {
            Answer::Accepted => (
                Transaction::Accepted(reply(250, "ok")),
                Outcome::Sent,
                "sent",
            ),
            Answer::Later => {
                let outcome = Outcome::Deferred { wait, counts: true };
                (refused(450, "later"), outcome, "deferred")
            }
            Answer::NoSuchUser => {
                let outcome = Outcome::Rejected(Class::Address);
                (refused(550, "5.1.1 who"), outcome, "rejected")
            }
            Answer::NotFromYou => (refused(550, "5.7.1 no"), Outcome::OurFault, "planned"),
            Answer::Lost { .. } => {
                let lost = Transaction::LostAfterDot("closed".to_owned());
                (lost, Outcome::Unconfirmed, "unconfirmed")
            }
        };
        if matches!(answer, Answer::Accepted | Answer::Lost { accepted: true }) {
            self.accept(&claim.address);
        }
        let at = self.now();
        let next_at = (state == "deferred").then_some(self.minutes + 30);
        self.model.settle(&claim.address, token, state, next_at);
        let handle = self.sender(who).unwrap().writer.handle();
        let delivery = claim.delivery;
        let settlement = Settlement {
            delivery,
            transaction,
            outcome,
            relay: None,
            at,
        };
        handle.settle(settlement).unwrap();
        self.runtime.block_on(handle.flush()).unwrap();
    }

    fn accept(&mut self, address: &str) {
        self.accepted.push(Acceptance {
            message_id: message_id(address),
            recipient: address.to_owned(),
            sha256: postrider::token::sha256_hex(address.as_bytes()),
        });
    }

    fn release(&mut self, who: Who, pick: usize) {
        let Some((token, claim)) = self.take(who, pick, false) else {
            return;
        };
        self.model.release(&claim.address, token);
        let handle = self.sender(who).unwrap().writer.handle();
        handle.release(claim.delivery).unwrap();
        self.runtime.block_on(handle.flush()).unwrap();
    }

    fn restart(&mut self) {
        let now = self.now();
        let mut ledger = self.bench.open();
        ledger.recover(now).unwrap();
        self.model.recover();
        let token = self.current.token + 1;
        let new = Sender::start(ledger, token);
        let old = std::mem::replace(&mut self.current, new);
        self.old = Some(old);
    }

    fn set(&mut self, state: IssueState, from: &str, to: &'static str) {
        let done = self.desk.set_issue_state(self.issue, state).unwrap();
        assert_eq!(done, self.model.issue == from);
        if done {
            self.model.issue = to;
            if to == "sending" {
                self.model.look_again();
            }
        }
    }

    fn suppress(&mut self, reader: usize) {
        let address = &self.addresses[reader];
        let suppression = Suppression {
            key: self.bench.key(address),
            address: Some(address.clone()),
            reason: Reason::Unsubscribed,
            source: "command".to_owned(),
            at: self.now(),
            evidence: None,
        };
        self.desk.suppress(&suppression).unwrap();
        self.model.row(address).suppressed = true;
    }

    fn enrol(&mut self, reader: usize, on_roster: bool) {
        let address = &self.addresses[reader];
        self.model.row(address).on_roster = on_roster;
        let present = self.model.rows.iter().filter(|(_, row)| row.on_roster);
        let keys = present.map(|(address, _)| self.bench.key(address));
        let keys = KeySet::gather(keys.collect()).set;
        self.desk.update_roster(&keys).unwrap();
    }

    fn resolve(&mut self, reader: usize, word: Word) {
        let (verdict, state) = match word {
            Word::Sent => (Verdict::Sent, "sent"),
            Word::Resend => (Verdict::Resend, "planned"),
            Word::Abandon => (Verdict::Abandon, "abandoned"),
        };
        let address = self.addresses[reader].clone();
        let has = |one: &Acceptance| one.recipient == address;
        let copies = self.accepted.iter().filter(|one| has(one)).count();
        // A person says so by the relay's log.
        if state == "sent" && copies == 0 {
            return;
        }
        let named = [self.bench.delivery(&address)];
        let doubts = Doubts {
            before: None,
            only: Some(&named),
            told: "the relay's log",
        };
        let now = self.now();
        self.desk
            .resolve(self.issue, verdict, &doubts, now)
            .unwrap();
        self.model.resolve(&address, state);
    }

    /// The ledger's rows are the model's rows, and the ledger tells the truth.
    pub(super) fn compare(&self, action: &Action) {
        let model: BTreeSet<(&str, &str)> = self
            .model
            .rows
            .iter()
            .map(|(address, row)| (address.as_str(), row.state))
            .collect();
        let deliveries = self.bench.deliveries();
        let ledger: BTreeSet<(&str, &str)> = deliveries
            .iter()
            .map(|(address, (state, _))| (address.as_str(), state.as_str()))
            .collect();
        assert_eq!(ledger, model, "after {action:?}");
        self.bench.examine(&self.accepted).holds();
    }

    /// Whoever still holds something ends; then everything can be settled and is.
    pub(super) fn end(mut self) {
        self.restart();
        self.restart();
        for reader in 0..READERS {
            self.resolve(reader, Word::Sent);
            self.resolve(reader, Word::Abandon);
        }
        self.act(&Action::Continue);
        self.act(&Action::Expire);
        self.act(&Action::SkipExcluded);
        self.act(&Action::Claim(READERS));
        while !self.current.claimed.is_empty() {
            self.intend(Who::Current, 0);
            self.settle(Who::Current, 0, Answer::Accepted);
        }
        self.act(&Action::Finish);
        self.compare(&Action::Finish);
        assert_ne!(self.model.issue, "sending", "{:#?}", self.model);
    }
}
