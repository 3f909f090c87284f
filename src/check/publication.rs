//! The publication as a whole: what stands in every mail.

use std::collections::BTreeSet;

use url::Url;

use super::Rule;
use super::hosts::unreachable;
use crate::diagnostic::{Diagnostic, SourceText, closest};

/// The sender's domain forbids mail from elsewhere.
pub const FOREIGN_SENDER: Rule = Rule::warning(
    "foreign-sender",
    "`from` is at a provider of free mailboxes whose relay this is not",
);
const EXAMPLE: Rule = Rule::warning(
    "example-address",
    "`base_url` or `from` is an address of examples or of this machine",
);
const POSTAL: Rule = Rule::warning(
    "missing-postal-address",
    "there is no `postal_address`, which many laws ask for",
);
const NO_REPLY: Rule = Rule::warning("no-reply", "answers go to an address that nobody reads");
const FIELD: Rule = Rule::warning(
    "unknown-field",
    "a template of the mail uses a column that `subscribers.csv` has not",
);

pub(super) const RULES: &[Rule] = &[EXAMPLE, POSTAL, NO_REPLY, FIELD, FOREIGN_SENDER];

/// What is judged of the publication.
#[derive(Debug)]
pub struct Facts<'a> {
    /// `postrider.toml`.
    pub source: &'a SourceText,
    /// Absolute address of the front page.
    pub base_url: &'a str,
    /// Domain of the sender.
    pub from_domain: &'a str,
    /// Where answers go.
    pub reply_to: &'a str,
    /// May be empty.
    pub postal_address: &'a str,
    /// Whether any issue is still to be mailed.
    pub has_mail: bool,
    /// Fields of subscribers that the mail's templates name; `None` if they use all.
    pub used_fields: Option<&'a BTreeSet<String>>,
    /// Columns of the roster; `None` where nobody looked.
    pub columns: Option<&'a BTreeSet<String>>,
}

/// What is wrong with the publication before any of its mails.
pub fn check_publication(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !facts.has_mail {
        return found;
    }
    let at = |problem: Diagnostic, key: &str| match place(&facts.source.text, key) {
        Some(range) => problem.at(facts.source, range),
        None => problem,
    };
    if is_example(facts.base_url) {
        let problem = EXAMPLE.found(format!("`{}` is no address for readers", facts.base_url));
        found.push(at(problem, "base_url").hint(
            "every link of the mail leads there: set `base_url` to where `public/` is published",
        ));
    }
    if is_example(&format!("https://{}/", facts.from_domain)) {
        let problem = EXAMPLE.found(format!("`{}` is no domain of yours", facts.from_domain));
        found.push(at(problem, "from").hint("set `from` to an address of your own"));
    }
    if facts.postal_address.is_empty() {
        found.push(
            POSTAL
                .found("the mail has no postal address")
                .hint("many countries ask for one; set `postal_address` in `postrider.toml`"),
        );
    }
    let local = facts.reply_to.split('@').next().unwrap_or_default();
    let local: String = local.chars().filter(|c| c.is_alphanumeric()).collect();
    if matches!(local.to_lowercase().as_str(), "noreply" | "donotreply") {
        let problem = NO_REPLY.found(format!("answers go to `{}`", facts.reply_to));
        found.push(problem.hint(
            "set `reply_to` to an address that you read: some readers unsubscribe by answering",
        ));
    }
    found.extend(unknown_fields(facts));
    found
}

fn unknown_fields(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let (Some(used), Some(columns)) = (facts.used_fields, facts.columns) else {
        return Vec::new();
    };
    let has =
        |field: &&String| matches!(field.as_str(), "email" | "name") || columns.contains(*field);
    let unknown = used.iter().filter(|field| !has(field));
    unknown
        .map(|field| {
            let problem = FIELD.found(format!("`subscribers.csv` has no column `{field}`"));
            let hint = match closest(field, columns.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `subscriber.{near}`?"),
                None => {
                    "a template uses it: add the column, or take it out of the template".to_owned()
                }
            };
            problem.hint(hint)
        })
        .collect()
}

fn is_example(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| unreachable(&url).is_some())
}

/// The value of a key at the top of the file.
fn place(text: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with('[') {
            return None;
        }
        if let Some(rest) = trimmed.strip_prefix(key)
            && let Some(value) = rest.trim_start().strip_prefix('=')
        {
            let value = value.trim();
            let start = offset + line.find(value)?;
            return Some(start..start + value.len());
        }
        offset += line.len();
    }
    None
}
