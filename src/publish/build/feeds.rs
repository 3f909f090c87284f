//! The feeds: the newest issues in three formats. The essays in them are rendered once for all
//! three, and only if one of the three is made.

use std::sync::{Arc, LazyLock};

use super::essays::{Essays, KnownEssay};
use crate::archive::Draft;
use crate::feed::{self, Entry, FeedInfo};
use crate::fingerprint::Fingerprinter;
use crate::issue::Issue;
use crate::publish::Publication;

/// Writes a feed in one format.
type Write = fn(&FeedInfo, &[Entry]) -> String;

/// The three feeds. `known` has a place for each issue.
pub(super) fn drafts<'a>(
    publication: &Publication,
    essays: &Essays<'a>,
    known: &[KnownEssay],
) -> Vec<Draft<'a>> {
    let info = Arc::new(info(publication));
    let mut print = Fingerprinter::new("feed");
    print.value("info", &*info);
    let mut entries = Vec::new();
    let newest = essays.issues().iter().zip(known);
    for (issue, essay) in newest.take(publication.config.feed_entries) {
        let entry = entry(publication, issue, &essay.opening);
        print.value("entry", &entry);
        print.part("essay", essay.fingerprint);
        entries.push(entry);
    }
    let essays = *essays;
    let entries = Arc::new(LazyLock::new(move || {
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.content_html = essays.feed_html(index);
        }
        entries
    }));
    let formats: [(&str, Write); 3] = [
        ("feed.xml", feed::rss::write),
        ("atom.xml", feed::atom::write),
        ("feed.json", feed::json::write),
    ];
    let draft = |(path, write): (&str, Write)| {
        let mut print = print.clone();
        print.text("path", path);
        let (info, entries) = (info.clone(), entries.clone());
        Draft::new(path, print.finish(), move || {
            Ok(write(&info, &entries).into_bytes())
        })
    };
    formats.into_iter().map(draft).collect()
}

fn info(publication: &Publication) -> FeedInfo {
    let config = &publication.config;
    let address = |name: &str| format!("{}{name}", config.base_url);
    FeedInfo {
        id: feed::feed_tag_uri(&config.feed_authority),
        title: config.title.clone(),
        description: config.description.clone(),
        author: config.author.clone(),
        language: config.language.clone(),
        base_url: config.base_url.clone(),
        rss_url: address("feed.xml"),
        atom_url: address("atom.xml"),
        json_url: address("feed.json"),
        author_email: None,
    }
}

/// An entry without its content.
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
    }
}
