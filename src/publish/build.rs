//! `build`: the archive and the feeds as files. Written only where bytes change; deleted only
//! where this command wrote; the same input gives the same bytes.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{Publication, Stop, pictures};
use crate::archive::{self, ArchiveFile, ArchivePage};
use crate::diagnostic::Diagnostic;
use crate::feed::{self, Entry, FeedInfo};
use crate::fs;
use crate::issue::Issue;
use crate::render::{RenderContext, RenderedEssay, render_essay};

/// Lists what was written, so that the next build can take away what is no longer there.
const MANIFEST: &str = ".postrider-manifest";

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildReport {
    /// Issues whose time has come.
    pub public: usize,
    /// Issues that wait for their time.
    pub future: usize,
    /// Drafts.
    pub drafts: usize,
    /// Files that were written.
    pub written: usize,
    /// Files whose bytes were right already.
    pub unchanged: usize,
    /// Files of an earlier build that were taken away.
    pub removed: usize,
}

/// Builds everything that is public at `now` into `out`.
pub fn build(
    publication: &Publication,
    issues: &[Issue],
    now: DateTime<Utc>,
    out: &Path,
) -> Result<BuildReport, Stop> {
    refuse_source_folders(publication, out)?;
    let is_public = |issue: &&Issue| !issue.draft && issue.published <= now;
    // Newest first, as archive and feeds show them.
    let public: Vec<&Issue> = issues.iter().filter(is_public).rev().collect();
    let rendered: Vec<RenderedEssay> = public
        .iter()
        .map(|issue| render(publication, issue))
        .collect();
    let mut files = pages(publication, &public, &rendered)?;
    files.extend(feeds(publication, &public, &rendered));
    for issue in &public {
        files.extend(pictures::beside(publication, issue)?);
    }
    let mut report = write_all(out, &files)?;
    report.public = public.len();
    report.drafts = issues.iter().filter(|issue| issue.draft).count();
    report.future = issues.len() - report.public - report.drafts;
    Ok(report)
}

/// Makes every page, drafts and future ones too, and writes nothing: what is wrong with the
/// templates should be known before the day on which they are needed.
pub fn rehearse_build(publication: &Publication, issues: &[Issue]) -> Result<(), Diagnostic> {
    let all: Vec<&Issue> = issues.iter().collect();
    let rendered: Vec<RenderedEssay> = all.iter().map(|issue| render(publication, issue)).collect();
    pages(publication, &all, &rendered).map(|_| ())
}

fn render(publication: &Publication, issue: &Issue) -> RenderedEssay {
    let url = publication.issue_url(issue);
    let id_prefix = format!("{}-", issue.slug);
    let context = RenderContext {
        issue_url: &url,
        id_prefix: &id_prefix,
        essay_css: publication.layouts.text("essay.css"),
    };
    render_essay(&issue.markdown, &context)
}

fn pages(
    publication: &Publication,
    issues: &[&Issue],
    rendered: &[RenderedEssay],
) -> Result<Vec<ArchiveFile>, Diagnostic> {
    let pages: Vec<ArchivePage> = issues
        .iter()
        .zip(rendered)
        .map(|(issue, essay)| ArchivePage {
            view: publication.issue_view(issue, &essay.opening),
            slug: issue.slug.clone(),
            aliases: issue.aliases.clone(),
            web_html: essay.web_html.clone(),
        })
        .collect();
    archive::build(&pages, &publication.view(), &publication.layouts)
}

fn feeds(
    publication: &Publication,
    issues: &[&Issue],
    rendered: &[RenderedEssay],
) -> Vec<ArchiveFile> {
    let config = &publication.config;
    let address = |name: &str| format!("{}{name}", config.base_url);
    let info = FeedInfo {
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
    };
    let newest = issues.iter().zip(rendered).take(config.feed_entries);
    let entries: Vec<Entry> = newest
        .map(|(issue, essay)| entry(publication, issue, essay))
        .collect();
    let file = |path: &str, text: String| ArchiveFile {
        path: path.to_owned(),
        bytes: text.into_bytes(),
    };
    vec![
        file("feed.xml", feed::rss::write(&info, &entries)),
        file("atom.xml", feed::atom::write(&info, &entries)),
        file("feed.json", feed::json::write(&info, &entries)),
    ]
}

fn entry(publication: &Publication, issue: &Issue, essay: &RenderedEssay) -> Entry {
    let view = publication.issue_view(issue, &essay.opening);
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
        content_html: essay.feed_html.clone(),
        published: issue.published,
        updated: issue.updated,
        author: view.author,
        tags: issue.tags.clone(),
        language: issue.language.clone(),
    }
}

/// Pages among the essays, or over the publication itself, would be a mess to clean up.
fn refuse_source_folders(publication: &Publication, out: &Path) -> Result<(), Stop> {
    let Ok(out) = std::fs::canonicalize(out) else {
        return Ok(());
    };
    let folder = &publication.folder;
    let own = std::fs::canonicalize(folder).is_ok_and(|folder| folder == out);
    let sources = ["issues", "templates"].iter().any(|name| {
        std::fs::canonicalize(folder.join(name)).is_ok_and(|source| out.starts_with(source))
    });
    if own || sources {
        return Err(
            Diagnostic::error(format!("`{}` holds what is built from", out.display()))
                .hint("choose a folder of its own; the default is `public`")
                .into(),
        );
    }
    Ok(())
}

fn write_all(out: &Path, files: &[ArchiveFile]) -> Result<BuildReport, Stop> {
    let mut report = BuildReport::default();
    let earlier = read_manifest(out)?;
    refuse_foreign_files(out, files, &earlier)?;
    let current: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    // The manifest names a file before the file is written: what a crash leaves is still ours.
    let union: BTreeSet<&str> = current
        .iter()
        .copied()
        .chain(earlier.iter().map(String::as_str))
        .collect();
    write_manifest(out, &union)?;
    for file in files {
        if fs::write_if_changed(&out.join(&file.path), &file.bytes)
            .map_err(|error| unwritable(&file.path, &error))?
        {
            report.written += 1;
        } else {
            report.unchanged += 1;
        }
    }
    for path in earlier
        .iter()
        .filter(|path| !current.contains(path.as_str()))
    {
        report.removed += usize::from(remove(out, path)?);
    }
    write_manifest(out, &current)?;
    Ok(report)
}

fn unwritable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot write `{path}`")).cause(error)
}

/// A file that is in the way and that no build wrote is somebody's work.
fn refuse_foreign_files(
    out: &Path,
    files: &[ArchiveFile],
    ours: &BTreeSet<String>,
) -> Result<(), Stop> {
    for file in files.iter().filter(|file| !ours.contains(&file.path)) {
        let path = out.join(&file.path);
        let foreign = fs::read_bytes(&path, &file.path)?.is_some_and(|bytes| bytes != file.bytes);
        if foreign {
            return Err(Diagnostic::error(format!(
                "`{}` is in the way, and it was not written by `build`",
                path.display()
            ))
            .hint("move it away, or build into another folder with `--out DIR`")
            .into());
        }
    }
    Ok(())
}

fn read_manifest(out: &Path) -> Result<BTreeSet<String>, Stop> {
    let source = fs::read_text_if_present(&out.join(MANIFEST), MANIFEST)?;
    let text = source
        .map(|source| source.text.to_string())
        .unwrap_or_default();
    // A path that leads out of the folder was not written by us.
    let inside = |path: &&str| {
        !path.is_empty() && !path.starts_with('/') && !path.split('/').any(|part| part == "..")
    };
    Ok(text.lines().filter(inside).map(str::to_owned).collect())
}

fn write_manifest(out: &Path, paths: &BTreeSet<&str>) -> Result<(), Stop> {
    let text: String = paths.iter().flat_map(|path| [path, "\n"]).collect();
    fs::write_if_changed(&out.join(MANIFEST), text.as_bytes())
        .map_err(|error| unwritable(MANIFEST, &error))?;
    Ok(())
}

/// Removes one file and the folders that it leaves empty.
fn remove(out: &Path, path: &str) -> Result<bool, Stop> {
    let full = out.join(path);
    match std::fs::remove_file(&full) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            return Err(Diagnostic::error(format!("cannot remove `{path}`"))
                .cause(error)
                .into());
        }
    }
    let mut folder = full.parent();
    while let Some(parent) = folder.filter(|parent| *parent != out && parent.starts_with(out)) {
        if std::fs::remove_dir(parent).is_err() {
            break;
        }
        folder = parent.parent();
    }
    Ok(true)
}
