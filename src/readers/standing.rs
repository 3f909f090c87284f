//! What a request to join comes to. Whoever asks sees the same answer whatever it is; only the
//! reader of the address hears more.

use super::SignUpState;
use crate::suppression::Reason;

/// What is known of an address at the moment of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Where its sign-up stands, if there is one.
    pub sign_up: Option<SignUpState>,
    /// Whether it was on the roster at the ledger's last look.
    pub on_roster: bool,
    /// Why it is not mailed, if so.
    pub suppression: Option<Reason>,
}

/// The mail that answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// A link to confirm it.
    Confirm,
    /// That the address is on the roster already.
    Known,
    /// None: the reader complained, or the author decided so. It counts like the others.
    Silence,
    /// The welcome, once it is confirmed.
    Welcome,
    /// A link to leave and to change what one gets, for who has lost it.
    Link,
}

impl Answer {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Confirm,
        Self::Known,
        Self::Silence,
        Self::Welcome,
        Self::Link,
    ];

    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Known => "known",
            Self::Silence => "silence",
            Self::Welcome => "welcome",
            Self::Link => "link",
        }
    }

    /// Takes back what [`Self::as_str`] gave.
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

impl Standing {
    /// What answers a request to join.
    pub fn answer_to_join(self) -> Answer {
        match self.suppression {
            // Opt-in never lifts these, so a link to confirm would lie.
            Some(Reason::Complained | Reason::Operator) => Answer::Silence,
            None if self.is_reader() => Answer::Known,
            // Also who left, or whose address failed: a completed opt-in leads back.
            Some(Reason::Unsubscribed | Reason::Bounced) | None => Answer::Confirm,
        }
    }

    /// What answers a request for a link: nobody hears anything who never was a reader.
    pub fn answer_to_lost_link(self) -> Answer {
        match self.suppression {
            Some(Reason::Complained | Reason::Operator) => Answer::Silence,
            _ if self.is_reader() || self.suppression.is_some() => Answer::Link,
            _ => Answer::Silence,
        }
    }

    fn is_reader(self) -> bool {
        self.sign_up == Some(SignUpState::Confirmed) || self.on_roster
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(sign_up: Option<SignUpState>, suppression: Option<Reason>) -> Standing {
        Standing {
            sign_up,
            on_roster: false,
            suppression,
        }
    }

    #[test]
    fn who_complained_or_was_shut_out_hears_nothing_whatever_else_is_known() {
        for sign_up in [None, Some(SignUpState::Confirmed), Some(SignUpState::Left)] {
            for reason in [Reason::Complained, Reason::Operator] {
                let standing = standing(sign_up, Some(reason));
                assert_eq!(standing.answer_to_join(), Answer::Silence);
                assert_eq!(standing.answer_to_lost_link(), Answer::Silence);
            }
        }
    }

    #[test]
    fn who_left_may_come_back_by_confirming_and_who_is_there_is_told_so() {
        let left = standing(Some(SignUpState::Confirmed), Some(Reason::Unsubscribed));
        assert_eq!(left.answer_to_join(), Answer::Confirm);
        let there = standing(Some(SignUpState::Confirmed), None);
        assert_eq!(there.answer_to_join(), Answer::Known);
        let on_roster = Standing {
            on_roster: true,
            ..Standing::default()
        };
        assert_eq!(on_roster.answer_to_join(), Answer::Known);
        assert_eq!(Standing::default().answer_to_join(), Answer::Confirm);
    }

    #[test]
    fn a_lost_link_goes_to_nobody_who_is_not_known() {
        assert_eq!(Standing::default().answer_to_lost_link(), Answer::Silence);
        let asked = standing(Some(SignUpState::Asked), None);
        assert_eq!(asked.answer_to_lost_link(), Answer::Silence);
        let left = standing(None, Some(Reason::Unsubscribed));
        assert_eq!(left.answer_to_lost_link(), Answer::Link);
    }
}
