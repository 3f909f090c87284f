//! Plain text -> Markdown, judged by an independent reader of the Markdown.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::effort::effort_of;
use crate::import::from_plain_text;

/// What a reader sees: the text of paragraphs and headings. Any other markup is a failure.
fn rendered(markdown: &str, options: Options) -> Result<String, String> {
    let mut out = String::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Paragraph) => {}
            Event::Start(Tag::Heading {
                id, classes, attrs, ..
            }) if id.is_none() && classes.is_empty() && attrs.is_empty() => {}
            Event::End(_) => out.push('\n'),
            Event::Text(text) => out.push_str(&text),
            other => return Err(format!("{other:?} in {markdown:?}")),
        }
    }
    Ok(out)
}

/// The words that must arrive: white space of all kinds divides them, and characters that XML
/// cannot carry are no part of them.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| {
            word.chars()
                .filter(|c| !c.is_control() && !matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'))
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

fn common_options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_SUPERSCRIPT
        | Options::ENABLE_SUBSCRIPT
        | Options::ENABLE_MATH
}

fn check_words(text: &str) -> Result<(), String> {
    let markdown = from_plain_text(text);
    for options in [Options::empty(), common_options(), Options::all()] {
        let seen = rendered(&markdown, options)?;
        if words(&seen) != words(text) {
            return Err(format!("{text:?} became {markdown:?}, shown as {seen:?}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_word_arrives_whatever_the_text(text in "\\PC{0,80}") {
        prop_assert_eq!(check_words(&text), Ok(()));
    }

    #[test]
    fn every_word_arrives_from_text_made_of_markup(
        text in "([-*_`~^$|<>\\[\\](){}#+.:;=!?\\\\&'\"/@,%0-9aB \u{a0}é…\n\t]|&amp;|<b>|http://|\\[x\\]|\\.\\.\\.|---|\\n1\\. |\\n- |: |\\{#id\\}){0,40}"
    ) {
        prop_assert_eq!(check_words(&text), Ok(()));
    }

    #[test]
    fn every_word_arrives_from_headings_above_prose(
        title in "[-*_`~^$|<>\\[\\]{}#+:;=!?\\\\&'\"A-C1 ]{1,20}",
        number in prop::option::of(0_u32..999),
    ) {
        let number = number.map(|n| format!("{n}. ")).unwrap_or_default();
        let text = format!("{number}{title}\nProse that is long enough to be prose for sure stands below.\n");
        prop_assert_eq!(check_words(&text), Ok(()));
    }

    #[test]
    fn every_word_arrives_from_any_characters(text in prop::collection::vec(any::<char>(), 0..60)) {
        let text: String = text.into_iter().collect();
        prop_assert_eq!(check_words(&text), Ok(()));
    }
}

#[test]
fn characters_that_would_be_markup_are_escaped_and_others_are_not() {
    for (text, markdown) in [
        (
            "plain, with (brackets) & dashes – — and “quotes” ;)) 🙂",
            "plain, with (brackets) & dashes – — and “quotes” ;)) 🙂",
        ),
        (
            "2 * 3 * 4 and snake_case_names",
            "2 * 3 * 4 and snake_case_names",
        ),
        ("*bold* _soft_ `code`", "\\*bold\\* \\_soft\\_ \\`code\\`"),
        ("one * star, one ~tilde, $5", "one * star, one ~tilde, $5"),
        ("$5 or $6, ~5 to ~6", "\\$5 or \\$6, \\~5 to \\~6"),
        (
            "AT&T, 1 < 2 <3, <b>, &amp; &CounterClockwiseContourIntegral;",
            "AT&T, 1 < 2 <3, \\<b>, \\&amp; \\&CounterClockwiseContourIntegral;",
        ),
        ("wait... and -- so", "wait\\... and \\-- so"),
        ("see [1] [^2] [a](b)", "see \\[1] \\[^2] \\[a](b)"),
        ("a [ alone", "a [ alone"),
        ("# no heading", "\\# no heading"),
        ("#hashtag", "#hashtag"),
        ("> no quotation", "\\> no quotation"),
        ("- no list", "\\- no list"),
        ("-5 degrees", "-5 degrees"),
        (
            "1984. A year, he said, and sighed.",
            "1984\\. A year, he said, and sighed.",
        ),
        ("C:\\dir\\_x", "C:\\dir\\\\_x"),
        (": no definition", "\\: no definition"),
        ("    no code", "no code"),
        (
            "https://example.org/a_b?x=1&y=2#z",
            "https://example.org/a_b?x=1&y=2#z",
        ),
        ("https://example.org/~a/", "https://example.org/~a/"),
        (
            "two\u{a0}\u{a0} spaces\u{202f}here\u{a0}",
            "two spaces here",
        ),
    ] {
        assert_eq!(from_plain_text(text), format!("{markdown}\n"));
        check_words(text).unwrap();
    }
}

#[test]
fn a_numbered_line_alone_above_prose_is_a_heading() {
    let text = "\
Before we start, a word.

1. What Is It For?
It is for reading, and for nothing else at all.

2.\u{a0} The parts we keep

They are few.

3. Costs
a. Ink: it is dear.
b. Paper: it is not.

3. What Is Left
Nothing.

4. Fruit
a. apples
";
    assert_eq!(
        from_plain_text(text),
        "\
Before we start, a word.

## 1. What Is It For?

It is for reading, and for nothing else at all.

## 2. The parts we keep

They are few.

## 3. Costs

a. Ink: it is dear.

b. Paper: it is not.

## 3. What Is Left

Nothing.

4\\. Fruit

a. apples
"
    );
}

#[test]
fn numbered_paragraphs_stay_paragraphs_with_their_numbers() {
    let text = "\
1. Turn it off: the bell rings all day, and nobody needs it.
That goes for the night too.

2. Look away: it helps.

3. Walk.
3. Run.

7. Fly

And that was all there is to say about it.
";
    let expected = "\
1\\. Turn it off: the bell rings all day, and nobody needs it.

That goes for the night too.

2\\. Look away: it helps.

3\\. Walk.

3\\. Run.

7\\. Fly

And that was all there is to say about it.
";
    assert_eq!(from_plain_text(text), expected);
    check_words(text).unwrap();
}

#[test]
fn lettered_points_keep_their_letters() {
    let text = "Three things:\na. Ink\nb. Paper:\u{a0} white\nd. Time\n";
    assert_eq!(
        from_plain_text(text),
        "Three things:\n\na. Ink\n\nb. Paper: white\n\nd. Time\n"
    );
}

#[test]
fn a_line_in_title_case_alone_above_prose_is_a_heading() {
    let prose = "Here the prose begins, and it goes on for more than eight words.";
    for (line, heading) in [
        ("Taking Charge of Your Bells", true),
        ("Trouble with Bells about to Ring", true),
        ("Conclusion", true),
        ("Why Not?", true),
        ("Photo by Somebody Else", false),
        ("By Nobody", false),
        ("Dear Reader,", false),
        ("Just a short line", false),
        ("It Ends Here.", false),
        ("Really?", false),
        ("Step 1 – Ask: do it now", false),
        ("12:30", false),
    ] {
        let markdown = from_plain_text(&format!("Some prose.\n\n{line}\n{prose}\n"));
        assert_eq!(
            markdown.contains(&format!("## {line}")),
            heading,
            "{markdown}"
        );
    }
    assert!(!from_plain_text(&format!("Some prose.\nIn The Middle\n{prose}")).contains("##"));
    assert!(!from_plain_text("Some prose.\n\nAt The End\n").contains("##"));
}

#[test]
fn wrapped_lines_are_joined_and_verse_is_not() {
    let wrapped = "\
Someone wrapped this paragraph by hand, as one does in plain mail, and
the lines of it are no paragraphs of their own at all, which we should
know before we set each of them apart, since it would look very silly.

A Short Heading
And here the next paragraph goes on, wrapped as well, down to the very
end of it.
";
    let markdown = from_plain_text(wrapped);
    assert_eq!(
        markdown.lines().filter(|line| !line.is_empty()).count(),
        3,
        "{markdown}"
    );
    assert!(
        markdown.contains("\n\n## A Short Heading\n\n"),
        "{markdown}"
    );
    check_words(wrapped).unwrap();

    let verse = "The postman comes at ten,\nhe brings the news again,\nand in between the lines, I know, the world is read by everyone below,\nand then\nhe leaves.\n";
    assert_eq!(from_plain_text(verse).matches("\n\n").count(), 4);
}

#[test]
fn line_ends_and_marks_of_every_system_are_understood() {
    for text in [
        "\u{feff}One.\r\n\r\nTwo.\r\n",
        "One.\rTwo.\r",
        "One.\u{2028}Two.\u{c}",
        "One.\n\n\n\n\u{a0}\nTwo.",
    ] {
        assert_eq!(from_plain_text(text), "One.\n\nTwo.\n");
    }
    assert_eq!(from_plain_text(" \n\u{a0}\n"), "");
    assert_eq!(from_plain_text("a\0b\u{1b}[2J"), "ab[2J\n");
}

#[test]
fn hostile_text_takes_linear_time() {
    for unit in [
        "[", "]", "*", "`", ">", "\\", "&", "<", "_", "~", "$", "1. ", "1.\n", "A\n\n", "A b\n",
        "- ", "\r", "{", "...", "a.",
    ] {
        let text = unit.repeat(100_000 / unit.len());
        let (markdown, took) = effort_of(|| from_plain_text(&text));
        assert!(took.as_millis() < 1500, "{unit:?}: {took:?}");
        assert_eq!(markdown.is_empty(), unit == "\r");
    }
}
