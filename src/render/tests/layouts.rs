//! The built-in layouts of the mail.

use std::collections::{BTreeMap, BTreeSet};

use crate::render::layout::{IssueView, Layouts, MailLayout, PublicationView};
use crate::words::{OwnWords, Words, direction};

fn publication() -> PublicationView {
    PublicationView {
        title: "The Slow Post".to_owned(),
        author: "Ada Example".to_owned(),
        description: "Essays on letters".to_owned(),
        base_url: "https://letters.example.org/".to_owned(),
        language: "en".to_owned(),
        postal_address: "12 Mill Lane, Example Town".to_owned(),
        reply_to: "ada@example.org".to_owned(),
    }
}

fn issue() -> IssueView {
    IssueView {
        title: "Ink & <paper>".to_owned(),
        summary: "What both cost.".to_owned(),
        opening: String::new(),
        url: "https://letters.example.org/issues/a/".to_owned(),
        date: "2026-12-01".to_owned(),
        updated: String::new(),
        author: "Ada Example".to_owned(),
        language: "en-GB".to_owned(),
        tags: Vec::new(),
    }
}

fn mail(name: &str, publication: &PublicationView, issue: &IssueView) -> String {
    let layouts = Layouts::new(&BTreeMap::new()).unwrap();
    let mut context = tera::Context::new();
    context.insert("publication", publication);
    context.insert("issue", issue);
    let words = Words::of(&issue.language, &OwnWords::default());
    context.insert("words", &words);
    context.insert("direction", direction(&issue.language));
    context.insert("unsubscribe_url", "https://letters.example.org/u?a=1&b=2");
    let subscriber = BTreeMap::from([("email", "reader@example.com"), ("name", "")]);
    context.insert("subscriber", &subscriber);
    let around = layouts.mail().unwrap().render(name, &mut context).unwrap();
    assert!(around.before.ends_with('\n'));
    format!("{}ESSAY\n{}", around.before, around.after)
}

#[test]
fn the_text_layout_reads_as_a_letter() {
    assert_eq!(
        mail(MailLayout::TEXT, &publication(), &issue()),
        "What both cost.\n\
         \n\
         The Slow Post\n\
         1 December 2026\n\
         \n\
         Ink & <paper>\n\
         =============\n\
         \n\
         ESSAY\n\
         \n\
         -- \n\
         The Slow Post, by Ada Example\n\
         To answer, reply to this mail.\n\
         \n\
         Read on the web:\n\
         https://letters.example.org/issues/a/\n\
         \n\
         Unsubscribe (reader@example.com):\n\
         https://letters.example.org/u?a=1&b=2\n\
         \n\
         12 Mill Lane, Example Town\n"
    );
}

#[test]
fn what_is_empty_leaves_no_trace_in_the_text_layout() {
    let publication = PublicationView {
        postal_address: String::new(),
        reply_to: String::new(),
        ..publication()
    };
    let issue = IssueView {
        summary: String::new(),
        opening: String::new(),
        author: String::new(),
        ..issue()
    };
    let text = mail(MailLayout::TEXT, &publication, &issue);
    assert!(
        text.starts_with("The Slow Post\n1 December 2026\n\nInk"),
        "{text}"
    );
    assert!(
        text.contains("\n-- \nThe Slow Post\n\nRead on the web:\n"),
        "{text}"
    );
    assert!(
        text.ends_with("\nhttps://letters.example.org/u?a=1&b=2\n"),
        "{text}"
    );
}

#[test]
fn the_html_layout_escapes_values_and_begins_with_the_summary() {
    let html = mail(MailLayout::HTML, &publication(), &issue());
    assert!(
        html.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\" dir=\"ltr\">\n"),
        "{html}"
    );
    assert!(html.contains("Ink &amp; &lt;paper&gt;</h1>"));
    assert!(html.contains("href=\"https://letters.example.org/u?a=1&amp;b=2\""));
    let body = html.split_once("<body").unwrap().1;
    let (summary, title) = (body.find("What both cost."), body.find("The Slow Post"));
    assert!(summary.is_some() && summary < title);
    assert!(html.len() < 6_000, "{} bytes beside the essay", html.len());
}

#[test]
fn a_language_that_is_written_leftward_turns_the_html_layout() {
    let issue = IssueView {
        language: "he".to_owned(),
        ..issue()
    };
    let html = mail(MailLayout::HTML, &publication(), &issue);
    assert!(html.contains("lang=\"he\" dir=\"rtl\"") && html.contains("text-align:right"));
}

#[test]
fn the_layouts_need_of_a_reader_only_the_address() {
    let layouts = Layouts::new(&BTreeMap::new()).unwrap();
    let expected = BTreeSet::from(["email".to_owned()]);
    assert_eq!(layouts.subscriber_fields(), Some(expected));
}
