//! Gathers what stands within a block: joins pieces of text, links bare URLs, nests spans, and
//! makes sense of single HTML tags.

use std::ops::Range;

use super::autolink::find_urls;
use super::document::{Inline, Target, words};
use super::links::Links;
use super::quotes::{QuoteMarks, Quotes};
use super::raw_html::{is_hidden, single_tag};
use super::scripts::find_scripts;
use super::spacing::{glued, joins_without_space};
use super::video::is_video;

/// HTML elements whose text is code: smart punctuation is taken back there.
const CODE_ELEMENTS: &[&str] = &["code", "pre", "kbd", "samp", "tt", "var"];

/// Hidden elements that are remembered while their end tag is looked for; more than these in one
/// paragraph are shown as text.
const MOST_HIDDEN: usize = 8;

/// The inline content of the block that is being read.
pub(super) struct Inlines<'a> {
    source: &'a str,
    links: &'a Links,
    /// Whether spaces before marks are such at which no line breaks.
    has_glue: bool,
    marks: QuoteMarks<'a>,
    /// The content of the block, and of each span that is open in it.
    levels: Vec<Level>,
    /// Consecutive pieces of text, as they will be shown.
    text: String,
    /// For pieces of `text` that smart punctuation changed: where they are, and what was written.
    changed: Vec<(Range<usize>, &'a str)>,
    /// Offsets in `text` of characters that had a backslash before them.
    escaped: Vec<usize>,
    /// Opened and not yet closed: `<a>` and code written as HTML.
    html_links: usize,
    html_code: usize,
    /// Tags of hidden elements that wait for their end tag.
    hidden: Vec<Hidden>,
}

/// A span that is open, or the block itself.
struct Level {
    kind: Kind,
    content: Vec<Inline>,
}

enum Kind {
    Block,
    /// A span, a link or an image without its content.
    Shell(Inline),
    /// A link that leads nowhere: only its words stay.
    DeadLink,
}

struct Hidden {
    name: String,
    level: usize,
    /// Its place among the content of that level.
    index: usize,
    source_start: usize,
}

impl<'a> Inlines<'a> {
    pub(super) fn new(source: &'a str, links: &'a Links, quotes: Quotes<'a>) -> Self {
        Self {
            source,
            links,
            has_glue: quotes.are_spaced(),
            marks: QuoteMarks::new(quotes),
            levels: vec![Level {
                kind: Kind::Block,
                content: Vec::new(),
            }],
            text: String::new(),
            changed: Vec::new(),
            escaped: Vec::new(),
            html_links: 0,
            html_code: 0,
            hidden: Vec::new(),
        }
    }

    /// How many spans are open.
    pub(super) fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// Whether the description of an image is being read.
    pub(super) fn in_image(&self) -> bool {
        self.levels
            .iter()
            .any(|level| matches!(level.kind, Kind::Shell(Inline::Image { .. })))
    }

    /// Whether what comes is part of a link.
    fn in_link(&self) -> bool {
        let is_link = |level: &Level| {
            matches!(
                level.kind,
                Kind::DeadLink | Kind::Shell(Inline::Link { .. })
            )
        };
        self.html_links > 0 || self.levels.iter().any(is_link)
    }

    /// Adds a piece of text that stands for these bytes of the source.
    pub(super) fn text(&mut self, shown: &str, source: Range<usize>) {
        if source.start > 0 && self.source.as_bytes().get(source.start - 1) == Some(&b'\\') {
            self.escaped.push(self.text.len());
        }
        let written = self.source.get(source.clone()).unwrap_or("");
        let is_smart = written != shown
            && !written.is_empty()
            && written
                .bytes()
                .all(|b| matches!(b, b'-' | b'.' | b'\'' | b'"'));
        if !is_smart {
            self.text.push_str(shown);
        } else if self.html_code > 0 {
            self.text.push_str(written);
        } else {
            let start = self.text.len();
            let place = (self.source, source.start);
            let mark = self.marks.set(shown, &self.text, place);
            self.text.push_str(mark);
            self.changed.push((start..self.text.len(), written));
        }
    }

    /// Adds a line end of the source, which these bytes are. It means a space, unless it parts two
    /// signs of a script without spaces.
    pub(super) fn soft_break(&mut self, source: Range<usize>) {
        let rest = self.source.get(source.end..).unwrap_or("");
        // Marks of a quote, and of words that are set apart.
        let behind = rest.trim_start_matches([' ', '\t', '>', '*', '_', '~', '[']);
        if !joins_without_space(self.last_character(), behind.chars().next()) {
            self.push(Inline::SoftBreak);
        }
    }

    /// The last character that was added.
    fn last_character(&self) -> Option<char> {
        self.text.chars().next_back().or_else(|| {
            let last = self.levels.last()?.content.last()?;
            let mut said = String::new();
            words(std::slice::from_ref(last), &mut said);
            said.chars().next_back()
        })
    }

    /// Adds something that is not text.
    pub(super) fn push(&mut self, inline: Inline) {
        self.end_text();
        self.push_finished(inline);
    }

    /// Adds a single HTML tag.
    pub(super) fn tag(&mut self, source: Range<usize>) {
        self.end_text();
        let html = self.source.get(source.clone()).unwrap_or("").to_owned();
        if let Some(tag) = single_tag(&html) {
            let step = |count: &mut usize| {
                *count = if tag.closes {
                    count.saturating_sub(1)
                } else {
                    *count + 1
                };
            };
            if tag.name == "a" {
                step(&mut self.html_links);
            }
            if CODE_ELEMENTS.contains(&tag.name.as_str()) {
                step(&mut self.html_code);
            }
            if is_hidden(&tag) {
                self.open_hidden(tag.name, source.start, html);
                return;
            }
            if tag.closes && self.close_hidden(&tag.name, source.end) {
                return;
            }
        }
        self.push_finished(Inline::Html(html));
    }

    /// Opens a span or an image.
    pub(super) fn open(&mut self, shell: Inline) {
        self.open_level(Kind::Shell(shell));
    }

    /// Opens a link.
    pub(super) fn open_link(&mut self, target: Option<Target>, title: &str) {
        self.open_level(match target {
            Some(target) => Kind::Shell(Inline::Link {
                target,
                title: title.to_owned(),
                content: Vec::new(),
            }),
            None => Kind::DeadLink,
        });
    }

    fn open_level(&mut self, kind: Kind) {
        self.end_text();
        self.levels.push(Level {
            kind,
            content: Vec::new(),
        });
    }

    /// Closes what was opened last.
    pub(super) fn close(&mut self) {
        self.end_text();
        self.give_up_hidden(self.levels.len() - 1);
        if self.levels.len() < 2 {
            return;
        }
        let Some(Level { kind, content }) = self.levels.pop() else {
            return;
        };
        match kind {
            Kind::Shell(Inline::Span(span, _)) => self.push_finished(Inline::Span(span, content)),
            Kind::Shell(Inline::Link { target, title, .. }) => {
                self.push_finished(Inline::Link {
                    target,
                    title,
                    content,
                });
            }
            Kind::Shell(Inline::Image { source, title, .. }) => {
                let mut alt = String::new();
                let is_film = source.as_deref().is_some_and(is_video);
                words(&content, &mut alt);
                self.push_finished(match source {
                    // A link within a link would end the outer one.
                    Some(_) if is_film && self.in_link() => Inline::Text(alt),
                    Some(url) if is_film => Inline::Video {
                        url,
                        name: alt,
                        title,
                    },
                    source => Inline::Image { source, alt, title },
                });
            }
            Kind::DeadLink | Kind::Block | Kind::Shell(_) => {
                for inline in content {
                    self.push_finished(inline);
                }
            }
        }
    }

    /// Ends the block and takes its content.
    pub(super) fn take(&mut self) -> Vec<Inline> {
        while self.levels.len() > 1 {
            self.close();
        }
        self.end_text();
        self.give_up_hidden(0);
        self.html_links = 0;
        self.html_code = 0;
        self.marks.forget();
        self.levels
            .first_mut()
            .map(|level| std::mem::take(&mut level.content))
            .unwrap_or_default()
    }

    fn push_finished(&mut self, inline: Inline) {
        if let Some(level) = self.levels.last_mut() {
            level.content.push(inline);
        }
    }

    /// Turns the text gathered so far into content, its bare URLs into links.
    fn end_text(&mut self) {
        if self.text.is_empty() {
            return;
        }
        let shown = std::mem::take(&mut self.text);
        let changed = std::mem::take(&mut self.changed);
        let escaped = std::mem::take(&mut self.escaped);
        if self.in_link() || self.in_image() {
            self.push_words(&shown, 0..shown.len(), &escaped);
        } else {
            self.link_bare_urls(&shown, &changed, &escaped);
        }
    }

    /// URLs are looked for, and shown, as they were written: smart punctuation would break them.
    fn link_bare_urls(&mut self, shown: &str, changed: &[(Range<usize>, &str)], escaped: &[usize]) {
        let written = AsWritten::new(shown, changed);
        let mut from = 0;
        for url in find_urls(&written.text) {
            let address = &written.text[url.clone()];
            let absolute = if address.as_bytes()[0].eq_ignore_ascii_case(&b'w') {
                self.links.url(&format!("https://{address}"))
            } else {
                self.links.url(address)
            };
            let Some(absolute) = absolute else { continue };
            self.push_words(shown, written.shown(from..url.start), escaped);
            from = url.end;
            let content = vec![Inline::Text(address.to_owned())];
            self.push_finished(Inline::Link {
                target: Target::Url(absolute),
                title: String::new(),
                content,
            });
        }
        self.push_words(shown, written.shown(from..written.text.len()), escaped);
    }

    /// Adds a part of a text, its superscripts and subscripts set.
    fn push_words(&mut self, text: &str, part: Range<usize>, escaped: &[usize]) {
        let start = part.start;
        let place = |limit: usize| escaped.partition_point(|offset| *offset < limit);
        let inside = &escaped[place(start)..place(part.end.max(start))];
        let escaped: Vec<usize> = inside.iter().map(|at| at - start).collect();
        let text = text.get(part).unwrap_or("");
        let attached = self.levels.last().is_some_and(|level| {
            let last = level.content.last();
            matches!(
                last,
                Some(Inline::Span(..) | Inline::Code(_) | Inline::Math(_))
            )
        });
        let mut from = 0;
        for script in find_scripts(text, attached, &escaped) {
            let Range { start, end } = script.range;
            self.push_plain(&text[from..start]);
            let content = vec![Inline::Text(text[start + 1..end - 1].to_owned())];
            self.push_finished(Inline::Span(script.span, content));
            from = end;
        }
        self.push_plain(&text[from..]);
    }

    fn push_plain(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.push_finished(Inline::Text(if self.has_glue {
            glued(text)
        } else {
            text.to_owned()
        }));
    }

    /// A hidden element begins. Whether it ends in this paragraph is not known yet.
    fn open_hidden(&mut self, name: String, source_start: usize, html: String) {
        if self.hidden.len() >= MOST_HIDDEN {
            self.push_finished(Inline::Text(html));
            return;
        }
        let level = self.levels.len() - 1;
        self.hidden.push(Hidden {
            name,
            level,
            index: self.levels[level].content.len(),
            source_start,
        });
        self.push_finished(Inline::Html(html));
    }

    /// Joins a hidden element and all that it contains into one piece.
    fn close_hidden(&mut self, name: &str, source_end: usize) -> bool {
        let level = self.levels.len() - 1;
        let opened = self
            .hidden
            .iter()
            .rposition(|hidden| hidden.name == name && hidden.level == level);
        let Some(opened) = opened else { return false };
        let (index, start) = (self.hidden[opened].index, self.hidden[opened].source_start);
        self.hidden.truncate(opened);
        self.levels[level].content.truncate(index);
        let html = self.source.get(start..source_end).unwrap_or("").to_owned();
        self.push_finished(Inline::Html(html));
        true
    }

    /// A hidden element that does not end where it began would swallow the rest of the page:
    /// its tag becomes text, as GitHub does (GFM §6.11).
    fn give_up_hidden(&mut self, level: usize) {
        while let Some(hidden) = self.hidden.pop_if(|hidden| hidden.level >= level) {
            let content = self.levels.get_mut(hidden.level);
            if let Some(inline) = content.and_then(|level| level.content.get_mut(hidden.index))
                && let Inline::Html(html) = inline
            {
                *inline = Inline::Text(std::mem::take(html));
            }
        }
    }
}

/// A text with smart punctuation taken back, and the way from its offsets to those of the text
/// as shown.
struct AsWritten {
    text: String,
    /// (offset in the written text, offset in the shown text) behind each change.
    ends: Vec<(usize, usize)>,
}

impl AsWritten {
    fn new(shown: &str, changed: &[(Range<usize>, &str)]) -> Self {
        let mut text = String::with_capacity(shown.len());
        let mut ends = vec![(0, 0)];
        let mut from = 0;
        for (range, written) in changed {
            text.push_str(&shown[from..range.start]);
            ends.push((text.len(), range.start));
            text.push_str(written);
            ends.push((text.len(), range.end));
            from = range.end;
        }
        text.push_str(&shown[from..]);
        Self { text, ends }
    }

    /// The part of the shown text that a range of the written text became.
    fn shown(&self, written: Range<usize>) -> Range<usize> {
        self.offset(written.start)..self.offset(written.end)
    }

    fn offset(&self, written: usize) -> usize {
        let behind = self.ends.partition_point(|(end, _)| *end <= written);
        let (from, to) = self.ends[behind.saturating_sub(1)];
        to + (written - from)
    }
}
