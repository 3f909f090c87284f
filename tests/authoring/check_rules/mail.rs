//! The mail as readers get it: what programs drop, templates, its size.

use super::{WORDS, essay, finds, silent, with};

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
fn html_that_nothing_closes_is_told() {
    finds("open-html", &essay("<!-- only mail\n\nA lamp."));
    finds("open-html", &essay("<!--\nA lamp.\n-- >"));
    silent(&essay("<!-- a\n\ncomment -->\n\n<!-- b -->"));
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
        let html = include_str!("../../../templates/email.html")
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
    let text = include_str!("../../../templates/email.txt").replace("{{ unsubscribe_url }}", "");
    finds(
        "no-unsubscribe",
        &essay("").file("templates/email.txt", text),
    );
}

#[test]
fn a_mail_is_not_clipped() {
    // By its bytes, not by its words.
    let long = |rules: &str, times| {
        let silence = format!("silence = [\"long-essay\"{rules}]");
        with(&silence, &format!("{WORDS}\n").repeat(times))
    };
    finds("clipped-mail", &long("", 330));
    finds("long-mail", &long("", 250));
    silent(&long("", 100));
    silent(&long(", \"clipped-mail\"", 330));
}

#[test]
fn both_parts_of_a_mail_say_the_same() {
    let template = |name: &str, more: &str, before: &str| {
        let original = if name == "email.txt" {
            include_str!("../../../templates/email.txt")
        } else {
            include_str!("../../../templates/email.html")
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
    // Where there are no spaces, lines end within words.
    let japanese =
        "これはとても長い文でありどこにも点も丸もないのでどの行も語の途中で終わることになる"
            .repeat(9);
    silent(&with("language = \"ja\"", &japanese));
}
