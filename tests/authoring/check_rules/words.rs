//! What is said: the subject, the summary, what was left in the text.

use super::{WORDS, essay, finds, room, silent, titled, with};

#[test]
fn a_subject_shows_something() {
    finds(
        "blank-subject",
        &with("subject = \"\\u200B\\u2800\"", WORDS),
    );
    silent(&with("subject = \"Lamp\"", WORDS));
}

#[test]
fn a_subject_fits_a_screen() {
    let long = |length: usize| {
        with(
            &format!("subject = \"{}\"", "lamp ".repeat(length / 5)),
            WORDS,
        )
    };
    finds("long-subject", &long(85));
    finds("cut-subject", &long(70));
    silent(&long(55));
}

#[test]
fn a_subject_does_not_shout() {
    finds("shouting-subject", &titled("THE LAMP IS LIT"));
    finds("shouting-subject", &titled("The lamp!!"));
    silent(&titled("NASA and the BBC!"));
    silent(&titled("ÖPNV"));
    silent(&titled("灯台の話"));
}

#[test]
fn a_subject_has_a_word() {
    finds("wordless-subject", &titled("🏮🏮"));
    silent(&titled("🏮 The lamp"));
}

#[test]
fn a_subject_does_not_pretend_to_answer() {
    finds("reply-subject", &titled("Re: your lamp"));
    finds("reply-subject", &titled("FWD: The lamp"));
    silent(&titled("Readers: a lamp"));
}

#[test]
fn phrases_that_filters_know_are_named() {
    finds("spam-words", &titled("Buy now, says the lamp"));
    finds("spam-words", &essay("There is a money back guarantee."));
    silent(&essay(
        "I would not lose weight over it, nor buy now what I can buy later, free of charge.",
    ));
}

#[test]
fn a_summary_is_there_and_says_more_than_the_title() {
    let without = room().essay("2026-12-01-the-lamp", "The lamp", WORDS);
    finds("missing-summary", &without);
    finds("repeating-summary", &with("summary = \"The lamp.\"", WORDS));
    let long = format!("summary = \"{}\"", "A lamp stood there. ".repeat(12));
    finds("long-summary", &with(&long, WORDS));
    silent(&with("summary = \"The lamp by the window.\"", WORDS));
    // On the web the essay's first words stand in.
    let web = room().essay_with("2026-12-01-the-lamp", "The lamp", "mail = false", WORDS);
    silent(&web);
}

#[test]
fn notes_to_oneself_are_found() {
    for note in [
        "It was in TK.",
        "TODO: the year",
        "The year (FIXME) is wrong.",
        "XXX and so on",
        "Lorem ipsum dolor",
        "See [link] for more.",
        "See the archive (URL).",
        "In 17?? or 18???",
    ] {
        finds("leftover", &essay(note));
    }
    finds("leftover", &with("summary = \"TK\"", WORDS));
    for fine in [
        "TKO in the third round.",
        "Super Bowl XXX was in 1996.",
        "Really?? he asked.",
        "Why???",
        "The todo list.",
        "    TODO: code",
    ] {
        silent(&essay(fine));
    }
    silent(&with(
        "language = \"es\"",
        &format!("{WORDS}\n¡TODO el mundo!\n"),
    ));
}

#[test]
fn words_that_stand_twice_are_found() {
    finds("double-word", &essay("He went to the\nthe window."));
    finds("double-word", &essay("The the lamp."));
    finds(
        "double-word",
        &with(
            "language = \"de\"",
            &format!("{WORDS}\nDer Mond und und die Lampe.\n"),
        ),
    );
    silent(&essay(
        "He had had enough. I know that that is so. The one; the other. A, a lamp.",
    ));
    silent(&with(
        "language = \"de\"",
        &format!("{WORDS}\nDie, die die Lampe sahen.\n"),
    ));
}

#[test]
fn marks_of_templates_are_no_text() {
    finds("template-mark", &essay("Dear {{ subscriber.name }},"));
    finds("template-mark", &essay("Dear *|FNAME|*,"));
    silent(&essay(
        "In Tera one writes `{{ name }}`. A set {{1, 2}} and 50 %% of it.",
    ));
}

#[test]
fn letters_of_the_wrong_encoding_are_found() {
    finds("garbled-text", &essay("The lampâ€™s light."));
    silent(&essay("Ã is a letter of Portuguese: AMANHÃ, São, 10 €."));
}
