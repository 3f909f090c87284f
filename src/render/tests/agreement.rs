//! The channels say the same words in the same order.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{in_context, render};
use crate::render::raw_html::{Token, decode_entities, tokens};
use crate::render::render_for_feeds;

/// Words that occur in no address, tag or label of ours.
const WORDS: &[&str] = &[
    "almond", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet", "juniper",
];

/// Words of parts for mail and for the web.
const ONLY_MAIL: &str = "kelp";
const ONLY_WEB: &str = "lagoon";

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
        1 => (word(), words()).prop_map(|(w, t)| format!("![{w}](fold.png \"{t}\")")),
        1 => words().prop_map(|t| format!("![{t}](https://youtu.be/x)")),
        1 => words().prop_map(|t| format!("```rust\nlet {t} = \"{t}\"; // {t}\n```")),
        1 => words().prop_map(|t| format!("- [x] {t}\n- [ ] *{t}*")),
        1 => words().prop_map(|t| format!("# {t}\n\n# {t}\n\n[{t}](#{})", t.replace(' ', "-"))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|b| indent(&b, "> ", "> ")),
            inner
                .clone()
                .prop_map(|b| indent(&format!("[!TIP]\n\n{b}"), "> ", "> ")),
            (inner.clone(), audience()).prop_map(|(b, only)| part(&b, only)),
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

/// For whom a part is, and a word that stands in no other.
fn audience() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![("mail", ONLY_MAIL), ("web", ONLY_WEB)])
}

/// A part for one audience. One inside another would be for everybody, so that marks are left out
/// of what it holds.
fn part(block: &str, (audience, word): (&str, &str)) -> String {
    let block = if block.contains("<!--") { word } else { block };
    format!("<!-- only {audience} -->\n\n{word}\n\n{block}\n\n{word}\n\n<!-- end only -->")
}

pub(super) fn essay() -> impl Strategy<Value = String> {
    (prop::collection::vec(block(), 1..6), inline())
        .prop_map(|(blocks, note)| format!("{}\n\n[^n]: {note}\n", blocks.join("\n\n")))
}

/// Markup that would run code somewhere, whole and in pieces, among Markdown.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<script>",
        "</script>",
        "<SCRIPT src=//x>",
        "<img src=x onerror=alert(1)>",
        "<a href=\"javascript:x\">",
        "<a href='java\tscript:x' oNcLiCk=x>",
        "</a>",
        "<svg onload=x>",
        "<iframe src=javascript:x>",
        "<b ",
        "\"",
        "'",
        ">",
        "<",
        "](javascript:x)",
        "[a](java&Tab;script:x)",
        "![a](javascript:x \"t\")",
        "<javascript:x>",
        "`",
        "```html\n",
        "<!-- only mail -->",
        "<!-- only web -->",
        "<!-- end only -->",
        "<!-- more -->",
        "<!--",
        "-->",
        "\n\n",
        "\n",
        "> ",
        "- ",
        "<style>",
        "<div style=\"background:url(javascript:x)\">",
        "onclick=x",
        "&lt;script>",
        "<form action=javascript:x>",
        "word",
        "<math><mtext><table><mglyph><style><img src=x onerror=x>",
        "<noscript>",
        "<textarea>",
        "<xmp>",
        "<title>",
    ]);
    prop::collection::vec(pieces, 1..24).prop_map(|pieces| pieces.concat())
}

/// The words of [`WORDS`] in a text, in order.
fn known(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| WORDS.contains(word) || [ONLY_MAIL, ONLY_WEB].contains(word))
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
        let (web, mail) = (known(&seen(&rendered.web_html)), known(&seen(&rendered.email_html)));
        prop_assert_eq!(&known(&seen(&rendered.feed_html)), &web);
        prop_assert_eq!(&known(&rendered.text), &mail);
        let count = |words: &[String], word: &str| words.iter().filter(|one| *one == word).count();
        prop_assert_eq!(count(&web, ONLY_MAIL), 0);
        prop_assert_eq!(count(&mail, ONLY_WEB), 0);
        if !essay.contains("<!-- only") {
            prop_assert_eq!(&web, &mail);
        }
    }

    #[test]
    fn an_essay_for_feeds_alone_is_the_same_to_the_byte(essay in essay()) {
        let alone = in_context(|context| render_for_feeds(&essay, context));
        prop_assert_eq!(alone, render(&essay).feed_html);
    }

    #[test]
    fn no_part_of_an_essay_is_lost(essay in essay()) {
        let rendered = render(&essay);
        let written = known(&essay);
        let written = |word: &str| written.iter().filter(|one| *one == word).count();
        let shown = |html: &str, word: &str| known(&seen(html)).iter().filter(|one| *one == word).count();
        prop_assert_eq!(shown(&rendered.web_html, ONLY_WEB), written(ONLY_WEB));
        prop_assert_eq!(shown(&rendered.email_html, ONLY_MAIL), written(ONLY_MAIL));
    }

    #[test]
    fn an_excerpt_is_the_beginning_of_the_whole(begin in block(), rest in essay()) {
        let rendered = render(&format!("{begin}\n\n<!-- more -->\n\n{rest}"));
        let excerpt = rendered.excerpt.as_ref().unwrap();
        let body = |text: &str| text.split("____________").next().unwrap_or_default().to_owned();
        let (whole, part) = (known(&body(&rendered.text)), known(&body(&excerpt.text.text)));
        prop_assert!(whole.starts_with(&part), "{:?} of {:?}", part, whole);
        prop_assert_eq!(known(&seen(&excerpt.email_html)), known(&excerpt.text.text));
    }

    #[test]
    fn every_id_stands_once(essay in essay()) {
        let rendered = render(&essay);
        for html in [&rendered.web_html, &rendered.email_html, &rendered.feed_html] {
            let ids: Vec<String> = tokens(html)
                .into_iter()
                .filter_map(|token| match token {
                    Token::Tag(tag) => tag.attribute("id"),
                    Token::Text(_) => None,
                })
                .collect();
            let unique: HashSet<&String> = ids.iter().collect();
            prop_assert_eq!(unique.len(), ids.len(), "{:?}", ids);
        }
    }

    #[test]
    fn nothing_runs_in_mail_or_feeds(essay in hostile()) {
        let rendered = render(&essay);
        let excerpt = rendered.excerpt.map(|excerpt| excerpt.email_html).unwrap_or_default();
        for html in [&rendered.email_html, &rendered.feed_html, &excerpt] {
            prop_assert!(!html.to_lowercase().contains("<script"), "{}", html);
            for token in tokens(html) {
                let Token::Tag(tag) = token else { continue };
                prop_assert!(!["script", "iframe", "object", "embed", "form"].contains(&tag.name.as_str()));
                for attribute in tag.attributes() {
                    prop_assert!(!attribute.name.to_lowercase().starts_with("on"), "{}", tag.source);
                    let value = decode_entities(attribute.value).to_lowercase();
                    let value: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
                    prop_assert!(!value.contains("javascript:"), "{}", tag.source);
                }
            }
        }
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
