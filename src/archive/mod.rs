//! The archive: the public pages of past issues, one file at a time.
//!
//! Values in, values out: what is written, replaced or removed on the disk is left to `publish`.
//! Every address is absolute and built on the publication's base URL, so that the archive may live
//! under a path. Nothing here asks for the time; building twice gives the same bytes.
//!
//! [`Archive`] knows which files there are. Of each it gives a [`Draft`]: where the file lies, what
//! it depends on, and a way to make it, which is taken only if it is not there already.

mod assets;
mod draft;
mod pages;
mod subscribe;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::fingerprint::Fingerprint;
use crate::issue::Slug;
use crate::render::layout::{IssueView, Layouts, PublicationView};
use crate::words::OwnWords;

pub use assets::{FEED_STYLESHEET, STYLESHEET, hashed_path};
pub use draft::Draft;
use pages::Site;

/// One issue as the archive takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivePage {
    /// What templates know of it; its opening comes with the essay, later.
    pub view: IssueView,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its earlier names, which redirect to this one.
    pub aliases: Vec<Slug>,
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
}

impl<'a> Archive<'a> {
    /// An archive of `pages`, newest first. Two of one address are refused.
    pub fn new(
        publication: &'a PublicationView,
        layouts: &'a Layouts,
        own_words: &'a OwnWords,
        pages: &'a [ArchivePage],
    ) -> Result<Self, Diagnostic> {
        let mut taken = HashSet::new();
        if let Some(twice) = pages.iter().find(|page| !taken.insert(&page.slug)) {
            let address = format!("two issues have the address `issues/{}/`", twice.slug);
            return Err(Diagnostic::error(address)
                .hint("give one of them another `slug` in its front matter"));
        }
        Ok(Self {
            site: Site::new(publication, layouts, own_words),
            pages,
        })
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
        ];
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
            File::Stylesheet => self.site.copy("web.css", STYLESHEET),
            File::FeedStylesheet => self.site.copy("feed.css", FEED_STYLESHEET),
            File::Redirect { alias, to } => {
                self.site.redirect(&self.pages[*to], &openings[*to], alias)
            }
        }
    }
}
