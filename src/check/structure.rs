//! The shape of an essay: whether there is one, its headings, and the marks of its parts.

use std::ops::Range;

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

const CELL: Rule = Rule::warning(
    "dropped-cell",
    "a row of a table has more cells than its head: nobody sees what stands in them",
);

pub(super) const RULES: &[Rule] = &[
    EMPTY,
    ONLY_LINK,
    SHORT,
    LONG,
    SECOND_TITLE,
    JUMP,
    MARK,
    CELL,
];

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
    rows(galley, found);
}

/// Cells beyond those of the head are dropped (GFM §4.10).
fn rows(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    for row in &galley.reading.rows {
        let text = galley.reading.markdown.get(row.range.clone());
        let Some(dropped) = dropped_cells(text.unwrap_or_default(), row.columns) else {
            continue;
        };
        let problem =
            CELL.found("the row has more cells than the head of its table, and loses them");
        let place = row.range.start + dropped.start..row.range.start + dropped.end;
        found.push(
            galley
                .in_essay(problem, &place)
                .hint("write `\\|` for a bar that is part of the text, also in code; or give the head another column"),
        );
    }
}

/// What of a row stands behind its last column, if there is anything.
fn dropped_cells(row: &str, columns: usize) -> Option<Range<usize>> {
    let end = row.trim_end().len();
    let start = row.len() - row.trim_start().len();
    let first = start + usize::from(row[start..].starts_with('|'));
    let mut is_escaped = false;
    let mut bars = row[first..end].char_indices().filter(|(_, character)| {
        let is_bar = *character == '|' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_bar
    });
    let (last, _) = bars.nth(columns.checked_sub(1)?)?;
    let dropped = first + last + 1..end;
    let is_empty = |character: char| character == '|' || character.is_whitespace();
    (!row[dropped.clone()].trim_matches(is_empty).is_empty()).then_some(dropped)
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

fn first_line_end(markdown: &str, range: &Range<usize>) -> usize {
    let text = markdown.get(range.clone()).unwrap_or_default();
    range.start + text.lines().next().map_or(0, str::len)
}
