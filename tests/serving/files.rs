//! Which bytes are served where, with which fields.

use std::io::Read;

use postrider::server::Limits;

use super::inside::Served;
use super::{ask, newsroom, serve};
use crate::support::DEADLINE;
use crate::support::browser::Browser;

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn every_kind_of_file_has_its_type_and_nobody_guesses_another() {
    let room = newsroom()
        .file("public/sound.mp3", "ID3")
        .file("public/drawing.svg", "<svg/>");
    let (_running, browser) = serve(&room);
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/issues/of-paper/", "text/html; charset=utf-8"),
        ("/feed.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json"),
        ("/tags/rags/feed.xml", "application/rss+xml; charset=utf-8"),
        ("/tags/rags/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/assets/style.css", "text/css; charset=utf-8"),
        ("/sound.mp3", "audio/mpeg"),
        ("/drawing.svg", "image/svg+xml"),
    ] {
        let answer = ask(&browser, "GET", path, "");
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.field("content-type"), media_type, "{path}");
        assert_eq!(answer.field("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(
            answer.field("content-length"),
            answer.body.len().to_string()
        );
    }
}

#[test]
fn pages_may_load_pictures_and_style_and_run_nothing() {
    let room = newsroom()
        .table("[serve]\nurl = \"https://readers.example.org/mail/\"")
        .file("public/drawing.svg", "<svg><script>alert(1)</script></svg>");
    let (_running, browser) = serve(&room);
    let page = ask(&browser, "GET", "/issues/of-paper/", "");
    let policy = page.field("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains("style-src 'self' 'unsafe-inline'"));
    assert!(policy.contains("form-action 'self' https://readers.example.org;"));
    assert!(!policy.contains("script-src"));
    assert_eq!(
        page.field("referrer-policy"),
        "strict-origin-when-cross-origin"
    );
    let drawing = ask(&browser, "GET", "/drawing.svg", "");
    assert!(
        drawing
            .field("content-security-policy")
            .ends_with("sandbox")
    );
}

#[test]
fn what_is_named_by_its_bytes_is_kept_for_ever_and_the_rest_for_a_quarter_of_an_hour() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let page = browser.get("/issues/of-paper/");
    let card = page.split("assets/card-").nth(1).unwrap();
    let card = format!("/assets/card-{}", card.split('"').next().unwrap());
    let answer = ask(&browser, "GET", &card, "");
    assert!(
        answer.field("cache-control").contains("immutable"),
        "{card}"
    );
    for path in ["/", "/feed.xml", "/assets/style.css"] {
        let caching = ask(&browser, "GET", path, "")
            .field("cache-control")
            .to_owned();
        assert!(
            caching.starts_with("public, max-age=900"),
            "{path}: {caching}"
        );
    }
}

#[test]
fn each_encoding_has_its_own_bytes_length_and_tag() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let plain = ask(&browser, "GET", "/feed.xml", "");
    let gzip = ask(&browser, "GET", "/feed.xml", "Accept-Encoding: gzip\r\n");
    let brotli = ask(
        &browser,
        "GET",
        "/feed.xml",
        "Accept-Encoding: gzip, br\r\n",
    );
    assert_eq!(plain.text(), room.read("public/feed.xml"));
    assert_eq!(plain.field("content-encoding"), "");
    assert_eq!(gzip.body, room.read_bytes("public/feed.xml.gz"));
    assert_eq!(gzip.field("content-encoding"), "gzip");
    assert_eq!(brotli.body, room.read_bytes("public/feed.xml.br"));
    assert_eq!(brotli.field("content-encoding"), "br");
    let tags = [&plain, &gzip, &brotli].map(|answer| answer.field("etag"));
    assert!(tags.iter().all(|tag| tag.starts_with('"')), "{tags:?}");
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
    for answer in [&plain, &gzip, &brotli] {
        assert_eq!(answer.field("vary"), "accept-encoding");
        assert_eq!(
            answer.field("content-length"),
            answer.body.len().to_string()
        );
        assert_eq!(answer.field("last-modified"), plain.field("last-modified"));
    }
    let refused = ask(
        &browser,
        "GET",
        "/feed.xml",
        "Accept-Encoding: gzip;q=0, *;q=0\r\n",
    );
    assert_eq!(refused.field("etag"), tags[0]);
}

#[test]
fn text_that_has_no_twin_is_compressed_when_it_is_asked_for() {
    let text = "a line that comes again and again\n".repeat(50);
    let room = newsroom().file("public/notes.txt", &text);
    let (_running, browser) = serve(&room);
    for _ in 0..2 {
        let answer = ask(&browser, "GET", "/notes.txt", "Accept-Encoding: gzip\r\n");
        assert_eq!(answer.field("content-encoding"), "gzip");
        assert!(answer.body.len() < text.len() / 2);
        assert_eq!(gunzip(&answer.body), text);
    }
    let plain = ask(&browser, "GET", "/notes.txt", "");
    assert_eq!(plain.text(), text);
}

/// An old twin beside a new file is what an interrupted copy leaves.
#[test]
fn a_twin_that_is_older_than_its_file_is_not_served() {
    let room = newsroom();
    room.run(["build"]).succeeds();
    room.write("public/feed.xml.gz", "what the feed was before");
    let old = std::fs::File::open(room.path("public/feed.xml.gz")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let served = Served::start_as_it_is(room, Limits::default());
    let (room, browser) = (&served.room, &served.browser);
    let answer = ask(browser, "GET", "/feed.xml", "Accept-Encoding: gzip\r\n");
    assert_eq!(answer.field("content-encoding"), "gzip");
    assert_eq!(gunzip(&answer.body), room.read("public/feed.xml"));
}

#[test]
fn a_feed_names_its_hub_and_itself() {
    let room = newsroom().table("[feeds]\nhub = [\"https://hub.example.net/?a=1&b=2\"]");
    let (_running, browser) = serve(&room);
    let feed = ask(&browser, "GET", "/atom.xml", "");
    assert_eq!(
        feed.field("link"),
        "<https://letters.example.org/atom.xml>; rel=\"self\", <https://hub.example.net/?a=1&b=2>; rel=\"hub\""
    );
}

#[test]
fn a_page_names_the_feeds_in_its_fields_too() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    for path in ["/", "/issues/of-paper/"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(
                ask(&browser, method, path, "").field("link"),
                "<https://letters.example.org/feed.xml>; rel=\"alternate\"; type=\"application/rss+xml\", \
                 <https://letters.example.org/atom.xml>; rel=\"alternate\"; type=\"application/atom+xml\", \
                 <https://letters.example.org/feed.json>; rel=\"alternate\"; type=\"application/feed+json\""
            );
        }
    }
    assert_eq!(
        ask(&browser, "GET", "/assets/style.css", "").field("link"),
        ""
    );
}

/// A search engine or a reader of feeds that is told 404 forgets the address.
#[test]
fn before_the_first_build_everybody_is_asked_to_come_again() {
    let mut served = Served::start_as_it_is(newsroom(), Limits::default());
    for path in ["/", "/feed.xml", "/issues/of-paper/"] {
        let answer = ask(&served.browser, "GET", path, "");
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(answer.field("retry-after"), "5");
        assert_eq!(answer.field("cache-control"), "no-store");
    }
    assert_eq!(ask(&served.browser, "GET", "/healthz", "").text(), "site\n");
    served.room.run(["build"]).succeeds();
    wait_for(&served.browser, "/", |status, _| status == 200);
    assert_eq!(ask(&served.browser, "GET", "/nothing", "").status, 404);
    served.stop();
}

#[test]
fn a_base_url_with_a_path_is_where_everything_is() {
    let room = newsroom().config("base_url = \"https://example.org/letters/\"");
    let (_running, browser) = serve(&room);
    assert!(
        browser
            .get("/letters/issues/of-paper/")
            .contains("made of rags")
    );
    for (path, target) in [
        ("/letters", "/letters/"),
        ("/letters/issues/of-paper", "/letters/issues/of-paper/"),
        (
            "/letters/issues/of-paper?next=https://evil.example",
            "/letters/issues/of-paper/",
        ),
    ] {
        let answer = browser.ask("GET", path, "evil.example");
        assert_eq!(answer.status, 301, "{path}");
        assert_eq!(answer.field("location"), target);
    }
    for path in [
        "/",
        "/issues/of-paper/",
        "/letters//",
        // Folders without a page: sent on, one would still find nothing.
        "/letters/issues",
        "/letters/issues/",
        "/letters/assets",
        "/letter",
        "//letters",
    ] {
        assert_eq!(
            browser.ask("GET", path, "example.org").status,
            404,
            "{path}"
        );
    }
}

#[test]
fn a_page_that_moved_sends_on_for_good() {
    let room = newsroom();
    room.run(["build"]).succeeds();
    let essay = room.read("issues/2026-12-01-of-paper.md");
    room.write(
        "issues/2026-12-01-of-paper.md",
        essay.replacen("+++\n", "+++\nslug = \"of-all-paper\"\n", 1),
    );
    let (_running, browser) = serve(&room);
    let answer = ask(&browser, "GET", "/issues/of-paper/", "");
    assert_eq!(answer.status, 301);
    assert_eq!(answer.field("location"), "/issues/of-all-paper/");
    assert!(
        browser
            .get("/issues/of-all-paper/")
            .contains("made of rags")
    );
}

#[test]
fn the_page_for_what_is_not_there_says_so_with_its_status() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let answer = ask(&browser, "GET", "/issues/of-gold/", "");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.text(), room.read("public/404.html"));
    assert_eq!(answer.field("cache-control"), "no-cache");
    assert_eq!(answer.field("etag"), "");
    let unbuilt = newsroom().essay("2027-12-01-of-gold", "Of gold", "Not yet.\n");
    let (_running, browser) = serve(&unbuilt);
    assert_eq!(ask(&browser, "GET", "/issues/of-gold/", "").status, 404);
}

#[test]
fn head_is_get_without_a_body() {
    let large = vec![b'x'; 2 * 1024 * 1024];
    let room = newsroom().file("public/large.bin", &large);
    let (_running, browser) = serve(&room);
    for path in [
        "/feed.xml",
        "/issues/of-gold/",
        "/issues/of-paper",
        "/large.bin",
    ] {
        let get = ask(&browser, "GET", path, "");
        let head = ask(&browser, "HEAD", path, "");
        assert_eq!(head.body, b"");
        assert_eq!(head.status, get.status, "{path}");
        for name in [
            "content-length",
            "content-type",
            "etag",
            "cache-control",
            "location",
        ] {
            assert_eq!(head.field(name), get.field(name), "{path} {name}");
        }
    }
}

#[test]
fn a_file_that_can_only_be_read_says_so() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PURGE"] {
        let answer = ask(&browser, method, "/feed.xml", "Content-Length: 0\r\n");
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.field("allow"), "GET, HEAD");
        assert_eq!(
            ask(&browser, method, "/nothing", "").status,
            404,
            "{method}"
        );
    }
}

#[test]
fn a_large_file_comes_from_the_disk_whole_or_in_part() {
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let room = newsroom()
        .file("public/large.bin", &large)
        .file("public/small.bin", &large[..1000]);
    let (_running, browser) = serve(&room);
    let whole = ask(&browser, "GET", "/large.bin", "");
    assert!(whole.status == 200 && whole.body == large);
    assert_eq!(whole.field("accept-ranges"), "bytes");
    for path in ["/large.bin", "/small.bin"] {
        let part = ask(&browser, "GET", path, "Range: bytes=100-299\r\n");
        assert_eq!(part.status, 206);
        assert_eq!(part.body, large[100..300]);
        assert_eq!(part.field("content-length"), "200");
        assert!(part.field("content-range").starts_with("bytes 100-299/"));
        let beyond = ask(&browser, "GET", path, "Range: bytes=9000000-\r\n");
        assert_eq!(beyond.status, 416);
        let bomb = format!("Range: bytes={}0-1\r\n", "0-,".repeat(1000));
        assert_eq!(ask(&browser, "GET", path, &bomb).status, 200);
    }
    let tag = whole.field("etag");
    let unchanged = ask(
        &browser,
        "GET",
        "/large.bin",
        &format!("If-None-Match: {tag}\r\n"),
    );
    assert_eq!(unchanged.status, 304);
}

#[cfg(unix)]
#[test]
fn a_folder_may_be_a_link_to_another_disk_and_a_link_upward_has_an_end() {
    let room = newsroom().file("public/here.txt", "here");
    let disk = tempfile::tempdir().unwrap();
    std::fs::write(disk.path().join("there.txt"), "there").unwrap();
    std::os::unix::fs::symlink(disk.path(), room.path("public/disk")).unwrap();
    std::os::unix::fs::symlink(room.path("public"), room.path("public/again")).unwrap();
    let (_running, browser) = serve(&room);
    assert_eq!(browser.get("/disk/there.txt"), "there");
    assert_eq!(ask(&browser, "GET", "/again/here.txt", "").status, 404);
}

/// Asks until a page says something, or the deadline is over.
#[track_caller]
fn wait_for(browser: &Browser, path: &str, told: impl Fn(u16, &str) -> bool) {
    let began = std::time::Instant::now();
    loop {
        let answer = ask(browser, "GET", path, "");
        if told(answer.status, &answer.text()) {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{path}: {}", answer.text());
        std::thread::yield_now();
    }
}

#[test]
fn a_build_is_served_as_soon_as_it_is_there() {
    let room = newsroom();
    let (_running, browser) = serve(&room);
    let before = ask(&browser, "GET", "/issues/of-paper/", "");
    let essay = room.read("issues/2026-12-01-of-paper.md");
    room.write(
        "issues/2026-12-01-of-paper.md",
        essay.replace("rags", "wood"),
    );
    room.run(["build"]).succeeds();
    wait_for(&browser, "/issues/of-paper/", |_, page| {
        page.contains("made of wood")
    });
    let after = ask(&browser, "GET", "/issues/of-paper/", "");
    assert_ne!(before.field("etag"), after.field("etag"));
    std::fs::remove_file(room.path("issues/2026-12-01-of-paper.md")).unwrap();
    room.run(["build"]).succeeds();
    wait_for(&browser, "/issues/of-paper/", |status, _| status == 404);
}

/// A build that another process holds half done is not looked at.
#[test]
fn half_of_a_build_is_never_seen() {
    let served = Served::start(newsroom(), Limits::default());
    let (room, browser) = (&served.room, &served.browser);
    let turn = std::fs::File::open(room.path("public")).unwrap();
    turn.lock().unwrap();
    let page = room.read("public/issues/of-paper/index.html");
    room.write(
        "public/issues/of-paper/index.html",
        page.replace("rags", "wood"),
    );
    room.write("public/after.txt", "the rest of it");
    for _ in 0..100 {
        assert!(browser.get("/issues/of-paper/").contains("made of rags"));
    }
    turn.unlock().unwrap();
    wait_for(browser, "/after.txt", |status, _| status == 200);
    assert!(browser.get("/issues/of-paper/").contains("made of wood"));
}
