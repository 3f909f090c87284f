//! The rules of `check`: each is shown to find what it is for, and to keep silent beside it.

mod around;
mod links;
mod mail;
mod pictures;
mod structure;
mod words;

use std::collections::BTreeSet;

use super::newsroom;
use crate::support::newsroom::Newsroom;

/// Words enough for a letter, with nothing in them to find.
const WORDS: &str = "The lamp stood on the table by the window, and whoever passed along the lane \
    at night could see that somebody was up, writing. Nobody asked what it was. In a village such \
    things are known without a question: letters, and then more letters, and an answer now and then \
    that came with the early bus.\n";

/// A publication with one issue that is to be mailed in a month; nothing is silenced but that its
/// addresses are those of examples.
fn room() -> Newsroom {
    newsroom()
        .now("2026-11-01T12:00:00Z")
        .config("check.silence = [\"example-address\"]\npostal_address = \"1 Example Street\"")
        .subscribers("email,name,tags\nada@example.org,Ada,early\nbob@example.org,,\n")
}

/// The same with an essay of this text behind enough words.
fn essay(text: &str) -> Newsroom {
    with("", &format!("{}\n{text}\n", WORDS.repeat(3)))
}

/// The same with these lines in the front matter, and this for the whole essay.
fn with(front_matter: &str, body: &str) -> Newsroom {
    let summary = "summary = \"What a lamp in a window says.\"\n";
    let summary = if front_matter.contains("summary") {
        ""
    } else {
        summary
    };
    room().essay_with(
        "2026-12-01-the-lamp",
        "The lamp",
        &format!("{summary}{front_matter}"),
        body,
    )
}

/// The same with a title of its own, as it stands between quotes.
fn titled(title: &str) -> Newsroom {
    room().essay_with(
        "2026-12-01-the-lamp",
        title,
        "summary = \"What a lamp in a window says.\"",
        WORDS,
    )
}

/// What the rules say of the one issue, by their names.
#[track_caller]
fn told(room: &Newsroom) -> BTreeSet<String> {
    let output = room.run(["check", "the-lamp", "--json"]);
    let answer: serde_json::Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}{output}"));
    let problems = answer["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|problem| problem["rule"].as_str().unwrap_or("(none)").to_owned())
        .collect()
}

#[track_caller]
fn finds(rule: &str, room: &Newsroom) {
    let told = told(room);
    assert!(told.contains(rule), "{rule} is not in {told:?}");
}

/// Nothing at all is told: what a rule lets pass is no alarm of another one either.
#[track_caller]
fn silent(room: &Newsroom) {
    let told = told(room);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_letter_in_order_is_met_with_silence() {
    silent(&essay(""));
    silent(&essay(
        "## A heading\n\nA [standard](https://www.rfc-editor.org/rfc/rfc8058), a note[^1], `TODO` and \
         `{{ name }}` in code, “quotes”, [sic], array[0][1] and TKO.\n\n\
         ![The lamp, lit, at dusk](https://www.rfc-editor.org/lamp.png)\n\n[^1]: Its text.",
    ));
}

#[test]
fn a_rule_is_silenced_for_one_issue_or_for_all() {
    let twice = "He went to the the window.";
    silent(&with(
        "silence = [\"double-word\"]",
        &format!("{WORDS}\n{twice}\n"),
    ));
    silent(&essay(twice).config("check.silence = [\"double-word\", \"example-address\"]"));
    finds(
        "double-word",
        &with("silence = [\"leftover\"]", &format!("{WORDS}\n{twice}\n")),
    );
    finds("unknown-rule", &with("silence = [\"double-words\"]", WORDS));
    finds("unknown-rule", &with("silence = [\"empty-essay\"]", WORDS));
    let room = with("silence = [\"double-words\"]", WORDS);
    room.run(["check"])
        .fails(1)
        .stderr_contains("the-lamp.md:5:12")
        .stderr_contains("hint: did you mean `double-word`?");
    essay("")
        .config("check.silence = [\"mising-alt\"]")
        .run(["check"])
        .fails(1)
        .stderr_contains("there is no rule `mising-alt`")
        .stderr_contains("postrider.toml:")
        .stderr_contains("did you mean `missing-alt`?");
    essay("")
        .config("check.silence = [\"missing-picture\"]")
        .run(["check"])
        .fails(1)
        .stderr_contains("`missing-picture` cannot be silenced");
}

#[test]
fn one_whole_finding() {
    essay("He went to the\nthe window.")
        .run(["check"])
        .exits(0)
        .stdout_is("0 errors, 1 warning\n")
        .stderr_is(
            "warning[double-word]: `the the` stands there twice\n  \
             --> issues/2026-12-01-the-lamp.md:11:12\n   |\n11 | He went to the\n   |            ^^^\n\n\
             hint: take one of them out\n\n",
        );
}

#[test]
fn findings_that_are_too_many_are_counted() {
    let twice = "He went to the the window.\n\n".repeat(42);
    let room = essay(&twice);
    let output = room
        .run(["check"])
        .exits(0)
        .stdout_is("0 errors, 30 warnings\n");
    assert_eq!(
        output.stderr.matches("and 12 more like this").count(),
        1,
        "{output}"
    );
    assert_eq!(output.stderr.matches("warning[double-word]").count(), 30);
    essay(&"He went to the the window.\n\n".repeat(30))
        .run(["check"])
        .exits(0)
        .stderr_lacks("more like this");
}

/// The thirty are those that the author hears of.
#[test]
fn what_is_silenced_takes_the_place_of_nothing() {
    let many = "He went to the the window. TK\n\n".repeat(40);
    finds(
        "leftover",
        &with("silence = [\"double-word\"]", &format!("{WORDS}\n{many}")),
    );
}

/// Each rule that `check --rules` lists is found by a test above, but those that ask the network.
#[test]
fn every_rule_has_a_test_and_a_row_in_the_documents() {
    let output = room().run(["check", "--rules", "--json"]).succeeds();
    let rules: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    // However the lines are broken.
    let source: String = [
        include_str!("around.rs"),
        include_str!("links.rs"),
        include_str!("mail.rs"),
        include_str!("mod.rs"),
        include_str!("pictures.rs"),
        include_str!("structure.rs"),
        include_str!("words.rs"),
    ]
    .concat()
    .split_whitespace()
    .collect();
    let online = include_str!("../check_online.rs");
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/check.md")).unwrap();
    let rows: Vec<String> = rules
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            let text = |key: &str| rule[key].as_str().unwrap();
            let name = text("rule");
            assert!(
                source.contains(&format!("finds(\"{name}\""))
                    || online.contains(&format!("[{name}]")),
                "{name} has no test"
            );
            format!("| `{name}` | {} | {} |", text("severity"), text("about"))
        })
        .collect();
    let documented: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(documented, rows);
}
