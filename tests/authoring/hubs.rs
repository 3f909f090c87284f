//! Hubs hear of what is new in the feeds (WebSub), and can hold nothing up.

use super::newsroom;
use crate::support::hub::Hub;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;
use crate::support::rounds::Press;

const HOME: &str = "base_url = \"http://127.0.0.1:8080/letters/\"";

/// A publication on this machine, so that its hub may be here as well.
fn at_home(hubs: &[&str]) -> Newsroom {
    newsroom()
        .config(HOME)
        .table(&format!("[feeds]\nhub = {hubs:?}"))
        .subscribers("email\nada@example.org\n")
        .essay("2026-12-01-one", "One", "The first.\n")
        .now("2026-12-01T09:00:00Z")
}

#[test]
fn each_hub_is_told_of_each_feed_that_changed_and_of_nothing_else() {
    let (one, other) = (
        Hub::answering(&["204 No Content"]),
        Hub::answering(&["202 Accepted"]),
    );
    let room = at_home(&[&one.url(), &other.url()]);
    room.run(["build"]).succeeds();
    let feeds = ["feed.xml", "atom.xml", "feed.json"];
    let told = feeds.map(|feed| {
        format!("hub.mode=publish&hub.url=http%3A%2F%2F127.0.0.1%3A8080%2Fletters%2F{feed}")
    });
    for hub in [&one, &other] {
        assert_eq!(hub.told(), told);
        for request in hub.asked() {
            assert!(request.starts_with("POST /hub HTTP/1.1\r\n"), "{request}");
            let kind = "\r\nContent-Type: application/x-www-form-urlencoded\r\n";
            assert!(request.contains(kind), "{request}");
        }
    }
    room.run(["build"]).succeeds();
    room.run(["build", "--out", "elsewhere"]).succeeds();
    assert_eq!(one.told().len(), 3, "nothing is new");
    let room = room.essay_with("2026-11-30-two", "Two", "tags = [\"Ink\"]", "The second.\n");
    room.run(["build"]).succeeds();
    let told = &one.told()[3..];
    assert_eq!(told.len(), 6);
    assert!(
        told.iter()
            .any(|told| told.ends_with("letters%2Ftags%2Fink%2Ffeed.xml")),
        "{told:#?}"
    );
    // The archive beside the feeds may change without them.
    room.write("about.md", "+++\ntitle = \"About\"\n+++\n\nUs.\n");
    room.run(["build"]).succeeds();
    assert_eq!(one.told().len(), 9);
}

#[test]
fn a_hub_that_refuses_redirects_or_is_gone_is_a_warning() {
    let elsewhere = Hub::answering(&["204 No Content"]);
    let redirect = format!("307 Temporary Redirect\r\nLocation: {}", elsewhere.url());
    let redirect: &'static str = Box::leak(redirect.into_boxed_str());
    let answers: &'static [&'static str] = Box::leak(Box::new([redirect]));
    let (leads_on, fails) = (Hub::answering(answers), Hub::answering(&["500 No"]));
    let room = at_home(&[&leads_on.url(), &fails.url(), "http://127.0.0.1:1/"]);
    room.run(["build"])
        .exits(0)
        .stderr_contains(&format!(
            "the hub `{}` was not told of what is new",
            leads_on.url()
        ))
        .stderr_contains("it answered 307")
        .stderr_contains("it answered 500")
        .stderr_contains("the hub `http://127.0.0.1:1/` was not told");
    assert_eq!(
        elsewhere.asked(),
        Vec::<String>::new(),
        "no redirect is followed"
    );
    assert_eq!(
        fails.asked().len(),
        2,
        "once more after a moment, and not for each feed"
    );
}

#[test]
fn no_hub_in_ones_own_network_is_asked_for_a_publication_on_the_web() {
    let hub = Hub::answering(&["204 No Content"]);
    let port = hub.port();
    let hubs = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        "http://169.254.169.254/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://[64:ff9b::a00:1]/".to_owned(),
    ];
    for address in &hubs {
        let room = newsroom()
            .table(&format!("[feeds]\nhub = [{address:?}]"))
            .subscribers("email\n")
            .essay("2026-12-01-one", "One", "The first.\n")
            .now("2026-12-01T09:00:00Z");
        room.run(["build"])
            .exits(0)
            .stderr_contains("is on this machine or in its network");
    }
    assert_eq!(hub.asked(), Vec::<String>::new());
}

#[test]
fn a_hub_that_never_answers_does_not_hold_the_mail_up() {
    let (hub, relay) = (Hub::answering(&[""]), ScriptedRelay::start());
    let room = at_home(&[&hub.url()]).relay(&relay);
    let running = room.spawn(["send", "one", "--yes"]);
    running.wait_for_stdout("one");
    assert_eq!(relay.accepted().len(), 1);
    hub.wait_for(1);
    running
        .wait()
        .exits(0)
        .stderr_contains("told of what is new");
}

#[test]
fn a_server_tells_a_hub_again_that_could_not_be_told() {
    let hub = Hub::answering(&["503 Later", "503 Later", "204 No Content"]);
    let room = at_home(&[&hub.url()]);
    let _press = Press::start(&room, "2026-12-01T08:59:00Z");
    hub.wait_for(2 + 3);
    let told = hub.told();
    assert_eq!(told[0], told[1]);
    assert_eq!(told[1], told[2], "again from the first that is open");
    assert!(told[4].ends_with("feed.json"));
}

#[test]
fn what_a_server_left_untold_is_told_by_the_next_one_and_once() {
    let silent = Hub::answering(&["", "204 No Content"]);
    let room = at_home(&[&silent.url()]);
    let press = Press::start(&room, "2026-12-01T09:00:00Z");
    silent.wait_for(1);
    press.stop();
    let kept = room.read(".postrider-untold");
    assert_eq!(kept.lines().count(), 3, "{kept}");
    let _press = Press::start(&room, "2026-12-01T09:05:00Z");
    silent.wait_for(1 + 3);
    let mut told = silent.told().split_off(1);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 3, "each feed once");
    let start = std::time::Instant::now();
    while room.has(".postrider-untold") {
        assert!(start.elapsed() < crate::support::DEADLINE, "it is told");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
