//! The Markdown of an essay as the rules need it: words, links, pictures, headings, footnotes and
//! HTML, each with its bytes.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::prose::{GAP, GAP_TEXT, Prose};
use crate::render::{
    HtmlTag, MarkProblem, Written, all_tags, decode_entities, find_urls, swallows_the_rest,
};

/// A link, however it is written.
#[derive(Debug)]
pub(super) struct LinkRead {
    /// As written.
    pub(super) address: String,
    /// Its words, pictures left out; `None` where it is written as HTML.
    pub(super) words: Option<String>,
    /// Whether a picture stands in it.
    pub(super) holds_picture: bool,
    /// The whole link.
    pub(super) range: Range<usize>,
}

/// A picture.
#[derive(Debug)]
pub(super) struct PictureRead {
    pub(super) address: String,
    /// `None` where HTML has no `alt`, which is not the same as an empty one.
    pub(super) alt: Option<String>,
    /// Whether it is written as HTML.
    pub(super) is_html: bool,
    pub(super) range: Range<usize>,
}

/// A heading.
#[derive(Debug)]
pub(super) struct HeadingRead {
    pub(super) level: u8,
    pub(super) range: Range<usize>,
}

/// A row of a table, without its head.
#[derive(Debug)]
pub(super) struct RowRead {
    /// How many cells the head has.
    pub(super) columns: usize,
    pub(super) range: Range<usize>,
}

/// A reference to a footnote, or the text of one.
#[derive(Debug)]
pub(super) struct NoteRead {
    /// In lower case.
    pub(super) label: String,
    pub(super) range: Range<usize>,
}

/// A tag of the author's own HTML.
#[derive(Debug)]
pub(super) struct TagRead {
    pub(super) name: String,
    pub(super) closes: bool,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) range: Range<usize>,
}

impl TagRead {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Reading<'a> {
    /// The Markdown.
    pub(super) markdown: &'a str,
    pub(super) prose: Vec<Prose>,
    pub(super) links: Vec<LinkRead>,
    pub(super) pictures: Vec<PictureRead>,
    pub(super) headings: Vec<HeadingRead>,
    pub(super) rows: Vec<RowRead>,
    pub(super) heading_ids: HashSet<String>,
    pub(super) note_references: Vec<NoteRead>,
    pub(super) notes: Vec<NoteRead>,
    pub(super) tags: Vec<TagRead>,
    /// The first lines of comments and the like that nothing closes.
    pub(super) open_html: Vec<Range<usize>>,
    /// Parts of the essay that the mail leaves out.
    pub(super) only_web: Vec<Range<usize>>,
    pub(super) mark_problems: Vec<MarkProblem>,
    /// Whether anything stands there that is no paragraph of words: code, a formula, a table.
    pub(super) has_more_than_words: bool,
}

impl<'a> Reading<'a> {
    /// Reads an essay. Linear in its length, as the parser is.
    pub fn of(markdown: &'a str) -> Self {
        let written = Written::of(markdown);
        let mut reader = Reader {
            reading: Reading {
                markdown,
                heading_ids: written.heading_ids,
                only_web: written.only_web,
                mark_problems: written.mark_problems,
                ..Reading::default()
            },
            prose: Prose::default(),
            links: Vec::new(),
            picture: None,
            nesting: 0,
            html: None,
            code: false,
            columns: 0,
        };
        for (event, range) in &written.events {
            reader.event(event, range);
        }
        reader.end_prose();
        reader.reading
    }

    /// Addresses of the links as written, with the bytes of each link.
    pub fn link_addresses(&self) -> impl Iterator<Item = (&str, &Range<usize>)> {
        self.links
            .iter()
            .map(|link| (link.address.as_str(), &link.range))
    }

    /// How many words a reader sees.
    pub(super) fn word_count(&self) -> usize {
        let has_letter = |word: &&str| word.chars().any(char::is_alphanumeric);
        self.prose
            .iter()
            .map(|prose| {
                prose.text.split_whitespace().filter(has_letter).count()
                    // Scripts that put no spaces between words: about two characters a word.
                    + prose.text.chars().filter(|c| is_unspaced(*c)).count() / 2
            })
            .sum()
    }
}

/// Characters of scripts that are written without spaces.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{0E00}'..='\u{0E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

struct Reader<'a> {
    reading: Reading<'a>,
    prose: Prose,
    /// Links that are open, with the offset of their first word in `prose`.
    links: Vec<(LinkRead, usize)>,
    /// The picture whose description is being read, with the depth of pictures in it.
    picture: Option<PictureRead>,
    nesting: usize,
    /// An HTML block, with the bytes of each of its pieces.
    html: Option<Prose>,
    code: bool,
    /// How many the table has that is being read.
    columns: usize,
}

impl Reader<'_> {
    fn event(&mut self, event: &Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) if self.code => {
                self.reading.has_more_than_words |= !text.trim().is_empty();
            }
            Event::Text(text) => self.words(text, range),
            Event::Code(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {
                self.reading.has_more_than_words = true;
                if self.picture.is_none() {
                    self.prose.push(GAP_TEXT, range.clone());
                }
            }
            Event::Html(html) => match &mut self.html {
                Some(block) => block.push(html, range.clone()),
                None => self.html(html, range),
            },
            Event::InlineHtml(html) => self.html(html, range),
            Event::FootnoteReference(label) => {
                self.reading.note_references.push(NoteRead {
                    label: label.to_lowercase(),
                    range: range.clone(),
                });
            }
            Event::SoftBreak => self.words(" ", range),
            Event::HardBreak => self.words("\n", range),
            Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn words(&mut self, text: &str, range: &Range<usize>) {
        match &mut self.picture {
            Some(picture) => {
                if let Some(alt) = &mut picture.alt {
                    alt.push_str(text);
                }
            }
            None => self.prose.push(text, range.clone()),
        }
    }

    fn start(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript => {}
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => {
                let address = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}"),
                    _ => dest_url.to_string(),
                };
                let link = LinkRead {
                    address,
                    words: None,
                    holds_picture: false,
                    range: range.clone(),
                };
                self.links.push((link, self.prose.text.len()));
            }
            Tag::Image { dest_url, .. } => {
                if self.picture.is_some() {
                    self.nesting += 1;
                    return;
                }
                self.picture = Some(PictureRead {
                    address: dest_url.to_string(),
                    alt: Some(String::new()),
                    is_html: false,
                    range: range.clone(),
                });
            }
            _ => {
                self.end_prose();
                self.start_block(tag, range);
            }
        }
    }

    fn start_block(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => self.reading.headings.push(HeadingRead {
                level: *level as u8,
                range: range.clone(),
            }),
            Tag::CodeBlock(_) => self.code = true,
            Tag::HtmlBlock => self.html = Some(Prose::default()),
            Tag::Table(columns) => self.columns = columns.len(),
            Tag::TableRow => self.reading.rows.push(RowRead {
                columns: self.columns,
                range: range.clone(),
            }),
            Tag::FootnoteDefinition(label) => self.reading.notes.push(NoteRead {
                label: label.to_lowercase(),
                range: range.start..range.start + label.len() + 4,
            }),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript => {}
            TagEnd::Link => self.end_link(),
            TagEnd::Image if self.nesting > 0 => self.nesting -= 1,
            TagEnd::Image => {
                if let Some(picture) = self.picture.take() {
                    self.prose.push(GAP_TEXT, picture.range.clone());
                    for (link, _) in &mut self.links {
                        link.holds_picture = true;
                    }
                    self.reading.pictures.push(picture);
                }
            }
            TagEnd::CodeBlock => self.code = false,
            TagEnd::HtmlBlock => {
                if let Some(block) = self.html.take() {
                    self.html_block(&block);
                }
            }
            _ => self.end_prose(),
        }
    }

    fn end_link(&mut self) {
        let Some((mut link, from)) = self.links.pop() else {
            return;
        };
        let words = from..self.prose.text.len();
        if let Some(text) = self.prose.text.get(words.clone()) {
            link.words = Some(text.replace(GAP, "").trim().to_owned());
        }
        self.prose.linked.push(words);
        self.reading.links.push(link);
    }

    /// A block ends: the addresses that its words name are links, too.
    fn end_prose(&mut self) {
        let prose = std::mem::take(&mut self.prose);
        if prose.is_empty() {
            return;
        }
        for url in find_urls(&prose.text) {
            if prose.is_linked(url.start) {
                continue;
            }
            let words = &prose.text[url.clone()];
            let scheme = if words.as_bytes()[0].eq_ignore_ascii_case(&b'w') {
                "https://"
            } else {
                ""
            };
            self.reading.links.push(LinkRead {
                address: format!("{scheme}{words}"),
                words: Some(words.to_owned()),
                holds_picture: false,
                range: prose.source(url),
            });
        }
        self.reading.prose.push(prose);
    }

    fn html(&mut self, html: &str, range: &Range<usize>) {
        let mut block = Prose::default();
        block.push(html, range.clone());
        self.html_block(&block);
    }

    fn html_block(&mut self, block: &Prose) {
        if swallows_the_rest(&block.text) {
            let first = block.text.lines().next().unwrap_or_default();
            self.reading.open_html.push(block.source(0..first.len()));
        }
        self.reading.has_more_than_words |= !block.text.trim_start().starts_with("<!--");
        for (at, tag) in all_tags(&block.text) {
            let range = block.source(at..at + tag.source.len());
            self.tag(&tag, range);
        }
    }

    fn tag(&mut self, tag: &HtmlTag<'_>, range: Range<usize>) {
        if tag.name == "img" && !tag.closes {
            self.reading.pictures.push(PictureRead {
                address: tag.attribute("src").unwrap_or_default(),
                alt: tag.attribute("alt"),
                is_html: true,
                range: range.clone(),
            });
        }
        if tag.name == "a" && !tag.closes && tag.attribute("href").is_some() {
            self.reading.links.push(LinkRead {
                address: tag.attribute("href").unwrap_or_default(),
                words: None,
                holds_picture: false,
                range: range.clone(),
            });
        }
        let attributes = tag
            .attributes()
            .map(|attribute| {
                let name = attribute.name.to_ascii_lowercase();
                (name, decode_entities(attribute.value).into_owned())
            })
            .collect();
        self.reading.tags.push(TagRead {
            name: tag.name.clone(),
            closes: tag.closes,
            attributes,
            range,
        });
    }
}
