//! The keys of the front matter, and what they are called elsewhere.

use super::{Format, Located, WrittenInstant};
use crate::issue::{Images, IssueId, Slug};

/// Every key that the front matter knows.
pub const KEYS: [&str; 19] = [
    "id", "title", "subject", "summary", "slug", "send_at", "updated", "tags", "audience", "draft",
    "mail", "aliases", "feed_id", "parent", "cover", "images", "language", "author", "silence",
];

/// What of an essay is mailed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mailing {
    /// All of it.
    #[default]
    Whole,
    /// What stands before `<!-- more -->`; the mail leads on to the rest.
    Excerpt,
    /// Nothing: it is for the web alone.
    Nothing,
}

/// The values of the front matter, each checked for itself and with its place in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// How it is written.
    pub format: Format,
    /// Identity of the issue; absent until `check --fix` writes one.
    pub id: Option<Located<IssueId>>,
    /// Title, one line.
    pub title: Option<Located<String>>,
    /// Subject of the mail, one line of at most 250 characters.
    pub subject: Option<Located<String>>,
    /// Summary, one line.
    pub summary: Option<Located<String>>,
    /// Name in addresses.
    pub slug: Option<Located<Slug>>,
    /// When the issue is public and due; never a bare date.
    pub send_at: Option<Located<WrittenInstant>>,
    /// A later correction.
    pub updated: Option<Located<WrittenInstant>>,
    /// Tags of the essay.
    pub tags: Vec<Located<String>>,
    /// Tags of subscribers to whom the mail is narrowed.
    pub audience: Vec<Located<String>>,
    /// Not to be published yet.
    pub draft: Option<Located<bool>>,
    /// Whether the issue is mailed, and how much of it.
    pub mail: Option<Located<Mailing>>,
    /// Earlier slugs.
    pub aliases: Vec<Located<Slug>>,
    /// The entry's id in feeds if it came from elsewhere with one of its own.
    pub feed_id: Option<Located<String>>,
    /// The issue that this one corrects.
    pub parent: Option<Located<IssueId>>,
    /// Cover picture: an address or a path.
    pub cover: Option<Located<String>>,
    /// How pictures come with the mail.
    pub images: Option<Located<Images>>,
    /// BCP 47 tag.
    pub language: Option<Located<String>>,
    /// Author.
    pub author: Option<Located<String>>,
    /// Rules of `check` that the author does not want to hear of in this issue.
    pub silence: Vec<Located<String>>,
}

/// Our key for one that other publishers write, if there is one. `date` is [`Some`]`("send_at")`,
/// although a bare date belongs into the file's name.
pub fn key_for_foreign(key: &str) -> Option<&'static str> {
    let ours = match key.to_ascii_lowercase().as_str() {
        "date" | "schedule" | "scheduled" | "publishdate" | "publish_date" | "published"
        | "pubdate" | "published_at" => "send_at",
        "lastmod" | "last_modified_at" | "modified" | "updated_at" => "updated",
        "description" | "excerpt" | "subtitle" => "summary",
        "guid" => "feed_id",
        "lang" => "language",
        "image" | "thumbnail" | "feature_image" => "cover",
        "categories" | "keywords" => "tags",
        "redirect_from" => "aliases",
        _ => return None,
    };
    Some(ours)
}
