//! An entry as a reader of feeds shows it: what the feed says, in letters of the reader's own.

use chrono::DateTime;
use serde_json::Value;
use tera::{Context, Tera};

use crate::diagnostic::Diagnostic;

const NAME: &str = "entry.html";

/// What a reader of feeds takes from an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Title.
    pub title: String,
    /// Address of its page.
    pub url: String,
    /// Names of the authors.
    pub author: String,
    /// When it was published, as the feed writes it.
    pub published: String,
    /// Shown in lists.
    pub summary: String,
    /// BCP 47 tag.
    pub language: String,
    /// Tags.
    pub tags: Vec<String>,
    /// The essay.
    pub content_html: String,
}

impl Entry {
    /// The first entry of a JSON Feed 1.1.
    pub fn of_json_feed(feed: &str) -> Self {
        let feed: Value = serde_json::from_str(feed).unwrap_or_default();
        let item = &feed["items"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value, each: &dyn Fn(&Value) -> String| -> Vec<String> {
            value.as_array().into_iter().flatten().map(each).collect()
        };
        let authors = match &item["authors"] {
            Value::Null => &feed["authors"],
            own => own,
        };
        let language = match &item["language"] {
            Value::Null => &feed["language"],
            own => own,
        };
        Self {
            title: text(&item["title"]),
            url: text(&item["url"]),
            author: list(authors, &|author| text(&author["name"])).join(", "),
            published: text(&item["date_published"]),
            summary: text(&item["summary"]),
            language: text(language),
            tags: list(&item["tags"], &text),
            content_html: text(&item["content_html"]),
        }
    }

    /// The time of publication as a reader of feeds writes it.
    fn published_for_people(&self) -> String {
        match DateTime::parse_from_rfc3339(&self.published) {
            Ok(instant) => instant.format("%-d %B %Y, %H:%M UTC").to_string(),
            Err(_) => self.published.clone(),
        }
    }

    /// The entry as a document.
    pub fn document(&self) -> Result<String, Diagnostic> {
        let unusable = |error: tera::Error| {
            Diagnostic::error("the entry of the feed cannot be shown").cause(error)
        };
        let mut tera = Tera::new();
        tera.add_raw_template(NAME, include_str!("entry.html"))
            .map_err(unusable)?;
        let mut context = Context::new();
        context.insert("title", &self.title);
        context.insert("url", &self.url);
        context.insert("author", &self.author);
        context.insert("date", &self.published_for_people());
        context.insert("tags", &self.tags);
        context.insert("language", &self.language);
        context.insert("direction", crate::words::direction(&self.language));
        context.insert("content", &self.content_html);
        tera.render(NAME, &context).map_err(unusable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_has_what_the_feed_says_and_its_own_words_come_first() {
        let feed = r#"{"authors":[{"name":"The editors"}],"language":"en","items":[
            {"title":"A < B","url":"https://example.org/a/","date_published":"2026-12-01T09:00:00Z",
             "language":"ar","tags":["one","two"],"content_html":"<p>Text</p>"}]}"#;
        let entry = Entry::of_json_feed(feed);
        assert_eq!((&*entry.author, &*entry.language), ("The editors", "ar"));
        let document = entry.document().unwrap();
        assert!(document.contains("<p>Text</p>") && document.contains("A &lt; B"));
        assert!(
            document.contains("dir=\"rtl\"") && document.contains("1 December 2026, 09:00 UTC")
        );
        assert_eq!(Entry::of_json_feed("no feed"), Entry::default());
    }
}
