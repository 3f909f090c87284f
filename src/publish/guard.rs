//! One ledger: before anything is sent, this ledger must be the one that sent before, in its place,
//! with its key, and not older than its last change (docs/ledger.md, *Copies and backups*).

use data_encoding::HEXLOWER;
use toml_edit::DocumentMut;

use super::ground::{check_clock, remember_the_time};
use super::places::{holder, place_of};
use super::publication::{KEY_FILE, Publication};
use super::send::SendReport;
use super::{Stop, fill_random};
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::ledger::{self, Identity, IssueState, Ledger, SenderLock, Witness};
use crate::token::{Keys, SECRET_LENGTH};

/// Opens the ledger, making it on first use; in a clone of a publication that has sent already
/// nothing is made.
pub fn open_ledger(publication: &Publication) -> Result<(Ledger, Identity), Stop> {
    refuse_a_clone(publication)?;
    open_or_make(publication)
}

fn open_or_make(publication: &Publication) -> Result<(Ledger, Identity), Stop> {
    let mut ledger = Ledger::open(&publication.ledger_path())?;
    if let Some(identity) = ledger.known_identity()? {
        return Ok((ledger, identity));
    }
    let mut random = [0_u8; 16];
    fill_random(&mut random)?;
    let identity = ledger.identity(|| HEXLOWER.encode(&random))?;
    Ok((ledger, identity))
}

/// The keys that the ledger was made with. A key file is made only where nothing was ever hashed:
/// with another key the ledger would not recognise a single suppression.
pub fn keys_for_planning(
    publication: &Publication,
    ledger: &mut Ledger,
    identity: &Identity,
) -> Result<Keys, Stop> {
    let keys = match present_keys(publication, identity)? {
        Some(keys) => keys,
        None => publication.make_key()?,
    };
    if identity.key_fingerprint.is_none() {
        ledger.set_key_fingerprint(keys.fingerprint())?;
    }
    Ok(keys)
}

/// The keys of the key file, which must be those of the ledger; `None` where there is no file and
/// the ledger has never seen one.
fn present_keys(publication: &Publication, identity: &Identity) -> Result<Option<Keys>, Stop> {
    let problem = match (publication.keys()?, &identity.key_fingerprint) {
        (Some(keys), Some(known)) if keys.fingerprint() != known => Diagnostic::error(format!(
            "`{KEY_FILE}` is not the key that this ledger was made with"
        ))
        .cause(
            "with another key the ledger recognises neither its subscribers nor its suppressions",
        ),
        (None, Some(_)) => Diagnostic::error(format!("`{KEY_FILE}` is missing"))
            .cause("without it the ledger recognises neither its subscribers nor its suppressions"),
        (keys, _) => return Ok(keys),
    };
    Err(problem.hint("restore the key from a backup").into())
}

/// A ledger and keys to look at, in a folder that must stay as it is.
pub(super) struct Glimpse {
    pub(super) ledger: Ledger,
    pub(super) keys: Keys,
    /// Where the ledger is if the publication has none yet; goes with this value.
    pub(super) folder: Option<tempfile::TempDir>,
}

/// Opens what is there; what is not there yet is made elsewhere and thrown away.
pub(super) fn glimpse(publication: &Publication) -> Result<Glimpse, Stop> {
    let mut path = publication.ledger_path();
    let mut folder = None;
    if !path.exists() {
        let temporary = tempfile::tempdir()
            .map_err(|error| Diagnostic::error("cannot make a temporary folder").cause(error))?;
        path = temporary.path().join(ledger::FILE_NAME);
        folder = Some(temporary);
    }
    let mut ledger = Ledger::open(&path)?;
    let mut random = [0_u8; 16];
    fill_random(&mut random)?;
    let identity = ledger.identity(|| HEXLOWER.encode(&random))?;
    let keys = if let Some(keys) = present_keys(publication, &identity)? {
        keys
    } else {
        let mut secret = [0_u8; SECRET_LENGTH];
        fill_random(&mut secret)?;
        Keys::derive(&secret)
    };
    Ok(Glimpse {
        ledger,
        keys,
        folder,
    })
}

/// Refuses a clone, before a ledger and a key are made in it that are not the right ones.
pub(super) fn refuse_a_clone(publication: &Publication) -> Result<(), Stop> {
    if publication.config.ledger_id.is_some() && !publication.ledger_path().exists() {
        return Err(not_the_ledger(
            "this is not the ledger that sent the earlier issues",
            "`postrider.toml` names one, and there is none in this folder",
        ));
    }
    Ok(())
}

fn not_the_ledger(message: &str, cause: &str) -> Stop {
    Diagnostic::error(message)
        .cause(cause)
        .hint("if this is the ledger that must send from now on, say so with `postrider ledger adopt`; if not, restore the right one")
        .into()
}

/// Checks that this ledger may send, raises its epoch to the run's number and signs the lock with it.
pub(super) fn enter_run(
    publication: &Publication,
    ledger: &mut Ledger,
    identity: &Identity,
    lock: &mut SenderLock,
) -> Result<i64, Stop> {
    refuse_a_stranger(publication, identity, lock)?;
    check_clock(publication, ledger)?;
    remember_the_time(publication, ledger)?;
    let epoch = ledger.raise_epoch(lock.last_epoch())?;
    sign(ledger, lock)?;
    Ok(epoch)
}

fn sign(ledger: &mut Ledger, lock: &mut SenderLock) -> Result<(), Stop> {
    let signed = ledger.while_the_epoch_stands(|epoch| lock.sign(&holder(), epoch))?;
    Ok(signed.map_err(not_signed)?)
}

fn not_signed(error: std::io::Error) -> Diagnostic {
    Diagnostic::error("cannot write `sender.lock`").cause(error)
}

/// Raises the epoch after a run that had begun, so that a copy made in the middle of it is seen to
/// be older.
pub(super) fn leave_run(
    publication: &Publication,
    lock: &SenderLock,
    ended: Result<SendReport, Stop>,
) -> Result<SendReport, Stop> {
    if !lock.is_signed() {
        return ended;
    }
    let signed = Ledger::open(&publication.ledger_path())
        .map_err(Stop::from)
        .and_then(|mut ledger| sign_change(publication, &mut ledger));
    let mut report = ended?;
    if let Err(Stop::Failed(problems)) = signed {
        report.errors.extend(problems);
    }
    Ok(report)
}

/// Raises the epoch after a change that a person made, so that a copy made before is seen to be
/// older. Works while another process sends: what it goes by is the number that its run began with.
pub fn sign_change(publication: &Publication, ledger: &mut Ledger) -> Result<(), Stop> {
    let mut witness = Witness::read(&publication.folder).map_err(not_signed)?;
    ledger.raise_epoch_from(witness.epoch())?;
    let signed = ledger.while_the_epoch_stands(|epoch| witness.write(epoch))?;
    Ok(signed.map_err(not_signed)?)
}

fn refuse_a_stranger(
    publication: &Publication,
    identity: &Identity,
    lock: &SenderLock,
) -> Result<(), Stop> {
    let refuse = |message: &str, cause: &str| Err(not_the_ledger(message, cause));
    match &publication.config.ledger_id {
        Some(expected) if *expected != identity.id => {
            return refuse(
                "this is not the ledger that sent the earlier issues",
                "`postrider.toml` names another one, so this one does not know who got what",
            );
        }
        _ => {}
    }
    if identity.is_backup() {
        return refuse(
            "this ledger was restored from a backup",
            "it does not know what was sent and who left since the backup was made",
        );
    }
    if lock.last_epoch() > identity.epoch {
        return refuse(
            "the ledger is older than its last change",
            "it was restored from a copy and does not know what was sent and who left since",
        );
    }
    let place = place_of(&publication.ledger_path());
    if identity.place.is_some() && identity.place != place {
        return refuse(
            "this ledger was copied or moved",
            "the original may still be sending, and neither would know what the other sent",
        );
    }
    Ok(())
}

/// Before the first real send: writes the ledger's id into `postrider.toml` and its place into the
/// ledger.
pub(super) fn settle_in(
    publication: &Publication,
    ledger: &mut Ledger,
    identity: &Identity,
) -> Result<(), Stop> {
    if publication.config.ledger_id.is_none() {
        write_ledger_id(publication, &identity.id)?;
    }
    if identity.place.is_none()
        && let Some(place) = place_of(&publication.ledger_path())
    {
        ledger.set_place(&place)?;
    }
    Ok(())
}

/// A ledger that was adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Its id.
    pub id: String,
    /// Slugs of the issues that were being sent, and are paused now.
    pub paused: Vec<String>,
    /// Whether it is an earlier state of this ledger: what was changed since is not in it.
    pub is_earlier: bool,
}

/// Declares the ledger in this folder to be the one that sends: its id, its place and its epoch
/// become the valid ones. What it believes to be open may have been sent from another
/// copy, so its unfinished issues are paused until somebody says `continue`.
pub fn adopt(publication: &Publication) -> Result<Adopted, Stop> {
    let mut lock = SenderLock::take(&publication.folder)?;
    let (mut ledger, identity) = open_or_make(publication)?;
    keys_for_planning(publication, &mut ledger, &identity)?;
    write_ledger_id(publication, &identity.id)?;
    if let Some(place) = place_of(&publication.ledger_path()) {
        ledger.set_place(&place)?;
    }
    if ledger.last_seen()?.is_some() {
        ledger.set_last_seen(publication.clock.now())?;
    }
    ledger.raise_epoch(lock.last_epoch())?;
    sign(&mut ledger, &mut lock)?;
    let mut paused = Vec::new();
    for recorded in ledger.all_recorded()? {
        if ledger.set_issue_state(recorded.row, IssueState::Paused)? {
            paused.push(recorded.frozen.slug);
        }
    }
    Ok(Adopted {
        is_earlier: identity.is_backup() || lock.last_epoch() > identity.epoch,
        id: identity.id,
        paused,
    })
}

/// Writes `[ledger] id`, leaving every other byte of the file as it is.
fn write_ledger_id(publication: &Publication, id: &str) -> Result<(), Stop> {
    let path = publication.folder.join(config::FILE_NAME);
    let source = fs::read_text(&path, config::FILE_NAME)?;
    let mut document: DocumentMut = source.text.parse().map_err(|error| {
        Diagnostic::error(format!("cannot edit `{}`", config::FILE_NAME)).cause(error)
    })?;
    let table = document
        .entry("ledger")
        .or_insert_with(|| toml_edit::Item::Table(toml_edit::Table::new()));
    table["id"] = toml_edit::value(id);
    fs::write_atomically(&path, document.to_string().as_bytes()).map_err(|error| {
        Diagnostic::error(format!("cannot write `{}`", config::FILE_NAME)).cause(error)
    })?;
    Ok(())
}
