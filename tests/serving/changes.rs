//! What the author changes while the server runs.

use std::time::Instant;

use super::reader::{Place, leaving};
use crate::support::DEADLINE;

/// Waits until the page at a path says something.
#[track_caller]
fn wait_for(place: &Place, path: &str, text: &str) {
    let began = Instant::now();
    loop {
        let page = place.ask("GET", path).text();
        if page.contains(text) {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{path} has no {text}: {page}");
        std::thread::yield_now();
    }
}

#[test]
fn readers_see_other_words_and_choices_without_a_restart() {
    let place = Place::open_with(|room| room.table("[signup]\ntags = [\"letters\"]"));
    assert!(!place.ask("GET", "/subscribe").text().contains("events"));
    let settings = place.room.read("postrider.toml");
    let settings = settings.replace("[\"letters\"]", "[\"letters\", \"events\"]");
    let settings = format!("{settings}\n[words]\nleft_title = \"Off you go\"\n");
    place.room.write("postrider.toml", settings);
    wait_for(&place, "/subscribe", "value=\"events\"");
    let left = place.post(&leaving("ana@example.org"), "").text();
    assert!(left.contains("Off you go"), "{left}");
}

#[test]
fn a_template_that_is_wrong_is_told_and_the_former_pages_stay() {
    let place = Place::open();
    let before = place.ask("GET", &leaving("ana@example.org")).text();
    place
        .room
        .write("templates/reader.html", "{{ reader.nothing }}");
    place.hears("the pages for readers stay as they were");
    assert_eq!(place.ask("GET", &leaving("ana@example.org")).text(), before);
    // A form that sends back nothing of what it holds unseen would ask again and again.
    let heading = "<p>{{ reader.heading }}, anew</p>";
    place.room.write("templates/reader.html", heading);
    place.hears("`reader.html` leaves out hidden fields");
    let form = "{% if reader.form %}{% for field in reader.form.fields %}{% if field.kind == \"hidden\" %}\
                <input type=\"hidden\" name=\"{{ field.name }}\" value=\"{{ field.value }}\">\
                {% endif %}{% endfor %}{% endif %}";
    place
        .room
        .write("templates/reader.html", format!("{heading}{form}"));
    wait_for(&place, &leaving("ana@example.org"), "anew");
}
