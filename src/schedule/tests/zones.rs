//! Every zone of the database, from 2020 to 2037: a slot of every day comes once on each civil day,
//! and a scheduler that looks 48 times a day fires once for each.
//!
//! What runs each time has slots at all 48 half hours, and at times near each change, on the days around
//! each change of a zone's clocks, and one slot through all the years; of zones that change alike only
//! one is looked at. All slots through all the years are a run of its own:
//! `cargo test --release --lib schedule::tests::zones -- --ignored`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::{TimeZone, db};
use jiff::{Span, Timestamp};

use super::slots;
use crate::essay::to_chrono;
use crate::issue::{ClockChange, Dated, DatingRules};
use crate::schedule::Slots;

const FIRST: Date = date(2020, 1, 1);
const LAST: Date = date(2037, 12, 31);
/// Half an hour: 48 looks a day.
const STEP: TimeDelta = TimeDelta::minutes(30);

/// A zone's changes in these years: when, and to which offset.
type Changes = Vec<(Timestamp, i32)>;

/// The zones that differ in these years, each with a name and its changes.
fn zones() -> Vec<(String, TimeZone, Changes)> {
    let mut alike = BTreeMap::new();
    let mut names = 0;
    for name in db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        let start = FIRST
            .at(0, 0, 0, 0)
            .to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp();
        let end = LAST
            .at(23, 59, 59, 0)
            .to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp();
        let changes: Changes = zone
            .following(start)
            .take_while(|change| change.timestamp() <= end)
            .map(|change| (change.timestamp(), change.offset().seconds()))
            .collect();
        let offset = zone.to_offset(start).seconds();
        alike
            .entry((offset, changes))
            .or_insert((name.to_string(), zone));
        names += 1;
    }
    assert!(names > 400, "the database has {names} zones");
    let zones = alike
        .into_iter()
        .map(|((_, changes), (name, zone))| (name, zone, changes));
    zones.collect()
}

fn rules(zone: &TimeZone) -> DatingRules {
    DatingRules {
        zone: zone.clone(),
        send_time: time(9, 0, 0, 0),
    }
}

fn every_day_at(time: Time) -> Slots {
    slots(&[&format!("day {}", time.strftime("%H:%M"))])
}

/// The civil day of a slot: that of its clock time as it is written. In Greenland the gap reaches
/// midnight, so that a slot in it comes in the first minutes of the next day.
fn day_of(slot: Dated, rules: &DatingRules) -> Date {
    match slot.change {
        Some(ClockChange::Skipped { written, .. }) => written.date(),
        _ => rules.clock_time(slot.instant).unwrap().date(),
    }
}

/// Looks every half hour from the beginning of `first` to the end of `last`, as a scheduler does
/// that waits for the next slot, and fails unless the slot of each civil day fires once, in time.
#[track_caller]
fn assert_one_fire_a_day(name: &str, rules: &DatingRules, first: Date, last: Date, slot: Time) {
    let slots = every_day_at(slot);
    let before = first.at(0, 0, 0, 0).saturating_sub(Span::new().hours(2));
    let mut now = rules.resolve(before).unwrap().instant;
    let after_last = last.tomorrow().unwrap().at(2, 0, 0, 0);
    let end = rules.resolve(after_last).unwrap().instant;
    let mut due = slots.after(now, rules).unwrap();
    let mut wanted = first;
    while now < end {
        // The looks at which nothing is due yet are passed over.
        let wait = (due.instant - now).num_seconds().unsigned_abs();
        now += STEP * i32::try_from(wait.div_ceil(1800).max(1)).unwrap();
        assert!(
            now - due.instant < STEP,
            "{name} {slot}: {due:?} fires at {now}"
        );
        let day = day_of(due, rules);
        if (first..=last).contains(&day) {
            assert_eq!(day, wanted, "{name} {slot}");
            wanted = day.tomorrow().unwrap();
        }
        due = slots.after(now, rules).unwrap();
        assert!(due.instant > now, "{name} {slot}");
    }
    assert_eq!(wanted, last.tomorrow().unwrap(), "{name} {slot}");
}

/// Times of day around a change: where the clocks were and where they are then, and a little off.
fn times_around(changes: &[(Timestamp, i32)], zone: &TimeZone) -> BTreeSet<(i8, i8)> {
    let mut times = BTreeSet::from([(9, 0)]);
    for (change, _) in changes {
        let before = *change - Span::new().minutes(1);
        for instant in [before, *change] {
            let clock = zone.to_datetime(instant).time();
            for minutes in [-29, 0, 30] {
                let time = clock.wrapping_add(Span::new().minutes(minutes));
                times.insert((time.hour(), time.minute()));
            }
        }
    }
    times
}

#[test]
fn around_every_change_of_every_zone_a_daily_slot_comes_once_a_day() {
    for (name, zone, changes) in zones() {
        let rules = rules(&zone);
        for change in &changes {
            let day = zone.to_datetime(change.0).date();
            let (first, last) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
            for (hour, minute) in times_around(std::slice::from_ref(change), &zone) {
                assert_one_fire_a_day(&name, &rules, first, last, time(hour, minute, 0, 0));
            }
        }
    }
}

#[test]
fn through_all_the_years_a_daily_slot_comes_once_a_day_in_every_zone() {
    for (name, zone, changes) in zones() {
        // One that falls into a clock change, where there are any.
        let times = times_around(&changes[..changes.len().min(1)], &zone);
        let (hour, minute) = *times.iter().nth(times.len() / 2).unwrap();
        assert_one_fire_a_day(&name, &rules(&zone), FIRST, LAST, time(hour, minute, 0, 0));
    }
}

/// Every half hour of a day.
fn half_hours() -> impl Iterator<Item = Time> {
    (0..48).map(|half| time(half / 2, half % 2 * 30, 0, 0))
}

#[test]
fn around_every_change_of_every_zone_a_slot_at_any_half_hour_comes_once_a_day() {
    for (name, zone, changes) in zones() {
        let rules = rules(&zone);
        for change in &changes {
            let day = zone.to_datetime(change.0).date();
            let (first, last) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
            for slot in half_hours() {
                assert_one_fire_a_day(&name, &rules, first, last, slot);
            }
        }
    }
}

#[test]
#[ignore = "half an hour in a dev build: see the command above"]
fn through_all_the_years_a_slot_at_any_half_hour_comes_once_a_day_in_every_zone() {
    for (name, zone, _) in zones() {
        let rules = rules(&zone);
        for slot in half_hours() {
            assert_one_fire_a_day(&name, &rules, FIRST, LAST, slot);
        }
    }
}

#[test]
#[ignore = "five minutes in a dev build: see the command above"]
fn through_all_the_years_every_slot_near_a_change_comes_once_a_day_in_every_zone() {
    for (name, zone, changes) in zones() {
        let rules = rules(&zone);
        for (hour, minute) in times_around(&changes, &zone) {
            assert_one_fire_a_day(&name, &rules, FIRST, LAST, time(hour, minute, 0, 0));
        }
    }
}

#[test]
fn a_zone_that_leaves_a_day_out_has_no_slot_on_it_and_one_on_the_next() {
    // Samoa went from the 29th to the 31st.
    let rules = rules(&TimeZone::get("Pacific/Apia").unwrap());
    let slots = every_day_at(time(9, 0, 0, 0));
    let mut now = to_chrono("2011-12-29T12:00:00Z".parse().unwrap()).unwrap();
    let mut days = Vec::new();
    for _ in 0..3 {
        now = slots.after(now, &rules).unwrap().instant;
        days.push(rules.clock_time(now).unwrap().to_string());
    }
    assert_eq!(
        days,
        [
            "2011-12-29T09:00:00",
            "2011-12-31T09:00:00",
            "2012-01-01T09:00:00"
        ]
    );
}
