//! The author's marks: comments alone on their lines that say how far an excerpt goes
//! (`<!-- more -->`) and who sees a part (`<!-- only mail -->` … `<!-- end only -->`).
//!
//! They are found among the parser's events, before any tree is made, so that each audience gets
//! an essay of its own: with its own footnotes, numbered as its readers meet them.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::outline::SourceEvent;

/// For whom a part of an essay can be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Mail, as HTML and as plain text.
    Mail,
    /// Pages and feeds.
    Web,
}

/// A mark that does not do what its author expects. Nothing is left out because of it: what it
/// stands around is shown to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkProblem {
    /// Where the mark is: bytes of the Markdown, its line ends being LF.
    pub span: Range<usize>,
    /// What is wrong, in a few words.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

/// All marks of an essay.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Parts for one audience: the events from the first mark to the last, both included.
    parts: Vec<(Audience, Range<usize>)>,
    /// Events of marks that are obeyed: they have no other meaning. First event -> last event.
    obeyed: HashMap<usize, usize>,
    /// The first event of the mark that ends the excerpt.
    more: Option<usize>,
    pub(super) problems: Vec<MarkProblem>,
}

/// What a comment says.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    More,
    Only(Audience),
    EndOnly,
    /// A mark by its first word, but none that is known.
    Unknown,
}

/// Which events an audience sees.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// First event -> last event of what is left out.
    skipped: HashMap<usize, usize>,
    /// From here on only footnotes are seen.
    cut: Option<usize>,
}

impl Selection {
    /// The last event of what is left out from this event on.
    pub(super) fn skips(&self, index: usize) -> Option<usize> {
        self.skipped.get(&index).copied()
    }

    /// The events of a range that are seen.
    pub(super) fn indices(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let mut next = range.start;
        std::iter::from_fn(move || {
            while let Some(last) = self.skips(next) {
                next = last + 1;
            }
            let index = next;
            next += 1;
            (index < range.end).then_some(index)
        })
    }

    /// The number of events before the excerpt ends, of `all`.
    pub(super) fn end(&self, all: usize) -> usize {
        self.cut.unwrap_or(all)
    }
}

impl Marks {
    /// Finds the marks of an essay.
    pub(super) fn find(events: &[SourceEvent<'_>]) -> Self {
        let mut finder = Finder::default();
        for (index, (event, source)) in events.iter().enumerate() {
            finder.event(index, event, source);
        }
        finder.close_from(0);
        finder
            .marks
            .problems
            .sort_by_key(|problem| problem.span.start);
        finder.marks
    }

    /// The parts that one audience alone sees, as events.
    pub(super) fn parts_for(&self, audience: Audience) -> impl Iterator<Item = &Range<usize>> {
        let parts = self.parts.iter();
        parts
            .filter(move |(whose, _)| *whose == audience)
            .map(|(_, part)| part)
    }

    /// Whether the two audiences see different essays.
    pub(super) fn part_audiences(&self) -> bool {
        !self.parts.is_empty()
    }

    /// The whole essay as an audience sees it.
    pub(super) fn whole(&self, audience: Audience) -> Selection {
        let mut skipped = self.obeyed.clone();
        for (whose, part) in &self.parts {
            if *whose != audience {
                skipped.insert(part.start, part.end - 1);
            }
        }
        Selection { skipped, cut: None }
    }

    /// The excerpt as an audience sees it, if a mark ends it.
    pub(super) fn excerpt(&self, audience: Audience) -> Option<Selection> {
        let more = self.more?;
        let is_hidden = self
            .parts
            .iter()
            .any(|(whose, part)| *whose != audience && part.contains(&more));
        let selection = Selection {
            cut: Some(more),
            ..self.whole(audience)
        };
        (!is_hidden).then_some(selection)
    }
}

/// A part whose end has not come yet.
struct Open {
    audience: Audience,
    /// How many containers stand around it.
    depth: usize,
    /// Its first mark: events and source.
    mark: Range<usize>,
    source: Range<usize>,
    /// Whether it stands inside another part and therefore does nothing.
    is_nested: bool,
}

#[derive(Default)]
struct Finder {
    marks: Marks,
    /// Quotes, lists, items and the like that are open.
    depth: usize,
    open: Vec<Open>,
    /// The HTML block that is being read: first event, start in the source, text.
    html: Option<(usize, usize, String)>,
}

impl Finder {
    fn event(&mut self, index: usize, event: &Event<'_>, source: &Range<usize>) {
        match event {
            Event::Start(Tag::HtmlBlock) => self.html = Some((index, source.start, String::new())),
            Event::Html(text) => {
                if let Some((.., html)) = &mut self.html {
                    html.push_str(text);
                }
            }
            Event::End(TagEnd::HtmlBlock) => {
                if let Some((first, start, html)) = self.html.take() {
                    self.html_block(first..index + 1, start..source.end, &html);
                }
            }
            Event::InlineHtml(html) if !marks_in(html).is_empty() => self.not_alone(source),
            Event::Start(tag) if nests(tag) => self.depth += 1,
            Event::End(tag) if closes(*tag) => {
                self.close_from(self.depth);
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn html_block(&mut self, events: Range<usize>, source: Range<usize>, html: &str) {
        let is_alone = html.trim().starts_with("<!--")
            && html.trim().find("-->") == Some(html.trim().len().saturating_sub(3));
        // A block ends with the line end behind it.
        let source = source.start..source.start + html.trim_end().len();
        match marks_in(html).as_slice() {
            [] => {}
            [mark] if is_alone => self.mark(mark, events, source),
            _ => self.not_alone(&source),
        }
    }

    fn mark(&mut self, mark: &Mark, events: Range<usize>, source: Range<usize>) {
        match mark {
            Mark::More if self.depth > 0 => self.problem(
                source,
                "`<!-- more -->` stands inside a list, a quote or a footnote",
                "put it between two paragraphs of the essay itself",
            ),
            Mark::More if self.marks.more.is_some() => self.problem(
                source,
                "a second `<!-- more -->`",
                "take one of them out: the first ends the excerpt",
            ),
            Mark::More => {
                self.marks.more = Some(events.start);
                self.obey(&events);
            }
            Mark::Only(audience) => {
                let is_nested = !self.open.is_empty();
                if is_nested {
                    self.problem(
                        source.clone(),
                        "a part for some readers inside another",
                        "close the first with `<!-- end only -->` before it",
                    );
                }
                self.open.push(Open {
                    audience: *audience,
                    depth: self.depth,
                    mark: events,
                    source,
                    is_nested,
                });
            }
            Mark::EndOnly => self.end_only(&events, source),
            Mark::Unknown => self.problem(
                source,
                "no mark that Postrider knows",
                "there are `<!-- more -->`, `<!-- only mail -->`, `<!-- only web -->` and `<!-- end only -->`",
            ),
        }
    }

    fn end_only(&mut self, events: &Range<usize>, source: Range<usize>) {
        let depth = self.depth;
        let Some(open) = self.open.pop_if(|open| open.depth == depth) else {
            return self.problem(
                source,
                "`<!-- end only -->` closes nothing",
                "open a part with `<!-- only mail -->` or `<!-- only web -->`, in the same list item or quote",
            );
        };
        if open.is_nested {
            return;
        }
        self.obey(&open.mark);
        self.obey(events);
        let part = open.mark.start..events.end;
        self.marks.parts.push((open.audience, part));
    }

    /// Tells of the parts that no mark closed in the container that ends.
    fn close_from(&mut self, depth: usize) {
        while let Some(open) = self.open.pop_if(|open| open.depth >= depth) {
            self.problem(
                open.source,
                "a part for some readers that nothing closes",
                "put `<!-- end only -->` behind it, in the same list item or quote; until then everybody sees it",
            );
        }
    }

    fn obey(&mut self, events: &Range<usize>) {
        self.marks.obeyed.insert(events.start, events.end - 1);
    }

    fn not_alone(&mut self, source: &Range<usize>) {
        self.problem(
            source.clone(),
            "a mark that does not stand alone",
            "give it a line of its own, with an empty line before and behind it",
        );
    }

    fn problem(&mut self, span: Range<usize>, message: &str, hint: &'static str) {
        self.marks.problems.push(MarkProblem {
            span,
            message: message.to_owned(),
            hint,
        });
    }
}

fn nests(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::BlockQuote(_)
            | Tag::List(_)
            | Tag::Item
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListDefinition
    )
}

fn closes(tag: TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::BlockQuote(_)
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListDefinition
    )
}

/// The marks among the comments of a piece of HTML.
fn marks_in(html: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut rest = html;
    while let Some((_, comment)) = rest.split_once("<!--") {
        let Some((comment, behind)) = comment.split_once("-->") else {
            break;
        };
        marks.extend(mark(comment));
        rest = behind;
    }
    marks
}

fn mark(comment: &str) -> Option<Mark> {
    // A comment of a few words at most: an author's remark may begin with one of these.
    let words: Vec<String> = comment
        .split_whitespace()
        .take(4)
        .map(str::to_lowercase)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["more"] => Some(Mark::More),
        ["only", "mail"] => Some(Mark::Only(Audience::Mail)),
        ["only", "web"] => Some(Mark::Only(Audience::Web)),
        ["end", "only"] => Some(Mark::EndOnly),
        ["only" | "/only" | "endonly" | "end-only" | "readmore" | "read-more"]
        | ["only", _]
        | ["end", "only", _]
        | ["end", "mail" | "web" | "more"] => Some(Mark::Unknown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::Parser;

    use super::Marks;
    use crate::render::parse::options;

    /// What is wrong with the marks of an essay: the line, from 1, and the message.
    fn problems(markdown: &str) -> Vec<(usize, String)> {
        let events: Vec<_> = Parser::new_ext(markdown, options())
            .into_offset_iter()
            .collect();
        Marks::find(&events)
            .problems
            .into_iter()
            .map(|problem| {
                let before = &markdown[..problem.span.start];
                (before.matches('\n').count() + 1, problem.message)
            })
            .collect()
    }

    #[test]
    fn marks_that_are_right_are_no_problem() {
        for markdown in [
            "a\n\n<!-- more -->\n\nb",
            "a\n<!-- more -->\nb",
            "<!--MORE-->",
            "<!-- only mail -->\na\n<!-- end only -->\n\n<!-- Only  WEB -->\n\nb\n\n<!-- end only -->",
            "- a\n  <!-- only mail -->\n  b\n  <!-- end only -->\n- c",
            "> <!-- only web -->\n> b\n>\n> <!-- end only -->",
            "[^a]\n\n[^a]: b\n\n    <!-- only web -->\n    c\n\n    <!-- end only -->",
            "<!-- a remark -->\n\n<!-- only a remark, and more -->",
            "`<!-- more -->`\n\n```\n<!-- only mail -->\n```\n\n    <!-- end only -->",
        ] {
            assert_eq!(problems(markdown), [], "{markdown}");
        }
    }

    #[test]
    fn a_mark_that_does_nothing_is_told_with_its_line() {
        for (markdown, line, message) in [
            ("a\n\n<!-- only mail -->\n\nb", 3, "nothing closes"),
            ("a\n\n<!-- end only -->", 3, "closes nothing"),
            ("<!-- more -->\n\nb\n\n<!-- more -->", 5, "a second"),
            ("> a\n>\n> <!-- more -->", 3, "inside a list"),
            ("a\n\n<!-- only post -->\n\nb", 3, "no mark"),
            ("a <!-- more --> b", 1, "stand alone"),
            ("<!-- only mail --> b", 1, "stand alone"),
            ("<div>\n<!-- more -->\n</div>", 1, "stand alone"),
            (
                "<!-- only mail -->\n\n- a\n  <!-- end only -->\n\n<!-- end only -->",
                4,
                "closes nothing",
            ),
            (
                "- a\n  <!-- only mail -->\n\nb\n\n<!-- end only -->",
                2,
                "nothing closes",
            ),
            (
                "<!-- only mail -->\n<!-- only web -->\na\n<!-- end only -->\n<!-- end only -->",
                2,
                "inside another",
            ),
        ] {
            let found = problems(markdown);
            assert!(
                found
                    .iter()
                    .any(|(at, what)| *at == line && what.contains(message)),
                "{markdown}: {found:?}"
            );
        }
    }
}
