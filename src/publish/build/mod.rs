//! `build`: the archive and the feeds as files. Written only where bytes change; deleted only
//! where this command wrote; the same input gives the same bytes.
//!
//! An issue is rendered for its page and its feeds, which are written as soon as they can be, and is
//! forgotten: what is kept of it is its opening. Issues are worked on side by side, and nothing depends on which of them is ready first.
//! Files that changed wait in a folder of their own until all of them are there ([`press`]), so that
//! an error leaves the archive as it was.

mod essays;
mod feeds;
mod former;
mod manifest;
mod memory;
mod press;
mod stamp;
mod twins;

use std::collections::HashSet;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::pictures::{ASSETS, Asset, IssueAssets, assets_of};
use super::side_by_side::side_by_side;
use super::{About, Publication, Stop, logo};
use crate::archive::{AboutPage, Archive, ArchivePage, Cover, Draft, Surroundings};
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::words::Words;
use essays::{Essays, KnownEssay};
use feeds::Feeds;
pub(super) use former::FormerNames;
use memory::Memory;
use press::{Press, Printed};
pub use twins::{ENDINGS as TWIN_ENDINGS, gzip};

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
    /// Feeds whose subscribers have something new to read: paths in the folder that is served.
    pub changed_feeds: Vec<String>,
    /// What the author should know about what was made.
    pub warnings: Vec<Diagnostic>,
}

/// What a build makes files of.
#[derive(Clone, Copy)]
pub(super) struct Edition<'a> {
    pub(super) publication: &'a Publication,
    /// Newest first.
    pub(super) issues: &'a [&'a Issue],
    /// Of each issue.
    pub(super) assets: &'a [IssueAssets],
    pub(super) about: Option<&'a About>,
    /// Names of the issues in earlier builds.
    pub(super) former: &'a FormerNames,
}

/// Largest JSON feed that its readers should be expected to take, in bytes.
const LARGEST_JSON_FEED: u64 = 250_000;

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
    let assets = assets_of_all(publication, &public).map_err(Stop::Failed)?;
    let about = publication.about().map_err(Stop::Failed)?;
    let memory = Memory::open(&publication.folder);
    let press = Press::open(out, &memory)?;
    let former = FormerNames::read(out)?;
    let print = |draft: Draft<'_>| press.print(draft);
    let edition = Edition {
        publication,
        issues: &public,
        assets: &assets,
        about: about.as_ref(),
        former: &former,
    };
    let (mut printed, essays) = make_all(edition, &memory, &print)?;
    let of_about = about.iter().map(|about| &about.assets);
    let own: Vec<&Asset> = assets
        .iter()
        .chain(of_about)
        .flat_map(|assets| &assets.files)
        .collect();
    printed.extend(side_by_side(own.len(), |index| print(own[index].draft()))?);
    let ids: HashSet<&str> = public.iter().map(|issue| issue.id.as_str()).collect();
    let mut report = press.publish(&mut printed, |path| is_of_one_of(&ids, path))?;
    memory.keep(printed.iter().map(Printed::known), essays);
    report.public = public.len();
    report.drafts = issues.iter().filter(|issue| issue.draft).count();
    report.future = issues.len() - report.public - report.drafts;
    report.warnings = former.warnings(&public);
    report.warnings.extend(large_feed(out));
    former.write_with(&public, out)?;
    Ok(report)
}

/// Whether a file was brought along by one of the issues, perhaps with an earlier text: mails that show
/// it were sent and cannot be changed.
fn is_of_one_of(ids: &HashSet<&str>, path: &str) -> bool {
    let below = path.strip_prefix(ASSETS);
    let id = below.and_then(|below| Some(below.split_once('/')?.0));
    id.is_some_and(|id| ids.contains(id))
}

/// What is to be said about a JSON feed that some readers leave out for its size.
fn large_feed(out: &Path) -> Option<Diagnostic> {
    let bytes = std::fs::metadata(out.join("feed.json")).ok()?.len();
    (bytes > LARGEST_JSON_FEED).then(|| {
        Diagnostic::warning(format!("`feed.json` has {} KB", bytes.div_ceil(1000)))
            .cause("some feed readers take no JSON of more than 250 KB")
            .hint("let the feeds hold fewer issues with `entries` in `[feeds]`; the others stay in the feeds' archives")
    })
}

/// Makes every page, drafts and future ones too, and writes nothing: what is wrong with the
/// templates and the pictures should be known before the day on which they are needed.
pub fn rehearse_build(publication: &Publication, issues: &[Issue]) -> Vec<Diagnostic> {
    let all: Vec<&Issue> = issues.iter().rev().collect();
    let made = publication.about().and_then(|about| {
        let assets = assets_of_all(publication, &all)?;
        let make = |draft: Draft<'_>| draft.make().map(|_| ());
        let edition = Edition {
            publication,
            issues: &all,
            assets: &assets,
            about: about.as_ref(),
            former: &FormerNames::default(),
        };
        make_anew(edition, &make).map_err(|problem| vec![problem])
    });
    made.err().unwrap_or_default()
}

/// The files of all issues; everything that is wrong with any of them is told at once.
fn assets_of_all(
    publication: &Publication,
    issues: &[&Issue],
) -> Result<Vec<IssueAssets>, Vec<Diagnostic>> {
    let found = side_by_side(issues.len(), |index| {
        Ok(assets_of(publication, issues[index]))
    });
    let mut assets = Vec::new();
    let mut problems = Vec::new();
    for found in found.map_err(|problem| vec![problem])? {
        match found {
            Ok(found) => assets.push(found),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(assets)
    } else {
        Err(problems)
    }
}

/// Hands every page and feed to `take`, and gives what that made of them in a fixed order. Nothing
/// is remembered of an earlier time.
pub(super) fn make_anew<R: Send>(
    edition: Edition<'_>,
    take: &(dyn Fn(Draft<'_>) -> Result<R, Diagnostic> + Sync),
) -> Result<Vec<R>, Diagnostic> {
    make_all(edition, &Memory::default(), take).map(|(taken, _)| taken)
}

/// Hands every page and feed to `take`, and gives what that made of them in a fixed order, with what
/// is known of the essays.
fn make_all<R: Send>(
    edition: Edition<'_>,
    memory: &Memory,
    take: &(dyn Fn(Draft<'_>) -> Result<R, Diagnostic> + Sync),
) -> Result<(Vec<R>, Vec<KnownEssay>), Diagnostic> {
    let Edition {
        publication,
        issues,
        assets,
        about,
        former,
    } = edition;
    let view = publication.view();
    let pages: Vec<ArchivePage> = issues
        .iter()
        .zip(assets)
        .map(|(issue, assets)| ArchivePage {
            aliases: former.with_aliases(issue, issues),
            ..archive_page(publication, issue, assets)
        })
        .collect();
    let about_page = about.map(|about| about_page(publication, about));
    let around = Surroundings {
        publication: &view,
        layouts: &publication.layouts,
        own_words: &publication.config.words,
        about: about_page.as_ref(),
        serve_url: publication.config.serve.url.as_deref(),
    };
    let archive = Archive::new(around, &pages)?;
    let essays = Essays::new(publication, issues, assets, memory);
    let logo = logo::read(publication)?;
    let shown = logo.as_ref().map(|logo| logo.shown.clone());
    let feeds = Feeds::new(publication, shown, &essays, &archive);
    let document = |number: usize| Ok((number, feeds.document(number, take)?));
    let made = side_by_side(issues.len(), |index| {
        let (seen, page) = essays.with_page_essay(index, |essay| take(archive.issue(index, essay)));
        let (page, known) = (page?, seen.known.clone());
        let documents = feeds.learn(index, seen).into_iter().map(document);
        Ok((known, page, documents.collect::<Result<Vec<_>, _>>()?))
    })?;
    let mut documents = Vec::new();
    let (mut known, mut taken) = (Vec::new(), Vec::new());
    for (essay, page, of_feeds) in made {
        known.push(essay);
        taken.push(page);
        documents.extend(of_feeds);
    }
    let openings: Vec<String> = known.iter().map(|known| known.opening.clone()).collect();
    let files = archive.files();
    taken.extend(side_by_side(files.len(), |index| {
        take(archive.file(&files[index], &openings))
    })?);
    if let Some(about) = about {
        let drafted = essays.with_about(about, |essay| archive.about(essay).map(take));
        taken.extend(drafted.transpose()?);
    }
    for number in feeds.empty() {
        documents.push(document(number)?);
    }
    documents.sort_by_key(|(number, _)| *number);
    taken.extend(documents.into_iter().flat_map(|(_, taken)| taken));
    if let Some(file) = logo.and_then(|logo| logo.file) {
        taken.push(take(file)?);
    }
    Ok((taken, known))
}

fn archive_page(publication: &Publication, issue: &Issue, assets: &IssueAssets) -> ArchivePage {
    ArchivePage {
        view: publication.issue_view(issue, ""),
        slug: issue.slug.clone(),
        aliases: issue.aliases.clone(),
        published: issue.published,
        updated: issue.updated,
        cover: cover(issue, assets),
    }
}

/// The cover: a file of the issue's folder, or a picture that is on the web.
fn cover(issue: &Issue, assets: &IssueAssets) -> Option<Cover> {
    if let Some(picture) = &assets.cover {
        return Some(Cover {
            url: picture.url.clone(),
            size: picture.size,
        });
    }
    let url = issue.cover.clone()?;
    let is_whole = ["https://", "http://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    is_whole.then_some(Cover { url, size: None })
}

fn about_page(publication: &Publication, about: &About) -> AboutPage {
    let config = &publication.config;
    let language = about.language.as_ref().unwrap_or(&config.language);
    let words = Words::of(language, &config.words);
    let title = about.title.clone();
    AboutPage {
        title: title.unwrap_or_else(|| words.about.into_owned()),
        summary: about.summary.clone().unwrap_or_default(),
        language: language.clone(),
    }
}

/// Pages among the essays, or over the publication itself, would be a mess to clean up.
fn refuse_source_folders(publication: &Publication, out: &Path) -> Result<(), Stop> {
    let Ok(out) = std::fs::canonicalize(out) else {
        return Ok(());
    };
    let folder = &publication.folder;
    let own = std::fs::canonicalize(folder).is_ok_and(|folder| folder == out);
    let sources = ["issues", "templates", "themes"].iter().any(|name| {
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
