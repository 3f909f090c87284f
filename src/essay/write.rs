//! Front matter written anew: a tidy TOML block.

use chrono::{DateTime, SecondsFormat, Utc};
use toml_edit::{Array, DocumentMut, value};

use super::{Mailing, WrittenInstant};
use crate::issue::{Images, IssueId, Slug};

/// What the front matter of a new file says. Empty values are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFrontMatter {
    /// Identity of the issue.
    pub id: IssueId,
    /// Title.
    pub title: String,
    /// Subject of the mail if it is not the title.
    pub subject: Option<String>,
    /// Summary.
    pub summary: Option<String>,
    /// Name in addresses if it is not that of the file.
    pub slug: Option<Slug>,
    /// When the issue is public and due if the file's name does not say it.
    pub send_at: Option<DateTime<Utc>>,
    /// A later correction.
    pub updated: Option<DateTime<Utc>>,
    /// Tags of the essay.
    pub tags: Vec<String>,
    /// Tags of subscribers.
    pub audience: Vec<String>,
    /// Not to be published yet.
    pub draft: bool,
    /// What of it is mailed.
    pub mail: Mailing,
    /// Earlier slugs.
    pub aliases: Vec<Slug>,
    /// The entry's id in feeds if it had one elsewhere.
    pub feed_id: Option<String>,
    /// The issue that this one corrects.
    pub parent: Option<IssueId>,
    /// Cover picture.
    pub cover: Option<String>,
    /// How pictures come with the mail.
    pub images: Images,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Author.
    pub author: Option<String>,
}

impl NewFrontMatter {
    /// An id and a title, nothing else.
    pub fn new(id: IssueId, title: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            subject: None,
            summary: None,
            slug: None,
            send_at: None,
            updated: None,
            tags: Vec::new(),
            audience: Vec::new(),
            draft: false,
            mail: Mailing::Whole,
            aliases: Vec::new(),
            feed_id: None,
            parent: None,
            cover: None,
            images: Images::Linked,
            language: None,
            author: None,
        }
    }

    /// The lines between the fences, in the order in which the keys are documented.
    fn to_toml(&self) -> String {
        let mut table = DocumentMut::new();
        let mut text = |key: &str, content: Option<&str>| {
            if let Some(content) = content {
                table[key] = value(content);
            }
        };
        text("id", Some(self.id.as_str()));
        text("title", Some(&self.title));
        text("subject", self.subject.as_deref());
        text("summary", self.summary.as_deref());
        text("slug", self.slug.as_ref().map(Slug::as_str));
        for (key, instant) in [("send_at", self.send_at), ("updated", self.updated)] {
            if let Some(instant) = instant {
                let written = instant_text(instant);
                table[key] = match written.parse::<toml_edit::Datetime>() {
                    Ok(datetime) => value(datetime),
                    Err(_) => value(written),
                };
            }
        }
        let aliases: Vec<String> = self.aliases.iter().map(Slug::to_string).collect();
        for (key, items) in [
            ("tags", &self.tags),
            ("audience", &self.audience),
            ("aliases", &aliases),
        ] {
            if !items.is_empty() {
                table[key] = value(items.iter().map(String::as_str).collect::<Array>());
            }
        }
        if self.draft {
            table["draft"] = value(true);
        }
        match self.mail {
            Mailing::Whole => {}
            Mailing::Excerpt => table["mail"] = value("excerpt"),
            Mailing::Nothing => table["mail"] = value(false),
        }
        let mut text = |key: &str, content: Option<&str>| {
            if let Some(content) = content {
                table[key] = value(content);
            }
        };
        text("feed_id", self.feed_id.as_deref());
        text("parent", self.parent.as_ref().map(IssueId::as_str));
        text("cover", self.cover.as_deref());
        let is_attached = self.images == Images::Attached;
        text("images", is_attached.then_some("attached"));
        text("language", self.language.as_deref());
        text("author", self.author.as_deref());
        table.to_string()
    }
}

/// An instant as the front matter holds it: RFC 3339 in UTC, whole seconds.
pub(super) fn instant_text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Like [`instant_text`]; a clock time of the publication's zone stays one, which its author can
/// read, and which keeps its hour when a government changes the zone.
pub(super) fn written_text(written: WrittenInstant) -> String {
    match written {
        WrittenInstant::Offset(instant) => instant_text(instant),
        WrittenInstant::Local(local) => local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        WrittenInstant::Date(date) => date.to_string(),
    }
}

/// The text of a new issue file: TOML front matter, an empty line, the Markdown.
pub fn new_issue_text(front: &NewFrontMatter, markdown: &str) -> String {
    issue_text_with_notes(front, "", markdown)
}

/// Like [`new_issue_text`], with `notes` (complete comment lines) at the end of the front matter.
pub(crate) fn issue_text_with_notes(front: &NewFrontMatter, notes: &str, markdown: &str) -> String {
    let markdown = markdown.trim_start_matches(['\n', '\r']).trim_end();
    let end = if markdown.is_empty() { "" } else { "\n" };
    format!("+++\n{}{notes}+++\n\n{markdown}{end}", front.to_toml())
}
