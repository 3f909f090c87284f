//! Themes: which there are, what takes the place of what, and copies to work on.

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

fn letter(relay: &ScriptedRelay, room: &Newsroom) -> Letter {
    let before = relay.accepted().len();
    room.run(["send", "one", "--test", "reader@example.org"])
        .exits(0);
    Letter::read(&relay.wait_for(before + 1)[before].data)
}

fn room(relay: &ScriptedRelay) -> Newsroom {
    newsroom()
        .relay(relay)
        .essay("2026-12-01-one", "One", "> A quotation.\n\nText.\n")
        .subscriber("reader@example.org", "R")
}

#[test]
fn a_theme_changes_mail_and_pages() {
    let relay = ScriptedRelay::start();
    let plain = room(&relay);
    let memo = room(&relay).config("theme = \"memo\"");
    let (one, other) = (letter(&relay, &plain), letter(&relay, &memo));
    assert!(one.html().contains("font-family:Georgia") && !other.html().contains("Georgia"));
    assert!(other.html().contains("Helvetica") && other.html().contains("<blockquote"));
    other.assert_strict();
    for room in [&plain, &memo] {
        room.run(["build"]).succeeds();
    }
    let style = |room: &Newsroom| room.read("public/assets/style.css");
    assert_ne!(style(&plain), style(&memo));
    assert!(
        style(&memo).starts_with(&style(&plain)),
        "what the theme lays out is laid out here, too"
    );
    // What the theme does not have is that of the default.
    assert!(memo.has("public/404.html"));
}

#[test]
fn the_authors_files_take_the_place_of_the_themes_one_by_one() {
    let relay = ScriptedRelay::start();
    let own = "<p>Mine</p>\n{{ essay }}\n<a href=\"{{ unsubscribe_url }}\">x</a>\n";
    let room = room(&relay)
        .config("theme = \"mine\"")
        .file("themes/mine/email.html", own)
        .file("themes/mine/essay.css", "p { color: #123456 }\n");
    let of_theme = letter(&relay, &room);
    assert!(of_theme.html().starts_with("<p>Mine</p>") && of_theme.html().contains("#123456"));
    // The default's, since the theme has none.
    assert!(of_theme.text().contains("To answer, reply to this mail."));
    room.write("templates/email.html", own.replace("Mine", "Over"));
    let over = letter(&relay, &room);
    assert!(over.html().starts_with("<p>Over</p>") && over.html().contains("#123456"));
}

#[test]
fn the_themes_are_listed_with_what_takes_their_place() {
    let room = newsroom()
        .config("theme = \"memo\"")
        .file("templates/web.css", "p { color: red }\n")
        .file(
            "themes/mine/email.txt",
            "{{ essay }}\n{{ unsubscribe_url }}\n",
        );
    let list = room.run(["theme"]).succeeds();
    insta::assert_snapshot!("the_themes", list.stdout);
    let json = room.run(["theme", "list", "--json"]).succeeds().json();
    assert_eq!(json["chosen"], "memo");
    assert_eq!(json["templates"], serde_json::json!(["web.css"]));
    assert_eq!(json["themes"][2]["files"], serde_json::json!(["email.txt"]));
    assert_eq!(json["themes"][2]["built_in"], false);
}

#[test]
fn a_copy_of_the_theme_changes_nothing_until_it_is_edited() {
    let relay = ScriptedRelay::start();
    for theme in ["letter", "memo"] {
        let room = room(&relay).config(&format!("theme = \"{theme}\""));
        let before = letter(&relay, &room);
        room.run(["theme", "eject"])
            .succeeds()
            .stdout_contains("templates/email.html");
        assert!(room.has("templates/page.html") && room.has("templates/essay.css"));
        let after = letter(&relay, &room);
        assert_eq!((before.html(), before.text()), (after.html(), after.text()));
        // Files that are the theme's are no reason to stop.
        room.run(["theme", "eject"]).succeeds();
    }
}

#[test]
fn nothing_of_the_author_is_written_over_unasked() {
    let room = newsroom().file("templates/page.html", "mine\n");
    room.run(["theme", "eject", "404.html", "page.html"])
        .fails(1)
        .stderr_contains("`templates/page.html` is there already")
        .stderr_contains("--force");
    assert!(!room.has("templates/404.html"), "all or nothing");
    room.run(["theme", "eject", "404.html"]).succeeds();
    assert!(room.has("templates/404.html") && room.read("templates/page.html") == "mine\n");
    room.run(["theme", "eject", "page.html", "--force"])
        .succeeds();
    assert!(
        room.read("templates/page.html")
            .contains("{{ issue.title }}")
    );
    room.run(["theme", "eject", "../x"])
        .fails(1)
        .stderr_contains("the theme has no file `../x`");
    room.run(["theme", "eject", "emial.html"])
        .fails(1)
        .stderr_contains("did you mean `email.html`?");
}

#[test]
fn a_broken_template_is_told_with_its_place_and_the_themes_own_can_be_had_again() {
    let room = newsroom().essay("2026-12-01-one", "One", "Text.\n");
    room.run(["theme", "eject", "email.html", "index.html"])
        .succeeds();
    let whole = room.read("templates/email.html");
    room.write(
        "templates/email.html",
        format!("{{% if direction %}}\n{whole}"),
    );
    room.run(["build"])
        .fails(1)
        .stderr_contains("error: unexpected end of input")
        .stderr_contains("templates/email.html:")
        .stderr_contains("^")
        .stderr_contains("hint: something above has no end");
    room.run(["theme", "list"])
        .succeeds()
        .stdout_contains("in its place: templates/email.html, templates/index.html");
    room.run(["theme", "eject", "email.html"])
        .fails(1)
        .stderr_contains("`templates/email.html` is there already");
    room.run(["theme", "eject", "--force", "email.html"])
        .succeeds();
    assert_eq!(room.read("templates/email.html"), whole);
    room.run(["build"]).succeeds();
}

#[test]
fn an_unknown_theme_is_told_with_its_place() {
    let room = newsroom().config("theme = \"mems\"");
    let line = room
        .read("postrider.toml")
        .lines()
        .position(|line| line.contains("mems"))
        .unwrap()
        + 1;
    room.run(["check"])
        .fails(1)
        .stderr_contains("there is no theme `mems`")
        .stderr_contains(&format!("postrider.toml:{line}:9"))
        .stderr_contains("did you mean `memo`?");
    newsroom()
        .file("themes/mine/email.txt", "")
        .config("theme = \"../elsewhere\"")
        .run(["check"])
        .fails(1)
        .stderr_contains("there is: mine, letter, memo");
}
