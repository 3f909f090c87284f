//! `check`: gathers what the rules of [`check`](crate::check) judge, from files, roster and ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::build::rehearse_build;
use super::freeze::freeze;
use super::guard::glimpse;
use super::online::visit_links;
use super::pictures::assets_of;
use super::problems::foreign_sender;
use super::publication::Issues;
use super::side_by_side::side_by_side;
use super::trial::{is_too_slow, try_composer};
use super::{Publication, Stop};
use crate::address::EmailAddress;
use crate::check::{
    BROKEN_TEMPLATE, FOREIGN_SENDER, Facts, FileRead, Galley, Neighbour, Reading, Surroundings,
    check_issue, check_publication,
};
use crate::config;
use crate::diagnostic::{Diagnostic, Severity};
use crate::essay::parse_essay;
use crate::fs;
use crate::issue::Issue;
use crate::ledger::Ledger;
use crate::message::{Addressee, Composer, MailParts};
use crate::plan::{Fields, Recipient};
use crate::render::pictures::Picture;
use crate::render::references;
use crate::token::Keys;

/// How many subscribers' mails are made to try the templates, and one more without a name.
const SAMPLE: usize = 3;

/// Everything that is wrong with the publication and with the issues that are named, or with all of
/// them but drafts. Only a folder that cannot be read stops it.
/// `online` asks for the pages that are linked, too.
pub fn check(
    publication: &Publication,
    words: &[String],
    online: bool,
) -> Result<Vec<Diagnostic>, Stop> {
    let mut problems = Vec::new();
    let mut glimpse = glimpse(publication)?;
    let readers = match Readers::of(publication, &glimpse.keys) {
        Ok(readers) => readers,
        Err(Stop::Failed(found)) => {
            problems.extend(found);
            Readers::default()
        }
        Err(other) => return Err(other),
    };
    problems.extend(readers.warnings.iter().cloned());
    problems.extend(publication.layouts.mail().err());
    problems.extend(foreign_sender(publication).map(|problem| FOREIGN_SENDER.mark(problem)));
    let found = match publication.issues() {
        Ok(found) => found,
        Err(Stop::Failed(errors)) => {
            problems.extend(errors);
            return Ok(problems);
        }
        Err(other) => return Err(other),
    };
    problems.extend(found.warnings.iter().cloned());
    let chosen = choose(publication, &found, words, &mut glimpse.ledger)?;
    problems.extend(rehearse_build(publication, &found.issues));
    let keys = Arc::new(glimpse.keys);
    let proofreader = Proofreader::new(publication, &found.issues, readers, keys)?;
    problems.extend(proofreader.about_publication(&chosen)?);
    for told in side_by_side(
        chosen.len(),
        |index| Ok(proofreader.look_at(&chosen[index])),
    )? {
        // A template's mistake is the same in every issue.
        let new = told
            .into_iter()
            .filter(|problem| !problems.contains(problem));
        problems.extend(new.collect::<Vec<_>>());
    }
    if online {
        let issues: Vec<&Issue> = chosen.iter().map(|chosen| chosen.issue).collect();
        add_new(&mut problems, visit_links(publication, &issues)?);
    }
    problems.retain(|problem| !publication.config.silence.covers(problem));
    Ok(problems)
}

/// What the rules say of issues that are to be mailed, before they are planned: errors, which keep
/// them back, and warnings.
pub fn check_before_sending(
    publication: &Publication,
    all: &[Issue],
    going: &[(&Issue, &[Recipient])],
    keys: &Arc<Keys>,
) -> Result<Vec<Diagnostic>, Stop> {
    let mut problems = Vec::new();
    for (issue, sample) in going {
        let readers = Readers {
            sample: sample.to_vec(),
            ..Readers::default()
        };
        let proofreader = Proofreader::new(publication, all, readers, keys.clone())?;
        let chosen = Chosen {
            issue,
            is_to_be_mailed: true,
            goes_out_now: true,
            is_rehearsed: true,
        };
        add_new(
            &mut problems,
            proofreader.about_publication(std::slice::from_ref(&chosen))?,
        );
        add_new(&mut problems, proofreader.look_at(&chosen));
    }
    problems.retain(|problem| {
        problem.severity() != Severity::Note && !publication.config.silence.covers(problem)
    });
    Ok(problems)
}

/// What the rules say of an issue while it is written, tried with the readers of `sample`; without
/// any, its mail is not made.
pub(super) fn check_while_writing<'a>(
    publication: &Publication,
    all: impl IntoIterator<Item = &'a Issue> + Clone,
    issue: &Issue,
    sample: Vec<Recipient>,
    keys: &Arc<Keys>,
) -> Vec<Diagnostic> {
    let is_rehearsed = !sample.is_empty();
    let readers = Readers {
        sample,
        ..Readers::default()
    };
    let Ok(proofreader) = Proofreader::new(publication, all, readers, keys.clone()) else {
        return Vec::new();
    };
    let mut problems = proofreader.look_at(&Chosen {
        issue,
        is_to_be_mailed: issue.mail && (issue.draft || issue.published > publication.clock.now()),
        goes_out_now: false,
        is_rehearsed,
    });
    problems.retain(|problem| !publication.config.silence.covers(problem));
    problems
}

/// A template's mistake is the same in every issue.
fn add_new(problems: &mut Vec<Diagnostic>, told: Vec<Diagnostic>) {
    for problem in told {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// An issue that is looked at.
struct Chosen<'a> {
    issue: &'a Issue,
    is_to_be_mailed: bool,
    goes_out_now: bool,
    /// Whether its mail is made.
    is_rehearsed: bool,
}

/// The issues that are named; without names all that are no drafts, since a draft is full of notes.
fn choose<'a>(
    publication: &Publication,
    found: &'a Issues,
    words: &[String],
    ledger: &mut Ledger,
) -> Result<Vec<Chosen<'a>>, Stop> {
    let now = publication.clock.now();
    let mut newest_mailed = None;
    let mut planned = BTreeSet::new();
    for issue in &found.issues {
        if ledger.issue_state(&issue.id)?.is_some() {
            newest_mailed = newest_mailed.max(Some(issue.published));
            planned.insert(&issue.id);
        }
    }
    let named = words
        .iter()
        .map(|word| publication.find(&found.issues, word))
        .collect::<Result<Vec<_>, _>>()?;
    let issues: Vec<&Issue> = if words.is_empty() {
        found.issues.iter().filter(|issue| !issue.draft).collect()
    } else {
        named
    };
    let is_to_be_mailed = |issue: &Issue| {
        let late = (now - issue.published).to_std().unwrap_or_default();
        let is_old = late > publication.config.max_lateness;
        // Old essays wait for ever on purpose; one that is younger than the newest mail was forgotten.
        let is_forgotten = newest_mailed.is_some_and(|newest| issue.published > newest);
        issue.mail && !planned.contains(&issue.id) && (!is_old || is_forgotten || !words.is_empty())
    };
    let mut chosen: Vec<Chosen<'a>> = issues
        .into_iter()
        .map(|issue| {
            let is_to_be_mailed = is_to_be_mailed(issue);
            Chosen {
                issue,
                is_to_be_mailed,
                goes_out_now: false,
                is_rehearsed: is_to_be_mailed,
            }
        })
        .collect();
    // The templates are tried even where nothing is to be mailed.
    if let Some(newest) = chosen.last_mut() {
        newest.is_rehearsed = true;
    }
    Ok(chosen)
}

/// What the roster tells of its people.
#[derive(Default)]
struct Readers {
    sample: Vec<Recipient>,
    /// In lower case; `None` where nobody looked.
    tags: Option<BTreeSet<String>>,
    columns: Option<BTreeSet<String>>,
    warnings: Vec<Diagnostic>,
}

impl Readers {
    /// One reading of the roster.
    fn of(publication: &Publication, keys: &Keys) -> Result<Self, Stop> {
        let mut roster = publication.whole_roster(keys)?;
        let mut readers = Self {
            warnings: roster.warnings().to_vec(),
            ..Self::default()
        };
        let mut tags = BTreeSet::new();
        let mut columns = None;
        let mut nameless = false;
        roster.each(keys, |row| {
            tags.extend(row.tags());
            columns.get_or_insert_with(|| row.fields().map(|(name, _)| name.to_owned()).collect());
            let has_no_name = row.name().is_empty();
            if readers.sample.len() < SAMPLE || (has_no_name && !nameless) {
                nameless |= has_no_name;
                let fields = row.fields().map(|(name, value)| (name.to_owned(), value));
                let mut fields: BTreeMap<String, String> = fields.collect();
                fields.insert("name".to_owned(), row.name());
                readers.sample.push(Recipient {
                    key: row.key,
                    address: row.address.clone(),
                    fields: Fields::new(fields),
                });
            }
            Ok::<(), Stop>(())
        })?;
        readers.tags = Some(tags);
        readers.columns = columns;
        Ok(readers)
    }
}

/// Whoever reads galleys.
struct Proofreader<'a> {
    publication: &'a Publication,
    around: Surroundings,
    readers: Readers,
    keys: Arc<Keys>,
    /// Whether some template had no end.
    has_no_end: AtomicBool,
}

impl<'a> Proofreader<'a> {
    fn new<'b>(
        publication: &'a Publication,
        issues: impl IntoIterator<Item = &'b Issue> + Clone,
        mut readers: Readers,
        keys: Arc<Keys>,
    ) -> Result<Self, Stop> {
        if readers
            .sample
            .iter()
            .all(|one| !one.fields.name().is_empty())
        {
            readers.sample.push(somebody(&readers, &keys)?);
        }
        let config = &publication.config;
        let pages = issues.clone().into_iter().flat_map(|issue| {
            let slugs = std::iter::once(&issue.slug).chain(&issue.aliases);
            slugs.map(|slug| format!("issues/{slug}"))
        });
        let around = Surroundings {
            base_url: config.base_url.clone(),
            language: config.language.clone(),
            own_words: config.words.clone(),
            issues: issues.into_iter().map(neighbour).collect(),
            pages: pages.collect(),
            subscriber_tags: readers.tags.take(),
            now: publication.clock.now(),
            zone: config.zone.clone(),
            max_lateness: config.max_lateness,
        };
        Ok(Self {
            publication,
            around,
            readers,
            keys,
            has_no_end: AtomicBool::new(false),
        })
    }

    fn about_publication(&self, chosen: &[Chosen<'_>]) -> Result<Vec<Diagnostic>, Stop> {
        let config = &self.publication.config;
        let path = self.publication.folder.join(config::FILE_NAME);
        let source = fs::read_text(&path, config::FILE_NAME)?;
        let reply_to = config.reply_to.as_ref().unwrap_or(&config.from.address);
        Ok(check_publication(&Facts {
            source: &source,
            base_url: &config.base_url,
            from_domain: config.from.address.domain(),
            reply_to: reply_to.as_str(),
            postal_address: &config.postal_address,
            has_mail: chosen.iter().any(|chosen| chosen.is_to_be_mailed),
            used_fields: self.publication.layouts.subscriber_fields().as_ref(),
            columns: self.readers.columns.as_ref(),
        }))
    }

    /// All that the rules find in one issue, and what keeps its mail from being made.
    fn look_at(&self, chosen: &Chosen<'_>) -> Vec<Diagnostic> {
        let issue = chosen.issue;
        // It was parsed a moment ago.
        let Ok(parsed) = parse_essay(&issue.source) else {
            return Vec::new();
        };
        let reading = Reading::of(&issue.markdown);
        let (files, mut problems) = self.files(issue);
        let can_be_made = chosen.is_rehearsed && problems.is_empty();
        let mail = match can_be_made.then(|| self.mail(issue)).flatten() {
            Some(Ok(mail)) => Some(mail),
            Some(Err(problem)) => {
                problems.push(problem);
                None
            }
            None => None,
        };
        let galley = Galley {
            issue,
            front: &parsed.essay.front,
            reading: &reading,
            is_to_be_mailed: chosen.is_to_be_mailed,
            goes_out_now: chosen.goes_out_now,
            mail: mail.as_ref(),
            files: &files,
            around: &self.around,
        };
        problems.extend(check_issue(&galley));
        problems
    }

    /// The mail of the first of the sample, once those of all of them can be made. A template that
    /// has no end is not tried again: nobody waits for it once for each issue.
    fn mail(&self, issue: &Issue) -> Option<Result<MailParts, Diagnostic>> {
        if self.has_no_end.load(Ordering::Relaxed) {
            return None;
        }
        let publication = self.publication;
        let made = freeze(publication, issue, publication.clock.now()).and_then(|frozen| {
            let sample = self.readers.sample.clone();
            try_composer(publication, frozen, self.keys.clone(), move |composer| {
                parts_for_all(composer, &sample)
            })
        });
        if made.as_ref().is_err_and(is_too_slow) {
            self.has_no_end.store(true, Ordering::Relaxed);
        }
        Some(made)
    }

    /// The files beside an issue that it names, by the addresses as written.
    fn files(&self, issue: &Issue) -> (BTreeMap<String, FileRead>, Vec<Diagnostic>) {
        match assets_of(self.publication, issue) {
            Ok(assets) => {
                let size = |picture: &Picture| {
                    let mut all = assets.files.iter();
                    let file = all.find(|file| picture.url.starts_with(&file.picture.url));
                    FileRead {
                        bytes: file.map_or(0, |file| file.bytes),
                        pixels: picture.size,
                    }
                };
                let named = assets.pictures.iter();
                let sizes = named.map(|(address, picture)| (address.to_owned(), size(picture)));
                (sizes.collect(), Vec::new())
            }
            Err(problems) => {
                // Not known: no link to a file is called dead.
                let named = references(&issue.markdown).into_iter();
                (
                    named
                        .map(|one| (one.address, FileRead::default()))
                        .collect(),
                    problems,
                )
            }
        }
    }
}

/// The mail of the first reader, if those of the others can be made, too.
fn parts_for_all(composer: &Composer, readers: &[Recipient]) -> Result<MailParts, Diagnostic> {
    let mut first = None;
    for reader in readers {
        let parts = parts_for(composer, reader).map_err(|problem| {
            let problem = match problem.rule_name() {
                Some(_) => problem,
                None => BROKEN_TEMPLATE.mark(problem),
            };
            // The others' mails could be made.
            if first.is_some() && reader.fields.name().is_empty() {
                problem.cause("a subscriber without a name")
            } else {
                problem
            }
        })?;
        first.get_or_insert(parts);
    }
    first.ok_or_else(|| Diagnostic::error("there is nobody to try the mail with"))
}

fn parts_for(composer: &Composer, reader: &Recipient) -> Result<MailParts, Diagnostic> {
    let fields = reader
        .fields
        .to_map()
        .map_err(|error| Diagnostic::error("a recipient's fields cannot be read").cause(error))?;
    composer.parts(Addressee {
        address: &reader.address,
        key: &reader.key,
        fields: &fields,
    })
}

/// A reader of whom nothing is known but the address.
fn somebody(readers: &Readers, keys: &Keys) -> Result<Recipient, Diagnostic> {
    let address = EmailAddress::parse("reader@example.org")
        .map_err(|error| Diagnostic::error("there is no reader to try with").cause(error))?;
    let columns = readers.columns.iter().flatten();
    let fields = columns.map(|name| (name.clone(), String::new()));
    Ok(Recipient {
        key: keys.address_key(&address),
        address,
        fields: Fields::new(fields.collect()),
    })
}

fn neighbour(issue: &Issue) -> Neighbour {
    Neighbour {
        slug: issue.slug.clone(),
        file: issue.source.name.to_string(),
        title: issue.title.clone(),
        subject: issue.subject.clone(),
        published: issue.published,
        draft: issue.draft,
        mail: issue.mail,
    }
}
