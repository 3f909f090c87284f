//! Where mail that came back lies: a Maildir, an mbox, a file with one mail, a pipe.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{RawMail, keep, maildir, mbox};
use crate::config::ImapConfig;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::publish::{Publication, Stop};

/// One place with mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder with `new/` and `cur/`: what is new is taken and moved to `cur/`.
    Maildir(PathBuf),
    /// A file of many mails, each below a line that begins with `From `. It is never changed.
    Mbox(PathBuf),
    /// A file of one mail. It is never changed.
    Mail(PathBuf),
    /// The input of the program: one mail, as an MTA gives it. A copy is kept.
    Pipe {
        /// The address that it was delivered to, where the MTA tells.
        recipient: Option<String>,
    },
    /// A mailbox that is read over IMAP: what is new is taken, and marked as seen.
    Imap(Box<ImapConfig>),
    /// What was kept from the pipe.
    Kept,
}

type Visit<'a> = &'a mut dyn FnMut(RawMail) -> Result<(), Stop>;

impl Source {
    /// Finds out what a path is; `-` is the pipe.
    pub fn of(path: &Path, recipient: Option<String>) -> Result<Self, Diagnostic> {
        if path.as_os_str() == "-" {
            return Ok(Self::Pipe { recipient });
        }
        let name = path.display().to_string();
        if path.is_dir() {
            if path.join("new").is_dir() && path.join("cur").is_dir() {
                return Ok(Self::Maildir(path.to_owned()));
            }
            return Err(Diagnostic::error(format!("`{name}` is no Maildir"))
                .cause("it has no folders `new` and `cur`")
                .hint("name a Maildir, an mbox file, a file with one mail, or `-` for the input"));
        }
        let file = open(path)?;
        let mut begin = [0; 5];
        let is_mbox = BufReader::new(file).read_exact(&mut begin).is_ok() && &begin == b"From ";
        Ok(if is_mbox {
            Self::Mbox(path.to_owned())
        } else {
            Self::Mail(path.to_owned())
        })
    }

    /// Visits what is to be taken; returns what is wrong with single mails.
    pub(super) fn each_new(
        &self,
        publication: &Publication,
        visit: Visit<'_>,
    ) -> Result<Vec<Diagnostic>, Stop> {
        match self {
            Self::Maildir(folder) => maildir::each(folder, &["new"], &mut |mut mail| {
                if let Some(file) = &mail.new_file {
                    mail.place = maildir::place_in_cur(file).display().to_string();
                }
                visit(mail)
            }),
            Self::Pipe { recipient } => {
                let mail = keep::from_pipe(publication, recipient.as_deref())?;
                visit(mail)?;
                Ok(Vec::new())
            }
            other => other.each(publication, visit),
        }
    }

    /// Visits everything that is there, taken or not.
    pub(super) fn each(
        &self,
        publication: &Publication,
        visit: Visit<'_>,
    ) -> Result<Vec<Diagnostic>, Stop> {
        match self {
            Self::Maildir(folder) => maildir::each(folder, &["cur", "new"], &mut |mut mail| {
                mail.new_file = None;
                visit(mail)
            }),
            Self::Mbox(path) => {
                mbox::each(path, open(path)?, visit)?;
                Ok(Vec::new())
            }
            Self::Mail(path) => {
                visit(one_mail(path)?)?;
                Ok(Vec::new())
            }
            Self::Pipe { .. } => Err(Diagnostic::error("the input can be read but once")
                .hint("what came from a pipe is in `bounces/`, and is judged anew without being named")
                .into()),
            Self::Imap(config) => Err(Diagnostic::error(format!(
                "`{}` is not read again",
                config.shown()
            ))
            .hint("of its mails the codes and words are in the ledger, and judged anew")
            .into()),
            Self::Kept => keep::each(publication, visit),
        }
    }
}

fn open(path: &Path) -> Result<File, Diagnostic> {
    let name = path.display().to_string();
    fs::open_to_stream(path, &name)?
        .ok_or_else(|| Diagnostic::error(format!("there is no file `{name}`")))
}

/// Reads the beginning of a file of one mail.
pub(super) fn one_mail(path: &Path) -> Result<RawMail, Diagnostic> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let mut limited = open(path)?.take(RawMail::LONGEST as u64);
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| Diagnostic::error(format!("cannot read `{name}`")).cause(error))?;
    Ok(RawMail {
        bytes,
        place: name,
        new_file: None,
    })
}

/// Reads a line, its end included, up to `most` bytes of it; 0 at the end of the file. What is
/// longer is read over.
pub(super) fn read_line(
    reader: &mut impl BufRead,
    line: &mut Vec<u8>,
    most: usize,
) -> std::io::Result<usize> {
    line.clear();
    let mut total = 0;
    loop {
        let block = reader.fill_buf()?;
        let end = memchr::memchr(b'\n', block).map(|end| end + 1);
        let count = end.unwrap_or(block.len());
        let room = most.saturating_sub(line.len());
        line.extend_from_slice(&block[..count.min(room)]);
        reader.consume(count);
        total += count;
        if count == 0 || end.is_some() {
            return Ok(total);
        }
    }
}
