//! What the ledger should do, in a few lines for each rule and without a database.

use std::collections::BTreeMap;

/// A delivery and its reader.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) state: &'static str,
    /// The number of the run that claimed it.
    pub(super) token: Option<i64>,
    /// When a deferred one is ripe, in minutes.
    pub(super) next_at: Option<i64>,
    pub(super) on_roster: bool,
    pub(super) suppressed: bool,
}

/// One issue and its deliveries, by address.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) issue: &'static str,
    pub(super) rows: BTreeMap<String, Row>,
}

const SETTLED: [&str; 5] = ["sent", "rejected", "expired", "abandoned", "skipped"];

impl Model {
    pub(super) fn new(addresses: &[String]) -> Self {
        let row = Row {
            state: "planned",
            token: None,
            next_at: None,
            on_roster: true,
            suppressed: false,
        };
        let rows = addresses
            .iter()
            .map(|address| (address.clone(), row.clone()));
        Self {
            issue: "sending",
            rows: rows.collect(),
        }
    }

    pub(super) fn row(&mut self, address: &str) -> &mut Row {
        self.rows.get_mut(address).unwrap()
    }

    pub(super) fn may_claim(&self, address: &str, now: i64) -> bool {
        let row = &self.rows[address];
        let ripe = row.next_at.is_none_or(|at| at <= now || at > now + 24 * 60);
        let open = match row.state {
            // What was refused for a reason of ours waits for a person.
            "planned" => row.token.is_none(),
            "deferred" => ripe,
            _ => false,
        };
        self.issue == "sending" && open && row.is_eligible()
    }

    pub(super) fn claimable(&self, now: i64) -> usize {
        let addresses = self.rows.keys();
        addresses
            .filter(|address| self.may_claim(address, now))
            .count()
    }

    pub(super) fn claim(&mut self, address: &str, token: i64) {
        let row = self.row(address);
        (row.state, row.token) = ("claimed", Some(token));
    }

    /// Whether the dot may be written.
    pub(super) fn intend(&mut self, address: &str, token: i64) -> bool {
        let sending = self.issue == "sending";
        let row = self.row(address);
        if row.state != "claimed" || row.token != Some(token) {
            return false;
        }
        if sending && row.is_eligible() {
            row.state = "inflight";
            return true;
        }
        row.give_back();
        false
    }

    pub(super) fn release(&mut self, address: &str, token: i64) {
        let row = self.row(address);
        if row.state == "claimed" && row.token == Some(token) {
            row.give_back();
        }
    }

    pub(super) fn settle(
        &mut self,
        address: &str,
        token: i64,
        state: &'static str,
        next_at: Option<i64>,
    ) {
        let row = self.row(address);
        let held = matches!(row.state, "claimed" | "inflight");
        if held && row.token == Some(token) {
            (row.state, row.next_at) = (state, next_at);
        }
    }

    pub(super) fn recover(&mut self) {
        if self.issue == "finished" {
            return;
        }
        for row in self.rows.values_mut() {
            match row.state {
                "inflight" => row.state = "unconfirmed",
                "claimed" => row.give_back(),
                _ => {}
            }
        }
        self.sweep();
    }

    pub(super) fn cancel(&mut self) {
        if matches!(self.issue, "sending" | "paused") {
            self.issue = "cancelled";
            for row in self.rows.values_mut() {
                if matches!(row.state, "planned" | "claimed" | "deferred") {
                    row.state = "skipped";
                }
            }
        }
    }

    pub(super) fn resolve(&mut self, address: &str, state: &'static str) {
        let row = self.row(address);
        if row.state == "unconfirmed" {
            (row.state, row.token, row.next_at) = (state, None, None);
        }
    }

    /// Whether one more copy was planned.
    pub(super) fn again(&mut self, address: &str) -> bool {
        let row = &self.rows[address];
        let settled = SETTLED.contains(&row.state);
        let open = matches!(self.issue, "sending" | "finished");
        if !(settled && open && row.is_eligible()) {
            return false;
        }
        self.issue = "sending";
        let row = self.row(address);
        (row.state, row.token, row.next_at) = ("planned", None, None);
        true
    }

    pub(super) fn expire(&mut self) {
        for row in self.rows.values_mut() {
            let waits_for_a_person = row.state == "planned" && row.token.is_some();
            if row.state == "deferred" || waits_for_a_person {
                row.state = "expired";
            }
        }
    }

    /// A person lets the issue go on.
    pub(super) fn look_again(&mut self) {
        for row in self.rows.values_mut() {
            if row.state == "planned" {
                row.token = None;
            }
        }
    }

    pub(super) fn skip_excluded(&mut self) {
        for row in self.rows.values_mut() {
            if matches!(row.state, "planned" | "deferred") && !row.is_eligible() {
                row.state = "skipped";
            }
        }
    }

    pub(super) fn finish(&mut self) -> bool {
        self.sweep();
        let mut rows = self.rows.values();
        let proven = rows.all(|row| SETTLED.contains(&row.state));
        if self.issue == "sending" && proven {
            self.issue = "finished";
            return true;
        }
        false
    }

    /// What was at the dot when its issue was cancelled, and came back.
    fn sweep(&mut self) {
        if self.issue == "cancelled" {
            for row in self.rows.values_mut() {
                if matches!(row.state, "planned" | "deferred") {
                    row.state = "skipped";
                }
            }
        }
    }
}

impl Row {
    fn is_eligible(&self) -> bool {
        self.on_roster && !self.suppressed
    }

    fn give_back(&mut self) {
        (self.state, self.token) = ("planned", None);
    }
}
