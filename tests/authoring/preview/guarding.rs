//! Who may look, what runs, and that nothing in the folder changes.

use super::super::between;
use super::super::bytes_of;
use super::{newsroom, preview};

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
