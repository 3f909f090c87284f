//! The essay as a whole: footnotes, headings, parts, its language.

use super::{WORDS, essay, finds, room, silent, with};

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
    let sentence = "The lamp burns on. ";
    finds("long-essay", &with("", &sentence.repeat(1_251)));
    silent(&with("", &sentence.repeat(1_250)));
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
fn no_cell_stands_beyond_the_head_of_its_table() {
    let table = |row: &str| format!("| lamp | oil |\n|---|---|\n{row}\n");
    for lost in ["| a | b | c |", "a | b | c", "| `a | b` | c", "> x"] {
        let row = essay(&table(lost));
        match lost {
            "> x" => silent(&row),
            _ => finds("dropped-cell", &row),
        }
    }
    finds("dropped-cell", &essay("> | lamp |\n> |---|\n> | a | b |"));
    for kept in [
        "| a | b |",
        "| a | b",
        "| a \\| b | `c \\| d` |",
        "a | b ||",
        "| a |",
    ] {
        silent(&essay(&table(kept)));
    }
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
