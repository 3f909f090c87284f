//! The pages: what each template is given, and at which path the result lies.

use tera::Context;

use super::assets::{FEED_STYLESHEET, STYLESHEET, versioned};
use super::direction::direction;
use super::subscribe::subscribe_url;
use super::{ArchiveFile, ArchivePage};
use crate::diagnostic::Diagnostic;
use crate::issue::Slug;
use crate::render::layout::{IssueLink, IssueView, Layouts, PublicationView};

/// Path of the page for what is not there.
const NOT_FOUND: &str = "404.html";

/// What all pages of one publication share.
pub(super) struct Site<'a> {
    publication: &'a PublicationView,
    layouts: &'a Layouts,
    stylesheet: String,
}

impl<'a> Site<'a> {
    pub(super) fn new(publication: &'a PublicationView, layouts: &'a Layouts) -> Self {
        Self {
            publication,
            layouts,
            stylesheet: versioned(STYLESHEET, layouts.text("web.css")),
        }
    }

    /// Everything that exists once.
    pub(super) fn front(&self, pages: &[ArchivePage]) -> Result<Vec<ArchiveFile>, Diagnostic> {
        let issues: Vec<&IssueView> = pages.iter().map(|page| &page.view).collect();
        let mut index = self.context(&self.publication.language);
        index.insert("issues", &issues);
        let not_found = self.context(&self.publication.language);
        Ok(vec![
            self.render("index.html", index, "index.html")?,
            self.render(NOT_FOUND, not_found, NOT_FOUND)?,
            self.copy("web.css", STYLESHEET),
            self.copy("feed.css", FEED_STYLESHEET),
        ])
    }

    pub(super) fn page(
        &self,
        pages: &[ArchivePage],
        index: usize,
    ) -> Result<ArchiveFile, Diagnostic> {
        let page = &pages[index];
        let newer = index.checked_sub(1).and_then(|newer| pages.get(newer));
        let older = pages.get(index + 1);
        let mut context = self.context(&page.view.language);
        context.insert("issue", &page.view);
        context.insert("essay", page.web_html.trim_end());
        context.insert("previous", &older.map(link));
        context.insert("next", &newer.map(link));
        self.render("page.html", context, &page_path(&page.slug))
    }

    /// A page that sends both people and search engines on: any web server can serve it, while a
    /// real redirect needs one that is told about it.
    pub(super) fn redirect(
        &self,
        page: &ArchivePage,
        alias: &Slug,
    ) -> Result<ArchiveFile, Diagnostic> {
        let mut context = self.context(&self.publication.language);
        context.insert("issue", &page.view);
        self.render("redirect.html", context, &page_path(alias))
    }

    /// What every page knows; `language` is the one of its main text.
    fn context(&self, language: &str) -> Context {
        let mut context = Context::new();
        context.insert("publication", self.publication);
        context.insert("language", language);
        context.insert("direction", direction(language));
        let home_direction = direction(&self.publication.language);
        context.insert("publication_direction", home_direction);
        context.insert("subscribe_url", &subscribe_url(self.publication));
        context
    }

    fn render(
        &self,
        template: &str,
        mut context: Context,
        path: &str,
    ) -> Result<ArchiveFile, Diagnostic> {
        context.insert("stylesheet_url", &self.stylesheet_url(path));
        Ok(ArchiveFile {
            path: path.to_owned(),
            bytes: self.layouts.render(template, &context)?.into_bytes(),
        })
    }

    /// Relative to the page, so that a page opened straight from the disk is dressed as well. The
    /// page for what is not there is served at any depth, and can only name the whole address.
    fn stylesheet_url(&self, path: &str) -> String {
        let up = match path {
            NOT_FOUND => self.publication.base_url.clone(),
            _ => "../".repeat(path.matches('/').count()),
        };
        format!("{up}{}", self.stylesheet)
    }

    fn copy(&self, name: &str, path: &str) -> ArchiveFile {
        ArchiveFile {
            path: path.to_owned(),
            bytes: self.layouts.text(name).as_bytes().to_vec(),
        }
    }
}

fn page_path(slug: &Slug) -> String {
    format!("issues/{slug}/index.html")
}

fn link(page: &ArchivePage) -> IssueLink {
    IssueLink {
        title: page.view.title.clone(),
        url: page.view.url.clone(),
    }
}
