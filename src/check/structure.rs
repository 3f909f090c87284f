//! The shape of an essay: whether there is one, its headings, and the marks of its parts.

use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const EMPTY: Rule = Rule::error("empty-essay", "the essay has neither words nor pictures");
const ONLY_LINK: Rule = Rule::warning("only-a-link", "the essay is nothing but a link");
const SHORT: Rule = Rule::note(
    "short-essay",
    "fewer than 50 words: filters take a mail without text for spam",
);
const LONG: Rule = Rule::note(
    "long-essay",
    "more than 5,000 words: half an hour of reading, and near the size at which Gmail cuts",
);
const SECOND_TITLE: Rule = Rule::warning(
    "second-title",
    "a heading of level 1 stands below the title, which is one",
);
const JUMP: Rule = Rule::warning("heading-jump", "a heading skips a level");

const MARK: Rule = Rule::warning(
    "idle-mark",
    "a mark such as `<!-- only mail -->` that does nothing where it stands",
);

pub(super) const RULES: &[Rule] = &[EMPTY, ONLY_LINK, SHORT, LONG, SECOND_TITLE, JUMP, MARK];

/// Fewest words of an essay.
const FEW_WORDS: usize = 50;
/// Most words of an essay that is read at one sitting.
const MANY_WORDS: usize = 5_000;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    length(galley, found);
    headings(galley, found);
    for mark in &galley.reading.mark_problems {
        let problem = galley.in_essay(MARK.found(&mark.message), &mark.span);
        found.push(problem.hint(mark.hint));
    }
}

fn length(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let reading = galley.reading;
    let words = reading.word_count();
    let has_more = reading.has_more_than_words || !reading.pictures.is_empty();
    if words == 0 && !has_more {
        if !galley.issue.draft {
            let problem = EMPTY.found(format!("`{}` is empty", galley.issue.source.name));
            found.push(
                galley
                    .in_front(problem, galley.front.title.as_ref())
                    .hint("write it, or set `draft = true` until it is written"),
            );
        }
        return;
    }
    if galley.is_to_be_mailed && words > MANY_WORDS {
        let problem = LONG.found(format!("the essay has {words} words"));
        found.push(galley.in_front(problem, galley.front.title.as_ref()).hint(
            "send it in parts, or its beginning alone: `mail = \"excerpt\"` and `<!-- more -->`",
        ));
    }
    if has_more {
        return;
    }
    if let [link] = reading.links.as_slice() {
        let linked = link
            .words
            .as_ref()
            .map_or(0, |words| words.split_whitespace().count());
        if linked > 0 && words <= linked + 2 {
            let problem = ONLY_LINK.found("the essay is nothing but a link");
            found.push(
                galley
                    .in_essay(problem, &link.range)
                    .hint("say what is behind it, and why the reader should go there"),
            );
            return;
        }
    }
    if galley.is_to_be_mailed && words < FEW_WORDS {
        let problem = SHORT.found(format!("the essay has {words} words"));
        found.push(
            galley
                .in_front(problem, galley.front.title.as_ref())
                .hint(SHORT.about),
        );
    }
}

/// The title is the heading of level 1 (WCAG 2.2, technique H42).
fn headings(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let mut above = 1;
    for heading in &galley.reading.headings {
        let line = heading.range.start..first_line_end(galley.reading.markdown, &heading.range);
        if heading.level == 1 {
            let problem = SECOND_TITLE.found("a second title within the essay");
            found.push(
                galley
                    .in_essay(problem, &line)
                    .hint("the title stands above already: write `##`"),
            );
        } else if heading.level > above + 1 {
            let problem = JUMP.found(format!(
                "a heading of level {} follows one of level {above}",
                heading.level
            ));
            found.push(galley.in_essay(problem, &line).hint(format!(
                "screen readers list the levels; write `{}`",
                "#".repeat(usize::from(above) + 1)
            )));
        }
        above = heading.level;
    }
}

fn first_line_end(markdown: &str, range: &std::ops::Range<usize>) -> usize {
    let text = markdown.get(range.clone()).unwrap_or_default();
    range.start + text.lines().next().map_or(0, str::len)
}
