//! The archive: the public pages of past issues, as a list of files.
//!
//! Values in, values out: what is written, replaced or removed on the disk is left to `publish`.
//! Every address is absolute and built on the publication's base URL, so that the archive may live
//! under a path. Nothing here asks for the time; building twice gives the same bytes.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use tera::Context;

use crate::diagnostic::Diagnostic;
use crate::issue::Slug;
use crate::render::layout::{IssueLink, IssueView, Layouts, PublicationView};

/// Path of the page for what is not there.
const NOT_FOUND: &str = "404.html";

/// Path of the pages' stylesheet.
pub const STYLESHEET: &str = "assets/style.css";

/// Path of the stylesheet with which a browser shows a feed.
pub const FEED_STYLESHEET: &str = "assets/feed.css";

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Relative to the folder that is served, with forward slashes.
    pub path: String,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// One issue as the archive takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivePage {
    /// What templates know of it.
    pub view: IssueView,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its earlier names, which redirect to this one.
    pub aliases: Vec<Slug>,
    /// The essay as a fragment of HTML.
    pub web_html: String,
}

/// Renders the whole archive. `pages` are newest first.
///
/// An alias that an issue has as its slug is that issue's: a redirect never takes the place of a
/// page. An alias that several issues claim leads to the newest of them.
pub fn build(
    pages: &[ArchivePage],
    publication: &PublicationView,
    layouts: &Layouts,
) -> Result<Vec<ArchiveFile>, Diagnostic> {
    let archive = Archive {
        publication,
        layouts,
        stylesheet: versioned(STYLESHEET, layouts.text("web.css")),
    };
    let mut taken = HashSet::new();
    let mut files = archive.front(pages)?;
    for (index, page) in pages.iter().enumerate() {
        if !taken.insert(&page.slug) {
            return Err(Diagnostic::error(format!(
                "two issues have the address `issues/{}/`",
                page.slug
            ))
            .hint("give one of them another `slug` in its front matter"));
        }
        files.push(archive.page(pages, index)?);
    }
    for page in pages {
        for alias in &page.aliases {
            if taken.insert(alias) {
                files.push(archive.redirect(page, alias)?);
            }
        }
    }
    Ok(files)
}

struct Archive<'a> {
    publication: &'a PublicationView,
    layouts: &'a Layouts,
    stylesheet: String,
}

impl Archive<'_> {
    /// Everything that exists once.
    fn front(&self, pages: &[ArchivePage]) -> Result<Vec<ArchiveFile>, Diagnostic> {
        let issues: Vec<&IssueView> = pages.iter().map(|page| &page.view).collect();
        let mut index = self.context(&self.publication.language);
        index.insert("issues", &issues);
        let not_found = self.context(&self.publication.language);
        Ok(vec![
            self.render("index.html", index, "index.html")?,
            self.render(NOT_FOUND, not_found, NOT_FOUND)?,
            self.copy("web.css", STYLESHEET),
            self.copy("feed.css", FEED_STYLESHEET),
        ])
    }

    fn page(&self, pages: &[ArchivePage], index: usize) -> Result<ArchiveFile, Diagnostic> {
        let page = &pages[index];
        let newer = index.checked_sub(1).and_then(|newer| pages.get(newer));
        let older = pages.get(index + 1);
        let mut context = self.context(&page.view.language);
        context.insert("issue", &page.view);
        context.insert("essay", page.web_html.trim_end());
        context.insert("previous", &older.map(link));
        context.insert("next", &newer.map(link));
        self.render("page.html", context, &page_path(&page.slug))
    }

    /// A page that sends both people and search engines on: any web server can serve it, while a
    /// real redirect needs one that is told about it.
    fn redirect(&self, page: &ArchivePage, alias: &Slug) -> Result<ArchiveFile, Diagnostic> {
        let mut context = self.context(&self.publication.language);
        context.insert("issue", &page.view);
        self.render("redirect.html", context, &page_path(alias))
    }

    /// What every page knows; `language` is the one of its main text.
    fn context(&self, language: &str) -> Context {
        let mut context = Context::new();
        context.insert("publication", self.publication);
        context.insert("language", language);
        context.insert("direction", direction(language));
        let home_direction = direction(&self.publication.language);
        context.insert("publication_direction", home_direction);
        context.insert("subscribe_url", &subscribe_url(self.publication));
        context
    }

    fn render(
        &self,
        template: &str,
        mut context: Context,
        path: &str,
    ) -> Result<ArchiveFile, Diagnostic> {
        context.insert("stylesheet_url", &self.stylesheet_url(path));
        Ok(ArchiveFile {
            path: path.to_owned(),
            bytes: self.layouts.render(template, &context)?.into_bytes(),
        })
    }

    /// Relative to the page, so that a page opened straight from the disk is dressed as well. The
    /// page for what is not there is served at any depth, and can only name the whole address.
    fn stylesheet_url(&self, path: &str) -> String {
        let up = match path {
            NOT_FOUND => self.publication.base_url.clone(),
            _ => "../".repeat(path.matches('/').count()),
        };
        format!("{up}{}", self.stylesheet)
    }

    fn copy(&self, name: &str, path: &str) -> ArchiveFile {
        ArchiveFile {
            path: path.to_owned(),
            bytes: self.layouts.text(name).as_bytes().to_vec(),
        }
    }
}

fn page_path(slug: &Slug) -> String {
    format!("issues/{slug}/index.html")
}

fn link(page: &ArchivePage) -> IssueLink {
    IssueLink {
        title: page.view.title.clone(),
        url: page.view.url.clone(),
    }
}

/// An asset's path with its content's hash as a query, so that a browser may keep it for
/// ever and an older page, kept by somebody, still finds a stylesheet.
fn versioned(path: &str, text: &str) -> String {
    let hash = HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
    format!("{path}?v={}", &hash[..12])
}

/// Where somebody asks to be a subscriber; empty where nobody receives letters.
fn subscribe_url(publication: &PublicationView) -> String {
    if publication.reply_to.is_empty() {
        return String::new();
    }
    let subject = format!("Subscribe to {}", publication.title);
    format!(
        "mailto:{}?subject={}",
        percent_encode(&publication.reply_to),
        percent_encode(&subject)
    )
}

/// RFC 6068 §2: in a `mailto:` address all but unreserved characters, and the at sign, are encoded.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    out
}

/// `rtl` or `ltr`, as the value of `dir`, for a BCP 47 tag: by its script where it names one, else
/// by the script in which the language is usually written.
pub fn direction(language: &str) -> &'static str {
    const SCRIPTS: [&str; 8] = [
        "adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa",
    ];
    const LANGUAGES: [&str; 12] = [
        "ar", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "syr", "ug", "ur", "yi",
    ];
    let tag = language.to_ascii_lowercase().replace('_', "-");
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    // RFC 5646 §2.2.3: a script is four letters, in front of region and variants.
    let script = subtags
        .find(|subtag| subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let right_to_left = script.map_or_else(
        || LANGUAGES.contains(&primary),
        |script| SCRIPTS.contains(&script),
    );
    if right_to_left { "rtl" } else { "ltr" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn publication() -> PublicationView {
        PublicationView {
            title: "Slow & Steady".to_owned(),
            author: "The editors".to_owned(),
            description: "Letters about <letters>".to_owned(),
            base_url: "https://example.org/letters/".to_owned(),
            language: "en".to_owned(),
            postal_address: String::new(),
            reply_to: "us+letters@example.org".to_owned(),
        }
    }

    fn page(slug: &str, date: &str, aliases: &[&str]) -> ArchivePage {
        ArchivePage {
            view: IssueView {
                title: format!("About {slug}"),
                summary: String::new(),
                url: format!("https://example.org/letters/issues/{slug}/"),
                date: date.to_owned(),
                updated: String::new(),
                author: "The editors".to_owned(),
                language: "en".to_owned(),
                tags: Vec::new(),
            },
            slug: Slug::parse(slug).unwrap(),
            aliases: aliases
                .iter()
                .map(|alias| Slug::parse(alias).unwrap())
                .collect(),
            web_html: format!("<p>This is {slug}.</p>"),
        }
    }

    fn layouts() -> Layouts {
        Layouts::new(&BTreeMap::new()).unwrap()
    }

    /// Path to text of every file; a path that stands twice fails.
    fn built(pages: &[ArchivePage]) -> BTreeMap<String, String> {
        let files = build(pages, &publication(), &layouts()).unwrap();
        let count = files.len();
        let texts: BTreeMap<_, _> = files
            .into_iter()
            .map(|file| (file.path, String::from_utf8(file.bytes).unwrap()))
            .collect();
        assert_eq!(texts.len(), count, "two files have one path");
        texts
    }

    #[test]
    fn the_archive_is_a_front_page_assets_and_a_page_for_each_issue() {
        let files = built(&[
            page("wax", "2026-09-08", &[]),
            page("ink", "2026-09-01", &["pens"]),
        ]);
        let paths: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "404.html",
                "assets/feed.css",
                "assets/style.css",
                "index.html",
                "issues/ink/index.html",
                "issues/pens/index.html",
                "issues/wax/index.html",
            ]
        );
    }

    #[test]
    fn an_archive_without_issues_still_has_a_front_page() {
        assert!(built(&[])["index.html"].contains("Nothing has been sent yet."));
    }

    #[test]
    fn a_page_links_to_the_issue_before_it_and_the_one_after_it() {
        let files = built(&[
            page("c", "2026-09-15", &[]),
            page("b", "2026-09-08", &[]),
            page("a", "2026-09-01", &[]),
        ]);
        let middle = &files["issues/b/index.html"];
        assert!(
            middle.contains(r#"<link rel="prev" href="https://example.org/letters/issues/a/">"#)
        );
        assert!(
            middle.contains(r#"<link rel="next" href="https://example.org/letters/issues/c/">"#)
        );
        assert!(!files["issues/a/index.html"].contains(r#"rel="prev""#));
        assert!(!files["issues/c/index.html"].contains(r#"rel="next""#));
    }

    #[test]
    fn every_address_but_the_stylesheets_is_absolute_and_below_the_base_url() {
        let files = built(&[
            page("b", "2026-09-08", &["old"]),
            page("a", "2026-09-01", &[]),
        ]);
        let pages = files.iter().filter(|(path, _)| has_suffix(path, ".html"));
        for (path, text) in pages {
            for address in text.split("href=\"").skip(1) {
                let address = address.split('"').next().unwrap();
                let up = "../".repeat(path.matches('/').count());
                if path != "404.html" && address.starts_with(&format!("{up}assets/style.css?v=")) {
                    continue;
                }
                let fine = ["https://example.org/letters/", "#", "mailto:", "data:"]
                    .iter()
                    .any(|start| address.starts_with(start));
                assert!(fine, "{path} links to {address}");
            }
        }
    }

    fn has_suffix(path: &str, suffix: &str) -> bool {
        path.strip_suffix(suffix).is_some()
    }

    #[test]
    fn each_page_announces_all_three_feeds() {
        let files = built(&[page("a", "2026-09-01", &[])]);
        for path in ["index.html", "404.html", "issues/a/index.html"] {
            for feed in ["feed.xml", "atom.xml", "feed.json"] {
                let address = format!(r#"href="https://example.org/letters/{feed}">"#);
                let announced = files[path]
                    .lines()
                    .any(|line| line.contains(r#"rel="alternate""#) && line.contains(&address));
                assert!(announced, "{path} does not announce {feed}");
            }
        }
    }

    #[test]
    fn an_alias_leads_to_the_issue_and_is_kept_out_of_search_engines() {
        let files = built(&[page("ink", "2026-09-01", &["pens"])]);
        insta::assert_snapshot!(files["issues/pens/index.html"], @r#"
        <!DOCTYPE html>
        <html lang="en" dir="ltr">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>About ink · Slow &amp; Steady</title>
          <meta name="robots" content="noindex">
          <meta http-equiv="refresh" content="0; url=https://example.org/letters/issues/ink/">
          <link rel="canonical" href="https://example.org/letters/issues/ink/">
        </head>
        <body>
          <p>This issue has moved to <a href="https://example.org/letters/issues/ink/">https://example.org/letters/issues/ink/</a>.</p>
        </body>
        </html>
        "#);
    }

    #[test]
    fn a_redirect_never_takes_the_place_of_a_page() {
        let files = built(&[
            page("b", "2026-09-08", &["a", "b", "old", "old"]),
            page("a", "2026-09-01", &["old"]),
        ]);
        assert!(files["issues/a/index.html"].contains("This is a."));
        assert!(files["issues/b/index.html"].contains("This is b."));
        assert!(files["issues/old/index.html"].contains("/issues/b/"));
    }

    #[test]
    fn two_issues_of_one_slug_are_refused() {
        let pages = [page("a", "2026-09-08", &[]), page("a", "2026-09-01", &[])];
        let error = build(&pages, &publication(), &layouts()).unwrap_err();
        assert_eq!(error.message(), "two issues have the address `issues/a/`");
    }

    #[test]
    fn titles_are_text_and_the_essay_is_html() {
        let mut hostile = page("a", "2026-09-01", &[]);
        hostile.view.title = "</title><script>\" & '".to_owned();
        hostile.view.summary = "\"><b>".to_owned();
        hostile.web_html = "<p>{{ publication.title }} &amp; <em>on</em></p>".to_owned();
        let files = built(&[hostile, page("b", "2026-08-25", &[])]);
        for text in files.values() {
            assert!(!text.contains("<script>") && !text.contains("\"><b>"));
        }
        let text = &files["issues/a/index.html"];
        assert!(text.contains("<p>{{ publication.title }} &amp; <em>on</em></p>"));
    }

    #[test]
    fn issues_of_two_years_stand_under_two_headings() {
        let files = built(&[
            page("c", "2027-01-05", &[]),
            page("b", "2026-12-29", &[]),
            page("a", "2026-12-22", &[]),
        ]);
        let index = &files["index.html"];
        assert_eq!(index.matches("<h2>2027</h2>").count(), 1);
        assert_eq!(index.matches("<h2>2026</h2>").count(), 1);
        assert_eq!(index.matches("<ol").count(), 2);
        assert_eq!(index.matches("</ol>").count(), 2);
    }

    #[test]
    fn the_stylesheet_has_another_address_when_it_changes() {
        let own = BTreeMap::from([(
            "web.css".to_owned(),
            crate::diagnostic::SourceText::new("templates/web.css", "p { color: red }"),
        )]);
        let of = |layouts: &Layouts| {
            let files = build(&[], &publication(), layouts).unwrap();
            let index = String::from_utf8(files[0].bytes.clone()).unwrap();
            let (_, rest) = index.split_once("assets/style.css?v=").unwrap();
            rest[..12].to_owned()
        };
        assert_ne!(of(&layouts()), of(&Layouts::new(&own).unwrap()));
    }

    #[test]
    fn a_letter_that_asks_for_the_newsletter_is_addressed_and_has_a_subject() {
        assert_eq!(
            subscribe_url(&publication()),
            "mailto:us%2Bletters@example.org?subject=Subscribe%20to%20Slow%20%26%20Steady"
        );
    }

    #[test]
    fn the_direction_follows_the_script_and_then_the_language() {
        let right_to_left = ["ar", "he-IL", "FA", "az-Arab", "ur_PK"];
        let left_to_right = ["en", "", "ar-Latn", "ku", "zh-Hant-TW"];
        assert!(right_to_left.iter().all(|tag| direction(tag) == "rtl"));
        assert!(left_to_right.iter().all(|tag| direction(tag) == "ltr"));
    }
}
