//! The tags of an archive: which there are, and which issues each of them holds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ArchivePage;
use crate::feed::Format;
use crate::issue::Slug;
use crate::render::layout::PublicationView;

/// A tag and the issues that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// As the author writes it.
    pub name: String,
    /// Its name in addresses.
    pub slug: Slug,
    /// Places of its issues among the pages, newest first.
    pub places: Vec<usize>,
}

impl Tag {
    /// Its folder below the base URL, with a slash at its end.
    pub fn folder(&self) -> String {
        folder(&self.slug)
    }
}

/// A tag as templates see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TagView {
    name: String,
    slug: String,
    url: String,
    /// How many issues have it. Left out on the page of an issue, which would change with each
    /// issue of the same tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

impl TagView {
    pub(super) fn counted(tag: &Tag, publication: &PublicationView) -> Self {
        Self {
            count: Some(tag.places.len()),
            ..Self::named(&tag.name, publication)
        }
    }

    pub(super) fn named(name: &str, publication: &PublicationView) -> Self {
        let slug = Slug::from_tag(name);
        Self {
            name: name.to_owned(),
            url: format!("{}{}", publication.base_url, folder(&slug)),
            slug: slug.to_string(),
            count: None,
        }
    }
}

/// A feed as templates name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FeedLink {
    /// Name of the format: `RSS`.
    name: &'static str,
    /// What the feed holds, and its format.
    title: String,
    #[serde(rename = "type")]
    media_type: &'static str,
    url: String,
}

/// The feeds of a folder in all formats; `title` is what they hold.
pub(super) fn feed_links(title: &str, base_url: &str, folder: &str) -> [FeedLink; 3] {
    Format::ALL.map(|format| FeedLink {
        name: format.name(),
        title: format!("{title} ({})", format.name()),
        media_type: format.media_type(),
        url: format!("{base_url}{}", format.newest_path_in(folder)),
    })
}

/// The tags of all pages, in the order of their names. Two that have one address are one: they are
/// refused before.
pub(super) fn collect(pages: &[ArchivePage]) -> Vec<Tag> {
    let mut tags: BTreeMap<Slug, Tag> = BTreeMap::new();
    for (place, page) in pages.iter().enumerate() {
        for name in &page.view.tags {
            let slug = Slug::from_tag(name);
            let tag = tags.entry(slug.clone()).or_insert_with(|| Tag {
                name: name.clone(),
                slug,
                places: Vec::new(),
            });
            if tag.places.last() != Some(&place) {
                tag.places.push(place);
            }
        }
    }
    tags.into_values().collect()
}

fn folder(slug: &Slug) -> String {
    format!("tags/{slug}/")
}
