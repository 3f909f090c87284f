//! When failures become a suppression: from all that happened to one reader, in order.
//!
//! One failure proves little: mail systems refuse readers who are there when their own directory is
//! away. So it takes two, a day apart, with nothing delivered between. A full mailbox counts only
//! when it stays full over several issues.

use chrono::{DateTime, TimeDelta, Utc};

use super::OwnCodes;

/// Two failures closer than this count as one.
const APART: TimeDelta = TimeDelta::hours(24);

/// The rules, as the author has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// An address that does not exist is suppressed at the how manieth failure: the first or the
    /// second.
    pub suppress_after: usize,
    /// One that is full or out of reach, after so many issues in a row; never if 0.
    pub soft_after: usize,
    /// They must all have been sent within this time.
    pub soft_within: TimeDelta,
    /// Codes for which the author knows better.
    pub codes: OwnCodes,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            suppress_after: 2,
            soft_after: 5,
            soft_within: TimeDelta::days(30),
            codes: OwnCodes::default(),
        }
    }
}

/// What became of one delivery, as far as the reader's address goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was sent, and no failure was reported.
    Arrived,
    /// There is no such mailbox.
    Hard,
    /// The mailbox was full or out of reach.
    Soft,
    /// It says nothing of the address.
    Silent,
}

/// One delivery of a reader's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Row number of the delivery.
    pub delivery: i64,
    /// Row number of the issue.
    pub issue: i64,
    /// When it was sent or refused.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub fate: Fate,
}

/// Whether the address that failed at `delivery` failed often enough. `is_believed` tells of another
/// failure of a dead mailbox whether it counts: not, when the whole domain failed in that issue.
pub fn failed_often_enough(
    rules: &Rules,
    past: &[Past],
    delivery: i64,
    mut is_believed: impl FnMut(&Past) -> bool,
) -> bool {
    let Some(this) = past.iter().find(|one| one.delivery == delivery) else {
        return false;
    };
    match this.fate {
        Fate::Hard if rules.suppress_after <= 1 => true,
        Fate::Hard => {
            let earlier = past.iter().filter(|one| {
                one.fate == Fate::Hard
                    && this.at - one.at >= APART
                    && !arrived_between(past, one.at, this.at)
            });
            earlier.into_iter().any(&mut is_believed) || failed_softly(rules, past, this)
        }
        Fate::Soft => failed_softly(rules, past, this),
        Fate::Arrived | Fate::Silent => false,
    }
}

fn arrived_between(past: &[Past], from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
    past.iter()
        .any(|one| one.fate == Fate::Arrived && from <= one.at && one.at <= to)
}

/// Counts the issues that failed, back from `this` to the last one that arrived.
fn failed_softly(rules: &Rules, past: &[Past], this: &Past) -> bool {
    let begin = this.at - rules.soft_within;
    let arrived = past
        .iter()
        .filter(|one| one.fate == Fate::Arrived && one.at <= this.at)
        .map(|one| one.at)
        .max();
    let failed = past.iter().filter(|one| {
        matches!(one.fate, Fate::Hard | Fate::Soft)
            && begin < one.at
            && one.at <= this.at
            && arrived.is_none_or(|arrived| one.at > arrived)
    });
    rules.soft_after > 0 && failed.count() >= rules.soft_after
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter for each delivery, a day apart: `H`ard, `s`oft, `A`rrived, `-`.
    fn past(fates: &str) -> Vec<Past> {
        let start = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        let fates = fates.chars().enumerate();
        let one = |(index, fate): (usize, char)| Past {
            delivery: i64::try_from(index).unwrap(),
            issue: i64::try_from(index).unwrap(),
            at: start + TimeDelta::days(i64::try_from(index).unwrap()),
            fate: match fate {
                'H' => Fate::Hard,
                's' => Fate::Soft,
                'A' => Fate::Arrived,
                _ => Fate::Silent,
            },
        };
        fates.map(one).collect()
    }

    fn last_is_enough(rules: &Rules, fates: &str) -> bool {
        let past = past(fates);
        let last = past.last().unwrap().delivery;
        failed_often_enough(rules, &past, last, |_| true)
    }

    #[test]
    fn two_dead_ones_with_nothing_delivered_between_are_enough() {
        let rules = Rules::default();
        for enough in ["HH", "AHH", "H-H", "HsH", "AssHH"] {
            assert!(last_is_enough(&rules, enough), "{enough}");
        }
        for not in ["H", "AH", "HAH", "HHA", "Hs", "sH", "-"] {
            assert!(!last_is_enough(&rules, not), "{not}");
        }
        let at_once = Rules {
            suppress_after: 1,
            ..Rules::default()
        };
        assert!(last_is_enough(&at_once, "AH") && !last_is_enough(&at_once, "HA"));
    }

    #[test]
    fn a_full_mailbox_counts_after_five_in_a_row_within_the_time() {
        let rules = Rules::default();
        assert!(last_is_enough(&rules, "sssss") && last_is_enough(&rules, "Ass-ssH"));
        assert!(!last_is_enough(&rules, "ssss") && !last_is_enough(&rules, "ssAsss"));
        let far_apart = format!("ssss{}s", "-".repeat(40));
        assert!(!last_is_enough(&rules, &far_apart));
        let never = Rules {
            soft_after: 0,
            ..Rules::default()
        };
        assert!(!last_is_enough(&never, "ssssssss"));
    }

    #[test]
    fn an_earlier_failure_that_is_not_believed_is_none() {
        let past = past("HH");
        assert!(!failed_often_enough(&Rules::default(), &past, 1, |_| false));
    }
}
