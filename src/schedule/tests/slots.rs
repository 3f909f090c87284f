//! The grammar of slots, and which one comes next.

use super::{at, rules, slots};
use crate::diagnostic::SourceText;
use crate::schedule::Slots;

#[test]
fn the_next_slot_is_the_earliest_of_all() {
    let rules = rules("Europe/Berlin");
    let slots = slots(&["tue 09:00", "15th 12:00", "Friday 18:30"]);
    let mut now = at("2026-12-08T07:59:59Z");
    let mut found = Vec::new();
    for _ in 0..5 {
        now = slots.after(now, &rules).unwrap().instant;
        found.push(
            rules
                .clock_time(now)
                .unwrap()
                .strftime("%a %d %H:%M")
                .to_string(),
        );
    }
    assert_eq!(
        found,
        [
            "Tue 08 09:00",
            "Fri 11 18:30",
            "Tue 15 09:00",
            "Tue 15 12:00",
            "Fri 18 18:30"
        ]
    );
    assert_eq!(slots.to_string(), "tue 09:00, 15th 12:00, fri 18:30");
}

#[test]
fn a_slot_is_after_an_instant_and_never_at_it() {
    let rules = rules("UTC");
    let daily = slots(&["day 09:00"]);
    let at_nine = at("2026-12-08T09:00:00Z");
    assert_eq!(
        daily.after(at_nine, &rules).unwrap().instant,
        at("2026-12-09T09:00:00Z")
    );
    assert!(Slots::default().after(at_nine, &rules).is_none());
}

#[test]
fn an_issue_takes_the_nearest_slot_of_its_day() {
    let rules = rules("Europe/Berlin");
    let slots = slots(&["tue 09:00", "tue 18:00"]);
    for (issue, slot) in [
        ("2026-12-08T08:00:00Z", Some("2026-12-08T08:00:00Z")),
        ("2026-12-08T05:00:00Z", Some("2026-12-08T08:00:00Z")),
        ("2026-12-08T20:00:00Z", Some("2026-12-08T17:00:00Z")),
        // Tuesday is over in Berlin.
        ("2026-12-08T23:30:00Z", None),
    ] {
        assert_eq!(slots.taken_by(at(issue), &rules), slot.map(at), "{issue}");
    }
}

#[test]
fn a_slot_that_is_written_wrong_is_pointed_at() {
    for (text, words) in [
        ("", "this names no slot"),
        ("tue", "this slot has no time of day"),
        ("tuseday 09:00", "did you mean `tuesday`?"),
        ("tue 9am", "write `09:00`"),
        ("tue 09:00 fri 09:00", "write several slots as a list"),
        ("31st 09:00", "not every month has a 31st"),
        ("2th 09:00", "write `1st`, `2nd`, `15th`"),
        ("0th 09:00", "is not a day of the month"),
        ("weekly 09:00", "`weekly` is not a day"),
        ("09:00", "is not a day of the month"),
    ] {
        let misread = Slots::default().add(text).unwrap_err();
        let told = misread.told(&SourceText::new("x", text), 0).render(false);
        assert!(told.contains(words), "{text}: no {words:?} in\n{told}");
        assert!(told.contains("hint: "), "{told}");
    }
}
