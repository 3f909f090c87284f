//! How large a mail is: what is told, what is stopped, and that other scripts have the same room.

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

const NAME: &str = "2026-12-01-the-lamp";

/// What makes about 11 KB of HTML.
const ENGLISH: &str = "The lamp stood on the table by the window, and whoever passed along the lane \
    at night could see that somebody was up, writing. In a village such things are known without a \
    question.\n\n";

fn room(relay: &ScriptedRelay, front_matter: &str, body: &str) -> Newsroom {
    newsroom()
        .now("2026-12-01T09:00:00Z")
        .relay(relay)
        .readers(2)
        .essay_with(NAME, "The lamp", front_matter, body)
}

/// Some 110 KB of HTML.
fn too_long() -> String {
    ENGLISH.repeat(500)
}

#[test]
fn a_mail_that_gmail_cuts_is_not_sent_and_the_author_learns_what_to_do() {
    let relay = ScriptedRelay::start();
    let room = room(&relay, "", &too_long());
    for command in [["send", "--yes"].as_slice(), &["send", "--due"], &["plan"]] {
        room.run(command)
            .fails(1)
            .stderr_contains("error[clipped-mail]: the mail's HTML has ")
            .stderr_contains("Gmail shows 102400 of them and hides the rest")
            .stderr_contains(
                "write `mail = \"excerpt\"` and put `<!-- more -->` where the mail ends",
            )
            .stderr_contains("`silence = [\"clipped-mail\"]` sends it all the same");
    }
    room.run(["check"]).fails(1).stderr_contains("clipped-mail");
    assert_eq!(relay.connections(), 0);
    assert!(!room.has("public"));
}

#[test]
fn an_author_who_knows_other_readers_sends_it_all_the_same() {
    let relay = ScriptedRelay::start();
    room(&relay, "silence = [\"clipped-mail\"]", &too_long())
        .run(["send", "--yes"])
        .exits(0)
        .stderr_lacks("clipped");
    assert_eq!(relay.accepted().len(), 2);
    let relay = ScriptedRelay::start();
    room(&relay, "", &too_long())
        .config(
            "check.silence = [\"clipped-mail\", \"missing-summary\", \"missing-postal-address\"]",
        )
        .run(["send", "--yes"])
        .exits(0)
        .stderr_lacks("clipped");
    assert_eq!(relay.accepted().len(), 2);
}

#[test]
fn an_excerpt_of_an_essay_that_is_too_long_is_sent() {
    let relay = ScriptedRelay::start();
    let body = format!("{ENGLISH}<!-- more -->\n\n{}", too_long());
    room(&relay, "mail = \"excerpt\"", &body)
        .run(["send", "--yes"])
        .exits(0)
        .stderr_lacks("clipped");
    assert_eq!(relay.accepted().len(), 2);
    let relay = ScriptedRelay::start();
    room(
        &relay,
        "mail = \"excerpt\"",
        &format!("{}<!-- more -->\n\nThe end.\n", too_long()),
    )
    .run(["send", "--yes"])
    .fails(1)
    .stderr_contains("put `<!-- more -->` further up");
}

#[test]
fn the_parts_that_are_large_are_named() {
    let code = format!("```rust\n{}```\n", "let a = 1; // b\n".repeat(1000));
    let row = "| Aldham | 120 | every day but Sunday |\n";
    let table = format!(
        "| Town | Letters | When |\n|---|--:|---|\n{}",
        row.repeat(1500)
    );
    for (body, name) in [(code, "blocks of code"), (table, "tables")] {
        let relay = ScriptedRelay::start();
        room(&relay, "", &format!("{ENGLISH}{body}"))
            .run(["check"])
            .exits(1)
            .stderr_contains(" % of it in ")
            .stderr_contains(&format!(" in {name}; the layout around it "))
            .stderr_contains(&format!("show fewer {name}, or split the essay in two"));
    }
}

/// As quoted-printable all of these would be cut: nine characters for a letter of Chinese.
#[test]
fn letters_of_other_scripts_are_sent_in_the_encoding_that_is_shorter() {
    let essays = [
        (
            "ar",
            "وضعت المصباح على الطاولة قرب النافذة، وكان كل من مر في الليل يرى أن أحدا ما زال يكتب.\n\n",
        ),
        (
            "he",
            "המנורה עמדה על השולחן ליד החלון, וכל מי שעבר בלילה ראה שמישהו עדיין כותב.\n\n",
        ),
        (
            "hi",
            "दीपक खिड़की के पास मेज़ पर रखा था, और रात को गुज़रने वाला हर कोई देखता था कि कोई लिख रहा है।\n\n",
        ),
        (
            "ja",
            "窓のそばの机にランプがあり、夜に道を通る人は、誰かがまだ起きて書いているのを見た。\n\n",
        ),
        (
            "zh",
            "窗边的桌子上放着一盏灯，夜里路过的人都看得见，还有人醒着，正在写信。\n\n",
        ),
    ];
    for (language, paragraph) in essays {
        let relay = ScriptedRelay::start();
        let body = paragraph.repeat(40_000 / paragraph.len());
        room(&relay, &format!("language = \"{language}\""), &body)
            .run(["send", "--yes"])
            .exits(0)
            .stderr_lacks("clipped");
        let accepted = relay.accepted();
        let letter = Letter::read(&accepted[0].data);
        letter.assert_strict();
        let message = String::from_utf8(letter.raw.clone()).unwrap();
        assert_eq!(
            message.matches("Content-Transfer-Encoding: base64").count(),
            2,
            "{language}"
        );
        let sent = message.len();
        let as_quoted = [letter.html(), letter.text()]
            .map(|part| quoted_printable::encode(part).len())
            .iter()
            .sum::<usize>();
        assert!(sent < as_quoted, "{language}: {sent} of {as_quoted} bytes");
        for words in [letter.html(), letter.text()] {
            assert_eq!(
                words
                    .replace([' ', '\n'], "")
                    .matches(&paragraph.replace([' ', '\n'], ""))
                    .count(),
                40_000 / paragraph.len(),
                "{language}"
            );
        }
    }
}

#[test]
fn a_letter_of_a_few_foreign_words_stays_readable_in_its_source() {
    let relay = ScriptedRelay::start();
    room(&relay, "", "Größe, пять, 五.\n")
        .run(["send", "--yes"])
        .exits(0);
    let message = String::from_utf8(relay.accepted()[0].data.clone()).unwrap();
    assert!(!message.contains("base64"), "{message}");
}
