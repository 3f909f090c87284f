//! What the channels promise together.

use super::pictures::Pictures;
use super::{RenderContext, RenderedEssay, render_essay};

mod agreement;
mod colours;
mod features;
mod hostile;
mod layouts;
mod safety;
mod writing;

const CSS: &str = include_str!("../../templates/essay.css");
const PAGE: &str = "https://letters.example.org/issues/a/";

fn render(markdown: &str) -> RenderedEssay {
    let context = RenderContext {
        issue_url: PAGE,
        id_prefix: "a-",
        essay_css: CSS,
        words: &crate::words::Words::default(),
        pictures: &Pictures::default(),
    };
    render_essay(markdown, &context)
}

/// The plain text without its last line feed.
fn text(markdown: &str) -> String {
    let text = render(markdown).text;
    assert!(text.ends_with('\n') && !text.contains('\r'));
    text.trim_end_matches('\n').to_owned()
}
