//! Taking mail that came back: from a mailbox, a file or an MTA's pipe into the ledger.
//!
//! The order is the safety argument: a mail is read, written down with what follows from it, and only
//! then moved. Who dies in between finds it again, knows it by its hash, and moves it.

mod imap;
mod keep;
mod maildir;
mod mbox;
mod source;

use std::path::PathBuf;

use super::{Halt, Publication, Stop, keys_for_planning, open_ledger, sign_change};
use crate::bounce::{self, LARGEST_MAIL};
use crate::diagnostic::Diagnostic;
use crate::imap::Tokens;
use crate::ledger::{Ledger, Replayed, Returned, Taken};
use crate::token::{Keys, sha256};

pub use keep::KEPT_FOLDER;
pub use source::Source;

/// The mailboxes that the settings name.
pub fn configured_sources(publication: &Publication) -> Result<Vec<Source>, Stop> {
    let mailboxes = &publication.config.mailboxes;
    let mut sources = Vec::new();
    if let Some(maildir) = &mailboxes.maildir {
        sources.push(Source::of(maildir, None)?);
    }
    let imap = mailboxes.imap.as_ref();
    sources.extend(imap.map(|config| Source::Imap(Box::new(config.clone()))));
    Ok(sources)
}

/// A mail as it was found, its first [`LARGEST_MAIL`] bytes and one more.
struct RawMail {
    bytes: Vec<u8>,
    /// Where it lies once it is taken, for the author.
    place: String,
    /// A file that is moved to `cur/` when the mail is taken.
    new_file: Option<PathBuf>,
}

impl RawMail {
    /// What is read of a mail at most: one byte more shows that it is too large.
    const LONGEST: usize = LARGEST_MAIL + 1;

    fn read(&self, keys: &Keys) -> Returned {
        Returned {
            sha256: sha256(&self.bytes),
            place: self.place.clone(),
            reading: bounce::read(&self.bytes, None, keys),
        }
    }
}

/// What was taken, and what could not be.
#[derive(Debug, Default)]
pub struct TakeReport {
    /// What was taken.
    pub taken: Taken,
    /// Mails that cannot be read or moved, and mailboxes that cannot be opened.
    pub problems: Vec<Diagnostic>,
    /// Whether a mailbox did not let us in: asking again with the same would lock the account.
    pub login_refused: bool,
}

/// Takes every new mail of the sources. Works while an issue is being sent. Who takes again and again
/// keeps the `tokens` between.
pub fn take_returned(
    publication: &Publication,
    sources: &[Source],
    tokens: &Tokens,
    halt: &Halt,
) -> Result<TakeReport, Stop> {
    let (ledger, identity) = open_ledger(publication)?;
    let mut batch = Batch::new(publication, ledger);
    let keys = keys_for_planning(publication, &mut batch.ledger, &identity)?;
    let taken = sources.iter().try_for_each(|source| {
        if let Source::Imap(config) = source {
            return imap::take(config, &mut batch, &keys, tokens, halt);
        }
        let problems = source.each_new(publication, &mut |mail| batch.add(&keys, &mail))?;
        batch.report.problems.extend(problems);
        batch.write(&keys)
    });
    // What was written down is signed, whatever came after it.
    let taken = taken.and_then(|()| batch.write(&keys));
    if batch.report.taken.fresh() > 0 {
        sign_change(publication, &mut batch.ledger)?;
    }
    taken?;
    Ok(batch.report)
}

/// Judges every report anew under the rules of today, after reading again what is there as a mail:
/// of the sources, and of what was kept from a pipe.
pub fn replay_returned(
    publication: &Publication,
    sources: &[Source],
) -> Result<(Replayed, Vec<Diagnostic>), Stop> {
    let (mut ledger, identity) = open_ledger(publication)?;
    let keys = keys_for_planning(publication, &mut ledger, &identity)?;
    let (mut mails, mut problems) = (Vec::new(), Vec::new());
    let kept = Source::Kept;
    for source in sources.iter().chain([&kept]) {
        problems.extend(source.each(publication, &mut |mail| {
            mails.push(mail.read(&keys));
            Ok(())
        })?);
    }
    let rules = &publication.config.bounce_rules;
    let replayed = ledger.replay_returned(&keys, mails, rules, publication.clock.now())?;
    sign_change(publication, &mut ledger)?;
    Ok((replayed, problems))
}

/// Mails that are written down together: each commit waits for the disk.
struct Batch<'a> {
    publication: &'a Publication,
    ledger: Ledger,
    mails: Vec<Returned>,
    new_files: Vec<PathBuf>,
    report: TakeReport,
}

impl<'a> Batch<'a> {
    const SIZE: usize = 200;

    fn new(publication: &'a Publication, ledger: Ledger) -> Self {
        Self {
            publication,
            ledger,
            mails: Vec::new(),
            new_files: Vec::new(),
            report: TakeReport::default(),
        }
    }

    fn add(&mut self, keys: &Keys, mail: &RawMail) -> Result<(), Stop> {
        self.mails.push(mail.read(keys));
        self.new_files.extend(mail.new_file.clone());
        if self.mails.len() < Self::SIZE {
            return Ok(());
        }
        self.write(keys)
    }

    fn write(&mut self, keys: &Keys) -> Result<(), Stop> {
        let mails = std::mem::take(&mut self.mails);
        let rules = &self.publication.config.bounce_rules;
        let now = self.publication.clock.now();
        let taken = self.ledger.take_returned(keys, mails, rules, now)?;
        self.report.taken.add(taken);
        for file in self.new_files.drain(..) {
            self.report
                .problems
                .extend(maildir::move_to_cur(&file).err());
        }
        Ok(())
    }
}
