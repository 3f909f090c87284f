//! What the channels promise together.

use std::time::{Duration, Instant};

use super::{RenderContext, RenderedEssay, render_essay};

const CSS: &str = include_str!("../../templates/essay.css");

fn render(markdown: &str) -> RenderedEssay {
    let context = RenderContext {
        issue_url: "https://letters.example.org/issues/a/",
        id_prefix: "a-",
        essay_css: CSS,
    };
    render_essay(markdown, &context)
}

mod hostile {
    use super::*;

    #[test]
    fn hostile_text_takes_linear_time() {
        let many = 100_000;
        let mut essays: Vec<(String, String)> = [
            "[",
            "]",
            "*",
            "_",
            "`",
            ">",
            "> ",
            "~",
            "^",
            "<",
            "&",
            "!",
            "![",
            "[^",
            "#",
            "# ",
            "|",
            "| ",
            "$",
            "{",
            "\\",
            "'",
            "\"",
            "- ",
            "1. ",
            ": ",
            "* a\n",
            "a\n",
            "a\n\n",
            "<b>",
            "<div>",
            "<div>\n",
            "<script>",
            "</script>",
            "<!--",
            "<a href=x>",
            "[a](",
            "[a](b)",
            "**a",
            "a**",
            "*a_",
            "a_b*",
            "www.",
            "https://",
            "x^2^",
            "[^a]",
            "\n>",
            "\n- ",
            "-\n",
            "| a |\n",
            "a | b\n-|-\n",
            "&#8;",
            "\u{0}",
            "x",
            "é",
            "日",
            "— ",
            "- - ",
            "<b ",
            "<p>",
            "<li>",
            "<table>",
            "<td>",
            "a: b\n: c\n\n",
            "`` ` ",
            "\t",
            "[a]: b\n",
            "[a]\n\n",
            "{#a}\n",
            "# a\n",
            "<kbd>a</kbd>",
            "![a](b)",
        ]
        .iter()
        .map(|piece| {
            (
                (*piece).to_owned(),
                piece.repeat(many / piece.len().min(many)),
            )
        })
        .collect();
        essays.push((
            "footnotes".into(),
            format!("{}\n\n[^a]: b\n", "a[^a] ".repeat(many / 6)),
        ));
        essays.push(("definitions".into(), "[^a]: b\n".repeat(many / 8) + "[^a]"));
        essays.push((
            "nested list".into(),
            (0..400)
                .map(|n| format!("{}- a\n", "  ".repeat(n)))
                .collect(),
        ));
        essays.push((
            "nested strong".into(),
            "**a ".repeat(many / 8) + &" a**".repeat(many / 8),
        ));
        essays.push((
            "nested links".into(),
            "[a".repeat(many / 8) + &"](b)".repeat(many / 8),
        ));
        let mut slow = Vec::new();
        for (name, essay) in &essays {
            let start = Instant::now();
            render(essay);
            let took = start.elapsed();
            if took > Duration::from_millis(500) {
                slow.push(format!("{name:?} {took:?}"));
            }
        }
        assert!(slow.is_empty(), "{slow:#?}");
    }
}
