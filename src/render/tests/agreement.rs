//! The channels say the same words in the same order.

use proptest::prelude::*;

use super::render;
use crate::render::raw_html::{Token, decode_entities, tokens};

/// Words that occur in no address, tag or label of ours.
const WORDS: &[&str] = &[
    "almond", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet", "juniper",
];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..12).prop_map(|words| words.join(" "))
}

fn inline() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => words(),
        1 => word().prop_map(|w| format!("`{w}`")),
        1 => word().prop_map(|w| format!("![{w}](https://pictures.example/p.png)")),
        1 => Just("https://bare.example/x_y--z".to_owned()),
        1 => Just("<mailto:b@mail.example>".to_owned()),
        1 => word().prop_map(|w| format!("{w}[^n]")),
        1 => word().prop_map(|w| format!("x^2^ {w}~1~ $a*b*c$ \"{w}\" -- {w}...")),
        1 => word().prop_map(|w| format!("z <b>{w}</b><br>{w} &amp; &eacute;{w}")),
        1 => word().prop_map(|w| format!("{w}  \n{w}\n{w}")),
        1 => word().prop_map(|w| format!("z <script>{w}</script>")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|i| format!("*{i}*")),
            inner.clone().prop_map(|i| format!("**{i}**")),
            inner.clone().prop_map(|i| format!("z ~~{i}~~")),
            words().prop_map(|w| format!("[*{w}*](https://link.example/y)")),
            words().prop_map(|w| format!("[{w}](javascript:x)")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{a} {b}")),
        ]
    })
}

fn indent(text: &str, first: &str, others: &str) -> String {
    let indented = text.replace('\n', &format!("\n{others}"));
    format!("{first}{indented}")
}

fn block() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => inline(),
        1 => (1..7_usize, words()).prop_map(|(level, t)| format!("{} {t}", "#".repeat(level))),
        1 => words().prop_map(|t| format!("```text\n{t}\n\n  {t}\n```")),
        1 => (word(), word()).prop_map(|(a, b)| format!("| {a} | {b} |\n|--|-:|\n| {b} | *{a}* |")),
        1 => (words(), words()).prop_map(|(a, b)| format!("{a}\n\n: {b}\n: {a}")),
        1 => words().prop_map(|t| format!("<div class=\"x\"><p>{t} <em>{t}</em></p><ul><li>{t}</ul></div>")),
        1 => Just("***".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|b| indent(&b, "> ", "> ")),
            inner
                .clone()
                .prop_map(|b| indent(&format!("[!TIP]\n\n{b}"), "> ", "> ")),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|items| items
                .iter()
                .map(|item| indent(item, "- ", "  "))
                .collect::<Vec<_>>()
                .join("\n")),
            prop::collection::vec(inner, 1..3).prop_map(|items| items
                .iter()
                .map(|item| indent(item, "7. ", "   "))
                .collect::<Vec<_>>()
                .join("\n\n")),
        ]
    })
}

pub(super) fn essay() -> impl Strategy<Value = String> {
    (prop::collection::vec(block(), 1..6), inline())
        .prop_map(|(blocks, note)| format!("{}\n\n[^n]: {note}\n", blocks.join("\n\n")))
}

/// The words of [`WORDS`] in a text, in order.
fn known(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| WORDS.contains(word))
        .map(str::to_owned)
        .collect()
}

/// What a reader of HTML sees, images by their descriptions.
fn seen(html: &str) -> String {
    let mut seen = String::new();
    for token in tokens(html) {
        match token {
            Token::Text(text) => seen.push_str(&decode_entities(text)),
            Token::Tag(tag) => {
                seen.push(' ');
                seen.push_str(&tag.attribute("alt").unwrap_or_default());
            }
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_channel_says_the_same_words_in_the_same_order(essay in essay()) {
        let rendered = render(&essay);
        let words = known(&seen(&rendered.web_html));
        prop_assert_eq!(&known(&seen(&rendered.email_html)), &words);
        prop_assert_eq!(&known(&seen(&rendered.feed_html)), &words);
        prop_assert_eq!(&known(&rendered.text), &words);
    }

    #[test]
    fn plain_text_is_tidy(essay in essay()) {
        let text = render(&essay).text;
        prop_assert!(text.ends_with('\n') && !text.ends_with("\n\n") || text == "\n");
        for line in text.lines() {
            prop_assert!(!line.ends_with("  "), "{:?} in\n{}", line, text);
        }
        prop_assert!(!text.contains("\n\n\n"), "{}", text);
        for leftover in ["](", "[^", "```", "&amp;", "<b>", "<div"] {
            prop_assert!(!text.contains(leftover), "{} in\n{}", leftover, text);
        }
    }

    #[test]
    fn any_text_renders(essay in "(?s).{0,200}") {
        let rendered = render(&essay);
        prop_assert!(rendered.email_html.ends_with('\n') && rendered.text.ends_with('\n'));
        prop_assert!(rendered.opening.chars().count() <= 200);
    }

    #[test]
    fn any_markup_renders(essay in r#"([\[\]()*_`>#|~^$<&!:"'\\a \n-]|<b>|<a href=|https://|\[\^a\]|é|日){0,120}"#) {
        render(&essay);
    }

    #[test]
    fn feeds_hold_absolute_addresses_only(essay in essay()) {
        let html = render(&essay).feed_html;
        for token in tokens(&html) {
            let Token::Tag(tag) = token else { continue };
            for name in ["href", "src"] {
                if let Some(address) = tag.attribute(name) {
                    prop_assert!(address.starts_with("https://") || address.starts_with("mailto:"), "{}", address);
                }
            }
            prop_assert!(tag.attribute("class").is_none() && tag.attribute("style").is_none());
            prop_assert!(tag.attribute("id").is_none_or(|id| id.starts_with("a-")));
        }
    }
}
