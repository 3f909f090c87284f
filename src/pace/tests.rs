use std::time::{Duration, Instant};

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn limits() -> Limits {
    Limits {
        connections: 4,
        first_connections: 2,
        rate: None,
        daily: None,
        messages_per_connection: 100,
    }
}

fn pace(limits: &Limits) -> Pace {
    Pace::new(limits, RestRules::default())
}

/// How many turns there are at an instant before one must end.
fn width(pace: &mut Pace, now: Instant) -> usize {
    let mut turns = 0;
    while matches!(pace.turn(now), Turn::At(_)) {
        turns += 1;
    }
    (0..turns).for_each(|_| pace.end());
    turns
}

fn lost() -> Signal {
    Signal::Lost("gone".to_owned())
}

#[test]
fn connections_grow_by_one_after_as_many_successes_as_there_are() {
    let (mut pace, now) = (pace(&limits()), Instant::now());
    let mut widths = Vec::new();
    for _ in 0..10 {
        widths.push(width(&mut pace, now));
        pace.take(Signal::Accepted, now);
    }
    assert_eq!(widths, [2, 2, 3, 3, 3, 4, 4, 4, 4, 4]);
}

#[test]
fn the_first_of_as_many_failures_as_there_are_takes_one_away() {
    let (mut pace, now) = (
        pace(&Limits {
            first_connections: 4,
            ..limits()
        }),
        Instant::now(),
    );
    assert_eq!(pace.take(lost(), now), None);
    assert_eq!(width(&mut pace, now), 3);
    assert_eq!(pace.take(lost(), now), None);
    assert_eq!(width(&mut pace, now), 3);
    pace.take(Signal::Answered, now);
    assert_eq!(pace.take(lost(), now), None);
    assert_eq!(width(&mut pace, now), 2);
}

/// Connections that are opened beside one that works, and refused.
fn refuse(pace: &mut Pace, connections: usize, now: Instant) {
    (0..connections).for_each(|_| assert!(matches!(pace.turn(now), Turn::At(_))));
    for _ in 0..connections {
        let too_many = Signal::Unreachable("421 too many".to_owned());
        assert_eq!(pace.take(too_many, now), None);
        pace.end();
    }
}

/// How many messages are accepted before there is room for one connection more.
fn messages_until_it_grows(pace: &mut Pace, now: Instant) -> usize {
    let width = pace.width();
    let mut messages = 0;
    while pace.width() == width {
        pace.take(Signal::Accepted, now);
        messages += 1;
    }
    messages
}

#[test]
fn a_connection_too_many_is_no_sign_that_a_relay_is_dead_and_is_tried_ever_more_rarely() {
    let four = Limits {
        first_connections: 4,
        ..limits()
    };
    let (mut pace, now) = (pace(&four), Instant::now());
    assert!(matches!(pace.turn(now), Turn::At(_)));
    refuse(&mut pace, 3, now);
    assert_eq!(pace.width(), 1);
    assert_eq!(pace.turn(now), Turn::WhenOneEnds);
    let mut messages = Vec::new();
    for _ in 0..4 {
        messages.push(messages_until_it_grows(&mut pace, now));
        refuse(&mut pace, 1, now);
    }
    assert_eq!(messages, [1, 2, 4, 8]);
    // A relay that was away is another one.
    let Some(Change::Rests(rest)) = pace.take(lost(), now) else {
        panic!("the only connection was lost");
    };
    assert_eq!(messages_until_it_grows(&mut pace, rest.until), 1);
}

#[test]
fn a_relay_that_fails_a_whole_cohort_rests_and_is_probed_by_one_message() {
    let (mut pace, start) = (pace(&limits()), Instant::now());
    let mut now = start;
    pace.take(lost(), now);
    let mut rests = Vec::new();
    for _ in 0..11 {
        let Some(Change::Rests(rest)) = pace.take(lost(), now) else {
            panic!("no rest after {rests:?}");
        };
        assert_eq!(rest.cause, Cause::Down);
        rests.push((rest.until - now).as_secs());
        assert!(matches!(pace.turn(now), Turn::Resting(_)));
        now = rest.until;
        assert_eq!(width(&mut pace, now), 1);
    }
    assert_eq!(rests, [1, 2, 4, 8, 16, 60, 120, 240, 480, 900, 900]);
    assert_eq!(pace.take(Signal::Accepted, now), Some(Change::Works));
    assert_eq!(width(&mut pace, now), 2);
}

#[test]
fn what_was_under_way_when_a_rest_began_neither_ends_nor_repeats_it() {
    let (mut pace, now) = (pace(&limits()), Instant::now());
    let told = || "450 4.7.28".to_owned();
    let rest = |pace: &mut Pace| pace.take(Signal::TooFast(RateLimit::Rest, told()), now);
    assert!(matches!(rest(&mut pace), Some(Change::Rests(_))));
    assert_eq!(rest(&mut pace), None);
    assert_eq!(pace.take(Signal::Accepted, now), None);
    assert_eq!(pace.take(lost(), now), None);
    assert!(matches!(pace.turn(now + 9 * MINUTE), Turn::Resting(_)));
}

#[test]
fn a_complaint_about_an_unusual_rate_means_ten_minutes_and_then_one_connection_more_at_a_time() {
    let (mut pace, start) = (pace(&limits()), Instant::now());
    let complaint = || Signal::TooFast(RateLimit::Rest, "421 4.7.28".to_owned());
    pace.take(complaint(), start);
    let mut now = start + 10 * MINUTE;
    assert_eq!(width(&mut pace, now), 1);
    // On failure another ten minutes.
    pace.take(complaint(), now);
    assert!(matches!(pace.turn(now + 9 * MINUTE), Turn::Resting(_)));
    now += 10 * MINUTE;
    assert_eq!(width(&mut pace, now), 1);
    assert_eq!(pace.take(Signal::Accepted, now), Some(Change::Works));
    assert_eq!(width(&mut pace, now), 2);
}

#[test]
fn throttling_halves_the_rate_and_pauses_a_minute_that_doubles_to_a_quarter_of_an_hour() {
    let fast = Limits {
        rate: Some(10.0),
        ..limits()
    };
    let (mut pace, start) = (pace(&fast), Instant::now());
    let mut now = start;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let signal = Signal::TooFast(RateLimit::Slow, "454 Throttling".to_owned());
        let Some(Change::Rests(rest)) = pace.take(signal, now) else {
            panic!("no pause after {pauses:?}");
        };
        pauses.push((rest.until - now).as_secs() / 60);
        now = rest.until;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
}

#[test]
fn a_rate_that_was_too_fast_is_halved_and_comes_back_to_nine_tenths() {
    let fast = Limits {
        rate: Some(10.0),
        connections: 100,
        first_connections: 100,
        ..limits()
    };
    let (mut pace, start) = (pace(&fast), Instant::now());
    let per_second = |pace: &mut Pace, now: Instant| {
        (0..100)
            .filter(|_| match pace.turn(now) {
                Turn::At(at) => {
                    pace.end();
                    at < now + Duration::from_millis(990)
                }
                _ => false,
            })
            .count()
    };
    assert_eq!(per_second(&mut pace, start), 10);
    let complained = start + 10 * MINUTE;
    let signal = Signal::TooFast(RateLimit::Slow, String::new());
    pace.take(signal, complained);
    let seen: Vec<usize> = (1..8)
        .map(|minutes| per_second(&mut pace, complained + minutes * 2 * MINUTE))
        .collect();
    assert_eq!(seen, [7, 9, 9, 9, 9, 9, 9]);
}

#[test]
fn messages_are_spread_and_nothing_is_saved_up() {
    let slow = Limits {
        rate: Some(2.0),
        connections: 10,
        first_connections: 10,
        ..limits()
    };
    let (mut pace, start) = (pace(&slow), Instant::now());
    let later = start + 10 * MINUTE;
    let offsets = |pace: &mut Pace, now: Instant| -> Vec<u128> {
        (0..4)
            .map(|_| match pace.turn(now) {
                Turn::At(at) => (at - now).as_millis(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(offsets(&mut pace, start), [0, 500, 1000, 1500]);
    assert_eq!(offsets(&mut pace, later), [0, 500, 1000, 1500]);
}

#[test]
fn a_day_has_24_hours_wherever_it_begins() {
    let daily = Limits {
        daily: Some(3),
        ..limits()
    };
    let (mut pace, now) = (pace(&daily), Instant::now());
    let hour = 60 * MINUTE;
    pace.count_earlier(now, 30 * hour, 100);
    pace.count_earlier(now, 23 * hour, 2);
    assert!(matches!(pace.turn(now), Turn::At(_)));
    // The third is under way, and nobody knows yet whether it counts.
    let Turn::Resting(rest) = pace.turn(now) else {
        panic!("a fourth one");
    };
    assert!(rest.until - now < MINUTE);
    pace.end();
    pace.take(Signal::Accepted, now);
    let Turn::Resting(rest) = pace.turn(now) else {
        panic!("a fourth one");
    };
    assert_eq!((rest.cause, rest.until - now), (Cause::Daily, hour));
    assert!(matches!(pace.turn(now + hour), Turn::At(_)));
}

#[test]
fn what_a_relay_refused_does_not_count_for_the_day() {
    let daily = Limits {
        daily: Some(1),
        ..limits()
    };
    let (mut pace, now) = (pace(&daily), Instant::now());
    pace.take(Signal::Answered, now);
    assert!(matches!(pace.turn(now), Turn::At(_)));
    pace.end();
    // What is in doubt may be with the relay.
    pace.take(Signal::Doubtful(String::new()), now);
    assert!(matches!(pace.turn(now + MINUTE), Turn::Resting(_)));
}

#[test]
fn a_quota_is_probed_once_an_hour() {
    let (mut pace, start) = (pace(&limits()), Instant::now());
    let mut now = start;
    for _ in 0..3 {
        pace.take(Signal::UsedUp("550 5.4.5".to_owned()), now);
        assert!(matches!(pace.turn(now + 59 * MINUTE), Turn::Resting(_)));
        now += 60 * MINUTE;
        assert_eq!(width(&mut pace, now), 1);
    }
}

#[test]
fn a_limit_of_a_connection_is_learned_from_a_reply_or_from_silence_at_the_same_place_twice() {
    let mut pace = pace(&limits());
    pace.closed_after(10, false);
    assert_eq!(pace.messages_per_connection(), 100);
    pace.closed_after(12, false);
    assert_eq!(pace.messages_per_connection(), 100);
    pace.closed_after(12, false);
    assert_eq!(pace.messages_per_connection(), 12);
    pace.closed_after(5, true);
    assert_eq!(pace.messages_per_connection(), 5);
    // Nothing was sent on it: that is another kind of farewell.
    pace.closed_after(0, true);
    assert_eq!(pace.messages_per_connection(), 5);
    (0..20).for_each(|_| pace.used_whole_share());
    assert_eq!(pace.messages_per_connection(), 10);
    // A relay that restarts has closed its connections for another reason.
    pace.take(lost(), Instant::now());
    pace.take(lost(), Instant::now());
    assert_eq!(pace.messages_per_connection(), 100);
}

#[test]
fn an_allowance_is_forgotten_minute_by_minute() {
    let daily = Limits {
        daily: Some(10),
        ..limits()
    };
    let (mut pace, start) = (pace(&daily), Instant::now());
    // A message every half minute: one stream without a gap.
    for number in 0..10 {
        pace.take(Signal::Accepted, start + number * MINUTE / 2);
    }
    let Turn::Resting(rest) = pace.turn(start + 5 * MINUTE) else {
        panic!("an eleventh one");
    };
    let day = Duration::from_hours(24);
    assert!(rest.until >= start + day && rest.until <= start + day + MINUTE);
}

#[test]
fn without_a_rate_to_go_by_a_complaint_does_not_slow_us_for_ever() {
    let (mut pace, start) = (pace(&limits()), Instant::now());
    pace.take(Signal::TooFast(RateLimit::Slow, String::new()), start);
    let gap = |pace: &mut Pace, now: Instant| {
        let mut at = || match pace.turn(now) {
            Turn::At(at) => {
                pace.end();
                at
            }
            other => panic!("{other:?}"),
        };
        at();
        at() - now
    };
    let early = gap(&mut pace, start + 2 * MINUTE);
    let late = gap(&mut pace, start + 20 * MINUTE);
    assert!(early >= Duration::from_millis(400), "{early:?}");
    assert!(late < Duration::from_millis(10), "{late:?}");
}

#[test]
fn a_rest_of_an_earlier_run_goes_on_and_ends_with_one_connection() {
    let (mut pace, now) = (pace(&limits()), Instant::now());
    let rest = Rest {
        cause: Cause::Rate,
        until: now + 4 * MINUTE,
        times: 2,
        told: String::new(),
    };
    pace.resume(rest, now);
    assert!(matches!(pace.turn(now + 3 * MINUTE), Turn::Resting(_)));
    assert_eq!(width(&mut pace, now + 4 * MINUTE), 1);
}

#[test]
fn a_run_waits_out_short_rests_and_the_quick_probes_alone() {
    let rules = RestRules::default();
    let now = Instant::now();
    let rest = |cause, times| Rest {
        cause,
        until: now + rules.length(cause, times),
        times,
        told: String::new(),
    };
    assert!(!rules.is_too_long(&rest(Cause::Throttled, 1), now));
    assert!(!rules.is_too_long(&rest(Cause::Down, 5), now));
    for (cause, times) in [(Cause::Rate, 1), (Cause::Down, 6), (Cause::Quota, 1)] {
        assert!(rules.is_too_long(&rest(cause, times), now), "{cause:?}");
    }
}
