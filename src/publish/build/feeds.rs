//! The feeds: which issues stand in which document, and what a feed says of each of them. The
//! essays of a document are rendered once for all three formats, and only if one of them is made.

use std::sync::{Arc, LazyLock};

use super::essays::{Essays, KnownEssay};
use crate::archive::{Archive, Draft, Tag};
use crate::feed::{self, Document, Entry, FeedInfo, Format, Part};
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Issue;
use crate::publish::Publication;

/// All documents of all feeds.
pub(super) struct Feeds<'a> {
    essays: Essays<'a>,
    /// What feeds say of each issue, newest first.
    known: Vec<Known>,
    documents: Vec<Planned>,
}

/// What a feed says of an issue, without its essay.
struct Known {
    /// Place of the issue among the essays.
    index: usize,
    entry: Entry,
    essay: Fingerprint,
}

/// A document, and which of the known entries stand in it.
struct Planned {
    info: Arc<FeedInfo>,
    part: Part,
    entries: Vec<usize>,
}

impl<'a> Feeds<'a> {
    /// The feeds of a build. `essays` has a place for each issue.
    pub(super) fn new(
        publication: &Publication,
        logo: Option<feed::Logo>,
        essays: Essays<'a>,
        known_essays: &[KnownEssay],
        archive: &Archive<'_>,
    ) -> Self {
        let issues = essays.issues().iter().zip(known_essays).enumerate();
        let mut known: Vec<Known> = issues
            .map(|(index, (issue, essay))| Known {
                index,
                entry: Entry {
                    image: archive.cover(index).map(|cover| cover.url.clone()),
                    ..entry(publication, issue, &essay.opening)
                },
                essay: essay.fingerprint,
            })
            .collect();
        known.sort_by(|one, other| feed::newest_first(&one.entry, &other.entry));
        let info = info(publication, logo);
        let most = publication.config.feed_entries;
        let mut place_of = vec![0; known.len()];
        for (place, known) in known.iter().enumerate() {
            place_of[known.index] = place;
        }
        let of_tags = archive.tags().iter().map(|tag| {
            let mut entries: Vec<usize> = tag.places.iter().map(|index| place_of[*index]).collect();
            entries.sort_unstable();
            let part = Part::newest(entries.len(), most);
            Planned {
                info: Arc::new(info_of_tag(publication, &info, tag)),
                entries: entries[part.entries.clone()].to_vec(),
                part,
            }
        });
        let info = Arc::new(info.clone());
        let of_all = feed::parts(known.len(), most)
            .into_iter()
            .map(|part| Planned {
                info: info.clone(),
                entries: part.entries.clone().collect(),
                part,
            });
        Self {
            essays,
            documents: of_all.chain(of_tags).collect(),
            known,
        }
    }

    /// How many documents there are, each in three formats.
    pub(super) fn count(&self) -> usize {
        self.documents.len()
    }

    /// One document in its three formats.
    pub(super) fn document(&self, index: usize) -> [Draft<'_>; 3] {
        let planned = &self.documents[index];
        let entries = || planned.entries.iter().map(|entry| &self.known[*entry]);
        let mut print = Fingerprinter::new("feed");
        print.value("info", &*planned.info);
        print.value("part", &planned.part);
        for known in entries() {
            print.value("entry", &known.entry);
            print.part("essay", known.essay);
        }
        let document = Arc::new(LazyLock::new(move || {
            let entries: Vec<Entry> = entries().map(|known| self.whole(known)).collect();
            Document::new(&planned.info, &planned.part, &entries)
        }));
        Format::ALL.map(|format| {
            let path = format.path_in(&planned.info.folder, &planned.part);
            let mut print = print.clone();
            print.text("path", &path);
            let document = document.clone();
            Draft::new(path, print.finish(), move || {
                Ok(document.write(format).into_bytes())
            })
        })
    }

    /// An entry with its essay.
    fn whole(&self, known: &Known) -> Entry {
        Entry {
            content_html: self.essays.feed_html(known.index),
            ..known.entry.clone()
        }
    }
}

/// What the publication's feed says of itself.
fn info(publication: &Publication, logo: Option<feed::Logo>) -> FeedInfo {
    let config = &publication.config;
    FeedInfo {
        id: feed::feed_tag_uri(&config.feed_authority),
        title: config.title.clone(),
        description: config.description.clone(),
        author: config.author.clone(),
        copyright: config.copyright.clone(),
        language: config.language.clone(),
        base_url: config.base_url.clone(),
        folder: String::new(),
        author_email: None,
        logo,
        hubs: config.hubs.clone(),
    }
}

/// What the feed of a tag says of itself. It is no archive: whoever wants all follows the
/// publication's.
fn info_of_tag(publication: &Publication, whole: &FeedInfo, tag: &Tag) -> FeedInfo {
    FeedInfo {
        id: feed::tag_feed_uri(&publication.config.feed_authority, &tag.slug),
        title: format!("{} · {}", tag.name, whole.title),
        folder: tag.folder(),
        ..whole.clone()
    }
}

/// An entry without its essay.
fn entry(publication: &Publication, issue: &Issue, opening: &str) -> Entry {
    let view = publication.issue_view(issue, opening);
    let own_id = || feed::tag_uri(&publication.config.feed_authority, &issue.id);
    Entry {
        id: issue.feed_id.clone().unwrap_or_else(own_id),
        title: issue.title.clone(),
        url: view.url,
        summary: if view.summary.is_empty() {
            view.opening
        } else {
            view.summary
        },
        content_html: String::new(),
        published: issue.published,
        updated: issue.updated,
        author: view.author,
        tags: issue.tags.clone(),
        language: issue.language.clone(),
        image: None,
    }
}
