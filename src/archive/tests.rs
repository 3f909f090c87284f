use std::collections::BTreeMap;

use super::subscribe::subscribe_url;
use super::*;
use crate::words::Words;

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
            opening: String::new(),
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
        published: format!("{date}T07:00:00Z").parse().unwrap(),
        updated: None,
        cover: None,
    }
}

fn layouts() -> Layouts {
    Layouts::new(&BTreeMap::new()).unwrap()
}

/// Path to text of every file; a path that stands twice fails.
fn built(pages: &[ArchivePage]) -> BTreeMap<String, String> {
    let html = |page: &ArchivePage| format!("<p>This is {}.</p>", page.slug);
    built_with(pages, &layouts(), html)
}

fn around<'a>(
    publication: &'a PublicationView,
    layouts: &'a Layouts,
    own_words: &'a OwnWords,
) -> Surroundings<'a> {
    Surroundings {
        publication,
        layouts,
        own_words,
        about: None,
        serve_url: None,
    }
}

fn built_with(
    pages: &[ArchivePage],
    layouts: &Layouts,
    html: impl Fn(&ArchivePage) -> String + Sync,
) -> BTreeMap<String, String> {
    let publication = publication();
    let own_words = OwnWords::default();
    let archive = Archive::new(around(&publication, layouts, &own_words), pages).unwrap();
    let mut texts = BTreeMap::new();
    let mut add = |draft: Draft<'_>| {
        let path = draft.path.clone();
        let text = String::from_utf8_lossy(&draft.make().unwrap()).into_owned();
        let earlier = texts.insert(path, text);
        assert_eq!(earlier, None, "two files have one path");
    };
    for (index, page) in pages.iter().enumerate() {
        let web_html = || html(page);
        let fingerprint = Fingerprint::of_bytes(web_html().as_bytes());
        add(archive.issue(
            index,
            PageEssay {
                fingerprint,
                opening: "",
                web_html: &web_html,
            },
        ));
    }
    let openings = vec![String::new(); pages.len()];
    for file in archive.files() {
        add(archive.file(&file, &openings));
    }
    texts
}

#[test]
fn the_archive_is_a_front_page_assets_and_a_page_for_each_issue() {
    let files = built(&[
        page("wax", "2026-09-08", &[]),
        page("ink", "2026-09-01", &["pens"]),
    ]);
    let is_card = |path: &&str| path.starts_with("assets/card-");
    let (cards, paths): (Vec<&str>, Vec<&str>) =
        files.keys().map(String::as_str).partition(is_card);
    assert_eq!(
        cards.len(),
        3,
        "one for each issue and one for the publication"
    );
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
            "sitemap.xml",
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
    assert!(middle.contains(r#"<link rel="prev" href="https://example.org/letters/issues/a/">"#));
    assert!(middle.contains(r#"<link rel="next" href="https://example.org/letters/issues/c/">"#));
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
      <p>This issue has moved to <a href="https://example.org/letters/issues/ink/">https://example.org/letters/issues/ink/</a></p>
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

/// Three issues under four tags, two of which hold two.
fn tagged() -> [ArchivePage; 3] {
    let with = |mut page: ArchivePage, tags: &[&str]| {
        page.view.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        page
    };
    [
        with(page("c", "2026-09-15", &[]), &["Ink & wax", "craft"]),
        with(page("b", "2026-09-08", &[]), &["ремесло"]),
        with(
            page("a", "2026-09-01", &[]),
            &["craft", "Ink & wax", "craft"],
        ),
    ]
}

#[test]
fn a_tag_has_a_page_with_its_issues_newest_first() {
    let files = built(&tagged());
    let page = &files["tags/ink-wax/index.html"];
    let (c, a) = (
        page.find("issues/c/").unwrap(),
        page.find("issues/a/").unwrap(),
    );
    assert!(c < a && !page.contains("issues/b/"));
    assert!(page.contains("Ink &amp; wax"));
    // A tag without a Latin letter has an address that can be read aloud.
    assert!(files["tags/remeslo/index.html"].contains("issues/b/"));
}

#[test]
fn the_list_of_tags_counts_each_issue_once() {
    let files = built(&tagged());
    let list = &files["tags/index.html"];
    let counts: Vec<&str> = list
        .split("class=\"count\">")
        .skip(1)
        .map(|rest| &rest[..1])
        .collect();
    assert_eq!(counts, ["2", "2", "1"]);
    assert!(!built(&[page("a", "2026-09-01", &[])]).contains_key("tags/index.html"));
}

#[test]
fn an_issue_links_to_its_tags_and_a_tag_to_its_feeds() {
    let files = built(&tagged());
    let tag = "https://letters.example.org/tags/craft/"
        .replace("letters.example.org", "example.org/letters");
    assert!(files["issues/c/index.html"].contains(&format!("rel=\"tag\" href=\"{tag}\"")));
    for feed in ["feed.xml", "atom.xml", "feed.json"] {
        let address = format!("href=\"{tag}{feed}\"");
        assert_eq!(files["tags/craft/index.html"].matches(&address).count(), 2);
    }
}

#[test]
fn the_page_about_the_publication_is_linked_from_every_page() {
    let about = AboutPage {
        title: "Who <we> are".to_owned(),
        summary: String::new(),
        language: "de".to_owned(),
    };
    let (publication, layouts, own_words) = (publication(), layouts(), OwnWords::default());
    let pages = tagged();
    let around = Surroundings {
        about: Some(&about),
        ..around(&publication, &layouts, &own_words)
    };
    let archive = Archive::new(around, &pages).unwrap();
    let essay = PageEssay {
        fingerprint: Fingerprint::of_bytes(b""),
        opening: "",
        web_html: &|| "<p>Two people.</p>".to_owned(),
    };
    let link = r#"<a href="https://example.org/letters/about/">Who &lt;we&gt; are</a>"#;
    let text = |draft: Draft<'_>| String::from_utf8(draft.make().unwrap()).unwrap();
    let page = archive.about(essay).unwrap();
    assert_eq!(page.path, "about/index.html");
    let page = text(page);
    assert!(page.contains("<p>Two people.</p>") && page.contains("<html lang=\"de\""));
    assert!(page.contains(link));
    assert!(text(archive.issue(0, essay)).contains(link));
    let openings = vec![String::new(); pages.len()];
    for file in archive.files() {
        let draft = archive.file(&file, &openings);
        if has_suffix(&draft.path, ".html") {
            assert!(text(draft).contains(link), "{file:?}");
        }
    }
}

/// The values of a property of a page's head.
fn property<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let start = format!("<meta property=\"{name}\" content=\"");
    let rests = page.split(&start).skip(1);
    rests.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_page_shows_a_picture_that_is_there() {
    let mut pages = tagged();
    pages[1].view.title = "手紙".to_owned();
    let files = built(&pages);
    let is_shared = |path: &str| has_suffix(path, ".html") && path != "404.html";
    for (path, text) in files.iter().filter(|(path, _)| is_shared(path)) {
        let [picture] = property(text, "og:image")[..] else {
            panic!("{path} has no picture");
        };
        let picture = picture
            .strip_prefix("https://example.org/letters/")
            .unwrap();
        assert!(files[picture].contains("PNG"), "{path} shows {picture}");
        assert_eq!(property(text, "og:image:width"), ["1200"]);
    }
    // A title that the typeface lacks gets the card of the publication.
    let of = |path: &str| property(&files[path], "og:image");
    assert_eq!(of("issues/b/index.html"), of("index.html"));
    assert_ne!(of("issues/a/index.html"), of("index.html"));
    assert_eq!(
        property(&files["issues/a/index.html"], "og:image:alt"),
        ["About a"]
    );
}

#[test]
fn a_cover_takes_the_place_of_the_card() {
    let mut pages = [page("a", "2026-09-01", &[])];
    pages[0].cover = Some(Cover {
        url: "https://example.org/letters/photo.jpg".to_owned(),
        size: Some((1600, 900)),
    });
    let files = built(&pages);
    let text = &files["issues/a/index.html"];
    assert_eq!(
        property(text, "og:image"),
        ["https://example.org/letters/photo.jpg"]
    );
    assert_eq!(property(text, "og:image:width"), ["1600"]);
    let cards = files.keys().filter(|path| path.starts_with("assets/card-"));
    assert_eq!(cards.count(), 1);

    pages[0].cover = Some(Cover {
        url: "https://example.net/photo.jpg".to_owned(),
        size: None,
    });
    let files = built(&pages);
    let text = &files["issues/a/index.html"];
    assert_eq!(
        property(text, "og:image"),
        ["https://example.net/photo.jpg"]
    );
    assert!(property(text, "og:image:width").is_empty());
}

#[test]
fn the_map_of_the_site_names_every_page_once_with_its_last_change() {
    let mut pages = tagged();
    pages[2].updated = Some("2026-10-01T10:00:00Z".parse().unwrap());
    let files = built(&pages);
    insta::assert_snapshot!(files["sitemap.xml"]);
}

#[test]
fn two_issues_of_one_slug_are_refused() {
    let pages = [page("a", "2026-09-08", &[]), page("a", "2026-09-01", &[])];
    let (publication, layouts, own_words) = (publication(), layouts(), OwnWords::default());
    let error = Archive::new(around(&publication, &layouts, &own_words), &pages)
        .err()
        .unwrap();
    assert_eq!(error.message(), "two issues have the address `issues/a/`");
}

#[test]
fn titles_are_text_and_the_essay_is_html() {
    let mut hostile = page("a", "2026-09-01", &[]);
    hostile.view.title = "</title><script>\" & '".to_owned();
    hostile.view.summary = "\"><b>".to_owned();
    let html = |_: &ArchivePage| "<p>{{ publication.title }} &amp; <em>on</em></p>".to_owned();
    let pages = [hostile, page("b", "2026-08-25", &[])];
    let files = built_with(&pages, &layouts(), html);
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
        let files = built_with(&[], layouts, |_| String::new());
        let (_, rest) = files["index.html"]
            .split_once("assets/style.css?v=")
            .unwrap();
        rest[..12].to_owned()
    };
    assert_ne!(of(&layouts()), of(&Layouts::new(&own).unwrap()));
}

#[test]
fn a_letter_that_asks_for_the_newsletter_is_addressed_and_has_a_subject() {
    assert_eq!(
        subscribe_url(&publication(), &Words::default()),
        "mailto:us%2Bletters@example.org?subject=Subscribe%20to%20Slow%20%26%20Steady"
    );
}

/// The fingerprint of the first issue's page.
fn print_of(pages: &[ArchivePage], layouts: &Layouts, essay: &str, opening: &str) -> Fingerprint {
    let publication = publication();
    let own_words = OwnWords::default();
    let archive = Archive::new(around(&publication, layouts, &own_words), pages).unwrap();
    let essay = PageEssay {
        fingerprint: Fingerprint::of_bytes(essay.as_bytes()),
        opening,
        web_html: &|| unreachable!("a fingerprint needs no page"),
    };
    archive.issue(0, essay).fingerprint
}

#[test]
fn a_page_has_another_fingerprint_when_anything_that_it_shows_changes() {
    let pages = [page("b", "2026-09-08", &[]), page("a", "2026-09-01", &[])];
    let built_in = layouts();
    let usual = print_of(&pages, &built_in, "essay", "opening");
    assert_eq!(usual, print_of(&pages, &built_in, "essay", "opening"));

    assert_ne!(usual, print_of(&pages, &built_in, "edited", "opening"));
    assert_ne!(usual, print_of(&pages, &built_in, "essay", "edited"));
    let mut own = pages.clone();
    own[0].view.tags.push("craft".to_owned());
    assert_ne!(usual, print_of(&own, &built_in, "essay", "opening"));
    let mut neighbour = pages.clone();
    neighbour[1].view.title.push('!');
    assert_ne!(usual, print_of(&neighbour, &built_in, "essay", "opening"));
    // Which other templates a template extends or includes nobody knows before it is rendered.
    let edited = BTreeMap::from([(
        "redirect.html".to_owned(),
        crate::diagnostic::SourceText::new("templates/redirect.html", "<p>"),
    )]);
    let edited = Layouts::new(&edited).unwrap();
    assert_ne!(usual, print_of(&pages, &edited, "essay", "opening"));
}

#[test]
fn a_feed_that_is_opened_in_a_browser_explains_itself_in_its_language() {
    let german = PublicationView {
        language: "de".to_owned(),
        ..publication()
    };
    let (layouts, own_words) = (layouts(), OwnWords::default());
    let archive = Archive::new(around(&german, &layouts, &own_words), &[]).unwrap();
    let css = archive.file(&File::FeedStylesheet, &[]).make().unwrap();
    let css = String::from_utf8(css).unwrap();
    assert!(css.contains("content: \"Das ist ein Feed."));
    assert_eq!(super::assets::css_string("a\"b\\c\nd"), r#""a\"b\\c\a d""#);
}
