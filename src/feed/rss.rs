//! RSS 2.0 (rssboard.org), after the RSS Advisory Board's Best Practices Profile.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rss::extension::Extension;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Guid, Image, Item};

use super::{Document, Entry, Format, HISTORY, Logo, escape_markup, xml_prologue};

/// Minutes for which a reader may keep the feed before it asks again.
const TIME_TO_LIVE_MINUTES: &str = "60";

/// Largest width and height at which RSS 2.0 lets a reader show the picture, in pixels.
const LARGEST_IMAGE: (u32, u32) = (144, 400);

/// Stand for `&` and `<` in titles until the feed is written. Private-use characters, which no
/// title has.
const AMPERSAND: char = '\u{F8F0}';
const LESS_THAN: char = '\u{F8F1}';

/// The document as RSS.
pub(super) fn write(document: &Document<'_>) -> String {
    // Writing into memory has no way to fail.
    let bytes = channel(document)
        .pretty_write_to(Vec::new(), b' ', 2)
        .unwrap_or_default();
    let xml = String::from_utf8(bytes).unwrap_or_default();
    let body = xml.split_once("?>").map_or(&*xml, |(_, rest)| rest);
    format!(
        "{}{}\n",
        xml_prologue(&document.stylesheet_url(Format::Rss)),
        with_references(body.trim_start())
    )
}

/// A title in which `&` and `<` will be the references that the Best Practices Profile asks for:
/// more readers take them for the characters than take `&amp;` and `&lt;`.
fn title(text: &str) -> String {
    text.replace([AMPERSAND, LESS_THAN], "")
        .replace('&', &AMPERSAND.to_string())
        .replace('<', &LESS_THAN.to_string())
}

fn with_references(xml: &str) -> String {
    xml.replace(AMPERSAND, "&#x26;")
        .replace(LESS_THAN, "&#x3C;")
}

fn channel(document: &Document<'_>) -> Channel {
    let info = &document.info;
    let links = document.links(Format::Rss).into_iter();
    Channel {
        title: title(&info.title),
        link: document.page_url(),
        // Required, and taken as HTML by readers.
        description: escape_markup(if info.description.is_empty() {
            &info.title
        } else {
            &info.description
        }),
        language: Some(info.language.clone()),
        copyright: (!info.copyright.is_empty()).then(|| info.copyright.clone()),
        managing_editor: info
            .author_email
            .as_ref()
            .map(|email| format!("{email} ({})", info.author)),
        last_build_date: document.last_change().map(rfc822),
        generator: Some("Postrider".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some(TIME_TO_LIVE_MINUTES.to_owned()),
        image: info.logo.as_ref().map(|logo| image(document, logo)),
        atom_ext: Some(AtomExtension {
            links: links.map(|(rel, href)| link(rel, href)).collect(),
        }),
        items: document.entries.iter().map(item).collect(),
        extensions: document.history_mark().map(history).unwrap_or_default(),
        namespaces: BTreeMap::from([(HISTORY.0.to_owned(), HISTORY.1.to_owned())]),
        ..Channel::default()
    }
}

fn link(rel: &str, href: String) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        mime_type: (rel != "hub").then(|| Format::Rss.media_type().to_owned()),
        ..Link::default()
    }
}

/// Its title and link have to be those of the channel; its size is the one at which it is shown.
fn image(document: &Document<'_>, logo: &Logo) -> Image {
    let shown = logo.size.map(|size| fit(size, LARGEST_IMAGE));
    Image {
        url: logo.url.clone(),
        title: title(&document.info.title),
        link: document.page_url(),
        width: shown.map(|(width, _)| width.to_string()),
        height: shown.map(|(_, height)| height.to_string()),
        description: None,
    }
}

/// A size made as small as it must be to fit into another one, in its own proportions.
fn fit((width, height): (u32, u32), (widest, highest): (u32, u32)) -> (u32, u32) {
    let scaled = |side: u32, to: u32, of: u32| {
        let pixels = u64::from(side) * u64::from(to) / u64::from(of.max(1));
        u32::try_from(pixels).unwrap_or(to).max(1)
    };
    let (width, height) = if width > widest {
        (widest, scaled(height, widest, width))
    } else {
        (width, height)
    };
    if height > highest {
        (scaled(width, highest, height), highest)
    } else {
        (width, height)
    }
}

fn history(name: &str) -> rss::extension::ExtensionMap {
    let mark = Extension {
        name: format!("{}:{name}", HISTORY.0),
        // Nothing, on one line: without it the element would be indented.
        value: Some(String::new()),
        ..Extension::default()
    };
    let marks = BTreeMap::from([(name.to_owned(), vec![mark])]);
    BTreeMap::from([(HISTORY.0.to_owned(), marks)])
}

fn item(entry: &Entry) -> Item {
    // The summary is written in front of the content, as readers that take the first want it.
    Item {
        title: Some(title(&entry.title)),
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
    use super::super::tests::{entries, entry, info, instant, written};
    use super::*;

    fn parsed(xml: &str) -> Channel {
        Channel::read_from(xml.as_bytes()).unwrap()
    }

    #[test]
    fn the_whole_feed_reads_as_expected() {
        insta::assert_snapshot!("rss", written(Format::Rss, &info(), &entries()));
    }

    #[test]
    fn a_hostile_title_comes_back_as_it_was_without_its_control_characters() {
        let channel = parsed(&written(Format::Rss, &info(), &entries()));
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
        let channel = parsed(&written(Format::Rss, &info(), &[moved, stayed]));
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
        let channel = parsed(&written(Format::Rss, &info(), &entries()));
        assert_eq!(
            channel.last_build_date(),
            Some("Sun, 20 Sep 2026 06:30:15 +0000")
        );
    }

    #[test]
    fn a_feed_without_entries_is_still_a_feed() {
        let channel = parsed(&written(Format::Rss, &info(), &[]));
        assert_eq!(channel.last_build_date(), None);
        assert_eq!(channel.items().len(), 0);
        assert_eq!(
            channel.atom_ext().unwrap().links()[0].href,
            "https://letters.example.org/feed.xml"
        );
    }
}
