//! Where links lead, and what they say.

use super::{WORDS, essay, finds, silent};

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
