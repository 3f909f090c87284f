//! Where mail that came back lies: a Maildir, an mbox, the pipe of a mail server. Each mail is taken once, and
//! none is lost.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::returned::{
    AT_ONCE, DOMAIN, INBOX, about, after_the_first, deliver, pipe, suppressed, take,
};
use super::{ledger, message_to, rows_of, wait_until};
use crate::support::relay::{ScriptedRelay, Stage};
use crate::support::rounds::Press;

#[test]
fn the_same_mail_counts_once_from_wherever_it_comes() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 2, DOMAIN);
    let mail = about(
        &message_to(&relay, "reader1@example.org"),
        "postfix-unknown-user",
    );
    deliver(&room, "one", &mail);
    deliver(&room, "two", &mail);
    let taken = take(&room);
    assert_eq!((&taken["taken"], &taken["known"]), (&json!(1), &json!(1)));
    // As it is when the program died after the commit and before the move.
    deliver(&room, "one", &mail);
    let taken = take(&room);
    assert_eq!((&taken["taken"], &taken["known"]), (&json!(0), &json!(1)));
    assert!(room.files(&format!("{INBOX}/new")).is_empty());
    room.write("one.eml", &mail);
    room.run(["bounces", "take", "one.eml"])
        .exits(0)
        .stdout_contains("0 mails taken; 1 known already");
    pipe(&room, &format!("From b Tue Dec  1 09:00:00 2026\n{mail}"))
        .exits(0)
        .stdout_contains("1 known already");
    assert_eq!(rows_of(&room, "report"), 1);
}

#[test]
fn a_mailbox_that_is_taken_by_a_program_that_dies_is_taken_whole_by_the_next() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 1, DOMAIN);
    let mail = about(&message_to(&relay, "reader1@example.org"), "delayed");
    for number in 0..1000 {
        deliver(
            &room,
            &format!("{number:04}"),
            &format!("X-Number: {number}\n{mail}"),
        );
    }
    let running = room.spawn(["bounces", "take", INBOX]);
    wait_until("a mail is moved", || {
        !room.files(&format!("{INBOX}/cur")).is_empty()
    });
    running.kill();
    let (moved, written) = (
        room.files(&format!("{INBOX}/cur")).len(),
        rows_of(&room, "report"),
    );
    assert!(
        i64::try_from(moved).unwrap() <= written,
        "moved before it was written down"
    );
    take(&room);
    assert_eq!(rows_of(&room, "report"), 1000);
    assert_eq!(rows_of(&room, "report WHERE judged = 0"), 0);
    assert_eq!(room.files(&format!("{INBOX}/cur")).len(), 1000);
    assert!(room.files(&format!("{INBOX}/new")).is_empty());
    room.run(["ledger", "check"]).exits(0);
}

#[test]
fn what_was_written_down_and_not_judged_is_judged_by_the_next() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 1, AT_ONCE);
    let mail = about(
        &message_to(&relay, "reader1@example.org"),
        "postfix-unknown-user",
    );
    pipe(&room, &mail).exits(0);
    // As it is when the program died between the two.
    ledger(&room)
        .execute_batch("DELETE FROM suppression; UPDATE report SET judged = 0")
        .unwrap();
    pipe(&room, &mail)
        .exits(0)
        .stdout_contains("reader1@example.org is not mailed any more");
    assert_eq!(suppressed(&room).len(), 1);
}

#[test]
fn an_mbox_is_read_mail_by_mail_and_never_changed() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 3, AT_ONCE);
    let mail = |number, fixture| {
        about(
            &message_to(&relay, &format!("reader{number}@example.org")),
            fixture,
        )
    };
    let letter =
        "To: letters@example.org\n\n>From the beginning\n\nFromage is not a line of an mbox\n";
    let mbox = format!(
        "From MAILER-DAEMON Tue Dec  1 09:00:00 2026\n{}\nFrom MAILER-DAEMON Tue Dec  1 09:00:00 2026\n{}\n\
         From a Tue Dec  1 09:00:00 2026\n{letter}\nFrom b Tue Dec  1 09:00:00 2026\n{}",
        mail(1, "qmail"),
        mail(2, "exim"),
        mail(3, "vacation"),
    );
    room.write("mbox", &mbox);
    let taken = room
        .run(["bounces", "take", "mbox", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        taken["verdicts"],
        json!({ "hard": 2, "ignored": 1, "letter": 1 })
    );
    assert_eq!(taken["for_a_person"][0]["place"], "mbox, mail 3");
    assert_eq!(room.read("mbox"), mbox);
    room.run(["bounces", "take", "mbox"])
        .exits(0)
        .stdout_contains("4 known already");
    // A mail by itself is the same as in the mbox.
    room.write("three.eml", letter.replace(">From", "From"));
    room.run(["bounces", "take", "three.eml"])
        .exits(0)
        .stdout_contains("1 known already");
}

#[test]
fn a_pipe_keeps_its_mail_and_asks_the_mta_to_try_again_when_it_fails() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 1, AT_ONCE);
    let message = message_to(&relay, "reader1@example.org");
    let mail = about(&message, "nothing-that-names-it");
    let arguments = ["bounces", "take", "-", "--recipient", &message.mail_from];
    // A setting that cannot be read must not lose a report.
    let settings = room.read("postrider.toml");
    room.write("postrider.toml", format!("{settings}\nnonsense"));
    room.run_with_input(arguments, mail.as_bytes()).fails(75);
    room.write("postrider.toml", settings);
    assert!(!room.has("bounces"));
    // Nor a ledger that somebody else holds.
    let held = ledger(&room);
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    room.run_with_input(arguments, mail.as_bytes())
        .fails(75)
        .stderr_contains("another process has written to the ledger");
    held.execute_batch("ROLLBACK").unwrap();
    room.run_with_input(arguments, mail.as_bytes())
        .exits(0)
        .stdout_contains("1 mail taken: 1 hard");
    let kept = room.files("bounces");
    assert_eq!(kept.len(), 1, "the same mail is kept once");
    let mode = |path: &str| {
        std::fs::metadata(room.path(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (mode("bounces"), mode(&format!("bounces/{}", kept[0]))),
        (0o700, 0o600)
    );
    assert!(
        room.read(&format!("bounces/{}", kept[0]))
            .starts_with("Delivered-To: b+")
    );
    room.run_with_input(["bounces", "take", "-"], b"").fails(75);
    room.run(["bounces", "take", "-", "mbox"]).fails(1);
    room.run(["bounces", "take"])
        .fails(1)
        .stderr_contains("nothing says where");
    room.run(["bounces", "take", "issues"])
        .fails(1)
        .stderr_contains("is no Maildir");
    room.run(["bounces", "take", "nothing"])
        .fails(1)
        .stderr_contains("there is no file `nothing`");
}

#[test]
fn a_mail_of_any_size_is_taken_and_one_that_is_no_file_is_left() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 1, AT_ONCE);
    let mail = about(
        &message_to(&relay, "reader1@example.org"),
        "postfix-unknown-user",
    );
    deliver(
        &room,
        "large",
        &format!("{mail}{}", "x".repeat(11 * 1024 * 1024)),
    );
    let fifo = room.path(&format!("{INBOX}/new/fifo"));
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    let taken = take(&room);
    assert_eq!(taken["verdicts"], json!({ "unknown": 1 }));
    assert_eq!(suppressed(&room), BTreeMap::new());
    assert_eq!(room.files(&format!("{INBOX}/new")), ["fifo"]);
}

#[test]
fn what_is_brought_into_a_maildir_while_a_server_runs_acts_at_once() {
    let relay = ScriptedRelay::start();
    let maildir = format!("{DOMAIN}\nsuppress_after = 1\nmaildir = \"{INBOX}\"");
    let room = after_the_first(&relay, 3, &maildir);
    let mail = |number, fixture| {
        about(
            &message_to(&relay, &format!("reader{number}@example.org")),
            fixture,
        )
    };
    // Made before the second issue goes out: its message to the third may be quicker than what follows.
    let (fails, leaves) = (mail(1, "postfix-unknown-user"), mail(3, "unsubscribe"));
    let press = Press::start(&room, "2026-12-03T08:30:00Z");
    press.look_around();
    deliver(&room, "one", &fails);
    press.wait_for("mail that came back: 1 hard");
    let gate = relay.at(Stage::Dot).once().hold();
    press.pass(chrono::TimeDelta::minutes(30));
    gate.wait_for(1);
    // Also while an issue goes out, whose run cannot end here before its first message does.
    deliver(&room, "two", &leaves);
    press.wait_for("mail that came back: 1 unsubscribed");
    assert_eq!(
        suppressed(&room),
        BTreeMap::from([
            ("reader1@example.org".to_owned(), "bounced".to_owned()),
            ("reader3@example.org".to_owned(), "unsubscribed".to_owned()),
        ])
    );
    assert!(room.files(&format!("{INBOX}/new")).is_empty());
    gate.release();
    press.wait_for("`second`: ");
    assert_eq!(press.times_told("reader"), 0, "the log names nobody");
    let mut second: Vec<String> = relay.accepted()[3..]
        .iter()
        .map(|message| message.rcpt_to[0].clone())
        .collect();
    second.retain(|address| address == "reader1@example.org");
    assert_eq!(second, Vec::<String>::new());
}
