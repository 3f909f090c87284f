//! Mail that means harm in the mailbox that reports go to: nobody is suppressed by it but whom its token names,
//! and nothing is unpacked without a bound.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::message_to;
use super::returned::{AT_ONCE, INBOX, about, after_the_first, deliver, suppressed, take};
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

#[test]
fn a_report_with_the_token_of_one_and_the_address_of_another_is_about_the_one() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 2, AT_ONCE);
    let report = about(
        &message_to(&relay, "reader1@example.org"),
        "postfix-real-unknown-user",
    );
    deliver(
        &room,
        "one",
        &report.replace("reader1@example.org", "reader2@example.org"),
    );
    assert_eq!(take(&room)["verdicts"]["hard"], 1);
    let only = BTreeMap::from([("reader1@example.org".to_owned(), "bounced".to_owned())]);
    assert_eq!(suppressed(&room), only);
}

/// Parts within parts, each of another boundary.
fn nested(depth: usize) -> String {
    let mut mail = String::from("From: a@example.org\n");
    for level in 0..depth {
        write!(
            mail,
            "Content-Type: multipart/mixed; boundary=\"b{level}\"\n\n--b{level}\n"
        )
        .unwrap();
    }
    mail + "Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n"
}

#[test]
fn mails_that_are_built_to_exhaust_are_bounded_and_kept_for_a_person() {
    let relay = ScriptedRelay::start();
    let room = after_the_first(&relay, 1, AT_ONCE);
    let report = about(
        &message_to(&relay, "reader1@example.org"),
        "postfix-real-unknown-user",
    );
    deliver(&room, "nested", &nested(1000));
    let archive = "UEsDBBQAAAAIAAAAIQ".repeat(1000);
    deliver(
        &room,
        "packed",
        &format!(
            "From: a@example.org\nContent-Type: application/zip; name=\"report.zip\"\nContent-Transfer-Encoding: base64\n\n{archive}\n"
        ),
    );
    deliver(
        &room,
        "garbled",
        "From: MAILER-DAEMON@example.org\nContent-Type: multipart/report; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!! not base64 !!!!\n--b--\n",
    );
    // 100 MiB, of which the disk holds only the beginning.
    deliver(&room, "huge", &report);
    let file = room.path(INBOX).join("new/huge");
    let huge = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    huge.set_len(100 * 1024 * 1024).unwrap();
    let taken = take(&room);
    assert_eq!(taken["taken"], 4, "{taken:#}");
    assert_eq!(
        taken["for_a_person"].as_array().unwrap().len(),
        4,
        "{taken:#}"
    );
    assert_eq!(suppressed(&room), BTreeMap::new());
    assert_eq!(
        room.files(&format!("{INBOX}/cur")).len(),
        4,
        "nothing is lost"
    );
}

#[test]
fn a_list_of_feeds_that_expands_or_refers_is_expanded_by_nothing() {
    let room = Newsroom::new();
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE opml [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">\
                <!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<opml><outline text=\"&b;&x;\"/></opml>\n";
    room.write("feeds.opml", bomb);
    for command in [
        &["import", "feeds.opml"][..],
        &["subscribers", "import", "feeds.opml"],
    ] {
        let output = room.run(command).fails(1).stderr_contains("feeds.opml");
        assert!(!format!("{output}").contains("root:"), "{output}");
    }
    assert!(!room.has("issues") && !room.has("subscribers.csv"));
}

/// The table of `docs/proof.md` names tests that are there.
#[test]
fn each_relay_and_mail_of_the_document_that_means_harm_has_its_test() {
    let rows = crate::support::proof_table::tests_by_row("## Relays and mails that mean harm");
    assert!(rows.len() >= 16, "{}", rows.len());
}
