//! The essays of a build: each is parsed when a page or a feed needs it, and then forgotten.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::memory::Memory;
use crate::archive::PageEssay;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::issue::Issue;
use crate::publish::pictures::IssueAssets;
use crate::publish::{About, Publication};
use crate::render::{ParsedEssay, RenderContext, render_for_feeds};
use crate::words::Words;

/// The essays of the issues of a build, in their order.
pub(super) struct Essays<'a> {
    publication: &'a Publication,
    issues: &'a [&'a Issue],
    assets: &'a [IssueAssets],
    memory: &'a Memory,
    /// By the tag of the language.
    spoken: BTreeMap<&'a str, Spoken>,
}

/// The words of a language, and the hash of them all, which is made once for all essays.
struct Spoken {
    words: Words,
    print: Fingerprint,
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
        let mut spoken = BTreeMap::new();
        for issue in issues {
            let tag = language_of(publication, issue);
            let words = || Spoken::of(tag, publication);
            spoken.entry(tag).or_insert_with(words);
        }
        Self {
            publication,
            issues,
            assets,
            memory,
            spoken,
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
        self.with_context(index, |context, words| {
            with_essay(&issue.markdown, context, words, self.memory, work)
        })
    }

    /// The same for the page about the publication.
    pub(super) fn with_about<R>(&self, about: &About, work: impl FnOnce(PageEssay<'_>) -> R) -> R {
        let config = &self.publication.config;
        let language = about.language.as_ref().unwrap_or(&config.language);
        let spoken = Spoken::of(language, self.publication);
        let context = RenderContext {
            issue_url: &format!("{}about/", config.base_url),
            id_prefix: "about-",
            essay_css: self.publication.layouts.text("essay.css"),
            words: &spoken.words,
            pictures: &about.assets.pictures,
        };
        with_essay(&about.markdown, &context, spoken.print, self.memory, work).1
    }

    /// The HTML of an essay for the feeds.
    pub(super) fn feed_html(&self, index: usize) -> String {
        let issue = self.issues[index];
        self.with_context(index, |context, _| {
            render_for_feeds(&issue.markdown, context)
        })
    }

    fn with_context<R>(
        &self,
        index: usize,
        work: impl FnOnce(&RenderContext<'_>, Fingerprint) -> R,
    ) -> R {
        let issue = self.issues[index];
        let spoken = &self.spoken[language_of(self.publication, issue)];
        let context = RenderContext {
            issue_url: &self.publication.issue_url(issue),
            id_prefix: &format!("{}-", issue.slug),
            essay_css: self.publication.layouts.text("essay.css"),
            words: &spoken.words,
            pictures: &self.assets[index].pictures,
        };
        work(&context, spoken.print)
    }
}

impl Spoken {
    fn of(language: &str, publication: &Publication) -> Self {
        let words = Words::of(language, &publication.config.words);
        let mut print = Fingerprinter::new("words");
        print.value("words", &words);
        Self {
            words,
            print: print.finish(),
        }
    }
}

fn language_of<'a>(publication: &'a Publication, issue: &'a Issue) -> &'a str {
    issue
        .language
        .as_ref()
        .unwrap_or(&publication.config.language)
}

/// Hands an essay to `work`; it is parsed only if something is asked of it that nobody remembers, and
/// then once for page and feeds.
fn with_essay<R>(
    markdown: &str,
    context: &RenderContext<'_>,
    words: Fingerprint,
    memory: &Memory,
    work: impl FnOnce(PageEssay<'_>) -> R,
) -> (Seen, R) {
    let once = OnceLock::new();
    let parsed = || once.get_or_init(|| ParsedEssay::new(markdown, context));
    let fingerprint = fingerprint(markdown, context, words);
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
/// of it, and `words` stands for those of the language. Every field is named here: a new one cannot be
/// forgotten.
fn fingerprint(markdown: &str, context: &RenderContext<'_>, words: Fingerprint) -> Fingerprint {
    let RenderContext {
        issue_url,
        id_prefix,
        essay_css: _,
        words: _,
        pictures,
    } = context;
    let mut print = Fingerprinter::new("essay");
    print.text("markdown", markdown);
    print.text("issue_url", issue_url);
    print.text("id_prefix", id_prefix);
    print.part("words", words);
    for (address, picture) in pictures.iter() {
        // What else a picture has concerns the mail, or follows from these.
        print.text(address, &picture.url);
        print.value("size", &picture.size);
    }
    print.finish()
}
