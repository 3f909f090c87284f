//! `status`: where issues stand.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::bounces::verdicts_json;
use super::output::count;
use super::times::{local, utc};
use super::{App, CommandResult, Exit};
use crate::bounce::Verdict;
use crate::delivery::State;
use crate::diagnostic::{Diagnostic, visible};
use crate::issue::Issue;
use crate::ledger::{
    Counts, DoubtedDomain, IssueRow, IssueState, Ledger, OpenRow, Recorded, RoundsNote, Teller,
    Troubles,
};
use crate::publish::{Publication, Stop, edited_parts, told_edits, told_rounds};
use crate::schedule::Standing;

/// Most rows of one kind that are listed.
const MOST_ROWS: usize = 100;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// File, slug, id or the beginning of one [default: all issues]
    issue: Option<String>,
}

impl Status {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let mut ledger = Ledger::open_if_present(&publication.ledger_path())?;
        match &self.issue {
            Some(word) => one(app, &publication, ledger.as_mut(), word)?,
            None => all(app, &publication, ledger.as_mut())?,
        }
        Ok(Exit::Done)
    }
}

/// The counts under their names in the contract of `--json`.
pub(super) fn counts_json(planned: u64, counts: &Counts, finished: bool) -> Value {
    json!({
        "planned": planned,
        "sent": counts.of(State::Sent),
        "deferred": counts.of(State::Deferred),
        "rejected": counts.of(State::Rejected),
        "unconfirmed": counts.of(State::Unconfirmed),
        "skipped": counts.of(State::Skipped),
        "expired": counts.of(State::Expired),
        "abandoned": counts.of(State::Abandoned),
        "resends": counts.resends,
        "remaining": counts.remaining(),
        "finished": finished,
    })
}

fn merge(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

fn all(app: &App, publication: &Publication, ledger: Option<&mut Ledger>) -> Result<(), Stop> {
    let found = publication.issues()?;
    app.output.warnings(&found.warnings);
    let mut plans = Vec::new();
    let mut resting = Vec::new();
    let mut troubles = Vec::new();
    let mut rounds = None;
    if let Some(ledger) = ledger {
        troubles = ledger.troubles()?;
        rounds = ledger.rounds()?;
        resting = ledger.rests()?;
        resting.retain(|(_, rest)| rest.until > app.clock.now());
        for recorded in ledger.all_recorded()? {
            let row = ledger.issue_row(recorded.row)?;
            plans.push((recorded, row));
        }
    }
    if app.output.is_json() {
        let listed = found
            .issues
            .iter()
            .map(|issue| listed_json(issue, plan_of(&plans, issue)));
        let resting = resting.iter().map(|(relay, rest)| {
            json!({ "relay": relay, "cause": rest.cause, "until": utc(rest.until), "told": rest.told })
        });
        app.output.json(&json!({
            "issues": listed.collect::<Vec<_>>(),
            "resting": resting.collect::<Vec<_>>(),
            "troubles": troubles_json(&troubles),
            "rounds": rounds.map(|note| rounds_json(&note, app.clock.now())),
        }));
        return Ok(());
    }
    let rows = found.issues.iter().map(|issue| {
        let mut row = vec![
            local(issue.published, &publication.config.zone),
            issue.slug.to_string(),
        ];
        if let Some((recorded, found)) = plan_of(&plans, issue) {
            row.extend(plan_cells(recorded, found));
        } else {
            row.push(state_without_plan(publication, issue, app.clock.now()).to_owned());
            row.extend(std::iter::repeat_n(String::new(), 5));
        }
        row
    });
    let header = [
        "dated",
        "<issue",
        "state",
        "#planned",
        "#sent",
        "#rejected",
        "#held",
        "#open",
    ];
    app.output.table(&header, rows);
    // A plan whose file is gone is still a plan.
    let gone = |recorded: &Recorded| {
        !found
            .issues
            .iter()
            .any(|issue| issue.id == recorded.frozen.issue)
    };
    for (recorded, row) in plans.iter().filter(|(recorded, _)| gone(recorded)) {
        let sent = row.counts.of(State::Sent);
        let slug = &recorded.frozen.slug;
        app.output.line(&format!(
            "{slug}: sent to {sent}, and its file is no longer in `issues/`"
        ));
    }
    for (relay, rest) in &resting {
        app.output.line(&format!(
            "{relay} is left in peace until {}: it said {}",
            local(rest.until, &publication.config.zone),
            visible(&rest.told)
        ));
    }
    let zone = &publication.config.zone;
    for (teller, troubles) in &troubles {
        let at = local(troubles.at, zone);
        // The rounds tell it with its reason.
        let explained = |told: &&String| rounds.as_ref().is_some_and(|note| note.explains(told));
        for told in troubles.told.iter().filter(|told| !explained(told)) {
            let told = visible(told);
            app.output
                .line(&format!("{} ({at}): {told}", teller.says()));
        }
    }
    if let Some(note) = &rounds {
        let told = told_rounds(note, app.clock.now(), |at| local(at, zone));
        for line in told.lines.iter().chain(&told.wrong) {
            app.output.line(line);
        }
    }
    Ok(())
}

/// What could not be done, whoever tells it.
fn troubles_json(troubles: &[(Teller, Troubles)]) -> Option<Value> {
    let at = troubles.iter().map(|(_, troubles)| troubles.at).max()?;
    let told = troubles.iter().flat_map(|(_, troubles)| &troubles.told);
    Some(json!({ "at": utc(at), "told": told.collect::<Vec<_>>() }))
}

fn rounds_json(note: &RoundsNote, now: DateTime<Utc>) -> Value {
    json!({
        "who": note.who,
        "runs": told_rounds(note, now, utc).are_made,
        "looked_at": utc(note.looked_at),
        "sending": note.sending,
        "next_due": note.next_due.as_ref().map(|(slug, at)| json!({ "slug": slug, "at": utc(*at) })),
        "last_run": note.last_run.as_ref().map(|(at, told)| json!({ "at": utc(*at), "told": told })),
        "last_error": note.last_error.as_ref().map(|(at, told)| json!({ "at": utc(*at), "told": told })),
        "again_at": note.again_at.map(utc),
    })
}

/// A plan with where its deliveries stand.
type PlanRow = (Recorded, IssueRow);

fn plan_of<'a>(plans: &'a [PlanRow], issue: &Issue) -> Option<&'a PlanRow> {
    plans
        .iter()
        .find(|(recorded, _)| recorded.frozen.issue == issue.id)
}

fn listed_json(issue: &Issue, plan: Option<&PlanRow>) -> Value {
    let base = json!({ "issue": issue.id.as_str(), "slug": issue.slug.as_str(), "title": issue.title,
        "dated": utc(issue.published), "draft": issue.draft, "mail": issue.mail });
    match plan {
        Some((recorded, row)) => {
            let finished = row.finished_at.is_some();
            let counts = counts_json(recorded.planned_total, &row.counts, finished);
            merge(
                merge(base, json!({ "state": recorded.state.as_str() })),
                counts,
            )
        }
        None => base,
    }
}

fn state_without_plan(
    publication: &Publication,
    issue: &Issue,
    now: DateTime<Utc>,
) -> &'static str {
    match Standing::of(issue, false, now, publication.config.max_lateness) {
        Standing::Draft => "draft",
        Standing::WebOnly => "web only",
        Standing::Planned => "planned",
        Standing::ToCome => "to come",
        Standing::Late => "not mailed",
        Standing::Due => "due",
    }
}

fn plan_cells(recorded: &Recorded, row: &IssueRow) -> Vec<String> {
    let held = row.counts.of(State::Unconfirmed) > 0 && row.counts.remaining() == 0;
    let state = match recorded.state {
        IssueState::Sending if held => "held",
        state => state.as_str(),
    };
    let number = |count: u64| count.to_string();
    vec![
        state.to_owned(),
        number(recorded.planned_total),
        number(row.counts.of(State::Sent)),
        number(row.counts.of(State::Rejected)),
        number(row.counts.of(State::Unconfirmed)),
        number(row.counts.remaining()),
    ]
}

fn one(
    app: &App,
    publication: &Publication,
    ledger: Option<&mut Ledger>,
    word: &str,
) -> Result<(), Stop> {
    let issues = publication.issues()?.issues;
    let (ledger, recorded) = match ledger {
        Some(ledger) => {
            let recorded = find_recorded(publication, &issues, ledger, word)?;
            (Some(ledger), recorded)
        }
        None => (None, None),
    };
    let (Some(ledger), Some(recorded)) = (ledger, recorded) else {
        let issue = publication.find(&issues, word)?;
        if app.output.is_json() {
            let base = json!({ "issue": issue.id.as_str(), "slug": issue.slug.as_str() });
            app.output
                .json(&merge(base, counts_json(0, &Counts::default(), false)));
        } else {
            app.output.line(&format!(
                "{} has no plan yet; it is dated {}",
                issue.slug,
                local(issue.published, &publication.config.zone)
            ));
        }
        return Ok(());
    };
    let row = ledger.issue_row(recorded.row)?;
    let mut open = Vec::new();
    for state in [
        State::Unconfirmed,
        State::Planned,
        State::Deferred,
        State::Rejected,
    ] {
        open.extend(ledger.rows_in(recorded.row, state, MOST_ROWS)?);
    }
    let doubted = ledger.doubted_domains(recorded.row)?;
    let returned = ledger.returned_counts(Some(recorded.row))?;
    let file = issues
        .iter()
        .find(|issue| issue.id == recorded.frozen.issue);
    let edited = file
        .map(|issue| edited_parts(publication, issue, &recorded))
        .unwrap_or_default();
    if app.output.is_json() {
        let base = json!({
            "issue": recorded.frozen.issue.as_str(), "slug": recorded.frozen.slug, "title": recorded.frozen.title,
            "state": recorded.state.as_str(), "planned_at": utc(recorded.planned_at), "finished_at": row.finished_at.map(utc),
            "rows": open.iter().map(row_json).collect::<Vec<_>>(),
            "edited": edited, "returned": verdicts_json(&returned), "doubted_domains": doubted.iter().map(|one| one.domain.as_str()).collect::<Vec<_>>(),
        });
        app.output.json(&merge(
            base,
            counts_json(
                recorded.planned_total,
                &row.counts,
                row.finished_at.is_some(),
            ),
        ));
    } else {
        print_one(app, publication, &recorded, &row, &open);
        if let Some(told) = told_returned(&returned) {
            app.output.line(&told);
        }
        if let Some(told) = told_edits(&recorded, &edited) {
            app.output.line(&told);
        }
        for doubted in &doubted {
            app.output
                .line(&doubted_line(&recorded.frozen.slug, doubted));
        }
    }
    Ok(())
}

/// What came back of an issue after it was sent: `came back: 2 hard, 1 complained`.
fn told_returned(returned: &BTreeMap<Verdict, u64>) -> Option<String> {
    let counts: Vec<String> = returned
        .iter()
        .map(|(verdict, deliveries)| format!("{deliveries} {}", verdict.as_str()))
        .collect();
    (!counts.is_empty()).then(|| format!("came back: {}", counts.join(", ")))
}

/// An issue by its file, or, when the file is gone, by what the ledger knows of it.
fn find_recorded(
    publication: &Publication,
    issues: &[Issue],
    ledger: &mut Ledger,
    word: &str,
) -> Result<Option<Recorded>, Stop> {
    match publication.find(issues, word) {
        Ok(issue) => Ok(ledger.recorded(&issue.id)?),
        Err(problem) => {
            let known = ledger.all_recorded()?;
            let found = known.into_iter().find(|recorded| {
                recorded.frozen.slug == word || recorded.frozen.issue.as_str() == word
            });
            found.map(Some).ok_or_else(|| Stop::from(problem))
        }
    }
}

fn row_json(row: &OpenRow) -> Value {
    json!({ "address": row.address, "state": row.state.as_str(), "next_at": row.next_at.map(utc), "reply": row.reply })
}

fn print_one(
    app: &App,
    publication: &Publication,
    recorded: &Recorded,
    row: &IssueRow,
    open: &[OpenRow],
) {
    let zone = &publication.config.zone;
    app.output.line(&format!(
        "{} ({})",
        recorded.frozen.title, recorded.frozen.slug
    ));
    app.output.line(&format!(
        "planned {} for {}",
        local(recorded.planned_at, zone),
        recorded.planned_total
    ));
    for state in State::ALL {
        let number = row.counts.of(state);
        if number > 0 {
            app.output.line(&format!("{state:>12}  {number}"));
        }
    }
    for (reason, number) in &row.counts.skipped_by_reason {
        app.output.line(&format!("     skipped: {number} {reason}"));
    }
    for (reason, number) in &row.counts.rejected_by_reason {
        app.output.line(&format!("    rejected: {number} {reason}"));
    }
    if row.counts.resends > 0 {
        let copies = count(row.counts.resends, "more copy");
        app.output.line(&format!("{copies} asked for by a person"));
    }
    match row.finished_at {
        Some(at) => {
            let state = recorded.state.as_str();
            app.output.line(&format!("{state} {}", local(at, zone)));
        }
        None if recorded.state == IssueState::Cancelled => {
            app.output
                .line(&still_open(&recorded.frozen.slug, &row.counts));
        }
        None if recorded.state == IssueState::Paused => {
            let slug = &recorded.frozen.slug;
            app.output.line(&format!(
                "paused: `postrider continue {slug}` lets it go on"
            ));
        }
        None => app
            .output
            .line(&next_step(&recorded.frozen.slug, &row.counts, zone)),
    }
    if !open.is_empty() {
        print_rows(app, zone, open);
    }
}

/// Why nobody of a domain was suppressed, and how to do it all the same.
pub(super) fn doubted_line(slug: &str, doubted: &DoubtedDomain) -> String {
    let DoubtedDomain {
        domain,
        refused,
        deliveries,
    } = doubted;
    format!(
        "{domain} refused {refused} of {deliveries} addresses, more likely a fault of theirs than dead mailboxes: nobody there was \
         suppressed; if they are dead, `postrider subscribers suppress --rejected-in {slug} --domain {domain}`"
    )
}

fn print_rows(app: &App, zone: &jiff::tz::TimeZone, open: &[OpenRow]) {
    let rows = open.iter().map(|row| {
        let next = row.next_at.map(|at| local(at, zone)).unwrap_or_default();
        let reply = row.reply.clone().unwrap_or_default();
        vec![row.address.clone(), row.state.to_string(), next, reply]
    });
    let header = [
        "subscriber",
        "state",
        "next try",
        "~last words of the relay",
    ];
    app.output.table(&header, rows);
}

/// What of a cancelled issue is not settled: what was at the final dot, and what is in doubt.
fn still_open(slug: &str, counts: &Counts) -> String {
    match (counts.remaining(), counts.of(State::Unconfirmed)) {
        (0, 1..) => format!(
            "cancelled, and not finished: the unconfirmed ones are held; `postrider ledger resolve {slug}` tells how to settle them"
        ),
        (open, _) => format!(
            "cancelled, and not finished: {} in the hands of a sender; where none runs, `postrider send` puts them in order",
            count(open, "delivery")
        ),
    }
}

fn next_step(slug: &str, counts: &Counts, zone: &jiff::tz::TimeZone) -> String {
    let open = counts.remaining() - counts.of(State::Deferred);
    match (open, counts.next_at, counts.of(State::Unconfirmed)) {
        (1.., _, _) => format!("not finished: `postrider send {slug}` goes on"),
        (0, Some(at), _) => format!("not finished: the next try is ripe at {}", local(at, zone)),
        (0, None, 1..) => {
            format!(
                "not finished: the unconfirmed ones are held; `postrider ledger resolve {slug}` tells how to settle them"
            )
        }
        (0, None, 0) => format!("not finished: `postrider send {slug}` closes it"),
    }
}

/// For commands that name an address which is not one.
pub(super) fn bad_address(text: &str, error: crate::address::AddressError) -> Diagnostic {
    Diagnostic::error(format!("the address `{text}` {error}"))
}
