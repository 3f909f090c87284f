//! An mbox: mails one after the other, each below a line that begins with `From ` and follows an
//! empty one (RFC 4155). A line of a mail that would look like that has a `>` before it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::RawMail;
use super::source::read_line;
use crate::diagnostic::Diagnostic;
use crate::publish::Stop;

/// Visits the mails of an mbox in their order.
pub(super) fn each(
    path: &Path,
    file: File,
    visit: &mut dyn FnMut(RawMail) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let name = path.display().to_string();
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut line = Vec::new();
    let mut bytes = Vec::new();
    let (mut number, mut follows_an_empty_line) = (0_u64, true);
    loop {
        let read = read_line(&mut reader, &mut line, RawMail::LONGEST)
            .map_err(|error| Diagnostic::error(format!("cannot read `{name}`")).cause(error))?;
        let begins = follows_an_empty_line && line.starts_with(b"From ");
        if read == 0 || begins {
            if number > 0 {
                visit(RawMail {
                    bytes: without_last_line_end(std::mem::take(&mut bytes)),
                    place: format!("{name}, mail {number}"),
                    new_file: None,
                })?;
            }
            if read == 0 {
                return Ok(());
            }
            number += 1;
            bytes.clear();
        } else {
            let line = unquoted(&line);
            let room = RawMail::LONGEST.saturating_sub(bytes.len());
            bytes.extend_from_slice(&line[..line.len().min(room)]);
        }
        follows_an_empty_line = matches!(line.as_slice(), b"\n" | b"\r\n");
    }
}

/// `>From ` and `>>From ` lose one `>`.
fn unquoted(line: &[u8]) -> &[u8] {
    let unmarked = line.trim_ascii_start();
    let marks = line.iter().take_while(|byte| **byte == b'>').count();
    let quotes = marks > 0 && unmarked[marks..].starts_with(b"From ");
    if quotes { &line[1..] } else { line }
}

/// The empty line before the next mail belongs to the file.
fn without_last_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    for end in [&b"\r\n\r\n"[..], b"\n\n"] {
        if bytes.ends_with(end) {
            bytes.truncate(bytes.len() - end.len() / 2);
            break;
        }
    }
    bytes
}
