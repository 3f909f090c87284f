//! The archive: the public pages of past issues, one file at a time.
//!
//! Values in, values out: what is written, replaced or removed on the disk is left to `publish`.
//! Every address is absolute and built on the publication's base URL, so that the archive may live
//! under a path. Nothing here asks for the time; building twice gives the same bytes.
//!
//! [`Archive`] knows which files there are. Of each it gives a [`Draft`]: where the file lies, what
//! it depends on, and a way to make it, which is taken only if it is not there already.

mod assets;
mod cards;
mod crawlers;
mod draft;
mod pages;
mod subscribe;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::card::Card;
use crate::diagnostic::Diagnostic;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Slug;
use crate::readers::ReaderPage;
use crate::render::layout::{IssueView, Layouts, PublicationView};
use crate::words::OwnWords;

pub use assets::{FEED_STYLESHEET, STYLESHEET, hashed_path};
use cards::{card_of_issue, card_of_publication};
use crawlers::{Listed, robots, sitemap};
pub use draft::Draft;
use pages::Site;
pub use tags::Tag;

/// One issue as the archive takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivePage {
    /// What templates know of it; its opening comes with the essay, later.
    pub view: IssueView,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its earlier names, which redirect to this one.
    pub aliases: Vec<Slug>,
    /// When it was first public.
    pub published: DateTime<Utc>,
    /// When it was corrected.
    pub updated: Option<DateTime<Utc>>,
    /// The picture that its author chose for it.
    pub cover: Option<Cover>,
}

/// The picture that stands for an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Absolute address.
    pub url: String,
    /// Width and height in pixels, where they are known.
    pub size: Option<(u32, u32)>,
}

impl ArchivePage {
    fn last_change(&self) -> DateTime<Utc> {
        self.updated
            .map_or(self.published, |updated| updated.max(self.published))
    }
}

/// The page about the publication, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutPage {
    /// Title.
    pub title: String,
    /// Summary; may be empty.
    pub summary: String,
    /// BCP 47 tag.
    pub language: String,
}

/// What stands around the issues of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The publication.
    pub publication: &'a PublicationView,
    /// The templates.
    pub layouts: &'a Layouts,
    /// Words that the author wants to be others.
    pub own_words: &'a OwnWords,
    /// The page about the publication, if there is one.
    pub about: Option<&'a AboutPage>,
    /// Where the server is that takes sign-ups, with a slash at its end, if there is one.
    pub serve_url: Option<&'a str>,
}

/// A page for readers who come and go, dressed as the archive is.
pub fn reader_page(around: Surroundings<'_>, page: &ReaderPage) -> Result<String, Diagnostic> {
    Site::new(around, false).reader(page)
}

/// The essay of a page. Its HTML is asked for only if the page is made.
#[derive(Clone, Copy)]
pub struct PageEssay<'a> {
    /// Hash of everything that the HTML is made of.
    pub fingerprint: Fingerprint,
    /// The essay's first words.
    pub opening: &'a str,
    /// The essay as a fragment of HTML.
    pub web_html: &'a (dyn Fn() -> String + Sync),
}

/// A file of the archive that is not the page of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// The list of all issues.
    Front,
    /// The page for what is not there.
    NotFound,
    /// The list of all tags.
    Tags,
    /// The issues of one tag, which is given by its place.
    Tag(usize),
    /// The picture that goes with a link.
    Card(Card),
    /// The list of all pages, for search engines.
    Sitemap,
    /// Where that list is.
    Robots,
    /// How the pages look.
    Stylesheet,
    /// How a browser shows a feed.
    FeedStylesheet,
    /// A page that leads from an earlier name to an issue, which is given by its place.
    Redirect {
        /// The earlier name.
        alias: Slug,
        /// Place of the issue among the pages.
        to: usize,
    },
}

/// All files of an archive.
pub struct Archive<'a> {
    site: Site<'a>,
    pages: &'a [ArchivePage],
    tags: Vec<Tag>,
}

impl<'a> Archive<'a> {
    /// An archive of `pages`, newest first. Two of one address are refused.
    pub fn new(around: Surroundings<'a>, pages: &'a [ArchivePage]) -> Result<Self, Diagnostic> {
        let mut taken = HashSet::new();
        if let Some(twice) = pages.iter().find(|page| !taken.insert(&page.slug)) {
            let address = format!("two issues have the address `issues/{}/`", twice.slug);
            return Err(Diagnostic::error(address)
                .hint("give one of them another `slug` in its front matter"));
        }
        let tags = tags::collect(pages);
        Ok(Self {
            site: Site::new(around, !tags.is_empty()),
            pages,
            tags,
        })
    }

    /// The tags, in the order of their names.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The picture that an author chose for the issue at a place.
    pub fn cover(&self, index: usize) -> Option<&Cover> {
        self.pages[index].cover.as_ref()
    }

    /// The page about the publication, if there is one.
    pub fn about<'b>(&'b self, essay: PageEssay<'b>) -> Option<Draft<'b>> {
        self.site.about(essay)
    }

    /// The page of the issue at a place.
    pub fn issue<'b>(&'b self, index: usize, essay: PageEssay<'b>) -> Draft<'b> {
        self.site.page(self.pages, index, essay)
    }

    /// Every file but the pages of issues.
    ///
    /// An alias that an issue has as its slug is that issue's: a redirect never takes the place of
    /// a page. An alias that several issues claim leads to the newest of them.
    pub fn files(&self) -> Vec<File> {
        let mut files = vec![
            File::Front,
            File::NotFound,
            File::Stylesheet,
            File::FeedStylesheet,
            File::Sitemap,
        ];
        if robots(&self.site.around.publication.base_url).is_some() {
            files.push(File::Robots);
        }
        if !self.tags.is_empty() {
            files.push(File::Tags);
            files.extend((0..self.tags.len()).map(File::Tag));
        }
        files.extend(self.cards().into_iter().map(File::Card));
        let mut taken: HashSet<&Slug> = self.pages.iter().map(|page| &page.slug).collect();
        for (to, page) in self.pages.iter().enumerate() {
            for alias in &page.aliases {
                if taken.insert(alias) {
                    let alias = alias.clone();
                    files.push(File::Redirect { alias, to });
                }
            }
        }
        files
    }

    /// One of [`Self::files`]. `openings` are the first words of all essays, in the order of the
    /// pages.
    pub fn file(&self, file: &File, openings: &[String]) -> Draft<'_> {
        match file {
            File::Front => self.site.front(self.pages, openings),
            File::NotFound => self.site.not_found(),
            File::Tags => self.site.tags(&self.tags),
            File::Tag(place) => self.site.tag(&self.tags[*place], self.pages, openings),
            File::Card(card) => draft_of_card(card),
            File::Sitemap => Draft::of_text("sitemap.xml", sitemap(&self.listed())),
            File::Robots => {
                let rules = robots(&self.site.around.publication.base_url);
                Draft::of_text("robots.txt", rules.unwrap_or_default())
            }
            File::Stylesheet => self.site.copy("web.css", STYLESHEET),
            File::FeedStylesheet => self.site.feed_stylesheet(),
            File::Redirect { alias, to } => {
                self.site.redirect(&self.pages[*to], &openings[*to], alias)
            }
        }
    }

    /// Every card once: that of the publication, and those of issues.
    fn cards(&self) -> Vec<Card> {
        let around = &self.site.around;
        let mut paths = HashSet::new();
        std::iter::once(card_of_publication(around))
            .chain((self.pages.iter()).filter_map(|page| card_of_issue(page, around)))
            .filter(|card| paths.insert(card.path()))
            .collect()
    }

    /// Every page that a search engine should know.
    fn listed(&self) -> Vec<Listed> {
        let base_url = &self.site.around.publication.base_url;
        let newest = |places: &mut dyn Iterator<Item = usize>| {
            places.map(|place| self.pages[place].last_change()).max()
        };
        let listed = |path: &str, changed| Listed {
            url: format!("{base_url}{path}"),
            changed,
        };
        let all = newest(&mut (0..self.pages.len()));
        let mut pages = vec![listed("", all)];
        pages.extend(self.site.around.about.map(|_| listed("about/", None)));
        pages.extend(self.pages.iter().map(|page| Listed {
            url: page.view.url.clone(),
            changed: Some(page.last_change()),
        }));
        if !self.tags.is_empty() {
            pages.push(listed("tags/", all));
        }
        pages.extend((self.tags.iter()).map(|tag| {
            let changed = newest(&mut tag.places.iter().copied());
            listed(&tag.folder(), changed)
        }));
        pages
    }
}

fn draft_of_card(card: &Card) -> Draft<'static> {
    let card = card.clone();
    let mut print = Fingerprinter::new("card");
    print.value("card", &card);
    Draft::new(card.path(), print.finish(), move || Ok(card.png()))
}
