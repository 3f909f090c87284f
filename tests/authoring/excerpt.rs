//! A mail that ends in the middle of the essay and leads on to the rest.

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

const BODY: &str = "The beginning.[^1]\n\n<!-- more -->\n\nThe end.[^2]\n\n[^1]: First note.\n\n[^2]: Second note.\n";

fn room(relay: &ScriptedRelay, keys: &str, body: &str) -> Newsroom {
    newsroom()
        .relay(relay)
        .essay_with("2026-12-01-one", "One", keys, body)
        .subscriber("reader@example.org", "R")
}

#[test]
fn the_mail_ends_at_the_mark_and_leads_on_while_page_and_feeds_have_it_all() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, "mail = \"excerpt\"\nlanguage = \"fr\"", BODY);
    room.run(["send", "one", "--yes"]).exits(0);
    let letter = Letter::read(&relay.wait_for(1)[0].data);
    letter.assert_strict();
    let address = "https://letters.example.org/issues/one/";
    for part in [letter.html(), letter.text()] {
        assert!(
            part.contains("The beginning.") && part.contains("First note."),
            "{part}"
        );
        assert!(
            !part.contains("The end.") && !part.contains("Second note."),
            "{part}"
        );
        assert!(
            part.contains("Lire la suite") && part.contains(address),
            "{part}"
        );
    }
    let link = format!("<a href=\"{address}\" style=\"color:#9a3412\">Lire la suite</a>");
    assert!(letter.html().contains(&link), "{}", letter.html());
    assert!(
        letter
            .text()
            .contains(&format!("Lire la suite\u{a0}:\n{address}\n")),
        "{}",
        letter.text()
    );
    for file in ["issues/one/index.html", "feed.xml", "atom.xml", "feed.json"] {
        let text = room.read(&format!("public/{file}"));
        assert!(
            text.contains("The beginning.") && text.contains("The end."),
            "{file}: {text}"
        );
        assert!(!text.contains("Lire la suite"), "{file}");
    }
}

#[test]
fn without_the_key_the_mail_has_it_all() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, "", BODY);
    room.run(["send", "one", "--yes"]).exits(0);
    let letter = Letter::read(&relay.wait_for(1)[0].data);
    assert!(letter.html().contains("The end.") && letter.text().contains("The end."));
    assert!(!letter.html().contains("Read on<") && !letter.text().contains("Read on:"));
}

#[test]
fn an_excerpt_without_a_mark_is_an_error_with_its_line() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, "mail = \"excerpt\"", "No mark.\n").now("2026-12-01T09:30:00Z");
    let line = room
        .read("issues/2026-12-01-one.md")
        .lines()
        .position(|line| line.starts_with("mail ="))
        .unwrap()
        + 1;
    for verb in [&["check"][..], &["send", "--yes"], &["plan", "one"]] {
        room.run(verb)
            .fails(1)
            .stderr_contains("the essay has no `<!-- more -->`, at which its mail should end")
            .stderr_contains(&format!("issues/2026-12-01-one.md:{line}:8"));
    }
    assert!(relay.accepted().is_empty());
}

#[test]
fn a_wrong_value_is_told() {
    let relay = ScriptedRelay::start();
    room(&relay, "mail = \"exzerpt\"", BODY)
        .run(["check"])
        .fails(1)
        .stderr_contains("`mail` takes true, false or \"excerpt\"")
        .stderr_contains("mail = \"excerpt\"");
}
