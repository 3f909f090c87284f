//! What the channels promise together.

use super::pictures::Pictures;
use super::{RenderContext, RenderedEssay, render_essay};

mod agreement;
mod colours;
mod features;
mod flowed;
mod hostile;
mod layouts;
mod safety;
mod writing;

const CSS: &str = include_str!("../../templates/essay.css");
const PAGE: &str = "https://letters.example.org/issues/a/";

fn render(markdown: &str) -> RenderedEssay {
    in_context(|context| render_essay(markdown, context))
}

fn in_context<R>(work: impl FnOnce(&RenderContext<'_>) -> R) -> R {
    work(&RenderContext {
        issue_url: PAGE,
        id_prefix: "a-",
        essay_css: CSS,
        words: &crate::words::Words::default(),
        pictures: &Pictures::default(),
    })
}

/// The plain text without its last line feed, and without the spaces by which it flows.
fn text(markdown: &str) -> String {
    uncoded(&render(markdown).text)
}

fn uncoded(text: &str) -> String {
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let lines = text.lines().map(|line| {
        let line = line.strip_prefix(' ').unwrap_or(line);
        line.strip_suffix(' ').unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}
