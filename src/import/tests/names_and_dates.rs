//! Names, dates and whole files.

use jiff::civil::{Date, date};

use crate::diagnostic::SourceText;
use crate::effort::effort_of;
use crate::essay::parse_essay;
use crate::import::{Interval, PlainEssay, Schedule, TakenNames, plan_import};
use crate::issue::{DatingRules, Issue, Slug};

fn weekly() -> Schedule {
    Schedule {
        first: date(2026, 12, 1),
        every: Interval::Days(7),
    }
}

fn counter() -> impl FnMut() -> [u8; 16] {
    let mut number = 0_u8;
    move || {
        number = number.wrapping_add(1);
        [number; 16]
    }
}

fn essay(title: &str) -> PlainEssay {
    PlainEssay {
        title: title.to_owned(),
        text: "\n1. One: two\n\n\"Three\"\n\n".to_owned(),
        first_line: 1,
    }
}

#[test]
fn intervals_are_read() {
    for (text, interval) in [
        ("1d", Interval::Days(1)),
        ("1w", Interval::Days(7)),
        (" 2W ", Interval::Days(14)),
        ("1month", Interval::Months(1)),
        ("3 months", Interval::Months(3)),
        ("1y", Interval::Months(12)),
    ] {
        assert_eq!(Interval::parse(text), Ok(interval), "{text}");
    }
    for text in [
        "", "w", "0d", "1", "1m", "-1d", "99999d", "1001w", "1.5w", "é", "1é",
    ] {
        assert!(Interval::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_last_day_of_a_month_does_not_creep() {
    let schedule = Schedule {
        first: date(2027, 1, 31),
        every: Interval::Months(1),
    };
    let dates: Vec<String> = schedule
        .dates(4)
        .unwrap()
        .iter()
        .map(Date::to_string)
        .collect();
    assert_eq!(
        dates,
        ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    );
}

#[test]
fn a_schedule_that_leaves_the_century_is_refused() {
    let schedule = Schedule {
        first: date(2099, 1, 1),
        every: Interval::Months(12),
    };
    assert_eq!(schedule.dates(2).unwrap().len(), 2);
    assert!(schedule.dates(3).unwrap_err().message().contains("issue 3"));
    let far = Schedule {
        every: Interval::Days(7000),
        ..schedule
    };
    assert!(far.dates(usize::from(u16::MAX)).is_err());
}

#[test]
fn each_essay_becomes_a_file_that_reads_as_an_issue() {
    let plan = plan_import(
        &[essay("Über “Tinte”"), essay("Second")],
        weekly(),
        &mut TakenNames::default(),
        &mut counter(),
    )
    .unwrap();
    assert!(plan.warnings.is_empty());
    let first = &plan.issues[0];
    assert_eq!(first.file_name, "2026-12-01-uber-tinte.md");
    assert_eq!(
        first.text,
        "+++\nid = \"aeaqcaibaeaqcaibaeaqcaibae\"\ntitle = \"Über “Tinte”\"\n+++\n\n\
         1\\. One: two\n\n\\\"Three\\\"\n"
    );
    assert_eq!(plan.issues[1].date, date(2026, 12, 8));

    let rules = DatingRules {
        zone: jiff::tz::TimeZone::get("America/New_York").unwrap(),
        send_time: jiff::civil::time(22, 0, 0, 0),
    };
    for imported in plan.issues {
        let source = SourceText::new(imported.file_name.as_str(), imported.text.as_str());
        let stem = imported.file_name.trim_end_matches(".md");
        let issue = Issue::from_essay(&parse_essay(&source).unwrap().essay, stem, &rules)
            .unwrap()
            .issue;
        assert_eq!((issue.id, issue.slug), (imported.id, imported.slug));
        assert_eq!((issue.title, issue.date), (imported.title, imported.date));
    }
}

#[test]
fn the_rest_of_a_caption_is_kept_and_mentioned() {
    let mut with_rest = essay("A");
    with_rest.text.push_str("Image by\n\n");
    let plan = plan_import(
        &[with_rest],
        weekly(),
        &mut TakenNames::default(),
        &mut counter(),
    )
    .unwrap();
    assert!(plan.issues[0].text.ends_with("\n\nImage by\n"));
    assert!(plan.warnings[0].message().contains("ends with `Image by`"));
}

#[test]
fn no_name_is_taken_twice() {
    let taken = [Slug::from_title("why"), Slug::from_title("why 2")];
    let mut names = TakenNames::new(taken, ["2026-12-15-why-4.md", "2026-12-08-Other"]);
    let essays = [essay("Why"), essay("Other"), essay("why?"), essay("WHY")];
    let plan = plan_import(&essays, weekly(), &mut names, &mut counter()).unwrap();
    let files: Vec<_> = plan
        .issues
        .iter()
        .map(|issue| issue.file_name.as_str())
        .collect();
    assert_eq!(
        files,
        [
            "2026-12-01-why-3.md",
            "2026-12-08-other-2.md",
            "2026-12-15-why-5.md",
            "2026-12-22-why-6.md"
        ]
    );
    assert_eq!(plan.warnings.len(), 4);
    assert!(plan.warnings[0].message().contains("`why` is taken"));
}

#[test]
fn a_title_no_mail_could_carry_is_refused() {
    let essays = [essay(&"x".repeat(251)), essay("fine")];
    let problems = plan_import(
        &essays,
        weekly(),
        &mut TakenNames::default(),
        &mut counter(),
    )
    .unwrap_err();
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_thousand_essays_of_one_title_take_linear_time() {
    let essays = vec![essay("Same"); 5000];
    let daily = Schedule {
        every: Interval::Days(1),
        ..weekly()
    };
    let (plan, took) =
        effort_of(|| plan_import(&essays, daily, &mut TakenNames::default(), &mut counter()));
    assert_eq!(plan.unwrap().issues.len(), 5000);
    assert!(took.as_secs() < 3, "{took:?}");
}
