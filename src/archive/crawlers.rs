//! What search engines read: the list of pages, and where it is.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

/// Most pages that one list may name (sitemaps.org, "Sitemaps XML format").
const MOST_PAGES: usize = 50_000;

/// A page in the list.
pub(super) struct Listed {
    /// Absolute address.
    pub(super) url: String,
    /// When it last changed, where something tells.
    pub(super) changed: Option<DateTime<Utc>>,
}

/// `sitemap.xml`. The pages come with the most important first; what is too much is left out.
pub(super) fn sitemap(pages: &[Listed]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in pages.iter().take(MOST_PAGES) {
        // Addresses of ours are made of slugs on a URL that was parsed: only this can need it.
        let url = page.url.replace('&', "&amp;");
        let _ = write!(xml, "  <url><loc>{url}</loc>");
        if let Some(changed) = page.changed {
            let changed = changed.to_rfc3339_opts(SecondsFormat::Secs, true);
            let _ = write!(xml, "<lastmod>{changed}</lastmod>");
        }
        xml.push_str("</url>\n");
    }
    xml.push_str("</urlset>\n");
    xml
}

/// `robots.txt`, for a publication that has a host of its own. Below a path nobody looks for it
/// (RFC 9309 §2.3), and the host's own one should not be mistaken for ours.
pub(super) fn robots(base_url: &str) -> Option<String> {
    let (_, rest) = base_url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    path.is_empty()
        .then(|| format!("User-agent: *\nAllow: /\n\nSitemap: {base_url}sitemap.xml\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_of_its_own_has_rules_for_robots() {
        let rules = robots("https://letters.example.org/").unwrap();
        assert!(rules.ends_with("Sitemap: https://letters.example.org/sitemap.xml\n"));
        assert_eq!(robots("https://example.org/letters/"), None);
    }

    #[test]
    fn no_list_is_longer_than_search_engines_read() {
        let pages: Vec<Listed> = (0..MOST_PAGES + 5)
            .map(|number| Listed {
                url: format!("https://example.org/{number}/"),
                changed: None,
            })
            .collect();
        assert_eq!(sitemap(&pages).matches("<url>").count(), MOST_PAGES);
    }
}
