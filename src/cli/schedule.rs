//! `schedule` and `unschedule`: when issues go out.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::output::count;
use super::times::{in_full, local, utc, with_weekday};
use super::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::publish::{self, Calendar, Publication, Scheduled};
use crate::schedule::distance;

/// Without a run for so long, nothing goes out by itself.
const SILENCE: TimeDelta = TimeDelta::days(1);

const WHEN: &str = "\
When it goes out, in the publication's time zone:
  2026-12-01 09:00   a day and a time (a day alone: at `send_time`)
  tomorrow 09:00     also `today`
  fri 09:00          the next friday on which 09:00 is still to come
  09:00              the next time that the clocks show it
  +90m  +3h  +2d     so long from now; days keep the clock time
  next               the next slot of `[schedule] every` that no issue takes";

/// Arguments of `schedule`.
#[derive(Debug, clap::Args)]
#[command(after_help = WHEN)]
pub(super) struct Schedule {
    /// File, slug, id or the beginning of one [default: show the calendar]
    #[arg(requires = "when")]
    issue: Option<String>,
    /// Such as `fri 09:00`; the forms are below
    #[arg(num_args = 1..)]
    when: Vec<String>,
    /// The draft is ready: take `draft = true` out in the same step
    #[arg(long, requires = "issue")]
    ready: bool,
}

/// Arguments of `unschedule`.
#[derive(Debug, clap::Args)]
pub(super) struct Unschedule {
    /// File, slug, id or the beginning of one
    issue: String,
}

impl Schedule {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let Some(word) = &self.issue else {
            return show_calendar(app, &publication);
        };
        let when = self.when.join(" ");
        let scheduled = publish::schedule(&publication, word, &when, self.ready)?;
        if app.output.is_json() {
            app.output
                .json(&scheduled_json(app, &publication, &scheduled));
            return Ok(Exit::Done);
        }
        tell(app, &publication, &scheduled);
        Ok(Exit::Done)
    }
}

fn tell(app: &App, publication: &Publication, scheduled: &Scheduled) {
    let Scheduled {
        issue,
        moment,
        before,
        changed,
        warnings,
    } = scheduled;
    let zone = &publication.config.zone;
    let as_before = if *changed { "" } else { ", as before" };
    app.output.line(&format!(
        "{} goes out on {}{as_before}",
        issue.slug,
        in_full(moment.instant, zone)
    ));
    app.output.line(&format!(
        "that is {}, in {}",
        moment.instant.format("%Y-%m-%d %H:%M UTC"),
        distance(moment.instant - app.clock.now())
    ));
    for remark in &moment.remarks {
        app.output.note(&remark.to_string());
    }
    if let Some(before) = before.filter(|before| *before != moment.instant) {
        app.output
            .note(&format!("before, it was dated {}", local(before, zone)));
    }
    app.output.warnings(warnings);
}

fn scheduled_json(app: &App, publication: &Publication, scheduled: &Scheduled) -> Value {
    let moment = &scheduled.moment;
    let remarks = moment.remarks.iter().map(ToString::to_string);
    let warnings = scheduled.warnings.iter().map(Diagnostic::message);
    let mut answer = at_json(app, publication, moment.instant);
    answer["issue"] = json!(scheduled.issue.id.as_str());
    answer["slug"] = json!(scheduled.issue.slug.as_str());
    answer["file"] = json!(&*scheduled.issue.source.name);
    answer["changed"] = json!(scheduled.changed);
    answer["before"] = json!(scheduled.before.map(utc));
    answer["remarks"] = remarks.collect();
    answer["warnings"] = warnings.collect();
    answer
}

/// An instant in UTC, on the clocks of the zone, and from now.
fn at_json(app: &App, publication: &Publication, at: DateTime<Utc>) -> Value {
    let clock = publication.dating_rules().clock_time(at);
    json!({
        "at": utc(at),
        "local": clock.map(|clock| clock.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
        "zone": publication.config.zone.iana_name(),
        "seconds_away": (at - app.clock.now()).num_seconds(),
    })
}

impl Unschedule {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let put_off = publish::unschedule(&publication, &self.issue)?;
        let slug = &put_off.issue.slug;
        if app.output.is_json() {
            app.output.json(&json!({
                "issue": put_off.issue.id.as_str(), "slug": slug.as_str(),
                "changed": put_off.before.is_some(), "before": put_off.before.map(utc),
            }));
            return Ok(Exit::Done);
        }
        let Some(before) = put_off.before else {
            app.output.line(&format!("{slug} is a draft already"));
            return Ok(Exit::Done);
        };
        app.output.line(&format!(
            "{slug} is a draft now: it does not go out on {}",
            in_full(before, &publication.config.zone)
        ));
        app.output.note(&format!(
            "no date publishes it; `postrider schedule {slug} WHEN --ready` gives it another time"
        ));
        if put_off.was_public {
            app.output
                .note("it may be public already: `postrider build` takes it off the web");
        }
        Ok(Exit::Done)
    }
}

fn show_calendar(app: &App, publication: &Publication) -> CommandResult {
    let (calendar, warnings) = publish::calendar(publication)?;
    app.output.warnings(&warnings);
    if app.output.is_json() {
        app.output.json(&calendar_json(app, publication, &calendar));
        return Ok(Exit::Done);
    }
    print_calendar(app, publication, &calendar);
    Ok(Exit::Done)
}

fn print_calendar(app: &App, publication: &Publication, calendar: &Calendar) {
    let zone = &publication.config.zone;
    let now = app.clock.now();
    let coming = calendar.coming.iter().map(|(issue, readers)| {
        let number = readers.map(|readers| readers.to_string());
        let told = if issue.mail {
            number
        } else {
            Some("web only".to_owned())
        };
        (
            issue.published,
            issue.slug.to_string(),
            told.unwrap_or_default(),
        )
    });
    let free = calendar.slots.iter().filter(|(_, taker)| taker.is_none());
    let free = free.map(|(at, _)| (*at, "(free slot)".to_owned(), String::new()));
    let mut rows: Vec<_> = coming.chain(free).collect();
    rows.sort();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(at, what, readers)| {
            let away = if at <= now {
                "now".to_owned()
            } else {
                distance(at - now)
            };
            let instant = at.format("%Y-%m-%d %H:%M").to_string();
            vec![with_weekday(at, zone), instant, away, what, readers]
        })
        .collect();
    if rows.is_empty() {
        app.output.line("nothing is scheduled");
    } else {
        app.output
            .table(&["goes out", "UTC", "in", "<issue", "#readers"], rows);
    }
    for issue in &calendar.held {
        let slug = &issue.slug;
        app.output.line(&format!(
            "held: {slug} was due {}, and nothing sent it then; `postrider send {slug}` does it now, `postrider schedule {slug} WHEN` later",
            local(issue.published, zone)
        ));
    }
    if calendar.older > 0 {
        let older = count(calendar.older as u64, "older issue");
        app.output.note(&format!(
            "{older} never mailed; `postrider status` lists them"
        ));
    }
    let silent = calendar.last_run.is_none_or(|last| now - last > SILENCE);
    if silent && calendar.coming.iter().any(|(issue, _)| issue.mail) {
        let since = match calendar.last_run {
            Some(last) => format!("since {}", local(last, zone)),
            None => "yet".to_owned(),
        };
        app.output.note(&format!(
            "`postrider send` has not run here {since}; issues go out by themselves where a timer runs `postrider send --due`"
        ));
    }
}

fn calendar_json(app: &App, publication: &Publication, calendar: &Calendar) -> Value {
    let listed = |issue: &Issue| {
        let mut row = at_json(app, publication, issue.published);
        row["issue"] = json!(issue.id.as_str());
        row["slug"] = json!(issue.slug.as_str());
        row["title"] = json!(issue.title);
        row["mail"] = json!(issue.mail);
        row
    };
    let coming = calendar.coming.iter().map(|(issue, readers)| {
        let mut row = listed(issue);
        row["readers"] = json!(readers);
        row
    });
    let slots = calendar.slots.iter().map(|(at, taker)| {
        let mut row = at_json(app, publication, *at);
        row["slug"] = json!(taker.as_ref().map(crate::issue::Slug::as_str));
        row
    });
    json!({
        "coming": coming.collect::<Vec<_>>(),
        "slots": slots.collect::<Vec<_>>(),
        "held": calendar.held.iter().map(listed).collect::<Vec<_>>(),
        "older": calendar.older,
        "last_run": calendar.last_run.map(utc),
    })
}
