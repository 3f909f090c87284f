//! `preview`: the page that shows an issue as its readers will see it, while it is written.

use super::{between, bytes_of};
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
fn a_change_is_told_and_shown_however_the_editor_saves() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    let mut state = events.wait();
    assert!(
        browser
            .get("/")
            .contains(&format!("data-state=\"{state}\""))
    );
    let file = format!("issues/{DRAFT}.md");
    let text = room.read(&file);
    let mut see = |word: &str| {
        let next = events.wait();
        assert_ne!(next, state);
        state = next;
        let page = browser.get("/");
        assert!(page.contains(&format!("data-state=\"{state}\"")));
        assert!(browser.get("/mail").contains(word), "{word}");
    };
    room.write(&file, text.replace("oak galls", "soot"));
    see("soot");
    // As many editors do: another file takes the name.
    room.write("issues/.saved", text.replace("oak galls", "iron"));
    std::fs::rename(room.path("issues/.saved"), room.path(&file)).unwrap();
    see("iron");
    // The folder of the templates comes later.
    room.write("templates/essay.css", "strong { color: #123456 }");
    see("#123456");
    let settings = room.read("postrider.toml");
    room.write(
        "postrider.toml",
        settings.replace("The Test Letter", "The Inkwell"),
    );
    see("The Inkwell");
}

#[test]
fn what_changes_nothing_for_readers_is_not_told() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    events.wait();
    room.write("public/index.html", "built");
    room.write("ledger.db-wal", "sent");
    room.write("issues/.2026-12-15-of-ink.md.swp", "the editor's own");
    let text = room.read("issues/2026-12-01-of-paper.md");
    room.write("issues/2026-12-01-of-paper.md", format!("{text}More.\n"));
    let state = events.wait();
    assert!(state.ends_with("-2"), "more than one change: {state}");
}

#[test]
fn an_error_is_shown_with_line_and_caret_until_it_is_mended() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let mut events = browser.listen("/events");
    events.wait();
    let file = format!("issues/{DRAFT}.md");
    let whole = room.read(&file);

    room.write(&file, whole.replace("draft = true", "draft = maybe"));
    events.wait();
    let page = browser.get("/?issue=2026-12-15-of-ink");
    let told = problems(&page);
    assert!(
        told.contains("issues/2026-12-15-of-ink.md:4:9") && told.contains('^'),
        "{told}"
    );
    assert!(!page.contains("<iframe"), "what was shown before looks new");
    assert!(page.contains("\"With errors\""));

    room.write(&file, &whole);
    events.wait();
    let page = browser.get("/");
    assert_eq!(errors(&page), "");
    assert!(page.contains("<iframe"));
}

#[test]
fn what_the_rules_of_check_find_is_told_with_its_line() {
    let room = newsroom().essay_with(
        "2026-12-20-of-wax",
        "Of wax",
        "draft = true\nsummary = \"How wax is made.\"",
        "Bees make it.\n\nTK: say how.\n",
    );
    let (_running, browser) = preview(&room, &["of-wax"]);
    let page = browser.get("/");
    let told = problems(&page);
    assert!(told.contains("issues/2026-12-20-of-wax.md:10:1"), "{told}");
    assert!(page.contains("<iframe") && told.contains('^'), "{told}");
}

#[test]
fn an_error_in_a_template_breaks_the_face_that_it_makes() {
    let room = newsroom().file("templates/page.html", "<p>{{ issue.titel }}</p>\n");
    let (_running, browser) = preview(&room, &[]);
    let page = browser.get("/?view=web");
    let told = problems(&page);
    assert!(
        told.contains("templates/page.html:1:") && told.contains('^'),
        "{told}"
    );
    assert!(!page.contains("<iframe") && page.contains("cannot be shown"));
    let mail = browser.get("/");
    assert!(mail.contains("<iframe") && mail.contains("<span class=\"mark\">broken</span>"));
    assert_eq!(errors(&mail), errors(&page));

    let mut events = browser.listen("/events");
    events.wait();
    room.write("templates/page.html", "{% if %}\n");
    events.wait();
    let page = browser.get("/");
    let told = problems(&page);
    assert!(
        told.contains("templates/page.html:1:") && told.contains('^'),
        "{told}"
    );
    std::fs::remove_file(room.path("templates/page.html")).unwrap();
    events.wait();
    assert_eq!(errors(&browser.get("/?view=web")), "");
}

#[test]
fn an_error_in_the_settings_is_shown_too() {
    let room = newsroom();
    let settings = room.read("postrider.toml");
    room.write(
        "postrider.toml",
        settings.replace("language =", "langauge ="),
    );
    let (_running, browser) = preview(&room, &[]);
    let told = problems(&browser.get("/"));
    assert!(
        told.contains("postrider.toml:") && told.contains("`language`"),
        "{told}"
    );
    let mut events = browser.listen("/events");
    events.wait();
    room.write("postrider.toml", settings);
    events.wait();
    let page = browser.get("/");
    assert!(page.contains("Of ink") && errors(&page).is_empty());
}

#[test]
fn another_issue_with_an_error_does_not_hide_this_one() {
    let room = newsroom().file("issues/2026-12-09-broken.md", "+++\ntitle = \n+++\n");
    let (_running, browser) = preview(&room, &["broken"]);
    assert!(problems(&browser.get("/")).contains("issues/2026-12-09-broken.md:2:"));
    let page = browser.get("/?issue=2026-12-15-of-ink");
    assert!(page.contains("<iframe"));
    assert!(problems(&page).contains("`2026-12-09-broken` cannot be read"));
}

#[test]
fn two_issues_of_one_name_are_told_where_one_of_them_is_shown() {
    let room = newsroom().essay_with("2026-12-16-again", "Again", "slug = \"of-ink\"", "Text.\n");
    let (_running, browser) = preview(&room, &[]);
    let told = problems(&browser.get("/?issue=2026-12-15-of-ink"));
    assert!(told.contains("both have the slug `of-ink`"), "{told}");
    assert_eq!(errors(&browser.get("/?issue=2026-12-08-of-pens")), "");
}

#[test]
fn only_this_machine_s_own_names_are_answered() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let port = browser.address().port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("letters.example.org:{port}"), 421),
        ("127.0.0.1".to_owned(), 421),
        (format!("127.0.0.1.example.org:{port}"), 421),
        (String::new(), 421),
    ] {
        assert_eq!(browser.ask("GET", "/", &host).status, status, "{host:?}");
    }
    let refused = browser.ask("GET", "/message.eml", "letters.example.org");
    assert!(!refused.text().contains("oak galls"));
    let without_host = browser.ask_raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(matches!(without_host.status, 400 | 421));
}

#[test]
fn hostile_requests_get_an_answer_and_no_file() {
    let room = newsroom()
        .file("postrider.key", "secret")
        .file("issues/secret.txt", "secret");
    let (mut running, browser) = preview(&room, &[]);
    let host = browser.address().to_string();
    for path in [
        "/postrider.key",
        "/../postrider.key",
        "/web/light/on/2026-12-15-of-ink/../../postrider.key",
        "/web/light/on/2026-12-15-of-ink/issues/of-ink/../../secret.txt",
        "/web/light/on/2026-12-15-of-ink/issues/of-ink/%2e%2e/%2e%2e/secret.txt",
        "/web/light/on/..%2F..%2F/postrider.key",
        "/web/light/on/%00/%00",
        "/web/blue/on/a/b",
    ] {
        let answer = browser.ask("GET", path, &host);
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains("secret"));
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = browser.ask(method, "/", &host);
        assert_eq!(
            (answer.status, answer.field("allow")),
            (405, "GET,HEAD"),
            "{method}"
        );
    }
    let huge = "a".repeat(2_000_000);
    let request =
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {huge}\r\nConnection: close\r\n\r\n");
    assert!(matches!(browser.ask_raw(&request).status, 0 | 431));
    assert_eq!(
        browser
            .ask("GET", &format!("/?issue={}", "x".repeat(5000)), &host)
            .status,
        200
    );
    assert!(
        browser
            .get("/?view=smell&schemes=%ff%00&screens=%3Cscript%3E")
            .contains("Of ink")
    );
    assert!(!running.has_ended());
}

#[test]
fn nothing_that_is_shown_can_run_a_script() {
    let room = newsroom();
    let (_running, browser) = preview(&room, &[]);
    let host = browser.address().to_string();
    let page = browser.ask("GET", "/?issue=%3Cscript%3Ealert(1)%3C/script%3E", &host);
    assert!(!page.text().contains("<script>alert"));
    let policy = page.field("content-security-policy");
    let nonce = between(policy, "script-src 'nonce-", "'");
    assert!(page.text().contains(&format!("<script nonce=\"{nonce}\">")));
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let again = browser.ask("GET", "/", &host);
    assert!(!again.field("content-security-policy").contains(nonce));
    for path in [
        "/mail",
        "/entry",
        "/web/light/on/2026-12-15-of-ink/issues/of-ink/index.html",
    ] {
        let policy = browser.ask("GET", path, &host);
        let policy = policy.field("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox"),
            "{policy}"
        );
        assert!(!policy.contains("allow-scripts") && !policy.contains("script-src"));
    }
}

#[test]
fn the_folder_stays_as_it_is() {
    let room = newsroom();
    let before = bytes_of(&room, ".");
    let (running, browser) = preview(&room, &[]);
    for path in [
        "/",
        "/?view=web",
        "/?view=feed",
        "/mail",
        "/message.eml",
        "/entry",
    ] {
        browser.get(path);
    }
    running.kill();
    assert_eq!(bytes_of(&room, "."), before);
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
