//! `bounces`: mail that came back.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::count;
use super::status::doubted_line;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::bounce::Verdict;
use crate::diagnostic::Diagnostic;
use crate::imap::Tokens;
use crate::ledger::{ReturnedFilter, ReturnedRow, Taken};
use crate::publish::{
    Halt, Publication, Source, Stop, TakeReport, configured_sources, open_ledger, planned_issue,
    replay_returned, take_returned,
};

/// Most groups of the summary.
const MOST_GROUPS: usize = 40;

/// Arguments of `bounces`.
#[derive(Debug, clap::Args)]
pub(super) struct Bounces {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read reports of failure, complaints and requests to leave
    Take {
        /// A Maildir, an mbox file, a file with one mail, or `-` for one mail on the input [default: the
        /// mailboxes of `[bounces]`]
        #[arg(value_name = "SOURCE")]
        sources: Vec<PathBuf>,
        /// The address that the mail on the input was delivered to
        #[arg(long, value_name = "ADDRESS")]
        recipient: Option<String>,
    },
    /// List the mails that were taken, the latest first
    List {
        /// Only those about this issue
        #[arg(long)]
        issue: Option<String>,
        /// Only those that came to this
        #[arg(long, value_parser = parse_verdict)]
        verdict: Option<Verdict>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Judge every report anew, under the rules of today
    Replay {
        /// Mails to read again, as for `take`; what came from a pipe is read in any case
        #[arg(value_name = "SOURCE")]
        sources: Vec<PathBuf>,
    },
}

fn parse_verdict(word: &str) -> Result<Verdict, String> {
    Verdict::from_stored(word).ok_or_else(|| {
        let known = Verdict::ALL.map(Verdict::as_str);
        format!("it is one of {}", known.join(", "))
    })
}

impl Bounces {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        match &self.action {
            None => summary(app),
            Some(Action::Take { sources, recipient }) => take(app, sources, recipient.as_deref()),
            Some(Action::List {
                issue,
                verdict,
                limit,
            }) => list(app, issue.as_deref(), *verdict, *limit),
            Some(Action::Replay { sources }) => replay(app, sources),
        }
    }
}

fn take(app: &App, sources: &[PathBuf], recipient: Option<&str>) -> CommandResult {
    let piped = sources.iter().any(|path| path.as_os_str() == "-");
    if piped && sources.len() > 1 {
        return Err(Diagnostic::error("`-` is one mail, and stands alone").into());
    }
    match take_all(app, sources, recipient) {
        Ok(report) => Ok(tell_taken(app, &report)),
        // EX_TEMPFAIL of sysexits: the MTA keeps the mail and tries again. Every other code would
        // make it send the report back, and a report about a report is nobody's.
        Err(stop) if piped => {
            super::report(&app.output, stop);
            Ok(Exit::Busy)
        }
        Err(stop) => Err(stop),
    }
}

fn take_all(app: &App, sources: &[PathBuf], recipient: Option<&str>) -> Result<TakeReport, Stop> {
    let publication = app.publication()?;
    let sources = match sources {
        [] => configured(&publication)?,
        named => opened(named, recipient)?,
    };
    take_returned(&publication, &sources, &Tokens::default(), &Halt::default())
}

fn configured(publication: &Publication) -> Result<Vec<Source>, Stop> {
    let sources = configured_sources(publication)?;
    if sources.is_empty() {
        let problem = Diagnostic::error("nothing says where mail that came back lies");
        return Err(problem
            .hint("name a Maildir, an mbox or `-`, or set `maildir` or `imap` under `[bounces]`")
            .into());
    }
    Ok(sources)
}

fn opened(sources: &[PathBuf], recipient: Option<&str>) -> Result<Vec<Source>, Stop> {
    let opened = sources
        .iter()
        .map(|path| Source::of(path, recipient.map(str::to_owned)));
    Ok(opened.collect::<Result<_, _>>()?)
}

fn tell_taken(app: &App, report: &TakeReport) -> Exit {
    let taken = &report.taken;
    if app.output.is_json() {
        app.output.json(&taken_json(taken));
    } else {
        tell_counts(app, taken);
        tell_consequences(app, taken);
        for (place, verdict) in &taken.for_a_person {
            app.output.line(&format!(
                "{}: {place}",
                match verdict {
                    Verdict::Letter => "a letter for you",
                    Verdict::Unmatched => "a report that names no delivery",
                    _ => "not understood, please read it",
                }
            ));
        }
    }
    tell_problems(app, &report.problems)
}

fn tell_problems(app: &App, problems: &[Diagnostic]) -> Exit {
    app.output.problems(problems);
    if problems.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    }
}

fn tell_counts(app: &App, taken: &Taken) {
    let counts: Vec<String> = taken
        .verdicts
        .iter()
        .map(|(verdict, mails)| format!("{mails} {}", verdict.as_str()))
        .collect();
    let mut line = format!("{} taken", count(taken.fresh(), "mail"));
    if !counts.is_empty() {
        line = format!("{line}: {}", counts.join(", "));
    }
    if taken.known > 0 {
        line = format!("{line}; {} known already", taken.known);
    }
    app.output.line(&line);
}

fn tell_consequences(app: &App, taken: &Taken) {
    for (address, reason) in &taken.suppressed {
        app.output.line(&format!(
            "{address} is not mailed any more ({})",
            reason.as_str()
        ));
    }
    for address in &taken.mailed_again {
        app.output.line(&format!("{address} is mailed again"));
    }
    for (slug, doubted) in &taken.doubted {
        app.output.line(&doubted_line(slug, doubted));
    }
}

fn taken_json(taken: &Taken) -> Value {
    let suppressed = taken
        .suppressed
        .iter()
        .map(|(address, reason)| json!({ "address": address, "reason": reason.as_str() }));
    let doubted = taken.doubted.iter().map(|(slug, one)| {
        json!({ "issue": slug, "domain": one.domain, "failed": one.refused, "deliveries": one.deliveries })
    });
    let for_a_person = taken
        .for_a_person
        .iter()
        .map(|(place, verdict)| json!({ "place": place, "verdict": verdict.as_str() }));
    json!({
        "taken": taken.fresh(),
        "known": taken.known,
        "verdicts": verdicts_json(&taken.verdicts),
        "suppressed": suppressed.collect::<Vec<_>>(),
        "mailed_again": taken.mailed_again,
        "doubted_domains": doubted.collect::<Vec<_>>(),
        "for_a_person": for_a_person.collect::<Vec<_>>(),
    })
}

/// Counts by verdict, those of nothing left out.
pub(super) fn verdicts_json(counts: &std::collections::BTreeMap<Verdict, u64>) -> Value {
    let counts = counts
        .iter()
        .map(|(verdict, mails)| (verdict.as_str().to_owned(), json!(mails)));
    Value::Object(counts.collect())
}

fn summary(app: &App) -> CommandResult {
    let publication = app.publication()?;
    let (mut ledger, _) = open_ledger(&publication)?;
    let counts = ledger.returned_counts(None)?;
    let groups = ledger.returned_groups(MOST_GROUPS)?;
    if app.output.is_json() {
        let groups = groups.iter().map(|group| {
            json!({ "domain": group.domain, "verdict": group.verdict.as_str(), "status": group.status, "mails": group.mails })
        });
        app.output.json(&json!({
            "verdicts": verdicts_json(&counts),
            "groups": groups.collect::<Vec<_>>(),
        }));
        return Ok(Exit::Done);
    }
    if counts.is_empty() {
        app.output.line(
            "nothing came back yet; `postrider bounces take` reads the mailbox that reports go to",
        );
        return Ok(Exit::Done);
    }
    let cells = counts
        .iter()
        .map(|(verdict, mails)| vec![mails.to_string(), verdict.as_str().to_owned()]);
    app.output.table(&["#mails", "came to"], cells);
    if !groups.is_empty() {
        let cells = groups.into_iter().map(|group| {
            let verdict = group.verdict.as_str().to_owned();
            vec![group.mails.to_string(), group.domain, verdict, group.status]
        });
        app.output.line("");
        app.output
            .table(&["#mails", "<domain", "verdict", "code"], cells);
    }
    Ok(Exit::Done)
}

fn list(app: &App, issue: Option<&str>, verdict: Option<Verdict>, limit: usize) -> CommandResult {
    let publication = app.publication()?;
    let (mut ledger, issue) = match issue {
        Some(word) => {
            let (ledger, recorded) = planned_issue(&publication, word)?;
            (ledger, Some(recorded.row))
        }
        None => (open_ledger(&publication)?.0, None),
    };
    let filter = ReturnedFilter {
        issue,
        verdict,
        reader: None,
    };
    let rows = ledger.returned(filter, limit)?;
    if app.output.is_json() {
        let rows = rows.iter().map(row_json).collect::<Vec<_>>();
        app.output.json(&json!({ "mails": rows }));
        return Ok(Exit::Done);
    }
    let zone = &publication.config.zone;
    let cells = rows.into_iter().map(|row| {
        vec![
            local(row.taken_at, zone),
            told_verdict(&row),
            row.slug.clone().unwrap_or_default(),
            row.address
                .clone()
                .or(row.domain.clone())
                .unwrap_or_default(),
            row.words.clone().unwrap_or(row.place),
        ]
    });
    app.output.table(
        &["taken", "verdict", "<issue", "subscriber", "~what it says"],
        cells,
    );
    Ok(Exit::Done)
}

/// The verdict, with the code that it rests on.
pub(super) fn told_verdict(row: &ReturnedRow) -> String {
    let mut told = row.verdict.as_str().to_owned();
    if let Some(status) = &row.status {
        told = format!("{told} {status}");
    }
    if row.is_forgiven {
        told.push_str(" (forgiven)");
    }
    told
}

pub(super) fn row_json(row: &ReturnedRow) -> Value {
    json!({
        "taken_at": utc(row.taken_at), "kind": row.kind, "verdict": row.verdict.as_str(), "issue": row.slug,
        "address": row.address, "domain": row.domain, "action": row.action, "status": row.status,
        "words": row.words, "place": row.place, "forgiven": row.is_forgiven,
    })
}

fn replay(app: &App, sources: &[PathBuf]) -> CommandResult {
    let (replayed, problems) = replay_returned(&app.publication()?, &opened(sources, None)?)?;
    let taken = &replayed.taken;
    if app.output.is_json() {
        let mut value = taken_json(taken);
        value["read_again"] = json!(replayed.reread);
        value["changed"] = json!(replayed.changed);
        app.output.json(&value);
    } else {
        app.output.line(&format!(
            "{} read again, {} new; {} to something else now",
            count(replayed.reread, "mail"),
            taken.fresh(),
            match replayed.changed {
                1 => "1 report comes".to_owned(),
                changed => format!("{changed} reports come"),
            }
        ));
        tell_consequences(app, taken);
    }
    Ok(tell_problems(app, &problems))
}
