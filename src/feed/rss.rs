//! RSS 2.0 (rssboard.org), after the RSS Advisory Board's Best Practices Profile.

use chrono::{DateTime, Utc};
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Guid, Item};

use super::{Entry, Feed, FeedInfo, escape_markup, xml_prologue};

/// Minutes for which a reader may keep the feed before it asks again.
const TIME_TO_LIVE_MINUTES: &str = "60";

/// The feed as RSS; `Content-Type: application/rss+xml; charset=utf-8`.
pub fn write(info: &FeedInfo, entries: &[Entry]) -> String {
    let feed = Feed::new(info, entries);
    let channel = channel(&feed);
    // Writing into memory has no way to fail.
    let bytes = channel
        .pretty_write_to(Vec::new(), b' ', 2)
        .unwrap_or_default();
    let xml = String::from_utf8(bytes).unwrap_or_default();
    let body = xml.split_once("?>").map_or(&*xml, |(_, rest)| rest);
    format!(
        "{}{}\n",
        xml_prologue(&feed.stylesheet_url()),
        body.trim_start()
    )
}

fn channel(feed: &Feed) -> Channel {
    let info = &feed.info;
    Channel {
        title: info.title.clone(),
        link: info.base_url.clone(),
        // Required, and taken as HTML by readers.
        description: escape_markup(if info.description.is_empty() {
            &info.title
        } else {
            &info.description
        }),
        language: Some(info.language.clone()),
        managing_editor: info
            .author_email
            .as_ref()
            .map(|email| format!("{email} ({})", info.author)),
        last_build_date: feed.last_change().map(rfc822),
        generator: Some("Postrider".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some(TIME_TO_LIVE_MINUTES.to_owned()),
        atom_ext: Some(AtomExtension {
            links: vec![Link {
                href: info.rss_url.clone(),
                rel: "self".to_owned(),
                mime_type: Some("application/rss+xml".to_owned()),
                ..Link::default()
            }],
        }),
        items: feed.entries.iter().map(item).collect(),
        ..Channel::default()
    }
}

fn item(entry: &Entry) -> Item {
    // The summary is written in front of the content, as readers that take the first want it.
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.url.clone()),
        description: (!entry.summary.is_empty()).then(|| escape_markup(&entry.summary)),
        categories: entry
            .tags
            .iter()
            .map(|tag| Category {
                name: tag.clone(),
                domain: None,
            })
            .collect(),
        guid: Some(Guid {
            // `true` promises that the id opens in a browser.
            permalink: entry.id == entry.url,
            value: entry.id.clone(),
        }),
        pub_date: Some(rfc822(entry.published)),
        content: Some(entry.content_html.clone()),
        // RSS's own `author` takes an e-mail address; a name alone goes into Dublin Core.
        dublin_core_ext: Some(DublinCoreExtension {
            creators: vec![entry.author.clone()],
            languages: entry.language.iter().cloned().collect(),
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    }
}

/// RFC 822 §5 with a year of four digits, as RSS 2.0 asks: `Tue, 01 Sep 2026 07:00:00 +0000`.
fn rfc822(instant: DateTime<Utc>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::examples::{entries, entry, info, instant};
    use super::*;

    fn parsed(xml: &str) -> Channel {
        Channel::read_from(xml.as_bytes()).unwrap()
    }

    #[test]
    fn the_whole_feed_reads_as_expected() {
        insta::assert_snapshot!("rss", write(&info(), &entries()));
    }

    #[test]
    fn a_hostile_title_comes_back_as_it_was_without_its_control_characters() {
        let channel = parsed(&write(&info(), &entries()));
        let hostile = &channel.items()[0];
        assert_eq!(hostile.title(), Some("A ]]> B </title> & <b>C</b> D"));
        assert_eq!(
            hostile.description(),
            Some("One &amp; two &lt;three&gt; ]]&gt;")
        );
        assert!(hostile.content().unwrap().contains("]]> [0m <a href"));
        assert_eq!(
            hostile.dublin_core_ext().unwrap().creators(),
            ["Guest \"of\" <honour>"]
        );
    }

    #[test]
    fn only_an_id_that_is_the_address_is_a_permalink() {
        let mut moved = entry("moved", "2026-09-01T07:00:00Z");
        moved.id = "https://old.example.com/moved/".to_owned();
        let mut stayed = entry("stayed", "2026-09-02T07:00:00Z");
        stayed.id = stayed.url.clone();
        let channel = parsed(&write(&info(), &[moved, stayed]));
        let permalinks: Vec<bool> = channel
            .items()
            .iter()
            .map(|item| item.guid().unwrap().is_permalink())
            .collect();
        assert_eq!(permalinks, [true, false]);
    }

    #[test]
    fn dates_carry_the_right_weekday_and_offset() {
        assert_eq!(
            rfc822(instant("2026-09-01T07:00:00Z")),
            "Tue, 01 Sep 2026 07:00:00 +0000"
        );
    }

    #[test]
    fn the_build_date_is_the_last_change_of_an_entry() {
        let channel = parsed(&write(&info(), &entries()));
        assert_eq!(
            channel.last_build_date(),
            Some("Sun, 20 Sep 2026 06:30:15 +0000")
        );
    }

    #[test]
    fn a_feed_without_entries_is_still_a_feed() {
        let channel = parsed(&write(&info(), &[]));
        assert_eq!(channel.last_build_date(), None);
        assert_eq!(channel.items().len(), 0);
        assert_eq!(channel.atom_ext().unwrap().links()[0].href, info().rss_url);
    }
}
