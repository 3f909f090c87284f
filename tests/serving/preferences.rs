//! What readers choose, and what it does to a plan.

use super::reader::{Place, leaving, preferences};
use crate::support::mail::Letter;

const READER: &str = "ana@example.org";

fn place(audience: &str) -> Place {
    Place::open_with(|room| {
        room.table("[signup]\ntags = [\"Letters\", \"events\"]")
            .essay_with(
                "2026-12-25-of-paper",
                "Of paper",
                audience,
                "It is made of rags.\n",
            )
            .subscribers(
                "email,tags\nana@example.org,letters vip\nben@example.org,letters\ncyd@example.org,vip\n",
            )
    })
}

#[test]
fn a_choice_goes_over_the_tags_of_the_row_and_leaves_the_authors_own() {
    let place = place("audience = [\"letters\"]");
    assert_eq!(place.planned(), [READER, "ben@example.org"]);
    let page = place.ask("GET", &preferences(READER));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("value=\"Letters\" checked"));
    let saved = place.post(&preferences(READER), "tag=events&tag=vip");
    assert!(saved.text().contains("Saved."), "{}", saved.text());
    assert!(saved.text().contains("value=\"events\" checked"));
    assert!(!saved.text().contains("value=\"Letters\" checked"));
    assert_eq!(place.planned(), ["ben@example.org"]);
    let other = super::preferences::place("audience = [\"vip\"]");
    other.post(&preferences(READER), "tag=events");
    assert_eq!(other.planned(), [READER, "cyd@example.org"]);
}

#[test]
fn who_never_chose_sees_what_they_receive_and_a_pause_alone_changes_nothing_of_it() {
    let place = place("audience = [\"events\"]");
    let ticked = |page: &str, tag: &str| page.contains(&format!("value=\"{tag}\" checked"));
    let page = place.ask("GET", &preferences(READER)).text();
    assert!(
        ticked(&page, "Letters") && !ticked(&page, "events"),
        "{page}"
    );
    // What the browser sends for what is shown.
    place.post(&preferences(READER), "tag=Letters&pause=");
    assert_eq!(place.planned(), [""; 0]);
    place.subscribe("eve@example.org");
    let page = place.ask("GET", &preferences("eve@example.org")).text();
    assert!(
        !ticked(&page, "Letters") && !ticked(&page, "events"),
        "{page}"
    );
}

#[test]
fn a_pause_is_within_a_year_whatever_the_day_says() {
    let place = place("");
    let page = place.ask("GET", &preferences(READER)).text();
    assert!(
        page.contains("min=\"2026-12-03\" max=\"2027-12-03\""),
        "{page}"
    );
    let page = place.post(&preferences(READER), "pause=9999-12-31").text();
    assert!(page.contains("value=\"2027-12-03\""), "{page}");
    let page = place.post(&preferences(READER), "pause=2020-01-01").text();
    assert!(page.contains("name=\"pause\" value=\"\""), "{page}");
}

#[test]
fn who_left_has_nothing_to_choose_and_is_told_so() {
    let place = place("");
    place.post(&leaving(READER), "");
    for answer in [
        place.ask("GET", &preferences(READER)),
        place.post(&preferences(READER), "tag=events"),
    ] {
        assert_eq!(answer.status, 200);
        let page = answer.text();
        assert!(page.contains("You are unsubscribed"), "{page}");
        assert!(!page.contains("Saved."), "{page}");
    }
    assert_eq!(place.count("SELECT count(*) FROM preference"), 0);
}

#[test]
fn the_links_of_an_old_letter_are_those_of_the_address_that_a_reader_has_now() {
    let place = place("");
    let moves = [
        ["ana@example.org", "ana@example.net"],
        ["ana@example.net", "ana@example.com"],
    ];
    for [old, new] in moves {
        place.room.run(["subscribers", "move", old, new]).exits(0);
    }
    let saved = place.post(&preferences(READER), "tag=events&pause=2026-12-20");
    assert!(saved.text().contains("Saved."), "{}", saved.text());
    assert!(saved.text().contains(&leaving("ana@example.com")));
    assert_eq!(place.planned(), ["ben@example.org", "cyd@example.org"]);
    place.post(&preferences(READER), "tag=events");
    assert_eq!(place.planned().len(), 3);
    place.post(&leaving(READER), "List-Unsubscribe=One-Click");
    assert_eq!(place.planned(), ["ben@example.org", "cyd@example.org"]);
    assert_eq!(place.suppressions().len(), 3);
}

#[test]
fn a_pause_lasts_until_its_day() {
    let place = place("");
    place.post(&preferences(READER), "tag=letters&pause=2026-12-20");
    assert_eq!(place.planned(), ["ben@example.org", "cyd@example.org"]);
    let plan = place.room.run(["plan", "--all"]).exits(0);
    plan.stdout_contains("paused by the reader until 2026-12-20");
    let listed = ["subscribers", "list", "--status", "paused"];
    place
        .room
        .run(listed)
        .exits(0)
        .stdout_contains("paused by the reader until 2026-12-20")
        .stdout_contains("0 of 1 subscriber mailed");
    let page = place.ask("GET", &preferences(READER)).text();
    assert!(page.contains("value=\"2026-12-20\""), "{page}");
    let place = place.restart_at("2026-12-20T00:00:01Z");
    assert_eq!(place.planned().len(), 3);
}

#[test]
fn looking_at_preferences_changes_nothing_and_leads_to_the_way_out() {
    let place = place("");
    for method in ["GET", "HEAD", "OPTIONS"] {
        place.ask(method, &preferences(READER));
    }
    assert_eq!(place.count("SELECT count(*) FROM preference"), 0);
    let page = place.ask("GET", &preferences(READER)).text();
    assert!(page.contains(&leaving(READER)), "{page}");
    let page = place.ask("GET", &leaving(READER)).text();
    assert!(page.contains(&preferences(READER)), "{page}");
}

#[test]
fn who_signs_up_chooses_of_what_is_offered() {
    let place = place("audience = [\"events\"]");
    let answer = place.post(
        "/subscribe",
        "email=dora%40example.org&name=Dora&tag=events&tag=vip",
    );
    assert_eq!(answer.status, 200);
    let mails = place.mails_to("dora@example.org", 1);
    let path = super::reader::link_in(&mails[0], "confirm/");
    assert_eq!(place.press(&path).status, 200);
    assert_eq!(place.planned(), ["dora@example.org"]);
    let listed = place.room.run(["subscribers", "list", "--json"]).exits(0);
    let listed = listed.json();
    let dora = listed["subscribers"].as_array().unwrap().last().unwrap();
    assert_eq!(dora["name"], "Dora");
    assert_eq!(dora["tags"], serde_json::json!(["events"]));
}

#[test]
fn the_archive_has_a_form_that_joins() {
    let place = place("");
    place.room.run(["build"]).exits(0);
    let page = place.room.read("public/index.html");
    assert!(page.contains("action=\"http://localhost:8080/subscribe\""));
    assert!(!page.contains("mailto:"), "{page}");
}

/// Where a mail leads those who want to choose.
#[track_caller]
fn path_of_choice(mail: &Letter) -> String {
    let mut lines = mail.text().lines();
    let line = lines.find_map(|line| line.strip_prefix("Choose: http://localhost:8080"));
    line.unwrap().trim_end().to_owned()
}

#[test]
fn a_template_of_the_mail_can_lead_to_the_readers_choices_and_needs_a_server_for_it() {
    const LINE: &str =
        "{% if preferences_url %}Choose: {{ preferences_url }}{% else %}No choice{% endif %}";
    let text = format!("{{{{ essay }}}}\n\n{LINE}\n\n{{{{ unsubscribe_url }}}}\n");
    let place = Place::open_with(|room| {
        room.file("templates/email.txt", text.as_bytes())
            .essay("2026-12-02-of-paper", "Of paper", "It is made of rags.\n")
            .subscribers("email\nana@example.org\n")
    });
    let mails = place.mails_to(READER, 1);
    let path = path_of_choice(&mails[0]);
    assert_eq!(path, preferences(READER));
    assert_eq!(place.ask("GET", &path).status, 200);
    // A test message leads nobody to anybody's.
    let command = ["send", "--test", "ben@example.org", "of-paper"];
    place.room.run(command).exits(0);
    let mails = place.mails_to("ben@example.org", 2);
    let path = path_of_choice(&mails[0]);
    assert_eq!(place.ask("GET", &path).status, 404);
}
