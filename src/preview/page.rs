//! The page of the preview: its template, and what the template is given.

use serde::Serialize;
use tera::{Context, Tera};

use super::choice::Choice;
use super::controls::{tabs, toggles};
use super::panels::panel;
use super::proof::Proof;
use crate::diagnostic::Diagnostic;

const NAME: &str = "preview.html";

/// The template of the page, parsed.
#[derive(Debug)]
pub struct Page {
    tera: Tera,
}

/// One issue in the list to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueLine {
    /// Name of its file or folder.
    pub stem: String,
    /// Its title, or the file's name if it cannot be read.
    pub title: String,
    /// Below which heading it stands: `Drafts`, `To come`, `Public`, `With errors`.
    pub group: &'static str,
}

/// Everything that one page shows.
#[derive(Debug)]
pub struct Shown<'a> {
    /// Title of the publication; empty if its settings cannot be read.
    pub publication: &'a str,
    /// What was chosen.
    pub choice: &'a Choice,
    /// All issues.
    pub issues: &'a [IssueLine],
    /// How the two readers are called.
    pub readers: [&'a str; 2],
    /// The issue.
    pub proof: &'a Proof,
    /// Names the state of the folder that is shown.
    pub state: &'a str,
    /// How long it took to make, in milliseconds.
    pub took_ms: u64,
    /// Lets the page's own script and style run (Content Security Policy).
    pub nonce: &'a str,
}

#[derive(Serialize)]
struct Problem {
    severity: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Group<'a> {
    label: &'static str,
    issues: Vec<&'a IssueLine>,
}

impl Page {
    /// Parses the template.
    pub fn new() -> Result<Self, Diagnostic> {
        let mut tera = Tera::new();
        tera.add_raw_template(NAME, include_str!("preview.html"))
            .map_err(|error| unusable(&error))?;
        Ok(Self { tera })
    }

    /// Writes the page.
    pub fn write(&self, shown: &Shown<'_>) -> Result<String, Diagnostic> {
        let choice = shown.choice;
        let title = match &shown.proof.faces {
            Some(faces) => &faces.title,
            None => choice.issue.as_deref().unwrap_or("Nothing to show"),
        };
        let mut context = Context::new();
        context.insert("css", include_str!("preview.css"));
        context.insert("js", include_str!("preview.js"));
        context.insert("nonce", shown.nonce);
        context.insert("title", title);
        context.insert("publication", shown.publication);
        context.insert("choice", choice);
        context.insert("chosen", choice.issue.as_deref().unwrap_or_default());
        context.insert("groups", &groups(shown.issues));
        context.insert("readers", &shown.readers);
        context.insert("state", shown.state);
        context.insert("took_ms", &shown.took_ms);
        context.insert("events", &format!("/events?{}", choice.query()));
        context.insert("here", &format!("/?{}", choice.query()));
        context.insert("tabs", &tabs(choice, shown.proof));
        context.insert("toggles", &toggles(choice));
        context.insert("problems", &problems(shown.proof));
        context.insert("panel", &panel(choice, shown.proof, shown.state));
        self.tera
            .render(NAME, &context)
            .map_err(|error| unusable(&error))
    }
}

fn unusable(error: &tera::Error) -> Diagnostic {
    Diagnostic::error("the page of the preview cannot be made").cause(error)
}

/// The issues under their headings, in the order in which they are given.
fn groups(issues: &[IssueLine]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for issue in issues {
        match groups.last_mut().filter(|group| group.label == issue.group) {
            Some(group) => group.issues.push(issue),
            None => groups.push(Group {
                label: issue.group,
                issues: vec![issue],
            }),
        }
    }
    groups
}

fn problems(proof: &Proof) -> Vec<Problem> {
    let tell = |problem: &&Diagnostic| Problem {
        severity: problem.severity().as_str(),
        text: problem.render(false),
    };
    proof.all_problems().iter().map(tell).collect()
}
