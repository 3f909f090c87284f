//! The essays of a build: each is parsed when a page or a feed needs it, and then forgotten.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::memory::Memory;
use crate::archive::PageEssay;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Issue;
use crate::publish::pictures::IssueAssets;
use crate::publish::{About, Publication};
use crate::render::pictures::Pictures;
use crate::render::{ParsedEssay, RenderContext};
use crate::words::Words;

/// The essays of the issues of a build, in their order.
#[derive(Clone, Copy)]
pub(super) struct Essays<'a> {
    publication: &'a Publication,
    issues: &'a [&'a Issue],
    assets: &'a [IssueAssets],
    memory: &'a Memory,
}

/// An essay after its page was made.
pub(super) struct Seen {
    pub(super) known: KnownEssay,
    /// Its HTML for the feeds, if it was parsed: writing it now is a tenth of parsing it again.
    pub(super) feed_html: Option<String>,
}

/// What is kept of an essay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KnownEssay {
    /// Hash of everything that its HTML is made of.
    pub(super) fingerprint: Fingerprint,
    /// Its first words.
    pub(super) opening: String,
}

impl<'a> Essays<'a> {
    /// `assets` are those of the issues, in their order.
    pub(super) fn new(
        publication: &'a Publication,
        issues: &'a [&'a Issue],
        assets: &'a [IssueAssets],
        memory: &'a Memory,
    ) -> Self {
        Self {
            publication,
            issues,
            assets,
            memory,
        }
    }

    /// The issues.
    pub(super) fn issues(&self) -> &'a [&'a Issue] {
        self.issues
    }

    /// Hands an essay to `work` as the page of its issue needs it.
    pub(super) fn with_page_essay<R>(
        &self,
        index: usize,
        work: impl FnOnce(PageEssay<'_>) -> R,
    ) -> (Seen, R) {
        let issue = self.issues[index];
        self.with_context(index, |context| {
            with_essay(&issue.markdown, context, self.memory, work)
        })
    }

    /// The same for the page about the publication.
    pub(super) fn with_about<R>(&self, about: &About, work: impl FnOnce(PageEssay<'_>) -> R) -> R {
        let config = &self.publication.config;
        let language = about.language.as_ref().unwrap_or(&config.language);
        let context = RenderContext {
            issue_url: &format!("{}about/", config.base_url),
            id_prefix: "about-",
            essay_css: self.publication.layouts.text("essay.css"),
            words: &Words::of(language, &config.words),
            pictures: &Pictures::default(),
        };
        with_essay(&about.markdown, &context, self.memory, work).1
    }

    /// The HTML of an essay for the feeds.
    pub(super) fn feed_html(&self, index: usize) -> String {
        let issue = self.issues[index];
        self.with_context(index, |context| {
            ParsedEssay::new(&issue.markdown, context).feed_html()
        })
    }

    fn with_context<R>(&self, index: usize, work: impl FnOnce(&RenderContext<'_>) -> R) -> R {
        let issue = self.issues[index];
        let id_prefix = format!("{}-", issue.slug);
        work(&RenderContext {
            issue_url: &self.publication.issue_url(issue),
            id_prefix: &id_prefix,
            essay_css: self.publication.layouts.text("essay.css"),
            words: &self.publication.words(issue),
            pictures: &self.assets[index].pictures,
        })
    }
}

/// Hands an essay to `work`; it is parsed only if something is asked of it that nobody remembers, and
/// then once for page and feeds.
fn with_essay<R>(
    markdown: &str,
    context: &RenderContext<'_>,
    memory: &Memory,
    work: impl FnOnce(PageEssay<'_>) -> R,
) -> (Seen, R) {
    let once = OnceLock::new();
    let parsed = || once.get_or_init(|| ParsedEssay::new(markdown, context));
    let fingerprint = fingerprint(markdown, context);
    let remembered = memory.essay(fingerprint).cloned();
    let remembered = remembered.filter(|known| known.fingerprint == fingerprint);
    let known = remembered.unwrap_or_else(|| KnownEssay {
        fingerprint,
        opening: parsed().opening(),
    });
    let done = work(PageEssay {
        fingerprint,
        opening: &known.opening,
        web_html: &|| parsed().web_html(),
    });
    let feed_html = once.get().map(ParsedEssay::feed_html);
    (Seen { known, feed_html }, done)
}

/// Hash of everything that pages and feeds say of an essay. The stylesheet of the mail is no part
/// of it. Every field is named here: a new one cannot be forgotten.
fn fingerprint(markdown: &str, context: &RenderContext<'_>) -> Fingerprint {
    let RenderContext {
        issue_url,
        id_prefix,
        essay_css: _,
        words,
        pictures,
    } = context;
    let mut print = Fingerprinter::new("essay");
    print.text("markdown", markdown);
    print.text("issue_url", issue_url);
    print.text("id_prefix", id_prefix);
    print.value("words", words);
    for (address, picture) in pictures.iter() {
        // What else a picture has concerns the mail, or follows from these.
        print.text(address, &picture.url);
        print.value("size", &picture.size);
    }
    print.finish()
}
