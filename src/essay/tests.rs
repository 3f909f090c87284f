//! Front matter read, refused, written and edited.

use chrono::{TimeZone as _, Utc};

use super::*;
use crate::effort::effort_of;
use crate::issue::{IssueId, Slug};

fn source(text: &str) -> SourceText {
    SourceText::new("issues/x.md", text)
}

fn parse(text: &str) -> ParsedEssay {
    parse_essay(&source(text)).unwrap()
}

fn refused(text: &str) -> Vec<Diagnostic> {
    parse_essay(&source(text)).unwrap_err()
}

fn toml(line: &str) -> String {
    format!("+++\n{line}\n+++\n")
}

fn id() -> IssueId {
    IssueId::from_bytes([7; 16])
}

#[test]
fn a_file_without_front_matter_is_all_markdown() {
    for (text, markdown) in [
        ("", ""),
        ("Hello.\n", "Hello.\n"),
        ("\u{FEFF}Hello.\n", "Hello.\n"),
        ("---\n\nA rule above.\n", "---\n\nA rule above.\n"),
    ] {
        let essay = parse(text).essay;
        assert_eq!(essay.markdown, markdown);
        assert_eq!(essay.front, FrontMatter::default());
        assert_eq!(&text[essay.markdown_start..], markdown);
    }
}

#[test]
fn text_without_quotes_is_told_how_to_get_them() {
    for line in ["title = Why write", "title = The lamp"] {
        let hint = refused(&toml(line))[0].hint_text().unwrap().to_owned();
        assert!(hint.contains("`title = \"Why write\"`"), "{line}: {hint}");
    }
}

#[test]
fn toml_and_yaml_say_the_same() {
    let toml = parse(
        "\u{FEFF}+++\r\ntitle = \"Why write\"\r\ntags = [\"craft\", \"ink\"]\r\ndraft = true\r\n\
         send_at = 2026-12-01T09:00:00Z\r\n+++\r\nText.\r\n",
    );
    let yaml = parse(
        "---\ntitle: Why write\ntags:\n  - craft\n  - ink\ndraft: true\n\
         send_at: 2026-12-01T09:00:00Z\n---\nText.\r\n",
    );
    for ParsedEssay { essay, warnings } in [toml, yaml] {
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(essay.front.title.unwrap().value, "Why write");
        let tags: Vec<_> = essay.front.tags.into_iter().map(|tag| tag.value).collect();
        assert_eq!(tags, ["craft", "ink"]);
        assert!(essay.front.draft.unwrap().value);
        let instant = Utc.with_ymd_and_hms(2026, 12, 1, 9, 0, 0).unwrap();
        assert_eq!(
            essay.front.send_at.unwrap().value,
            WrittenInstant::Offset(instant)
        );
        assert_eq!(essay.markdown, "Text.\r\n");
    }
}

#[test]
fn every_value_knows_its_bytes() {
    for text in [
        "+++\nsummary = \"é\"\ntitle = \"Why\" # note\ntags = [\"a\", \"b\"]\n+++\n",
        "---\nsummary: é\ntitle: \"Why\" # note\ntags: [\"a\", \"b\"]\n---\n",
    ] {
        let front = parse(text).essay.front;
        assert_eq!(&text[front.title.unwrap().range], "\"Why\"");
        assert_eq!(&text[front.tags[1].range.clone()], "\"b\"");
    }
}

#[test]
fn an_unknown_key_is_an_error_in_toml_and_a_warning_in_yaml() {
    let problems = refused("+++\nshedule = 1\ndraf = true\n+++\n");
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[1].message(), "unknown key `draf`");
    assert_eq!(problems[1].hint_text(), Some("did you mean `draft`?"));
    assert_eq!(problems[1].position(), Some(("issues/x.md", 3, 1)));

    let warnings = parse("---\nlayout: post\ntitel: x\ndate: 2026-01-01\n---\n").warnings;
    let hints: Vec<_> = warnings.iter().map(|w| w.hint_text().unwrap()).collect();
    assert_eq!(hints.len(), 3);
    assert_eq!(hints[1], "did you mean `title`?");
    assert!(hints[2].contains("send_at"), "{hints:?}");
}

#[test]
fn all_problems_of_a_file_are_told_in_its_order() {
    let problems = refused(
        "+++\ntitle = 5\nslug = \"../../etc\"\nbroken = = 1\ndraft = \"yes\"\nmial = false\n+++\n",
    );
    let lines: Vec<_> = problems.iter().map(|p| p.position().unwrap().1).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6], "{problems:?}");
}

#[test]
fn an_error_shows_line_caret_and_hint() {
    let shown = refused("+++\ntitle = 1984\n+++\n")[0].render(false);
    assert_eq!(
        shown,
        "error: `title` takes text\n --> issues/x.md:2:9\n  |\n2 | title = 1984\n  |         ^^^^ this is a number\n\n\
         hint: put it between quotes"
    );
}

#[test]
fn yaml_text_needs_no_quotes() {
    for (written, title) in [
        ("1984", "1984"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("No", "No"),
    ] {
        let front = parse(&format!("---\ntitle: {written}\n---\n")).essay.front;
        assert_eq!(front.title.unwrap().value, title);
    }
}

#[test]
fn a_line_break_or_control_character_never_reaches_a_header() {
    for line in [
        "subject = \"Hi\\nBcc: x\"",
        "subject = \"Hi\\rBcc: x\"",
        "title = \"Hi\\u0000\"",
        "title = \"Hi\\u001b[2J\"",
        "summary = \"a\\u2028b\"",
        "author = \"a\\u0085b\"",
        "feed_id = \"a\\nb\"",
        "tags = [\"a\\nb\"]",
        "title = \"\"\"two\nlines\"\"\"",
        "title = \"  \"",
    ] {
        let problems = refused(&toml(line));
        assert_eq!(problems.len(), 1, "{line}: {problems:?}");
        assert!(
            problems[0].position().is_some() && problems[0].hint_text().is_some(),
            "{line}"
        );
    }
    assert_eq!(refused("---\nsubject: \"Hi\\nBcc: x\"\n---\n").len(), 1);
    assert_eq!(refused("---\nsubject: |\n  Hi\n  Bcc: x\n---\n").len(), 1);
}

#[test]
fn odd_slugs_are_refused() {
    for slug in [
        "../../etc/cron.d/x",
        "%2e%2e%2f",
        "CON",
        "con",
        "x.",
        "-x",
        "",
        "é",
    ] {
        let problems = refused(&toml(&format!("slug = \"{slug}\"")));
        assert!(problems[0].message().starts_with("`slug` takes"), "{slug}");
    }
}

#[test]
fn dates_are_read_in_every_usual_form() {
    let local = WrittenInstant::Local(jiff::civil::date(2026, 12, 1).at(9, 30, 0, 0));
    let offset = WrittenInstant::Offset(Utc.with_ymd_and_hms(2026, 12, 1, 8, 30, 0).unwrap());
    for (text, expected) in [
        ("2026-12-01T09:30:00", local),
        ("2026-12-01 09:30", local),
        ("2026-12-01T09:30:00+01:00", offset),
        ("2026-12-01 09:30:00 +0100", offset),
        ("2026-12-01T08:30:00Z", offset),
    ] {
        let front = parse(&toml(&format!("send_at = \"{text}\""))).essay.front;
        assert_eq!(front.send_at.unwrap().value, expected, "{text}");
    }
    let front = parse(&toml("updated = 2026-12-01")).essay.front;
    let day = WrittenInstant::Date(jiff::civil::date(2026, 12, 1));
    assert_eq!(front.updated.unwrap().value, day);
}

#[test]
fn bad_dates_are_refused() {
    for line in [
        "send_at = 2026-12-01",
        "send_at = 09:00:00",
        "send_at = \"soon\"",
        "send_at = \"2026-02-30T09:00:00\"",
        "send_at = 1970-01-01T00:00:00Z",
        "updated = 9999-01-01T00:00:00Z",
        "updated = 1999-12-31",
        "updated = 2101-01-01",
        "updated = 3",
        "updated = \"2026-12-01T09:00:00[Nowhere/Atlantis]\"",
    ] {
        assert_eq!(refused(&toml(line)).len(), 1, "{line}");
    }
}

#[test]
fn an_unclosed_front_matter_is_an_error() {
    for text in [
        "+++\ntitle = \"x\"\n\nText.\n",
        "---\ntitle: x\n\nText.\n",
        "+++",
    ] {
        assert_eq!(
            refused(text)[0].message(),
            "the front matter is never closed"
        );
    }
}

#[test]
fn yaml_aliases_are_refused() {
    let bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n---\n";
    let problems = refused(bomb);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].hint_text().unwrap().contains("aliases"),
        "{problems:?}"
    );
}

#[test]
fn an_empty_front_matter_is_fine() {
    for text in [
        "+++\n+++\nx",
        "---\n---\nx",
        "---\n# nothing yet\n\n---\nx",
        "---\ntitle:\n---\nx",
    ] {
        let essay = parse(text).essay;
        assert_eq!(essay.markdown, "x");
        assert!(essay.front.title.is_none());
    }
}

#[test]
fn languages_are_tags_of_languages_that_there_are() {
    for good in ["en", "de-AT", "zh-Hant-TW"] {
        assert!(
            parse(&toml(&format!("language = \"{good}\"")))
                .essay
                .front
                .language
                .is_some()
        );
    }
    for bad in ["e", "en_US", "english language", "en-", "xx", "german"] {
        refused(&toml(&format!("language = \"{bad}\"")));
    }
}

#[test]
fn a_mail_is_whole_an_excerpt_or_nothing() {
    for (written, meant) in [
        ("true", Mailing::Whole),
        ("false", Mailing::Nothing),
        ("\"excerpt\"", Mailing::Excerpt),
    ] {
        for text in [
            toml(&format!("mail = {written}")),
            format!("---\nmail: {written}\n---\n"),
        ] {
            let mail = parse(&text).essay.front.mail.unwrap();
            assert_eq!(mail.value, meant);
            let mut front = NewFrontMatter::new(id(), "One");
            front.mail = meant;
            let again = parse(&new_issue_text(&front, "")).essay.front.mail;
            assert_eq!(again.map(|mail| mail.value).unwrap_or_default(), meant);
        }
    }
    let problem = refused(&toml("mail = \"exzerpt\""));
    assert_eq!(
        problem[0].message(),
        "`mail` takes true, false or \"excerpt\""
    );
}

#[test]
fn new_front_matter_is_read_back_as_it_was_meant() {
    let mut front = NewFrontMatter::new(id(), "Quotes \" and ' and \\ and {{ braces }}");
    front.tags = vec!["craft".to_owned(), "a \"b\"".to_owned()];
    front.send_at = Utc.with_ymd_and_hms(2026, 12, 1, 9, 0, 0).single();
    front.aliases = vec![Slug::from_title("old name")];
    front.mail = Mailing::Nothing;
    let text = new_issue_text(&front, "\n\nText.\n\n");
    assert_eq!(
        text,
        format!(
            "+++\nid = \"{}\"\ntitle = '''Quotes \" and ' and \\ and {{{{ braces }}}}'''\n\
             send_at = 2026-12-01T09:00:00Z\ntags = [\"craft\", 'a \"b\"']\naliases = [\"old-name\"]\n\
             mail = false\n+++\n\nText.\n",
            id()
        )
    );
    let read = parse(&text).essay;
    assert_eq!(read.front.title.unwrap().value, front.title);
    assert_eq!(read.front.tags[1].value, "a \"b\"");
    assert_eq!(read.front.id.unwrap().value, id());
}

#[test]
fn an_id_is_added_and_everything_else_stays() {
    let line = format!("id = \"{}\"", id());
    for (before, after) in [
        ("Text.\n".to_owned(), format!("+++\n{line}\n+++\n\nText.\n")),
        (
            "\u{FEFF}+++\r\n# mine\r\ntitle = 'x'  # odd\r\n+++\r\nText.".to_owned(),
            format!("\u{FEFF}+++\r\n{line}\r\n# mine\r\ntitle = 'x'  # odd\r\n+++\r\nText."),
        ),
        (
            "---\ntitle:   x\n...\nText".to_owned(),
            format!("---\nid: \"{}\"\ntitle:   x\n...\nText", id()),
        ),
        (format!("+++\n{line}\n+++\n"), format!("+++\n{line}\n+++\n")),
    ] {
        assert_eq!(set_id(&source(&before), &id()).unwrap(), after);
    }
}

#[test]
fn an_id_is_never_replaced() {
    let text = format!("+++\nid = \"{}\"\n+++\n", IssueId::from_bytes([1; 16]));
    let problem = set_id(&source(&text), &id()).unwrap_err();
    assert_eq!(problem.message(), "the issue has an id already");
}

#[test]
fn front_matter_with_no_room_for_a_line_is_left_alone() {
    let problem = set_id(&source("---\n{title: x}\n---\n"), &id()).unwrap_err();
    assert!(problem.message().contains("cannot be written"));
}

#[test]
fn send_at_is_replaced_in_its_place() {
    let instant = Utc.with_ymd_and_hms(2027, 1, 2, 3, 4, 5).unwrap();
    for (before, after) in [
        (
            "+++\ntitle = \"x\"\nsend_at = 2026-12-01T09:00:00 # noon?\ndraft = true\n+++\nT",
            "+++\ntitle = \"x\"\nsend_at = 2027-01-02T03:04:05Z # noon?\ndraft = true\n+++\nT",
        ),
        (
            "---\nsend_at: \"2026-12-01 09:00\" # noon?\ntitle: x\n---\nT",
            "---\nsend_at: 2027-01-02T03:04:05Z # noon?\ntitle: x\n---\nT",
        ),
        (
            "+++\r\ntitle = \"x\"\r\n+++\r\n",
            "+++\r\nsend_at = 2027-01-02T03:04:05Z\r\ntitle = \"x\"\r\n+++\r\n",
        ),
        ("Text", "+++\nsend_at = 2027-01-02T03:04:05Z\n+++\n\nText"),
    ] {
        assert_eq!(
            set_send_at(&source(before), WrittenInstant::Offset(instant)).unwrap(),
            after
        );
    }
    let text = format!("+++\nid = \"{}\" # kept\ntitle = \"x\"\n+++\n", id());
    assert_eq!(
        set_send_at(&source(&text), WrittenInstant::Offset(instant)).unwrap(),
        format!(
            "+++\nid = \"{}\" # kept\nsend_at = 2027-01-02T03:04:05Z\ntitle = \"x\"\n+++\n",
            id()
        )
    );
}

#[test]
fn a_clock_time_is_written_as_one() {
    let local = WrittenInstant::parse("2026-12-01 09:00").unwrap();
    for (before, after) in [
        (
            "+++\ntitle = \"x\"\n+++\n",
            "+++\nsend_at = 2026-12-01T09:00:00\ntitle = \"x\"\n+++\n",
        ),
        (
            "---\ntitle: x\n---\n",
            "---\nsend_at: 2026-12-01T09:00:00\ntitle: x\n---\n",
        ),
    ] {
        let edited = set_send_at(&source(before), local).unwrap();
        assert_eq!(edited, after);
        assert_eq!(set_send_at(&source(&edited), local).unwrap(), after);
    }
}

#[test]
fn a_draft_is_made_and_unmade_and_all_else_stays() {
    for (before, after) in [
        (
            "+++\ntitle = \"x\"\ndraft = true\n+++\nT",
            "+++\ntitle = \"x\"\n+++\nT",
        ),
        (
            "+++\r\n  draft=true  \r\ntitle = \"x\"\r\n+++\r\n",
            "+++\r\ntitle = \"x\"\r\n+++\r\n",
        ),
        (
            "+++\ndraft = true # why\n+++\n",
            "+++\ndraft = false # why\n+++\n",
        ),
        (
            "+++\n\"draft\" = true\n+++\n",
            "+++\n\"draft\" = false\n+++\n",
        ),
        ("---\ntitle: x\ndraft: true\n---\n", "---\ntitle: x\n---\n"),
        ("+++\ntitle = \"x\"\n+++\n", "+++\ntitle = \"x\"\n+++\n"),
        ("+++\ndraft = false\n+++\n", "+++\ndraft = false\n+++\n"),
    ] {
        assert_eq!(set_draft(&source(before), false).unwrap(), after);
    }
    for (before, after) in [
        (
            "+++\ntitle = \"x\"\n+++\n",
            "+++\ndraft = true\ntitle = \"x\"\n+++\n",
        ),
        (
            "---\ndraft: false # why\n---\n",
            "---\ndraft: true # why\n---\n",
        ),
        (
            "+++\ndraft = true # why\n+++\n",
            "+++\ndraft = true # why\n+++\n",
        ),
        ("Text", "+++\ndraft = true\n+++\n\nText"),
    ] {
        assert_eq!(set_draft(&source(before), true).unwrap(), after);
    }
    let problem = set_draft(&source("---\n{title: x}\n---\n"), true).unwrap_err();
    assert!(problem.message().contains("cannot be written"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\+\\+\\+|---)\n([ -~é\u{7f}]{0,30}\n){0,6}(\\+\\+\\+|---)?\n?\\PC{0,20}") {
        let _ = parse_essay(&source(&text));
    }

    #[test]
    fn any_title_survives_writing_and_reading(title in "\\PC{1,60}") {
        proptest::prop_assume!(check_line(&title, 500).is_ok());
        let text = new_issue_text(&NewFrontMatter::new(id(), title.trim()), "x");
        proptest::prop_assert_eq!(parse(&text).essay.front.title.unwrap().value, title.trim());
    }
}

#[test]
fn hostile_front_matter_is_read_in_linear_time() {
    let units = [
        "[",
        "{",
        "a.",
        "\"",
        "'",
        "#",
        "- ",
        "? ",
        "&a ",
        "x = [\n",
        "title = 1\n",
        "= \n",
        "x: [\n",
        "a = 1\n[b]\n",
        "\r",
        "é",
    ];
    for unit in units {
        for fence in ["+++", "---"] {
            let text = format!("{fence}\n{}\n{fence}\n", unit.repeat(60_000 / unit.len()));
            let (_, took) = effort_of(|| parse_essay(&source(&text)));
            assert!(took.as_millis() < 3000, "{unit:?} in {fence}: {took:?}");
        }
    }
}
