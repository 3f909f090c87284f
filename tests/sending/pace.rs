//! How fast a relay is used, and when it is left in peace.

use std::time::{Duration, Instant};

use super::{
    LATER, NOW, SEND, SLUG, assert_counts, assert_ledger_is_true, ledger, newsroom, rows_of,
    served, status,
};
use crate::support::certificate::Certificate;
use crate::support::in_process::{Witness, send_within, short_rests};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{Farewell, ScriptedRelay, Stage};

fn over(relay: &ScriptedRelay, connections: usize, keys: &str) -> Newsroom {
    let url = relay.url();
    newsroom(relay).smtp(&format!(
        "url = \"{url}\"\nconnections = {connections}\n{keys}"
    ))
}

fn commands(relay: &ScriptedRelay, verb: &str) -> usize {
    let commands = relay.commands();
    commands.iter().filter(|it| it.starts_with(verb)).count()
}

#[test]
fn a_relay_that_throttles_gets_a_pause_and_the_same_run_goes_on() {
    let relay = ScriptedRelay::start();
    let reply = "454 Throttling failure: Maximum sending rate exceeded.";
    relay.at(Stage::Dot).nth(3).reply(reply);
    let room = over(&relay, 2, "").readers(8);
    let (report, Witness { said, .. }) = send_within(&room, SLUG, NOW, short_rests(), false);
    let report = report.unwrap();
    assert!(report.errors.is_empty() && report.resting.is_empty());
    let told = said.iter().find(|text| text.contains("finds us too fast"));
    assert!(told.is_some_and(|text| text.contains(reply)), "{said:#?}");
    assert_counts(&room, &[("planned", 8), ("sent", 8)]);
    assert!(served(&relay).values().all(|copies| *copies == 1));
    assert_ledger_is_true(&room, &relay);
    // No attempt of the subscriber's was used up by it.
    let sql = "SELECT max(attempts) FROM delivery";
    let attempts: i64 = ledger(&room).query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(attempts, 1);
}

#[test]
fn an_unusual_rate_means_ten_minutes_of_peace_also_for_the_next_run_and_then_one_connection() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Mail)
        .nth(3)
        .reply("421 4.7.28 unusual rate of mail");
    let room = over(&relay, 4, "").readers(20);
    room.run(SEND)
        .exits(3)
        .stderr_contains("421 4.7.28 unusual rate of mail")
        .stdout_contains("run `postrider send` again at 2026-12-01 09:10")
        .stdout_lacks("is ripe at");
    assert!(relay.accepted().len() < 10);

    let connections = relay.connections();
    let room = room.now("2026-12-01T09:07:00Z");
    let report = room.run(["send", "--due", "--json"]).exits(3).json();
    assert_eq!(report["resting"][0]["cause"], "rate");
    assert_eq!(relay.connections(), connections, "asked too early");
    room.run(["status"])
        .exits(0)
        .stdout_contains("is left in peace until 2026-12-01 09:10 UTC");

    // Four may be opened; it is asked by one, and the others follow one at a time.
    let room = room.now("2026-12-01T09:11:00Z");
    let first = relay.hold_at_dot();
    let running = room.spawn(SEND);
    first.wait_for(1);
    assert_eq!(relay.connections(), connections + 1);
    relay.behave();
    running.wait().exits(0);
    assert_counts(&room, &[("planned", 20), ("sent", 20)]);
    assert_ledger_is_true(&room, &relay);
    assert!(rests(&room).is_empty(), "it works again");
}

fn rests(room: &Newsroom) -> Vec<String> {
    let ledger = ledger(room);
    let sql = "SELECT rest_cause FROM relay WHERE rest_cause IS NOT NULL";
    let mut query = ledger.prepare(sql).unwrap();
    let found = query.query_map([], |row| row.get(0)).unwrap();
    found.map(Result::unwrap).collect()
}

#[test]
fn a_quota_that_is_used_up_is_no_bounce_and_is_probed_by_one_message_an_hour() {
    let relay = ScriptedRelay::start();
    let reply = "550 5.4.5 Daily user sending limit exceeded";
    relay.at(Stage::Rcpt).reply(reply);
    let mut room = over(&relay, 4, "").readers(6);
    room.run(SEND).exits(3).stderr_contains(reply);
    let asked = commands(&relay, "RCPT");
    assert!(asked <= 4, "{asked} readers were asked for");
    assert_eq!(status(&room)["remaining"], 6);
    // No attempt was used up by it.
    let sql = "SELECT sum(attempts) FROM delivery";
    let attempts: i64 = ledger(&room).query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(attempts, 0);

    for (at, more) in [("09:56", 0), ("10:01", 1), ("10:30", 0), ("11:02", 1)] {
        let asked = commands(&relay, "RCPT");
        room = room.now(&format!("2026-12-01T{at}:00Z"));
        room.run(["send", "--due"]).exits(3);
        assert_eq!(commands(&relay, "RCPT") - asked, more, "at {at}");
    }
    relay.behave();
    let room = room.now("2026-12-01T12:03:00Z");
    room.run(["send", "--due"]).exits(0);
    assert_counts(&room, &[("planned", 6), ("sent", 6)]);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn a_login_that_cannot_be_checked_is_tried_four_times_ever_more_rarely() {
    let certificate = Certificate::valid();
    let relay = ScriptedRelay::setup()
        .starttls(&certificate)
        .account("ada", "secret")
        .start();
    relay.at(Stage::Auth).reply("454 4.7.0 try again later");
    let mut room = with_account(&relay).readers(3);
    // After 15, 30 and 60 minutes, and not a moment before.
    let times = [
        ("09:00", 1),
        ("09:12", 0),
        ("09:16", 1),
        ("09:43", 0),
        ("09:47", 1),
        ("10:40", 0),
    ];
    for (at, more) in times {
        let logins = relay.auth_attempts();
        room = room.now(&format!("2026-12-01T{at}:00Z"));
        room.run(SEND)
            .exits(3)
            .stderr_contains("454 4.7.0")
            .stdout_lacks("nothing is due");
        assert_eq!(relay.auth_attempts() - logins, more, "at {at}");
    }
    room = room.now("2026-12-01T10:48:00Z");
    room.run(SEND).fails(1).stderr_contains("454 4.7.0");
    // Also a run that begins right behind that knows of it.
    let logins = relay.auth_attempts();
    for at in ["10:49", "12:40"] {
        room = room.now(&format!("2026-12-01T{at}:00Z"));
        room.run(SEND).exits(3);
    }
    assert_eq!((logins, relay.auth_attempts()), (4, 4));
    assert_eq!(rows_of(&room, "delivery"), 0, "nothing is planned");
}

fn with_account(relay: &ScriptedRelay) -> Newsroom {
    let keys = format!(
        "url = \"{}\"\nca_file = \"{}\"\nusername = \"ada\"\nconnections = 4",
        relay.url(),
        relay.authority_file().display()
    );
    newsroom(relay)
        .smtp(&keys)
        .env("POSTRIDER_SMTP_PASSWORD", "secret")
}

#[test]
fn a_login_that_is_refused_in_the_middle_of_a_run_is_not_tried_over_the_other_connections() {
    let certificate = Certificate::valid();
    let relay = ScriptedRelay::setup()
        .starttls(&certificate)
        .account("ada", "secret")
        .start();
    for number in 2..=5 {
        relay
            .at(Stage::Auth)
            .nth(number)
            .reply("535 5.7.8 no longer");
    }
    let room = with_account(&relay).readers(20);
    room.run(SEND).fails(1).stderr_contains("535 5.7.8");
    assert_eq!(relay.auth_attempts(), 2, "the good one and one that failed");
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn what_is_allowed_for_a_day_is_not_forgotten_by_the_next_run() {
    let relay = ScriptedRelay::start();
    let room = over(&relay, 3, "daily = 5").readers(8);
    room.run(SEND)
        .exits(3)
        .stderr_contains("all that `daily` allows");
    assert_counts(&room, &[("planned", 8), ("sent", 5), ("remaining", 3)]);
    let room = room.now("2026-12-02T08:30:00Z");
    room.run(["send", "--yes"])
        .exits(3)
        .stdout_contains("run `postrider send` again at 2026-12-02 09:0");
    assert_eq!(relay.accepted().len(), 5);
    let room = room.now("2026-12-02T09:02:00Z");
    room.run(["send", "--yes"]).exits(0);
    assert_counts(&room, &[("planned", 8), ("sent", 8)]);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn messages_are_spread_over_the_time_that_the_rate_allows() {
    let relay = ScriptedRelay::start();
    let room = over(&relay, 4, "rate = 20").readers(11);
    let began = Instant::now();
    room.run(SEND).exits(0);
    // Eleven messages have ten gaps of 50 ms. There is no upper bound: this is no benchmark.
    assert!(began.elapsed() >= Duration::from_millis(490));
    assert_eq!(relay.accepted().len(), 11);
}

#[test]
fn how_many_messages_a_connection_takes_is_learned_from_421() {
    let relay = ScriptedRelay::setup()
        .messages_per_connection(3, Farewell::With421)
        .start();
    let room = over(&relay, 1, "").readers(12);
    room.run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 12);
    assert_eq!(commands(&relay, "MAIL"), 13, "421 was heard more than once");
    assert_eq!(relay.connections(), 4);
    relay.assert_client_was_polite();
}

#[test]
fn a_relay_that_takes_two_connections_alone_gets_everything_over_two() {
    let relay = ScriptedRelay::start();
    let gate = relay.hold_at_dot();
    let room = over(&relay, 4, "").readers(12);
    for number in 3..=100 {
        relay
            .at(Stage::Banner)
            .on_connection(number)
            .reply("421 4.7.0 too many connections");
    }
    let running = room.spawn(SEND);
    gate.wait_for(2);
    // Refused while the two are at work, and not when they are done: then nobody would be left.
    relay.wait_for_ends(2);
    gate.release();
    running.wait().exits(0);
    assert_counts(&room, &[("planned", 12), ("sent", 12)]);
    assert_ledger_is_true(&room, &relay);
    // Both are kept for all messages, and only now and then a third one is tried.
    let with_mail = (1..=relay.connections()).filter(|number| {
        let commands = relay.commands_of(*number);
        commands.iter().any(|command| command.starts_with("MAIL"))
    });
    assert_eq!(with_mail.count(), 2);
}

#[test]
fn connections_are_felt_out_where_their_number_is_not_given() {
    let relay = ScriptedRelay::start();
    let gate = relay.hold_at_dot();
    let room = newsroom(&relay)
        .smtp(&format!("url = \"{}\"", relay.url()))
        .readers(30);
    let running = room.spawn(SEND);
    gate.wait_for(2);
    assert_eq!(relay.connections(), 2, "begins with two");
    gate.release();
    running.wait().exits(0);
    assert!((3..=4).contains(&relay.connections()), "grows up to four");
    assert_eq!(relay.accepted().len(), 30);
}

#[test]
fn a_rate_and_an_allowance_go_together() {
    for connections in [1, 4] {
        let relay = ScriptedRelay::start();
        let room = over(&relay, connections, "rate = 40\ndaily = 5").readers(8);
        room.run(SEND).exits(3);
        assert_eq!(relay.accepted().len(), 5);
    }
}

#[test]
fn a_run_ends_when_all_is_used_up_and_more_wait_than_work() {
    let relay = ScriptedRelay::setup().connections_at_once(1).start();
    // The one connection that there is holds its first message until the others were refused.
    let gate = relay.hold_at_dot();
    let room = over(&relay, 8, "daily = 8").readers(20);
    let running = room.spawn(SEND);
    relay.wait_for_connections(8);
    gate.release();
    running.wait().exits(3);
    assert_eq!(relay.accepted().len(), 8);
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn one_reader_whose_refusal_sounds_like_a_rate_keeps_the_issue_from_nobody() {
    let relay = ScriptedRelay::start();
    relay.reply_to_recipient("reader1@example.org", "450 4.7.28 unusual rate");
    let mut room = over(&relay, 1, "").readers(6);
    room.run(SEND).exits(3);
    assert_eq!(relay.accepted(), []);
    for (at, sent) in [("09:11", 5), ("09:22", 5)] {
        room = room.now(&format!("2026-12-01T{at}:00Z"));
        room.run(["send", "--due"]).exits(3);
        assert_eq!(relay.accepted().len(), sent, "at {at}");
    }
    // It is given up with those that were put off.
    room = room.now("2026-12-06T09:00:00Z");
    room.run(["send", "--due"]).exits(3);
    assert_counts(&room, &[("planned", 6), ("sent", 5), ("expired", 1)]);
}

#[test]
fn a_run_that_stays_ends_when_everything_is_sent_and_the_allowance_with_it() {
    let relay = ScriptedRelay::start();
    let room = over(&relay, 2, "daily = 3").readers(3);
    room.run(["send", SLUG, "--yes", "--wait"]).exits(0);
    assert_counts(&room, &[("planned", 3), ("sent", 3)]);
}

#[test]
fn a_login_that_ends_with_421_is_a_relay_that_goes_and_no_login_that_is_refused() {
    let certificate = Certificate::valid();
    let relay = ScriptedRelay::setup()
        .starttls(&certificate)
        .account("ada", "secret")
        .start();
    relay
        .at(Stage::Auth)
        .once()
        .reply("421 4.3.2 shutting down");
    let room = with_account(&relay).readers(3);
    room.run(SEND).fails(1).stderr_contains("421 4.3.2");
    room.run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 3);
}

#[test]
fn a_run_that_stays_waits_out_a_long_rest() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Rcpt)
        .nth(2)
        .reply("450 4.7.28 unusual rate");
    let room = over(&relay, 1, "").readers(5);
    let (report, _) = send_within(&room, SLUG, NOW, short_rests(), true);
    let report = report.unwrap();
    assert!(report.resting.is_empty() && report.errors.is_empty());
    assert_counts(&room, &[("planned", 5), ("sent", 5)]);
}

// -- our fault --

#[test]
fn what_was_refused_for_our_fault_waits_for_a_person_and_is_given_up_after_four_days() {
    let relay = ScriptedRelay::start();
    let reader = "reader1@example.org";
    relay.reply_to_recipient(reader, "550 5.7.1 not from you");
    let room = over(&relay, 1, "").readers(2);
    room.run(SEND)
        .exits(3)
        .stdout_contains("refused to us")
        .stdout_contains("`postrider send why-write` tries once more");
    let asked = || {
        let commands = relay.commands();
        commands.iter().filter(|it| it.contains(reader)).count()
    };
    assert_eq!(asked(), 1);
    // A timer does not ask again, a person does.
    let room = room.now(LATER);
    room.run(["send", "--due"]).exits(3);
    assert_eq!(asked(), 1);
    room.run(SEND).exits(3);
    assert_eq!(asked(), 2);
    let room = room.now("2026-12-06T09:00:00Z");
    room.run(["send", "--due"]).exits(3);
    assert_eq!(asked(), 2);
    assert_counts(&room, &[("planned", 2), ("sent", 1), ("expired", 1)]);
    room.run(["send", "--due"]).exits(0);
}

#[test]
fn an_interrupt_ends_the_wait_for_a_silent_relay() {
    let relay = ScriptedRelay::start();
    let room = over(&relay, 2, "").readers(5);
    let gate = relay.hold_at_dot();
    relay.at(Stage::Banner).on_connection(2).stall();
    let running = room.spawn(SEND);
    gate.wait_for(1);
    relay.wait_for_connections(2);
    running.signal("INT");
    running.wait_for_stderr("finishing what is in flight");
    gate.release();
    // It would be the greeting's five minutes.
    running.wait().exits(3);
    assert_counts(&room, &[("planned", 5), ("sent", 1), ("remaining", 4)]);
}

// -- settings --

#[test]
fn a_variable_takes_the_place_of_a_number_and_is_checked_as_well() {
    let relay = ScriptedRelay::start();
    let room = over(&relay, 4, "").readers(3);
    let room = room.env("POSTRIDER_SMTP_DAILY", "2");
    room.run(SEND).exits(3);
    assert_counts(&room, &[("planned", 3), ("sent", 2), ("remaining", 1)]);
    for (name, value) in [("RATE", "0"), ("CONNECTIONS", "many"), ("DAILY", "-1")] {
        let name = format!("POSTRIDER_SMTP_{name}");
        let room = over(&relay, 4, "").readers(1).env(&name, value);
        room.run(SEND).fails(1).stderr_contains(&name);
    }
}

#[test]
fn what_cannot_be_a_pace_or_a_relay_is_refused_where_it_stands() {
    let cases = [
        ("rate = 0", "between 0.01 and 100000", "leave it out"),
        ("rate = -1.5", "between 0.01 and 100000", "0.5"),
        ("rate = nan", "between 0.01 and 100000", "rate = nan"),
        ("rate = inf", "between 0.01 and 100000", "rate = inf"),
        ("daily = 0", "`daily` must be between", "daily = 0"),
        (
            "[[smtp.fallback]]\nconnections = 2",
            "this relay has no `url`",
            "smtps://HOST:465",
        ),
        (
            "[[smtp.fallback]]\nurl = \"smtp://localhost:2525\"",
            "this relay is there already",
            "take one of them out",
        ),
        (
            "[[smtp.fallback]]\nurl = \"smtps://a.example\"\n[[smtp.fallback.fallback]]\nurl = \"smtps://b.example\"",
            "has no fallback of its own",
            "in the order of their use",
        ),
        (
            "[[smtp.fallback]]\nurl = \"smtps://ada:secret@a.example\"",
            "holds a password",
            "password_file",
        ),
        (
            "[timeouts]\ndot = \"1m\"",
            "`dot` must be between 5m and 1h",
            "dot = ",
        ),
        (
            "[retry]\nfirst = \"2h\"\nlongest = \"1h\"",
            "shorter than `first`",
            "longest = ",
        ),
        (
            "[retry]\nexpire = \"never\"",
            "not a length of time",
            "`30m`",
        ),
        (
            "[retry]\nfrist = \"2h\"",
            "unknown key",
            "did you mean `first`",
        ),
    ];
    for (keys, message, hint) in cases {
        let room = Newsroom::new()
            .essay("2026-12-01-why-write", "Why write?", "Because.")
            .smtp(&format!("url = \"smtp://localhost:2525\"\n{keys}"))
            .readers(1);
        room.run(["check"])
            .fails(1)
            .stderr_contains(message)
            .stderr_contains(hint)
            .stderr_lacks("secret");
    }
}
