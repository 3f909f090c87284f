//! `preview`: the page that shows an issue as its readers will see it, while it is written.

mod following;
mod guarding;

use super::between;
use crate::support::browser::Browser;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::program::Running;
use crate::support::relay::ScriptedRelay;

/// A day on which the first essay is public, the second is due, and the third is a draft.
const NOW: &str = "2026-12-02T12:00:00Z";

const DRAFT: &str = "2026-12-15-of-ink";

fn newsroom() -> Newsroom {
    Newsroom::new()
        .essay("2026-12-01-of-paper", "Of paper", "It is made of rags.\n")
        .essay("2026-12-08-of-pens", "Of pens", "They come from geese.\n")
        .essay_with(
            DRAFT,
            "Of ink",
            "draft = true\nsummary = \"How ink is made.\"",
            "Take **oak galls** and wait.\n",
        )
        .subscribers("email,name\nada@example.org,Ada\nbob@example.org,\n")
        .now(NOW)
}

/// The program that runs, and a browser for it.
#[track_caller]
fn preview(room: &Newsroom, arguments: &[&str]) -> (Running, Browser) {
    let running = room.spawn([&["preview"], arguments].concat());
    let browser = Browser::at(&running.wait_for_stdout("http://"));
    (running, browser)
}

/// What a `pre` shows, as text.
fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&#x2F;", "/")
        .replace("&amp;", "&")
}

/// The errors that a page tells of.
fn errors(page: &str) -> String {
    let all = problems(page);
    let errors = all
        .split("<pre class=\"")
        .filter(|one| one.starts_with("error"));
    errors.collect()
}

/// The problems that a page tells of.
fn problems(page: &str) -> String {
    if page.contains("<section class=\"problems\"") {
        unescaped(between(page, "<section class=\"problems\"", "</section>"))
    } else {
        String::new()
    }
}

#[test]
fn the_newest_draft_is_shown_then_the_next_issue_then_the_newest() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let page = browser.get("/");
    assert!(page.contains("<title>Of ink · preview"));
    // It stays the one that is shown, whatever becomes of it.
    assert!(
        page.contains("data-here=\"/?issue=2026-12-15-of-ink&amp;"),
        "{page}"
    );
    let published = room
        .read(&format!("issues/{DRAFT}.md"))
        .replace("draft = true\n", "");
    room.write(&format!("issues/{DRAFT}.md"), published);
    let (_running, browser) = preview(&room, &[]);
    assert!(browser.get("/").contains("<title>Of pens · preview"));
    let (_running, browser) = preview(&room, &["--now", "2027-06-01T12:00:00Z"]);
    assert!(browser.get("/").contains("<title>Of ink · preview"));
    let (_running, browser) = preview(&room, &["of-paper"]);
    assert!(browser.get("/").contains("<title>Of paper · preview"));
}

#[test]
fn the_page_lists_all_issues_below_what_becomes_of_them() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let page = browser.get("/");
    let order = [
        "\"Drafts\"",
        "Of ink",
        "\"To come\"",
        "Of pens",
        "\"Public\"",
        "Of paper",
    ];
    let list = between(&page, "<select id=\"issue\"", "</select>");
    let places: Vec<usize> = order.iter().map(|word| list.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{list}");
}

#[test]
fn the_message_is_the_one_that_a_test_would_send() {
    let relay = ScriptedRelay::start();
    let room = newsroom().relay(&relay);
    room.run(["send", "of-ink", "--test", "ada@example.org"])
        .exits(0);
    let sent = Letter::read(&relay.accepted()[0].data);
    let (_running, browser) = preview(&room, &[]);
    let shown = Letter::read(browser.get("/message.eml").as_bytes());
    assert_eq!(shown.html(), sent.html());
    assert_eq!(shown.text(), sent.text());
    assert_eq!(shown.header_names(), sent.header_names());
    for name in ["From", "To", "Subject", "List-Unsubscribe", "List-Id"] {
        assert_eq!(shown.header(name), sent.header(name));
    }
    let page = browser.get("/?view=message").to_lowercase();
    for name in sent.header_names() {
        let row = format!("<th scope=\"row\">{}</th>", name.to_lowercase());
        assert!(page.contains(&row), "{name}");
    }
    assert!(page.contains("gmail shows up to 102,400 bytes"));
}

#[test]
fn the_mail_is_light_or_dark_as_it_is_asked_for() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let light = browser.get("/mail?schemes=light");
    let dark = browser.get("/mail?schemes=dark");
    for mail in [&light, &dark] {
        assert!(mail.contains("<strong>oak galls</strong>"), "{mail}");
        assert!(
            !mail.contains("prefers-color-scheme"),
            "the browser is asked"
        );
    }
    assert!(light.contains("content=\"light\"") && light.contains("@media (max-width:0)"));
    assert!(dark.contains("content=\"dark\"") && dark.contains("@media (min-width:0)"));
    let page = browser.get("/web/dark/on/2026-12-15-of-ink/issues/of-ink/index.html");
    assert!(page.contains("<strong>oak galls</strong>"));
    let style = between(&page, "<link rel=\"stylesheet\" href=\"../../", "\"");
    let css = browser.get(&format!("/web/dark/on/{DRAFT}/{style}"));
    assert!(css.contains("(min-width:0)") && !css.contains("prefers-color-scheme"));
}

#[test]
fn the_page_shows_text_page_and_entry() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let text = browser.get("/?view=text");
    assert!(between(&text, "<pre class=\"letter\"", "</pre>").contains("oak galls"));
    let web = browser.get("/?view=web&screens=phone");
    assert!(web.contains("width=\"375\"") && !web.contains("width=\"960\""));
    let feed = browser.get("/?view=feed");
    assert!(feed.contains("&lt;rss version=&quot;2.0&quot;") && feed.contains("How ink is made."));
    assert!(feed.contains("JSON Feed") && feed.contains("Atom"));
    assert!(browser.get("/entry").contains("<strong>oak galls</strong>"));
    let inbox = browser.get("/");
    assert!(between(&inbox, "<section class=\"inbox\"", "</section>").contains("How ink is made."));
}

#[test]
fn readers_with_and_without_a_name_see_their_own_mail() {
    let template = "{% if subscriber.name %}Dear {{ subscriber.name }}{% else %}Dear reader{% endif %}\n{{ essay }}\n{{ unsubscribe_url }}\n";
    let room = newsroom()
        .file("templates/email.html", template)
        .file("templates/email.txt", template);
    let (_running, browser) = preview(&room, &[]);
    assert!(browser.get("/mail?reader=named").contains("Dear Ada"));
    assert!(browser.get("/mail?reader=nameless").contains("Dear reader"));
    let page = browser.get("/");
    assert!(
        page.contains("Ada &lt;ada@example.org&gt;") && page.contains("bob@example.org (no name)")
    );
    std::fs::remove_file(room.path("subscribers.csv")).unwrap();
    let (_running, browser) = preview(&room, &[]);
    assert!(browser.get("/").contains("reader@example.org"));
    assert!(browser.get("/mail?reader=nameless").contains("Dear reader"));
}

#[test]
fn pictures_come_from_the_folder_and_can_be_left_out() {
    let png = [
        &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0"[..],
        &[0; 16],
    ]
    .concat();
    let room = Newsroom::new()
        .essay(
            "2026-12-08-a-door/index",
            "A door",
            "![A green door](door.png)\n",
        )
        .file("issues/2026-12-08-a-door/door.png", &png)
        .now(NOW);
    let (_running, browser) = preview(&room, &[]);
    let mail = browser.get("/mail");
    let address = between(&mail, "src=\"", "\"").to_owned();
    assert!(
        address.starts_with("/web/light/on/2026-12-08-a-door/"),
        "{address}"
    );
    let picture = browser.ask("GET", &address, &browser.address().to_string());
    assert_eq!((picture.status, picture.body), (200, png));
    assert_eq!(
        picture_field(&browser, &address, "content-type"),
        "image/png"
    );
    let without = browser.get("/mail?images=off");
    assert!(!without.contains("src=") && without.contains("alt=\"A green door\""));
    assert!(browser.get("/?view=message").contains("1 picture"));
}

#[test]
fn pictures_that_travel_in_the_message_are_shown_from_there() {
    let png = [
        &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0"[..],
        &[0; 16],
    ]
    .concat();
    let room = Newsroom::new()
        .essay_with(
            "2026-12-08-a-door/index",
            "A door",
            "images = \"attached\"",
            "![A green door](door.png)\n",
        )
        .file("issues/2026-12-08-a-door/door.png", &png)
        .now(NOW);
    let (_running, browser) = preview(&room, &[]);
    let mail = browser.get("/mail");
    let address = unescaped(between(&mail, "src=\"", "\""));
    assert!(address.starts_with("/attached?"), "{address}");
    let picture = browser.ask("GET", &address, &browser.address().to_string());
    assert_eq!((picture.status, picture.body), (200, png.clone()));
    assert!(
        browser
            .get("/?view=message")
            .contains(&format!("{} bytes", png.len()))
    );
    let other = browser.ask(
        "GET",
        "/attached?x=&cid=other",
        &browser.address().to_string(),
    );
    assert_eq!(other.status, 404);
}

fn picture_field(browser: &Browser, path: &str, name: &str) -> String {
    let answer = browser.ask("HEAD", path, &browser.address().to_string());
    answer.field(name).to_owned()
}

#[test]
fn an_interrupt_ends_it_while_pages_listen() {
    for signal in ["INT", "TERM"] {
        let room = newsroom();
        let (running, browser) = preview(&room, &[]);
        let mut events = browser.listen("/events");
        events.wait();
        running.signal(signal);
        let ended = running.wait();
        ended.exits(0).stderr_is("press Ctrl-C to end it\n");
    }
}

#[test]
fn what_keeps_it_from_beginning_is_told() {
    let room = newsroom();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    room.run(["preview", "--port", &port])
        .fails(1)
        .stderr_contains(&format!("cannot listen on 127.0.0.1:{port}"))
        .stderr_contains("--port N");
    room.run(["preview", "of-inc"])
        .fails(1)
        .stderr_contains("did you mean `of-ink`?");
    Newsroom::empty()
        .run(["preview"])
        .fails(1)
        .stderr_contains("there is no `postrider.toml`");
}

#[test]
fn a_folder_without_issues_says_how_to_begin_and_shows_the_first_one() {
    let room = Newsroom::new().now(NOW);
    let (_running, browser) = preview(&room, &[]);
    assert!(browser.get("/").contains("postrider new TITLE"));
    let mut events = browser.listen("/events");
    events.wait();
    room.run(["new", "A first letter"]).exits(0);
    events.wait();
    assert!(browser.get("/").contains("A first letter"));
}
