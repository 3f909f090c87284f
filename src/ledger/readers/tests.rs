//! Sign-ups on a real database file.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Asked, Confirmed, LeaveOutcome};
use crate::address::EmailAddress;
use crate::ledger::{FILE_NAME, Ledger};
use crate::readers::{Act, Answer, Consent, Limits, NONCE_LENGTH, Preference, SignUpState, Turn};
use crate::suppression::{Reason, Suppression};
use crate::token::{AddressKey, Keys};

struct Room {
    ledger: Ledger,
    keys: Keys,
    limits: Limits,
    now: DateTime<Utc>,
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            ledger: Ledger::open(&folder.path().join(FILE_NAME)).unwrap(),
            keys: Keys::derive(&[3; 32]),
            limits: Limits::default(),
            now: "2026-12-01T09:00:00Z".parse().unwrap(),
            folder,
        }
    }

    fn key(&self, address: &str) -> AddressKey {
        self.keys
            .address_key(&EmailAddress::parse(address).unwrap())
    }

    fn later(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }

    fn asked(&self, address: &str, nonce: u8) -> Asked {
        Asked {
            key: self.key(address),
            address: EmailAddress::parse(address).unwrap(),
            name: "Ana".to_owned(),
            tags: vec!["night".to_owned()],
            act: Act {
                at: self.now,
                from: "192.0.2.7".to_owned(),
            },
            network: "192.0.2.0/24".to_owned(),
            nonce: [nonce; NONCE_LENGTH],
            bears_a_stamp: true,
        }
    }

    fn ask(&mut self, address: &str, nonce: u8) -> Turn {
        let asked = self.asked(address, nonce);
        self.ledger.ask_to_join(&asked, &self.limits).unwrap()
    }

    fn confirm(&mut self, address: &str, nonce: u8) -> Confirmed {
        let consent = Consent {
            act: Act {
                at: self.now,
                from: "192.0.2.8".to_owned(),
            },
            text: "Yes, send me the letters".to_owned(),
            form: "1".to_owned(),
        };
        let key = self.key(address);
        self.ledger
            .confirm_sign_up(&key, &[nonce; NONCE_LENGTH], &consent, "192.0.2.0/24")
            .unwrap()
    }

    fn suppress(&mut self, address: &str, reason: Reason) {
        let suppression = Suppression {
            key: self.key(address),
            address: None,
            reason,
            source: "command".to_owned(),
            at: self.now,
            evidence: None,
        };
        self.ledger.suppress(&suppression).unwrap();
    }

    fn state(&mut self, address: &str) -> Option<SignUpState> {
        let key = self.key(address);
        self.ledger.sign_up(&key).unwrap().map(|one| one.state)
    }

    fn answers(&mut self) -> Vec<Answer> {
        let due = self.ledger.due_answers(self.now, 100).unwrap();
        due.into_iter().map(|row| row.answer).collect()
    }
}

const READER: &str = "reader@example.org";

#[test]
fn a_request_is_confirmed_once_with_what_was_shown_and_again_by_the_same_link() {
    let mut room = Room::new();
    assert_eq!(room.ask(READER, 1), Turn::Answered);
    assert!(room.ledger.confirmed_sign_ups().unwrap().is_empty());
    assert!(matches!(room.confirm(READER, 1), Confirmed::Now(_)));
    assert_eq!(room.confirm(READER, 1), Confirmed::Before);
    let readers = room.ledger.confirmed_sign_ups().unwrap();
    let consent = readers[0].consent.as_ref().unwrap();
    assert_eq!(consent.text, "Yes, send me the letters");
    assert_eq!(
        (consent.form.as_str(), consent.act.from.as_str()),
        ("1", "192.0.2.8")
    );
    assert_eq!(readers[0].tags, ["night"]);
    assert_eq!(room.answers(), [Answer::Confirm, Answer::Welcome]);
}

#[test]
fn only_the_link_of_the_newest_request_confirms_and_none_after_leaving() {
    let mut room = Room::new();
    room.ask(READER, 1);
    room.later(16);
    room.ask(READER, 2);
    assert_eq!(room.confirm(READER, 1), Confirmed::Overtaken);
    assert!(matches!(room.confirm(READER, 2), Confirmed::Now(_)));
    let key = room.key(READER);
    let now = room.now;
    assert_eq!(
        room.ledger.unsubscribe(&key, now).unwrap(),
        LeaveOutcome::Left
    );
    assert_eq!(
        room.ledger.unsubscribe(&key, now).unwrap(),
        LeaveOutcome::Before
    );
    assert_eq!(room.confirm(READER, 2), Confirmed::Overtaken);
    assert_eq!(room.state(READER), Some(SignUpState::Left));
    let suppression = room.ledger.suppression(&key).unwrap().unwrap();
    assert_eq!(suppression.reason, Reason::Unsubscribed);
    assert_eq!(suppression.address.as_deref(), Some(READER));
}

#[test]
fn opt_in_lifts_what_the_reader_or_a_failure_did_and_nothing_else() {
    for (reason, is_lifted) in [
        (Reason::Unsubscribed, true),
        (Reason::Bounced, true),
        (Reason::Complained, false),
        (Reason::Operator, false),
    ] {
        let mut room = Room::new();
        room.suppress(READER, reason);
        assert_eq!(room.ask(READER, 1), Turn::Answered);
        let asked = room.state(READER);
        let confirmed = matches!(room.confirm(READER, 1), Confirmed::Now(_));
        let key = room.key(READER);
        let stays = room.ledger.suppression(&key).unwrap().is_some();
        assert_eq!(asked.is_some(), is_lifted, "{reason:?}");
        assert_eq!((confirmed, stays), (is_lifted, !is_lifted), "{reason:?}");
    }
}

#[test]
fn a_suppression_ends_a_request_that_is_older() {
    let mut room = Room::new();
    room.ask(READER, 1);
    room.suppress(READER, Reason::Unsubscribed);
    assert_eq!(room.confirm(READER, 1), Confirmed::Overtaken);
    let key = room.key(READER);
    assert!(room.ledger.suppression(&key).unwrap().is_some());
}

#[test]
fn a_complaint_between_request_and_confirmation_stays() {
    let mut room = Room::new();
    room.suppress(READER, Reason::Unsubscribed);
    room.ask(READER, 1);
    room.suppress(READER, Reason::Complained);
    assert_eq!(room.confirm(READER, 1), Confirmed::Overtaken);
    let key = room.key(READER);
    let suppression = room.ledger.suppression(&key).unwrap().unwrap();
    assert_eq!(suppression.reason, Reason::Complained);
}

#[test]
fn a_victim_gets_one_mail_in_a_quarter_of_an_hour_and_three_in_a_day() {
    let mut room = Room::new();
    room.limits.network_in_hour = 1_000;
    let mut mails = 0;
    for _ in 0..1_000 {
        mails += u32::from(room.ask(READER, 1) == Turn::Answered);
        room.now += TimeDelta::seconds(50);
    }
    // A thousand requests within 14 hours.
    assert_eq!(mails, 3);
    assert_eq!(room.ledger.requests_held_back().unwrap(), 997);
}

#[test]
fn a_request_that_is_held_back_does_not_end_the_link_before_it() {
    let mut room = Room::new();
    room.ask(READER, 1);
    assert_eq!(room.ask(READER, 2), Turn::HeldBack);
    assert!(matches!(room.confirm(READER, 1), Confirmed::Now(_)));
}

#[test]
fn limits_of_networks_and_of_all_are_counted_from_the_ledger() {
    let mut room = Room::new();
    let mut turns = Vec::new();
    for number in 0..7 {
        turns.push(room.ask(&format!("reader{number}@example.org"), 1));
    }
    let held_back = turns.iter().filter(|turn| **turn == Turn::HeldBack).count();
    assert_eq!(held_back, 2);
    room.limits.most_in_hour = 5;
    assert_eq!(room.ask("another@example.org", 1), Turn::Later);
    room.later(61);
    assert_eq!(room.ask("another@example.org", 1), Turn::Answered);
}

#[test]
fn what_is_known_of_a_person_can_be_erased_and_the_suppression_stays() {
    let mut room = Room::new();
    room.ask(READER, 1);
    room.confirm(READER, 1);
    let (key, now) = (room.key(READER), room.now);
    let paused = Preference {
        tags: Some(vec!["day".to_owned()]),
        paused_until: Some(now + TimeDelta::days(3)),
    };
    room.ledger.set_preference(&key, &paused, now).unwrap();
    assert_eq!(room.ledger.preference(&key).unwrap(), paused);
    room.ledger.unsubscribe(&key, now).unwrap();
    assert!(room.ledger.erase_reader(&key, now).unwrap());
    let sign_up = room.ledger.sign_up(&key).unwrap().unwrap();
    assert_eq!((sign_up.address, sign_up.name.as_str()), (None, ""));
    assert!(room.ledger.preference(&key).unwrap().is_empty());
    assert!(room.ledger.suppression(&key).unwrap().is_some());
    assert!(room.answers().is_empty());
}

#[test]
fn a_reader_who_moves_keeps_consent_and_preferences() {
    let mut room = Room::new();
    room.ask(READER, 1);
    room.confirm(READER, 1);
    let (old, new) = (room.key(READER), room.key("new@example.org"));
    let (address, now) = (EmailAddress::parse("new@example.org").unwrap(), room.now);
    let chosen = Preference {
        tags: Some(vec!["day".to_owned()]),
        paused_until: None,
    };
    room.ledger.set_preference(&old, &chosen, now).unwrap();
    assert!(room.ledger.move_reader(&old, &new, &address, now).unwrap());
    assert_eq!(room.ledger.sign_up(&old).unwrap(), None);
    let there = room.ledger.sign_up(&new).unwrap().unwrap();
    assert_eq!(there.address, Some(address));
    assert!(there.consent.is_some());
    assert_eq!(room.ledger.preference(&new).unwrap(), chosen);
}

#[test]
fn requests_that_nobody_confirmed_are_forgotten_and_an_old_consent_is_not() {
    let mut room = Room::new();
    room.ask("never@example.org", 1);
    room.ask(READER, 1);
    room.confirm(READER, 1);
    room.suppress(READER, Reason::Bounced);
    room.later(60);
    room.ask(READER, 2);
    room.later(60 * 24 * 8);
    let now = room.now;
    let forgotten = room.ledger.forget_unanswered(now - TimeDelta::days(7), now);
    assert_eq!(forgotten.unwrap(), 2);
    assert_eq!(room.state("never@example.org"), None);
    assert_eq!(room.state(READER), Some(SignUpState::Left));
}

#[test]
fn the_database_refuses_a_reader_who_never_agreed() {
    let mut room = Room::new();
    let path = room.folder.path().join(FILE_NAME);
    room.ask(READER, 1);
    let database = rusqlite::Connection::open(path).unwrap();
    for statement in [
        "UPDATE signup SET state = 'confirmed'",
        "UPDATE signup SET state = 'confirmed', confirmed_at = asked_at, consent = 'x', consent_form = '1', nonce = x'00'",
        "INSERT INTO signup (addr_key, address, name, tags, state, nonce, asked_at, asked_from, confirmed_at, consent, consent_form)
            VALUES (x'00', 'a@example.org', '', '', 'confirmed', x'00', 1, '', 1, 'x', '1')",
    ] {
        assert!(database.execute_batch(statement).is_err(), "{statement}");
    }
    room.confirm(READER, 1);
    for statement in [
        "DELETE FROM signup",
        "UPDATE signup SET state = 'left', nonce = NULL, left_at = 1; UPDATE signup SET state = 'confirmed'",
    ] {
        assert!(database.execute_batch(statement).is_err(), "{statement}");
    }
}

/// A request that stands beside a complaint is nothing that we write; a database that was mended by hand
/// may hold one.
#[test]
fn a_confirmation_lifts_no_complaint_and_no_decision_of_the_author() {
    for reason in ["complained", "operator"] {
        let mut room = Room::new();
        room.ask("ana@example.org", 1);
        let database = rusqlite::Connection::open(room.folder.path().join(FILE_NAME)).unwrap();
        let sql =
            "INSERT INTO suppression (addr_key, reason, source, at) VALUES (?1, ?2, 'hand', ?3)";
        let key = room.key("ana@example.org");
        let at = room.now.timestamp_millis();
        database
            .execute(sql, rusqlite::params![key.as_bytes(), reason, at])
            .unwrap();
        room.later(1);
        room.confirm("ana@example.org", 1);
        let kept = room.ledger.suppression(&key).unwrap().unwrap();
        assert_eq!(kept.reason.as_str(), reason);
    }
}
