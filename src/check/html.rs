//! The author's own HTML, as far as mail programs take it.

use std::collections::BTreeSet;

use super::reading::TagRead;
use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;
use crate::render::{has_stand_in, mail_keeps_element, mail_keeps_property};

const ELEMENT: Rule = Rule::warning(
    "dropped-html",
    "HTML that mail programs drop: `script`, `form`, `iframe`, `video` and others",
);
const STYLE: Rule = Rule::warning(
    "dropped-style",
    "CSS that mail programs drop: `position`, `flex`, `url()` and others",
);

const OPEN: Rule = Rule::warning(
    "open-html",
    "a comment or a script that nothing closes: it and all that follows are shown as text",
);

pub(super) const RULES: &[Rule] = &[OPEN, ELEMENT, STYLE];

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    for range in &galley.reading.open_html {
        let problem = OPEN.found("nothing closes this");
        found.push(galley.in_essay(problem, range).hint(
            "end a comment with `-->` and a script with `</script>`; until then readers see it as text",
        ));
    }
    if !galley.issue.mail {
        return;
    }
    let mut told = BTreeSet::new();
    for tag in galley.reading.tags.iter().filter(|tag| !tag.closes) {
        if is_for_the_web(galley, tag) {
            continue;
        }
        // One is enough of each: a form has twenty elements.
        let first = element(tag).filter(|_| told.insert(tag.name.clone()));
        found.extend(first.map(|problem| galley.in_essay(problem, &tag.range)));
        let dropped: Vec<&str> = properties(tag).filter(|name| !is_kept(name)).collect();
        if !dropped.is_empty() {
            let problem = STYLE.found(format!("the mail loses `{}`", dropped.join("`, `")));
            let hint = if dropped == ["background"] {
                "for a colour write `background-color`, which mail programs know; the archive page keeps it"
            } else {
                "mail programs understand colours, borders, margins and fonts; the archive page keeps it"
            };
            found.push(galley.in_essay(problem, &tag.range).hint(hint));
        }
    }
}

/// Whether a tag stands in a part that the mail leaves out.
pub(super) fn is_for_the_web(galley: &Galley<'_>, tag: &TagRead) -> bool {
    let parts = &galley.reading.only_web;
    parts.iter().any(|part| part.contains(&tag.range.start))
}

fn element(tag: &TagRead) -> Option<Diagnostic> {
    let handler = tag
        .attributes
        .iter()
        .find(|(name, _)| name.starts_with("on") && name.len() > 3);
    let name = &tag.name;
    if mail_keeps_element(name) {
        let (handler, _) = handler?;
        let problem = ELEMENT.found(format!("the mail loses `{handler}` of `<{name}>`"));
        return Some(problem.hint("no mail program runs a program; the archive page keeps it"));
    }
    if has_stand_in(name) {
        let problem = ELEMENT.found(format!(
            "the mail shows a link or words in place of `<{name}>`"
        ));
        return Some(
            problem.hint(
                "give it a `title`, which is what readers see then; the archive page keeps it",
            ),
        );
    }
    let hint = match name.as_str() {
        "form" | "input" | "button" | "select" | "textarea" => {
            "link a page that has the form; the archive page keeps it"
        }
        "style" | "link" => "put the styles into `templates/essay.css`",
        _ => "the archive page keeps it; its words stay where there are any",
    };
    Some(
        ELEMENT
            .found(format!("the mail loses `<{name}>`"))
            .hint(hint),
    )
}

fn properties(tag: &TagRead) -> impl Iterator<Item = &str> {
    let style = tag.attribute("style").unwrap_or_default();
    style
        .split(';')
        .filter_map(|declaration| Some(declaration.split_once(':')?.0.trim()))
        .filter(|name| !name.is_empty())
}

/// Custom properties and those of one browser are no loss where another one stands beside them.
fn is_kept(name: &str) -> bool {
    name.starts_with('-') || mail_keeps_property(&name.to_ascii_lowercase())
}
