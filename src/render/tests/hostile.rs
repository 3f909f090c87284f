//! Text made to be slow, or to overflow the stack.

use std::fmt::Write as _;
use std::time::Duration;

use super::render;
use crate::effort::effort_of;

/// Quadratic work on so many bytes takes minutes in a debug build; linear work, under a second.
const BYTES: usize = 30_000;
const LIMIT: Duration = Duration::from_secs(3);

fn find_slow(essays: impl IntoIterator<Item = (String, String)>) {
    let mut slow = String::new();
    for (name, essay) in essays {
        let ((), took) = effort_of(|| drop(render(&essay)));
        if took > LIMIT {
            let _ = writeln!(slow, "{name:?} took {took:?}");
        }
    }
    assert!(slow.is_empty(), "{slow}");
}

fn repeat(pieces: &[&str]) {
    find_slow(pieces.iter().map(|piece| {
        let essay = piece.repeat(BYTES / piece.len());
        ((*piece).to_owned(), essay)
    }));
}

#[test]
fn repeated_marks_take_linear_time() {
    repeat(&[
        "[", "]", "*", "_", "`", ">", "> ", "~", "^", "<", "&", "!", "![", "[^", "#", "# ", "|",
        "$", "{", "\\", "'", "\"", "- ", "1. ", ": ", "- - ", "\t", "\0", "é", "日", "— ", "`` ` ",
    ]);
}

#[test]
fn repeated_spans_and_links_take_linear_time() {
    repeat(&[
        "**a",
        "a**",
        "*a_",
        "a_b*",
        "[a](",
        "[a](b)",
        "![a](b)",
        "[^a]",
        "www.",
        "https://",
        "https://,",
        "x^2^",
        "a~2~",
        "\\^",
        "&#8;",
    ]);
}

#[test]
fn repeated_blocks_take_linear_time() {
    repeat(&[
        "a\n",
        "a\n\n",
        "* a\n",
        "-\n",
        "\n- ",
        "\n>",
        "| a |\n",
        "a | b\n-|-\n",
        "a: b\n: c\n\n",
        "[a]: b\n",
        "[a]\n\n",
        "{#a}\n",
        "# a\n",
        "[^a]: b\n",
    ]);
}

#[test]
fn repeated_html_takes_linear_time() {
    repeat(&[
        "<b>",
        "<b ",
        "<div>",
        "<div>\n",
        "<p>",
        "<li>",
        "<table>",
        "<td>",
        "<rt>",
        "<dt><b>",
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "<a href=x>",
        "<kbd>a</kbd>",
        "<div><li>",
    ]);
}

#[test]
fn repeated_elements_with_stand_ins_take_linear_time() {
    repeat(&[
        "<video>",
        "<video src=a>b</video>",
        "<svg><title>a</title></svg>",
        "<svg><title",
        "</svg ",
        "<math></math",
        "<canvas><noscript>",
        "<object><svg></object>",
        "'a ",
        " 'a",
        "語\n",
    ]);
    let many = BYTES / 70;
    let nested = "<canvas><noscript><object><video>".repeat(many);
    let closed = "</video></object></noscript></canvas>".repeat(many);
    find_slow([
        ("nested".to_owned(), format!("<div>{nested}{closed}")),
        (
            "ends without an end".to_owned(),
            format!("<div><svg>{}", "</svg ".repeat(BYTES / 6)),
        ),
        (
            "tags without an end".to_owned(),
            format!("<div><svg>{}</svg>", "<a ".repeat(BYTES / 3)),
        ),
    ]);
}

#[test]
fn repeated_marks_of_the_author_take_linear_time() {
    repeat(&[
        "<!-- only mail -->\n",
        "<!-- end only -->\n",
        "<!-- only web -->\n\na[^a]\n\n<!-- end only -->\n\n",
        "<!-- more -->\n\n",
        "a <!-- more --> ",
        "> <!-- only mail -->\n\n",
        "- <!-- only web -->\n",
    ]);
}

#[test]
fn repeated_code_pictures_and_films_take_linear_time() {
    repeat(&[
        "```rust\nfn a(b: &str) { c(\"d\") }\n```\n",
        "```html\n<a href='b'><script>c\n```\n",
        "```markdown\n**a *b `c` [d](e\n```\n",
        "![a](b \"c\")\n\n",
        "![a](https://youtu.be/b)\n",
        "https://youtu.be/b\n\n",
        "> [!NOTE]\n> a\n\n",
    ]);
    find_slow([
        (
            "title".to_owned(),
            format!("![a](b \"{}\")", "c' ".repeat(BYTES / 3)),
        ),
        (
            "open code".to_owned(),
            format!("```js\n{}", "a(`${".repeat(BYTES / 5)),
        ),
        (
            "lines of code".to_owned(),
            format!("```php\n{}", "<?php $a(\"{$b}\n".repeat(BYTES / 16)),
        ),
    ]);
}

#[test]
fn deep_nesting_takes_linear_time_and_little_stack() {
    let many = BYTES / 8;
    let mut list = String::new();
    for depth in 0..300 {
        let _ = writeln!(list, "{}- a", "  ".repeat(depth));
    }
    find_slow(
        [
            ("lists", list),
            ("quotes", format!("{} a", ">".repeat(many))),
            ("strong", "**a ".repeat(many) + &" a**".repeat(many)),
            ("links", "[a".repeat(many) + &"](b)".repeat(many)),
            (
                "html",
                "<div><b>".repeat(many) + "a" + &"</b></div>".repeat(many),
            ),
            ("references", "a[^a] ".repeat(many) + "\n\n[^a]: b\n"),
        ]
        .map(|(name, essay)| (name.to_owned(), essay)),
    );
}

#[test]
fn what_is_nested_too_deep_keeps_its_words() {
    let essay = format!("{} deep\n", "> ".repeat(60));
    let rendered = render(&essay);
    assert!(rendered.text.contains("deep") && rendered.email_html.contains("deep"));
    let html = format!("{}deep{}", "<div>".repeat(500), "</div>".repeat(500));
    let rendered = render(&html);
    assert!(rendered.text.contains("deep") && rendered.feed_html.contains("deep"));
    assert_eq!(rendered.feed_html.matches("<div>").count(), 200);
}
