//! The pages: what each template is given, and at which path the result lies.

use super::assets::{STYLESHEET, versioned};
use super::draft::Variables;
use super::subscribe::subscribe_url;
use super::{ArchivePage, Draft, PageEssay};
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Slug;
use crate::render::layout::{IssueLink, IssueView, Layouts, PublicationView};
use crate::words::{OwnWords, Words, direction};

/// Path of the page for what is not there.
const NOT_FOUND: &str = "404.html";

/// What all pages of one publication share.
pub(super) struct Site<'a> {
    publication: &'a PublicationView,
    layouts: &'a Layouts,
    own_words: &'a OwnWords,
    stylesheet: String,
    /// What does not differ from page to page.
    frame: Variables,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        publication: &'a PublicationView,
        layouts: &'a Layouts,
        own_words: &'a OwnWords,
    ) -> Self {
        let mut print = Fingerprinter::new("page");
        for (name, source) in layouts.sources() {
            print.text(name, &source.text);
        }
        let mut frame = Variables::new(print);
        // The frame of every page speaks the publication's language.
        let words = Words::of(&publication.language, own_words);
        frame.insert("publication", publication);
        frame.insert("publication_words", &words);
        let frame_direction = direction(&publication.language);
        frame.insert("publication_direction", frame_direction);
        frame.insert("subscribe_url", &subscribe_url(publication, &words));
        Self {
            publication,
            layouts,
            own_words,
            stylesheet: versioned(STYLESHEET, layouts.text("web.css")),
            frame,
        }
    }

    pub(super) fn front(&self, pages: &[ArchivePage], openings: &[String]) -> Draft<'_> {
        let mut context = self.context(&self.publication.language);
        context.insert("issues", &with_openings(pages, openings));
        self.draft("index.html", context, "index.html".to_owned())
    }

    pub(super) fn not_found(&self) -> Draft<'_> {
        let context = self.context(&self.publication.language);
        self.draft(NOT_FOUND, context, NOT_FOUND.to_owned())
    }

    pub(super) fn page<'b>(
        &'b self,
        pages: &[ArchivePage],
        index: usize,
        essay: PageEssay<'b>,
    ) -> Draft<'b> {
        let page = &pages[index];
        let newer = index.checked_sub(1).and_then(|newer| pages.get(newer));
        let older = pages.get(index + 1);
        let path = page_path(&page.slug);
        let mut variables = self.context(&page.view.language);
        variables.insert("issue", &with_opening(page, essay.opening));
        variables.insert("previous", &older.map(link));
        variables.insert("next", &newer.map(link));
        variables.insert("stylesheet_url", &self.stylesheet_url(&path));
        variables.expect("essay", essay.fingerprint);
        let (mut context, fingerprint) = variables.finish("page.html");
        Draft::new(path, fingerprint, move || {
            context.insert("essay", (essay.web_html)().trim_end());
            let page = self.layouts.render("page.html", &context)?;
            Ok(page.into_bytes())
        })
    }

    /// A page that sends both people and search engines on: any web server can serve it, while a
    /// real redirect needs one that is told about it.
    pub(super) fn redirect(&self, page: &ArchivePage, opening: &str, alias: &Slug) -> Draft<'_> {
        let mut context = self.context(&self.publication.language);
        context.insert("issue", &with_opening(page, opening));
        self.draft("redirect.html", context, page_path(alias))
    }

    /// What every page knows; `language` is the one of its main text.
    fn context(&self, language: &str) -> Variables {
        let mut context = self.frame.clone();
        context.insert("language", language);
        context.insert("direction", direction(language));
        context.insert("words", &Words::of(language, self.own_words));
        context
    }

    fn draft(&self, template: &'static str, mut variables: Variables, path: String) -> Draft<'_> {
        variables.insert("stylesheet_url", &self.stylesheet_url(&path));
        let (context, fingerprint) = variables.finish(template);
        Draft::new(path, fingerprint, move || {
            Ok(self.layouts.render(template, &context)?.into_bytes())
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

    /// A file that lies beside the templates, as it is.
    pub(super) fn copy(&self, name: &str, path: &str) -> Draft<'_> {
        let bytes = self.layouts.text(name).as_bytes();
        Draft::new(path, Fingerprint::of_bytes(bytes), || Ok(bytes.to_vec()))
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

fn with_opening(page: &ArchivePage, opening: &str) -> IssueView {
    IssueView {
        opening: opening.to_owned(),
        ..page.view.clone()
    }
}

fn with_openings(pages: &[ArchivePage], openings: &[String]) -> Vec<IssueView> {
    let pairs = pages.iter().zip(openings);
    pairs
        .map(|(page, opening)| with_opening(page, opening))
        .collect()
}
