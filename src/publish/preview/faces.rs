//! Makes the faces of one issue with what `send` and `build` make theirs with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::readers::Person;
use crate::archive::Draft;
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::message::{Addressee, Composer, Purpose};
use crate::preview::{Face, Faces, FeedFace, Mail, Page, Picture, Received, pictures_in};
use crate::publish::build::{Edition, FormerNames, make_anew};
use crate::publish::freeze::freeze;
use crate::publish::pictures::{IssueAssets, assets_of};
use crate::publish::trial::in_time;
use crate::publish::{About, Publication};
use crate::token::Keys;

/// The issues between which the page of an issue stands: the newer and the older one.
#[derive(Debug, Default, Clone)]
pub(super) struct Neighbours {
    pub(super) newer: Option<Arc<Issue>>,
    pub(super) older: Option<Arc<Issue>>,
}

/// Files of the archive by their paths.
pub(super) type SiteFiles = BTreeMap<String, Vec<u8>>;

/// What the faces are made of.
pub(super) struct Desired<'a> {
    pub(super) publication: &'a Publication,
    pub(super) issue: &'a Issue,
    pub(super) about: Option<&'a About>,
    pub(super) neighbours: &'a Neighbours,
    pub(super) keys: &'a Arc<Keys>,
}

impl Desired<'_> {
    /// Everything for one reader; with the files that the page needs.
    pub(super) fn faces(
        &self,
        person: &Person,
        warnings: &mut Vec<Diagnostic>,
    ) -> (Faces, SiteFiles) {
        let issue = self.issue;
        let assets = assets_of(self.publication, issue);
        let mail = if issue.mail {
            let made = self.mail(person, warnings);
            made.map(Some).map_err(|problem| vec![problem])
        } else {
            Ok(None)
        };
        let (page, site) = match assets.clone().and_then(|assets| self.page(&assets)) {
            Ok((page, site)) => (Ok(page), site),
            Err(problems) => (Err(problems), SiteFiles::new()),
        };
        let faces = Faces {
            title: issue.title.clone(),
            mail,
            page,
            feed: assets.and_then(|assets| self.feed(assets)),
        };
        (faces, site)
    }

    /// The page, and what every page needs.
    fn page(&self, assets: &IssueAssets) -> Face<(Page, SiteFiles)> {
        let path = format!("issues/{}/index.html", self.issue.slug);
        let is_wanted = |wanted: &str| wanted == path || is_stylesheet(wanted);
        let site = self
            .made(assets, &is_wanted)
            .map_err(|problem| vec![problem])?;
        Ok((
            Page {
                size: site.get(&path).map_or(0, Vec::len),
                path,
            },
            site,
        ))
    }

    /// The message as `send` would make it now, with the tokens of a test.
    fn mail(&self, person: &Person, warnings: &mut Vec<Diagnostic>) -> Result<Mail, Diagnostic> {
        let publication = self.publication;
        let frozen = freeze(publication, self.issue, publication.clock.now())?;
        // Without its key the letter can be looked at all the same.
        let signer = publication.signer(&frozen).unwrap_or_else(|problem| {
            let warning = "the message is shown without its DKIM signature";
            warnings.push(Diagnostic::warning(warning).cause(problem.message()));
            None
        });
        let from = frozen.from_name.clone();
        let (keys, person) = (Arc::clone(self.keys), person.clone());
        // A template that has no end must not end the preview.
        let message = in_time(move || {
            let addressee = Addressee {
                address: &person.address,
                key: &keys.address_key(&person.address),
                fields: &person.fields,
            };
            let composer = Composer::new(frozen, Arc::clone(&keys), signer)?;
            composer.compose(addressee, Purpose::Test("preview"))
        })?;
        let received = Received::read(&message.bytes);
        Ok(Mail {
            pictures: self.pictures(&received),
            bytes: message.bytes,
            received,
            from,
            subject: self.issue.subject.clone(),
        })
    }

    /// The pictures of a mail, with their sizes where they are ours.
    fn pictures(&self, mail: &Received) -> Vec<Picture> {
        let assets = assets_of(self.publication, self.issue).unwrap_or_default();
        let picture = |address: String| {
            let own = assets
                .files
                .iter()
                .find(|file| match address.strip_prefix("cid:") {
                    Some(id) => file.picture.content_id.as_deref() == Some(id),
                    None => file.picture.url == address,
                });
            Picture {
                bytes: own.map(|file| file.bytes),
                address,
            }
        };
        pictures_in(&mail.html.text)
            .into_iter()
            .map(picture)
            .collect()
    }

    /// The files of the archive that somebody wants, made as `build` makes them. Of the other issues
    /// the nearest two are known, which is all that a page tells of them.
    fn made(
        &self,
        assets: &IssueAssets,
        is_wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<SiteFiles, Diagnostic> {
        let newer = self.neighbours.newer.as_deref();
        let older = self.neighbours.older.as_deref();
        let known = [
            (newer, IssueAssets::default()),
            (Some(self.issue), assets.clone()),
            (older, IssueAssets::default()),
        ];
        let (issues, assets): (Vec<&Issue>, Vec<IssueAssets>) = known
            .into_iter()
            .filter_map(|(issue, assets)| Some((issue?, assets)))
            .unzip();
        let take = |draft: Draft<'_>| make_if(is_wanted, draft);
        let edition = Edition {
            publication: self.publication,
            issues: &issues,
            assets: &assets,
            about: self.about,
            former: &FormerNames::default(),
        };
        let made = make_anew(edition, &take)?;
        Ok(made.into_iter().flatten().collect())
    }

    /// A file that is made only when a browser asks for it, such as a picture.
    pub(super) fn site_file(&self, path: &str) -> Option<Vec<u8>> {
        let assets = assets_of(self.publication, self.issue).ok()?;
        let of_about = self.about.iter().flat_map(|about| &about.assets.files);
        let mut files = assets.files.iter().chain(of_about);
        match files.find(|file| file.path == path) {
            Some(file) => file.read().ok(),
            None => self
                .made(&assets, &|wanted| wanted == path)
                .ok()?
                .remove(path),
        }
    }

    /// Feeds that hold this issue alone, and its entry as a reader of feeds takes it from them.
    fn feed(&self, assets: IssueAssets) -> Face<FeedFace> {
        const FEEDS: [(&str, &str); 3] = [
            ("RSS", "feed.xml"),
            ("Atom", "atom.xml"),
            ("JSON Feed", "feed.json"),
        ];
        let is_wanted = |wanted: &str| FEEDS.iter().any(|(_, path)| *path == wanted);
        let take = |draft: Draft<'_>| make_if(&is_wanted, draft);
        let edition = Edition {
            publication: self.publication,
            issues: &[self.issue],
            assets: &[assets],
            about: self.about,
            former: &FormerNames::default(),
        };
        let made = make_anew(edition, &take).map_err(|problem| vec![problem])?;
        let files: SiteFiles = made.into_iter().flatten().collect();
        let text = |path: &str| {
            let bytes = files.get(path).map_or(&[][..], Vec::as_slice);
            String::from_utf8_lossy(bytes).into_owned()
        };
        Ok(FeedFace::read(FEEDS.map(|(name, path)| (name, text(path)))))
    }
}

/// A file of the archive and its path, if somebody wants it.
fn make_if(
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
    draft: Draft<'_>,
) -> Result<Option<(String, Vec<u8>)>, Diagnostic> {
    if !is_wanted(&draft.path) {
        return Ok(None);
    }
    let path = draft.path.clone();
    Ok(Some((path, draft.make()?)))
}

fn is_stylesheet(path: &str) -> bool {
    let ending = std::path::Path::new(path).extension();
    ending.is_some_and(|ending| ending == "css")
}
