//! A flood of requests to join: everybody else is served all the same.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::reader::{Place, hidden, keys, link_in};

const BEFORE: &str = "before@example.org";
const MEANWHILE: &str = "meanwhile@example.org";

/// Mails in an hour from which on a request must prove itself (docs/readers.md).
const WITHOUT_PROOF: usize = 60;

#[test]
fn a_flood_of_sign_ups_is_held_back_and_nobody_else_notices() {
    let place = Place::open_with(|room| {
        let room = room.essay("2026-12-01-of-ink", "Of ink", "It is made of soot.\n");
        room.run(["build"]).exits(0);
        room
    });
    // Whoever asked before has the link, and keeps it.
    place.join("192.0.2.7", BEFORE);
    let link = link_in(&place.mails_to(BEFORE, 1)[0], "confirm/");
    let asked_to_prove = AtomicU32::new(0);
    thread::scope(|scope| {
        for sender in 0..8_u8 {
            let (place, asked_to_prove) = (&place, &asked_to_prove);
            scope.spawn(move || {
                for number in 0..100_u8 {
                    let client = format!("198.{sender}.{number}.7");
                    let answer =
                        place.join(&client, &format!("victim{sender}x{number}@example.net"));
                    assert_eq!(answer.status, 200);
                    if answer.text().contains("One more step") {
                        asked_to_prove.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Who reads is answered, and who confirms is in.
        for _ in 0..100 {
            assert_eq!(place.ask("GET", "/feed.xml").status, 200);
        }
        assert!(place.press(&link).text().contains("Welcome to"));
    });
    // The one of before, and the others up to the ceiling; a mail that is no answer to a request is none here.
    let asked = u32::try_from(8 * 100 + 1 - WITHOUT_PROOF).unwrap();
    assert_eq!(asked_to_prove.load(Ordering::Relaxed), asked);
    assert_eq!(place.relay.wait_for(WITHOUT_PROOF).len(), WITHOUT_PROOF);
    assert_eq!(
        place.count("SELECT count(*) FROM answer WHERE kind = 'confirm'"),
        60
    );
    // A person does the one click more that is asked of everybody, and gets the link.
    let proof = place.join("203.0.113.7", MEANWHILE).text();
    assert_eq!(hidden(&proof, "email"), MEANWHILE);
    let stamp = keys().form_stamp("2026-12-02T11:59:00Z".parse().unwrap());
    let body = format!("email=meanwhile%40example.org&stamp={stamp}");
    assert_eq!(
        place.post_from("203.0.113.7", "/subscribe", &body).status,
        200
    );
    let mails = place.mails_to(MEANWHILE, WITHOUT_PROOF + 1);
    let confirmed = place.press(&link_in(&mails[0], "confirm/"));
    assert!(confirmed.text().contains("Welcome to"));
    let confirmed = "SELECT count(*) FROM signup WHERE state = 'confirmed'";
    assert_eq!(place.count(confirmed), 2);
}
