//! The archive as a site: tags, the page about the publication, what search engines read, and the
//! addresses that an issue had before.

use super::newsroom;
use crate::support::newsroom::Newsroom;

/// Two essays, one tag of each and one of both.
fn tagged() -> Newsroom {
    newsroom()
        .essay_with(
            "2026-12-01-ink",
            "Ink",
            "summary = \"On ink\"\ntags = [\"craft\", \"materials\"]",
            "Ink.\n",
        )
        .essay_with(
            "2026-12-08-habit",
            "Habit",
            "tags = [\"craft\", \"手紙\"]\nupdated = 2026-12-09T10:00:00Z",
            "Habit.\n",
        )
}

#[test]
fn a_tag_has_a_page_and_three_feeds_of_its_issues_alone() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    let page = room.read("public/tags/materials/index.html");
    assert!(page.contains("/issues/ink/") && !page.contains("/issues/habit/"));
    for feed in ["feed.xml", "atom.xml", "feed.json"] {
        let text = room.read(&format!("public/tags/materials/{feed}"));
        assert!(text.contains("/issues/ink/") && !text.contains("/issues/habit/"));
        let own = format!("https://letters.example.org/tags/materials/{feed}");
        assert!(text.contains(&own), "{feed} does not know its address");
        assert!(text.contains("materials · The Test Letter"), "{feed}");
        // The same issue has the same identity in every feed of it.
        let id = crate::support::newsroom::id_of("2026-12-01-ink").to_string();
        assert!(text.contains(&id) && room.read(&format!("public/{feed}")).contains(&id));
    }
    let atom: atom_syndication::Feed = room.read("public/tags/craft/atom.xml").parse().unwrap();
    assert_eq!(atom.entries().len(), 2);
    let whole: atom_syndication::Feed = room.read("public/atom.xml").parse().unwrap();
    assert_ne!(atom.id(), whole.id());
    // Of letters that no keyboard here has, but readable.
    assert!(room.has("public/tags/shou-zhi/index.html"));
}

#[test]
fn tags_that_would_share_a_page_are_refused_with_both_their_places() {
    let room = tagged().essay_with(
        "2026-12-15-again",
        "Again",
        "tags = [\"other\", \"Crafts\", \"Craft\"]",
        "Again.\n",
    );
    let output = room.run(["build"]).fails(1);
    let output = output
        .stderr_contains("the tags `craft` and `Craft` would share the page `tags/craft/`")
        .stderr_contains("issues/2026-12-15-again.md:4:29")
        .stderr_contains("`craft` stands in issues/2026-12-01-ink.md:5");
    output.stderr_contains("write both alike if they mean the same");
    assert!(!room.has("public"));
    room.run(["check"]).fails(1);
    // One that is the beginning of the other.
    newsroom()
        .essay_with(
            "2026-12-15-again",
            "Again",
            "tags = [\"C++\", \"C\"]",
            "Again.\n",
        )
        .run(["build"])
        .fails(1)
        .stderr_contains("issues/2026-12-15-again.md:4:17");
}

#[test]
fn the_page_about_the_publication_comes_from_about_md_and_needs_no_front_matter() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    assert!(!room.has("public/about"));
    assert!(!room.read("public/index.html").contains("/about/"));

    room.write(
        "about.md",
        "# Who we are\n\nTwo *people* and a [table](table/).\n",
    );
    room.run(["-q", "build"]).succeeds();
    let page = room.read("public/about/index.html");
    assert_eq!(page.matches("<h1>").count(), 1);
    assert!(page.contains("<h1>Who we are</h1>"));
    assert!(page.contains("Two <em>people</em>"));
    let link = r#"<a href="https://letters.example.org/about/">Who we are</a>"#;
    for page in [
        "index.html",
        "issues/ink/index.html",
        "404.html",
        "tags/index.html",
    ] {
        assert!(
            room.read(&format!("public/{page}")).contains(link),
            "{page}"
        );
    }
    let map = room.read("public/sitemap.xml");
    assert!(map.contains("<loc>https://letters.example.org/about/</loc>"));

    std::fs::remove_file(room.path("about.md")).unwrap();
    room.run(["-q", "build"]).succeeds();
    assert!(!room.has("public/about"));
}

#[test]
fn a_picture_of_about_md_is_published_under_its_hash_and_with_its_size() {
    let room = tagged()
        .subscriber("ada@example.org", "Ada")
        .file(
            "about.md",
            "# Us\n\n![Our door](art/door.svg) and [all of you](subscribers.csv).\n",
        )
        .file("art/door.svg", "<svg width='30' height='20'/>");
    room.run(["-q", "build"]).succeeds();
    let published = |room: &Newsroom| room.files("public/assets/about");
    let [door] = <[String; 1]>::try_from(published(&room)).unwrap();
    assert!(door.starts_with("art/door-"), "{door}");
    assert_eq!(
        room.read(&format!("public/assets/about/{door}")),
        "<svg width='30' height='20'/>"
    );
    let url = format!("https://letters.example.org/assets/about/{door}");
    let image = format!("<img src=\"{url}\" alt=\"Our door\" width=\"30\" height=\"20\"");
    let page = room.read("public/about/index.html");
    assert!(page.contains(&image), "{page}");
    // No mail shows it: the old one does not stay.
    room.write("art/door.svg", "<svg width='31' height='20'/>");
    room.run(["-q", "build"]).succeeds();
    let [other] = <[String; 1]>::try_from(published(&room)).unwrap();
    assert_ne!(other, door);
    let page = room.read("public/about/index.html");
    assert!(page.contains(&other) && page.contains("width=\"31\""));
}

#[test]
fn about_md_publishes_pictures_of_the_publication_and_nothing_else() {
    let room = tagged().file("art/.door.svg", "<svg width='30' height='20'/>");
    for (text, message) in [
        (
            "![x](doors.svg)",
            "there is no picture `doors.svg` in the publication's folder",
        ),
        ("![x](postrider.toml)", "`postrider.toml` is not a picture"),
        (
            "![x](../door.svg)",
            "`../door.svg` lies outside of the publication's folder",
        ),
        ("![x](art/.door.svg)", "`art/.door.svg` stays private"),
    ] {
        room.write("about.md", format!("# Us\n\n{text}\n"));
        for command in ["build", "check"] {
            room.run([command])
                .fails(1)
                .stderr_contains(message)
                .stderr_contains("about.md:3:");
        }
    }
    assert!(!room.has("public/index.html"));
}

#[test]
fn what_only_an_issue_has_is_refused_in_about_md() {
    let room = tagged().file(
        "about.md",
        "+++\ntitle = \"Us\"\ndraft = true\n+++\n\nText.\n",
    );
    for command in ["build", "check"] {
        room.run([command])
            .fails(1)
            .stderr_contains("`about.md` is no issue and has no such key")
            .stderr_contains("about.md:3:9");
    }
    room.write("about.md", "+++\ntitel = \"Us\"\n+++\n");
    room.run(["build"])
        .fails(1)
        .stderr_contains("did you mean `title`?");
}

#[test]
fn a_page_tells_when_it_was_published_and_corrected_and_in_which_place_it_belongs() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    let page = room.read("public/issues/habit/index.html");
    for tag in [
        r#"<link rel="canonical" href="https://letters.example.org/issues/habit/">"#,
        r#"<link rel="prev" href="https://letters.example.org/issues/ink/">"#,
        r#"<meta property="article:published_time" content="2026-12-08T09:00:00Z">"#,
        r#"<meta property="article:modified_time" content="2026-12-09T10:00:00Z">"#,
        r#"<meta property="article:tag" content="craft">"#,
        r#"<meta property="og:type" content="article">"#,
        r#"<meta property="og:title" content="Habit">"#,
        r#"<meta property="og:site_name" content="The Test Letter">"#,
        r#"<meta property="og:description" content="Habit.">"#,
    ] {
        assert_eq!(page.matches(tag).count(), 1, "{tag} in {page}");
    }
}

#[test]
fn search_engines_are_told_of_every_page_and_below_a_path_of_no_rules() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    let map = room.read("public/sitemap.xml");
    for path in ["", "issues/ink/", "issues/habit/", "tags/", "tags/craft/"] {
        assert!(map.contains(&format!("<loc>https://letters.example.org/{path}</loc>")));
    }
    assert!(!map.contains("404"));
    assert!(map.contains("<lastmod>2026-12-09T10:00:00Z</lastmod>"));
    let rules = room.read("public/robots.txt");
    assert!(rules.contains("Sitemap: https://letters.example.org/sitemap.xml\n"));

    let below = room.config("base_url = \"https://example.org/letters\"");
    below.run(["-q", "build"]).succeeds();
    assert!(!below.has("public/robots.txt"));
    let map = below.read("public/sitemap.xml");
    assert!(map.contains("<loc>https://example.org/letters/issues/ink/</loc>"));
}

/// The path below `public/` to which a property of a page's head leads.
#[track_caller]
fn picture_of(room: &Newsroom, page: &str) -> String {
    let text = room.read(&format!("public/{page}"));
    let url = super::between(&text, "<meta property=\"og:image\" content=\"", "\"");
    url.replacen("https://letters.example.org/", "", 1)
}

#[test]
fn a_link_to_an_issue_comes_with_a_card_that_is_drawn_for_it() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    let card = picture_of(&room, "issues/ink/index.html");
    let png = room.read_bytes(&format!("public/{card}"));
    let size = |from: usize| u32::from_be_bytes(png[from..from + 4].try_into().unwrap());
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!((size(16), size(20)), (1200, 630));
    assert_ne!(picture_of(&room, "issues/habit/index.html"), card);
    assert_ne!(picture_of(&room, "index.html"), card);

    // The text of the essay is not on the card; the title is.
    let essay = room.read("issues/2026-12-01-ink.md");
    room.write("issues/2026-12-01-ink.md", essay.replace("Ink.", "Edited."));
    room.run(["-q", "build"]).succeeds();
    assert_eq!(picture_of(&room, "issues/ink/index.html"), card);
    let retitled = essay.replace("title = \"Ink\"", "title = \"Blue ink\"");
    room.write("issues/2026-12-01-ink.md", retitled);
    room.run(["-q", "build"]).succeeds();
    assert_ne!(picture_of(&room, "issues/ink/index.html"), card);
    assert!(!room.has(&format!("public/{card}")));
}

#[test]
fn a_cover_is_the_picture_of_its_issue_in_pages_and_feeds() {
    let room = newsroom().essay_with(
        "2026-12-01-ink",
        "Ink",
        "cover = \"https://example.net/ink.jpg\"",
        "Ink.\n",
    );
    room.run(["-q", "build"]).succeeds();
    assert_eq!(
        picture_of(&room, "issues/ink/index.html"),
        "https://example.net/ink.jpg"
    );
    let feed: serde_json::Value = serde_json::from_str(&room.read("public/feed.json")).unwrap();
    assert_eq!(feed["items"][0]["image"], "https://example.net/ink.jpg");
}

/// Gives the issue `habit` another name.
fn renamed(room: &Newsroom, to: &str) {
    let stem = |name: &str| room.path(&format!("issues/2026-12-08-{name}.md"));
    let from = ["habit", "routine", "custom"]
        .into_iter()
        .find(|name| stem(name).exists())
        .unwrap();
    std::fs::rename(stem(from), stem(to)).unwrap();
}

#[test]
fn a_changed_slug_leaves_a_page_that_leads_to_the_new_one() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    renamed(&room, "routine");
    room.run(["build"])
        .exits(0)
        .stderr_contains("`issues/habit/` leads to `issues/routine/`")
        .stderr_contains("write `aliases = [\"habit\"]` into issues/2026-12-08-routine.md");
    renamed(&room, "custom");
    room.run(["build"]).exits(0);
    for old in ["habit", "routine"] {
        let page = room.read(&format!("public/issues/{old}/index.html"));
        assert!(
            page.contains("url=https://letters.example.org/issues/custom/"),
            "{page}"
        );
        assert!(!room.read("public/sitemap.xml").contains(old));
    }
    // What the author writes down is known everywhere, and there is nothing more to say.
    let file = "issues/2026-12-08-custom.md";
    let text = room.read(file);
    let aliases = "+++\naliases = [\"habit\", \"routine\"]\n";
    room.write(file, text.replacen("+++\n", aliases, 1));
    room.run(["-q", "build"]).succeeds();
    room.run(["build", "--out", "elsewhere"]).succeeds();
    assert!(room.has("elsewhere/issues/habit/index.html"));
}

#[test]
fn a_name_that_another_issue_has_now_is_that_issues() {
    let room = tagged();
    room.run(["-q", "build"]).succeeds();
    renamed(&room, "routine");
    let room = room.essay("2026-12-22-habit", "A new habit", "Anew.\n");
    room.run(["-q", "build"]).succeeds();
    assert!(
        room.read("public/issues/habit/index.html")
            .contains("<p>Anew.</p>")
    );
    assert!(
        room.read("public/issues/routine/index.html")
            .contains("<p>Habit.</p>")
    );
}
