//! What becomes of a delivery after an attempt, and when it is tried again (RFC 5321 §4.5.4.1).

use std::time::Duration;

use super::{Class, Transaction};

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay has it.
    Sent,
    /// Proven not accepted; tried again at the earliest after this time. An attempt that never
    /// was the subscriber's (relay down) does not count.
    Deferred {
        /// How long to wait.
        wait: Duration,
        /// Whether it counts among the attempts.
        counts: bool,
    },
    /// Refused for good.
    Rejected(Class),
    /// Refused for a reason that is ours: back to *planned*, and the run asks itself whether to stop.
    OurFault,
    /// The relay has had enough of us for a while: the row is as it was, and the relay rests.
    Unchanged(Class),
    /// The dot was written and no valid reply was read.
    Unconfirmed,
}

/// When to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryRules {
    /// First wait after a temporary refusal; doubles with every further one.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
    /// First wait after greylisting.
    pub greylisted: Duration,
    /// Wait after the relay went away, or broke the conversation.
    pub relay_down: Duration,
    /// An open delivery is given up this long after the plan.
    pub expire: Duration,
}

impl Default for RetryRules {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            first: minutes(30),
            longest: minutes(8 * 60),
            greylisted: minutes(6),
            relay_down: minutes(5),
            expire: minutes(4 * 24 * 60),
        }
    }
}

impl RetryRules {
    /// The wait after the `attempts`-th temporary refusal (from 1). `spread` in 0..=255 moves it by
    /// up to a fifth either way, so that what failed together does not come back together.
    pub fn wait(&self, class: Class, attempts: u32, spread: u8) -> Duration {
        let base = match class {
            Class::RelayDown | Class::Protocol => return self.relay_down,
            Class::Greylisted if attempts <= 1 => self.greylisted,
            _ => self
                .first
                .saturating_mul(1 << attempts.saturating_sub(1).min(16))
                .min(self.longest),
        };
        base.mul_f64(0.8 + 0.4 * f64::from(spread) / 255.0)
    }

    /// Judges a transaction. `None` means that nothing was tried: the ledger withheld the dot.
    pub fn judge(&self, transaction: &Transaction, attempts: u32, spread: u8) -> Option<Outcome> {
        let class = match transaction {
            Transaction::Withheld => return None,
            Transaction::Accepted(_) => return Some(Outcome::Sent),
            _ => Class::of(transaction)?,
        };
        Some(match class {
            Class::Doubt => Outcome::Unconfirmed,
            Class::OurFault => Outcome::OurFault,
            Class::Address | Class::Mailbox => Outcome::Rejected(class),
            Class::Rate(_) | Class::Quota | Class::AuthTemporary | Class::AuthPermanent => {
                Outcome::Unchanged(class)
            }
            Class::Temporary | Class::Greylisted | Class::RelayDown | Class::Protocol => {
                Outcome::Deferred {
                    wait: self.wait(class, attempts, spread),
                    counts: matches!(class, Class::Temporary | Class::Greylisted),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Reply, Step};

    #[test]
    fn waits_double_from_half_an_hour_to_eight_hours() {
        let rules = RetryRules::default();
        let minutes: Vec<u64> = (1..=7)
            .map(|attempt| {
                rules
                    .wait(Class::Temporary, attempt, 128)
                    .as_secs()
                    .div_ceil(60)
            })
            .collect();
        assert_eq!(minutes, [31, 61, 121, 241, 481, 481, 481]);
        assert_eq!(
            rules.wait(Class::Greylisted, 1, 0),
            Duration::from_secs(288)
        );
    }

    #[test]
    fn a_relay_that_has_had_enough_leaves_the_row_as_it_was() {
        let rules = RetryRules::default();
        for (code, text) in [
            (450, "4.7.28 unusual rate"),
            (454, "Throttling failure"),
            (550, "5.4.5 daily limit"),
            (530, "5.7.0 log in first"),
        ] {
            let reply = Reply {
                code,
                text: text.to_owned(),
            };
            let judged = rules.judge(&Transaction::Refused(Step::Mail, reply), 1, 0);
            assert!(
                matches!(judged, Some(Outcome::Unchanged(_))),
                "{code} {text}"
            );
        }
    }

    #[test]
    fn a_relay_that_is_down_costs_no_attempt() {
        let lost = Transaction::LostBeforeDot(Step::Rcpt, "closed".to_owned());
        let down = Outcome::Deferred {
            wait: Duration::from_mins(5),
            counts: false,
        };
        assert_eq!(RetryRules::default().judge(&lost, 3, 200), Some(down));
    }
}
