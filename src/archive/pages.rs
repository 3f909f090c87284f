//! The pages: what each template is given, and at which path the result lies.

use chrono::{DateTime, SecondsFormat, Utc};

use super::assets::{FEED_STYLESHEET, STYLESHEET, css_string, versioned};
use super::cards::CardView;
use super::draft::Variables;
use super::subscribe::{subscribe_form, subscribe_url};
use super::tags::{Tag, TagView, feed_links};
use super::{ArchivePage, Draft, PageEssay, Surroundings};
use crate::diagnostic::Diagnostic;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Slug;
use crate::readers::ReaderPage;
use crate::render::layout::{IssueLink, IssueView};
use crate::words::{Words, direction, has_italics};

/// Path of the page for what is not there.
const NOT_FOUND: &str = "404.html";

/// What all pages of one publication share.
pub(super) struct Site<'a> {
    pub(super) around: Surroundings<'a>,
    stylesheet: String,
    /// The picture of the publication.
    card: CardView,
    /// What does not differ from page to page.
    frame: Variables,
    /// The same with what pages in the publication's language share: nearly all.
    own_frame: Variables,
}

impl<'a> Site<'a> {
    pub(super) fn new(around: Surroundings<'a>, has_tags: bool) -> Self {
        let Surroundings {
            publication,
            layouts,
            own_words,
            about,
            serve_url,
        } = around;
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
        frame.insert("subscribe_form", &subscribe_form(serve_url));
        let feeds = feed_links(&publication.title, &publication.base_url, "");
        frame.insert("feeds", &feeds);
        let page = |title: &str, path: &str| IssueLink {
            title: title.to_owned(),
            url: format!("{}{path}", publication.base_url),
        };
        let tags = has_tags.then(|| page(&words.tags, "tags/"));
        let about = about.map(|about| page(&about.title, "about/"));
        let pages: Vec<IssueLink> = tags.into_iter().chain(about).collect();
        frame.insert("pages", &pages);
        Self {
            around,
            card: CardView::of_publication(&around),
            stylesheet: versioned(STYLESHEET, layouts.text("web.css")),
            own_frame: in_language(&frame, &publication.language, &words),
            frame,
        }
    }

    pub(super) fn front(&self, pages: &[ArchivePage], openings: &[String]) -> Draft<'_> {
        let mut context = self.own_context(&self.around.publication.language);
        context.insert("issues", &with_openings(pages, openings));
        self.draft("index.html", context, "index.html".to_owned())
    }

    /// The page about the publication.
    pub(super) fn about<'b>(&'b self, essay: PageEssay<'b>) -> Option<Draft<'b>> {
        let about = self.around.about?;
        let mut variables = self.own_context(&about.language);
        variables.insert("title", &about.title);
        variables.insert("summary", &about.summary);
        variables.insert("opening", essay.opening);
        variables.insert(
            "url",
            &format!("{}about/", self.around.publication.base_url),
        );
        Some(self.draft_with_essay("about.html", variables, "about/index.html", essay))
    }

    /// The list of all tags.
    pub(super) fn tags(&self, tags: &[Tag]) -> Draft<'_> {
        let mut variables = self.own_context(&self.around.publication.language);
        variables.insert("tags", &self.views(tags));
        variables.insert("url", &format!("{}tags/", self.around.publication.base_url));
        self.draft("tags.html", variables, "tags/index.html".to_owned())
    }

    /// The issues of one tag.
    pub(super) fn tag(&self, tag: &Tag, pages: &[ArchivePage], openings: &[String]) -> Draft<'_> {
        let mut variables = self.own_context(&self.around.publication.language);
        let issues: Vec<IssueView> = tag
            .places
            .iter()
            .map(|place| with_opening(&pages[*place], &openings[*place]))
            .collect();
        let folder = tag.folder();
        let title = format!("{} · {}", tag.name, self.around.publication.title);
        variables.insert("tag", &TagView::counted(tag, self.around.publication));
        variables.insert("issues", &issues);
        variables.insert(
            "tag_feeds",
            &feed_links(&title, &self.around.publication.base_url, &folder),
        );
        self.draft("tag.html", variables, format!("{folder}index.html"))
    }

    fn views(&self, tags: &[Tag]) -> Vec<TagView> {
        let views = tags.iter();
        views
            .map(|tag| TagView::counted(tag, self.around.publication))
            .collect()
    }

    pub(super) fn not_found(&self) -> Draft<'_> {
        let context = self.own_context(&self.around.publication.language);
        self.draft(NOT_FOUND, context, NOT_FOUND.to_owned())
    }

    /// A page for readers who come and go, which stands at no path of the archive.
    pub(super) fn reader(&self, page: &ReaderPage) -> Result<String, Diagnostic> {
        let mut variables = self.own_context(&self.around.publication.language);
        let stylesheet = self.stylesheet_url(NOT_FOUND);
        variables.insert("stylesheet_url", &stylesheet);
        variables.insert("reader", page);
        let (context, _) = variables.finish("reader.html");
        self.around.layouts.render("reader.html", &context)
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
        let mut variables = self.context(&page.view.language);
        let tags = page.view.tags.iter();
        let tags: Vec<TagView> = tags
            .map(|name| TagView::named(name, self.around.publication))
            .collect();
        variables.insert("issue", &with_opening(page, essay.opening));
        variables.insert("tags", &tags);
        variables.insert("card", &CardView::of_issue(page, &self.around));
        variables.insert("published_time", &rfc3339(page.published));
        variables.insert("modified_time", &page.updated.map(rfc3339));
        variables.insert("previous", &older.map(link));
        variables.insert("next", &newer.map(link));
        self.draft_with_essay("page.html", variables, &page_path(&page.slug), essay)
    }

    /// A page that sends both people and search engines on: any web server can serve it, while a
    /// real redirect needs one that is told about it.
    pub(super) fn redirect(&self, page: &ArchivePage, opening: &str, alias: &Slug) -> Draft<'_> {
        let mut context = self.own_context(&self.around.publication.language);
        context.insert("issue", &with_opening(page, opening));
        self.draft("redirect.html", context, page_path(alias))
    }

    /// What a page knows that is not an issue's.
    fn own_context(&self, language: &str) -> Variables {
        let mut context = self.context(language);
        context.insert("card", &self.card);
        context
    }

    /// What every page knows; `language` is the one of its main text.
    fn context(&self, language: &str) -> Variables {
        if language == self.around.publication.language {
            return self.own_frame.clone();
        }
        let words = Words::of(language, self.around.own_words);
        in_language(&self.frame, language, &words)
    }

    fn draft(&self, template: &'static str, mut variables: Variables, path: String) -> Draft<'_> {
        variables.insert("stylesheet_url", &self.stylesheet_url(&path));
        let (context, fingerprint) = variables.finish(template);
        Draft::new(path, fingerprint, move || {
            Ok(self.around.layouts.render(template, &context)?.into_bytes())
        })
    }

    /// A page with an essay, which is rendered only if the page is made.
    fn draft_with_essay<'b>(
        &'b self,
        template: &'static str,
        mut variables: Variables,
        path: &str,
        essay: PageEssay<'b>,
    ) -> Draft<'b> {
        variables.insert("stylesheet_url", &self.stylesheet_url(path));
        variables.expect("essay", essay.fingerprint);
        let (mut context, fingerprint) = variables.finish(template);
        Draft::new(path, fingerprint, move || {
            context.insert("essay", (essay.web_html)().trim_end());
            Ok(self.around.layouts.render(template, &context)?.into_bytes())
        })
    }

    /// Relative to the page, so that a page opened straight from the disk is dressed as well. The
    /// page for what is not there is served at any depth, and can only name the whole address.
    fn stylesheet_url(&self, path: &str) -> String {
        let up = match path {
            NOT_FOUND => self.around.publication.base_url.clone(),
            _ => "../".repeat(path.matches('/').count()),
        };
        format!("{up}{}", self.stylesheet)
    }

    /// How a browser shows a feed: `feed.css`, and what it says to who has opened one by chance.
    pub(super) fn feed_stylesheet(&self) -> Draft<'_> {
        let language = &self.around.publication.language;
        let words = Words::of(language, self.around.own_words);
        let css = format!(
            "{}\n:root {{ direction: {} }}\n:root::before {{ content: {}{} }}\n",
            self.around.layouts.text("feed.css").trim_end(),
            direction(language),
            css_string(&words.feed_explained),
            if has_italics(language) {
                ""
            } else {
                "; font-style: normal"
            },
        );
        Draft::of_text(FEED_STYLESHEET, css)
    }

    /// A file that lies beside the templates, as it is.
    pub(super) fn copy(&self, name: &str, path: &str) -> Draft<'_> {
        let bytes = self.around.layouts.text(name).as_bytes();
        Draft::new(path, Fingerprint::of_bytes(bytes), || Ok(bytes.to_vec()))
    }
}

/// A frame around text of a language.
fn in_language(frame: &Variables, language: &str, words: &Words) -> Variables {
    let mut variables = frame.clone();
    variables.insert("language", language);
    variables.insert("direction", direction(language));
    variables.insert("words", words);
    variables
}

/// An instant as OpenGraph takes it.
fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
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
