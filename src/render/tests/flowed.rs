//! The plain text as a reader's program sees it that breaks its paragraphs anew. The decoder here
//! is written from RFC 3676 §4 and knows nothing of the writer.

use proptest::prelude::*;

use super::{agreement, render};

/// A line as it is shown: in how many quotes, and its text. Paragraphs are one line.
fn unflowed(text: &str, deletes_spaces: bool) -> Vec<(usize, String)> {
    let mut shown: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        // §4.5: quote marks first, §4.4: then one space of stuffing.
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        // §4.3: a signature's line is no flowed one.
        let is_signature = content == "-- ";
        match shown.last_mut() {
            // §4.1: joined to the line before; the space stays, unless DelSp is "yes".
            Some((last, text)) if goes_on && *last == depth && !is_signature => {
                if deletes_spaces {
                    text.pop();
                }
                text.push_str(content);
            }
            _ => shown.push((depth, content.to_owned())),
        }
        goes_on = content.ends_with(' ') && !is_signature;
    }
    shown
}

fn shown(markdown: &str) -> Vec<(usize, String)> {
    let rendered = render(markdown);
    unflowed(&rendered.text, rendered.deletes_spaces)
}

/// Lines outside quotes.
fn plain(lines: &[&str]) -> Vec<(usize, String)> {
    lines.iter().map(|line| (0, (*line).to_owned())).collect()
}

#[test]
fn a_paragraph_is_one_line_again() {
    let paragraph = "Some words of a paragraph -- with a dash and 日本 -- ".repeat(9);
    let one = format!("{} end.", paragraph.replace("--", "–"));
    let essay = format!("{paragraph} end.\n\n{paragraph} end.");
    let text = render(&essay).text;
    assert!(text.lines().count() > 10 && text.contains(" \n"));
    let one = one.replace("  ", " ");
    assert_eq!(shown(&essay), plain(&[&one, "", &one]));
}

#[test]
fn a_paragraph_in_quotes_is_one_line_again() {
    let words = "words and ".repeat(20) + "end";
    assert_eq!(
        shown(&format!("> {words}\n>\n> > {words}\n\nafter")),
        [
            (1, words.clone()),
            (1, String::new()),
            (2, words),
            (0, String::new()),
            (0, "after".to_owned())
        ]
    );
}

/// Written without spaces, such a paragraph has none at the joints, either.
#[test]
fn a_paragraph_of_chinese_or_japanese_is_one_line_again() {
    let paragraph = "一封信不是一則訊息，它會等你。".repeat(9)
        + "這是 English words 和更多的字。".repeat(5).as_str();
    let essay = format!("{paragraph}\n\n> {paragraph}");
    let rendered = render(&essay);
    assert!(rendered.deletes_spaces && rendered.text.lines().count() > 10);
    assert_eq!(
        shown(&essay),
        [
            (0, paragraph.clone()),
            (0, String::new()),
            (1, paragraph.clone())
        ]
    );
    assert!(!render("Short: 日本語。 And English around it.").deletes_spaces);
}

#[test]
fn what_has_a_form_keeps_it() {
    let item = "word ".repeat(20);
    let text = render(&format!(
        "- {item}\n\n```\nlet a;  \n    > b\n```\n\n|a|b|\n|-|-:|\n|x|1|\n\none\\\ntwo"
    ))
    .text;
    assert!(!text.contains(" \n"), "{text}");
    let shown = unflowed(&text, false);
    let lines: Vec<&str> = shown.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(lines[1], "  word word word word word word");
    let rest = [
        "    let a;",
        "        > b",
        "",
        "a  b",
        "-  -",
        "x  1",
        "",
        "one",
        "two",
    ];
    assert_eq!(lines[3..], rest);
}

#[test]
fn beginnings_that_mean_something_are_stuffed() {
    let text = render("From here\n\n\\> not a quote\n\nx From\\\nFrom there").text;
    assert_eq!(
        text,
        " From here\n\n > not a quote\n\nx From\n From there\n"
    );
    assert_eq!(
        unflowed(&text, false),
        plain(&["From here", "", "> not a quote", "", "x From", "From there"])
    );
}

#[test]
fn no_line_of_an_essay_looks_like_the_beginning_of_a_signature() {
    for essay in ["\\-- ", "\\--\n", "a\\\n\\--\\\nb", "`--` ", "\\-\\- b"] {
        for line in render(essay).text.lines() {
            assert_ne!(line, "-- ", "{essay}");
        }
    }
}

#[test]
fn a_long_address_has_a_line_of_its_own() {
    let url = format!("https://example.org/{}", "a/".repeat(60));
    let text = render(&format!("Some words before {url} and some after.")).text;
    assert!(text.lines().any(|line| line.trim_end() == url), "{text}");
    let whole = format!("Some words before {url} and some after.");
    assert_eq!(unflowed(&text, false), plain(&[&whole]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_space_is_added_or_lost_in_any_mixture_of_scripts(paragraph in "[a-z語信等、。ア]{1,30}( [a-z語信等、。ア]{1,30}){0,30}") {
        prop_assert_eq!(shown(&paragraph), [(0, paragraph)]);
    }

    #[test]
    fn what_is_shown_has_the_words_that_were_written(essay in agreement::essay(), paragraph in "[a-z]{1,9}( [a-z]{1,9}){20,60}") {
        let text = render(&format!("{paragraph}\n\n{essay}")).text;
        let shown = unflowed(&text, false);
        prop_assert_eq!(&shown[0], &(0, paragraph));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let marks = |text: &str| text.replace('>', " ");
        let lines: Vec<&str> = shown.iter().map(|(_, line)| line.as_str()).collect();
        prop_assert_eq!(words(&marks(&lines.join("\n"))), words(&marks(&text)));
        for line in text.lines() {
            prop_assert!(!line.ends_with("  "), "{:?}", line);
            prop_assert!(line.len() <= 998, "{:?}", line);
        }
    }
}
