//! The archive: the public pages of past issues, as a list of files.
//!
//! Values in, values out: what is written, replaced or removed on the disk is left to `publish`.
//! Every address is absolute and built on the publication's base URL, so that the archive may live
//! under a path. Nothing here asks for the time; building twice gives the same bytes.

mod assets;
mod direction;
mod pages;
mod subscribe;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::issue::Slug;
use crate::render::layout::{IssueView, Layouts, PublicationView};

pub use assets::{FEED_STYLESHEET, STYLESHEET};
pub use direction::direction;
use pages::Site;

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Relative to the folder that is served, with forward slashes.
    pub path: String,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// One issue as the archive takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivePage {
    /// What templates know of it.
    pub view: IssueView,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its earlier names, which redirect to this one.
    pub aliases: Vec<Slug>,
    /// The essay as a fragment of HTML.
    pub web_html: String,
}

/// Renders the whole archive. `pages` are newest first.
///
/// An alias that an issue has as its slug is that issue's: a redirect never takes the place of a
/// page. An alias that several issues claim leads to the newest of them.
pub fn build(
    pages: &[ArchivePage],
    publication: &PublicationView,
    layouts: &Layouts,
) -> Result<Vec<ArchiveFile>, Diagnostic> {
    let archive = Site::new(publication, layouts);
    let mut taken = HashSet::new();
    let mut files = archive.front(pages)?;
    for (index, page) in pages.iter().enumerate() {
        if !taken.insert(&page.slug) {
            return Err(Diagnostic::error(format!(
                "two issues have the address `issues/{}/`",
                page.slug
            ))
            .hint("give one of them another `slug` in its front matter"));
        }
        files.push(archive.page(pages, index)?);
    }
    for page in pages {
        for alias in &page.aliases {
            if taken.insert(alias) {
                files.push(archive.redirect(page, alias)?);
            }
        }
    }
    Ok(files)
}
