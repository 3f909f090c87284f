//! What was edited since an issue was planned. Its messages stay as they were frozen; here somebody
//! is told so.

use super::publication::Publication;
use super::send::Ask;
use super::targets::Target;
use super::{Stop, freeze};
use crate::issue::Issue;
use crate::ledger::{IssueState, Recorded};
use crate::message::FrozenIssue;
use crate::render::layout::IssueView;

/// Files of `templates/` of which the mail shows nothing, and the style of the essay, which is
/// looked at apart.
const NOT_IN_THE_MAIL: [&str; 8] = [
    "404.html",
    "essay.css",
    "feed.css",
    "index.html",
    "page.html",
    "redirect.html",
    "web.css",
    "web.html",
];

/// Version of the frozen form from which on it has every setting.
const WITH_ALL_SETTINGS: u32 = 2;

/// Version of the frozen form from which on it has the words around the essay.
const WITH_WORDS: u32 = 3;

/// What of a started, unfinished issue is no longer as it was frozen: `text`, `subject` ...
/// `issue` is its file as it is now. A frozen issue that cannot be read is told of by whoever would
/// send it.
pub fn edited_parts(
    publication: &Publication,
    issue: &Issue,
    recorded: &Recorded,
) -> Vec<&'static str> {
    if !matches!(recorded.state, IssueState::Sending | IssueState::Paused) {
        return Vec::new();
    }
    let Ok(then) = FrozenIssue::from_text(&recorded.frozen.text, &recorded.frozen.sha256) else {
        return Vec::new();
    };
    let Ok(now) = freeze::freeze(publication, issue, recorded.planned_at) else {
        return vec!["pictures"];
    };
    let css = |frozen: &FrozenIssue| frozen.templates.get("essay.css").cloned();
    let restyled = css(&then) != css(&now);
    let html_differs = then.essay_html != now.essay_html && !restyled;
    let (old, new) = (&then.issue, &now.issue);
    let parts = [
        ("title", old.title != new.title),
        ("subject", then.subject != now.subject),
        ("summary", old.summary != new.summary),
        ("text", then.essay_text != now.essay_text || html_differs),
        ("other front matter", rest_of(old) != rest_of(new)),
        ("sender", sender(&then) != sender(&now)),
        ("settings", settings_differ(&then, &now)),
        ("templates", restyled || layouts(&then) != layouts(&now)),
    ];
    let changed = parts.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(part, _)| part).collect()
}

/// In words; `None` where nothing was edited.
pub fn told_edits(recorded: &Recorded, parts: &[&str]) -> Option<String> {
    if parts.is_empty() {
        return None;
    }
    let (slug, id) = (&recorded.frozen.slug, &recorded.frozen.issue);
    Some(format!(
        "`{slug}` was edited since its plan ({}); the rest get the frozen text. To correct what was mailed, write an issue with `parent = \"{id}\"`",
        parts.join(", ")
    ))
}

/// Notes it for each issue of a run that was started before.
pub(super) fn note_edits(
    publication: &Publication,
    targets: &[Target],
    ask: &mut dyn Ask,
) -> Result<(), Stop> {
    let issues = publication.issues()?.issues;
    for recorded in targets.iter().filter_map(Target::started) {
        let file = issues
            .iter()
            .find(|issue| issue.id == recorded.frozen.issue);
        let Some(issue) = file else { continue };
        let parts = edited_parts(publication, issue, recorded);
        if let Some(told) = told_edits(recorded, &parts) {
            ask.note(&told);
        }
    }
    Ok(())
}

fn rest_of(issue: &IssueView) -> ([&str; 5], &[String]) {
    let words = [
        &issue.url,
        &issue.date,
        &issue.updated,
        &issue.author,
        &issue.language,
    ];
    (words.map(String::as_str), &issue.tags)
}

fn sender(frozen: &FrozenIssue) -> (&str, &str, Option<&String>) {
    (&frozen.from_name, &frozen.from, frozen.reply_to.as_ref())
}

fn settings_differ(then: &FrozenIssue, now: &FrozenIssue) -> bool {
    let first =
        then.publication != now.publication || then.list_id != now.list_id || then.dkim != now.dkim;
    let later = then.dkim_ed25519 != now.dkim_ed25519
        || then.serve_url != now.serve_url
        || then.bounces_domain != now.bounces_domain;
    let words = then.words != now.words || then.direction != now.direction;
    first || (then.version >= WITH_ALL_SETTINGS && later) || (then.version >= WITH_WORDS && words)
}

fn layouts(frozen: &FrozenIssue) -> Vec<(&String, &String)> {
    let all = frozen.templates.iter();
    all.filter(|(name, _)| !NOT_IN_THE_MAIL.contains(&name.as_str()))
        .collect()
}
