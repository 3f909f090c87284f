//! The rules of `check`: each is shown to find what it is for, and to keep silent beside it.

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

#[test]
fn links_have_an_address_and_words() {
    finds("empty-link", &essay("[the lamp]()"));
    finds("empty-link", &essay("[](https://www.rfc-editor.org/)"));
    silent(&essay(
        "[![A lamp](https://www.rfc-editor.org/a.png)](https://www.rfc-editor.org/)",
    ));
}

#[test]
fn links_that_became_none_are_found() {
    finds(
        "broken-link",
        &essay("[the lamp](https://www.rfc-editor.org/the lamp)"),
    );
    finds(
        "broken-link",
        &essay("[the lamp] (https://www.rfc-editor.org/)"),
    );
    finds("broken-link", &essay("[the lamp][rfc]"));
    silent(&essay(
        "[the lamp][rfc]\n\n[rfc]: https://www.rfc-editor.org/\n",
    ));
    silent(&essay(
        "\\[the lamp](https://www.rfc-editor.org/) and a[1][2].",
    ));
}

#[test]
fn links_that_browsers_refuse_are_named() {
    finds("dropped-link", &essay("[x](javascript:alert(1))"));
    finds(
        "dropped-link",
        &essay("<a href=\"data:text/html,x\">the lamp</a>"),
    );
    silent(&essay(
        "[write](mailto:ada@example.org) or [call](tel:+4930123)",
    ));
}

#[test]
fn addresses_begin_with_their_scheme() {
    finds(
        "schemeless-link",
        &essay("[the lamp](//www.rfc-editor.org/)"),
    );
    finds("schemeless-link", &essay("[the lamp](www.rfc-editor.org)"));
    finds(
        "schemeless-link",
        &essay("[the lamp](rfc-editor.org/rfc/rfc8058)"),
    );
    silent(&essay("www.rfc-editor.org shows it."));
}

#[test]
fn links_within_the_archive_lead_to_a_page() {
    let earlier = |text: &str| {
        essay(text).essay_with(
            "2026-10-01-the-wick",
            "The wick",
            "aliases = [\"wick\"]",
            WORDS,
        )
    };
    finds("dead-link", &earlier("[the wick](the-wick)"));
    finds(
        "dead-link",
        &earlier("[the wick](../2026-10-01-the-wick.md)"),
    );
    finds(
        "dead-link",
        &earlier("[x](https://letters.example.org/issues/the-flame/)"),
    );
    silent(&earlier(
        "[the wick](../the-wick/), [as it was](../wick/), [all of them](../../)",
    ));
    silent(&earlier(
        "[the wick](https://letters.example.org/issues/the-wick/#top) [me](/me.html)",
    ));
}

#[test]
fn links_do_not_lead_to_what_is_not_public_yet() {
    let later = |date: &str, more: &str| {
        essay("[the wick](../the-wick/)").essay_with(
            &format!("{date}-the-wick"),
            "The wick",
            more,
            WORDS,
        )
    };
    finds("early-link", &later("2026-12-08", ""));
    finds("early-link", &later("2026-10-01", "draft = true"));
    silent(&later("2026-11-24", ""));
}

#[test]
fn fragments_lead_to_a_heading() {
    finds("missing-heading", &essay("## The wick\n\n[see](#the-wik)"));
    silent(&essay(
        "## The wick\n\n[see](#the-wick), [top](#top), <a id=\"x\"></a>[x](#x)",
    ));
}

#[test]
fn addresses_of_examples_are_named() {
    finds(
        "placeholder-link",
        &essay("[the lamp](https://example.com/)"),
    );
    finds(
        "placeholder-link",
        &essay("[the lamp](http://localhost:8000/)"),
    );
    finds("placeholder-link", &essay("http://192.168.0.1/"));
    silent(&essay(
        "[the letters](https://letters.example.org/), `https://example.com`",
    ));
}

#[test]
fn a_link_without_encryption_is_noted_where_there_is_one_with_it() {
    finds(
        "insecure-link",
        &essay("[a lamp](http://en.wikipedia.org/wiki/Lamp)"),
    );
    silent(&essay("[a lamp](http://neverssl.com/)"));
}

#[test]
fn words_of_links_say_where_they_lead() {
    finds(
        "vague-link",
        &essay("The lamp is [here](https://www.rfc-editor.org/)."),
    );
    finds(
        "vague-link",
        &essay("[Click here!](https://www.rfc-editor.org/)"),
    );
    silent(&essay("[Here begins the RFC](https://www.rfc-editor.org/)"));
}

/// One grey pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDAT\x08\xd7ch\0\0\0\x82\0\x81\xddCj\xf4\0\0\0\0IEND\xaeB`\x82";

/// A picture of so many bytes, which nobody looks into.
fn picture(bytes: usize) -> Vec<u8> {
    let mut png = PNG.to_vec();
    png.resize(bytes.max(png.len()), 0);
    png
}

fn folder(text: &str) -> Newsroom {
    let issue = essay(text).read("issues/2026-12-01-the-lamp.md");
    room().file("issues/2026-12-01-the-lamp/index.md", issue)
}

#[test]
fn a_picture_that_is_not_there_is_an_error() {
    finds("missing-picture", &folder("![A lamp](lamp.png)"));
    finds("missing-picture", &essay("![A lamp](lamp.png)"));
    silent(
        &folder("![A lamp](the%20lamp.png)")
            .file("issues/2026-12-01-the-lamp/the lamp.png", picture(0)),
    );
}

#[test]
fn pictures_are_described() {
    finds(
        "missing-alt",
        &essay("![](https://www.rfc-editor.org/lamp.png)"),
    );
    finds(
        "missing-alt",
        &essay("<img src=\"https://www.rfc-editor.org/lamp.png\">"),
    );
    finds(
        "file-name-alt",
        &essay("![IMG_1234](https://www.rfc-editor.org/IMG_1234.png)"),
    );
    finds(
        "file-name-alt",
        &essay("![lamp.png](https://www.rfc-editor.org/lamp.png)"),
    );
    silent(&essay(
        "<img src=\"https://www.rfc-editor.org/rule.png\" alt=\"\">",
    ));
    silent(&essay("![Lamp](https://www.rfc-editor.org/lamp.png)"));
}

#[test]
fn pictures_are_light() {
    let with_file = |bytes| {
        folder("![A lamp](lamp.png)").file("issues/2026-12-01-the-lamp/lamp.png", picture(bytes))
    };
    finds("heavy-picture", &with_file(1_100_000));
    silent(&with_file(900_000));
    let four = "![A lamp](a.png) ![A lamp](b.png) ![A lamp](c.png) ![A lamp](d.png)";
    let room = ["a", "b", "c", "d"]
        .iter()
        .fold(folder(four), |room, name| {
            room.file(
                &format!("issues/2026-12-01-the-lamp/{name}.png"),
                picture(800_000),
            )
        });
    finds("heavy-picture", &room);
}

#[test]
fn pictures_are_of_a_kind_that_is_shown() {
    finds(
        "picture-format",
        &essay("![A lamp](https://www.rfc-editor.org/lamp.svg)"),
    );
    finds(
        "picture-format",
        &essay("![A lamp](https://www.rfc-editor.org/lamp.webp?w=3)"),
    );
    silent(&essay("![A lamp](https://www.rfc-editor.org/lamp.jpg)"));
    finds(
        "dropped-picture",
        &essay("![A lamp](data:image/png;base64,AAAA)"),
    );
}

#[test]
fn a_picture_has_words_around_it() {
    let few = "![A lamp](https://www.rfc-editor.org/lamp.png)\n\nA lamp.\n";
    finds("only-pictures", &with("", few));
    silent(&with("", &format!("{}\n{few}", WORDS.repeat(4))));
}

#[test]
fn footnotes_come_in_pairs() {
    finds("footnote-without-text", &essay("A word[^one]."));
    finds("unused-footnote", &essay("A word.\n\n[^one]: Its text.\n"));
    finds(
        "footnote-twice",
        &essay("A word[^one].\n\n[^one]: Its text.\n\n[^one]: Another.\n"),
    );
    silent(&essay(
        "A word[^one], and again[^ONE]; \\[^two].\n\n[^one]: Its text.\n",
    ));
}

#[test]
fn an_essay_says_something() {
    finds("empty-essay", &with("", "\n<!-- nothing -->\n"));
    silent(&with("draft = true", "\n"));
    finds(
        "only-a-link",
        &with(
            "",
            "[The lamp by the window](https://www.rfc-editor.org/)\n",
        ),
    );
    finds("short-essay", &with("", "The lamp is lit.\n"));
    silent(&with("", "```\nlamp --lit\n```\n"));
}

#[test]
fn headings_follow_one_another() {
    finds("second-title", &essay("# The wick"));
    finds("heading-jump", &essay("## The wick\n\n#### The flame"));
    silent(&essay("## The wick\n\n### The flame\n\n## The oil"));
    let own = format!(
        "+++\nid = \"{}\"\nsummary = \"A lamp by a window.\"\n+++\n\n# The lamp\n\n{WORDS}",
        crate::support::newsroom::id_of("x")
    );
    silent(&room().file("issues/2026-12-01-the-lamp.md", own));
}

#[test]
fn marks_of_parts_come_in_pairs() {
    finds("idle-mark", &essay("<!-- only mail -->\n\nA lamp."));
    finds(
        "idle-mark",
        &essay("<!-- only post -->\n\nA lamp.\n\n<!-- end only -->"),
    );
    silent(&essay(
        "<!-- only mail -->\n\nA lamp.\n\n<!-- end only -->\n\n<!-- a comment -->",
    ));
}

#[test]
fn what_the_mail_leaves_out_is_not_judged_as_mail() {
    let frame = "<iframe src=\"https://www.rfc-editor.org/\"></iframe>";
    silent(&essay(&format!(
        "<!-- only web -->\n\n{frame}\n\n<!-- end only -->"
    )));
}

#[test]
fn html_that_mail_loses_is_named() {
    finds(
        "dropped-html",
        &essay("<iframe src=\"https://www.rfc-editor.org/\"></iframe>"),
    );
    finds(
        "dropped-html",
        &essay("A <span onclick=\"x()\">lamp</span>."),
    );
    finds(
        "dropped-style",
        &essay("<p style=\"position: absolute; color: gray\">A lamp.</p>"),
    );
    silent(&essay(
        "A <u>lamp</u>.\n\n<details><summary>More</summary>Oil.</details>\n\n<p style=\"text-align: center\">A lamp.</p>",
    ));
}

#[test]
fn colours_are_read_in_the_dark() {
    finds(
        "dark-mode-colour",
        &essay("<p style=\"color: #000080\">A lamp.</p>"),
    );
    finds(
        "dark-mode-colour",
        &essay("<p style=\"background-color: ivory\">A lamp.</p>"),
    );
    finds(
        "dark-mode-colour",
        &essay("<p style=\"color: #777; background-color: #888\">A lamp.</p>"),
    );
    silent(&essay(
        "<p style=\"color: #000080; background-color: ivory\">A lamp.</p>",
    ));
    silent(&essay("<p style=\"color: gray\">A lamp.</p>"));
}

#[test]
fn a_template_works_for_who_has_no_name() {
    let template = |greeting: &str| {
        let html = include_str!("../../templates/email.html")
            .replace("{{ essay }}", &format!("{greeting}\n{{{{ essay }}}}"));
        essay("").file("templates/email.html", html)
    };
    finds(
        "broken-template",
        &template(
            "{{ subscriber.name | split(pat=\" \") | first | upper }} {{ 1 / subscriber.name | length }}",
        ),
    );
    finds(
        "unknown-field",
        &template("{{ subscriber?.towm }}").subscribers("email,town\na@example.org,Gent\n"),
    );
    silent(&template(
        "{% if subscriber.name %}Dear {{ subscriber.name }},{% endif %}",
    ));
}

#[test]
fn a_mail_shows_the_way_out() {
    let text = include_str!("../../templates/email.txt").replace("{{ unsubscribe_url }}", "");
    finds(
        "no-unsubscribe",
        &essay("").file("templates/email.txt", text),
    );
}

#[test]
fn a_mail_is_not_clipped() {
    finds("clipped-mail", &with("", &format!("{WORDS}\n").repeat(330)));
    finds("long-mail", &with("", &format!("{WORDS}\n").repeat(250)));
    silent(&with("", &format!("{WORDS}\n").repeat(100)));
}

#[test]
fn a_mail_that_is_clipped_is_told_what_makes_it_large() {
    let code = format!("```rust\n{}```\n", "let a = 1; // b\n".repeat(1000));
    let room = with("", &format!("{WORDS}\n{code}"));
    let output = room.run(["check", "the-lamp"]);
    for part in [
        "caused by: the essay makes ",
        " % of it in blocks of code; the layout around it ",
        "write `mail = \"excerpt\"` and put `<!-- more -->`",
    ] {
        assert!(output.stderr.contains(part), "{output}");
    }
}

#[test]
fn a_language_without_words_is_told_until_the_author_gives_them() {
    finds("unspoken-language", &with("language = \"eo\"", WORDS));
    silent(&with("language = \"pt-BR\"", WORDS));
    let of_publication = with("", WORDS).config("language = \"eo\"");
    finds("unspoken-language", &of_publication);
    let english = postrider::words::Words::default();
    let mut table = "[words]\n".to_owned();
    for key in postrider::words::Words::KEYS {
        let text = english.get(key).unwrap();
        let _ = std::fmt::Write::write_fmt(&mut table, format_args!("{key} = '{text}'\n"));
    }
    silent(&of_publication.table(&table));
}

#[test]
fn both_parts_of_a_mail_say_the_same() {
    let template = |name: &str, more: &str, before: &str| {
        let original = if name == "email.txt" {
            include_str!("../../templates/email.txt")
        } else {
            include_str!("../../templates/email.html")
        };
        essay("").file(
            &format!("templates/{name}"),
            original.replace(before, &format!("{more}\n{before}")),
        )
    };
    let link = "<a href=\"https://www.rfc-editor.org/\">Support us</a>";
    finds("parts-differ", &template("email.html", link, "{{ essay }}"));
    finds(
        "parts-differ",
        &template("email.txt", "https://www.rfc-editor.org/", "{{ essay }}"),
    );
    let other: Vec<String> = (0..200).map(|number| format!("word{number}")).collect();
    let other = other.join(" ");
    finds(
        "parts-differ",
        &template("email.txt", &other, "{{ essay }}"),
    );
    silent(&template("email.txt", "Good morning.", "{{ essay }}"));
}

#[test]
fn dates_are_meant() {
    let dated = |date: &str, more: &str| {
        let front = format!("summary = \"A lamp by a window.\"\n{more}");
        room().essay_with(&format!("{date}-the-lamp"), "The lamp", &front, WORDS)
    };
    finds("past-date", &dated("2026-10-01", ""));
    finds("far-date", &dated("2028-12-01", ""));
    finds(
        "night",
        &dated("2026-12-01", "send_at = 2026-12-01T03:00:00"),
    );
    silent(&dated("2026-12-01", "send_at = 2026-12-01T06:00:00"));
    silent(&dated("2026-10-01", "mail = false"));
}

#[test]
fn old_essays_are_no_alarm_until_they_are_named() {
    let room = room().essay("2026-10-01-the-lamp", "The lamp", WORDS);
    room.run(["check"])
        .succeeds()
        .stdout_is("0 errors, 0 warnings\n");
    room.run(["check", "the-lamp"])
        .exits(0)
        .stderr_contains("warning[past-date]");
}

#[test]
fn an_issue_is_told_apart_from_others() {
    let beside =
        |title: &str, more: &str| essay("").essay_with("2026-10-01-other", title, more, WORDS);
    finds("same-title", &beside("the Lamp", ""));
    finds(
        "same-subject",
        &beside("The wick", "subject = \"The lamp\""),
    );
    silent(&beside("The lamps", ""));
    finds("unknown-audience", &with("audience = [\"earli\"]", WORDS));
    silent(&with("audience = [\"Early\"]", WORDS));
    finds(
        "long-slug",
        &with(
            &format!("slug = \"the-lamp{}\"", "-and-the-lamp".repeat(5)),
            WORDS,
        ),
    );
}

#[test]
fn the_publication_can_be_reached() {
    let configured = |keys: &str| essay("").config(keys);
    let real = "check.silence = []\nbase_url = \"https://www.rfc-editor.org/letters/\"\nfrom = \"letters@rfc-editor.org\"";
    finds("example-address", &configured("check.silence = []"));
    finds(
        "example-address",
        &configured(&format!("{real}\nbase_url = \"http://localhost/\"")),
    );
    silent(&configured(real));
    finds(
        "missing-postal-address",
        &configured("postal_address = \"\""),
    );
    finds(
        "no-reply",
        &configured("reply_to = \"no-reply@example.org\""),
    );
    let gmail = "from = \"me@gmail.com\"";
    finds(
        "foreign-sender",
        &configured(gmail).smtp("url = \"smtps://relay.example.org\""),
    );
    silent(&configured(gmail).smtp("url = \"smtps://smtp.gmail.com\""));
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

/// Each rule that `check --rules` lists is found by a test above, but those that ask the network.
#[test]
fn every_rule_has_a_test_and_a_row_in_the_documents() {
    let output = room().run(["check", "--rules", "--json"]).succeeds();
    let rules: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    // However the lines are broken.
    let source: String = include_str!("check_rules.rs").split_whitespace().collect();
    let online = include_str!("check_online.rs");
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
