//! The feeds: which issues stand in which document, and what a feed says of each of them.
//!
//! A document is made as soon as the last of its essays is known, by whoever brings it, so that an
//! essay is parsed once for its page and its feeds, and that its HTML need not be kept for long. In a
//! document it is the same for all three formats.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use super::essays::{Essays, Seen};
use crate::archive::{Archive, Draft, Tag};
use crate::feed::{self, Document, Entry, FeedInfo, Format, Part};
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Issue;
use crate::publish::Publication;

/// All documents of all feeds.
pub(super) struct Feeds<'a> {
    publication: &'a Publication,
    essays: &'a Essays<'a>,
    archive: &'a Archive<'a>,
    /// Newest first.
    places: Vec<Place>,
    /// Of each issue among the places.
    place_of: Vec<usize>,
    documents: Vec<Planned>,
}

/// An issue in the feeds.
struct Place {
    /// Its place among the essays.
    index: usize,
    known: OnceLock<Known>,
    /// The essay's HTML, until all documents have it.
    html: Mutex<Option<String>>,
    /// The documents in which it stands, and how many of them are not made yet.
    documents: Vec<usize>,
    unmade: AtomicUsize,
}

/// What feeds say of an issue, without its essay.
struct Known {
    entry: Entry,
    essay: Fingerprint,
}

/// A document, and which places stand in it.
struct Planned {
    info: Arc<FeedInfo>,
    part: Part,
    entries: Vec<usize>,
    /// How many of their essays are not known yet.
    unknown: AtomicUsize,
}

impl<'a> Feeds<'a> {
    /// The feeds of a build. `essays` has a place for each issue.
    pub(super) fn new(
        publication: &'a Publication,
        logo: Option<feed::Logo>,
        essays: &'a Essays<'a>,
        archive: &'a Archive<'a>,
    ) -> Self {
        let mut order: Vec<(usize, Entry)> = (essays.issues().iter().enumerate())
            .map(|(index, issue)| (index, entry(publication, issue, "")))
            .collect();
        order.sort_by(|(_, one), (_, other)| feed::newest_first(one, other));
        let mut place_of = vec![0; order.len()];
        for (place, (index, _)) in order.iter().enumerate() {
            place_of[*index] = place;
        }
        let documents = plan(publication, logo, archive, &place_of);
        let mut places: Vec<Place> = order.iter().map(|(index, _)| Place::of(*index)).collect();
        for (number, document) in documents.iter().enumerate() {
            for place in &document.entries {
                places[*place].documents.push(number);
                *places[*place].unmade.get_mut() += 1;
            }
        }
        Self {
            publication,
            essays,
            archive,
            places,
            place_of,
            documents,
        }
    }

    /// Documents without a single entry, for which no essay need be waited for.
    pub(super) fn empty(&self) -> Vec<usize> {
        let is_empty = |number: &usize| self.documents[*number].entries.is_empty();
        (0..self.documents.len()).filter(is_empty).collect()
    }

    /// Takes what is known of an issue's essay, and gives the documents that waited for nothing else.
    pub(super) fn learn(&self, index: usize, seen: Seen) -> Vec<usize> {
        let place = &self.places[self.place_of[index]];
        let issue = self.essays.issues()[index];
        place.known.get_or_init(|| Known {
            entry: Entry {
                image: self.archive.cover(index).map(|cover| cover.url.clone()),
                ..entry(self.publication, issue, &seen.known.opening)
            },
            essay: seen.known.fingerprint,
        });
        if !place.documents.is_empty()
            && let Ok(mut html) = place.html.lock()
        {
            *html = seen.feed_html;
        }
        let is_complete = |number: &usize| {
            self.documents[*number]
                .unknown
                .fetch_sub(1, Ordering::AcqRel)
                == 1
        };
        let documents = place.documents.iter().copied();
        documents.filter(is_complete).collect()
    }

    /// Hands a document that waits for nothing in its three formats to `take`.
    pub(super) fn document<R, E>(
        &self,
        number: usize,
        take: impl Fn(Draft<'_>) -> Result<R, E>,
    ) -> Result<Vec<R>, E> {
        let taken = self.drafts(number).into_iter().map(take).collect();
        for place in &self.documents[number].entries {
            let place = &self.places[*place];
            if place.unmade.fetch_sub(1, Ordering::AcqRel) == 1
                && let Ok(mut html) = place.html.lock()
            {
                *html = None;
            }
        }
        taken
    }

    fn drafts(&self, number: usize) -> [Draft<'_>; 3] {
        let planned = &self.documents[number];
        let places = || planned.entries.iter().map(|place| &self.places[*place]);
        let mut print = Fingerprinter::new("feed");
        print.value("info", &*planned.info);
        print.value("part", &planned.part);
        for known in places().filter_map(|place| place.known.get()) {
            print.value("entry", &known.entry);
            print.part("essay", known.essay);
        }
        let document = Arc::new(LazyLock::new(move || {
            let entries: Vec<Entry> = places().filter_map(|place| self.whole(place)).collect();
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
    fn whole(&self, place: &Place) -> Option<Entry> {
        let kept = place.html.lock().ok().and_then(|html| html.clone());
        Some(Entry {
            content_html: kept.unwrap_or_else(|| self.essays.feed_html(place.index)),
            ..place.known.get()?.entry.clone()
        })
    }
}

impl Place {
    fn of(index: usize) -> Self {
        Self {
            index,
            known: OnceLock::new(),
            html: Mutex::new(None),
            documents: Vec::new(),
            unmade: AtomicUsize::new(0),
        }
    }
}

/// All documents: those of the publication, then those of its tags. `place_of` says where in the feeds
/// each page of the archive stands.
fn plan(
    publication: &Publication,
    logo: Option<feed::Logo>,
    archive: &Archive<'_>,
    place_of: &[usize],
) -> Vec<Planned> {
    let info = info(publication, logo);
    let most = publication.config.feed_entries;
    let of_tags = archive.tags().iter().map(|tag| {
        let mut entries: Vec<usize> = tag.places.iter().map(|index| place_of[*index]).collect();
        entries.sort_unstable();
        let part = Part::newest(entries.len(), most);
        let info = Arc::new(info_of_tag(publication, &info, tag));
        Planned::of(info, entries[part.entries.clone()].to_vec(), part)
    });
    let info = Arc::new(info.clone());
    let of_all = feed::parts(place_of.len(), most)
        .into_iter()
        .map(|part| Planned::of(info.clone(), part.entries.clone().collect(), part));
    of_all.chain(of_tags).collect()
}

impl Planned {
    fn of(info: Arc<FeedInfo>, entries: Vec<usize>, part: Part) -> Self {
        Self {
            info,
            part,
            unknown: AtomicUsize::new(entries.len()),
            entries,
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
