//! An issue in any language: its mail and its page say the right words in the right direction.

use super::{between, newsroom};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// Language, direction, the word for leaving, and the first of December.
const LANGUAGES: [(&str, &str, &str, &str); 11] = [
    ("en", "ltr", "Unsubscribe", "1 December 2026"),
    ("de-AT", "ltr", "Abbestellen", "1. Dezember 2026"),
    ("fr", "ltr", "Se désabonner", "1er décembre 2026"),
    (
        "es",
        "ltr",
        "Cancelar la suscripción",
        "1 de diciembre de 2026",
    ),
    (
        "pt-BR",
        "ltr",
        "Cancelar a inscrição",
        "1 de dezembro de 2026",
    ),
    ("ar", "rtl", "إلغاء الاشتراك", "1 ديسمبر 2026"),
    ("he", "rtl", "ביטול המינוי", "1 בדצמבר 2026"),
    ("hi", "ltr", "सदस्यता समाप्त करें", "1 दिसंबर 2026"),
    ("zh", "ltr", "退订", "2026年12月1日"),
    ("zh-Hant", "ltr", "取消訂閱", "2026年12月1日"),
    ("ja", "ltr", "配信停止", "2026年12月1日"),
];

/// The mail of the issue `one` as a test.
fn letter(relay: &ScriptedRelay, room: &Newsroom) -> Letter {
    let before = relay.accepted().len();
    room.run(["send", "one", "--test", "reader@example.org"])
        .exits(0);
    Letter::read(&relay.wait_for(before + 1)[before].data)
}

fn room_in(language: &str) -> Newsroom {
    newsroom()
        .essay("2026-12-01-one", "One", "> A quotation.\n\n- A point\n")
        .subscriber("reader@example.org", "R")
        .config(&format!("language = \"{language}\""))
}

#[test]
fn mail_and_page_speak_the_language_of_the_publication() {
    let relay = ScriptedRelay::start();
    for (language, direction, unsubscribe, date) in LANGUAGES {
        let room = room_in(language).relay(&relay);
        let letter = letter(&relay, &room);
        let opening = format!("<html lang=\"{language}\" dir=\"{direction}\">");
        assert!(letter.html().contains(&opening), "{}", letter.html());
        // Gmail throws `html` away.
        let inner = format!("lang=\"{language}\" dir=\"{direction}\" width=");
        assert!(letter.html().contains(&inner));
        assert!(
            letter.html().contains(&format!(">{unsubscribe}</a>")),
            "{}",
            letter.html()
        );
        for part in [letter.html(), letter.text()] {
            assert!(part.contains(unsubscribe) && part.contains(date), "{part}");
            assert!(language == "en" || !part.contains("Unsubscribe"), "{part}");
        }
        let (near, far) = if direction == "rtl" {
            ("right", "left")
        } else {
            ("left", "right")
        };
        let quotation = between(letter.html(), "<blockquote", ">");
        assert!(
            quotation.contains(&format!("border-{near}:")),
            "{quotation}"
        );
        assert!(
            !quotation.contains(&format!("border-{far}:")),
            "{quotation}"
        );

        room.run(["build"]).succeeds();
        let page = room.read("public/issues/one/index.html");
        assert!(page.contains(&opening) && page.contains(date), "{page}");
        let not_found = room.read("public/404.html");
        assert!(
            language == "en" || !not_found.contains("Not known"),
            "{not_found}"
        );
    }
}

#[test]
fn an_issue_in_another_language_speaks_it_and_the_frame_of_its_page_does_not() {
    let relay = ScriptedRelay::start();
    let room = newsroom()
        .relay(&relay)
        .essay_with("2026-12-01-one", "Eins", "language = \"he\"", "Text.\n")
        .subscriber("reader@example.org", "R");
    let letter = letter(&relay, &room);
    assert!(letter.html().contains("ביטול המינוי") && letter.text().contains("ביטול המינוי"));
    room.run(["build"]).succeeds();
    let page = room.read("public/issues/one/index.html");
    assert!(page.contains("<html lang=\"he\" dir=\"rtl\">"));
    let main = between(&page, "<main", "</main>");
    assert!(main.contains("1 בדצמבר 2026"), "{main}");
    let foot = between(&page, "<footer", "</footer>");
    assert!(
        foot.contains("lang=\"en\" dir=\"ltr\"") && foot.contains("In a feed reader"),
        "{foot}"
    );
    let front = room.read("public/index.html");
    assert!(front.contains("<html lang=\"en\" dir=\"ltr\">"));
}

#[test]
fn an_author_says_it_otherwise() {
    let relay = ScriptedRelay::start();
    let room = room_in("de").relay(&relay).table(
        "[words]\nunsubscribe = \"Tschüss\"\nsent_to = \"An {email}\"\n\n[words.en]\nunsubscribe = \"Bye\"\n",
    );
    let first = letter(&relay, &room);
    assert!(first.html().contains(">Tschüss</a>") && first.text().contains("Tschüss"));
    assert!(first.html().contains("An reader@example.org"));
    let english =
        room.read("issues/2026-12-01-one.md")
            .replacen("+++\n", "+++\nlanguage = \"en\"\n", 1);
    room.write("issues/2026-12-01-one.md", english);
    let second = letter(&relay, &room);
    assert!(second.html().contains(">Bye</a>") && second.html().contains("One"));
    assert!(
        second
            .html()
            .contains("The Test Letter comes to reader@example.org.")
    );
}

#[test]
fn a_wrong_word_is_told_with_its_place() {
    for (table, position, message, hint) in [
        (
            "unsubscrib = \"x\"",
            "1:1",
            "`unsubscrib` is not one of the words",
            "did you mean `unsubscribe`?",
        ),
        (
            "sent_to = \"{mail}\"",
            "1:11",
            "`sent_to` has no place `{mail}`",
            "`{title}` and `{email}`",
        ),
        (
            "unsubscribe = \"\"",
            "1:15",
            "`unsubscribe` must be one line of text",
            "leave the key out",
        ),
        (
            "months = \"a, b\"",
            "1:10",
            "`months` takes 12 names",
            "January is the first",
        ),
        (
            "date_format = \"%Q\"",
            "1:15",
            "`date_format` is not a pattern",
            "%B",
        ),
        (
            "[words.german_ish]\nread_on = \"x\"",
            "1:8",
            "`german_ish` is not a language tag",
            "[words.de]",
        ),
        (
            "[words.jp]\nread_on = \"x\"",
            "1:8",
            "`jp` names no language",
            "did you mean `ja`?",
        ),
        (
            "[words.de]\nreadon = \"x\"",
            "2:1",
            "`readon` is not one of the words",
            "did you mean `read_on`?",
        ),
    ] {
        let room = newsroom().table(&format!("[words]\n{table}"));
        let settings = room.read("postrider.toml");
        let above = settings.split("[words]\n").next().unwrap().lines().count() + 1;
        let (line, column) = position.split_once(':').unwrap();
        let line = line.parse::<usize>().unwrap() + above;
        room.run(["check"])
            .fails(1)
            .stderr_contains(message)
            .stderr_contains(hint)
            .stderr_contains(&format!("postrider.toml:{line}:{column}"));
    }
    newsroom()
        .config("language = \"de_AT\"")
        .run(["check"])
        .fails(1)
        .stderr_contains("`language` is not a language tag")
        .stderr_contains("did you mean `de-AT`?");
}

#[test]
fn a_language_that_there_is_not_is_told_with_its_place_and_one_without_words_is_none_of_them() {
    for (tag, hint) in [
        ("xx", "write a tag such as `en`"),
        ("jp", "did you mean `ja`?"),
        ("german", "did you mean `de`?"),
    ] {
        let settings = format!("language = \"{tag}\"");
        let room = newsroom().config(&settings);
        let lines = room.read("postrider.toml");
        let line = lines.lines().position(|line| line == settings).unwrap() + 1;
        for command in ["check", "build"] {
            room.run([command])
                .fails(1)
                .stderr_contains(&format!("names no language: ISO 639 has no code `{tag}`"))
                .stderr_contains(hint)
                .stderr_contains(&format!("postrider.toml:{line}:12"))
                .stderr_contains("^");
        }
        assert_eq!(room.files(""), ["postrider.toml"]);

        let room = newsroom().essay_with("2026-12-01-one", "One", &settings, "Text.\n");
        for command in ["check", "build"] {
            room.run([command])
                .fails(1)
                .stderr_contains(&format!("ISO 639 has no code `{tag}`"))
                .stderr_contains(hint)
                .stderr_contains("issues/2026-12-01-one.md:4:12")
                .stderr_contains("^");
        }
        assert!(!room.has("public/index.html"));
    }
    let room = newsroom()
        .config("language = \"sv\"")
        .essay("2026-12-01-one", "Ett", "Text.\n");
    room.run(["build"]).exits(0);
    room.run(["check"])
        .stderr_contains("warning[unspoken-language]: there are no built-in words for `sv`");
}

#[test]
fn a_letter_in_arabic() {
    let relay = ScriptedRelay::start();
    let room = newsroom()
        .relay(&relay)
        .config("language = \"ar\"\ntitle = \"البريد البطيء\"\nauthor = \"المحررة\"\npostal_address = \"1 Example Street\"")
        .essay_with(
            "2026-12-01-one",
            "في مديح الرسائل",
            "summary = \"لماذا تُكتب الرسائل على مهل.\"",
            "فقرة أولى فيها [رابط](https://example.org/).\n\n> اقتباس.\n\n- أول\n- ثانٍ\n\n```\ncode\n```\n",
        )
        .subscriber("reader@example.org", "R");
    let letter = letter(&relay, &room);
    letter.assert_strict();
    let html = letter.html().split_once("<body").unwrap().1;
    insta::assert_snapshot!("an_arabic_mail", html);
    insta::assert_snapshot!("an_arabic_text", letter.text());
}
