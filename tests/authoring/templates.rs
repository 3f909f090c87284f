//! An author's own templates: what is wrong with them is told before anything is planned.

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

const TEXT: &str = "{{ issue.title }}\n\n{{ essay }}\n\n{{ unsubscribe_url }}\n";

fn with(relay: &ScriptedRelay, name: &str, template: &str) -> Newsroom {
    newsroom()
        .relay(relay)
        .essay("2026-12-01-one", "One", "Text.\n")
        .subscriber("a@example.org", "A")
        .file(&format!("templates/{name}"), template)
}

#[test]
fn a_mistake_in_a_mail_template_is_told_before_anything_is_planned() {
    let cases = [
        (
            "{{ subscriber.nmae }}\n{{ essay }}\n{{ unsubscribe_url }}\n",
            "templates/email.txt:1:15",
            "nmae",
        ),
        (
            "\n{{ isue.title }}\n{{ essay }}\n{{ unsubscribe_url }}\n",
            "templates/email.txt:2:4",
            "isue",
        ),
        (
            "{{ essay \n{{ unsubscribe_url }}\n",
            "templates/email.txt:",
            "error: ",
        ),
        (
            "{{ unsubscribe_url }}\n",
            "`templates/email.txt` holds",
            "hint: put `{{ essay }}`",
        ),
        (
            "{{ essay }}\n{{ essay }}\n{{ unsubscribe_url }}\n",
            "`{{ essay }}` 2 times",
            "hint: put `{{ essay }}`",
        ),
        (
            "Dear reader, {{ essay }}\n{{ unsubscribe_url }}\n",
            "templates/email.txt:1:1",
            "must stand alone on its line",
        ),
        (
            "{{ essay }}\n",
            "`templates/email.txt` shows no way to unsubscribe",
            "hint: put `{{ unsubscribe_url }}`",
        ),
    ];
    for (template, place, words) in cases {
        let relay = ScriptedRelay::start();
        let room = with(&relay, "email.txt", template);
        for command in [["check"].as_slice(), &["send", "one", "--yes"]] {
            room.run(command)
                .fails(1)
                .stderr_contains(place)
                .stderr_contains(words);
        }
        assert!(relay.accepted().is_empty(), "{template}");
        // Without the template the ledger can be asked: it holds no plan.
        std::fs::remove_file(room.path("templates/email.txt")).unwrap();
        let status = room.run(["--json", "status", "one"]).exits(0);
        assert_eq!(status.json()["planned"], 0, "{template}");
    }
}

#[test]
fn a_sound_template_of_ones_own_is_used() {
    let relay = ScriptedRelay::start();
    let room = with(&relay, "email.txt", TEXT);
    room.run(["check"]).succeeds();
    room.run(["-q", "send", "one", "--yes"]).exits(0);
    let letter = crate::support::mail::Letter::read(&relay.wait_for(1)[0].data);
    assert!(
        letter.text().starts_with("One\n\nText.\n\nmailto:"),
        "{}",
        letter.text()
    );
}

#[test]
fn a_mistake_in_a_pages_template_stops_the_build_before_a_file_is_written() {
    let relay = ScriptedRelay::start();
    for name in ["index.html", "page.html"] {
        let room = with(&relay, name, "<p>\n{{ publicaton.title }}\n");
        for command in ["check", "build"] {
            room.run([command])
                .fails(1)
                .stderr_contains(&format!("templates/{name}:2:4"))
                .stderr_contains("publicaton");
        }
        assert!(!room.has("public"));
    }
}

#[test]
fn an_essay_is_never_a_template() {
    let relay = ScriptedRelay::start();
    let room = with(&relay, "email.txt", TEXT);
    let text = room
        .read("issues/2026-12-01-one.md")
        .replace("Text.", "{{ nobody.knows }} {% if %} {# no #}");
    room.write("issues/2026-12-01-one.md", text);
    room.run(["check"])
        .exits(0)
        .stderr_contains("warning[template-mark]");
    room.run(["build"]).succeeds();
    assert!(
        room.read("public/issues/one/index.html")
            .contains("{{ nobody.knows }} {% if %} {# no #}")
    );
}

#[test]
fn a_reader_from_whom_a_template_hides_the_way_out_is_not_mailed_and_the_others_are() {
    for (name, template) in [
        (
            "email.txt",
            "{{ essay }}\n{% if subscriber.name != \"Reader 6\" %}{{ unsubscribe_url }}{% endif %}\n",
        ),
        (
            "email.html",
            "<p>{{ issue.title }}</p>\n{{ essay }}\n{% if subscriber.name != \"Reader 6\" %}<p>{{ unsubscribe_url }}</p>{% endif %}\n",
        ),
    ] {
        let relay = ScriptedRelay::start();
        let room = with(&relay, name, template).readers(8);
        // No rehearsal of a few readers finds it.
        room.run(["check"]).exits(0);
        room.run(["send", "one", "--yes"]).exits(3);
        let mailed: Vec<String> = relay
            .accepted()
            .into_iter()
            .flat_map(|message| message.rcpt_to)
            .collect();
        assert_eq!(mailed.len(), 7, "{mailed:?}");
        assert!(!mailed.contains(&"reader6@example.org".to_owned()));
        room.run(["status", "one"])
            .exits(0)
            .stdout_contains("reader6@example.org")
            .stdout_contains("shows no way to unsubscribe");
    }
}

/// Loops that write nothing, and loops that write much.
const NOTHING: &str =
    "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% endfor %}{% endfor %}";
const MUCH: &str = "{% for a in range(end=100000) %}{% for b in range(end=100000) %}abcdefghijklmnop{% endfor %}{% endfor %}";

/// Told before anything is planned or written; never a hang.
#[test]
fn a_template_that_has_no_end_is_told() {
    let itself = "{% component x() %}{{<x/>}}{% endcomponent x %}{{<x/>}}";
    for (verb, name, text, told) in [
        (
            "check",
            "email.txt",
            "{% include \"email.txt\" %}",
            "templates/email.txt:1:12",
        ),
        (
            "check",
            "web.html",
            "{% extends 'page.html' %}",
            "templates/web.html:1:12",
        ),
        (
            "check",
            "index.html",
            "{{ range(end=1000000000) }}",
            "templates/index.html:1:4",
        ),
        (
            "build",
            "index.html",
            MUCH,
            "`templates/index.html` writes more than 64 MB",
        ),
        (
            "build",
            "index.html",
            NOTHING,
            "it happens in `templates/index.html`",
        ),
        ("build", "404.html", itself, "recursion"),
        (
            "send --yes",
            "email.txt",
            NOTHING,
            "a template is not done after 10 seconds",
        ),
        (
            "send one --test editor@example.org",
            "email.txt",
            NOTHING,
            "a template is not done after 10 seconds",
        ),
    ] {
        let relay = ScriptedRelay::start();
        let text = match name {
            "email.txt" => format!("{text}\n{TEXT}"),
            _ => text.to_owned(),
        };
        let room = with(&relay, name, &text).now("2026-12-01T10:00:00Z");
        room.run(verb.split(' ')).fails(1).stderr_contains(told);
        assert!(relay.accepted().is_empty(), "{name}");
        assert!(!room.has("public/index.html"), "{name}");
    }
}

#[test]
fn a_date_is_said_in_another_language_where_the_template_asks_for_it() {
    let relay = ScriptedRelay::start();
    let written = |filter: &str| {
        let template = format!("{{{{ issue.date | {filter} }}}}\n{TEXT}");
        let room = with(&relay, "email.txt", &template);
        let before = relay.accepted().len();
        room.run(["send", "one", "--test", "a@example.org"])
            .exits(0);
        let sent = Letter::read(&relay.wait_for(before + 1)[before].data);
        sent.text().lines().next().unwrap().to_owned()
    };
    for (filter, date) in [
        ("date", "1 December 2026"),
        ("date(language=\"de\")", "1. Dezember 2026"),
        ("date(language=\"fr\")", "1er décembre 2026"),
        ("date(language=\"de\", format=\"%A\")", "Dienstag"),
        ("date(language=\"ja\")", "2026年12月1日"),
    ] {
        assert_eq!(written(filter), date, "{filter}");
    }
    let template = format!("{{{{ issue.date | date(language=\"Deutsch!\") }}}}\n{TEXT}");
    with(&relay, "email.txt", &template)
        .run(["check"])
        .fails(1)
        .stderr_contains("`date` takes a language such as `de` or `pt-BR`, not `Deutsch!`")
        .stderr_contains("templates/email.txt:1:");
}
