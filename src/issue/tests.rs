//! Essays into issues.

use super::*;
use crate::diagnostic::Diagnostic;
use crate::essay::parse_essay;

fn id(number: u8) -> IssueId {
    IssueId::from_bytes([number; 16])
}

fn rules(zone: &str) -> DatingRules {
    DatingRules {
        zone: jiff::tz::TimeZone::get(zone).unwrap(),
        send_time: jiff::civil::time(9, 0, 0, 0),
    }
}

fn make(stem: &str, text: &str, zone: &str) -> Result<IssueAndWarnings, Vec<Diagnostic>> {
    let source = SourceText::new(format!("issues/{stem}.md"), text);
    Issue::from_essay(&parse_essay(&source).unwrap().essay, stem, &rules(zone))
}

fn with_id(number: u8, lines: &str, body: &str) -> String {
    format!("+++\nid = \"{}\"\n{lines}+++\n{body}", id(number))
}

fn issue(stem: &str, text: &str) -> Issue {
    make(stem, text, "Europe/Berlin").unwrap().issue
}

fn messages(problems: &[Diagnostic]) -> Vec<String> {
    problems.iter().map(|p| p.message().to_owned()).collect()
}

#[test]
fn date_and_slug_come_from_the_file_name() {
    let issue = issue(
        "2026-12-01-why-write",
        &with_id(1, "title = \"Why write\"\n", "Because.\n"),
    );
    assert_eq!(issue.slug.as_str(), "why-write");
    assert_eq!(issue.date.to_string(), "2026-12-01");
    assert_eq!(issue.published.to_rfc3339(), "2026-12-01T08:00:00+00:00");
    assert_eq!(issue.subject, "Why write");
    assert_eq!(issue.markdown, "Because.\n");
    assert!(issue.mail && !issue.draft);
}

#[test]
fn send_at_overrides_date_and_time() {
    let front = "title = \"t\"\nsend_at = 2026-12-02T01:30:00+02:00\n";
    let issue = make("2026-12-01-t", &with_id(1, front, ""), "America/New_York")
        .unwrap()
        .issue;
    assert_eq!(issue.published.to_rfc3339(), "2026-12-01T23:30:00+00:00");
    assert_eq!(issue.date.to_string(), "2026-12-01", "the day in New York");
}

#[test]
fn a_local_send_at_is_read_in_the_publications_zone() {
    let front = "title = \"t\"\nsend_at = 2026-07-01 07:15:00\n";
    let issue = issue("t", &with_id(1, front, ""));
    assert_eq!(issue.published.to_rfc3339(), "2026-07-01T05:15:00+00:00");
}

#[test]
fn a_time_that_a_clock_change_skips_is_shifted_with_a_warning() {
    let front = "title = \"t\"\nsend_at = 2026-03-29T02:30:00\n";
    let made = make("t", &with_id(1, front, ""), "Europe/Berlin").unwrap();
    assert_eq!(
        made.issue.published.to_rfc3339(),
        "2026-03-29T01:30:00+00:00"
    );
    assert_eq!(
        messages(&made.warnings),
        ["this time falls into a clock change: 02:30 does not exist that day, 03:30 counts"]
    );
    assert_eq!(made.warnings[0].position(), Some(("issues/t.md", 4, 11)));
}

#[test]
fn a_send_time_in_the_gap_is_shifted_with_a_warning() {
    let rules = DatingRules {
        send_time: jiff::civil::time(2, 30, 0, 0),
        ..rules("Europe/Berlin")
    };
    let text = with_id(1, "title = \"t\"\n", "");
    let essay = parse_essay(&SourceText::new("t.md", text)).unwrap().essay;
    let made = Issue::from_essay(&essay, "2026-03-29-t", &rules).unwrap();
    assert_eq!(
        made.issue.published.to_rfc3339(),
        "2026-03-29T01:30:00+00:00"
    );
    assert_eq!(made.warnings.len(), 1);
}

#[test]
fn of_a_time_that_comes_twice_the_first_counts() {
    let front = "title = \"t\"\nsend_at = 2026-10-25T02:30:00\n";
    let made = make("t", &with_id(1, front, ""), "Europe/Berlin").unwrap();
    assert_eq!(
        made.issue.published.to_rfc3339(),
        "2026-10-25T00:30:00+00:00"
    );
    assert!(made.warnings.is_empty());
}

#[test]
fn the_first_heading_is_the_title_and_leaves_the_body() {
    let text = with_id(
        1,
        "",
        "\n# Why *we* write {#why}\r\n\r\n```\n# code\n```\nBody é.\n",
    );
    let issue = issue("2026-12-01-why", &text);
    assert_eq!(issue.title, "Why we write");
    assert!(!issue.markdown.contains("Why *we*"), "{}", issue.markdown);
    let body = issue.markdown.find("Body").unwrap();
    assert_eq!(
        &issue.source.text[issue.markdown_start + body..][..4],
        "Body",
        "offsets hold"
    );
}

#[test]
fn a_number_sign_in_code_or_a_quotation_is_no_title() {
    let text = with_id(1, "", "```\n# code\n```\n> # quoted\n\nReal\n====\n");
    assert_eq!(issue("2026-12-01-why", &text).title, "Real");
}

#[test]
fn a_front_matter_title_leaves_the_body_alone() {
    let issue = issue("2026-12-01-why", &with_id(1, "title = \"T\"\n", "# H\n"));
    assert_eq!(
        (issue.title.as_str(), issue.markdown.as_str()),
        ("T", "# H\n")
    );
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let problems = make("why", "Text.\n", "UTC").unwrap_err();
    assert_eq!(
        messages(&problems),
        [
            "`issues/why.md` has no `id`",
            "`issues/why.md` has no title",
            "`issues/why.md` has no date",
        ]
    );
    assert!(
        problems[0]
            .hint_text()
            .unwrap()
            .contains("postrider check --fix")
    );
}

#[test]
fn a_day_that_does_not_exist_is_refused() {
    for stem in ["2026-02-30-x", "1970-01-01-x", "9999-01-01-x", "2026-13-01"] {
        let problems = make(stem, &with_id(1, "title = \"t\"\n", ""), "UTC").unwrap_err();
        assert_eq!(problems.len(), 1, "{stem}: {problems:?}");
        assert!(problems[0].message().contains("not a day"), "{stem}");
    }
}

#[test]
fn a_file_named_by_its_date_alone_takes_the_slug_from_the_title() {
    let text = with_id(1, "title = \"Was wir über Bücher wissen\"\n", "");
    assert_eq!(
        issue("2026-12-01", &text).slug.as_str(),
        "was-wir-uber-bucher-wissen"
    );
}

#[test]
fn a_file_name_that_is_no_slug_becomes_one_with_a_warning() {
    let made = make(
        "2026-12-01-Why Write!",
        &with_id(1, "title = \"t\"\n", ""),
        "UTC",
    )
    .unwrap();
    assert_eq!(made.issue.slug.as_str(), "why-write");
    assert_eq!(made.warnings.len(), 1);
}

#[test]
fn a_title_too_long_for_a_subject_asks_for_one() {
    let title = "x".repeat(251);
    let front = format!("title = \"{title}\"\n");
    let problems = make("2026-12-01-t", &with_id(1, &front, ""), "UTC").unwrap_err();
    assert!(
        problems[0].hint_text().unwrap().contains("`subject`"),
        "{problems:?}"
    );
    let front = format!("title = \"{title}\"\nsubject = \"short\"\n");
    assert_eq!(
        issue("2026-12-01-t", &with_id(1, &front, "")).subject,
        "short"
    );
}

#[test]
fn a_bare_updated_date_is_its_midnight_in_the_zone() {
    let front = "title = \"t\"\nupdated = 2027-01-05\n";
    let updated = issue("2026-12-01-t", &with_id(1, front, ""))
        .updated
        .unwrap();
    assert_eq!(updated.to_rfc3339(), "2027-01-04T23:00:00+00:00");
}

#[test]
fn one_slug_or_id_in_two_issues_names_both_files() {
    let a = issue(
        "2026-12-01-a",
        &with_id(1, "title = \"t\"\naliases = [\"old\"]\n", ""),
    );
    let b = issue(
        "2026-12-02-b",
        &with_id(2, "title = \"t\"\nslug = \"old\"\n", ""),
    );
    let c = issue("2026-12-03-c", &with_id(1, "title = \"t\"\n", ""));
    assert!(find_duplicates(std::slice::from_ref(&a)).is_empty());
    assert_eq!(
        messages(&find_duplicates(&[a, b, c])),
        [
            format!(
                "`issues/2026-12-01-a.md` and `issues/2026-12-03-c.md` both have the id `{}`",
                id(1)
            ),
            "`issues/2026-12-01-a.md` and `issues/2026-12-02-b.md` both have the slug `old`"
                .to_owned(),
        ]
    );
}

#[test]
fn an_alias_of_the_issues_own_slug_is_said() {
    let a = issue(
        "2026-12-01-a",
        &with_id(1, "title = \"t\"\naliases = [\"a\"]\n", ""),
    );
    assert_eq!(
        messages(&find_duplicates(&[a])),
        ["`issues/2026-12-01-a.md` names `a` twice, as slug or alias"]
    );
}

#[test]
fn a_file_name_that_ends_inside_a_character_is_no_date() {
    assert_eq!(leading_date("2026-12-0é"), None);
    assert_eq!(leading_date("2026-12-011"), None);
    assert_eq!(leading_date("2026-12-01-x"), Some("2026-12-01"));
}
