//! Entries -> [`FrontMatter`]: each key's rule, and what to say when it is broken.

use std::ops::Range;

use super::checks::check_line;
use super::instant::{WrittenInstant, YEARS};
use super::{
    Entry, Format, FrontMatter, KEYS, Located, MOST_PROBLEMS, Mailing, Written, key_for_foreign,
};
use crate::diagnostic::{Diagnostic, SourceText, closest};
use crate::issue::{Images, IssueId, Slug};
use crate::words::check_language;

/// Most items of one list.
const MOST_ITEMS: usize = 100;

/// Longest unknown key for which a similar one is looked for, in bytes.
const LONGEST_MISSPELT_KEY: usize = 40;

/// Reads every entry. All problems of all entries are returned beside what could be read.
pub(super) fn interpret(
    source: &SourceText,
    format: Format,
    entries: &[Entry],
) -> (FrontMatter, Vec<Diagnostic>) {
    let mut reader = Reader {
        source,
        format,
        problems: Vec::new(),
    };
    let mut front = FrontMatter {
        format,
        ..FrontMatter::default()
    };
    for entry in entries {
        if reader.problems.len() >= MOST_PROBLEMS {
            break;
        }
        reader.read(entry, &mut front);
    }
    (front, reader.problems)
}

struct Reader<'a> {
    source: &'a SourceText,
    format: Format,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read(&mut self, entry: &Entry, front: &mut FrontMatter) {
        let Entry { key, value } = entry;
        let name = key.value.as_str();
        if value.value == Written::Nothing && KEYS.contains(&name) {
            return;
        }
        match name {
            "id" => front.id = self.id(name, value),
            "title" => front.title = self.line(name, value, 500),
            "subject" => front.subject = self.line(name, value, 250),
            "summary" => front.summary = self.line(name, value, 1000),
            "slug" => front.slug = self.slug(name, value),
            "send_at" => front.send_at = self.moment(name, value),
            "updated" => front.updated = self.instant(name, value),
            "tags" => front.tags = self.lines(name, value),
            "audience" => front.audience = self.lines(name, value),
            "draft" => front.draft = self.truth(name, value),
            "mail" => front.mail = self.mailing(name, value),
            "aliases" => {
                front.aliases = (self.items(name, value).iter())
                    .filter_map(|item| self.slug(name, item))
                    .collect();
            }
            "feed_id" => front.feed_id = self.line(name, value, 2000),
            "parent" => front.parent = self.id(name, value),
            "cover" => front.cover = self.line(name, value, 2000),
            "images" => front.images = self.images(name, value),
            "language" => front.language = self.language(name, value),
            "author" => front.author = self.line(name, value, 200),
            "silence" => front.silence = self.lines(name, value),
            _ => self.unknown_key(key),
        }
    }

    fn unknown_key(&mut self, key: &Located<String>) {
        let message = format!("unknown key `{}`", key.value);
        let problem = match self.format {
            Format::Yaml => Diagnostic::warning(message),
            Format::Toml | Format::None => Diagnostic::error(message),
        };
        let near = (key.value.len() <= LONGEST_MISSPELT_KEY)
            .then(|| closest(&key.value, KEYS))
            .flatten();
        // Misspelt, and by another publisher's name.
        let foreign = || closest(&key.value, ["schedule", "date", "description"]);
        let foreign = key_for_foreign(&key.value).or_else(|| key_for_foreign(foreign()?));
        let hint = match (near, foreign) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some("send_at")) => {
                "the date is in the file's name; an exact time is `send_at`".to_owned()
            }
            (None, Some(ours)) => format!("Postrider calls it `{ours}`"),
            (None, None) => format!("the keys are {}", KEYS.join(" ")),
        };
        self.problems
            .push(problem.at(self.source, key.range.clone()).hint(hint));
    }

    /// The text of a value. YAML's unquoted `1984` is text where text is asked for.
    fn text(&mut self, key: &str, value: &Located<Written>) -> Option<String> {
        match &value.value {
            Written::Text(text) => Some(text.clone()),
            Written::Number | Written::Bool(_) if self.format == Format::Yaml => {
                Some(self.source.text[value.range.clone()].trim().to_owned())
            }
            other => {
                let hint = match other {
                    Written::List(_) | Written::Table => format!("write `{key}` as one text"),
                    _ => "put it between quotes".to_owned(),
                };
                self.wrong_kind(key, "text", value, hint);
                None
            }
        }
    }

    fn line(
        &mut self,
        key: &str,
        value: &Located<Written>,
        limit: usize,
    ) -> Option<Located<String>> {
        let text = self.text(key, value)?;
        match check_line(&text, limit) {
            Ok(line) => Some(Located::new(line.to_owned(), value.range.clone())),
            Err(bad) => {
                self.error(format!("`{key}` {bad}"), &value.range, bad.hint());
                None
            }
        }
    }

    fn id(&mut self, key: &str, value: &Located<Written>) -> Option<Located<IssueId>> {
        let text = self.text(key, value)?;
        let id = IssueId::parse(&text);
        if id.is_none() {
            let hint = if key == "id" {
                "delete the line and run `postrider check --fix`, which writes a fresh one; \
                 an id from elsewhere goes into `feed_id`"
            } else {
                "write the `id` of the issue that this one corrects"
            };
            self.error(format!("`{key}` is not an id"), &value.range, hint);
        }
        id.map(|id| Located::new(id, value.range.clone()))
    }

    fn slug(&mut self, key: &str, value: &Located<Written>) -> Option<Located<Slug>> {
        let text = self.text(key, value)?;
        let slug = Slug::parse(&text);
        if slug.is_none() {
            self.error(
                format!("`{key}` takes 1 to 80 characters of `a-z0-9-`, no dash at either end"),
                &value.range,
                format!("for example `{}`", Slug::from_title(&text)),
            );
        }
        slug.map(|slug| Located::new(slug, value.range.clone()))
    }

    fn language(&mut self, key: &str, value: &Located<Written>) -> Option<Located<String>> {
        let line = self.line(key, value, 35)?;
        match check_language(&line.value) {
            Ok(()) => Some(line),
            Err(bad) => {
                self.error(format!("`{key}` {bad}"), &value.range, bad.hint());
                None
            }
        }
    }

    fn images(&mut self, key: &str, value: &Located<Written>) -> Option<Located<Images>> {
        let text = self.text(key, value)?;
        let Some(images) = Images::parse(&text) else {
            self.error(
                format!("`{key}` is neither `linked` nor `attached`"),
                &value.range,
                "`linked` pictures are loaded from the web, `attached` ones come with each mail",
            );
            return None;
        };
        Some(Located::new(images, value.range.clone()))
    }

    fn truth(&mut self, key: &str, value: &Located<Written>) -> Option<Located<bool>> {
        if let Written::Bool(truth) = value.value {
            return Some(Located::new(truth, value.range.clone()));
        }
        let example = self.assignment(key, "true");
        let hint = format!("write `{example}` or leave the key out");
        self.wrong_kind(key, "true or false", value, hint);
        None
    }

    /// `true`, `false` or `"excerpt"`.
    fn mailing(&mut self, key: &str, value: &Located<Written>) -> Option<Located<Mailing>> {
        let mailing = match &value.value {
            Written::Bool(true) => Mailing::Whole,
            Written::Bool(false) => Mailing::Nothing,
            Written::Text(text) if text == "excerpt" => Mailing::Excerpt,
            _ => {
                let example = self.assignment(key, "\"excerpt\"");
                let hint = format!("write `{example}` for a mail that ends at `<!-- more -->`");
                self.wrong_kind(key, "true, false or \"excerpt\"", value, hint);
                return None;
            }
        };
        Some(Located::new(mailing, value.range.clone()))
    }

    /// The items of a list; a single text is a list of one.
    fn items(&mut self, key: &str, value: &Located<Written>) -> Vec<Located<Written>> {
        match &value.value {
            Written::List(items) if items.len() > MOST_ITEMS => {
                self.error(
                    format!(
                        "`{key}` has {} items, the limit is {MOST_ITEMS}",
                        items.len()
                    ),
                    &value.range,
                    "shorten the list",
                );
                Vec::new()
            }
            Written::List(items) => items.clone(),
            Written::Text(_) => vec![value.clone()],
            _ => {
                let example = self.assignment(key, "[\"one\", \"two\"]");
                self.wrong_kind(key, "a list", value, format!("write `{example}`"));
                Vec::new()
            }
        }
    }

    fn lines(&mut self, key: &str, value: &Located<Written>) -> Vec<Located<String>> {
        (self.items(key, value).iter())
            .filter_map(|item| self.line(key, item, 100))
            .collect()
    }

    fn instant(&mut self, key: &str, value: &Located<Written>) -> Option<Located<WrittenInstant>> {
        let written = match &value.value {
            Written::Instant(text) | Written::Text(text) => WrittenInstant::parse(text),
            _ => None,
        };
        let Some(instant) = written else {
            self.error(
                format!("`{key}` is not a date with a time"),
                &value.range,
                "for example `2026-12-01T09:00:00` in the publication's time zone, or with an \
                 offset `2026-12-01T09:00:00+01:00`",
            );
            return None;
        };
        if !YEARS.contains(&instant.year()) {
            self.error(
                format!("`{key}` is in the year {}", instant.year()),
                &value.range,
                format!(
                    "a year from {} to {} is possible",
                    YEARS.start(),
                    YEARS.end()
                ),
            );
            return None;
        }
        Some(Located::new(instant, value.range.clone()))
    }

    /// An instant with a time of day.
    fn moment(&mut self, key: &str, value: &Located<Written>) -> Option<Located<WrittenInstant>> {
        let instant = self.instant(key, value)?;
        if let WrittenInstant::Date(date) = instant.value {
            self.error(
                format!("`{key}` has no time of day"),
                &value.range,
                format!(
                    "write `{date}T09:00:00`, or begin the file's name with `{date}-` for the \
                     publication's usual time"
                ),
            );
            return None;
        }
        Some(instant)
    }

    fn assignment(&self, key: &str, value: &str) -> String {
        match self.format {
            Format::Yaml => format!("{key}: {value}"),
            Format::Toml | Format::None => format!("{key} = {value}"),
        }
    }

    fn wrong_kind(&mut self, key: &str, wanted: &str, value: &Located<Written>, hint: String) {
        self.problems.push(
            Diagnostic::error(format!("`{key}` takes {wanted}"))
                .at(self.source, value.range.clone())
                .label(format!("this is {}", value.value.kind()))
                .hint(hint),
        );
    }

    fn error(&mut self, message: String, range: &Range<usize>, hint: impl Into<String>) {
        self.problems.push(
            Diagnostic::error(message)
                .at(self.source, range.clone())
                .hint(hint),
        );
    }
}
