//! What `WHEN` is understood as, and what is said of words that are not.

use chrono::{DateTime, Utc};

use super::{at, rules, slots};
use crate::diagnostic::SourceText;
use crate::essay::WrittenInstant;
use crate::schedule::{Moment, Present, Slots, distance, understand};

/// A Thursday afternoon.
const NOW: &str = "2026-11-26T14:30:20Z";

fn read_at(now: &str, zone: &str, text: &str) -> Result<Moment, String> {
    read_with(now, zone, &Slots::default(), &[], text)
}

fn read_with(
    now: &str,
    zone: &str,
    slots: &Slots,
    others: &[DateTime<Utc>],
    text: &str,
) -> Result<Moment, String> {
    let present = Present {
        now: at(now),
        rules: &rules(zone),
        slots,
        others,
    };
    understand(&SourceText::new("WHEN", text), &present).map_err(|problem| problem.render(false))
}

#[track_caller]
fn assert_is(text: &str, local: &str) {
    let moment = read_at(NOW, "Europe/Berlin", text).unwrap_or_else(|told| panic!("{told}"));
    assert_eq!(
        moment.local.strftime("%a %Y-%m-%d %H:%M").to_string(),
        local,
        "{text}"
    );
}

fn remarks(moment: &Moment) -> Vec<String> {
    moment.remarks.iter().map(ToString::to_string).collect()
}

#[test]
fn days_and_times_are_those_of_the_zone() {
    assert_is("2026-12-01 09:00", "Tue 2026-12-01 09:00");
    assert_is("2026-12-01 9:05", "Tue 2026-12-01 09:05");
    assert_is("2026-12-01", "Tue 2026-12-01 09:00");
    assert_is("  tomorrow   07:15 ", "Fri 2026-11-27 07:15");
    assert_is("Tomorrow", "Fri 2026-11-27 09:00");
    assert_is("today 18:00", "Thu 2026-11-26 18:00");
    assert_is("2026-12-01T09:00", "Tue 2026-12-01 09:00");
    assert_is("2026-12-01T09:00:00Z", "Tue 2026-12-01 10:00");
    assert_is("2026-12-01T09:00:00-05:00", "Tue 2026-12-01 15:00");
}

#[test]
fn a_day_of_the_week_is_the_next_one_whose_time_is_to_come() {
    assert_is("fri 09:00", "Fri 2026-11-27 09:00");
    assert_is("friday 09:00", "Fri 2026-11-27 09:00");
    // It is Thursday, 15:30 in Berlin.
    assert_is("thu 15:31", "Thu 2026-11-26 15:31");
    assert_is("thu 15:30", "Thu 2026-12-03 15:30");
    assert_is("Thursday", "Thu 2026-12-03 09:00");
    assert_is("wed 23:59", "Wed 2026-12-02 23:59");
}

#[test]
fn a_time_alone_is_the_next_time_that_the_clocks_show_it() {
    assert_is("16:00", "Thu 2026-11-26 16:00");
    let rolled = read_at(NOW, "Europe/Berlin", "9:00").unwrap();
    assert_eq!(rolled.local.to_string(), "2026-11-27T09:00:00");
    assert_eq!(
        remarks(&rolled),
        ["09:00 is past today, so it is tomorrow's"]
    );
}

#[test]
fn lengths_of_hours_are_exact_and_days_keep_the_clock_time() {
    assert_is("+90m", "Thu 2026-11-26 17:00");
    assert_is("+3h", "Thu 2026-11-26 18:30");
    assert_is("+2d", "Sat 2026-11-28 15:30");
    assert_is("+1w", "Thu 2026-12-03 15:30");
    // The night in which the clocks go back has 25 hours.
    let day = read_at("2026-10-24T10:00:00Z", "Europe/Berlin", "+1d").unwrap();
    assert_eq!(day.instant, at("2026-10-25T11:00:00Z"));
    let hours = read_at("2026-10-24T10:00:00Z", "Europe/Berlin", "+24h").unwrap();
    assert_eq!(hours.instant, at("2026-10-25T10:00:00Z"));
}

#[test]
fn a_gap_shifts_and_a_fold_takes_the_first_and_both_are_said() {
    let gap = read_at("2026-03-01T00:00:00Z", "Europe/Berlin", "2026-03-29 02:30").unwrap();
    assert_eq!(gap.instant, at("2026-03-29T01:30:00Z"));
    assert_eq!(
        remarks(&gap),
        ["the clocks go forward: 02:30 does not exist that day, 03:30 counts"]
    );
    let fold = read_at("2026-10-01T00:00:00Z", "Europe/Berlin", "2026-10-25 02:30").unwrap();
    assert_eq!(fold.instant, at("2026-10-25T00:30:00Z"));
    assert_eq!(
        remarks(&fold),
        ["the clocks are set back: 02:30 comes twice that day, the first one counts"]
    );
}

#[test]
fn what_is_written_reads_back_as_the_same_instant() {
    let rules = rules("Europe/Berlin");
    let local = read_at(NOW, "Europe/Berlin", "2026-12-01 09:00").unwrap();
    assert!(matches!(local.written(&rules), WrittenInstant::Local(_)));
    // The second 02:30 of the night has no other name than its offset.
    let second = read_at("2026-10-25T00:30:00Z", "Europe/Berlin", "+1h").unwrap();
    assert_eq!(second.instant, at("2026-10-25T01:30:00Z"));
    assert_eq!(
        second.written(&rules),
        WrittenInstant::Offset(second.instant)
    );
    for moment in [local, second] {
        assert_eq!(rules.read(moment.written(&rules)), Some(moment.instant));
    }
}

#[test]
fn next_is_the_first_slot_that_no_issue_takes() {
    let slots = slots(&["tue 09:00", "fri 09:00"]);
    let next = |others: &[&str]| {
        let others: Vec<_> = others.iter().map(|text| at(text)).collect();
        read_with(NOW, "Europe/Berlin", &slots, &others, "next").unwrap()
    };
    let free = next(&[]);
    assert_eq!(free.instant, at("2026-11-27T08:00:00Z"));
    assert_eq!(remarks(&free), Vec::<String>::new());
    // An issue at another hour of that day takes it all the same.
    let after_one = next(&["2026-11-27T17:00:00Z"]);
    assert_eq!(after_one.instant, at("2026-12-01T08:00:00Z"));
    assert_eq!(remarks(&after_one), ["the slot before it has an issue"]);
    let after_two = next(&[
        "2026-12-01T08:00:00Z",
        "2026-11-27T08:00:00Z",
        "2026-11-25T08:00:00Z",
    ]);
    assert_eq!(after_two.instant, at("2026-12-04T08:00:00Z"));
    assert_eq!(remarks(&after_two), ["the 2 slots before it have issues"]);
}

#[test]
fn a_time_more_than_a_year_ahead_is_asked_about() {
    let far = read_at(NOW, "UTC", "2062-12-01 09:00").unwrap();
    assert!(remarks(&far)[0].contains("is the year right?"), "{far:?}");
    assert_eq!(
        remarks(&read_at(NOW, "UTC", "2027-11-26 09:00").unwrap()),
        Vec::<String>::new()
    );
}

/// Each text, with what must be told of it.
const REFUSED: [(&str, &[&str]); 37] = [
    ("", &["no time was given", "tomorrow 09:00"]),
    (
        "2026-11-26 09:00",
        &[
            "this time is past",
            "Thursday, 2026-11-26 09:00, 6 hours and 30 minutes ago",
            "^^^^^^^^^^^^^^^^",
        ],
    ),
    ("today 15:30", &["this time is past", "and that is now"]),
    ("2019-01-01", &["this time is past"]),
    ("+0m", &["this time is past"]),
    ("+0d", &["this time is past"]),
    (
        "firday 09:00",
        &[
            "`firday` is not a day",
            "\n  | ^^^^^^\n",
            "did you mean `friday`?",
        ],
    ),
    ("soon", &["`soon` is not a day", "`next` for the next slot"]),
    ("tomorow", &["did you mean `tomorrow`?"]),
    (
        "next",
        &["this publication has no slots", "every = \"tue 09:00\""],
    ),
    (
        "next friday",
        &[
            "this may mean two days",
            "2026-11-27 or 2026-12-04",
            "`fri 09:00` is the first one",
        ],
    ),
    (
        "next thu 08:00",
        &["2026-12-03 or 2026-12-10", "`thu 08:00`"],
    ),
    ("next week", &["`next` stands alone"]),
    ("fri 9am", &["`9am` is not a time of day", "write `09:00`"]),
    ("fri 9:30pm", &["write `21:30`"]),
    ("fri 12am", &["write `00:00`"]),
    ("fri 9", &["`9` is not a time of day", "write `09:00`"]),
    ("0930", &["write `09:30`"]),
    ("fri noon", &["write `12:00`"]),
    ("fri midnight", &["`00:00` is where a day begins"]),
    ("fri 24:00", &["either end of a day"]),
    ("fri 25:00", &["there is no time of day `25:00`"]),
    ("fri 09:60", &["there is no time of day `09:60`"]),
    ("fri 09:00:00", &["`09:00:00` is not a time of day"]),
    (
        "fri at 09:00",
        &["`at` is more than a day and a time", "write `fri 09:00`"],
    ),
    ("fri 09:00 CET", &["`CET` is more than a day and a time"]),
    (
        "09:00 tomorrow",
        &["the day comes before the time", "write `tomorrow 09:00`"],
    ),
    (
        "2026-02-30 09:00",
        &[
            "there is no day `2026-02-30`",
            "that month ends with 2026-02-28",
        ],
    ),
    (
        "2026-13-01",
        &["there is no day `2026-13-01`", "months go from"],
    ),
    (
        "2026-12-1 09:00",
        &["`2026-12-1` is not a date", "write `2026-12-01`"],
    ),
    (
        "01/12/2026",
        &[
            "`01/12/2026` may be two days",
            "`2026-12-01` or `2026-01-12`",
        ],
    ),
    ("24.12.2026 09:00", &["write `2026-12-24`"]),
    ("20261224", &["write `2026-12-24`"]),
    ("2101-01-01", &["outside the years", "2000 to 2100"]),
    ("+3", &["`+3` lacks its unit"]),
    ("+3y", &["`+3y` is not a length of time", "+90m"]),
    ("+99999999999999999999h", &["is too far ahead"]),
];

#[test]
fn what_is_past_ambiguous_or_nonsense_is_refused_with_what_was_understood() {
    for (text, words) in REFUSED {
        let told = read_at(
            NOW,
            "UTC",
            text.replace("2026-11-26 09", "2026-11-26 08").as_str(),
        );
        let told = match text {
            "2026-11-26 09:00" => read_at("2026-11-26T15:30:00Z", "UTC", text),
            "today 15:30" => read_at("2026-11-26T15:30:20Z", "UTC", text),
            _ => told,
        };
        let told = told.expect_err(text);
        for word in words {
            assert!(told.contains(word), "{text}: no {word:?} in\n{told}");
        }
        assert!(told.contains("hint: "), "{told}");
    }
}

#[test]
fn the_end_of_time_is_refused_and_does_not_panic() {
    for text in [
        "+9999999d",
        "+100000000w",
        "9999-12-31",
        "+100000000h",
        "9999-12-31T23:59:59Z",
    ] {
        assert!(read_at(NOW, "Pacific/Kiritimati", text).is_err(), "{text}");
    }
}

#[test]
fn distances_are_told_in_two_units() {
    use chrono::TimeDelta;
    for (seconds, told) in [
        (20, "less than a minute"),
        (60, "1 minute"),
        (3600 + 120, "1 hour and 2 minutes"),
        (86_400, "1 day"),
        (86_400 - 20, "1 day"),
        (4 * 86_400 + 18 * 3600 + 59, "4 days and 18 hours"),
        (-7200, "2 hours"),
    ] {
        assert_eq!(distance(TimeDelta::seconds(seconds)), told);
    }
}

proptest::proptest! {
    #[test]
    fn no_words_make_it_panic(text in "[ -~é٣]{0,24}", now in 0_i64..4_000_000_000) {
        let slots = slots(&["day 02:30"]);
        let present = Present {
            now: DateTime::from_timestamp(now, 0).unwrap(),
            rules: &rules("America/New_York"),
            slots: &slots,
            others: &[],
        };
        let _ = understand(&SourceText::new("WHEN", text), &present);
    }

    #[test]
    fn whatever_is_understood_is_still_to_come(
        day in "(today|tomorrow|mon|sunday|2026-1[0-2]-[0-3][0-9]|next|\\+[0-9]{1,3}[mhdw])",
        time in "( [0-2]?[0-9]:[0-5][0-9])?",
        now in 1_790_000_000_i64..1_800_000_000,
    ) {
        let slots = slots(&["day 02:30"]);
        let now = DateTime::from_timestamp(now, 0).unwrap();
        let rules = rules("Europe/Dublin");
        let present = Present { now, rules: &rules, slots: &slots, others: &[] };
        if let Ok(moment) = understand(&SourceText::new("WHEN", format!("{day}{time}")), &present) {
            proptest::prop_assert!(moment.instant > now);
            proptest::prop_assert_eq!(rules.read(moment.written(&rules)), Some(moment.instant));
        }
    }
}
