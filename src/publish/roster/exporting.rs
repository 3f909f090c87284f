//! The roster as a file for elsewhere: the author's rows and the confirmed sign-ups, each with how it
//! stands. What a spreadsheet would run is made text (`subscriber::neutralised`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

use super::Office;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::plan::{Exclusion, PlanRules, exclusion};
use crate::publish::Stop;
use crate::subscriber::{Roster, Row, neutralised};
use crate::token::AddressKey;

/// The columns of ours; the author's own stand behind them.
const HEADER: [&str; 6] = ["email", "name", "tags", "joined", "status", "source"];

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterExported {
    /// Rows of the file.
    pub rows: u64,
    /// Of those, sign-ups that are in no row of `subscribers.csv`.
    pub sign_ups: u64,
    /// SHA-256 of the file in hexadecimal; empty where none was written.
    pub sha256: String,
}

/// Writes the roster to a file, as a whole or not at all, and its SHA-256 beside it.
pub fn export_roster_to_file(
    office: &mut Office<'_>,
    path: &Path,
    raw: bool,
) -> Result<RosterExported, Stop> {
    let name = path.display().to_string();
    let mut exported = RosterExported::default();
    let mut digest = Context::new(&SHA256);
    fs::write_atomically_with::<Failure>(path, |out| {
        let mut hashed = Hashed {
            out,
            digest: &mut digest,
        };
        exported = export_roster(office, &mut hashed, raw).map_err(Failure)?;
        Ok(())
    })
    .map_err(|failure| failure.0)?;
    exported.sha256 = HEXLOWER.encode(digest.finish().as_ref());
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let line = format!("{}  {file}\n", exported.sha256);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sha256");
    fs::replace_private(Path::new(&beside), line.as_bytes())
        .map_err(|error| Diagnostic::error(format!("cannot write `{name}.sha256`")).cause(error))?;
    Ok(exported)
}

/// Writes the roster, row by row.
pub fn export_roster(
    office: &mut Office<'_>,
    out: &mut dyn Write,
    raw: bool,
) -> Result<RosterExported, Stop> {
    let rules = PlanRules {
        suppressions: office.ledger.suppression_reasons()?,
        ..PlanRules::default()
    };
    let sign_ups = office.ledger.confirmed_sign_ups()?.into_iter();
    let since = sign_ups.filter_map(|one| {
        let consent = one.consent?;
        Some((one.key, consent.act.at.format("%Y-%m-%d").to_string()))
    });
    let since: HashMap<AddressKey, String> = since.collect();
    let (publication, ledger) = (office.publication, &mut office.ledger);
    let mut roster = publication.audience(&office.keys, ledger)?;
    let mut writer = Writer {
        out: csv::WriterBuilder::new().from_writer(BufWriter::new(out)),
        raw,
        own: own_columns(&roster),
    };
    writer.header()?;
    let mut exported = RosterExported::default();
    roster.each(&office.keys, |row| {
        exported.rows += 1;
        exported.sign_ups += u64::from(row.line.is_none());
        writer.row(row, &rules, since.get(&row.key))
    })?;
    writer.finish()?;
    Ok(exported)
}

/// Columns that are the author's, in their order.
fn own_columns(roster: &Roster) -> Vec<String> {
    let own = roster.columns().filter(|name| !HEADER.contains(name));
    own.map(str::to_owned).collect()
}

struct Writer<W: Write> {
    out: csv::Writer<W>,
    raw: bool,
    own: Vec<String>,
}

impl<W: Write> Writer<W> {
    fn header(&mut self) -> Result<(), Stop> {
        let own = self.own.clone();
        self.record(HEADER.into_iter().chain(own.iter().map(String::as_str)))
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        rules: &PlanRules,
        since: Option<&String>,
    ) -> Result<(), Stop> {
        let status = match exclusion(row, rules) {
            Some(Exclusion::Suppressed(reason)) => reason.to_owned(),
            Some(Exclusion::Status(word)) => word,
            _ => "active".to_owned(),
        };
        let mut joined = String::new();
        let mut own = vec![String::new(); self.own.len()];
        for (name, value) in row.fields() {
            if name == "joined" {
                joined = value;
            } else if let Some(at) = self.own.iter().position(|own| own == name) {
                own[at] = value;
            }
        }
        if let (None, Some(since)) = (row.line, since) {
            joined.clone_from(since);
        }
        let source = if row.line.is_some() { "csv" } else { "web" };
        let (address, name, tags) = (row.address.as_str(), row.name(), row.tags().join(" "));
        let ours = [address, &name, &tags, &joined, &status, source];
        self.record(ours.into_iter().chain(own.iter().map(String::as_str)))
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> Result<(), Stop> {
        let written = if self.raw {
            self.out.write_record(fields)
        } else {
            let fields = fields.map(neutralised);
            self.out.write_record(fields.map(Cow::into_owned))
        };
        Ok(written.map_err(not_written)?)
    }

    fn finish(mut self) -> Result<(), Stop> {
        Ok(self.out.flush().map_err(not_written)?)
    }
}

fn not_written(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("cannot write the export").cause(error)
}

/// What is written, and its hash.
struct Hashed<'a> {
    out: &'a mut dyn Write,
    digest: &'a mut Context,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct Failure(Stop);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(not_written(error).into())
    }
}
