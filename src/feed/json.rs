//! JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde::Serialize;

use super::{Document, Entry, Format, Logo, rfc3339};

/// The document as JSON, indented.
pub(super) fn write(document: &Document<'_>) -> String {
    // Only keys that are not strings could make this fail, and there are none.
    let mut text = serde_json::to_string_pretty(&JsonFeed::of(document)).unwrap_or_default();
    text.push('\n');
    text
}

/// The version comes first: some readers look no further (specification, "Top-level").
#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: String,
    feed_url: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    authors: [JsonAuthor<'a>; 1],
    language: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<JsonHub<'a>>,
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct JsonHub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    content_html: &'a str,
}

impl<'a> JsonFeed<'a> {
    fn of(document: &'a Document<'_>) -> Self {
        let info = &document.info;
        let part = document.part;
        let hubs = info.hubs.iter().filter(|_| part.number.is_none());
        Self {
            version: "https://jsonfeed.org/version/1.1",
            title: &info.title,
            home_page_url: document.page_url(),
            feed_url: document.url(Format::Json, part.number),
            description: &info.description,
            next_url: part
                .previous()
                .map(|number| document.url(Format::Json, Some(number))),
            icon: info
                .logo
                .as_ref()
                .filter(|logo| logo.is_square())
                .map(|logo: &Logo| logo.url.as_str()),
            authors: [JsonAuthor { name: &info.author }],
            language: &info.language,
            hubs: hubs
                .map(|url| JsonHub {
                    kind: "WebSub",
                    url,
                })
                .collect(),
            items: document.entries.iter().map(JsonItem::of).collect(),
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
            image: entry.image.as_deref(),
            content_html: &entry.content_html,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{entries, info, written};
    use super::*;

    #[test]
    fn the_whole_feed_reads_as_expected() {
        insta::assert_snapshot!("json", written(Format::Json, &info(), &entries()));
    }

    #[test]
    fn a_hostile_title_comes_back_as_it_was_without_its_control_characters() {
        let feed: serde_json::Value =
            serde_json::from_str(&written(Format::Json, &info(), &entries())).unwrap();
        assert_eq!(feed["items"][0]["title"], "A ]]> B </title> & <b>C</b> D");
    }

    #[test]
    fn a_feed_without_entries_has_an_empty_list_of_items() {
        let feed: serde_json::Value =
            serde_json::from_str(&written(Format::Json, &info(), &[])).unwrap();
        assert_eq!(feed["items"], serde_json::json!([]));
    }
}
