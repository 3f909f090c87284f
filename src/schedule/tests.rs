//! Words, slots, clocks, and every zone that there is.

mod clocks;
mod slots;
mod when;
mod zones;

use chrono::{DateTime, Utc};
use jiff::civil::time;
use jiff::tz::TimeZone;

use super::Slots;
use crate::issue::DatingRules;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn rules(zone: &str) -> DatingRules {
    DatingRules {
        zone: TimeZone::get(zone).unwrap(),
        send_time: time(9, 0, 0, 0),
    }
}

fn slots(texts: &[&str]) -> Slots {
    let mut slots = Slots::default();
    for text in texts {
        slots.add(text).unwrap();
    }
    slots
}
