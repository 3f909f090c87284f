//! What is saved is shown, and what is wrong with it until it is mended.

use super::{DRAFT, errors, newsroom, preview, problems};

#[test]
fn a_change_is_told_and_shown_however_the_editor_saves() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    let mut state = events.wait();
    assert!(
        browser
            .get("/")
            .contains(&format!("data-state=\"{state}\""))
    );
    let file = format!("issues/{DRAFT}.md");
    let text = room.read(&file);
    let mut see = |word: &str| {
        let next = events.wait();
        assert_ne!(next, state);
        state = next;
        let page = browser.get("/");
        assert!(page.contains(&format!("data-state=\"{state}\"")));
        assert!(browser.get("/mail").contains(word), "{word}");
    };
    room.write(&file, text.replace("oak galls", "soot"));
    see("soot");
    // As many editors do: another file takes the name.
    room.write("issues/.saved", text.replace("oak galls", "iron"));
    std::fs::rename(room.path("issues/.saved"), room.path(&file)).unwrap();
    see("iron");
    // The folder of the templates comes later.
    room.write("templates/essay.css", "strong { color: #123456 }");
    see("#123456");
    let settings = room.read("postrider.toml");
    room.write(
        "postrider.toml",
        settings.replace("The Test Letter", "The Inkwell"),
    );
    see("The Inkwell");
}

#[test]
fn a_theme_of_ones_own_and_the_logo_are_followed_too() {
    let room = newsroom()
        .config("theme = \"mine\"\nlogo = \"pictures/logo.png\"")
        .file("themes/mine/essay.css", "strong { color: #123456 }")
        .file("pictures/logo.png", "no picture");
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    events.wait();
    assert!(browser.get("/mail").contains("#123456"));
    let told = problems(&browser.get("/"));
    assert!(told.contains("`pictures/logo.png` is not a PNG"), "{told}");

    room.write("themes/mine/essay.css", "strong { color: #654321 }");
    events.wait();
    assert!(browser.get("/mail").contains("#654321"));

    room.write("pictures/logo.png", GIF);
    events.wait();
    let told = problems(&browser.get("/"));
    assert!(!told.contains("logo.png"), "{told}");
}

/// A picture of one pixel.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[test]
fn what_changes_nothing_for_readers_is_not_told() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    events.wait();
    room.write("public/index.html", "built");
    room.write("ledger.db-wal", "sent");
    room.write("issues/.2026-12-15-of-ink.md.swp", "the editor's own");
    let text = room.read("issues/2026-12-01-of-paper.md");
    room.write("issues/2026-12-01-of-paper.md", format!("{text}More.\n"));
    let state = events.wait();
    assert!(state.ends_with("-2"), "more than one change: {state}");
}

#[test]
fn an_error_is_shown_with_line_and_caret_until_it_is_mended() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    events.wait();
    let file = format!("issues/{DRAFT}.md");
    let whole = room.read(&file);

    room.write(&file, whole.replace("draft = true", "draft = maybe"));
    events.wait();
    let page = browser.get("/?issue=2026-12-15-of-ink");
    let told = problems(&page);
    assert!(
        told.contains("issues/2026-12-15-of-ink.md:4:9") && told.contains('^'),
        "{told}"
    );
    assert!(!page.contains("<iframe"), "what was shown before looks new");
    assert!(page.contains("\"With errors\""));

    room.write(&file, &whole);
    events.wait();
    let page = browser.get("/");
    assert_eq!(errors(&page), "");
    assert!(page.contains("<iframe"));
}

#[test]
fn what_the_rules_of_check_find_is_told_with_its_line() {
    let room = newsroom().essay_with(
        "2026-12-20-of-wax",
        "Of wax",
        "draft = true\nsummary = \"How wax is made.\"",
        "Bees make it.\n\nTK: say how.\n",
    );
    let (_running, browser) = preview(&room, &["of-wax"]);
    let page = browser.get("/");
    let told = problems(&page);
    assert!(told.contains("issues/2026-12-20-of-wax.md:10:1"), "{told}");
    assert!(page.contains("<iframe") && told.contains('^'), "{told}");
}

#[test]
fn an_error_in_a_template_breaks_the_face_that_it_makes() {
    let room = newsroom().file("templates/page.html", "<p>{{ issue.titel }}</p>\n");
    let (_running, browser) = preview(&room, &[]);
    let page = browser.get("/?view=web");
    let told = problems(&page);
    assert!(
        told.contains("templates/page.html:1:") && told.contains('^'),
        "{told}"
    );
    assert!(!page.contains("<iframe") && page.contains("cannot be shown"));
    let mail = browser.get("/");
    assert!(mail.contains("<iframe") && mail.contains("<span class=\"mark\">broken</span>"));
    assert_eq!(errors(&mail), errors(&page));

    let mut events = browser.listen("/events");
    events.wait();
    room.write("templates/page.html", "{% if %}\n");
    events.wait();
    let page = browser.get("/");
    let told = problems(&page);
    assert!(
        told.contains("templates/page.html:1:") && told.contains('^'),
        "{told}"
    );
    std::fs::remove_file(room.path("templates/page.html")).unwrap();
    events.wait();
    assert_eq!(errors(&browser.get("/?view=web")), "");
}

#[test]
fn an_error_in_the_settings_is_shown_too() {
    let room = newsroom();
    let settings = room.read("postrider.toml");
    room.write(
        "postrider.toml",
        settings.replace("language =", "langauge ="),
    );
    let (_running, browser) = preview(&room, &[]);
    let told = problems(&browser.get("/"));
    assert!(
        told.contains("postrider.toml:") && told.contains("`language`"),
        "{told}"
    );
    let mut events = browser.listen("/events");
    events.wait();
    room.write("postrider.toml", settings);
    events.wait();
    let page = browser.get("/");
    assert!(page.contains("Of ink") && errors(&page).is_empty());
}

#[test]
fn another_issue_with_an_error_does_not_hide_this_one() {
    let room = newsroom().file("issues/2026-12-09-broken.md", "+++\ntitle = \n+++\n");
    let (_running, browser) = preview(&room, &["broken"]);
    assert!(problems(&browser.get("/")).contains("issues/2026-12-09-broken.md:2:"));
    let page = browser.get("/?issue=2026-12-15-of-ink");
    assert!(page.contains("<iframe"));
    assert!(problems(&page).contains("`2026-12-09-broken` cannot be read"));
}

#[test]
fn two_issues_of_one_name_are_told_where_one_of_them_is_shown() {
    let room = newsroom().essay_with("2026-12-16-again", "Again", "slug = \"of-ink\"", "Text.\n");
    let (_running, browser) = preview(&room, &[]);
    let told = problems(&browser.get("/?issue=2026-12-15-of-ink"));
    assert!(told.contains("both have the slug `of-ink`"), "{told}");
    assert_eq!(errors(&browser.get("/?issue=2026-12-08-of-pens")), "");
}
