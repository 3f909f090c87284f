//! `ledger check`: what the ledger promises, verified against its rows, its key, its place and the
//! sender's lock. Reads only.

use std::sync::Arc;

use super::places::place_of;
use super::publication::{KEY_FILE, Publication};
use super::targets::composer_of;
use super::{Stop, problems};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Finding, Hashed, Identity, Ledger, LedgerError, LockView};
use crate::message::{Addressee, Composer, Purpose};
use crate::token::Keys;

/// What was found.
#[derive(Debug, Default)]
pub struct Checkup {
    /// The promises, kept or broken.
    pub findings: Vec<Finding>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
    /// Who sends at the moment, if somebody does.
    pub sender: Option<String>,
}

impl Checkup {
    /// Whether every promise that was checked is kept.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|one| one.violations == 0)
    }
}

/// Checks the ledger; with `messages` also makes every message anew that was handed over, and
/// compares it with the hash that was written before its final dot.
pub fn check_ledger(publication: &Publication, messages: bool) -> Result<Checkup, Stop> {
    let path = publication.ledger_path();
    if !path.exists() {
        return Err(Diagnostic::error("there is no ledger in this folder")
            .hint("the first `postrider plan` or `postrider send` makes one")
            .into());
    }
    let mut checkup = Checkup::default();
    match look(publication, messages, &mut checkup) {
        // Pages that cannot be read are what was asked about.
        Err(Trouble::Ledger(error)) if error.is_damage() => {
            let mut file = Finding::new("the file is whole");
            file.add(problems::ledger_problem(&error).causes().join(": "));
            checkup.findings.push(file);
            checkup
                .unchecked
                .push("what comes after the damage".to_owned());
        }
        Err(Trouble::Ledger(error)) => return Err(error.into()),
        Err(Trouble::Other(stop)) => return Err(stop),
        Ok(()) => {}
    }
    Ok(checkup)
}

enum Trouble {
    Ledger(LedgerError),
    Other(Stop),
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Other(stop)
    }
}

fn look(publication: &Publication, messages: bool, checkup: &mut Checkup) -> Result<(), Trouble> {
    let lock = LockView::of(&publication.folder).map_err(|error| {
        Stop::from(Diagnostic::error("cannot look at `sender.lock`").cause(error))
    })?;
    let mut ledger = Ledger::open_to_look(&publication.ledger_path())?;
    checkup.findings.extend(ledger.check_structure()?);
    match ledger.check_rows() {
        Ok(findings) => checkup.findings.extend(findings),
        // What is wrong with the structure is told; rows of other tables cannot be judged.
        Err(error) if !checkup.is_sound() => {
            checkup.unchecked.push(format!("the rows: {error}"));
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let identity = ledger.known_identity()?;
    let keys = keys(publication, identity.as_ref(), checkup);
    if let Some(identity) = &identity {
        checkup
            .findings
            .push(is_the_one(publication, identity, lock.as_ref()));
    }
    if let Some(keys) = &keys {
        let key_of = |text: &str| Some(keys.address_key(&EmailAddress::parse(text).ok()?));
        checkup.findings.push(ledger.check_keys(key_of)?);
    }
    let findings = in_work(publication, &mut ledger, checkup)?;
    checkup.findings.extend(findings);
    match keys {
        Some(keys) if messages => check_messages(publication, &mut ledger, &keys, checkup)?,
        None if messages => checkup
            .unchecked
            .push(format!("messages: there is no `{KEY_FILE}` of this ledger")),
        _ => {}
    }
    Ok(())
}

/// The keys that the ledger was made with, if they are here.
fn keys(
    publication: &Publication,
    identity: Option<&Identity>,
    checkup: &mut Checkup,
) -> Option<Arc<Keys>> {
    let known = identity?.key_fingerprint.as_ref()?;
    let mut key = Finding::new("the key is the one that the ledger was made with");
    let keys = match publication.keys() {
        Ok(Some(keys)) if keys.fingerprint() == known => Some(keys),
        Ok(Some(_)) => {
            key.add(format!("`{KEY_FILE}` is another one"));
            None
        }
        Ok(None) => {
            key.add(format!("`{KEY_FILE}` is missing"));
            None
        }
        Err(Stop::Failed(problems)) => {
            for problem in problems {
                key.add(problem.message());
            }
            None
        }
        Err(other) => {
            key.add(other.to_string());
            None
        }
    };
    checkup.findings.push(key);
    keys.map(Arc::new)
}

/// The rules of one ledger, which a sender would insist on.
fn is_the_one(publication: &Publication, identity: &Identity, lock: Option<&LockView>) -> Finding {
    let mut finding = Finding::new("this is the ledger that sends");
    let configured = publication.config.ledger_id.as_ref();
    if configured.is_some_and(|id| *id != identity.id) {
        finding.add("`postrider.toml` names another one");
    }
    let place = identity.place.as_ref();
    if identity.is_backup() {
        finding.add("it was restored from a backup");
    } else if place.is_some() && place != place_of(&publication.ledger_path()).as_ref() {
        finding.add("it was copied or moved");
    }
    let last = lock.map_or(0, |lock| lock.last_epoch);
    if last > identity.epoch {
        finding.add(format!(
            "its epoch is {}, and that in `sender.lock` {last}: it was restored from an earlier copy",
            identity.epoch
        ));
    }
    finding
}

/// What is claimed or in flight belongs to a sender that runs. The lock is looked at last: a sender
/// holds it longer than its rows.
fn in_work(
    publication: &Publication,
    ledger: &mut Ledger,
    checkup: &mut Checkup,
) -> Result<[Finding; 2], Trouble> {
    let mut finding = Finding::new("nothing is in work while no sender runs");
    let mut cancelled = Finding::new("of a cancelled issue nothing is still to go out");
    let rows = ledger.in_work()?;
    let open = ledger.open_though_cancelled()?;
    let lock = LockView::of(&publication.folder).unwrap_or_default();
    checkup.sender = lock.and_then(|lock| lock.holder);
    if checkup.sender.is_none() {
        for (slug, state, count) in rows {
            finding.add(format!(
                "{slug}: {count} {state}; the last run was cut off, and the next `postrider send` puts them in order"
            ));
        }
        for (slug, state, count) in open {
            cancelled.add(format!("{slug}: {count} {state}"));
        }
    }
    Ok([finding, cancelled])
}

fn check_messages(
    publication: &Publication,
    ledger: &mut Ledger,
    keys: &Arc<Keys>,
    checkup: &mut Checkup,
) -> Result<(), Trouble> {
    let mut finding = Finding::new("messages have the hashes that were written before their dots");
    for issue in ledger.planned_issues()? {
        let Some(recorded) = ledger.recorded(&issue)? else {
            continue;
        };
        let slug = &recorded.frozen.slug;
        match composer_of(publication, &recorded, keys) {
            Ok(composer) => ledger.each_hashed(recorded.row, |hashed| {
                if let Some(told) = differs(&composer, &hashed) {
                    finding.add(format!("{slug}: {}: {told}", hashed.address));
                }
            })?,
            Err(problem) => checkup
                .unchecked
                .push(format!("messages of {slug}: {}", problem.message())),
        }
    }
    checkup.findings.push(finding);
    Ok(())
}

fn differs(composer: &Composer, hashed: &Hashed) -> Option<&'static str> {
    let Ok(address) = EmailAddress::parse(&hashed.address) else {
        return Some("the address is none");
    };
    let Ok(fields) = hashed.fields.to_map() else {
        return Some("the fields cannot be read");
    };
    let addressee = Addressee {
        address: &address,
        key: &hashed.key,
        fields: &fields,
    };
    match composer.compose(addressee, Purpose::Delivery) {
        Ok(message) if crate::token::sha256_hex(&message.bytes) == hashed.sha256 => None,
        Ok(_) => Some("the message has another hash"),
        Err(_) => Some("the message cannot be made"),
    }
}
