//! `ledger export`: one row for each delivery, as CSV (RFC 4180) or JSON, for reconciliation
//! outside. However many there are, only a few are in memory.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use csv::{Terminator, WriterBuilder};
use serde_json::{Map, Value};

use super::guard::open_ledger;
use super::{Publication, Stop, keys_for_planning, planned_issue};
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::ledger::{ExportRow, Ledger, LedgerError, Recorded};
use crate::message::{Composer, FrozenIssue};
use crate::token::Keys;

/// The names of the columns.
const COLUMNS: [&str; 14] = [
    "issue",
    "slug",
    "address",
    "state",
    "reason",
    "attempts",
    "resends",
    "message_id",
    "intent_at",
    "settled_at",
    "code",
    "enhanced",
    "command",
    "reply",
];

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with a header; a cell that a spreadsheet would run is prefixed with `'`.
    Csv,
    /// The same without the prefix: every cell as the ledger has it.
    RawCsv,
    /// An array of objects.
    Json,
}

/// What was exported.
#[derive(Debug, Default)]
pub struct Exported {
    /// How many deliveries.
    pub rows: u64,
    /// What is missing in them.
    pub warnings: Vec<Diagnostic>,
}

/// Why it was not.
enum Failure {
    Stop(Stop),
    Write(io::Error),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Stop(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        Self::Write(error.into())
    }
}

impl Failure {
    fn told(self, place: &str) -> Stop {
        match self {
            Self::Stop(stop) => stop,
            Self::Write(error) => Diagnostic::error(format!("cannot write {place}"))
                .cause(error)
                .into(),
        }
    }
}

/// Writes the deliveries of one issue or of all to `out`. A reader of `out` that has gone away
/// ends it, and is no failure.
pub fn export_to(
    publication: &Publication,
    issue: Option<&str>,
    form: Form,
    out: &mut dyn Write,
) -> Result<Exported, Stop> {
    let mut source = Source::open(publication, issue)?;
    match source.write(form, out) {
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(source.exported)
        }
        Err(failure) => Err(failure.told("the export")),
        Ok(()) => Ok(source.exported),
    }
}

/// Writes them to a file, which is there as a whole and on the disk, or as it was before.
pub fn export_to_file(
    publication: &Publication,
    issue: Option<&str>,
    form: Form,
    file: &Path,
) -> Result<Exported, Stop> {
    let mut source = Source::open(publication, issue)?;
    fs::write_atomically_with(file, |out| source.write(form, out))
        .map_err(|failure: Failure| failure.told(&format!("`{}`", file.display())))?;
    Ok(source.exported)
}

struct Source {
    ledger: Ledger,
    keys: Arc<Keys>,
    issues: Vec<crate::issue::IssueId>,
    exported: Exported,
}

impl Source {
    fn open(publication: &Publication, issue: Option<&str>) -> Result<Self, Stop> {
        let (mut ledger, identity) = open_ledger(publication)?;
        let keys = Arc::new(keys_for_planning(publication, &mut ledger, &identity)?);
        let issues = match issue {
            Some(word) => vec![planned_issue(publication, word)?.1.frozen.issue],
            None => ledger.planned_issues()?,
        };
        Ok(Self {
            ledger,
            keys,
            issues,
            exported: Exported::default(),
        })
    }

    fn write(&mut self, form: Form, out: &mut dyn Write) -> Result<(), Failure> {
        match form {
            Form::Json => self.write_json(out),
            Form::Csv => self.write_csv(out, harmless),
            Form::RawCsv => self.write_csv(out, |text| text),
        }
    }

    fn write_csv(
        &mut self,
        out: &mut dyn Write,
        cell: impl Fn(String) -> String,
    ) -> Result<(), Failure> {
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(out);
        writer.write_record(COLUMNS)?;
        self.each(|cells| {
            let cells = cells
                .into_iter()
                .map(|value| cell(value.unwrap_or_default()));
            Ok(writer.write_record(cells)?)
        })?;
        Ok(writer.flush()?)
    }

    fn write_json(&mut self, out: &mut dyn Write) -> Result<(), Failure> {
        let mut before = "[\n";
        self.each(|cells| {
            let named = COLUMNS.iter().map(|name| (*name).to_owned()).zip(cells);
            let object: Map<String, Value> = named
                .map(|(name, value)| (name, value.map_or(Value::Null, Value::String)))
                .collect();
            write!(out, "{before}{}", Value::Object(object))?;
            before = ",\n";
            Ok(())
        })?;
        let end = if before == "[\n" { "[]\n" } else { "\n]\n" };
        out.write_all(end.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Gives the cells of each delivery to `take`.
    fn each(
        &mut self,
        mut take: impl FnMut([Option<String>; COLUMNS.len()]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for issue in std::mem::take(&mut self.issues) {
            let Some(recorded) = self.ledger.recorded(&issue)? else {
                continue;
            };
            let composer = match composer(&recorded, &self.keys) {
                Ok(composer) => Some(composer),
                Err(problem) => {
                    let slug = &recorded.frozen.slug;
                    let warning =
                        Diagnostic::warning(format!("{slug} is exported without Message-IDs"));
                    self.exported
                        .warnings
                        .push(warning.cause(problem.message()));
                    None
                }
            };
            let rows = &mut self.exported.rows;
            self.ledger.export(recorded.row, |row| {
                *rows += 1;
                take(cells(&recorded, composer.as_ref(), row))
            })?;
        }
        Ok(())
    }
}

/// What the Message-IDs are made of; nothing is signed with it.
fn composer(recorded: &Recorded, keys: &Arc<Keys>) -> Result<Composer, Diagnostic> {
    let frozen = FrozenIssue::from_text(&recorded.frozen.text, &recorded.frozen.sha256)?;
    Composer::new(frozen, keys.clone(), None)
}

fn cells(
    recorded: &Recorded,
    composer: Option<&Composer>,
    row: ExportRow,
) -> [Option<String>; COLUMNS.len()] {
    let utc = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    [
        Some(recorded.frozen.issue.to_string()),
        Some(recorded.frozen.slug.clone()),
        Some(row.address),
        Some(row.state),
        row.reason,
        Some(row.attempts.to_string()),
        Some(row.resends.to_string()),
        composer.map(|composer| format!("<{}>", composer.message_id(&row.key))),
        row.intent_at.map(utc),
        row.settled_at.map(utc),
        row.code.map(|code| code.to_string()),
        row.enhanced,
        row.command,
        row.reply,
    ]
}

/// A cell that no spreadsheet takes for a formula. Replies come from strangers.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}
