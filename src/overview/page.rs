//! The page: its template, and what the template is given.

use serde::Serialize;
use tera::{Context, Tera};

use super::chart;
use super::{IssueProgress, Overview};
use crate::delivery::State;
use crate::diagnostic::Diagnostic;

const PAGE: &str = "overview.html";
const CONTENT: &str = "content.html";

/// How many months are shown.
const MONTHS: usize = 12;

/// The templates of the page, parsed.
#[derive(Debug)]
pub struct OverviewPage {
    tera: Tera,
}

#[derive(Serialize)]
struct IssueView<'a> {
    slug: &'a str,
    title: &'a str,
    state: &'a str,
    planned_at: &'a str,
    planned: u64,
    sent: u64,
    open: u64,
    doubtful: u64,
    failed: u64,
    left_out: u64,
    bar: String,
    pace: String,
}

#[derive(Serialize)]
struct MonthView {
    month: String,
    came: u64,
    left: u64,
}

impl OverviewPage {
    /// Parses the templates.
    pub fn new() -> Result<Self, Diagnostic> {
        let mut tera = Tera::new();
        tera.add_raw_templates([
            (CONTENT, include_str!("content.html")),
            (PAGE, include_str!("overview.html")),
        ])
        .map_err(|error| unusable(&error))?;
        Ok(Self { tera })
    }

    /// Writes the whole page. `nonce` lets its own style and script run (Content Security Policy).
    pub fn write(&self, overview: &Overview, nonce: &str) -> Result<String, Diagnostic> {
        let mut context = context(overview);
        context.insert("css", include_str!("overview.css"));
        context.insert("js", include_str!("overview.js"));
        context.insert("nonce", nonce);
        self.tera
            .render(PAGE, &context)
            .map_err(|error| unusable(&error))
    }

    /// Writes what changes: the page replaces it while it is open.
    pub fn write_content(&self, overview: &Overview) -> Result<String, Diagnostic> {
        self.tera
            .render(CONTENT, &context(overview))
            .map_err(|error| unusable(&error))
    }
}

fn unusable(error: &tera::Error) -> Diagnostic {
    Diagnostic::error("the page of the desk cannot be made").cause(error)
}

fn context(overview: &Overview) -> Context {
    let readers = &overview.readers;
    let months = readers.months.last(MONTHS, overview.today);
    let by_month: Vec<_> = months
        .iter()
        .map(|(month, came, left)| (month.to_string(), *came, *left))
        .collect();
    let mut context = Context::new();
    context.insert("publication", &overview.publication);
    context.insert("at", &overview.at);
    context.insert("sender", &overview.sender);
    context.insert("rounds", &overview.rounds);
    context.insert("notices", &overview.notices);
    context.insert("coming", &overview.coming);
    context.insert(
        "issues",
        &overview.issues.iter().map(view).collect::<Vec<_>>(),
    );
    context.insert("older_issues", &overview.older_issues);
    context.insert("readers_now", &readers.now);
    context.insert("planned", &readers.planned);
    context.insert("suppressed", &readers.suppressed);
    context.insert("failures", &overview.failures);
    context.insert("polls", &overview.polls);
    context.insert(
        "planned_chart",
        &chart::line("Readers of each issue", &readers.planned),
    );
    context.insert(
        "months_chart",
        &chart::columns(
            "Who came and who left, by month",
            ["came", "left"],
            &by_month,
        ),
    );
    let months = by_month
        .into_iter()
        .map(|(month, came, left)| MonthView { month, came, left });
    context.insert("months", &months.collect::<Vec<_>>());
    context
}

fn view(issue: &IssueProgress) -> IssueView<'_> {
    let of = |wanted: &[State]| {
        let found = issue
            .counts
            .iter()
            .filter(|(state, _)| wanted.contains(state));
        found.map(|(_, count)| count).sum::<u64>()
    };
    let sent = of(&[State::Sent]);
    let open = of(&[
        State::Planned,
        State::Claimed,
        State::Inflight,
        State::Deferred,
    ]);
    let doubtful = of(&[State::Unconfirmed]);
    let failed = of(&[State::Rejected, State::Expired]);
    let left_out = of(&[State::Skipped, State::Abandoned]);
    let bar = chart::bar(&[
        ("sent", sent),
        ("doubtful", doubtful),
        ("failed", failed),
        ("left-out", left_out),
        ("open", open),
    ]);
    let pace = match (issue.a_minute, &issue.still) {
        (Some(pace), Some(still)) => format!("{pace} a minute, {still} to go"),
        (Some(pace), None) => format!("{pace} a minute"),
        (None, _) => String::new(),
    };
    IssueView {
        slug: &issue.slug,
        title: &issue.title,
        state: &issue.state,
        planned_at: &issue.planned_at,
        planned: issue.planned,
        sent,
        open,
        doubtful,
        failed,
        left_out,
        bar,
        pace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::{Coming, Failures, Notice, Poller, Readers};

    #[test]
    fn an_empty_publication_says_so_in_each_part() {
        let page = OverviewPage::new().unwrap();
        let written = page.write(&Overview::default(), "n").unwrap();
        for said in [
            "Nothing is scheduled",
            "No issue has been mailed yet",
            "No address has failed",
            "No feed has been polled",
        ] {
            assert!(written.contains(said), "{said}: {written}");
        }
    }

    #[test]
    fn what_comes_from_outside_stays_text() {
        let evil = r#"<script>alert("1")</script>"#;
        let overview = Overview {
            publication: evil.to_owned(),
            rounds: vec![evil.to_owned()],
            notices: vec![Notice {
                severity: "error",
                text: evil.to_owned(),
            }],
            coming: vec![Coming {
                instant: 0,
                local: String::new(),
                utc: String::new(),
                away: String::new(),
                title: evil.to_owned(),
                slug: evil.to_owned(),
                readers: String::new(),
            }],
            issues: vec![IssueProgress {
                slug: evil.to_owned(),
                title: evil.to_owned(),
                state: "sending".to_owned(),
                planned_at: String::new(),
                planned: 3,
                counts: vec![(State::Sent, 1), (State::Planned, 2)],
                a_minute: Some(60),
                still: Some("2 minutes".to_owned()),
            }],
            readers: Readers {
                planned: vec![(evil.to_owned(), 3)],
                ..Readers::default()
            },
            failures: vec![Failures {
                domain: evil.to_owned(),
                reason: evil.to_owned(),
                status: evil.to_owned(),
                count: 1,
            }],
            polls: vec![Poller {
                reader: evil.to_owned(),
                polls: 1,
                subscribers: None,
            }],
            ..Overview::default()
        };
        let page = OverviewPage::new().unwrap();
        let content = page.write_content(&overview).unwrap();
        assert!(!content.contains("<script"), "{content}");
        assert!(
            content.contains("60 a minute, 2 minutes to go"),
            "{content}"
        );
    }
}
