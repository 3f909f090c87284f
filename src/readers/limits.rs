//! How many mails strangers can cause. Nobody's mailbox is flooded by our form: an address, a
//! network and the publication as a whole have limits, and above two of them requests must prove
//! themselves, then wait.

/// The limits of one publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Mails to one address in a quarter of an hour.
    pub address_in_quarter: u32,
    /// Mails to one address in a day.
    pub address_in_day: u32,
    /// Mails that requests of one network lead to in an hour.
    pub network_in_hour: u32,
    /// Mails in an hour from which on a request must bear a stamp of our own page.
    pub proof_from: u32,
    /// Mails in an hour above which everybody waits.
    pub most_in_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address_in_quarter: 1,
            address_in_day: 3,
            network_in_hour: 5,
            proof_from: 60,
            most_in_hour: 240,
        }
    }
}

/// How many mails requests led to lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recent {
    /// To this address, in the last quarter of an hour.
    pub address_in_quarter: u32,
    /// To this address, in the last 24 hours.
    pub address_in_day: u32,
    /// By requests of this network, in the last hour.
    pub network_in_hour: u32,
    /// By all requests, in the last hour.
    pub all_in_hour: u32,
}

/// What a request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A mail, or silence where that is the answer.
    Answered,
    /// Nothing: a limit of the address or its network is reached. The page says the same.
    HeldBack,
    /// Nothing yet: who asked has to prove to be a person by one more click.
    Proof,
    /// Nothing, and the page says so: everybody waits.
    Later,
}

/// What the publication asks of every request now, whoever it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Nothing: forms on other sites and static pages are welcome.
    Open,
    /// A stamp of our own page, which a person gets by one more click.
    Proof,
    /// To come later.
    Closed,
}

impl Limits {
    /// What a request gets. What it asks of everybody it says first, so that no answer depends on
    /// whose address it is.
    pub fn judge(&self, recent: &Recent, bears_a_stamp: bool) -> Turn {
        match self.mood(recent.all_in_hour) {
            Mood::Closed => return Turn::Later,
            Mood::Proof if !bears_a_stamp => return Turn::Proof,
            Mood::Proof | Mood::Open => {}
        }
        let held_back = recent.address_in_quarter >= self.address_in_quarter
            || recent.address_in_day >= self.address_in_day
            || recent.network_in_hour >= self.network_in_hour;
        if held_back {
            Turn::HeldBack
        } else {
            Turn::Answered
        }
    }

    /// What is asked of every request after so many mails in the last hour.
    pub fn mood(&self, all_in_hour: u32) -> Mood {
        if all_in_hour >= self.most_in_hour {
            Mood::Closed
        } else if all_in_hour >= self.proof_from {
            Mood::Proof
        } else {
            Mood::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_a_request_back_by_itself() {
        let limits = Limits::default();
        let none = Recent::default();
        assert_eq!(limits.judge(&none, false), Turn::Answered);
        for full in [
            Recent {
                address_in_quarter: 1,
                address_in_day: 1,
                ..none
            },
            Recent {
                address_in_day: 3,
                ..none
            },
            Recent {
                network_in_hour: 5,
                ..none
            },
        ] {
            assert_eq!(limits.judge(&full, true), Turn::HeldBack, "{full:?}");
        }
        let all_but_full = Recent {
            address_in_day: 2,
            network_in_hour: 4,
            all_in_hour: 239,
            ..none
        };
        assert_eq!(limits.judge(&all_but_full, true), Turn::Answered);
        assert_eq!(limits.judge(&all_but_full, false), Turn::Proof);
        let flood = Recent {
            all_in_hour: 240,
            ..none
        };
        assert_eq!(limits.judge(&flood, true), Turn::Later);
    }

    #[test]
    fn a_flood_asks_for_proof_first_and_closes_later() {
        let limits = Limits::default();
        let moods = [0, 59, 60, 239, 240].map(|mails| limits.mood(mails));
        let expected = [
            Mood::Open,
            Mood::Open,
            Mood::Proof,
            Mood::Proof,
            Mood::Closed,
        ];
        assert_eq!(moods, expected);
    }
}
