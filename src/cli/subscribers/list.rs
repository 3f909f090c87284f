//! `subscribers list`: who is on the roster, and who of it is mailed.
//!
//! A roster of a million people is read once for the widths of the columns and once to be shown: it is
//! never in memory.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::cli::output::count;
use crate::cli::times::{local, utc};
use crate::cli::{App, CommandResult, Exit};
use crate::diagnostic::{Diagnostic, visible};
use crate::plan::{Exclusion, PlanRules, exclusion};
use crate::publish::{Office, Stop};
use crate::subscriber::{Roster, Row};
use crate::token::Keys;

/// Arguments of `subscribers list`.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Treat a bad row as an error
    #[arg(long)]
    strict: bool,
    /// List the suppressions instead
    #[arg(long, conflicts_with_all = ["tag", "status", "source"])]
    suppressed: bool,
    /// Only those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Only those who stand so: `mailed`, `paused`, `suppressed`, `unsubscribed`, `bounced`, or a word
    /// of the column `status`
    #[arg(long, value_name = "WORD")]
    status: Option<String>,
    /// Only those who stand in `subscribers.csv`, or those who signed up on the web
    #[arg(long, value_enum)]
    source: Option<Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Origin {
    Csv,
    Web,
}

/// How somebody stands.
struct Standing<'a> {
    row: &'a Row<'a>,
    why_not: Option<Exclusion>,
}

impl List {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        if self.suppressed {
            return list_suppressions(app, &mut office);
        }
        let mut roster = office
            .publication
            .audience(&office.keys, &mut office.ledger)?;
        if self.strict && roster.bad_rows() > 0 {
            let errors = roster.warnings().iter().cloned();
            return Err(Stop::Failed(errors.map(Diagnostic::into_error).collect()));
        }
        app.output.warnings(roster.warnings());
        let rules = PlanRules {
            suppressions: office.ledger.suppression_reasons()?,
            preferences: office.ledger.preferences()?,
            now: office.publication.clock.now(),
            ..PlanRules::default()
        };
        let keys = &office.keys;
        if app.output.is_json() {
            return self.json(app, &mut roster, keys, &rules);
        }
        let mut columns = Columns::default();
        let mut counts = Counts::default();
        self.each(&mut roster, keys, &rules, |standing| {
            columns.measure(&standing.cells());
            counts.add(standing);
            Ok(())
        })?;
        app.output.stream(|out| -> Result<(), Stop> {
            columns.head(out);
            self.each(&mut roster, keys, &rules, |standing| {
                columns.line(out, &standing.cells());
                Ok(())
            })
        })?;
        app.output.line("");
        for line in counts.told(roster.people() as u64, self.is_narrowed()) {
            app.output.line(&line);
        }
        Ok(Exit::Done)
    }

    fn is_narrowed(&self) -> bool {
        self.tag.is_some() || self.status.is_some() || self.source.is_some()
    }

    /// Visits those who are wanted.
    fn each(
        &self,
        roster: &mut Roster,
        keys: &Keys,
        rules: &PlanRules,
        mut visit: impl FnMut(&Standing<'_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let tag = self.tag.as_ref().map(|tag| tag.to_lowercase());
        let status = self.status.as_ref().map(|word| word.to_lowercase());
        roster.each(keys, |row| {
            let standing = Standing {
                row,
                why_not: exclusion(row, rules),
            };
            let has_tag = tag.as_ref().is_none_or(|tag| row.tags().contains(tag));
            let comes_from = self.source.is_none_or(|source| source == standing.origin());
            if has_tag && comes_from && status.as_ref().is_none_or(|word| standing.is(word)) {
                visit(&standing)?;
            }
            Ok::<(), Stop>(())
        })
    }

    fn json(
        &self,
        app: &App,
        roster: &mut Roster,
        keys: &Keys,
        rules: &PlanRules,
    ) -> CommandResult {
        let mut counts = Counts::default();
        let bad_rows = roster.bad_rows();
        app.output.stream(|out| -> Result<(), Stop> {
            // A reader that has gone away (`| head`) is no failure.
            let _ = write!(out, "{{\"subscribers\": [");
            let mut separator = "\n";
            self.each(roster, keys, rules, |standing| {
                counts.add(standing);
                let _ = write!(out, "{separator}{}", standing.json());
                separator = ",\n";
                Ok(())
            })?;
            let _ = writeln!(
                out,
                "\n], \"mailed\": {}, \"not_mailed\": {}, \"bad_rows\": {bad_rows}}}",
                counts.mailed,
                json!(counts.by_reason()),
            );
            Ok(())
        })?;
        Ok(Exit::Done)
    }
}

impl Standing<'_> {
    fn origin(&self) -> Origin {
        match self.row.line {
            Some(_) => Origin::Csv,
            None => Origin::Web,
        }
    }

    /// Whether a word says how they stand.
    fn is(&self, word: &str) -> bool {
        match &self.why_not {
            None => matches!(word, "mailed" | "active"),
            Some(Exclusion::Suppressed(reason)) => word == "suppressed" || word == *reason,
            Some(Exclusion::Status(status)) => word == status,
            Some(Exclusion::Paused(_)) => word == "paused",
            Some(_) => false,
        }
    }

    fn cells(&self) -> [String; 4] {
        let state = match &self.why_not {
            Some(why_not) => why_not.to_string(),
            None => "mailed".to_owned(),
        };
        let row = self.row;
        [
            row.address.to_string(),
            row.name(),
            row.tags().join(" "),
            state,
        ]
        .map(|cell| visible(&cell))
    }

    fn json(&self) -> Value {
        let row = self.row;
        json!({
            "address": row.address.as_str(), "name": row.name(), "tags": row.tags(), "line": row.line,
            "source": match self.origin() { Origin::Csv => "csv", Origin::Web => "web" }, "mailed": self.why_not.is_none(),
            "reason": self.why_not.as_ref().map(ToString::to_string),
        })
    }
}

/// How many are mailed, and how many not and why.
#[derive(Default)]
struct Counts {
    shown: u64,
    mailed: u64,
    not_mailed: BTreeMap<Exclusion, u64>,
}

impl Counts {
    fn add(&mut self, standing: &Standing<'_>) {
        self.shown += 1;
        match &standing.why_not {
            None => self.mailed += 1,
            Some(reason) => *self.not_mailed.entry(reason.clone()).or_default() += 1,
        }
    }

    fn by_reason(&self) -> BTreeMap<String, u64> {
        let reasons = self.not_mailed.iter();
        reasons
            .map(|(reason, number)| (reason.to_string(), *number))
            .collect()
    }

    fn told(&self, people: u64, is_narrowed: bool) -> Vec<String> {
        let of = if is_narrowed { self.shown } else { people };
        let mailed = format!("{} of {} mailed", self.mailed, count(of, "subscriber"));
        let mut lines = vec![if is_narrowed {
            format!("{mailed}; {people} are on the roster")
        } else {
            mailed
        }];
        let reasons = self.by_reason().into_iter();
        lines.extend(reasons.map(|(reason, number)| format!("{number} not: {reason}")));
        lines
    }
}

const HEADER: [&str; 4] = ["address", "name", "tags", "state"];

/// Widths of the columns, so that rows can be shown one by one.
struct Columns([usize; 4]);

impl Default for Columns {
    fn default() -> Self {
        Self(HEADER.map(str::len))
    }
}

impl Columns {
    /// The widest that a name or tags are shown.
    const WIDEST: usize = 32;

    fn measure(&mut self, cells: &[String; 4]) {
        for (at, (width, cell)) in self.0.iter_mut().zip(cells).enumerate() {
            let most = if matches!(at, 1 | 2) {
                Self::WIDEST
            } else {
                usize::MAX
            };
            *width = (*width).max(cell.width().min(most));
        }
    }

    fn head(&self, out: &mut dyn Write) {
        self.line(out, &HEADER.map(str::to_owned));
        let width = self.0.iter().map(|width| width + 3).sum::<usize>() - 1;
        let _ = writeln!(out, "{}", "─".repeat(width));
    }

    fn line(&self, out: &mut dyn Write, cells: &[String; 4]) {
        let mut line = String::new();
        for (width, cell) in self.0.iter().zip(cells) {
            let shown = shortened(cell, *width);
            let gap = width.saturating_sub(shown.width());
            line.push(' ');
            line.push_str(&shown);
            line.push_str(&" ".repeat(gap + 2));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// A cell cut to a width.
fn shortened(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut short = String::new();
    for character in cell.chars() {
        short.push(character);
        if short.width() >= width {
            short.pop();
            break;
        }
    }
    short.push('…');
    short
}

fn list_suppressions(app: &App, office: &mut Office<'_>) -> CommandResult {
    let all = office.ledger.suppressions()?;
    if app.output.is_json() {
        let rows = all.iter().map(|one| {
            json!({ "address": one.address, "reason": one.reason.as_str(), "source": one.source, "at": utc(one.at),
                "evidence": one.evidence })
        });
        app.output
            .json(&json!({ "suppressions": rows.collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    let zone = &office.publication.config.zone;
    let cells = all.iter().map(|one| {
        let address = one
            .address
            .clone()
            .unwrap_or_else(|| "(address not kept)".to_owned());
        vec![
            address,
            one.reason.as_str().to_owned(),
            one.source.clone(),
            local(one.at, zone),
        ]
    });
    app.output
        .table(&["address", "reason", "source", "since"], cells);
    Ok(Exit::Done)
}
