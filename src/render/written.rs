//! An essay as it was written, for whoever judges that and not what becomes of it.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, Parser};

use super::marks::{Audience, MarkProblem, Marks, Selection};
use super::outline::Outline;
use super::parse::options;

/// The parser's events with their bytes in the Markdown, which may have any line ends.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    pub(crate) events: Vec<(Event<'a>, Range<usize>)>,
    /// Names of the headings, as links call them.
    pub(crate) heading_ids: HashSet<String>,
    /// Parts that the mail leaves out, in bytes.
    pub(crate) only_web: Vec<Range<usize>>,
    /// Marks that do nothing.
    pub(crate) mark_problems: Vec<MarkProblem>,
}

impl<'a> Written<'a> {
    /// Reads the Markdown of an essay.
    pub(crate) fn of(markdown: &'a str) -> Self {
        let events: Vec<_> = Parser::new_ext(markdown, options())
            .into_offset_iter()
            .collect();
        let marks = Marks::find(&events);
        let bytes = |part: &Range<usize>| {
            let last = part.end.saturating_sub(1);
            events[part.start].1.start..events[last].1.end
        };
        Self {
            heading_ids: Outline::of(&events, &Selection::default()).into_heading_ids(),
            only_web: marks.parts_for(Audience::Web).map(bytes).collect(),
            mark_problems: marks.problems,
            events,
        }
    }
}
