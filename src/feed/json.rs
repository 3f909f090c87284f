//! JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde::Serialize;

use super::{Entry, Feed, FeedInfo, rfc3339};

/// The feed as JSON, indented; `Content-Type: application/feed+json`.
pub fn write(info: &FeedInfo, entries: &[Entry]) -> String {
    let feed = Feed::new(info, entries);
    // Only keys that are not strings could make this fail, and there are none.
    let mut text = serde_json::to_string_pretty(&JsonFeed::of(&feed)).unwrap_or_default();
    text.push('\n');
    text
}

/// The version comes first: some readers look no further (specification, "Top-level").
#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    authors: [JsonAuthor<'a>; 1],
    language: &'a str,
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    authors: [JsonAuthor<'a>; 1],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    content_html: &'a str,
}

impl<'a> JsonFeed<'a> {
    fn of(feed: &'a Feed) -> Self {
        let info = &feed.info;
        Self {
            version: "https://jsonfeed.org/version/1.1",
            title: &info.title,
            home_page_url: &info.base_url,
            feed_url: &info.json_url,
            description: &info.description,
            authors: [JsonAuthor { name: &info.author }],
            language: &info.language,
            items: feed.entries.iter().map(JsonItem::of).collect(),
        }
    }
}

impl<'a> JsonItem<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            id: &entry.id,
            url: &entry.url,
            title: &entry.title,
            summary: &entry.summary,
            date_published: rfc3339(entry.published),
            date_modified: entry.updated.map(|_| rfc3339(entry.last_change())),
            authors: [JsonAuthor {
                name: &entry.author,
            }],
            tags: &entry.tags,
            language: entry.language.as_deref(),
            content_html: &entry.content_html,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::{entries, info};
    use super::*;

    #[test]
    fn the_whole_feed_reads_as_expected() {
        insta::assert_snapshot!("json", write(&info(), &entries()));
    }

    #[test]
    fn a_hostile_title_comes_back_as_it_was_without_its_control_characters() {
        let feed: serde_json::Value = serde_json::from_str(&write(&info(), &entries())).unwrap();
        assert_eq!(feed["items"][0]["title"], "A ]]> B </title> & <b>C</b> D");
    }

    #[test]
    fn a_feed_without_entries_has_an_empty_list_of_items() {
        let feed: serde_json::Value = serde_json::from_str(&write(&info(), &[])).unwrap();
        assert_eq!(feed["items"], serde_json::json!([]));
    }
}
