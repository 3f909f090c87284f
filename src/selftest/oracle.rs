//! The judge: joins what the relay accepted with what the ledger says of the same people.
//!
//! Pure. It knows nothing of how a run went, only what both sides wrote down, so that it can be
//! wrong in favour of neither.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::delivery::State;
use crate::ledger::Standing;

/// One message for which the relay took responsibility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acceptance {
    /// The envelope's recipient.
    pub(super) recipient: String,
    /// The `Message-ID` header, without brackets; empty where there is none.
    pub(super) message_id: String,
    /// SHA-256 of the message, in hexadecimal.
    pub(super) sha256: String,
}

/// What both sides wrote down, and what was asked of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Everybody who was to get the issue.
    pub(super) planned: BTreeSet<String>,
    /// The relay's log.
    pub(super) accepted: Vec<Acceptance>,
    /// The ledger.
    pub(super) ledger: Vec<Standing>,
    /// Who must not have been served, because they were suppressed in time.
    pub(super) suppressed: BTreeSet<String>,
    /// How many deliveries may be in doubt: open connections times what could put them in doubt.
    pub(super) most_unconfirmed: usize,
    /// Whether all work is done: then nobody may still be waiting for the issue.
    pub(super) is_over: bool,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Violation {
    /// Planned, and the ledger does not know this person.
    Missing(String),
    /// All work is done, and this person is still waiting.
    NeverServed(String, State),
    /// Two copies or more, and nobody asked for another.
    Twice(String, usize),
    /// The ledger says *sent*, and the relay never took it.
    FalseSent(String),
    /// The relay took it, and the ledger would send it again.
    WillBeSentAgain(String, State),
    /// The relay took it, and the ledger says that it was not sent.
    FalselySettled(String, State),
    /// Mailed after the suppression.
    SuppressedAndMailed(String),
    /// Mailed, and not on the plan.
    Stranger(String),
    /// The relay took other bytes than the ledger recorded.
    OtherBytes(String),
    /// Two messages share an identity, or one has none.
    SharedIdentity(String),
    /// More in doubt than there were open connections.
    TooMuchDoubt(usize, usize),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(who) => write!(f, "{who} was on the roster and is not in the ledger"),
            Self::NeverServed(who, state) => {
                write!(f, "{who} is still {state} when everything is done")
            }
            Self::Twice(who, times) => write!(f, "{who} got it {times} times"),
            Self::FalseSent(who) => {
                write!(f, "{who} is sent in the ledger, and the relay has nothing")
            }
            Self::WillBeSentAgain(who, state) => {
                write!(
                    f,
                    "the relay took the message to {who}, and the ledger has it as {state}"
                )
            }
            Self::FalselySettled(who, state) => {
                write!(f, "{who} is {state} in the ledger, and the relay took it")
            }
            Self::SuppressedAndMailed(who) => write!(f, "{who} was suppressed and got it"),
            Self::Stranger(who) => write!(f, "{who} was on no plan and got it"),
            Self::OtherBytes(who) => {
                write!(f, "{who} got other bytes than those that the ledger has")
            }
            Self::SharedIdentity(who) => {
                write!(f, "the message to {who} has no Message-ID of its own")
            }
            Self::TooMuchDoubt(found, most) => {
                write!(f, "{found} unconfirmed, and at most {most} could be")
            }
        }
    }
}

/// What the comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    /// Deliveries that are *sent*.
    pub(super) sent: usize,
    /// Deliveries that are in doubt.
    pub(super) unconfirmed: usize,
    /// People who were lost: unknown to the ledger, waiting for ever, or falsely *sent*.
    pub(super) lost: usize,
    /// People who got it twice, or would.
    pub(super) twice: usize,
    /// Every broken promise, in an order of its own.
    pub(super) violations: Vec<Violation>,
}

/// Joins the evidence, person by person.
pub(super) fn judge(evidence: &Evidence) -> Judgement {
    let mut judgement = Judgement::default();
    let mut served: BTreeMap<&str, Vec<&Acceptance>> = BTreeMap::new();
    for acceptance in &evidence.accepted {
        served
            .entry(&acceptance.recipient)
            .or_default()
            .push(acceptance);
    }
    let rows: BTreeMap<&str, &Standing> = evidence
        .ledger
        .iter()
        .map(|row| (row.address.as_str(), row))
        .collect();
    for who in &evidence.planned {
        let copies = served.get(who.as_str()).map_or(&[][..], Vec::as_slice);
        match rows.get(who.as_str()) {
            Some(row) => judge_one(evidence, row, copies, &mut judgement),
            // Before the plan is recorded nobody has a row; with one row all must have theirs.
            None if !rows.is_empty() || evidence.is_over || !copies.is_empty() => {
                judgement.violations.push(Violation::Missing(who.clone()));
            }
            None => {}
        }
        if copies.len() > 1 {
            let twice = Violation::Twice(who.clone(), copies.len());
            judgement.violations.push(twice);
        }
    }
    judge_the_log(evidence, &served, &mut judgement);
    if judgement.unconfirmed > evidence.most_unconfirmed {
        let (found, most) = (judgement.unconfirmed, evidence.most_unconfirmed);
        judgement
            .violations
            .push(Violation::TooMuchDoubt(found, most));
    }
    judgement.violations.sort();
    judgement.count();
    judgement
}

fn judge_one(
    evidence: &Evidence,
    row: &Standing,
    copies: &[&Acceptance],
    judgement: &mut Judgement,
) {
    let who = || row.address.clone();
    let violation = match (row.state, copies.is_empty()) {
        (State::Sent, is_absent) => {
            judgement.sent += 1;
            is_absent.then(|| Violation::FalseSent(who()))
        }
        (State::Unconfirmed | State::Inflight, _) => {
            judgement.unconfirmed += 1;
            let is_left = evidence.is_over && row.state == State::Inflight;
            is_left.then(|| Violation::NeverServed(who(), row.state))
        }
        (State::Planned | State::Claimed | State::Deferred, false) => {
            Some(Violation::WillBeSentAgain(who(), row.state))
        }
        (State::Planned | State::Claimed | State::Deferred, true) => evidence
            .is_over
            .then(|| Violation::NeverServed(who(), row.state)),
        (State::Rejected | State::Expired | State::Skipped, false) => {
            Some(Violation::FalselySettled(who(), row.state))
        }
        // A person closed what was in doubt: it may have arrived.
        (State::Abandoned, _) | (State::Rejected | State::Expired | State::Skipped, true) => None,
    };
    judgement.violations.extend(violation);
    let is_other = |copy: &&&Acceptance| row.message_sha256.as_deref() != Some(&copy.sha256);
    if copies.iter().find(is_other).is_some() {
        judgement.violations.push(Violation::OtherBytes(who()));
    }
}

/// What the relay's log shows without the ledger.
fn judge_the_log(
    evidence: &Evidence,
    served: &BTreeMap<&str, Vec<&Acceptance>>,
    judgement: &mut Judgement,
) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (&who, copies) in served {
        if !evidence.planned.contains(who) {
            judgement.violations.push(Violation::Stranger(who.into()));
        }
        if evidence.suppressed.contains(who) {
            let mailed = Violation::SuppressedAndMailed(who.into());
            judgement.violations.push(mailed);
        }
        let shared = copies.iter().any(|copy| {
            let owner = *owners.entry(&copy.message_id).or_insert(who);
            copy.message_id.is_empty() || owner != who
        });
        if shared {
            let shared = Violation::SharedIdentity(who.into());
            judgement.violations.push(shared);
        }
    }
}

impl Judgement {
    fn count(&mut self) {
        for violation in &self.violations {
            match violation {
                Violation::Missing(_)
                | Violation::NeverServed(..)
                | Violation::FalseSent(_)
                | Violation::FalselySettled(..) => self.lost += 1,
                Violation::Twice(..) | Violation::WillBeSentAgain(..) => self.twice += 1,
                Violation::SuppressedAndMailed(_)
                | Violation::Stranger(_)
                | Violation::OtherBytes(_)
                | Violation::SharedIdentity(_)
                | Violation::TooMuchDoubt(..) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Acceptance, Evidence, Violation, judge};
    use crate::delivery::State;
    use crate::ledger::Standing;

    const ADA: &str = "ada@example.org";
    const BEN: &str = "ben@example.org";

    fn accepted(who: &str) -> Acceptance {
        Acceptance {
            recipient: who.to_owned(),
            message_id: format!("for-{who}"),
            sha256: format!("bytes for {who}"),
        }
    }

    fn standing(who: &str, state: State) -> Standing {
        let with_intent = matches!(state, State::Sent | State::Unconfirmed | State::Inflight);
        Standing {
            address: who.to_owned(),
            state,
            message_sha256: with_intent.then(|| format!("bytes for {who}")),
        }
    }

    /// Two people, both served once, and both sides say so.
    fn true_evidence() -> Evidence {
        Evidence {
            planned: [ADA, BEN].map(str::to_owned).into(),
            accepted: vec![accepted(ADA), accepted(BEN)],
            ledger: vec![standing(ADA, State::Sent), standing(BEN, State::Sent)],
            is_over: true,
            ..Evidence::default()
        }
    }

    #[track_caller]
    fn assert_found(evidence: &Evidence, wanted: &[Violation]) {
        assert_eq!(judge(evidence).violations, wanted, "{evidence:#?}");
    }

    #[test]
    fn two_sides_that_agree_are_without_blame() {
        let judgement = judge(&true_evidence());
        assert_eq!(judgement.violations, []);
        assert_eq!((judgement.sent, judgement.lost, judgement.twice), (2, 0, 0));
    }

    #[test]
    fn a_row_that_is_gone_is_a_loss() {
        let mut evidence = true_evidence();
        evidence.accepted.pop();
        evidence.ledger.pop();
        assert_found(&evidence, &[Violation::Missing(BEN.to_owned())]);
        assert_eq!(judge(&evidence).lost, 1);
        evidence.is_over = false;
        assert_found(&evidence, &[Violation::Missing(BEN.to_owned())]);
    }

    #[test]
    fn before_the_plan_nobody_is_missing_unless_somebody_was_served() {
        let mut evidence = true_evidence();
        evidence.accepted.clear();
        evidence.ledger.clear();
        evidence.is_over = false;
        assert_found(&evidence, &[]);
        evidence.accepted.push(accepted(ADA));
        assert_found(&evidence, &[Violation::Missing(ADA.to_owned())]);
    }

    #[test]
    fn whoever_still_waits_at_the_end_is_a_loss_and_before_it_is_not() {
        for state in [State::Planned, State::Claimed, State::Deferred] {
            let mut evidence = true_evidence();
            evidence.accepted.pop();
            evidence.ledger[1] = standing(BEN, state);
            assert_found(&evidence, &[Violation::NeverServed(BEN.to_owned(), state)]);
            evidence.is_over = false;
            assert_found(&evidence, &[]);
        }
    }

    #[test]
    fn two_copies_are_twice_in_every_state() {
        for state in [State::Sent, State::Unconfirmed] {
            let mut evidence = true_evidence();
            evidence.most_unconfirmed = 1;
            evidence.accepted.push(accepted(BEN));
            evidence.ledger[1] = standing(BEN, state);
            assert_found(&evidence, &[Violation::Twice(BEN.to_owned(), 2)]);
            assert_eq!(judge(&evidence).twice, 1);
        }
    }

    #[test]
    fn sent_without_an_acceptance_is_false_and_a_loss() {
        let mut evidence = true_evidence();
        evidence.accepted.pop();
        assert_found(&evidence, &[Violation::FalseSent(BEN.to_owned())]);
        assert_eq!(judge(&evidence).lost, 1);
    }

    #[test]
    fn an_acceptance_that_would_be_repeated_is_found_before_it_is() {
        for state in [State::Planned, State::Claimed, State::Deferred] {
            let mut evidence = true_evidence();
            evidence.ledger[1] = Standing {
                state,
                ..standing(BEN, State::Sent)
            };
            evidence.is_over = false;
            assert_found(
                &evidence,
                &[Violation::WillBeSentAgain(BEN.to_owned(), state)],
            );
            assert_eq!(judge(&evidence).twice, 1);
        }
    }

    #[test]
    fn an_acceptance_that_is_settled_as_something_else_is_found() {
        for state in [State::Rejected, State::Expired, State::Skipped] {
            let mut evidence = true_evidence();
            evidence.ledger[1] = Standing {
                state,
                ..standing(BEN, State::Sent)
            };
            assert_found(
                &evidence,
                &[Violation::FalselySettled(BEN.to_owned(), state)],
            );
            evidence.accepted.pop();
            assert_found(&evidence, &[]);
        }
    }

    #[test]
    fn doubt_is_allowed_with_and_without_an_acceptance_and_no_further_than_its_bound() {
        let mut evidence = true_evidence();
        evidence.ledger[0] = standing(ADA, State::Unconfirmed);
        evidence.ledger[1] = standing(BEN, State::Unconfirmed);
        evidence.accepted.pop();
        evidence.most_unconfirmed = 2;
        assert_found(&evidence, &[]);
        evidence.most_unconfirmed = 1;
        assert_found(&evidence, &[Violation::TooMuchDoubt(2, 1)]);
    }

    #[test]
    fn what_is_in_flight_is_doubt_until_everything_is_done() {
        let mut evidence = true_evidence();
        evidence.ledger[1] = standing(BEN, State::Inflight);
        evidence.most_unconfirmed = 1;
        let left = Violation::NeverServed(BEN.to_owned(), State::Inflight);
        assert_found(&evidence, &[left]);
        evidence.is_over = false;
        assert_found(&evidence, &[]);
    }

    #[test]
    fn mail_to_somebody_suppressed_and_mail_to_a_stranger_are_found() {
        let mut evidence = true_evidence();
        evidence.suppressed.insert(BEN.to_owned());
        assert_found(&evidence, &[Violation::SuppressedAndMailed(BEN.to_owned())]);
        let mut evidence = true_evidence();
        evidence.accepted.push(accepted("eve@example.org"));
        assert_found(&evidence, &[Violation::Stranger("eve@example.org".into())]);
    }

    #[test]
    fn other_bytes_and_a_shared_identity_are_found() {
        let mut evidence = true_evidence();
        evidence.accepted[1].sha256 = "other bytes".to_owned();
        assert_found(&evidence, &[Violation::OtherBytes(BEN.to_owned())]);
        let mut evidence = true_evidence();
        evidence.accepted[1].message_id = evidence.accepted[0].message_id.clone();
        assert_found(&evidence, &[Violation::SharedIdentity(BEN.to_owned())]);
        evidence.accepted[0].message_id.clear();
        evidence.accepted[1].message_id = "other".to_owned();
        assert_found(&evidence, &[Violation::SharedIdentity(ADA.to_owned())]);
    }
}
