//! The mail that an MTA hands over through a pipe. Nobody else has it, so a copy is kept: a report
//! can be judged anew, and the author can read what was not understood.

use std::io::{self, Read};

use super::RawMail;
use super::maildir::files_in;
use super::source::one_mail;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::publish::{Publication, Stop};
use crate::token::sha256_hex;

/// The folder of the publication in which they are kept.
pub const KEPT_FOLDER: &str = "bounces";

/// Reads the mail of the pipe and keeps it, on the disk before anything follows from it.
pub(super) fn from_pipe(
    publication: &Publication,
    recipient: Option<&str>,
) -> Result<RawMail, Diagnostic> {
    let failed = |error: io::Error| Diagnostic::error("cannot read the mail").cause(error);
    let mut input = io::stdin().lock();
    let mut read = Vec::new();
    let mut limited = (&mut input).take(RawMail::LONGEST as u64);
    limited.read_to_end(&mut read).map_err(failed)?;
    // Whoever writes to a pipe that nobody reads takes it for a failure.
    io::copy(&mut input, &mut io::sink()).map_err(failed)?;
    let mail = without_from_line(&read);
    if mail.is_empty() {
        return Err(Diagnostic::error("there is no mail on the input"));
    }
    let mut bytes = delivered_to(recipient);
    bytes.extend_from_slice(mail);
    bytes.truncate(RawMail::LONGEST);
    let folder = publication.folder.join(KEPT_FOLDER);
    let name = format!("{}.eml", sha256_hex(&bytes));
    let written = fs::create_private_folder(&folder)
        .and_then(|()| fs::write_new_secret(&folder.join(&name), &bytes));
    match written {
        // The MTA tries again what it could not be sure of.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(
                Diagnostic::error(format!("cannot keep the mail in `{KEPT_FOLDER}/`")).cause(error),
            );
        }
        _ => {}
    }
    Ok(RawMail {
        bytes,
        place: format!("{KEPT_FOLDER}/{name}"),
        new_file: None,
    })
}

/// Visits what was kept.
pub(super) fn each(
    publication: &Publication,
    visit: &mut dyn FnMut(RawMail) -> Result<(), Stop>,
) -> Result<Vec<Diagnostic>, Stop> {
    let folder = publication.folder.join(KEPT_FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut problems = Vec::new();
    for path in files_in(&folder)? {
        if path.extension().is_none_or(|ending| ending != "eml") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let place = format!("{KEPT_FOLDER}/{name}");
        match one_mail(&path) {
            Ok(mail) => visit(RawMail { place, ..mail })?,
            Err(problem) => problems.push(problem),
        }
    }
    Ok(problems)
}

/// What the MTA told of the recipient, as the field that MTAs write it to.
fn delivered_to(recipient: Option<&str>) -> Vec<u8> {
    let recipient = recipient.unwrap_or_default().trim();
    if recipient.is_empty() || recipient.chars().any(char::is_control) {
        return Vec::new();
    }
    format!("Delivered-To: {recipient}\n").into_bytes()
}

/// Some MTAs begin with the line of an mbox, which tells when it was handed over.
fn without_from_line(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"From ") {
        return bytes;
    }
    memchr::memchr(b'\n', bytes).map_or(&[], |end| &bytes[end + 1..])
}
