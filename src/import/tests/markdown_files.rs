//! Markdown files from elsewhere.

use jiff::civil::{Date, date};

use crate::diagnostic::{Diagnostic, SourceText};
use crate::import::{ImportPlan, TakenNames, from_markdown_file};
use crate::issue::{DatingRules, Slug};

const ID: &str = "aeaqcaibaeaqcaibaeaqcaibae";

fn import(stem: &str, text: &str, first: Option<Date>) -> Result<ImportPlan, Vec<Diagnostic>> {
    let rules = DatingRules {
        zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        send_time: jiff::civil::time(9, 0, 0, 0),
    };
    let mut names = TakenNames::new([Slug::from_title("taken")], []);
    let source = SourceText::new(format!("old/{stem}.md"), text);
    from_markdown_file(&source, stem, first, &rules, &mut names, &mut || [1; 16])
}

fn file(stem: &str, text: &str) -> (String, String) {
    let issue = import(stem, text, Some(date(2026, 12, 1)))
        .unwrap()
        .issues
        .remove(0);
    (issue.file_name, issue.text)
}

#[test]
fn a_file_of_ours_only_gets_an_id() {
    let (name, text) = file(
        "2026-05-06-Why",
        "+++\r\ntitle = 'Why'  # note\r\ntags = ['a']\r\n+++\r\nText.\r\n",
    );
    assert_eq!(name, "2026-05-06-why.md");
    assert_eq!(
        text,
        format!(
            "+++\r\nid = \"{ID}\"\r\ntitle = 'Why'  # note\r\ntags = ['a']\r\n+++\r\nText.\r\n"
        )
    );
    let (_, text) = file("why", "---\ntitle: Why\n---\nText.\n");
    assert_eq!(text, format!("---\nid: \"{ID}\"\ntitle: Why\n---\nText.\n"));
}

#[test]
fn markdown_alone_gets_front_matter() {
    let (name, text) = file("notes", "# Why Write\n\nText.\n");
    assert_eq!(name, "2026-12-01-notes.md");
    assert_eq!(
        text,
        format!("+++\nid = \"{ID}\"\n+++\n\n# Why Write\n\nText.\n")
    );
}

#[test]
fn an_id_that_is_there_is_kept() {
    let text = "+++\nid = \"aqcaibaeaqcaibaeaqcaibaeaq\"\ntitle = \"x\"\n+++\n";
    assert_eq!(file("x", text).1, text);
}

#[test]
fn front_matter_of_another_program_is_written_anew() {
    let (name, text) = file(
        "2021-03-04-why-write",
        "\
---
layout: post
title: \"Why: \\\"write\\\"\"
date: 2021-03-05 23:30:00 -0500
guid: https://old.example.org/?p=12
description: A reason
categories: [craft, ink]
author:
  name: Nobody
  url: /nobody
permalink: /2021/why
---
# Why write

Text with *stars*.
",
    );
    assert_eq!(name, "2021-03-06-why-write.md");
    assert_eq!(
        text,
        format!(
            "\
+++
id = \"{ID}\"
title = 'Why: \"write\"'
summary = \"A reason\"
send_at = 2021-03-06T04:30:00Z
tags = [\"craft\", \"ink\"]
feed_id = \"https://old.example.org/?p=12\"
# kept from `old/2021-03-04-why-write.md`:
# layout: post
# author:
#   name: Nobody
#   url: /nobody
# permalink: /2021/why
+++

# Why write

Text with *stars*.
"
        )
    );
}

#[test]
fn unused_keys_are_named_in_one_warning() {
    let plan = import(
        "x",
        "---\ntitle: t\nlayout: post\nmath: true\n---\n",
        Some(date(2026, 1, 2)),
    )
    .unwrap();
    assert_eq!(plan.warnings.len(), 1);
    assert_eq!(
        plan.warnings[0].message(),
        "`old/x.md` has keys that Postrider does not use: `layout`, `math`"
    );
}

#[test]
fn a_foreign_id_stays_the_entrys_id_in_feeds() {
    for id in ["id: 4711", "id: old-id", "guid: old-id"] {
        let (_, text) = file("x", &format!("---\ntitle: t\n{id}\n---\n"));
        let old = id.split(": ").nth(1).unwrap();
        assert!(text.contains(&format!("feed_id = \"{old}\"")), "{text}");
        assert!(text.contains(ID));
    }
}

#[test]
fn toml_of_another_program_is_understood_too() {
    let (name, text) = file(
        "why",
        "+++\ntitle = \"Why\"\ndate = 2021-03-05T00:00:00Z\nslug = \"/2021/Über Uns/\"\n[params]\na = 1\n+++\nText\n",
    );
    assert_eq!(name, "2021-03-05-uber-uns.md");
    assert_eq!(
        text,
        format!(
            "+++\nid = \"{ID}\"\ntitle = \"Why\"\nslug = \"uber-uns\"\n# kept from `old/why.md`:\n# [params]\n# a = 1\n+++\n\nText\n"
        )
    );
}

#[test]
fn a_heading_that_becomes_the_title_is_not_shown_twice() {
    let (_, text) = file("x", "---\nlayout: post\n---\n# Why *write*\n\nText.\n");
    assert!(
        text.contains("title = \"Why write\"") && text.ends_with("+++\n\nText.\n"),
        "{text}"
    );
}

#[test]
fn names_that_are_taken_get_a_number_or_an_error() {
    let plan = import("taken", "# t\n", Some(date(2026, 1, 2))).unwrap();
    assert_eq!(plan.issues[0].file_name, "2026-01-02-taken-2.md");
    assert_eq!(plan.warnings.len(), 1);
    let problems = import(
        "x",
        "+++\ntitle = \"t\"\nslug = \"taken\"\n+++\n",
        Some(date(2026, 1, 2)),
    )
    .unwrap_err();
    assert_eq!(problems[0].message(), "the slug `taken` is taken");
}

#[test]
fn what_is_missing_is_said() {
    for (text, first, message) in [
        ("Text.\n", Some(date(2026, 1, 2)), "`old/x.md` has no title"),
        ("# t\n", None, "`old/x.md` has no date"),
        ("---\ntitle: [a]\n---\n", None, "`title` takes text"),
        (
            "+++\ntitle = \n+++\n",
            None,
            "the front matter is not TOML: string values must be quoted, expected literal string",
        ),
    ] {
        let problems = import("x", text, first).unwrap_err();
        assert_eq!(problems[0].message(), message);
    }
}

proptest::proptest! {
    #[test]
    fn no_file_makes_the_import_panic(
        front in "([a-z_]{1,8}: [ -~é]{0,12}\n|(id|slug|date|guid|author|aliases|tags|title): ?[ -~é\n]{0,12}\n){0,5}",
        body in "(# )?\\PC{0,40}",
    ) {
        let first = Some(date(2026, 1, 2));
        let _ = import("x", &format!("---\n{front}---\n{body}"), first);
    }
}
