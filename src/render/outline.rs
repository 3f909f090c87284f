//! What must be known of the whole essay before any part of it is written down: which footnotes
//! exist and in what order they are referred to, and which id each heading has.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::marks::Selection;

/// An event of the Markdown parser with the bytes of the source that it stands for.
pub(super) type SourceEvent<'a> = (Event<'a>, Range<usize>);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Where the definition that starts at an event ends: index of its `End` event.
    definition_ends: HashMap<usize, usize>,
    /// Events inside the footnotes that are referred to, by number (from 1) less one.
    footnotes: Vec<Range<usize>>,
    /// Label in lower case -> number.
    numbers: HashMap<String, usize>,
    /// Index of a heading's `Start` event -> its id.
    heading_ids: HashMap<usize, String>,
    ids: HashSet<String>,
}

impl Outline {
    /// Reads those events of an essay that are selected.
    pub(super) fn of(events: &[SourceEvent<'_>], selection: &Selection) -> Self {
        let mut outline = Self::default();
        let definitions = outline.find_definitions(events, selection);
        outline.number_footnotes(events, selection, &definitions);
        outline.name_headings(events, selection);
        outline
    }

    /// The last event of the footnote definition that starts at this one.
    pub(super) fn definition_end(&self, start: usize) -> Option<usize> {
        self.definition_ends.get(&start).copied()
    }

    /// The events inside each footnote, in order of their numbers.
    pub(super) fn footnotes(&self) -> &[Range<usize>] {
        &self.footnotes
    }

    /// The number of the footnote with this label.
    pub(super) fn footnote_number(&self, label: &str) -> Option<usize> {
        self.numbers.get(&label.to_lowercase()).copied()
    }

    /// The id of the heading that starts at this event.
    pub(super) fn heading_id(&self, start: usize) -> &str {
        self.heading_ids.get(&start).map_or("", String::as_str)
    }

    /// Whether a heading has this id.
    pub(super) fn has_heading(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// The ids of all headings, without the prefix of the issue.
    pub(super) fn into_heading_ids(self) -> HashSet<String> {
        self.ids
    }

    /// Maps labels to the events inside their definitions. The first of several with one label
    /// counts, as for link references (CommonMark §6.3).
    fn find_definitions(
        &mut self,
        events: &[SourceEvent<'_>],
        selection: &Selection,
    ) -> HashMap<String, Range<usize>> {
        let mut definitions = HashMap::new();
        let mut open = Vec::new();
        for index in selection.indices(0..events.len()) {
            match &events[index].0 {
                Event::Start(Tag::FootnoteDefinition(label)) => open.push((index, label)),
                Event::End(TagEnd::FootnoteDefinition) => {
                    if let Some((start, label)) = open.pop() {
                        self.definition_ends.insert(start, index);
                        definitions
                            .entry(label.to_lowercase())
                            .or_insert(start + 1..index);
                    }
                }
                _ => {}
            }
        }
        definitions
    }

    /// Numbers footnotes as a reader meets them: first those of the essay, then those that only
    /// other footnotes refer to. One that nothing refers to gets no number and is not shown.
    fn number_footnotes(
        &mut self,
        events: &[SourceEvent<'_>],
        selection: &Selection,
        definitions: &HashMap<String, Range<usize>>,
    ) {
        let mut unread = VecDeque::new();
        unread.push_back(0..selection.end(events.len()));
        while let Some(range) = unread.pop_front() {
            let mut index = range.start;
            let mut images = 0_usize;
            while index < range.end {
                if let Some(last) = selection.skips(index) {
                    index = last + 1;
                    continue;
                }
                match &events[index].0 {
                    Event::Start(Tag::FootnoteDefinition(_)) => {
                        index = self.definition_end(index).unwrap_or(index);
                    }
                    Event::Start(Tag::Image { .. }) => images += 1,
                    Event::End(TagEnd::Image) => images = images.saturating_sub(1),
                    // An image's description is plain text; a reference in it leads nowhere.
                    Event::FootnoteReference(label) if images == 0 => {
                        let label = label.to_lowercase();
                        if let Some(definition) = definitions.get(&label)
                            && !self.numbers.contains_key(&label)
                        {
                            self.footnotes.push(definition.clone());
                            self.numbers.insert(label, self.footnotes.len());
                            unread.push_back(definition.clone());
                        }
                    }
                    _ => {}
                }
                index += 1;
            }
        }
    }

    /// Gives each heading the id that the author wrote (`# Title {#id}`) or one made of its
    /// words as GitHub makes it, with a number where it is taken.
    fn name_headings(&mut self, events: &[SourceEvent<'_>], selection: &Selection) {
        let mut next_number: HashMap<String, usize> = HashMap::new();
        let mut heading: Option<(usize, Option<String>, String)> = None;
        for index in selection.indices(0..events.len()) {
            match &events[index].0 {
                Event::Start(Tag::Heading { id, .. }) => {
                    let own = id.as_ref().map(|id| slug(id)).filter(|id| !id.is_empty());
                    heading = Some((index, own, String::new()));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some((_, _, words)) = &mut heading {
                        words.push_str(text);
                    }
                }
                Event::SoftBreak | Event::HardBreak => {
                    if let Some((_, _, words)) = &mut heading {
                        words.push(' ');
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((start, own, words)) = heading.take() {
                        let base = own.unwrap_or_else(|| slug(&words));
                        let id = self.unique(base, &mut next_number);
                        self.heading_ids.insert(start, id);
                    }
                }
                _ => {}
            }
        }
    }

    fn unique(&mut self, base: String, next_number: &mut HashMap<String, usize>) -> String {
        let base = if base.is_empty() {
            "section".to_owned()
        } else {
            base
        };
        let mut id = base.clone();
        // The counter is kept per word, so that a thousand equal headings take a thousand steps.
        let next = next_number.entry(base.clone()).or_insert(1);
        while !self.ids.insert(id.clone()) {
            id = format!("{base}-{next}");
            *next += 1;
        }
        id
    }
}

/// Letters, digits, `-` and `_` in lower case; spaces become `-`, all else goes. At most 80
/// characters.
fn slug(words: &str) -> String {
    let kept = words
        .trim()
        .chars()
        .filter_map(|character| match character {
            ' ' | '\t' | '\n' | '\u{A0}' => Some('-'),
            '-' | '_' => Some(character),
            _ if character.is_alphanumeric() => Some(character),
            _ => None,
        })
        .take(80);
    let slug: String = kept.collect();
    slug.to_lowercase().trim_matches('-').to_owned()
}
