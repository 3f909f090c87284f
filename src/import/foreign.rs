//! Front matter that another publisher's program wrote -> entries with our keys.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity, SourceText};
use crate::essay::{
    AnyFrontMatter, Entry, Format, KEYS, Located, Written, WrittenInstant, interpret_entries,
    key_for_foreign,
};
use crate::issue::{IssueId, Slug};

/// Entries of any origin, sorted.
#[derive(Debug, Default)]
pub(super) struct Adapted {
    /// Entries under our keys.
    pub(super) entries: Vec<Entry>,
    /// The date by which the file was published elsewhere.
    pub(super) date: Option<WrittenInstant>,
    /// The lines of entries that have no place with us, as TOML comments.
    pub(super) notes: String,
    /// The keys of those entries.
    pub(super) unused: Vec<String>,
    /// Whether anything had another name or shape than ours.
    pub(super) is_foreign: bool,
}

/// Gives each entry our name for it where we have one; our own keys come first.
pub(super) fn adapt(source: &SourceText, front: &AnyFrontMatter) -> Adapted {
    let mut adapted = Adapted::default();
    let (ours, others): (Vec<usize>, Vec<usize>) =
        (0..front.entries.len()).partition(|at| is_ours(&front.entries[*at]));
    adapted.is_foreign = !others.is_empty();
    adapted.entries = ours.iter().map(|at| front.entries[*at].clone()).collect();
    for at in others {
        let entry = &front.entries[at];
        if !adapted.take(source, front.format, entry) {
            adapted.unused.push(entry.key.value.clone());
            adapted
                .notes
                .push_str(&comment(&source.text[lines_of(source, front, at)]));
        }
    }
    adapted
}

/// A key of ours, with a value that can be meant for us.
fn is_ours(entry: &Entry) -> bool {
    let value = &entry.value.value;
    let text = match value {
        Written::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let key = entry.key.value.as_str();
    match key {
        "id" => text.is_some_and(|text| IssueId::parse(text).is_some()),
        "slug" => text.is_some_and(|text| Slug::parse(text).is_some()),
        "aliases" => match value {
            Written::List(items) => items.iter().all(
                |item| matches!(&item.value, Written::Text(text) if Slug::parse(text).is_some()),
            ),
            _ => text.is_some_and(|text| Slug::parse(text).is_some()),
        },
        "cover" | "author" => text.is_some(),
        _ => KEYS.contains(&key),
    }
}

impl Adapted {
    /// Whether a foreign entry has found a place.
    fn take(&mut self, source: &SourceText, format: Format, entry: &Entry) -> bool {
        let ours = match entry.key.value.as_str() {
            "id" => Some("feed_id"),
            "slug" => Some("slug"),
            key => key_for_foreign(key),
        };
        match ours {
            Some("send_at") => self.take_date(source, format, entry),
            Some("slug") => self.take_slug(entry),
            Some(ours) if !self.has(ours) => {
                let renamed = Entry {
                    key: Located::new(ours.to_owned(), entry.key.range.clone()),
                    value: entry.value.clone(),
                };
                let fits = reads(source, format, &renamed);
                if fits {
                    self.entries.push(renamed);
                }
                fits
            }
            _ => false,
        }
    }

    fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.value == key)
    }

    fn take_date(&mut self, source: &SourceText, format: Format, entry: &Entry) -> bool {
        if self.date.is_some() {
            return false;
        }
        let updated = Entry {
            key: Located::new("updated".to_owned(), entry.key.range.clone()),
            value: entry.value.clone(),
        };
        let (front, _) = interpret_entries(source, format, &[updated]);
        self.date = front.updated.map(|date| date.value);
        self.date.is_some()
    }

    /// `/2021/03/Why Write/` names the essay in its last part.
    fn take_slug(&mut self, entry: &Entry) -> bool {
        let Written::Text(text) = &entry.value.value else {
            return false;
        };
        let last = text
            .trim_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        if last.is_empty() {
            return false;
        }
        self.entries.push(Entry {
            key: entry.key.clone(),
            value: Located::new(
                Written::Text(Slug::from_title(last).to_string()),
                entry.value.range.clone(),
            ),
        });
        true
    }
}

fn reads(source: &SourceText, format: Format, entry: &Entry) -> bool {
    let (_, problems) = interpret_entries(source, format, std::slice::from_ref(entry));
    !problems
        .iter()
        .any(|problem| problem.severity() == Severity::Error)
}

/// The lines of an entry: from its key's line to the next key's, or to the closing fence.
fn lines_of(source: &SourceText, front: &AnyFrontMatter, at: usize) -> Range<usize> {
    let text = &source.text;
    let line_start = |offset: usize| {
        text[front.inside.start..offset]
            .rfind('\n')
            .map_or(front.inside.start, |newline| {
                front.inside.start + newline + 1
            })
    };
    let start = line_start(front.entries[at].key.range.start);
    let end = (front.entries[at + 1..].iter())
        .map(|next| line_start(next.key.range.start))
        .find(|next| *next > start)
        .unwrap_or(front.inside.end);
    start..end
}

/// Lines as TOML comments, which hold no control character but the tab (TOML 1.1, Comment).
fn comment(lines: &str) -> String {
    let mut out = String::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        out.push_str("# ");
        out.extend(line.trim_end().chars().map(|character| {
            if character.is_control() && character != '\t' {
                ' '
            } else {
                character
            }
        }));
        out.push('\n');
    }
    out
}

/// What to tell the author about entries without a place.
pub(super) fn unused_warning(source: &SourceText, unused: &[String]) -> Option<Diagnostic> {
    let keys: Vec<String> = unused.iter().map(|key| format!("`{key}`")).collect();
    (!keys.is_empty()).then(|| {
        Diagnostic::warning(format!(
            "`{}` has keys that Postrider does not use: {}",
            source.name,
            keys.join(", ")
        ))
        .hint("they are kept as comments in the issue's front matter")
    })
}
