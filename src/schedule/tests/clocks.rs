//! Clocks that are set forward, back, asleep and wrong: each issue goes out once, and none too early.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::at;
use crate::diagnostic::SourceText;
use crate::essay::parse_essay;
use crate::issue::{Issue, IssueId};
use crate::schedule::{Distrust, Entry, Look, Watch, Why, tick};

const MAX_LATENESS: Duration = Duration::from_hours(6);
const TICK: TimeDelta = TimeDelta::seconds(15);

fn issue(number: u8, send_at: &str) -> Issue {
    let id = IssueId::from_bytes([number; 16]);
    let text = format!(
        "+++\nid = \"{id}\"\ntitle = \"Issue {number}\"\nsend_at = {send_at}\n+++\nText.\n"
    );
    let essay = parse_essay(&SourceText::new("x.md", text)).unwrap().essay;
    Issue::from_essay(&essay, "x", &super::rules("UTC"))
        .unwrap()
        .issue
}

/// A machine with its two clocks, a scheduler, and a ledger that knows what was planned.
struct Machine {
    watch: Watch,
    wall: DateTime<Utc>,
    running: Duration,
    synchronised: Option<bool>,
    issues: Vec<Issue>,
    planned: BTreeSet<String>,
    /// Wall time and title of each fire.
    fired: Vec<(DateTime<Utc>, String)>,
    held: Vec<Why>,
}

impl Machine {
    fn at(wall: &str, issues: Vec<Issue>) -> Self {
        Self {
            watch: Watch::new(None, None),
            wall: at(wall),
            running: Duration::from_hours(1000),
            synchronised: None,
            issues,
            planned: BTreeSet::new(),
            fired: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Time goes by while nobody looks, as in sleep.
    fn passes(&mut self, time: TimeDelta) {
        self.wall += time;
        self.running += time.to_std().unwrap();
    }

    /// One tick.
    fn ticks(&mut self) {
        self.passes(TICK);
        let look = Look {
            wall: self.wall,
            running: self.running,
            synchronised: self.synchronised,
        };
        let agenda: Vec<Entry<'_>> = self
            .issues
            .iter()
            .map(|issue| Entry {
                issue,
                planned: self.planned.contains(&issue.title),
            })
            .collect();
        let tick = tick(&mut self.watch, &look, &agenda, MAX_LATENESS);
        self.held = tick.held.iter().map(|(_, why)| *why).collect();
        for issue in tick.fires {
            assert!(
                self.planned.insert(issue.title.clone()),
                "{} fires twice",
                issue.title
            );
            self.fired.push((self.wall, issue.title.clone()));
        }
    }

    fn ticks_for(&mut self, time: TimeDelta) {
        let end = self.running + time.to_std().unwrap();
        while self.running < end {
            self.ticks();
        }
    }

    fn fires(&self) -> usize {
        self.fired.len()
    }
}

#[test]
fn an_issue_fires_at_its_time_and_once() {
    let mut machine = Machine::at(
        "2026-12-01T08:00:00Z",
        vec![issue(1, "2026-12-01T09:00:00Z")],
    );
    machine.ticks_for(TimeDelta::hours(30));
    let [(when, _)] = machine.fired.as_slice() else {
        panic!("{:?}", machine.fired)
    };
    assert!(*when - at("2026-12-01T09:00:00Z") < TICK, "{when}");
    assert_eq!(machine.held, []);
}

#[test]
fn two_issues_of_one_time_fire_in_their_order() {
    let issues = vec![
        issue(1, "2026-12-01T09:00:00Z"),
        issue(2, "2026-12-01T09:00:00Z"),
    ];
    let mut machine = Machine::at("2026-12-01T08:59:00Z", issues);
    machine.ticks_for(TimeDelta::minutes(5));
    let titles: Vec<&str> = machine
        .fired
        .iter()
        .map(|(_, title)| title.as_str())
        .collect();
    assert_eq!(titles, ["Issue 1", "Issue 2"]);
}

#[test]
fn a_machine_that_slept_over_it_sends_on_waking_unless_that_is_too_late() {
    for (slept, fires) in [(2, 1), (6, 1), (9, 0)] {
        let mut machine = Machine::at(
            "2026-12-01T08:59:00Z",
            vec![issue(1, "2026-12-01T09:00:00Z")],
        );
        machine.ticks();
        machine.passes(TimeDelta::hours(slept));
        machine.ticks_for(TimeDelta::minutes(1));
        assert_eq!(machine.fires(), fires, "{slept} hours");
        let held = if fires == 0 {
            vec![Why::Late]
        } else {
            Vec::new()
        };
        assert_eq!(machine.held, held);
    }
}

#[test]
fn a_clock_that_is_set_forward_sends_nothing_early() {
    let mut machine = Machine::at(
        "2026-12-01T08:00:00Z",
        vec![issue(1, "2026-12-02T09:00:00Z")],
    );
    machine.ticks();
    machine.wall += TimeDelta::hours(27);
    machine.ticks_for(TimeDelta::minutes(59));
    assert_eq!(machine.fires(), 0);
    let [Why::Clock(Distrust::Stepped(by))] = machine.held.as_slice() else {
        panic!("{:?}", machine.held)
    };
    assert_eq!(by.num_hours(), 27);
    // Somebody notices, and sets it right: at once it is believed again.
    machine.wall -= TimeDelta::hours(27);
    machine.ticks_for(TimeDelta::minutes(1));
    assert_eq!((machine.fires(), machine.held.len()), (0, 0));
    machine.ticks_for(TimeDelta::hours(24));
    assert_eq!(machine.fires(), 1);
}

#[test]
fn a_step_is_believed_after_a_steady_hour_or_when_the_system_vouches_for_it() {
    let start = || {
        let mut machine = Machine::at(
            "2026-12-01T08:00:00Z",
            vec![issue(1, "2026-12-01T09:00:00Z")],
        );
        machine.ticks();
        machine.wall += TimeDelta::minutes(61);
        machine.ticks();
        assert_eq!(machine.fires(), 0);
        machine
    };
    let mut steady = start();
    steady.ticks_for(TimeDelta::minutes(59));
    assert_eq!(steady.fires(), 0);
    steady.ticks_for(TimeDelta::minutes(2));
    assert_eq!(steady.fires(), 1);
    let mut vouched = start();
    vouched.synchronised = Some(true);
    vouched.ticks();
    assert_eq!(vouched.fires(), 1);
}

#[test]
fn a_clock_that_drifts_is_no_step() {
    let mut machine = Machine::at(
        "2026-12-01T08:00:00Z",
        vec![issue(1, "2026-12-01T09:00:00Z")],
    );
    for _ in 0..400 {
        machine.wall += TimeDelta::seconds(9);
        machine.ticks();
    }
    assert_eq!(machine.fires(), 1);
}

#[test]
fn a_clock_that_is_set_back_sends_nothing_twice() {
    let mut machine = Machine::at(
        "2026-12-01T08:59:50Z",
        vec![issue(1, "2026-12-01T09:00:00Z")],
    );
    machine.ticks_for(TimeDelta::minutes(1));
    assert_eq!(machine.fires(), 1);
    machine.wall -= TimeDelta::hours(2);
    machine.ticks_for(TimeDelta::hours(6));
    assert_eq!(machine.fires(), 1);
}

#[test]
fn a_restart_sends_what_became_due_and_nothing_again() {
    let mut machine = Machine::at(
        "2026-12-01T08:00:00Z",
        vec![issue(1, "2026-12-01T09:00:00Z")],
    );
    machine.ticks();
    machine.passes(TimeDelta::hours(3));
    // The scheduler begins anew: it knows only what the ledger keeps.
    machine.watch = Watch::new(Some(at("2026-11-01T00:00:00Z")), machine.watch.seen());
    machine.ticks();
    assert_eq!(machine.fires(), 1);
    machine.watch = Watch::new(None, machine.watch.seen());
    machine.ticks_for(TimeDelta::hours(1));
    assert_eq!(machine.fires(), 1);
}

#[test]
fn a_clock_far_behind_is_not_believed_until_it_is_set() {
    let mut machine = Machine::at(
        "2026-11-20T08:00:00Z",
        vec![issue(1, "2026-11-20T07:00:00Z")],
    );
    let seen = at("2026-12-01T08:00:00Z");
    machine.watch = Watch::new(None, Some(seen));
    machine.ticks_for(TimeDelta::hours(2));
    assert_eq!(machine.held, [Why::Clock(Distrust::BehindTheLastRun(seen))]);
    machine.watch = Watch::new(Some(seen), None);
    machine.ticks();
    assert_eq!(machine.held, [Why::Clock(Distrust::BehindTheProgram(seen))]);
    assert_eq!(
        machine.watch.seen(),
        None,
        "what is not believed is not remembered"
    );
}

#[test]
fn a_machine_that_has_just_started_waits_for_the_network_but_not_for_ever() {
    let mut machine = Machine::at(
        "2026-12-01T09:00:00Z",
        vec![issue(1, "2026-12-01T09:00:00Z")],
    );
    machine.running = Duration::from_secs(20);
    machine.synchronised = Some(false);
    machine.ticks_for(TimeDelta::minutes(9));
    assert_eq!(machine.held, [Why::Clock(Distrust::JustStarted)]);
    machine.ticks_for(TimeDelta::minutes(1));
    assert_eq!(machine.fires(), 1);
}

#[test]
fn a_time_that_was_believed_wrongly_is_not_remembered() {
    let mut machine = Machine::at("2026-12-01T08:00:00Z", Vec::new());
    machine.ticks();
    let before = machine.watch.seen();
    machine.wall += TimeDelta::days(4000);
    machine.ticks_for(TimeDelta::minutes(10));
    assert_eq!(machine.watch.seen(), before);
}
